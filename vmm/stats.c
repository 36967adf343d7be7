/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counting, for `make run STATS=1`.
 *
 * Nothing in the VMM calls this file. The VMM with statistics is made of the same objects, linked
 * once more with `--wrap=NAME` for each hook below (vmm/objects.mk): a call of NAME goes to
 * __wrap_NAME, which calls __real_NAME. So the VMM without statistics cannot have an instruction
 * for them. Only calls from one file to another can be taken this way.
 *
 * Proxies go from the vector to the handler in their row of the guest's table: here each row leads
 * to count_proxy(), which knows the real one.
 */
#include "vmm/stats.h"

#include "vcpu/emulate.h"
#include "vcpu/fault.h"
#include "vcpu/pv.h"
#include "vcpu/vcpu.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/string.h"
#include "vmm/stats_data.h"
#include "vmm/timer.h"
#include "vmm/trap.h"

/* clang-format off */
#define HOOK(type, name, ...)           \
	type __real_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__)
/* clang-format on */

struct stats stats;
struct stats_row stats_rows[PROXY_TABLE_MAX];
const struct vcpu *stats_vcpu;
uint32_t *const stats_fast_call = &stats.traps[STATS_FAST_CALL];
uint32_t *const stats_fast_return = &stats.traps[STATS_FAST_RETURN];

static struct stats_recent now; /* the trap that is being handled */
static bool now_program;        /* it is one of a guest program */
static bool handling;

static void begin(const struct vcpu *vcpu, uint32_t pc, enum stats_trap trap)
{
	stats_vcpu = vcpu;
	now = (struct stats_recent){ .begin = timer_now(), .pc = pc, .trap = (uint8_t)trap };
	now_program = !vcpu_privileged(vcpu);
	handling = true;
}

static void count_place(uint32_t pc, unsigned trap)
{
	uint32_t at = (pc >> 2 ^ trap << 7) * 2654435761u >> 16;

	for (unsigned tries = 0; tries < 16; tries++, at++) {
		struct stats_place *const place = &stats.places[at % STATS_PLACES];

		if (place->count && (place->pc != pc || place->trap != trap))
			continue;
		place->pc = pc;
		place->trap = (uint8_t)trap;
		place->count++;
		return;
	}
	stats.places_lost++;
}

static void end(void)
{
	handling = false;
	now.length = (uint32_t)(timer_now() - now.begin);
	stats.traps[now.trap]++;
	count_place(now_program ? STATS_PROGRAM : now.pc, now.trap);
	stats.recent[stats.recent_count++ % STATS_RECENT] = now;
}

static enum trap_outcome count_proxy(struct vcpu *vcpu, uint32_t index)
{
	struct stats_row *const row = &stats_rows[index];
	enum trap_outcome outcome;

	begin(vcpu, vcpu->frame.pc, row->word >> 28 == 15 ? STATS_HYPERCALL : STATS_PROXY);
	now.row = (uint16_t)index;
	row->count++;
	outcome = row->real.emulate(vcpu, row->real.arg);
	end();
	return outcome;
}

HOOK(void, proxy_table_make, struct proxy *table, unsigned size, const uint32_t *words,
     unsigned count)
{
	__real_proxy_table_make(table, size, words, count);
	for (unsigned i = 0; i < size; i++) {
		stats_rows[i] =
			(struct stats_row){ .real = table[i], .word = i < count ? words[i] : 0 };
		table[i] = (struct proxy){ .emulate = count_proxy, .arg = i };
	}
}

/** Others compare what this returns with handlers they know. */
HOOK(struct proxy, emulate_lookup, const struct vcpu *vcpu, uint32_t word)
{
	const struct proxy found = __real_emulate_lookup(vcpu, word);

	return found.emulate == count_proxy ? stats_rows[found.arg].real : found;
}

/** All traps but proxies and what arch/arm/fastpath.S completes. */
HOOK(struct trap_frame *, trap_from_guest, struct trap_frame *frame, enum trap_kind kind)
{
	static const uint8_t trap_of[TRAP_KIND_COUNT] = {
		[TRAP_UNDEF] = STATS_UNDEF,     [TRAP_SWI] = STATS_SWI,
		[TRAP_PABT] = STATS_OTHER_CODE, [TRAP_DABT] = STATS_OTHER_DATA,
		[TRAP_IRQ] = STATS_IRQ,         [TRAP_FIQ] = STATS_FIQ,
	};
	struct trap_frame *next;

	begin((const struct vcpu *)frame, frame->exc_lr - (kind == TRAP_DABT ? 8 : 4),
	      trap_of[kind]);
	next = __real_trap_from_guest(frame, kind);
	end();
	return next;
}

