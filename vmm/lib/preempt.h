/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where long work of the VMM on behalf of one VM lets others in. The VMM runs with interrupts
 * masked; a trap that takes long calls preempt_point() at least every 1,500 instructions.
 *
 * Across a preempt point anything that belongs to another VM may have changed, inputs of this VM
 * may have been raised (wires, received bytes and frames), and every pointer into a window onto
 * guest memory is void. The VM's own state is still what it was.
 */
#ifndef VMM_LIB_PREEMPT_H
#define VMM_LIB_PREEMPT_H

/** Serves pending interrupts and runs VMs of a higher priority that are due. Not for direct use. */
#ifdef __arm__
void preempt_hook(void);
#else
/* On a workstation there is nobody to let in, but for tests that bring somebody. */
void preempt_hook(void) __attribute__((weak));
#endif

static inline void preempt_point(void)
{
#ifndef __arm__
	if (!preempt_hook)
		return;
#endif
	preempt_hook();
}

#endif
