/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TLB of an ARM926EJ-S (TRM, 3.7): 64 entries in two ways, and eight lockdown entries. An entry
 * remembers the descriptors it was made from, so that it can be told when they change:
 * tlb_note_store.
 */
#ifndef TESTS_ARM926_MODEL_TLB_H
#define TESTS_ARM926_MODEL_TLB_H

#include "tests/arm926-model/walk.h"

#define TLB_WAYS     2u  /* TRM, 3.7 */
#define TLB_SETS     32u /* TRM, 3.7 */
#define TLB_LOCKDOWN 8u  /* TRM, 3.7 */
#define TLB_MAIN     (TLB_WAYS * TLB_SETS)
#define TLB_ENTRIES  (TLB_MAIN + TLB_LOCKDOWN)
#define TLB_SIZES    5u
#define TLB_FILTER   4096u

/** What is known about an entry and the tables as the program has written them. */
enum tlb_mark {
	TLB_AGREES,  /**< the same meaning */
	TLB_UNKNOWN, /**< to be compared at the next use */
	TLB_DIFFERS, /**< same address and C/B bits, or no longer valid; compared: `now` */
};

struct tlb_entry {
	bool valid;
	bool reported; /* as a finding: once is enough */
	enum tlb_mark mark;
	struct walk made; /* what the hardware uses */
	struct walk now;  /* what the tables say, if it differs */
};

struct tlb {
	struct tlb_entry entries[TLB_ENTRIES]; /* sets of TLB_WAYS, then the lockdown ones */
	/* Changes when an entry is made, removed or marked: for copies of it. */
	uint32_t serial[TLB_ENTRIES];
	unsigned of_size[TLB_SIZES]; /* entries in the main part */
	unsigned locked;             /* valid entries in the lockdown part */
	bool doubt;                  /* some entry may not agree with the tables */
	uint8_t next[TLB_SETS];
	bool preserve;   /* P bit of c10: the next entry goes to the lockdown part (TRM, 2.3.11) */
	unsigned victim; /* and becomes this one */
	uint8_t filter[TLB_FILTER]; /* descriptors of valid entries per hash of their line */
};

void tlb_init(struct tlb *tlb);
struct tlb_entry *tlb_find(struct tlb *tlb, uint32_t mva);
struct tlb_entry *tlb_add(struct tlb *tlb, const struct walk *walk);
void tlb_remove(struct tlb *tlb, struct tlb_entry *entry);
void tlb_remove_mva(struct tlb *tlb, uint32_t mva);
void tlb_remove_all(struct tlb *tlb);
void tlb_set_lockdown(struct tlb *tlb, uint32_t value);
void tlb_mark(struct tlb *tlb, struct tlb_entry *entry, enum tlb_mark mark);
void tlb_adopt(struct tlb *tlb, struct tlb_entry *entry, const struct walk *walk);
void tlb_doubt_all(struct tlb *tlb);
void tlb_note_store(struct tlb *tlb, uint32_t off, unsigned size);

static inline unsigned tlb_index(const struct tlb *tlb, const struct tlb_entry *entry)
{
	return (unsigned)(entry - tlb->entries);
}

static inline unsigned tlb_filter_slot(uint32_t off)
{
	return (off >> 5 ^ off >> 17) % TLB_FILTER;
}

/** Might the line at @p off hold a descriptor that a valid entry was made from? */
static inline bool tlb_may_watch(const struct tlb *tlb, uint32_t off)
{
	return tlb->filter[tlb_filter_slot(off)] != 0;
}

#endif
