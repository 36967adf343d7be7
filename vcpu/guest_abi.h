/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a rewritten guest and the VMM agree on; docs/guest-abi.md explains it.
 *
 * A proxy stands in the place of a sensitive instruction. It is a CDP instruction of coprocessor
 * 15, which the ARM926EJ-S does not have (TRM, 2.1: CDP, LDC and STC to CP15 are undefined), so it
 * always traps and, like any coprocessor instruction, only when its condition holds:
 *
 *   31  28 27  24 23              12 11   8 7    5 4 3    0
 *  | cond | 1110 | index (12 bits)  | 1111 | kind | 0 | 0000 |
 *
 * The index of a proxy selects a word of the guest's proxy table: the original instruction with its
 * condition set to AL. The index of a hypercall is its number.
 *
 * Bit 20 of a proxy, which is bit 8 of the index, is bit 20 of the original: the L bit of loads and
 * stores. A guest's abort handler reads it from the instruction that aborted. So the table can have
 * entries that no proxy selects; they are 0.
 */
#ifndef VCPU_GUEST_ABI_H
#define VCPU_GUEST_ABI_H

#define PROXY_MASK       0x0f000fff
#define PROXY_MATCH      0x0e000f00 /* kind 0 */
#define HYPERCALL_MATCH  0x0e000f20 /* kind 1 */
#define PROXY_INDEX_LOW  12
#define PROXY_INDEX_BITS 12
#define PROXY_TABLE_MAX  4096
#define PROXY_TABLE_MIN  32 /* with room for what the VMM adds: vcpu/pv_abi.h */

#endif
