/* SPDX-License-Identifier: Apache-2.0 */
#include "vcpu/vcpu.h"

#include "arch/arm/sctlr.h"
#include "domain/shadow.h"
#include "vcpu/cp15.h"
#include "vcpu/guest_abi.h"
#include "vcpu/pv.h"
#include "vmm/lib/preempt.h"
#include "vmm/lib/string.h"

/** What a guest may change in the physical CPSR: flags and Thumb state. Never J: see docs. */
#define CPSR_GUEST (PSR_N | PSR_Z | PSR_C | PSR_V | PSR_Q | PSR_T)
#define CTL_BITS   (PSR_MODE_MASK | PSR_I | PSR_F)

#define NO_BANK 0xff

/** Banks by mode number; NO_BANK marks the encodings that are no mode (ARM ARM, A2.5.7). */
static const uint8_t bank_of[32] = {
	/* clang-format off */
	NO_BANK, NO_BANK, NO_BANK, NO_BANK, NO_BANK, NO_BANK, NO_BANK, NO_BANK,
	NO_BANK, NO_BANK, NO_BANK, NO_BANK, NO_BANK, NO_BANK, NO_BANK, NO_BANK,
	BANK_USR, BANK_FIQ, BANK_IRQ, BANK_SVC, NO_BANK, NO_BANK, NO_BANK, BANK_ABT,
	NO_BANK, NO_BANK, NO_BANK, BANK_UND, NO_BANK, NO_BANK, NO_BANK, BANK_USR,
	/* clang-format on */
};

enum vcpu_bank vcpu_bank(const struct vcpu *vcpu)
{
	return (enum vcpu_bank)bank_of[vcpu_mode(vcpu)];
}

/** User and System mode have no SPSR. */
bool vcpu_has_spsr(const struct vcpu *vcpu)
{
	return vcpu_bank(vcpu) != BANK_USR;
}

static void swap_high_registers(struct vcpu *vcpu, unsigned save, unsigned load)
{
	memcpy(vcpu->bank_high[save], &vcpu->frame.r[8], sizeof(vcpu->bank_high[0]));
	memcpy(&vcpu->frame.r[8], vcpu->bank_high[load], sizeof(vcpu->bank_high[0]));
}

static void switch_bank(struct vcpu *vcpu, unsigned from, unsigned to)
{
	vcpu->bank_r13[from] = vcpu->frame.r[13];
	vcpu->bank_r14[from] = vcpu->frame.r[14];
	vcpu->frame.r[13] = vcpu->bank_r13[to];
	vcpu->frame.r[14] = vcpu->bank_r14[to];
	/* bank_high[0] keeps r8-r12 of the six modes that share them, [1] those of FIQ mode. */
	if (to == BANK_FIQ)
		swap_high_registers(vcpu, 0, 1);
	else if (from == BANK_FIQ)
		swap_high_registers(vcpu, 1, 0);
}

/**
 * Writes the control bits of the virtual CPSR: mode, I and F. A mode number that is no mode is
 * UNPREDICTABLE (ARM ARM, A2.5.7): the mode stays as it is.
 *
 * The caller looks at pending interrupts afterwards.
 */
void vcpu_set_mode_bits(struct vcpu *vcpu, uint32_t ctl)
{
	struct shadow *const sh = vcpu_shadow(vcpu);
	const unsigned from = vcpu_bank(vcpu);
	const bool was_privileged = vcpu_privileged(vcpu);
	unsigned to = bank_of[ctl & PSR_MODE_MASK];

	if (to == NO_BANK) {
		ctl = vcpu_mode(vcpu) | (ctl & (PSR_I | PSR_F));
		to = from;
	}
	if (from != to)
		switch_bank(vcpu, from, to);
	vcpu->ctl = ctl & CTL_BITS;
	if (!vcpu->pv_page) {
		if (vcpu_privileged(vcpu) != was_privileged)
			shadow_set_privileged(sh, !was_privileged);
		return;
	}
	pv_follow_mode(vcpu);
	if (vcpu_privileged(vcpu) != was_privileged) {
		shadow_set_privileged(sh, !was_privileged);
		/* They would keep system calls from their fast path. */
		if (was_privileged && vcpu->pv.swi_entry && sh->transient_count > 0)
			shadow_forget_transients(sh);
	}
	pv_settle(vcpu);
}

/** Writes the whole virtual CPSR in one step, as an exception return does. */
void vcpu_set_cpsr(struct vcpu *vcpu, uint32_t cpsr)
{
	vcpu->frame.cpsr = (cpsr & CPSR_GUEST) | PSR_MODE_USR;
	vcpu_set_mode_bits(vcpu, cpsr);
}

