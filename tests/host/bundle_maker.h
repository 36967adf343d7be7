/* SPDX-License-Identifier: Apache-2.0 */
/* A bundle to start from, for tests: correct, and to be spoilt one word at a time. */
#ifndef TESTS_HOST_BUNDLE_MAKER_H
#define TESTS_HOST_BUNDLE_MAKER_H

#include "vmm/start/bundle.h"

/* Parts of the bundle that bundle_make() writes, in its order: of one VM. */
enum {
	PART_VMM,
	PART_KERNEL,
	PART_INITRD,
	PART_DTB,
	PART_PROXIES,
	PART_INFO,
	PART_COUNT,
};

#define MADE_TOTAL_SIZE (7 * BUNDLE_ALIGN)

/* The same of bundle_make_two(): two VMs, a description and a disk. */
enum {
	TWO_VMM,
	TWO_KERNEL,
	TWO_DTB,
	TWO_PROXIES,
	TWO_INFO,
	TWO_GUEST_1,
	TWO_PROXIES_1,
	TWO_INFO_1,
	TWO_CONFIG,
	TWO_DISK,
	TWO_COUNT,
};

#define TWO_TOTAL_SIZE (11 * BUNDLE_ALIGN)

/* The same of bundle_make_none(): a description of a board without a VM, and a key. */
enum {
	NONE_VMM,
	NONE_CONFIG,
	NONE_KEY,
	NONE_COUNT,
};

#define NONE_TOTAL_SIZE (3 * BUNDLE_ALIGN)

void bundle_make(uint8_t bytes[BUNDLE_TABLE_MAX]);
void bundle_make_two(uint8_t bytes[BUNDLE_TABLE_MAX]);
void bundle_make_none(uint8_t bytes[BUNDLE_TABLE_MAX]);
void bundle_seal(uint8_t bytes[BUNDLE_TABLE_MAX]);
uint32_t bundle_lay_out(uint8_t bytes[BUNDLE_TABLE_MAX]);
uint8_t *bundle_row(uint8_t *bytes, unsigned part);
uint8_t *bundle_vm_row(uint8_t *bytes, unsigned vm);
void put_le32(uint8_t *at, uint32_t value);
uint32_t get_le32(const uint8_t *at);

#endif
