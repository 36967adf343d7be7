/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/arm926-model/tlb.h"

#include <string.h>

/* TRM, 3.1 and 3.2.12. An entry's set is found with the address bits above its size. */
static const uint32_t sizes[TLB_SIZES] = { 0x1000, 0x100000, 0x10000, 0x4000, 0x400 };

#define LOCKDOWN_P            1u  /* TRM, figure 2-14 */
#define LOCKDOWN_VICTIM_SHIFT 26u /* TRM, figure 2-14 */

void tlb_init(struct tlb *tlb)
{
	memset(tlb, 0, sizeof(*tlb));
}

static unsigned size_index(uint32_t size)
{
	unsigned i = 0;

	while (sizes[i] != size)
		i++;
	return i;
}

static bool is_lockdown(const struct tlb *tlb, const struct tlb_entry *entry)
{
	return tlb_index(tlb, entry) >= TLB_MAIN;
}

static bool covers(const struct tlb_entry *entry, uint32_t mva)
{
	return entry->valid && (mva & ~(entry->made.size - 1)) == entry->made.base;
}

/** The entry that translates @p mva, or NULL. */
struct tlb_entry *tlb_find(struct tlb *tlb, uint32_t mva)
{
	for (unsigned i = 0; i < TLB_SIZES; i++) {
		const unsigned first = mva / sizes[i] % TLB_SETS * TLB_WAYS;

		if (!tlb->of_size[i])
			continue;
		for (unsigned way = 0; way < TLB_WAYS; way++)
			if (covers(&tlb->entries[first + way], mva))
				return &tlb->entries[first + way];
	}
	for (unsigned i = TLB_MAIN; tlb->locked && i < TLB_ENTRIES; i++)
		if (covers(&tlb->entries[i], mva))
			return &tlb->entries[i];
	return NULL;
}

/** Start or stop (@p step) to watch the descriptors behind @p walk. */
static void watch(struct tlb *tlb, const struct walk *walk, int step)
{
	const uint32_t offs[] = { walk->l1_off, walk->l2_off };

	for (unsigned i = 0; i < 2; i++) {
		if (offs[i] != NO_RAM) {
			uint8_t *count = &tlb->filter[tlb_filter_slot(offs[i])];

			*count = (uint8_t)(*count + step);
		}
	}
}

/** The descriptors an entry is watched by: those that were compared last. */
static const struct walk *watched(const struct tlb_entry *entry)
{
	return entry->mark == TLB_AGREES ? &entry->made : &entry->now;
}

void tlb_remove(struct tlb *tlb, struct tlb_entry *entry)
{
	if (!entry->valid)
		return;
	watch(tlb, watched(entry), -1);
	if (is_lockdown(tlb, entry))
		tlb->locked--;
	else
		tlb->of_size[size_index(entry->made.size)]--;
	entry->valid = false;
	tlb->serial[tlb_index(tlb, entry)]++;
}

/** Make an entry of a walk without a fault, where c10 says (TRM, 2.3.11). */
struct tlb_entry *tlb_add(struct tlb *tlb, const struct walk *walk)
{
	struct tlb_entry *entry;

	if (tlb->preserve) {
		entry = &tlb->entries[TLB_MAIN + tlb->victim];
		/* It "automatically increments" after a walk that writes there (TRM, 2.3.11). */
		tlb->victim = (tlb->victim + 1) % TLB_LOCKDOWN;
	} else {
		const unsigned set = walk->base / walk->size % TLB_SETS;
		struct tlb_entry *const ways = &tlb->entries[set * TLB_WAYS];

		if (!ways[0].valid) {
			entry = &ways[0];
		} else if (!ways[1].valid) {
			entry = &ways[1];
		} else {
			entry = &ways[tlb->next[set]];
			tlb->next[set] ^= 1;
		}
	}
	tlb_remove(tlb, entry);
	*entry = (struct tlb_entry){ .valid = true, .mark = TLB_AGREES, .made = *walk };
	watch(tlb, walk, 1);
	if (is_lockdown(tlb, entry))
		tlb->locked++;
	else
		tlb->of_size[size_index(walk->size)]++;
	tlb->serial[tlb_index(tlb, entry)]++;
	return entry;
}

/** Invalidate single entry: also a preserved one (TRM, 2.3.11). */
void tlb_remove_mva(struct tlb *tlb, uint32_t mva)
{
	struct tlb_entry *entry;

	while ((entry = tlb_find(tlb, mva)) != NULL)
		tlb_remove(tlb, entry);
}

/** Invalidate all: the preserved entries stay (TRM, 2.3.11). */
void tlb_remove_all(struct tlb *tlb)
{
	for (unsigned i = 0; i < TLB_MAIN; i++)
		tlb_remove(tlb, &tlb->entries[i]);
}

void tlb_set_lockdown(struct tlb *tlb, uint32_t value)
{
	tlb->preserve = value & LOCKDOWN_P;
	tlb->victim = (value >> LOCKDOWN_VICTIM_SHIFT) % TLB_LOCKDOWN;
}

void tlb_mark(struct tlb *tlb, struct tlb_entry *entry, enum tlb_mark mark)
{
	/* What is watched moves between `made` and `now`. */
	if (entry->mark == TLB_AGREES && mark != TLB_AGREES)
		entry->now = entry->made;
	entry->mark = mark;
	tlb->doubt |= mark != TLB_AGREES;
	tlb->serial[tlb_index(tlb, entry)]++;
}

/**
 * @p walk is what the tables say now about an entry whose mark is not TLB_AGREES. Its words are the
 * ones to watch from here on.
 */
void tlb_adopt(struct tlb *tlb, struct tlb_entry *entry, const struct walk *walk)
{
	watch(tlb, watched(entry), -1);
	entry->now = *walk;
	watch(tlb, walk, 1);
}

/** Other tables are in force: every entry has to be compared when it is used. */
void tlb_doubt_all(struct tlb *tlb)
{
	for (unsigned i = 0; i < TLB_ENTRIES; i++)
		if (tlb->entries[i].valid)
			tlb_mark(tlb, &tlb->entries[i], TLB_UNKNOWN);
}

static bool touches(uint32_t word, uint32_t off, unsigned size)
{
	return word != NO_RAM && word < off + size && off < word + 4;
}

/** Bytes of RAM changed: entries made from them have to be compared when they are used. */
void tlb_note_store(struct tlb *tlb, uint32_t off, unsigned size)
{
	for (unsigned i = 0; i < TLB_ENTRIES; i++) {
		struct tlb_entry *entry = &tlb->entries[i];

		if (!entry->valid)
			continue;
		if (touches(watched(entry)->l1_off, off, size) ||
		    touches(watched(entry)->l2_off, off, size))
			tlb_mark(tlb, entry, TLB_UNKNOWN);
	}
}
