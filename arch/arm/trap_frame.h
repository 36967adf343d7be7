/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guest registers at the moment of a trap, and the kinds of traps. C and assembly.
 */
#ifndef ARCH_ARM_TRAP_FRAME_H
#define ARCH_ARM_TRAP_FRAME_H

/* Offsets for vectors.S, proved by the assertions below and in vcpu/vcpu.h. */
#define TF_SP      52
#define TF_LR      56
#define TF_PC      60
#define TF_CPSR    64
#define TF_EXC_LR  68
#define VCPU_PROXY 72 /* proxy_mask, proxy_match, proxies, ctl, fast.dacr_proxy: loaded together */
#define VCPU_CTL   84

/* For fastpath.S, fastpath_dacr.S and fastpath_irq.S: struct vcpu_fast, and two banks. */
#define VCPU_FAST         88
#define FAST_DACR_PROXY   (VCPU_FAST + 0)
#define FAST_DACR_KERNEL  (VCPU_FAST + 4)
#define FAST_DACR_PROGRAM (VCPU_FAST + 8)
#define FAST_CALL_FROM    (VCPU_FAST + 12)
#define FAST_CALL_ENTRY   (VCPU_FAST + 16)
#define FAST_RETURN_LR    (VCPU_FAST + 20)
#define FAST_CALL_PATH    (VCPU_FAST + 24)
#define FAST_RETURN_PATH  (VCPU_FAST + 28)
#define FAST_DACR_PAIR    (VCPU_FAST + 32) /* guest, kernel, program: twice */
#define FAST_PAIR_CALL    (FAST_DACR_PAIR + 0)
#define FAST_PAIR_RETURN  (FAST_DACR_PAIR + 12)
#define VCPU_R13_USR      (VCPU_FAST + 56)
#define VCPU_R13_SVC      (VCPU_FAST + 56 + 12)
#define VCPU_R14_USR      (VCPU_FAST + 80)
#define VCPU_R14_SVC      (VCPU_FAST + 80 + 12)

/* For fastpath_switch.S and fastpath_irq.S, and tests that execute them. */
#define VCPU_INTERRUPT       (VCPU_R13_SVC + 100)
#define VCPU_TTBR            (VCPU_R13_SVC + 116)
#define VCPU_PV_PAGE         328
#define VCPU_PV_READ_ONLY    332
#define VCPU_PV_SHUT         333
#define VCPU_PV_PAIR_EPOCH   336
#define VCPU_SETTLED         340 /* pv_settled, its epoch and DACR, shadow: loaded together */
#define VCPU_PV_INFO         356
#define PV_INFO_RETURN_SITE  (VCPU_PV_INFO + 32)
#define PV_INFO_RESTART_FROM (VCPU_PV_INFO + 36)
#define PV_INFO_ANNOUNCES    (VCPU_PV_INFO + 40)
#define PV_INFO_DACR_AT      (VCPU_PV_INFO + 52)
#define PV_INFO_IRQ_USR      (VCPU_PV_INFO + 68)
#define PV_INFO_IRQ_SVC      (VCPU_PV_INFO + 84)
#define VCPU_RETRY           576

/* For data aborts, vectors.S and fast_mmio.S: struct device_page. DACR also for fastpath_dacr.S. */
#define VCPU_ATTENTION       (VCPU_R13_SVC + 104)
#define VCPU_DEVICE_EPOCH    (VCPU_R13_SVC + 108)
#define VCPU_DACR            (VCPU_R13_SVC + 120)
#define VCPU_DEVICE_PAGES    640
#define DEVICE_PAGES         16 /* a power of two */
#define DEVICE_PAGE_ROW_LOG2 6

/* The outcomes that need nothing of the trap core; see enum trap_outcome. */
#define OUTCOME_NEXT  0
#define OUTCOME_MOVED 1

/* Trap kinds are the numbers of the exception vectors (ARM ARM, A2.6). */
#define KIND_UNDEF 1
#define KIND_SWI   2
#define KIND_PABT  3
#define KIND_DABT  4
#define KIND_IRQ   6
#define KIND_FIQ   7

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <stdint.h>

/**
 * The physical User-mode bank as a trap left it. pc is the address of the trapped instruction, or
 * of the instruction to resume after an interrupt. cpsr is the physical PSR, always User mode; the
 * guest's idea of its mode is in struct vcpu.
 */
struct trap_frame {
	uint32_t r[15]; /* r0-r12, sp, lr */
	uint32_t pc;
	uint32_t cpsr;
	uint32_t exc_lr; /* banked lr as the CPU left it; consumed by trap_from_guest() */
};

_Static_assert(offsetof(struct trap_frame, pc) == TF_PC, "TF_PC");
_Static_assert(offsetof(struct trap_frame, cpsr) == TF_CPSR, "TF_CPSR");
_Static_assert(offsetof(struct trap_frame, exc_lr) == TF_EXC_LR, "TF_EXC_LR");

/** The code that completes a SWI, for struct vcpu_fast: addresses, by what it does. */
enum trap_swi_path {
	FAST_CALL,
	FAST_CALL_DACR,
	FAST_RETURN,
	FAST_RETURN_DACR,
	FAST_RETURN_RETRY,
	FAST_PATH_COUNT
};

extern const uint32_t trap_swi_paths[FAST_PATH_COUNT];

enum trap_kind {
	TRAP_UNDEF = KIND_UNDEF,
	TRAP_SWI = KIND_SWI,
	TRAP_PABT = KIND_PABT,
	TRAP_DABT = KIND_DABT,
	TRAP_IRQ = KIND_IRQ,
	TRAP_FIQ = KIND_FIQ,
	TRAP_KIND_COUNT = 8,
};

#endif
#endif
