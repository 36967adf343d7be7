/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/arm926-model/memsys_internal.h"

#define LOCKDOWN_L_BITS 0xfu /* TRM, table 2-21 */

/*
 * Cycles of one more round of a test-and-clean loop, an MRC and a branch that is taken (TRM, 2.3.8,
 * has the loop; timing.c the cycles), for each dirty line but the last: QEMU ends the loop at once.
 */
#define TEST_CLEAN_ROUND 5u

typedef void (*operation)(struct memsys *ms, uint32_t pc, uint32_t value);

static void write_control(struct memsys *ms, uint32_t pc, uint32_t value)
{
	memsys_update_control(ms, value);
}

/** The TLB is not told: its entries are compared with the new tables when they are used. */
static void write_ttbr(struct memsys *ms, uint32_t pc, uint32_t value)
{
	ms->ttbr_pc = pc;
	if (value != ms->ttbr)
		tlb_doubt_all(&ms->tlb);
	ms->ttbr = value;
}

static void write_dacr(struct memsys *ms, uint32_t pc, uint32_t value)
{
	memsys_update_dacr(ms, value);
}

/** Entries and lines are found by modified virtual addresses: they stay what they are. */
static void write_fcse(struct memsys *ms, uint32_t pc, uint32_t value)
{
	ms->fcse = value & FCSE_PID;
}

static void write_dcache_lockdown(struct memsys *ms, uint32_t pc, uint32_t value)
{
	ms->dcache.locked = value & LOCKDOWN_L_BITS;
}

static void write_icache_lockdown(struct memsys *ms, uint32_t pc, uint32_t value)
{
	ms->icache.locked = value & LOCKDOWN_L_BITS;
}

static void write_tlb_lockdown(struct memsys *ms, uint32_t pc, uint32_t value)
{
	tlb_set_lockdown(&ms->tlb, value);
}

static void tlb_all(struct memsys *ms, uint32_t pc, uint32_t value)
{
	ms->counts.tlb_operations++;
	tlb_remove_all(&ms->tlb);
}

static void tlb_single(struct memsys *ms, uint32_t pc, uint32_t value)
{
	ms->counts.tlb_operations++;
	tlb_remove_mva(&ms->tlb, value);
}

static void drain_buffer(struct memsys *ms, uint32_t pc, uint32_t value)
{
	ms->counts.drains++;
	memsys_drain(ms);
}

/** Wait for interrupt drains both buffers (TRM, 4.2). */
static void wait_for_interrupt(struct memsys *ms, uint32_t pc, uint32_t value)
{
	memsys_drain(ms);
}

static void icache_all(struct memsys *ms, uint32_t pc, uint32_t value)
{
	ms->counts.whole_cache_operations++;
	cache_drop_all(&ms->icache);
}

static void dcache_all(struct memsys *ms, uint32_t pc, uint32_t value)
{
	ms->counts.whole_cache_operations++;
	for (unsigned i = 0; i < cache_line_count(&ms->dcache); i++)
		if (ms->dcache.lines[i].dirty)
			memsys_invalidate_line(ms, &ms->dcache.lines[i], pc);
	cache_drop_all(&ms->dcache);
}

static void both_all(struct memsys *ms, uint32_t pc, uint32_t value)
{
	icache_all(ms, pc, value);
	dcache_all(ms, pc, value);
}

static void icache_drop(struct memsys *ms, struct cache_line *line)
{
	ms->counts.line_operations++;
	if (line)
		cache_drop(&ms->icache, line);
}

static void icache_mva(struct memsys *ms, uint32_t pc, uint32_t value)
{
	icache_drop(ms, cache_find(&ms->icache, value));
}

static void icache_set_way(struct memsys *ms, uint32_t pc, uint32_t value)
{
	icache_drop(ms, cache_at_set_way(&ms->icache, value));
}

static void dcache_line(struct memsys *ms, struct cache_line *line, uint32_t pc, bool clean,
			bool invalidate)
{
	ms->counts.line_operations++;
	if (!line)
		return;
	if (clean)
		memsys_clean_line(ms, line, pc);
	if (invalidate)
		memsys_invalidate_line(ms, line, pc);
}

static void dcache_invalidate_mva(struct memsys *ms, uint32_t pc, uint32_t value)
{
	dcache_line(ms, cache_find(&ms->dcache, value), pc, false, true);
}

static void dcache_invalidate_set_way(struct memsys *ms, uint32_t pc, uint32_t value)
{
	dcache_line(ms, cache_at_set_way(&ms->dcache, value), pc, false, true);
}

