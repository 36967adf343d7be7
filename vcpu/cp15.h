/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual system control coprocessor: a table of the registers of an ARM926EJ-S. */
#ifndef VCPU_CP15_H
#define VCPU_CP15_H

#include "vcpu/proxy.h"

void cp15_reset(struct vcpu *vcpu);
struct proxy cp15_decode(uint32_t word);

#endif
