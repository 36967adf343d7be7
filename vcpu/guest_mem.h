/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guest memory as the VMM touches it. A bad guest address is the guest's fault: functions say so
 * and fill struct guest_fault; nothing is dereferenced that was not translated and looked up.
 */
#ifndef VCPU_GUEST_MEM_H
#define VCPU_GUEST_MEM_H

#include "vcpu/vcpu.h"

struct mem_region;

/** Why an access failed: what the guest finds in its fault status and fault address registers. */
struct guest_fault {
	uint32_t fsr;
	uint32_t far;
};

bool guest_fetch(uint32_t pc, uint32_t *word);
bool guest_fetch_half(uint32_t pc, uint32_t *half);

const struct mem_region *guest_translate(struct vcpu *vcpu, uint32_t va, bool privileged,
					 bool write, struct guest_translation *t,
					 struct guest_fault *fault);
bool guest_access(struct vcpu *vcpu, uint32_t va, unsigned size, bool privileged, bool write,
		  uint32_t *value, struct guest_fault *fault);

uint32_t guest_external_abort(const struct guest_translation *t);
uint32_t guest_fault_domain(struct vcpu *vcpu, uint32_t va);

void guest_found_nothing(struct vcpu *vcpu);
bool guest_fill_user(struct vcpu *vcpu, uint32_t va, bool write);

const volatile uint32_t *guest_ram_page(void *mem, gpa_t page);

#endif
