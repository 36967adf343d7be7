/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual ARM926EJ-S of a VM. The guest always runs in physical User mode: the registers of its
 * current virtual mode are in the frame, those of the other modes in the banks here.
 */
#ifndef VCPU_VCPU_H
#define VCPU_VCPU_H

#include "arch/arm/psr.h"
#include "arch/arm/trap_frame.h"
#include "domain/guest_walk.h"
#include "vcpu/proxy.h"
#include "vcpu/pv_abi.h"
#include "vcpu/trap_outcome.h"

#include <stdbool.h>
#include <stdint.h>

/** Banks of r13, r14 and SPSR. System mode has no bank of its own: it uses User mode's. */
enum vcpu_bank { BANK_USR, BANK_FIQ, BANK_IRQ, BANK_SVC, BANK_ABT, BANK_UND, BANK_COUNT };

/** The CP15 registers that the guest can write and read back; SCTLR, TTBR, DACR, PID are in mmu. */
struct vcpu_cp15 {
	uint32_t dfsr;
	uint32_t ifsr;
	uint32_t far;
	uint32_t context_id;
	uint32_t cache_lockdown[2]; /* D, I */
	uint32_t tlb_lockdown;
	uint32_t tcm_region[2];
};

/**
 * The translation found last in the present trap: an emulated access asks for the same page several
 * times. Within one trap the guest cannot change its tables.
 */
struct guest_found {
	const struct mem_region *region; /* NULL: nothing found yet */
	struct guest_translation t;
	uint32_t va;
	bool privileged;
	bool write;
};

/** A value of the guest's DACR, and what it means for the real one. */
struct vcpu_dacr {
	uint32_t guest;
	uint32_t kernel;  /* in virtual Supervisor mode with the page open */
	uint32_t program; /* in virtual User mode */
};

/**
 * No word without its bits 15:12, which trap_undef compares it with. (0 would be one: memory may hold
 * another word than the one that the core has found undefined, in its instruction cache.)
 */
#define NO_DACR_PROXY 0xf000u

/** What arch/arm/fastpath.S and fastpath_dacr.S need to know, at VCPU_FAST. */
struct vcpu_fast {
	uint32_t
		dacr_proxy; /* PV_DACR_PROXY if writes of DACR may take a fast path, or NO_DACR_PROXY */
	uint32_t dacr_kernel;  /* the real DACR behind a fast call */
	uint32_t dacr_program; /* ... and behind a fast return */
	uint32_t call_from;    /* value of ctl from which a SWI takes the fast path; or none */
	uint32_t call_entry;   /* ... which leads here */
	uint32_t return_lr;    /* the lr of a SWI that is the fast return now, or 1 */
	uint32_t call_path;    /* the code of these two paths, of trap_swi_paths */
	uint32_t return_path;
	struct vcpu_dacr
		pair[2]; /* pv_info.call_dacr and return_dacr, if dacr_proxy is PV_DACR_PROXY */
};

/**
 * The access of a program that the guest's kernel has been given a fault of, until the kernel returns
 * to a program: see pv_retry().
 */
struct vcpu_retry {
	bool expected;
	bool store;
	uint32_t va;
	uint32_t pc;   /* of the instruction, and ... */
	uint32_t ttbr; /* ... the address space: where the kernel returns to, if it does */
};

struct device;

#define DEVICE_PAGE_SIZE 1024u
#define DEVICE_PAGE_NONE 0xffffffffu

/**
 * The registers of a device in a KiB that the guest uses in privileged modes, with all that its
 * translation was made of (vcpu/device_page.h). The smallest page is a KiB, and so is what has one
 * permission (ARM ARM, B3.3.3).
 */
struct device_page {
	_Alignas(32) uint32_t key; /* virtual address / 1024, or DEVICE_PAGE_NONE */
	struct device *device;
	uint32_t epoch;  /* when it was last compared */
	uint32_t dacr;   /* bits of this register that must be set */
	uint32_t offset; /* of the register in its window, minus its virtual address */
	uint32_t (*read)(struct device *dev, uint32_t offset, unsigned size); /* its model's */
	/* NULL if the page is read-only. */
	void (*write)(struct device *dev, uint32_t offset, uint32_t value, unsigned size);
	uint32_t sctlr; /* to here, one cache line */
	uint32_t mva;
	uint32_t l1; /* the guest's descriptors; 0: there is none */
	uint32_t l2;
	uint32_t l2_at; /* guest physical */
};

struct vm;
struct shadow;
struct vm_mem;
struct mem_region;

struct vcpu {
	struct trap_frame frame;

	/* vectors.S loads these four and fast.dacr_proxy together, to find a proxy's handler. */
	uint32_t proxy_mask;
	uint32_t proxy_match;
	const struct proxy *proxies;
	/*
	 * Control bits of the virtual CPSR: mode, I, F. While the page is open, I is in the page;
	 * vcpu_masked() knows.
	 */
	uint32_t ctl;

