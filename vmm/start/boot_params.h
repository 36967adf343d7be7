/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a boot loader hands over in r2: a list of tags (ATAGs) or a flattened device tree, or, since
 * not every loader sets it, garbage. Pure and position independent; every byte is checked before
 * it is believed.
 */
#ifndef VMM_START_BOOT_PARAMS_H
#define VMM_START_BOOT_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Medium, offsets of two areas, their size, number of the attempt: docs/boot-record.md. */
#define BOOT_PARAMS_RECORD_WORDS 5u

bool boot_params_memory(const void *params, size_t length, uint32_t ram_base, uint32_t *size);
bool boot_params_compatible(const void *params, size_t length, const char *board);
bool boot_params_record(const void *params, size_t length,
			uint32_t words[BOOT_PARAMS_RECORD_WORDS]);

#endif
