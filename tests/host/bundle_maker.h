/* SPDX-License-Identifier: Apache-2.0 */
/* A bundle to start from, for tests: correct, and to be spoilt one word at a time. */
#ifndef TESTS_HOST_BUNDLE_MAKER_H
#define TESTS_HOST_BUNDLE_MAKER_H

#include "vmm/bundle.h"

/* Parts of the bundle that bundle_make() writes, in its order. */
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

void bundle_make(uint8_t bytes[BUNDLE_TABLE_MAX]);
void bundle_seal(uint8_t bytes[BUNDLE_TABLE_MAX]);
uint32_t bundle_lay_out(uint8_t bytes[BUNDLE_TABLE_MAX]);
uint8_t *bundle_row(uint8_t *bytes, unsigned part);
void put_le32(uint8_t *at, uint32_t value);
uint32_t get_le32(const uint8_t *at);

#endif