	struct vcpu_fast fast;
	uint32_t bank_r13[BANK_COUNT]; /* of the modes that are not current */
	uint32_t bank_r14[BANK_COUNT];
	uint32_t spsr[BANK_COUNT]; /* BANK_USR is not used */
	uint32_t bank_high[2][5];  /* r8-r12: of the other modes while in FIQ, of FIQ otherwise */

	uint32_t interrupt;    /* asserted inputs: PSR_I for IRQ, PSR_F for FIQ */
	uint32_t attention;    /* not 0: these, or what the VM was asked for, have changed since
			       trap_finish() looked */
	uint32_t device_epoch; /* moves when a translation of a device may have become another */

	struct guest_mmu mmu;
	struct vcpu_cp15 cp15;
	bool has_vfp;
	bool completes_unaligned; /* LDRT, STRT: see ldrt_strt_unaligned() */
	unsigned proxy_count;     /* entries of proxies: a power of two, at most PROXY_TABLE_MAX */

	/* Of a guest with paravirtual code; otherwise the page is NULL and the rest all zeros. */
	volatile uint8_t *pv_page; /* at PV_PAGE; the VMM may touch it while it is open */
	bool pv_read_only;
	bool pv_shut;           /* also in Supervisor mode: the guest uses FIQs */
	uint32_t pv_pair_epoch; /* the shadow's domain_epoch that fast.pair was made in */
	/* arch/arm/fastpath_switch.S loads these together, and the shadow, which all guests have. */
	uint32_t pv_settled; /* the state that pv_settle() has seen last */
	uint32_t pv_settled_epoch;
	uint32_t pv_settled_dacr; /* the value that the shadow follows */
	struct shadow *shadow;
	struct pv_info pv;
	struct vcpu_retry retry;
	uint32_t unclean; /* the page that PV_CACHE_LATER has left in the cache, or 0 */

	struct vm_mem *mem;
	struct vm *vm;
	struct guest_found found;
	struct device_page device_pages[DEVICE_PAGES];
	const char *stop_reason; /* set by whoever returns TRAP_STOP */
	uint32_t stop_value;
};

_Static_assert(offsetof(struct vcpu, frame) == 0, "the frame and the vCPU are one pointer");
_Static_assert(offsetof(struct vcpu, proxy_mask) == VCPU_PROXY, "VCPU_PROXY");
#ifdef __arm__ /* pointers of the workstation are longer */
_Static_assert(offsetof(struct vcpu, ctl) == VCPU_CTL, "VCPU_CTL");
_Static_assert(offsetof(struct vcpu, fast) == VCPU_FAST, "VCPU_FAST");
_Static_assert(offsetof(struct vcpu, fast.pair[0]) == FAST_PAIR_CALL, "FAST_PAIR_CALL");
_Static_assert(offsetof(struct vcpu, fast.pair[1]) == FAST_PAIR_RETURN, "FAST_PAIR_RETURN");
_Static_assert(offsetof(struct vcpu, bank_r13[BANK_SVC]) == VCPU_R13_SVC, "VCPU_R13_SVC");
_Static_assert(offsetof(struct vcpu, interrupt) == VCPU_INTERRUPT, "VCPU_INTERRUPT");
_Static_assert(offsetof(struct vcpu, attention) == VCPU_ATTENTION, "VCPU_ATTENTION");
_Static_assert(offsetof(struct vcpu, device_epoch) == VCPU_DEVICE_EPOCH, "VCPU_DEVICE_EPOCH");
_Static_assert(offsetof(struct vcpu, mmu.dacr) == VCPU_DACR, "VCPU_DACR");
_Static_assert(offsetof(struct vcpu, mmu.ttbr) == VCPU_TTBR, "VCPU_TTBR");
_Static_assert(offsetof(struct vcpu, pv_page) == VCPU_PV_PAGE, "VCPU_PV_PAGE");
_Static_assert(offsetof(struct vcpu, pv) == VCPU_PV_INFO, "VCPU_PV_INFO");
_Static_assert(offsetof(struct vcpu, bank_r13[BANK_USR]) == VCPU_R13_USR, "VCPU_R13_USR");
_Static_assert(offsetof(struct vcpu, bank_r14[BANK_USR]) == VCPU_R14_USR, "VCPU_R14_USR");
_Static_assert(offsetof(struct vcpu, bank_r14[BANK_SVC]) == VCPU_R14_SVC, "VCPU_R14_SVC");
_Static_assert(offsetof(struct vcpu, pv_read_only) == VCPU_PV_READ_ONLY, "VCPU_PV_READ_ONLY");
_Static_assert(offsetof(struct vcpu, pv_pair_epoch) == VCPU_PV_PAIR_EPOCH, "VCPU_PV_PAIR_EPOCH");
_Static_assert(offsetof(struct vcpu, pv.return_site) == PV_INFO_RETURN_SITE, "return_site");
_Static_assert(offsetof(struct vcpu, pv.restart_from) == PV_INFO_RESTART_FROM, "restart_from");
_Static_assert(offsetof(struct vcpu, pv.announces) == PV_INFO_ANNOUNCES, "announces");
_Static_assert(offsetof(struct vcpu, pv.dacr_at) == PV_INFO_DACR_AT, "dacr_at");
_Static_assert(offsetof(struct vcpu, pv.entry[PV_ENTRY_IRQ_USR]) == PV_INFO_IRQ_USR, "its entry");
_Static_assert(offsetof(struct vcpu, pv.entry[PV_ENTRY_IRQ_SVC]) == PV_INFO_IRQ_SVC, "its entry");
_Static_assert(offsetof(struct vcpu, retry.expected) == VCPU_RETRY, "VCPU_RETRY");
_Static_assert(offsetof(struct vcpu, pv_shut) == VCPU_PV_SHUT, "VCPU_PV_SHUT");
_Static_assert(offsetof(struct vcpu, pv_settled) == VCPU_SETTLED, "VCPU_SETTLED");
_Static_assert(offsetof(struct vcpu, pv_settled_epoch) == VCPU_SETTLED + 4, "loaded in this order");
_Static_assert(offsetof(struct vcpu, pv_settled_dacr) == VCPU_SETTLED + 8, "loaded in this order");
_Static_assert(offsetof(struct vcpu, shadow) == VCPU_SETTLED + 12, "loaded in this order");
_Static_assert(offsetof(struct vcpu, device_pages) == VCPU_DEVICE_PAGES, "VCPU_DEVICE_PAGES");
_Static_assert(sizeof(struct device_page) == 1u << DEVICE_PAGE_ROW_LOG2, "DEVICE_PAGE_ROW_LOG2");
_Static_assert(offsetof(struct device_page, write) == 24, "trap_device loads them in this order");
#endif

