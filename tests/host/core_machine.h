/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A board for the VMM's core on the workstation: host memory, the MMU that walks the shadow page
 * tables (tests/host/ref_mmu.h) and a TLB that forgets only what it is told to forget. The
 * functions of arch/arm/mmu.h, arch/arm/user_access.h and arch/arm/cp15.h are here, over this
 * board; the vCPU, its shadow and its memory map are the real ones.
 *
 * What the VMM maps or touches outside the memory of its VM fails the test at once.
 */
#ifndef TESTS_HOST_CORE_MACHINE_H
#define TESTS_HOST_CORE_MACHINE_H

#include "devemu/device.h"
#include "domain/shadow.h"
#include "domain/vm_mem.h"
#include "tests/host/ref_mmu.h"
#include "vcpu/vcpu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Host physical addresses. */
#define HPA_RAM      0x00100000u
#define HPA_RAM_SIZE 0x00b00000u
#define HPA_BUS      0x20000000u /* devices that are mapped into the VM */
#define HPA_BUS_SIZE 0x00200000u
#define HPA_VECTORS  0x07e00000u
#define HPA_POOL     0x07e04000u
#define HPA_SHARED   0x07e02000u /* vectors, and a KiB of the guest's */

/* What the VMM's own slots hold: sections for privileged modes only. */
#define VMM_SLOT_DESC(slot) (0x0700041eu | (uint32_t)(slot) << 20 | MMU_DOMAIN_VMM << 5)

#define MACHINE_TLB 2048u

struct machine {
	struct vcpu vcpu;
	struct shadow shadow;
	struct vm_mem mem;
	struct device device;
	uint32_t device_word; /* the one register of the emulated device */
	unsigned device_reads, device_writes;

	struct ref_mmu hw; /* the physical MMU, as the VMM programs it */
	bool pv_writable;  /* what guest code may do at PV_PAGE */
	bool hw_vectors_high;
	uint32_t shared_kib[256]; /* the last of HPA_SHARED */
	uint32_t hw_control;      /* the bits taken over from the guest */
	struct ref_entry tlb[MACHINE_TLB];
	unsigned tlb_count;
	unsigned tlb_flushes, tlb_page_flushes;

	bool bus_error;           /* what the answer to the VMM's own accesses to memory is */
	uint32_t dfsr, ifsr, far; /* what the next abort reports */
	uint32_t vfp[32], fpexc;
};

extern struct machine machine;

/** A machine after reset, with an empty memory map. */
void machine_init(void);

void machine_map(uint32_t base, uint32_t size, enum mem_kind kind, uint32_t host);
/** The memory map of most tests; with GPA and HPA different everywhere. */
void machine_map_usual(void);

/** Host memory at a host physical address; fails the test if there is none. */
void *machine_host(uint32_t at);
/** Words of guest RAM; a store is one that the VMM emulates. */
uint32_t guest_word(uint32_t at);
void guest_set_word(uint32_t at, uint32_t value);

/** What is at a guest physical address for a read or a write; @p host is set for memory only. */
enum machine_bus { BUS_NOTHING, BUS_MEMORY, BUS_DEVICE };
enum machine_bus machine_bus_at(uint32_t physical, bool write, uint8_t **host);

/** Registers and tables of the guest, for ref_walk(). */
struct ref_mmu machine_guest_mmu(void);

/**
 * What the hardware says to an access of User mode - in which all guest code runs - at @p va: 0 and
 * the host physical address, or the fault status. Through the TLB, which it fills.
 */
unsigned machine_access(uint32_t va, bool write, uint32_t *at);
/** The same by a walk of the shadow tables alone. */
unsigned machine_walk(uint32_t va, bool write, uint32_t *at);

/**
 * Fetches the instruction at frame.pc as the CPU would, with prefetch aborts until the hardware
 * lets it: TRAP_NEXT, or what else an abort led to.
 */
enum trap_outcome machine_fetch(void);

/** The second-level word that @p l1 leads to for a byte of its MiB; not 0 for a section. */
uint32_t machine_shadow_l2(uint32_t l1, uint32_t offset);

/** The seven modes of the CPU. */
#define MACHINE_MODES 7u
extern const uint8_t machine_modes[MACHINE_MODES];

/** Executes one sensitive instruction, as its proxy would. */
enum trap_outcome machine_do(uint32_t word);
/** MCR p15 of @p value, with @p word given for r0. */
enum trap_outcome machine_mcr(uint32_t word, uint32_t value);

/* A generator of our own, so that a failure can be repeated anywhere. */
void seed(uint32_t value);
uint32_t rnd(void);
uint32_t rnd_below(uint32_t limit);

/* mcr p15, 0, r0, ... */
#define MCR_SCTLR    0xee010f10u /* c1, c0, 0 */
#define MCR_TTBR     0xee020f10u /* c2, c0, 0 */
#define MCR_DACR     0xee030f10u /* c3, c0, 0 */
#define MCR_TLB_ALL  0xee080f17u /* c8, c7, 0 */
#define MCR_TLB_PAGE 0xee080f37u /* c8, c7, 1 */
#define MCR_PID      0xee0d0f10u /* c13, c0, 0 */

#endif
