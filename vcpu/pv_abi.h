/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a guest with paravirtual code and the VMM agree on, beyond proxies (vcpu/guest_abi.h);
 * docs/guest-abi.md explains it. C and assembly, VMM and guest.
 *
 * The shared page is at PV_PAGE in every address space of the VM. Guest code reaches it in virtual
 * Supervisor mode only; elsewhere an access to PV_CTL traps and is emulated. All it holds is the
 * guest's own business: the VMM reads it as it reads any guest memory.
 */
#ifndef VCPU_PV_ABI_H
#define VCPU_PV_ABI_H

#define PV_PAGE 0xffaff000

/*
 * A byte: mode and I of the virtual CPSR in Supervisor mode, 0x13 or 0x93. A store changes I: it is
 * an `msr cpsr_c` in a guest that lets F be. (From the first FIQ on the page is closed for good, so
 * that stores trap, and change F as well.) While an interrupt is pending the page is read-only. Where
 * it traps because the page is closed and PV_I_ONLY is set in the register that is stored, only the
 * I bit of the value counts.
 */
#define PV_CTL    0x000
#define PV_I_ONLY 0x100

/*
 * SCTLR to SVC_SP are loaded and stored together, in this order: the exception that was entered last
 * at an entry of struct pv_info, and what a return to User mode at return_site needs. SVC_SP is
 * r13_svc while the guest is in User mode. The return is to ARM state, interrupts enabled; of PV_PSR
 * it takes the flags.
 */
#define PV_SCTLR  0x00c /* like those below: a copy that the VMM keeps for the guest to read */
#define PV_USR_SP 0x010
#define PV_USR_LR 0x014
#define PV_PSR    0x018
#define PV_PC     0x01c
#define PV_SVC_SP 0x020

/* DACR, and the fault registers. PV_DFSR says more than CP15: bit 11 is set if a store aborted. */
#define PV_DACR       0x024
#define PV_DFSR       0x028
#define PV_DFSR_STORE 0x800
#define PV_IFSR       0x02c
#define PV_FAR        0x030

/* As last written to FPEXC, or EN alone without a VFP. While EN is clear FPEXC is this. */
#define PV_FPEXC    0x034
#define PV_FPEXC_EN 0x40000000

/*
 * Page table entries that have changed, as the guest addresses of second-level descriptors. The
 * guest appends and moves PV_LOG_END on; at the end of the page it calls PV_HC_LOG_FULL.
 */
#define PV_LOG_END 0x038
#define PV_LOG     0x800

/* The two words that stubs load: address and value at once. */
#define PV_MASKED   (PV_PAGE + 0x93)
#define PV_UNMASKED (PV_PAGE + 0x13)

/*
 * A word of the proxy table with condition NV (0xf) is a hypercall: bits 7:0 are its number. r0 to r3
 * are arguments, r0 the result if there is one; nothing else changes.
 */
#define PV_HYPERCALL_WORD 0xf0000000

#define PV_HC_LOG_FULL    0 /* PV_LOG_END is at the end of the page: empties the log */
#define PV_HC_SWITCH_MM   1 /* r0: TTBR; caches cleaned and invalidated, TLB as after a flush */
#define PV_HC_FLUSH_RANGE 2 /* r0 to r1: the TLB entries of these addresses */
#define PV_HC_TABLE_CLEAN 3 /* r0: address, r1: bytes of page tables that have been written */
#define PV_HC_CACHE       4 /* r0 to r1: addresses, r2: PV_CACHE_* */
#define PV_HC_SET_TLS     5 /* r0: the word at 0xffff0ff0 */
#define PV_HC_COUNT       6

/*
 * A guest with two values of DACR (pv_info.call_dacr, return_dacr) writes them with proxies of indexes
 * of their own: that of `mcr p15, 0, rn, c3, c0, 0` is PV_DACR_INDEX + n, for r0 to r14. The VMM puts
 * them into the table itself.
 */
#define PV_DACR_INDEX 16
#define PV_DACR_PROXY 0xee010f00 /* that of r0; n << 12 is added */

#define PV_CACHE_CLEAN      1  /* data cache: write lines back */
#define PV_CACHE_INVALIDATE 2  /* ... forget them; together with CLEAN, both */
#define PV_CACHE_CODE       4  /* instruction cache: forget them */
#define PV_CACHE_DRAIN      8  /* and drain the write buffer */
#define PV_CACHE_CODE_ALL   16 /* instruction cache: forget everything */
/*
 * Of a page that nothing else leads to yet: the VMM may leave it in the cache until r0 to r1 are cleaned
 * another time, or something may come to lead to it.
 */
#define PV_CACHE_LATER 32

/*
 * struct pv_info, in words; where the paravirtual code of a guest is and what it can do. The version
 * is that of this whole file: raised with each change of a number, a field or a meaning.
 */
#define PV_INFO_MAGIC   0x49565048 /* "HPVI" */
#define PV_INFO_VERSION 3
#define PV_RANGES_MAX   16

/* Of pv_info.dacr_at, for assembly: see below. */
#define PV_DACR_AT_IRQ_USR 8

#ifndef __ASSEMBLER__

#include <stdint.h>

/** Exceptions with an entry of their own; the order is that of pv_info.entry. */
enum pv_entry {
	PV_ENTRY_UND_USR,
	PV_ENTRY_PABT_USR,
	PV_ENTRY_DABT_USR,
	PV_ENTRY_IRQ_USR,
	PV_ENTRY_UND_SVC,
	PV_ENTRY_PABT_SVC,
	PV_ENTRY_DABT_SVC,
	PV_ENTRY_IRQ_SVC,
	PV_ENTRY_COUNT,
};

/*
 * Bits of pv_info.dacr_at: that of an entry is its number. At an entry from User mode DACR becomes
 * call_dacr, at the return return_dacr, whatever it was.
 */
#define PV_DACR_AT_SWI    (1u << PV_ENTRY_COUNT)
#define PV_DACR_AT_RETURN (1u << (PV_ENTRY_COUNT + 1))

_Static_assert(1 << PV_ENTRY_IRQ_USR == PV_DACR_AT_IRQ_USR, "its number");

/** All addresses are the guest's; 0 where there is none. */
struct pv_info {
	uint32_t magic;
	uint32_t version;
	uint32_t code_va; /* the paravirtual code: mapped for the guest's privileged modes */
	uint32_t code_gpa;
	uint32_t code_size;
	uint32_t linear_offset; /* VA minus GPA in the kernel's linear mapping */
	uint32_t user_limit;    /* no kernel page is below it */
	uint32_t swi_entry;     /* a system call from User mode enters here */
	uint32_t return_site;   /* the SWI instruction here returns to User mode */
	uint32_t restart_from;  /* an interrupt from here to return_site is taken at restart_from */
	uint32_t announces;     /* not 0: the guest tells of each change of its page tables */
	uint32_t call_dacr;     /* DACR in the kernel ... */
	uint32_t return_dacr;   /* ... and in programs, and while the kernel uses their memory */
	uint32_t dacr_at; /* PV_DACR_AT_*: where the VMM changes it for the guest; 0: nowhere */
	uint32_t entry[PV_ENTRY_COUNT];
	uint32_t
		range_count; /* code whose accesses below user_limit have the rights of User mode */
	uint32_t range[PV_RANGES_MAX][2];
};

#endif
#endif
