/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a description that came by `reload` changes. What comes is, in little-endian words:
 *
 *	magic, version, bytes of the description, number of VMs
 *	for each VM: memory, GPA and bytes of its device tree, GPA of its initial RAM disk
 *	the description; each device tree; all of them from a multiple of 8 on
 *
 * reload_plan_make() believes nothing of it, and changes nothing: it makes the description and the
 * table of the bundle that would be in force then, and says which VMs differ. VMs are compared by
 * name. One that stays keeps its number; new ones get the numbers of those that are gone, in order.
 * What a VM that stays has of other boards keeps its place in their table in the same way. Pure.
 */
#ifndef VMM_RELOAD_PLAN_H
#define VMM_RELOAD_PLAN_H

#include "vmm/config/vm_config.h"

#define RELOAD_MAGIC   0x524b4148u /* "HAKR" */
#define RELOAD_VERSION 1u
#define RELOAD_HEADER  16u
#define RELOAD_VM      16u
#define RELOAD_MIN     (RELOAD_HEADER + RELOAD_VM)
#define RELOAD_MAX     0x20000u

/** What the bundle was made with, and what is in force. */
struct reload_now {
	struct bundle first; /* as the board was started with: all there is to load */
	/* By the number of a VM of `first`: what the bundler called its guest and its initial RAM disk. */
	char guest[BUNDLE_VMS_MAX][CONFIG_TEXT_SIZE];
	char initrd[BUNDLE_VMS_MAX][CONFIG_TEXT_SIZE];
	/* Where in the bundle, so to speak, a device tree of VM n is: at trees + n * tree_step. */
	uint32_t trees, tree_step, tree_max;

	struct bundle *bundle;
	struct system_config *config;
	/* By number: whose guest and initial RAM disk, of `first`, the VM has. */
	uint8_t image[BUNDLE_VMS_MAX], ramdisk[BUNDLE_VMS_MAX];
};

struct reload_tree {
	const uint8_t *bytes;
	uint32_t size, crc;
	uint32_t at; /* GPA */
};

struct reload_plan {
	uint32_t changed; /* bit n: VM n differs */
	struct bundle bundle;
	struct system_config config;
	uint8_t image[BUNDLE_VMS_MAX], ramdisk[BUNDLE_VMS_MAX];
	struct reload_tree tree[BUNDLE_VMS_MAX]; /* size 0: none */
	uint32_t initrd_at[BUNDLE_VMS_MAX];
	char wrong[96]; /* why it cannot be */

	/* While they are sorted: VMs by number, windows of other boards as they were read. */
	struct vm_config vm[BUNDLE_VMS_MAX];
	struct remote_window_config remote[CONFIG_REMOTES_MAX];
};

void reload_now_init(struct reload_now *now, struct bundle *bundle, struct system_config *config);
bool reload_plan_make(struct reload_plan *plan, const struct reload_now *now, const uint8_t *bytes,
		      uint32_t size);
bool reload_plan_refuse(struct reload_plan *plan, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
