/* SPDX-License-Identifier: Apache-2.0 */
/* Accessors of the physical system control coprocessor (ARM926EJ-S TRM, 2.3). */
#ifndef ARCH_ARM_CP15_H
#define ARCH_ARM_CP15_H

#include <stdint.h>

#if defined(__arm__) && !defined(HOST_TEST)

#define CP15_READ(name, crn, crm, opc2)                                                       \
	static inline uint32_t name(void)                                                     \
	{                                                                                     \
		uint32_t value;                                                               \
		__asm__ volatile("mrc p15, 0, %0, " #crn ", " #crm ", " #opc2 : "=r"(value)); \
		return value;                                                                 \
	}
#define CP15_WRITE(name, crn, crm, opc2)                                      \
	static inline void name(uint32_t value)                               \
	{                                                                     \
		__asm__ volatile("mcr p15, 0, %0, " #crn ", " #crm ", " #opc2 \
				 :                                            \
				 : "r"(value)                                 \
				 : "memory");                                 \
	}

CP15_READ(cp15_read_ctr, c0, c0, 1)
CP15_READ(cp15_read_sctlr, c1, c0, 0)
CP15_WRITE(cp15_write_sctlr, c1, c0, 0)
CP15_READ(cp15_read_ttbr, c2, c0, 0)
CP15_WRITE(cp15_write_ttbr, c2, c0, 0)
CP15_READ(cp15_read_dacr, c3, c0, 0)
CP15_WRITE(cp15_write_dacr, c3, c0, 0)
CP15_READ(cp15_read_dfsr, c5, c0, 0)
CP15_READ(cp15_read_ifsr, c5, c0, 1)
CP15_READ(cp15_read_far, c6, c0, 0)
CP15_WRITE(cp15_tlb_invalidate_all, c8, c7, 0)
CP15_WRITE(cp15_tlb_invalidate_page, c8, c7, 1)
CP15_WRITE(cp15_write_tlb_lockdown, c10, c0, 0)
CP15_WRITE(cp15_write_pid, c13, c0, 0)

#else

/* Host tests decide what the hardware reports. */
uint32_t cp15_read_ctr(void);
uint32_t cp15_read_dfsr(void);
uint32_t cp15_read_ifsr(void);
uint32_t cp15_read_far(void);

#endif

#endif
