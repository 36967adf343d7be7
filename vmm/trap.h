/* SPDX-License-Identifier: Apache-2.0 */
/* The trap core: what happens between a trap of the guest and its return. Called by vectors.S. */
#ifndef VMM_TRAP_H
#define VMM_TRAP_H

#include "arch/arm/trap_frame.h"
#include "vcpu/trap_outcome.h"

struct vcpu;

struct trap_frame *trap_software_interrupt(struct trap_frame *frame);
struct trap_frame *trap_data_abort(struct trap_frame *frame);
struct trap_frame *trap_from_guest(struct trap_frame *frame, enum trap_kind kind);
struct trap_frame *trap_resume(struct vcpu *vcpu);
struct trap_frame *trap_finish(struct vcpu *vcpu, enum trap_outcome outcome, enum trap_kind kind);

void guest_enter(struct trap_frame *frame) __attribute__((noreturn));

#endif
