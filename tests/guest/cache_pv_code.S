/* SPDX-License-Identifier: Apache-2.0 */
/* Hypercalls as functions, for cache_pv.c. */
#include "tests/guest/pv_guest.h"

	.syntax unified
	.arch armv5te
	.text
	.arm

	.macro CALL name, number
	.global	\name
	.type	\name, %function
\name:
	HYPERCALL \number
	bx	lr
	.endm

	CALL	call_switch_mm, PV_HC_SWITCH_MM
	CALL	call_flush_range, PV_HC_FLUSH_RANGE
	CALL	call_table_clean, PV_HC_TABLE_CLEAN
	CALL	call_cache, PV_HC_CACHE
	CALL	call_set_tls, PV_HC_SET_TLS
