/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ARMv5 translation table descriptors (ARM ARM, B3.3; ARM926EJ-S TRM, 3.2), the access
 * permissions they encode, and the fault status codes of the MMU (B3.6). Pure functions.
 */
#ifndef ARCH_ARM_MMU_DESC_H
#define ARCH_ARM_MMU_DESC_H

#include <stdbool.h>
#include <stdint.h>

/* Level 1, bits 1:0 */
#define L1_TYPE_MASK 3u
#define L1_FAULT     0u
#define L1_COARSE    1u
#define L1_SECTION   2u
#define L1_FINE      3u
#define L1_SBO       0x10u /* bit 4 should be one (TRM, 3.2.2) */

/* Level 2, bits 1:0 */
#define L2_TYPE_MASK 3u
#define L2_FAULT     0u
#define L2_LARGE     1u
#define L2_SMALL     2u
#define L2_TINY      3u

#define DESC_B 0x4u
#define DESC_C 0x8u

#define L1_SECTION_BASE 0xfff00000u
#define L1_COARSE_BASE  0xfffffc00u
#define L1_FINE_BASE    0xfffff000u
#define L2_LARGE_BASE   0xffff0000u
#define L2_SMALL_BASE   0xfffff000u
#define L2_TINY_BASE    0xfffffc00u

/* Access permission field (ARM ARM, B3.5.1). */
#define AP_SR      0u /* depends on the S and R bits of the control register */
#define AP_PRIV    1u /* privileged read/write, User none */
#define AP_USER_RO 2u /* privileged read/write, User read */
#define AP_USER_RW 3u

/* Domain access control, two bits per domain (ARM ARM, B3.5.2). */
#define DOMAIN_NONE    0u
#define DOMAIN_CLIENT  1u
#define DOMAIN_MANAGER 3u

/* Fault status, bits 3:0 (ARM ARM, B3.6.1). */
#define FSR_ALIGNMENT           0x1u
#define FSR_BREAKPOINT          0x2u
#define FSR_EXTERNAL_LINE_SECT  0x4u
#define FSR_TRANSLATION_SECTION 0x5u
#define FSR_EXTERNAL_LINE_PAGE  0x6u
#define FSR_TRANSLATION_PAGE    0x7u
#define FSR_EXTERNAL_SECTION    0x8u
#define FSR_DOMAIN_SECTION      0x9u
#define FSR_EXTERNAL_PAGE       0xau
#define FSR_DOMAIN_PAGE         0xbu
#define FSR_EXTERNAL_WALK_L1    0xcu
#define FSR_PERMISSION_SECTION  0xdu
#define FSR_EXTERNAL_WALK_L2    0xeu
#define FSR_PERMISSION_PAGE     0xfu
#define FSR_STATUS_MASK         0xfu

/** What an access permission allows. The order is meaningful: more is greater. */
enum rights {
	RIGHTS_NONE,
	RIGHTS_READ,
	RIGHTS_WRITE, /**< read and write */
};

/** Rights of privileged code under @p ap with the S and R bits (ARM ARM, table B3-1). */
static inline enum rights rights_privileged(unsigned ap, bool s, bool r)
{
	if (ap != AP_SR)
		return RIGHTS_WRITE;
	/* S = R = 1 is reserved: nothing is granted. */
	return s != r ? RIGHTS_READ : RIGHTS_NONE;
}

/** Rights of User mode under @p ap with the S and R bits (ARM ARM, table B3-1). */
static inline enum rights rights_user(unsigned ap, bool s, bool r)
{
	switch (ap) {
	case AP_SR:
		return r && !s ? RIGHTS_READ : RIGHTS_NONE;
	case AP_PRIV:
		return RIGHTS_NONE;
	case AP_USER_RO:
		return RIGHTS_READ;
	default:
		return RIGHTS_WRITE;
	}
}

static inline unsigned desc_domain(uint32_t l1)
{
	return (l1 >> 5) & 0xfu;
}

static inline uint32_t desc_section(uint32_t base, unsigned ap, unsigned domain, uint32_t cb)
{
	return base | ap << 10 | domain << 5 | L1_SBO | cb | L1_SECTION;
}

static inline uint32_t desc_coarse(uint32_t table, unsigned domain)
{
	return table | domain << 5 | L1_SBO | L1_COARSE;
}

static inline uint32_t desc_fine(uint32_t table, unsigned domain)
{
	return table | domain << 5 | L1_SBO | L1_FINE;
}

/** A small page, with the same permission in its four subpages. */
static inline uint32_t desc_small(uint32_t base, unsigned ap, uint32_t cb)
{
	return base | ap * 0x550u | cb | L2_SMALL;
}

static inline uint32_t desc_tiny(uint32_t base, unsigned ap, uint32_t cb)
{
	return base | ap << 4 | cb | L2_TINY;
}

#endif
