/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the instruction that has trapped does beyond the access that a device model is told of: a model
 * sees whole registers, one by one.
 */
#ifndef VMM_REMOTE_REMOTE_INSN_H
#define VMM_REMOTE_REMOTE_INSN_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu;

unsigned remote_insn_words(const struct vcpu *vcpu, bool is_load, uint32_t va);

#endif
