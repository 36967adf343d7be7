/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VCPU_TRAP_OUTCOME_H
#define VCPU_TRAP_OUTCOME_H

#include "arch/arm/trap_frame.h"

/** What the trap core does with the vCPU once a handler has finished. */
enum trap_outcome {
	TRAP_NEXT = OUTCOME_NEXT,   /**< emulated: continue with the following instruction */
	TRAP_MOVED = OUTCOME_MOVED, /**< emulated, pc is right, and no interrupt is due */
	TRAP_NEXT_POLL, /**< as TRAP_NEXT, and an interrupt may have become deliverable */
	TRAP_RESUME,    /**< pc is already right: retry it, or the handler moved it */
	TRAP_INJECT,    /**< the guest takes the exception itself */
	TRAP_WAIT,      /**< emulated; the guest waits for an interrupt */
	TRAP_STOP,      /**< the VM cannot continue; vcpu->stop_reason says why */
};

#endif
