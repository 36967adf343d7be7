/* SPDX-License-Identifier: Apache-2.0 */
#include "guest-patches/pv/pv.h"

/*
 * int cpu_arm926_do_idle(void), arch/arm/mm/proc-arm926.S: waits for an interrupt, which the caller
 * has masked. The original switches the instruction cache off meanwhile, for the sake of cores that
 * do not stop it, and masks FIQ for that. Nobody fetches while the VMM waits, and each of the two
 * switches is a flush of both caches. Waiting drains the write buffer by itself (TRM, 2.3.8).
 */
	FUNCTION pv_do_idle
	mov	r0, #0
	mcr	p15, 0, r0, c7, c0, 4
	mov	pc, lr
