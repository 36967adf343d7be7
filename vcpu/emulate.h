/* SPDX-License-Identifier: Apache-2.0 */
/* From an instruction word to its effect. Handlers are found by vcpu/proxy.c and vcpu/cp15.c. */
#ifndef VCPU_EMULATE_H
#define VCPU_EMULATE_H

#include "vcpu/proxy.h"

struct vcpu;

enum trap_outcome undef_trap(struct vcpu *vcpu);
enum trap_outcome emulate_undefined(struct vcpu *vcpu, uint32_t word);
struct proxy emulate_lookup(const struct vcpu *vcpu, uint32_t word);

enum trap_outcome emulate_mem_checked(struct vcpu *vcpu, uint32_t word);
enum trap_outcome emulate_mem_at_pc(struct vcpu *vcpu);

#endif
