/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What test guests with paravirtual code of their own share: pv_info.S makes them known to the VMM,
 * and these are hypercalls and the page. C and assembly.
 */
#ifndef TESTS_GUEST_PV_GUEST_H
#define TESTS_GUEST_PV_GUEST_H

#include "vcpu/pv_abi.h"

#define PV_PAGE_SIZE 4096

#ifdef __ASSEMBLER__
/* clang-format off */

	.macro HYPERCALL number
	.word	0xee000f00 | (\number) << 12
	.endm

/* clang-format on */
#else

#include "tests/guest/guest.h"

static inline uint32_t pv_read(unsigned field)
{
	return read32(PV_PAGE + field);
}

static inline void pv_write(unsigned field, uint32_t value)
{
	write32(PV_PAGE + field, value);
}

#endif
#endif
