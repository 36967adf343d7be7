/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Maintenance of the physical caches (ARM926EJ-S TRM, 2.3.8 and chapter 4). Both caches are
 * virtually indexed and tagged, so addresses are virtual and an operation acts on the line the
 * guest itself uses at that address. Host tests build these as nothing.
 */
#ifndef ARCH_ARM_CACHE_H
#define ARCH_ARM_CACHE_H

#ifdef __ASSEMBLER__
#define CACHE_LINE 32
#else
#define CACHE_LINE 32u
#endif
/* Way in 31:30, set in up to 11 bits from 5: all that a cache of the largest size has. */
#define CACHE_SET_WAY_MASK 0xc000ffe0u

#ifndef __ASSEMBLER__

#include <stdint.h>

#if defined(__arm__) && !defined(HOST_TEST)

#define CACHE_OPERATION(name, crm, opc2)                                \
	static inline void name(uint32_t operand)                       \
	{                                                               \
		__asm__ volatile("mcr p15, 0, %0, c7, " #crm ", " #opc2 \
				 :                                      \
				 : "r"(operand)                         \
				 : "memory");                           \
	}

CACHE_OPERATION(cache_invalidate_i_all, c5, 0)
CACHE_OPERATION(cache_invalidate_i_line, c5, 1)
CACHE_OPERATION(cache_invalidate_i_set_way, c5, 2)
CACHE_OPERATION(cache_invalidate_d_line, c6, 1)
CACHE_OPERATION(cache_clean_d_line, c10, 1)
CACHE_OPERATION(cache_clean_d_set_way, c10, 2)
CACHE_OPERATION(cache_drain_write_buffer, c10, 4)
CACHE_OPERATION(cache_clean_invalidate_d_line, c14, 1)
CACHE_OPERATION(cache_clean_invalidate_d_set_way, c14, 2)

/* Ranges of lines, see cache_range.S; the last one is for code that has changed. */
void cache_clean_d_range(uint32_t from, uint32_t end);
void cache_clean_invalidate_d_range(uint32_t from, uint32_t end);
void cache_forget_code_range(uint32_t from, uint32_t end);

/** Writes back all dirty lines: the test-and-clean loop (TRM, 2.3.8). */
static inline void cache_clean_d_all(void)
{
	__asm__ volatile("1: mrc p15, 0, r15, c7, c10, 3\n\tbne 1b" : : : "cc", "memory");
}

/** Writes back all dirty lines and empties the data cache. */
static inline void cache_clean_invalidate_d_all(void)
{
	__asm__ volatile("1: mrc p15, 0, r15, c7, c14, 3\n\tbne 1b" : : : "cc", "memory");
}

/** Stops the clock of the core until an interrupt is asserted, masked or not (TRM, 2.3.8). */
static inline void cpu_wait_for_interrupt(void)
{
	__asm__ volatile("mcr p15, 0, %0, c7, c0, 4" : : "r"(0) : "memory");
}

#else

/* clang-format off */
static inline void cache_invalidate_i_all(uint32_t operand) { (void)operand; }
static inline void cache_invalidate_i_line(uint32_t operand) { (void)operand; }
static inline void cache_invalidate_i_set_way(uint32_t operand) { (void)operand; }
static inline void cache_invalidate_d_line(uint32_t operand) { (void)operand; }
static inline void cache_clean_d_line(uint32_t operand) { (void)operand; }
static inline void cache_clean_d_set_way(uint32_t operand) { (void)operand; }
static inline void cache_drain_write_buffer(uint32_t operand) { (void)operand; }
static inline void cache_clean_invalidate_d_line(uint32_t operand) { (void)operand; }
static inline void cache_clean_invalidate_d_set_way(uint32_t operand) { (void)operand; }
static inline void cache_clean_d_range(uint32_t from, uint32_t end) { (void)from, (void)end; }
static inline void cache_clean_invalidate_d_range(uint32_t from, uint32_t end) { (void)from, (void)end; }
static inline void cache_forget_code_range(uint32_t from, uint32_t end) { (void)from, (void)end; }
static inline void cache_clean_d_all(void) {}
static inline void cache_clean_invalidate_d_all(void) {}
static inline void cpu_wait_for_interrupt(void) {}
/* clang-format on */

#endif

/** Everything that was written reaches memory, and nothing old is left in either cache. */
static inline void cache_flush_all(void)
{
	cache_clean_invalidate_d_all();
	cache_drain_write_buffer(0);
	cache_invalidate_i_all(0);
}

#endif
#endif
