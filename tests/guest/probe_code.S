/* SPDX-License-Identifier: Apache-2.0 */
/* Single accesses, for probe.c: value in r0, address in r1. */
	.syntax unified
	.arch armv5te
	.text
	.arm

	.macro PROBE name, text:vararg
	.global	probe_\name
probe_\name:
	\text
	bx	lr
	.endm

	PROBE	load, ldr r0, [r1]
	PROBE	store, str r0, [r1]
	PROBE	ldrt, ldrt r0, [r1]
	PROBE	strt, strt r0, [r1]
