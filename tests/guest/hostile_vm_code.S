/* SPDX-License-Identifier: Apache-2.0 */
/* Single steps of hostile_vm.c beside those of hostile_pv_code.S: value in r0, address in r1. */
#include "tests/guest/guest.h"

	.syntax unified
	.arch armv5te
	.text
	.arm

	CODE	hostile_load_half, ldrh r0, [r1]
	CODE	hostile_store_half, strh r0, [r1]
	CODE	hostile_load_signed, ldrsb r0, [r1]
	CODE	hostile_swap_byte, swpb r0, r0, [r1]
