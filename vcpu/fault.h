/* SPDX-License-Identifier: Apache-2.0 */
/* Aborts: a shadow entry that is missing, an access to emulate, or the guest's own fault. */
#ifndef VCPU_FAULT_H
#define VCPU_FAULT_H

#include "vcpu/trap_outcome.h"

#include <stdbool.h>

struct vcpu;

enum trap_outcome data_abort_trap(struct vcpu *vcpu);
enum trap_outcome prefetch_abort_trap(struct vcpu *vcpu);
bool data_abort_is_store(const struct vcpu *vcpu);

#endif
