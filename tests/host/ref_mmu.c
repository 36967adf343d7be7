/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/host/ref_mmu.h"

enum { CONTROL_M = 1 << 0, CONTROL_S = 1 << 8, CONTROL_R = 1 << 9 };
enum { NO, RO, RW };

/** Table B3-1: AP, S, R -> privileged, User. S = R = 1 with AP = 0 is UNPREDICTABLE: nothing. */
static const struct {
	uint8_t ap, s, r, privileged, user;
} permissions[] = {
	{ 0, 0, 0, NO, NO }, { 0, 1, 0, RO, NO }, { 0, 0, 1, RO, RO }, { 0, 1, 1, NO, NO },
	{ 1, 0, 0, RW, NO }, { 1, 1, 0, RW, NO }, { 1, 0, 1, RW, NO }, { 1, 1, 1, RW, NO },
	{ 2, 0, 0, RW, RO }, { 2, 1, 0, RW, RO }, { 2, 0, 1, RW, RO }, { 2, 1, 1, RW, RO },
	{ 3, 0, 0, RW, RW }, { 3, 1, 0, RW, RW }, { 3, 0, 1, RW, RW }, { 3, 1, 1, RW, RW },
};

/** B7.2: addresses below 32 MiB belong to the process. */
uint32_t ref_mva(const struct ref_mmu *mmu, uint32_t va)
{
	if (va / 0x2000000u == 0)
		return va + (mmu->pid / 0x2000000u) * 0x2000000u;
	return va;
}

static unsigned fault(uint32_t l1, unsigned status)
{
	return ((l1 / 32) % 16) * 16 + status;
}

/** B3.3: first level section, coarse, fine; second level large, small, tiny. */
unsigned ref_walk(const struct ref_mmu *mmu, uint32_t mva, struct ref_entry *entry)
{
	uint32_t table;

	*entry = (struct ref_entry){ 0 };
	if ((mmu->control & CONTROL_M) == 0)
		return 0;
	if (!mmu->read(mmu->ctx, mmu->ttbr / 0x4000 * 0x4000 + mva / 0x100000 * 4, &entry->l1))
		return 0xc;
	entry->mva = mva / 0x100000 * 0x100000;
	entry->size = 0x100000;
	switch (entry->l1 % 4) {
	case 0:
		return fault(entry->l1, 0x5);
	case 2:
		return 0;
	case 1:
		table = entry->l1 / 0x400 * 0x400 + (mva / 0x1000) % 256 * 4;
		break;
	default:
		table = entry->l1 / 0x1000 * 0x1000 + (mva / 0x400) % 1024 * 4;
		break;
	}
	if (!mmu->read(mmu->ctx, table, &entry->l2))
		return fault(entry->l1, 0xe);
	switch (entry->l2 % 4) {
	case 0:
		return fault(entry->l1, 0x7);
	case 1:
		entry->size = 0x10000;
		break;
	case 2:
		entry->size = 0x1000;
		break;
	default:
		if (entry->l1 % 4 == 1)
			return fault(entry->l1, 0x7);
		entry->size = 0x400;
		break;
	}
	entry->mva = mva / entry->size * entry->size;
	return 0;
}

struct ref_meaning ref_meaning(const struct ref_entry *entry, uint32_t mva)
{
	struct ref_meaning m = { .physical = mva, .ap = 3 };

	if (entry->size == 0)
		return m;
	m.domain = (entry->l1 / 32) % 16;
	if (entry->size == 0x100000) {
		m.physical = entry->l1 / 0x100000 * 0x100000 + mva % 0x100000;
		m.ap = (entry->l1 / 0x400) % 4;
		m.cb = entry->l1 & 0xc;
		return m;
	}
	m.is_page = true;
	m.physical = entry->l2 / entry->size * entry->size + mva % entry->size;
	m.cb = entry->l2 & 0xc;
	/* A tiny page has ap0 only, the others one field for each quarter. */
	m.ap = entry->l2 >> 4;
	if (entry->size != 0x400)
		m.ap >>= 2 * (mva % entry->size / (entry->size / 4));
	m.ap %= 4;
	return m;
}

unsigned ref_rights(const struct ref_mmu *mmu, const struct ref_entry *entry, uint32_t mva,
		    bool privileged)
{
	const struct ref_meaning m = ref_meaning(entry, mva);
	const unsigned s = (mmu->control & CONTROL_S) != 0, r = (mmu->control & CONTROL_R) != 0;

	if (entry->size == 0)
		return RW;
	switch ((mmu->dacr >> (2 * m.domain)) % 4) {
	case 3:
		return RW;
	case 1:
		break;
	default:
		return NO;
	}
	for (unsigned i = 0; i < sizeof(permissions) / sizeof(permissions[0]); i++)
		if (permissions[i].ap == m.ap && permissions[i].s == s && permissions[i].r == r)
			return privileged ? permissions[i].privileged : permissions[i].user;
	return NO;
}

/** B3.6: domain faults 0x9 and 0xb, permission faults 0xd and 0xf. */
unsigned ref_check(const struct ref_mmu *mmu, const struct ref_entry *entry, uint32_t mva,
		   bool privileged, bool write)
{
	const struct ref_meaning m = ref_meaning(entry, mva);
	const bool client = (mmu->dacr >> (2 * m.domain)) % 4 == 1;

	if (ref_rights(mmu, entry, mva, privileged) >= (write ? RW : RO))
		return 0;
	return m.domain * 16 + (client ? 0xd : 0x9) + (m.is_page ? 2 : 0);
}