HOOK(struct trap_frame *, trap_software_interrupt, struct trap_frame *frame)
{
	struct trap_frame *next;

	begin((const struct vcpu *)frame, frame->exc_lr - 4, STATS_SWI);
	next = __real_trap_software_interrupt(frame);
	end();
	return next;
}

static enum stats_trap classify(const struct vcpu *vcpu, uint32_t fills_before,
				enum trap_outcome outcome, bool data)
{
	if (now.trap == STATS_DOORBELL || now.trap == STATS_PAGE_CLOSED ||
	    now.trap == STATS_GUEST_DATA || now.trap == STATS_GUEST_CODE)
		return (enum stats_trap)now.trap;
	if (outcome == TRAP_INJECT)
		return data ? STATS_GUEST_DATA : STATS_GUEST_CODE;
	if ((outcome == TRAP_RESUME || outcome == TRAP_MOVED) &&
	    vcpu->shadow->stats.fills != fills_before)
		return data ? STATS_FILL_DATA : STATS_FILL_CODE;
	if (outcome == TRAP_NEXT || outcome == TRAP_NEXT_POLL)
		return STATS_EMULATED;
	return data ? STATS_OTHER_DATA : STATS_OTHER_CODE;
}

/* The two aborts are the trap core's to handle; if something else does, they count all the same. */

HOOK(enum trap_outcome, data_abort_trap, struct vcpu *vcpu)
{
	const uint32_t fills = vcpu->shadow->stats.fills;
	const bool alone = !handling;
	enum trap_outcome outcome;

	if (alone)
		begin(vcpu, vcpu->frame.pc, STATS_OTHER_DATA);
	outcome = __real_data_abort_trap(vcpu);
	now.trap = (uint8_t)classify(vcpu, fills, outcome, true);
	if (alone)
		end();
	return outcome;
}

HOOK(enum trap_outcome, prefetch_abort_trap, struct vcpu *vcpu)
{
	const uint32_t fills = vcpu->shadow->stats.fills;
	const bool alone = !handling;
	enum trap_outcome outcome;

	if (alone)
		begin(vcpu, vcpu->frame.pc, STATS_OTHER_CODE);
	outcome = __real_prefetch_abort_trap(vcpu);
	now.trap = (uint8_t)classify(vcpu, fills, outcome, false);
	if (alone)
		end();
	return outcome;
}

HOOK(enum trap_outcome, pv_page_trap, struct vcpu *vcpu)
{
	now.trap = vcpu->pv_read_only ? STATS_DOORBELL : STATS_PAGE_CLOSED;
	return __real_pv_page_trap(vcpu);
}

HOOK(void, vcpu_inject_trap, struct vcpu *vcpu, enum trap_kind kind)
{
	stats.injected[kind]++;
	__real_vcpu_inject_trap(vcpu, kind);
}

HOOK(bool, pv_inject_program_abort, struct vcpu *vcpu, enum trap_kind kind, bool store)
{
	if (!__real_pv_inject_program_abort(vcpu, kind, store))
		return false;
	now.trap = kind == TRAP_DABT ? STATS_GUEST_DATA : STATS_GUEST_CODE;
	stats.injected[kind]++;
	return true;
}

HOOK(void, vcpu_inject_interrupt, struct vcpu *vcpu)
{
	/* FIQ before IRQ, as the real one decides. */
	stats.injected[vcpu->interrupt & ~vcpu_masked(vcpu) & PSR_F ? TRAP_FIQ : TRAP_IRQ]++;
	__real_vcpu_inject_interrupt(vcpu);
}

void stats_clear(void)
{
	memset(&stats, 0, sizeof(stats));
	for (unsigned i = 0; i < PROXY_TABLE_MAX; i++)
		stats_rows[i].count = 0;
	if (stats_vcpu)
		stats.shadow_before = stats_vcpu->shadow->stats;
}
