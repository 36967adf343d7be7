/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The early boot in C, between the first instructions and the MMU (arch/arm/boot.S). It runs from
 * wherever the loader put the image, position independent, with nothing but its stack: static data
 * is constant and free of pointers. The offsets are for boot.S; C proves them.
 */
#ifndef VMM_START_BOOT_EARLY_H
#define VMM_START_BOOT_EARLY_H

#define BOOT_STATE_SIZE  72
#define BOOT_STATE_L1    32
#define BOOT_STATE_IMAGE 56

/** The deepest use is a checksum (1 KiB of table) below a parsed bundle (3 KiB). */
#define BOOT_STACK_SIZE 8192

#ifndef __ASSEMBLER__

#include "vmm/start/boot_info.h"

#include <stdint.h>

/** Stands on the boot stack and moves with it, so it contains no pointers into itself. */
struct boot_state {
	struct boot_info info;     /* how things will be */
	uint32_t image;            /* where the image is now */
	uint32_t bundle;           /* where the bundle is now */
	uint32_t image_size;       /* image, gap and boot stack: what has to move */
	uint32_t image_total_size; /* with all of the bss */
};

void boot_check(struct boot_state *state, uint32_t image, uint32_t machine_id, uint32_t params);
uint32_t boot_move_image(struct boot_state *state);
void boot_move_bundle(struct boot_state *state);

void boot_report_exception(uint32_t image, uint32_t machine_id, uint32_t mode, uint32_t lr)
	__attribute__((noreturn));

/** Waits for ever; in boot.S. */
void boot_stop(void) __attribute__((noreturn));

#endif
#endif