/** The SPSR of the current mode; in User and System mode, which have none, the CPSR. */
uint32_t vcpu_spsr(const struct vcpu *vcpu)
{
	return vcpu_has_spsr(vcpu) ? vcpu->spsr[vcpu_bank(vcpu)] : vcpu_cpsr(vcpu);
}

/**
 * Writes the bits of @p mask of the current mode's SPSR; nothing in User and System mode. Setting
 * reserved bits is UNPREDICTABLE (ARM ARM, A4.1.39): there are none, they stay zero.
 */
void vcpu_set_spsr(struct vcpu *vcpu, uint32_t value, uint32_t mask)
{
	uint32_t *const spsr = &vcpu->spsr[vcpu_bank(vcpu)];

	if (vcpu_has_spsr(vcpu))
		*spsr = (*spsr & ~mask) | (value & mask & PSR_BITS);
}

/** Where the User mode register @p reg (0 to 14) is while another mode may be current. */
static uint32_t *user_reg(struct vcpu *vcpu, unsigned reg)
{
	if (vcpu_mode(vcpu) == PSR_MODE_FIQ && reg >= 8 && reg <= 12)
		return &vcpu->bank_high[0][reg - 8];
	if (reg >= 13 && vcpu_bank(vcpu) != BANK_USR)
		return reg == 13 ? &vcpu->bank_r13[BANK_USR] : &vcpu->bank_r14[BANK_USR];
	return &vcpu->frame.r[reg];
}

uint32_t vcpu_user_reg(const struct vcpu *vcpu, unsigned reg)
{
	return *user_reg((struct vcpu *)vcpu, reg);
}

void vcpu_set_user_reg(struct vcpu *vcpu, unsigned reg, uint32_t value)
{
	*user_reg(vcpu, reg) = value;
}

/** A register of the current mode as an instruction reads it (ARM ARM, A2.4.3). */
uint32_t vcpu_operand(const struct vcpu *vcpu, unsigned reg)
{
	if (reg == 15)
		return vcpu->frame.pc + (vcpu_thumb(vcpu) ? 4u : 8u);
	return vcpu->frame.r[reg];
}

/** Writes pc as BX, LDR and LDM do in ARMv5T: bit 0 selects Thumb state. */
void vcpu_branch(struct vcpu *vcpu, uint32_t target)
{
	/* With L4 set, loads to pc do not change state (TRM, table 2-10). */
	if (!(vcpu->mmu.sctlr & SCTLR_L4)) {
		if (target & 1u)
			vcpu->frame.cpsr |= PSR_T;
		else
			vcpu->frame.cpsr &= ~(uint32_t)PSR_T;
	}
	vcpu->frame.pc = target & (vcpu_thumb(vcpu) ? ~1u : ~3u);
}

/** Notes why the VM cannot continue; for handlers to return. */
enum trap_outcome vcpu_stop(struct vcpu *vcpu, const char *reason, uint32_t value)
{
	vcpu->stop_reason = reason;
	vcpu->stop_value = value;
	return TRAP_STOP;
}

/**
 * To the state after reset (ARM ARM, A2.6.2): Supervisor mode, interrupts masked, MMU and caches
 * off. Registers, VM and shadow are the caller's; the shadow is reset here too.
 */
void vcpu_reset(struct vcpu *vcpu)
{
	memset(&vcpu->frame, 0, sizeof(vcpu->frame));
	memset(vcpu->bank_r13, 0, sizeof(vcpu->bank_r13));
	memset(vcpu->bank_r14, 0, sizeof(vcpu->bank_r14));
	memset(vcpu->spsr, 0, sizeof(vcpu->spsr));
	memset(vcpu->bank_high, 0, sizeof(vcpu->bank_high));
	vcpu->frame.cpsr = PSR_MODE_USR;
	vcpu->ctl = PSR_MODE_SVC | PSR_I | PSR_F;
	/* An index beyond the table, which has a power of two of entries, matches nothing. */
	vcpu->proxy_mask = PROXY_MASK | (PROXY_TABLE_MAX - vcpu->proxy_count) << PROXY_INDEX_LOW;
	vcpu->proxy_match = PROXY_MATCH;
	vcpu->stop_reason = 0;
	for (unsigned i = 0; i < DEVICE_PAGES; i++)
		vcpu->device_pages[i].key = DEVICE_PAGE_NONE;
	cp15_reset(vcpu);
	pv_reset(vcpu);
	preempt_point();
	shadow_reset(vcpu->shadow);
}
