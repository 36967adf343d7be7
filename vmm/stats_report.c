/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report, as lines that begin with "hako: stats": docs/statistics.md has the format.
 * scripts/trace knows the guest's symbols and makes tables of it.
 */
#include "vmm/stats.h"

#include "board/board.h"
#include "vcpu/vcpu.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/log.h"
#include "vmm/stats_data.h"
#include "vmm/timer.h"
#include "vmm/vm.h"

#define REPORT_VERSION 1u

static const char *const trap_names[STATS_TRAP_COUNT] = {
	[STATS_PROXY] = "proxy",
	[STATS_HYPERCALL] = "hypercall",
	[STATS_FAST_CALL] = "fast_call",
	[STATS_FAST_RETURN] = "fast_return",
	[STATS_SWI] = "swi",
	[STATS_UNDEF] = "undefined",
	[STATS_FILL_DATA] = "fill_data",
	[STATS_FILL_CODE] = "fill_code",
	[STATS_EMULATED] = "emulated",
	[STATS_DOORBELL] = "doorbell",
	[STATS_PAGE_CLOSED] = "page_closed",
	[STATS_GUEST_DATA] = "guest_data_abort",
	[STATS_GUEST_CODE] = "guest_prefetch_abort",
	[STATS_OTHER_DATA] = "other_data_abort",
	[STATS_OTHER_CODE] = "other_prefetch_abort",
	[STATS_IRQ] = "interrupt",
	[STATS_FIQ] = "fast_interrupt",
};

static const struct {
	enum trap_kind kind;
	const char *name;
} injections[] = {
	{ TRAP_UNDEF, "undefined" }, { TRAP_SWI, "swi" }, { TRAP_PABT, "prefetch_abort" },
	{ TRAP_DABT, "data_abort" }, { TRAP_IRQ, "irq" }, { TRAP_FIQ, "fiq" },
};

static void print(const char *group, const char *name, uint32_t value)
{
	log_info("hako: stats %s %s %u\n", group, name, (unsigned)value);
}

static void print_shadow(const struct shadow *sh)
{
	const struct shadow_stats *const is = &sh->stats;
	const struct shadow_stats *const was = &stats.shadow_before;

	print("shadow", "fills", is->fills - was->fills);
	print("shadow", "entries_dropped", is->dropped - was->dropped);
	print("shadow", "contexts_made", is->contexts_made - was->contexts_made);
	print("shadow", "contexts_recycled", is->contexts_recycled - was->contexts_recycled);
	print("shadow", "tables_recycled", is->tables_recycled - was->tables_recycled);
	print("shadow", "tables_free", sh->free_count);
}

static void print_rows(void)
{
	for (unsigned i = 0; i < PROXY_TABLE_MAX; i++)
		if (stats_rows[i].count)
			log_info("hako: stats row %u %08x %u\n", i, (unsigned)stats_rows[i].word,
				 (unsigned)stats_rows[i].count);
}

static void print_places(void)
{
	for (unsigned i = 0; i < STATS_PLACES; i++) {
		const struct stats_place *const place = &stats.places[i];

		if (place->count)
			log_info("hako: stats place %08x %s %u\n", (unsigned)place->pc,
				 trap_names[place->trap], (unsigned)place->count);
	}
	print("place", "lost", stats.places_lost);
}

static void print_recent(void)
{
	const uint32_t end = stats.recent_count;

	for (uint32_t i = end > STATS_RECENT ? end - STATS_RECENT : 0; i != end; i++) {
		const struct stats_recent *const trap = &stats.recent[i % STATS_RECENT];

		log_info("hako: stats recent %llu %u %08x %s %u\n", (unsigned long long)trap->begin,
			 (unsigned)trap->length, (unsigned)trap->pc, trap_names[trap->trap],
			 trap->row);
	}
}

void stats_report(void)
{
	if (!stats_vcpu) {
		log_info("hako: stats: nothing has trapped yet\n");
		return;
	}
	log_info("hako: stats begin %u %s %s %llu\n", REPORT_VERSION, board.name,
		 stats_vcpu->vm->name, (unsigned long long)timer_now());
	for (unsigned i = 0; i < STATS_TRAP_COUNT; i++)
		print("trap", trap_names[i], stats.traps[i]);
	for (unsigned i = 0; i < ARRAY_SIZE(injections); i++)
		print("injected", injections[i].name, stats.injected[injections[i].kind]);
	print_shadow(stats_vcpu->shadow);
	print_rows();
	print_places();
	print_recent();
	log_info("hako: stats end\n");
}
