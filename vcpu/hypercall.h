/* SPDX-License-Identifier: Apache-2.0 */
/* What a guest kernel with paravirtual code asks for in one trap (PV_HC_* in vcpu/pv_abi.h). */
#ifndef VCPU_HYPERCALL_H
#define VCPU_HYPERCALL_H

#include "vcpu/proxy.h"

struct proxy hypercall_decode(uint32_t word);
enum trap_outcome hypercall(struct vcpu *vcpu, uint32_t number);

/** PV_HC_SWITCH_MM: arch/arm/fastpath_switch.S, which leaves what it does not do to hypercall(). */
enum trap_outcome fast_switch_mm(struct vcpu *vcpu, uint32_t number);

#endif