static inline unsigned vcpu_mode(const struct vcpu *vcpu)
{
	return vcpu->ctl & PSR_MODE_MASK;
}

static inline bool vcpu_privileged(const struct vcpu *vcpu)
{
	return vcpu_mode(vcpu) != PSR_MODE_USR;
}

static inline bool vcpu_thumb(const struct vcpu *vcpu)
{
	return vcpu->frame.cpsr & PSR_T;
}

/** Whether the page at PV_PAGE is open: its PV_CTL is the truth about I then. */
static inline bool vcpu_pv_open(const struct vcpu *vcpu)
{
	return vcpu->pv_page && vcpu_mode(vcpu) == PSR_MODE_SVC && !vcpu->pv_shut;
}

/** The interrupts that the virtual CPSR masks: PSR_I, PSR_F. */
static inline uint32_t vcpu_masked(const struct vcpu *vcpu)
{
	if (!vcpu_pv_open(vcpu))
		return vcpu->ctl & (PSR_I | PSR_F);
	return (vcpu->pv_page[PV_CTL] & PSR_I) | (vcpu->ctl & PSR_F);
}

/** The virtual CPSR: flags and state from the physical one, control bits from the vCPU. */
static inline uint32_t vcpu_cpsr(const struct vcpu *vcpu)
{
	return (vcpu->frame.cpsr & ~(uint32_t)(PSR_MODE_MASK | PSR_I | PSR_F)) | vcpu_mode(vcpu) |
	       vcpu_masked(vcpu);
}

/** Whether an asserted interrupt is not masked by the virtual CPSR. */
static inline bool vcpu_interrupt_due(const struct vcpu *vcpu)
{
	return vcpu->interrupt && (vcpu->interrupt & ~vcpu_masked(vcpu));
}

void vcpu_reset(struct vcpu *vcpu);
void vcpu_set_mode_bits(struct vcpu *vcpu, uint32_t ctl);
void vcpu_set_cpsr(struct vcpu *vcpu, uint32_t cpsr);
enum vcpu_bank vcpu_bank(const struct vcpu *vcpu);
bool vcpu_has_spsr(const struct vcpu *vcpu);
uint32_t vcpu_spsr(const struct vcpu *vcpu);
void vcpu_set_spsr(struct vcpu *vcpu, uint32_t value, uint32_t mask);
uint32_t vcpu_user_reg(const struct vcpu *vcpu, unsigned reg);
void vcpu_set_user_reg(struct vcpu *vcpu, unsigned reg, uint32_t value);
uint32_t vcpu_operand(const struct vcpu *vcpu, unsigned reg);
void vcpu_branch(struct vcpu *vcpu, uint32_t target);
enum trap_outcome vcpu_stop(struct vcpu *vcpu, const char *reason, uint32_t value);

uint32_t vcpu_vector(const struct vcpu *vcpu, enum trap_kind kind);
void vcpu_inject_trap(struct vcpu *vcpu, enum trap_kind kind);
void vcpu_inject_interrupt(struct vcpu *vcpu);

/**
 * vcpu_inject_interrupt(), with pv_settle() behind it, where arch/arm/fastpath_irq.S can do both; false if
 * it has done nothing.
 */
bool fast_interrupt(struct vcpu *vcpu);

#endif
