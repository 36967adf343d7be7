/* SPDX-License-Identifier: Apache-2.0 */
#include "vcpu/hypercall.h"

#include "arch/arm/cache.h"
#include "arch/arm/layout.h"
#include "arch/arm/user_access.h"
#include "domain/shadow_announce.h"
#include "vcpu/device_page.h"
#include "vcpu/emulate.h"
#include "vcpu/guest_mem.h"
#include "vcpu/pv.h"
#include "vcpu/vcpu.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/preempt.h"

/* A range of more lines than the cache has is done as a whole. */
#define CACHE_SIZE 0x4000u
/* Between two preempt points: 128 lines, three instructions each. */
#define RANGE_AT_ONCE 0x1000u
#define PAGE_SIZE     0x1000u

static enum trap_outcome log_full(struct vcpu *vcpu, uint32_t number)
{
	pv_take_log(vcpu);
	shadow_flush_range(vcpu_shadow(vcpu), 0, 0); /* what it made stale */
	return TRAP_NEXT;
}

/**
 * Another address space: what the caches hold of the old one's addresses goes (TRM, 4.2). Mostly
 * arch/arm/fastpath_switch.S has done it.
 */
static enum trap_outcome switch_mm(struct vcpu *vcpu, uint32_t number)
{
	cache_clean_invalidate_d_all();
	cache_invalidate_i_all(0);
	cache_drain_write_buffer(0);
	pv_take_log(vcpu);
	vcpu->mmu.ttbr = vcpu->frame.r[0] & GUEST_TTBR_BASE;
	shadow_switch(vcpu_shadow(vcpu));
	if (!vcpu->pv.announces) /* no promise that all address spaces agree about the kernel */
		device_pages_compare(vcpu);
	pv_settle(vcpu);
	return TRAP_NEXT;
}

static enum trap_outcome flush_range(struct vcpu *vcpu, uint32_t number)
{
	pv_take_log(vcpu);
	shadow_flush_range(vcpu_shadow(vcpu), vcpu->frame.r[0], vcpu->frame.r[1]);
	if (vcpu->frame.r[1] - 1 >= vcpu->pv.user_limit) /* 0 is behind the last address */
		device_pages_compare(vcpu);
	return TRAP_NEXT;
}

static enum trap_outcome table_clean(struct vcpu *vcpu, uint32_t number)
{
	shadow_tables_written(vcpu_shadow(vcpu), vcpu->frame.r[0], vcpu->frame.r[1]);
	return TRAP_NEXT;
}

/** What PV_CACHE_LATER has put off. */
void pv_clean_now(struct vcpu *vcpu)
{
	cache_clean_invalidate_d_range(vcpu->unclean, vcpu->unclean + PAGE_SIZE);
	cache_drain_write_buffer(0);
	vcpu->unclean = 0;
}

/**
 * Puts off what the guest wants of a page: in Linux, which has copied or cleared it for a program, the
 * next thing that happens to it is to be cleaned again.
 */
static bool put_off(struct vcpu *vcpu, uint32_t from, uint32_t size)
{
	pv_clean_late(vcpu);
	if (from == 0 || size != PAGE_SIZE)
		return false;
	vcpu->unclean = from;
	return true;
}

static void whole_cache(uint32_t what)
{
	if (what & PV_CACHE_INVALIDATE)
		cache_clean_invalidate_d_all();
	else if (what & PV_CACHE_CLEAN)
		cache_clean_d_all();
	if (what & PV_CACHE_CODE) {
		cache_clean_invalidate_d_all(); /* lines of the VMM's fetches: vcpu/cp15.c */
		cache_invalidate_i_all(0);
	}
}

/**
 * Cache operations on a range. An invalidation alone writes back, too: it is a right of the guest to
 * lose its lines, and none to lose those that are not its own, at the edges.
 */
static enum trap_outcome cache_range(struct vcpu *vcpu, uint32_t number)
{
	const uint32_t from = vcpu->frame.r[0] & ~(CACHE_LINE - 1);
	const uint32_t bytes = vcpu->frame.r[1] - from;
	const uint32_t size = align_up(bytes, CACHE_LINE);
	const uint32_t what = vcpu->frame.r[2];

	/* Neither the VMM's addresses, nor a wrap. */
	if (bytes > CACHE_SIZE || from + size > VMM_BASE || from + size < from ||
	    vcpu->mmu.pid != 0) {
		whole_cache(what);
	} else if (!(what & PV_CACHE_LATER) || !put_off(vcpu, from, size)) {
		if (vcpu->unclean == from && size >= PAGE_SIZE && (what & PV_CACHE_CLEAN))
			vcpu->unclean = 0;
		for (uint32_t done = 0; done < size; done += RANGE_AT_ONCE) {
			const uint32_t at = from + done;
			const uint32_t end =
				size - done > RANGE_AT_ONCE ? at + RANGE_AT_ONCE : from + size;

			if (done)
				preempt_point();
			if (what & PV_CACHE_CODE)
				cache_forget_code_range(at, end);
			else if (what & PV_CACHE_INVALIDATE)
				cache_clean_invalidate_d_range(at, end);
			else if (what & PV_CACHE_CLEAN)
				cache_clean_d_range(at, end);
		}
	}
	if (what & PV_CACHE_CODE_ALL)
		cache_invalidate_i_all(0);
	if (what & PV_CACHE_DRAIN)
		cache_drain_write_buffer(0);
	return TRAP_NEXT;
}

#define TLS_WORD 0xffff0ff0u

/**
 * The word that Linux programs read at a fixed address. The page is one that they may only read; so the
 * store needs the rights of the kernel, which the guest's tables are asked for.
 */
static enum trap_outcome set_tls(struct vcpu *vcpu, uint32_t number)
{
	uint32_t value = vcpu->frame.r[0];
	struct guest_fault fault;

	if (shadow_store_kernel(vcpu_shadow(vcpu), TLS_WORD, value))
		return TRAP_NEXT;
	guest_found_nothing(vcpu);
	if (guest_access(vcpu, TLS_WORD, 4, true, true, &value, &fault))
		return TRAP_NEXT_POLL;
	vcpu->cp15.dfsr = fault.fsr;
	vcpu->cp15.far = fault.far;
	vcpu_inject_trap(vcpu, TRAP_DABT);
	return TRAP_RESUME;
}

static const emulate_fn handlers[PV_HC_COUNT] = {
	[PV_HC_LOG_FULL] = log_full,       [PV_HC_SWITCH_MM] = switch_mm,
	[PV_HC_FLUSH_RANGE] = flush_range, [PV_HC_TABLE_CLEAN] = table_clean,
	[PV_HC_CACHE] = cache_range,       [PV_HC_SET_TLS] = set_tls,
};

/** In any privileged mode of a guest with paravirtual code; undefined elsewhere. */
enum trap_outcome hypercall(struct vcpu *vcpu, uint32_t number)
{
	return vcpu->pv_page ? handlers[number](vcpu, number) : TRAP_INJECT;
}

/** The handler of a word of the proxy table with condition NV. */
struct proxy hypercall_decode(uint32_t word)
{
	const uint32_t number = word & 0xffu;

	if ((word & ~0xffu) != PV_HYPERCALL_WORD || number >= PV_HC_COUNT)
		return (struct proxy){ .emulate = emulate_undefined, .arg = word };
	return (struct proxy){ .emulate = number == PV_HC_SWITCH_MM ? fast_switch_mm : hypercall,
			       .arg = number };
}
