/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where arch/arm/fastpath_switch.S and fastpath_irq.S find things of the shadow, and tests that make up
 * one; proved in domain/shadow.h.
 */
#ifndef DOMAIN_SHADOW_OFFSETS_H
#define DOMAIN_SHADOW_OFFSETS_H

/* struct shadow */
#define SHADOW_MMU          8
#define SHADOW_PRIVILEGED   20
#define SHADOW_VIEW_EPOCH   24
#define SHADOW_PV_OPEN      28
#define SHADOW_VECTORS_HIGH 29
#define SHADOW_GATE_OPEN    44 /* vector_slot_open, and gate_open[2] */
#define SHADOW_GATE_TABLE   48
#define SHADOW_IMAGES       52  /* dacr[2], domain_epoch, transient_count: loaded together */
#define SHADOW_CURRENT      392 /* current, common, spaces, space, clock: loaded together */
#define SHADOW_USER_SLOTS   448
#define SHADOW_SPACE_CHAINS 456
#define SHADOW_TLB_STALE    968
#define SHADOW_TABLE_LIST   984

#define SHADOW_SPACE_HASH 256

/* struct shadow_space */
#define SPACE_LOG2       4
#define SPACE_LAST_USED  4
#define SPACE_NEXT       8
#define SPACE_TABLES     10
#define SPACE_GATE_TABLE 12
#define SPACE_COUNT      14

/* struct shadow_table */
#define TABLE_BYTES   28
#define TABLE_LINK    4
#define TABLE_SLOT    8
#define TABLE_SIBLING 16
#define TABLE_DOMAIN  18 /* and class */

#endif
