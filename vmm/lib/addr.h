/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The three 32-bit address spaces that must not be mixed up. Passing one where another is expected
 * does not compile; the code generated is that of a plain integer. The fourth space, the VMM's own
 * virtual addresses, is a C pointer.
 */
#ifndef VMM_LIB_ADDR_H
#define VMM_LIB_ADDR_H

#include <stdint.h>

/** Guest virtual address: before the guest's page tables. */
typedef struct {
	uint32_t raw;
} gva_t;

/** Guest physical address: the VM's own memory map. */
typedef struct {
	uint32_t raw;
} gpa_t;

/** Host physical address: the board's bus. Never shown to a guest. */
typedef struct {
	uint32_t raw;
} hpa_t;

static inline gva_t gva(uint32_t raw)
{
	return (gva_t){ raw };
}

static inline gpa_t gpa(uint32_t raw)
{
	return (gpa_t){ raw };
}

static inline hpa_t hpa(uint32_t raw)
{
	return (hpa_t){ raw };
}

#endif
