/* SPDX-License-Identifier: Apache-2.0 */
/* What vmm/stats.c counts and vmm/stats_report.c prints. */
#ifndef VMM_STATS_DATA_H
#define VMM_STATS_DATA_H

#include "arch/arm/trap_frame.h"
#include "domain/shadow.h"
#include "vcpu/guest_abi.h"
#include "vcpu/proxy.h"

#include <stdint.h>

#define STATS_PLACES 4096u /* a power of two */
#define STATS_RECENT 512u

/** Every trap is one of these. Their names are in vmm/stats_report.c. */
enum stats_trap {
	STATS_PROXY,
	STATS_HYPERCALL,
	STATS_FAST_CALL,   /**< a system call that arch/arm/fastpath.S completed */
	STATS_FAST_RETURN, /**< ... and a return */
	STATS_SWI,         /**< any other SWI */
	STATS_UNDEF,       /**< an undefined instruction that is no proxy of the guest's kernel */
	STATS_FILL_DATA, /**< an abort that the guest does not know of: a shadow entry was missing */
	STATS_FILL_CODE,   /**< the same for a fetch */
	STATS_EMULATED,    /**< a load or store that was emulated: of a device, as a rule */
	STATS_DOORBELL,    /**< a store to PV_CTL that waited for an interrupt to be delivered */
	STATS_PAGE_CLOSED, /**< an access to the page at PV_PAGE in a mode it is not open in */
	STATS_GUEST_DATA,  /**< a data abort that is the guest's own */
	STATS_GUEST_CODE,  /**< a prefetch abort that is */
	STATS_OTHER_DATA,  /**< a data abort that went away, or stopped the VM */
	STATS_OTHER_CODE,
	STATS_IRQ,
	STATS_FIQ,
	STATS_TRAP_COUNT,
};

/** A row of the guest's proxy table: what it really is, and how often it was used. */
struct stats_row {
	struct proxy real;
	uint32_t word;
	uint32_t count;
};

/** A place in the guest's kernel that trapped; or STATS_PROGRAM for all of its programs. */
struct stats_place {
	uint32_t pc;
	uint32_t count; /* 0: not in use */
	uint8_t trap;
};

#define STATS_PROGRAM 1u

struct stats_recent {
	uint64_t begin;  /* in ticks of CLOCK_HZ */
	uint32_t length; /* until the guest goes on, or the trap core takes over */
	uint32_t pc;
	uint16_t row; /* of a proxy */
	uint8_t trap;
};

struct stats {
	uint32_t traps[STATS_TRAP_COUNT];
	uint32_t injected[TRAP_KIND_COUNT];
	uint32_t places_lost; /* traps that had no room in places */
	struct stats_place places[STATS_PLACES];
	struct stats_recent recent[STATS_RECENT];
	uint32_t recent_count;             /* since the start; the last STATS_RECENT are there */
	struct shadow_stats shadow_before; /* its counters when the others were 0 */
};

extern struct stats stats;
extern struct stats_row stats_rows[PROXY_TABLE_MAX];
extern uint32_t *const stats_fast_call, *const stats_fast_return; /* for arch/arm/stats.S */
extern const struct vcpu *stats_vcpu;                             /* NULL before the first trap */

#endif
