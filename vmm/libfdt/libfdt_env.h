/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libfdt asks of its environment: the types of a device tree's words, which are big-endian,
 * and their conversion. libfdt itself comes out of the kernel's source archive (scripts/libfdt.mk).
 */
#ifndef VMM_LIBFDT_LIBFDT_ENV_H
#define VMM_LIBFDT_LIBFDT_ENV_H

#include "vmm/lib/string.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FDT_FORCE
#define FDT_BITWISE

typedef uint16_t fdt16_t;
typedef uint32_t fdt32_t;
typedef uint64_t fdt64_t;

static inline uint16_t fdt16_to_cpu(fdt16_t value)
{
	return (uint16_t)(value << 8 | value >> 8);
}

static inline uint32_t fdt32_to_cpu(fdt32_t value)
{
	return __builtin_bswap32(value);
}

static inline uint64_t fdt64_to_cpu(fdt64_t value)
{
	return __builtin_bswap64(value);
}

#define cpu_to_fdt16 fdt16_to_cpu
#define cpu_to_fdt32 fdt32_to_cpu
#define cpu_to_fdt64 fdt64_to_cpu

#endif
