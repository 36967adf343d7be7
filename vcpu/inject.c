/* SPDX-License-Identifier: Apache-2.0 */
/* Entering a guest exception vector as the ARM ARM describes it (A2.6). */
#include "arch/arm/sctlr.h"
#include "vcpu/pv.h"
#include "vcpu/vcpu.h"

/** What the entry to an exception does, per vector. */
struct exception {
	uint8_t mode;
	uint8_t bank;         /* of that mode */
	uint8_t vector;       /* offset from the vector base */
	uint8_t lr_offset[2]; /* lr minus address of the instruction, in ARM and in Thumb state */
	uint8_t mask;         /* interrupts it disables */
};

static const struct exception exceptions[TRAP_KIND_COUNT] = {
	/* clang-format off */
	[TRAP_UNDEF] = { PSR_MODE_UND, BANK_UND, 0x04, { 4, 2 }, PSR_I },
	[TRAP_SWI]   = { PSR_MODE_SVC, BANK_SVC, 0x08, { 4, 2 }, PSR_I },
	[TRAP_PABT]  = { PSR_MODE_ABT, BANK_ABT, 0x0c, { 4, 4 }, PSR_I },
	[TRAP_DABT]  = { PSR_MODE_ABT, BANK_ABT, 0x10, { 8, 8 }, PSR_I },
	[TRAP_IRQ]   = { PSR_MODE_IRQ, BANK_IRQ, 0x18, { 4, 4 }, PSR_I },
	[TRAP_FIQ]   = { PSR_MODE_FIQ, BANK_FIQ, 0x1c, { 4, 4 }, PSR_I | PSR_F },
	/* clang-format on */
};

/** The address of the guest's vector for a trap: low, or high as its control register says. */
uint32_t vcpu_vector(const struct vcpu *vcpu, enum trap_kind kind)
{
	return (vcpu->mmu.sctlr & SCTLR_V ? 0xffff0000u : 0u) + exceptions[kind].vector;
}

/**
 * Makes the guest take an exception: banked lr and SPSR, new mode, interrupts masked, ARM state, pc
 * at the vector. frame.pc is the address of the instruction that caused it; for interrupts, of the
 * instruction that would have been executed next.
 */
void vcpu_inject_trap(struct vcpu *vcpu, enum trap_kind kind)
{
	const struct exception *const e = &exceptions[kind];
	uint32_t cpsr, lr;

	if (vcpu->pv_page) {
		if (pv_inject(vcpu, kind))
			return;
		pv_show_fault(vcpu, kind);
	}
	cpsr = vcpu_cpsr(vcpu);
	lr = vcpu->frame.pc + e->lr_offset[vcpu_thumb(vcpu)];
	vcpu_set_mode_bits(vcpu, (cpsr & (PSR_I | PSR_F)) | e->mask | e->mode);
	vcpu->spsr[e->bank] = cpsr;
	vcpu->frame.r[14] = lr;
	vcpu->frame.cpsr &= ~(uint32_t)(PSR_T | PSR_J);
	vcpu->frame.pc = vcpu_vector(vcpu, kind);
}

/** Makes the guest take the interrupt that is due: FIQ before IRQ (ARM ARM, A2.6.10). */
void vcpu_inject_interrupt(struct vcpu *vcpu)
{
	/* F is in ctl, whoever has I. */
	vcpu_inject_trap(vcpu, vcpu->interrupt & ~vcpu->ctl & PSR_F ? TRAP_FIQ : TRAP_IRQ);
}
