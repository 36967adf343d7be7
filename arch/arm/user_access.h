/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guest memory through the guest's own addresses, with LDRT and STRT: the MMU checks the access as
 * one of User mode, so nothing of the VMM can be reached. Each returns false, and has done nothing,
 * if the access aborts (arch/arm/vectors.S, fix-up table). Also accesses of the VMM's own that the
 * bus may refuse, and the coprocessors that a core may not have: Jazelle and the VFP.
 */
#ifndef ARCH_ARM_USER_ACCESS_H
#define ARCH_ARM_USER_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

/** An instruction word of ARM state; 0xffffffff, which is none on ARMv5, if the load aborts. */
uint32_t user_fetch(uint32_t va);
bool user_load32(uint32_t va, uint32_t *value);
bool user_load8(uint32_t va, uint32_t *value);
bool user_store32(uint32_t va, uint32_t value);
bool user_store8(uint32_t va, uint32_t value);

/**
 * @p count words, 1 to 16, at ascending addresses. The words must lie in one KiB, the smallest
 * page: then only the first access can abort, and nothing has been done if it does.
 */
bool user_load_words(uint32_t va, uint32_t *words, unsigned count);
bool user_store_words(uint32_t va, const uint32_t *words, unsigned count);

/*
 * The same for functions that arch/arm/fast_mmio.S calls, in Abort mode: an abort there takes the frame's
 * exc_lr, and the flags that the guest goes on with. Those of the frame are put back by the last one.
 */
struct trap_frame;
bool near_load_words(struct trap_frame *frame, uint32_t va, uint32_t *words, unsigned count);
bool near_store_words(struct trap_frame *frame, uint32_t va, const uint32_t *words, unsigned count);
void near_set_psr(const struct trap_frame *frame);

/*
 * One access of 1, 2 or 4 bytes at an address of the VMM behind which a device may be: false if the
 * bus answers with an error.
 */
bool bus_load8(const volatile void *from, uint32_t *value);
bool bus_load16(const volatile void *from, uint32_t *value);
bool bus_load32(const volatile void *from, uint32_t *value);
bool bus_store8(volatile void *to, uint32_t value);
bool bus_store16(volatile void *to, uint32_t value);
bool bus_store32(volatile void *to, uint32_t value);

/** @p count words, 1 or more, all of them at the one address: those before one that fails are done. */
bool bus_load_fifo(const volatile void *from, uint32_t *words, unsigned count);
bool bus_store_fifo(volatile void *to, const uint32_t *words, unsigned count);

/* Numbers of the VFP system registers in FMRX and FMXR (ARM ARM, C4.1). */
#define VFP_FPSID   0
#define VFP_FPSCR   1
#define VFP_FPEXC   8
#define VFP_FPINST  9
#define VFP_FPINST2 10

#define VFP_FPEXC_EX 0x80000000u
#define VFP_FPEXC_EN 0x40000000u

/** Takes Jazelle state away from User mode. */
void jazelle_disable(void);

/** Whether the core has a VFP: it answers FMRX FPSID. */
bool vfp_present(void);

/** All that a program can have in a VFP, and the access control. */
struct vfp_state {
	uint32_t fpexc;
	uint32_t fpscr;
	uint32_t fpinst;
	uint32_t fpinst2;
	uint32_t s[32];
};

void vfp_save(struct vfp_state *state);
void vfp_load(const struct vfp_state *state);
void vfp_reset(void);
uint32_t vfp_read_fpsid(void);
uint32_t vfp_read_fpexc(void);
void vfp_write_fpexc(uint32_t value);
uint32_t vfp_read_fpinst(void);
void vfp_write_fpinst(uint32_t value);
uint32_t vfp_read_fpinst2(void);
void vfp_write_fpinst2(uint32_t value);
uint32_t vfp_read_register(unsigned reg);
void vfp_write_register(unsigned reg, uint32_t value);

#endif
