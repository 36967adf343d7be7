/* SPDX-License-Identifier: Apache-2.0 */
/* Single accesses, for probe.c: value in r0, address in r1. */
#include "tests/guest/guest.h"

	.syntax unified
	.arch armv5te
	.text
	.arm

	CODE	probe_load, ldr r0, [r1]
	CODE	probe_store, str r0, [r1]
	CODE	probe_ldrt, ldrt r0, [r1]
	CODE	probe_strt, strt r0, [r1]
