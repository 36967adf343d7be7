/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the guest and the monitor want of a VM, until its thread gets to it. The two do not know of
 * each other: none of what they ask for may be lost, and the guest may not undo what the monitor says.
 */
#ifndef VMM_VM_REQUEST_H
#define VMM_VM_REQUEST_H

/** A bit each. Of several, the highest is carried out first. */
enum vm_request {
	VM_NOTHING = 0,
	VM_START = 1,     /**< the monitor's, or the description's */
	VM_PAUSE = 2,     /**< the monitor's; it stays until VM_RESUME */
	VM_RESET = 4,     /**< its own reset button or watchdog: it waits while the VM is paused */
	VM_POWER_OFF = 8, /**< its own power switch */
	VM_STOP = 16,     /**< the monitor's */
	/* These do not wait. */
	VM_RESUME = 32,    /**< withdraws the pause */
	VM_RESET_NOW = 64, /**< the monitor's: a reset, and it ends a pause */
};

/** The requests that wait when @p what joins those of @p waiting. */
static inline unsigned vm_request_add(unsigned waiting, enum vm_request what)
{
	if (what == VM_RESUME)
		return waiting & ~(unsigned)VM_PAUSE;
	if (what == VM_RESET_NOW)
		return (waiting & ~(unsigned)VM_PAUSE) | VM_RESET;
	return waiting | what;
}

/** The one to carry out now, or VM_NOTHING. */
static inline enum vm_request vm_request_first(unsigned waiting)
{
	/* What would start the VM anew does so when the pause is over. */
	if ((waiting & VM_PAUSE) && waiting < VM_POWER_OFF)
		return VM_PAUSE;
	return waiting ? (enum vm_request)(1u << (31u - (unsigned)__builtin_clz(waiting)))
		       : VM_NOTHING;
}

/** What still waits when @p done is carried out: one that starts or ends the VM is an answer to all below. */
static inline unsigned vm_request_after(unsigned waiting, enum vm_request done)
{
	if (done == VM_STOP || done == VM_POWER_OFF)
		return VM_NOTHING;
	return waiting & ~(unsigned)done;
}

#endif
