/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proxies: sensitive instructions, decoded once when the guest is loaded. The trap path finds the
 * handler by the index in the proxy (vcpu/guest_abi.h) and never decodes.
 */
#ifndef VCPU_PROXY_H
#define VCPU_PROXY_H

#include "vcpu/trap_outcome.h"

#include <stdint.h>

struct vcpu;

/** Emulates one instruction; frame.pc is its address. @p arg is what decoding made of it. */
typedef enum trap_outcome (*emulate_fn)(struct vcpu *vcpu, uint32_t arg);

/** One decoded instruction: eight bytes, which vectors.S relies on. */
struct proxy {
	uint32_t arg;
	emulate_fn emulate;
};

struct proxy proxy_decode(uint32_t word);
enum trap_outcome proxy_exception_return(struct vcpu *vcpu, uint32_t pc);
enum trap_outcome proxy_set_control(struct vcpu *vcpu, uint32_t value);
void proxy_table_make(struct proxy *table, unsigned size, const uint32_t *words, unsigned count);

#endif
