/* SPDX-License-Identifier: Apache-2.0 */
/* What a guest kernel with paravirtual code asks for in one trap (PV_HC_* in vcpu/pv_abi.h). */
#ifndef VCPU_HYPERCALL_H
#define VCPU_HYPERCALL_H

#include "vcpu/proxy.h"

struct proxy hypercall_decode(uint32_t word);

#endif