static void dcache_clean_mva(struct memsys *ms, uint32_t pc, uint32_t value)
{
	dcache_line(ms, cache_find(&ms->dcache, value), pc, true, false);
}

static void dcache_clean_set_way(struct memsys *ms, uint32_t pc, uint32_t value)
{
	dcache_line(ms, cache_at_set_way(&ms->dcache, value), pc, true, false);
}

static void dcache_flush_mva(struct memsys *ms, uint32_t pc, uint32_t value)
{
	dcache_line(ms, cache_find(&ms->dcache, value), pc, true, true);
}

static void dcache_flush_set_way(struct memsys *ms, uint32_t pc, uint32_t value)
{
	dcache_line(ms, cache_at_set_way(&ms->dcache, value), pc, true, true);
}

/**
 * The line of an address that is already modified; translated as a privileged fetch, or nothing.
 */
static void icache_prefetch(struct memsys *ms, uint32_t pc, uint32_t value)
{
	const uint64_t disagreements = ms->counts.disagreements;
	const uint32_t fcse = ms->fcse;
	struct access access = { .pc = pc, .va = value & ~(MODEL_LINE - 1), .fetch = true };
	bool translated;

	ms->counts.line_operations++;
	if (!ms->icache_on || cache_find(&ms->icache, value))
		return;
	ms->fcse = 0;
	translated = memsys_translate(ms, &access);
	ms->fcse = fcse;
	ms->counts.disagreements = disagreements;
	if (translated && access.off != NO_RAM && (!ms->mmu_on || access.cb >= MEMORY_WT))
		memsys_fill(ms, &ms->icache, &access);
}

static const struct {
	uint8_t crn, crm, opc2;
	operation run;
} operations[] = {
	/* clang-format off */
	/* TRM, table 2-3 */
	{  1,  0, 0, write_control },
	{  2,  0, 0, write_ttbr },
	{  3,  0, 0, write_dacr },
	/* TRM, 2.3.8 and table 2-17 */
	{  7,  0, 4, wait_for_interrupt },
	{  7,  5, 0, icache_all },
	{  7,  5, 1, icache_mva },
	{  7,  5, 2, icache_set_way },
	{  7,  6, 0, dcache_all },
	{  7,  6, 1, dcache_invalidate_mva },
	{  7,  6, 2, dcache_invalidate_set_way },
	{  7,  7, 0, both_all },
	{  7, 10, 1, dcache_clean_mva },
	{  7, 10, 2, dcache_clean_set_way },
	{  7, 10, 4, drain_buffer },
	{  7, 13, 1, icache_prefetch },
	{  7, 14, 1, dcache_flush_mva },
	{  7, 14, 2, dcache_flush_set_way },
	/* TRM, 2.3.9 and table 2-18: one TLB, whichever of the names is used */
	{  8,  5, 0, tlb_all },
	{  8,  5, 1, tlb_single },
	{  8,  6, 0, tlb_all },
	{  8,  6, 1, tlb_single },
	{  8,  7, 0, tlb_all },
	{  8,  7, 1, tlb_single },
	/* TRM, 2.3.10 and 2.3.11 */
	{  9,  0, 0, write_dcache_lockdown },
	{  9,  0, 1, write_icache_lockdown },
	{ 10,  0, 0, write_tlb_lockdown },
	/* TRM, 2.3.13 */
	{ 13,  0, 0, write_fcse },
	/* clang-format on */
};

void memsys_mcr(struct memsys *ms, uint32_t pc, unsigned crn, unsigned opc1, unsigned crm,
		unsigned opc2, uint32_t value)
{
	if (opc1)
		return;
	for (unsigned i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (operations[i].crn == crn && operations[i].crm == crm &&
		    operations[i].opc2 == opc2)
			operations[i].run(ms, pc, value);
}

/** The loop of TRM, 2.3.8: until no line is dirty, then, if @p invalidate, the whole cache goes. */
void memsys_test_and_clean(struct memsys *ms, uint32_t pc, bool invalidate)
{
	unsigned cleaned = 0;

	ms->counts.whole_cache_operations++;
	for (unsigned i = 0; i < cache_line_count(&ms->dcache); i++) {
		if (ms->dcache.lines[i].dirty) {
			/* The line before is on its way to memory meanwhile. */
			if (cleaned++)
				bus_wait(&ms->bus, TEST_CLEAN_ROUND);
			memsys_clean_line(ms, &ms->dcache.lines[i], pc);
		}
	}
	if (invalidate)
		cache_drop_all(&ms->dcache);
}
