/* SPDX-License-Identifier: Apache-2.0 */
/* CP15 registers of the ARM926EJ-S for test guests (TRM, 2.3); privileged modes only. */
#ifndef TESTS_GUEST_CP15_H
#define TESTS_GUEST_CP15_H

#include "arch/arm/sctlr.h"

#include <stdint.h>

#define CP15_READ(crn, crm, op2)                                             \
	({                                                                   \
		uint32_t value_;                                             \
		__asm__ volatile("mrc p15, 0, %0, " #crn ", " #crm ", " #op2 \
				 : "=r"(value_)                              \
				 :                                           \
				 : "memory");                                \
		value_;                                                      \
	})

#define CP15_WRITE(crn, crm, op2, value)                             \
	__asm__ volatile("mcr p15, 0, %0, " #crn ", " #crm ", " #op2 \
			 :                                           \
			 : "r"((uint32_t)(value))                    \
			 : "memory")

#define sctlr_read()         CP15_READ(c1, c0, 0)
#define sctlr_write(value)   CP15_WRITE(c1, c0, 0, value)
#define ttbr_read()          CP15_READ(c2, c0, 0)
#define ttbr_write(value)    CP15_WRITE(c2, c0, 0, value)
#define dacr_read()          CP15_READ(c3, c0, 0)
#define dacr_write(value)    CP15_WRITE(c3, c0, 0, value)
#define dfsr_read()          CP15_READ(c5, c0, 0)
#define dfsr_write(value)    CP15_WRITE(c5, c0, 0, value)
#define ifsr_read()          CP15_READ(c5, c0, 1)
#define ifsr_write(value)    CP15_WRITE(c5, c0, 1, value)
#define far_read()           CP15_READ(c6, c0, 0)
#define far_write(value)     CP15_WRITE(c6, c0, 0, value)
#define drain_write_buffer() CP15_WRITE(c7, c10, 4, 0)
#define tlb_flush_all()      CP15_WRITE(c8, c7, 0, 0)
#define tlb_flush_mva(mva)   CP15_WRITE(c8, c7, 1, mva)
#define fcse_pid_write(pid)  CP15_WRITE(c13, c0, 0, pid)
#define wait_for_interrupt() CP15_WRITE(c7, c0, 4, 0)

#endif
