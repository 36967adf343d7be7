/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The VMM's side of a VM: a stack of its own, right below the frame of its vCPU. A trap of the VM
 * runs on it, and may leave it for that of another VM in the middle.
 */
#ifndef ARCH_ARM_THREAD_H
#define ARCH_ARM_THREAD_H

#include "arch/arm/psr.h"
#include "arch/arm/trap_frame.h"

#define THREAD_STACK_SIZE 4096u

/** Where a thread that does not run has left its registers: on its stack. */
struct thread {
	uint32_t sp;
	uint32_t cpsr; /* its processor mode: handlers of proxies and device models have others */
	struct trap_frame *frame;
};

/** Prepares @p thread to begin with @p entry in Supervisor mode, on the stack below @p frame. */
static inline void thread_init(struct thread *thread, struct trap_frame *frame, void (*entry)(void))
{
	uint32_t *const saved = (uint32_t *)frame - 10; /* spsr, r4 to r11, pc: see switch.S */

	saved[0] = PSR_MODE_USR;
	saved[9] = (uint32_t)(uintptr_t)entry;
	*thread = (struct thread){ .sp = (uint32_t)(uintptr_t)saved,
				   .cpsr = PSR_MODE_SVC | PSR_I | PSR_F,
				   .frame = frame };
}

/** Leaves the current thread, whose place is kept in @p from, and continues @p to. */
void thread_switch(struct thread *from, const struct thread *to);

#endif
