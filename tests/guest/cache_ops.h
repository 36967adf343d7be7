/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Caches of the ARM926EJ-S for test guests: its operations as tables (TRM, 2.3.8), and scratch RAM
 * under several names. A test says which operation the manual asks for and does nothing more; QEMU
 * has no caches, so what it shows is shown by the model of tests/arm926-model.
 */
#ifndef TESTS_GUEST_CACHE_OPS_H
#define TESTS_GUEST_CACHE_OPS_H

#include "tests/guest/cp15.h"
#include "tests/guest/guest.h"

#include <stdint.h>

#define CACHE_LINE 32u
#define CACHE_SETS 128u /* of 16 KiB, four ways */
#define CACHE_WAYS 4u

/* The two MiB of GUEST_SCRATCH under names of their own; where it is itself, it is not cached. */
#define NAME_A        0x40000000u /* cached, write-back */
#define NAME_B        0x50000000u /* the same */
#define NAME_THROUGH  0x60000000u /* cached, write-through */
#define NAME_BUFFERED 0x70000000u /* not cached, buffered */
#define NAME_PLAIN    ((uint32_t)GUEST_SCRATCH)

struct cache_operation {
	const char *name;
	void (*at)(uint32_t va); /* for the line at va, or for all */
};

#define D_CLEANING     6 /* what writes a dirty line back */
#define D_INVALIDATING 7 /* what makes a clean line go */
#define I_INVALIDATING 4
extern const struct cache_operation d_cleaning[D_CLEANING];
extern const struct cache_operation d_invalidating[D_INVALIDATING];
extern const struct cache_operation i_invalidating[I_INVALIDATING];

/* Instructions that tests write. */
#define MOV_R0(n) (0xe3a00000u | (n)) /* mov r0, #n */
#define MRC_TTBR  0xee120f10u         /* mrc p15, 0, r0, c2, c0, 0 */
#define MRC_DACR  0xee130f10u
#define RETURN    0xe12fff1eu /* bx lr */

void code_write(uint32_t at, uint32_t instruction);
uint32_t code_run(uint32_t at);

void caches_on(void);
void caches_off(void);
void caches_empty(void);
void cached_map(uint32_t *l1);
void cached_set(uint32_t *entry, uint32_t descriptor);

#define d_line_clean(va)            CP15_WRITE(c7, c10, 1, va)
#define d_line_clean_invalidate(va) CP15_WRITE(c7, c14, 1, va)
#define d_line_invalidate(va)       CP15_WRITE(c7, c6, 1, va)
#define i_line_invalidate(va)       CP15_WRITE(c7, c5, 1, va)
#define i_invalidate(va)            CP15_WRITE(c7, c5, 0, 0)

#endif
