/* SPDX-License-Identifier: Apache-2.0 */
/* Second-level descriptors for the page tables of random guests. */
#ifndef TESTS_HOST_GUEST_TABLES_H
#define TESTS_HOST_GUEST_TABLES_H

#include <stdbool.h>
#include <stdint.h>

/** A tiny, large or, mostly, small page with these permissions and C and B, or a fault. */
uint32_t random_l2(uint32_t page, uint32_t ap, uint32_t cb);

/** How many entries of a table, which is coarse or fine, have to be @p descriptor alike. */
unsigned l2_copies(uint32_t descriptor, bool fine);

#endif
