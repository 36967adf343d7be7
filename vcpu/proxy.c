/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decoder for all sensitive instructions, and the handlers of those that are neither CP15
 * accesses (cp15.c) nor loads and stores (proxy_mem.c).
 */
#include "vcpu/proxy.h"

#include "arch/arm/insn.h"
#include "arch/arm/user_access.h"
#include "vcpu/cp15.h"
#include "vcpu/emulate.h"
#include "vcpu/guest_abi.h"
#include "vcpu/hypercall.h"
#include "vcpu/proxy_mem.h"
#include "vcpu/pv.h"
#include "vcpu/vcpu.h"
#include "vmm/lib/bits.h"

/** Field mask of MSR, bits 19:16, as bits of a PSR (ARM ARM, A4.1.39). */
static uint32_t msr_mask(uint32_t word)
{
	uint32_t mask = 0;

	for (unsigned field = 0; field < 4; field++)
		if (bit(word, 16 + field))
			mask |= 0xffu << (8 * field);
	return mask;
}

static uint32_t immediate(uint32_t word)
{
	return ror32(word & 0xffu, 2 * bits(word, 11, 8));
}

static enum trap_outcome mrs_cpsr(struct vcpu *vcpu, uint32_t rd)
{
	vcpu->frame.r[rd] = vcpu_cpsr(vcpu);
	return TRAP_NEXT;
}

static enum trap_outcome mrs_spsr(struct vcpu *vcpu, uint32_t rd)
{
	vcpu->frame.r[rd] = vcpu_spsr(vcpu);
	return TRAP_NEXT;
}

/** MSR CPSR_c: mode, I and F of the virtual CPSR. */
enum trap_outcome proxy_set_control(struct vcpu *vcpu, uint32_t value)
{
	if ((value ^ vcpu->ctl) & (PSR_MODE_MASK | PSR_F))
		vcpu_set_mode_bits(vcpu, value);
	else if (vcpu_pv_open(vcpu))
		vcpu->pv_page[PV_CTL] = (uint8_t)(value & (PSR_MODE_MASK | PSR_I));
	else
		vcpu->ctl = value & (PSR_MODE_MASK | PSR_I | PSR_F);
	return vcpu_interrupt_due(vcpu) ? TRAP_NEXT_POLL : TRAP_NEXT;
}

static enum trap_outcome msr_cpsr_c_register(struct vcpu *vcpu, uint32_t rm)
{
	return proxy_set_control(vcpu, vcpu->frame.r[rm]);
}

static enum trap_outcome msr_cpsr_c_immediate(struct vcpu *vcpu, uint32_t value)
{
	return proxy_set_control(vcpu, value);
}

static uint32_t msr_operand(const struct vcpu *vcpu, uint32_t word)
{
	return bit(word, 25) ? immediate(word) : vcpu_operand(vcpu, word & 15u);
}

/** Any field mask. T and J cannot be changed this way (ARM ARM, A4.1.39): they are left alone. */
static enum trap_outcome msr_cpsr(struct vcpu *vcpu, uint32_t word)
{
	const uint32_t flags = PSR_N | PSR_Z | PSR_C | PSR_V | PSR_Q;
	const uint32_t value = msr_operand(vcpu, word);

	if (bit(word, 19))
		vcpu->frame.cpsr = (vcpu->frame.cpsr & ~flags) | (value & flags);
	return bit(word, 16) ? proxy_set_control(vcpu, value) : TRAP_NEXT;
}

static enum trap_outcome msr_spsr(struct vcpu *vcpu, uint32_t word)
{
	vcpu_set_spsr(vcpu, msr_operand(vcpu, word), msr_mask(word));
	return TRAP_NEXT;
}

/** pc and CPSR change in one step; an interrupt comes after both. */
enum trap_outcome proxy_exception_return(struct vcpu *vcpu, uint32_t pc)
{
	vcpu_set_cpsr(vcpu, vcpu_spsr(vcpu));
	vcpu->frame.pc = pc & (vcpu_thumb(vcpu) ? ~1u : ~3u);
	return vcpu_interrupt_due(vcpu) ? TRAP_RESUME : TRAP_MOVED;
}

static enum trap_outcome movs_pc_lr(struct vcpu *vcpu, uint32_t arg)
{
	return proxy_exception_return(vcpu, vcpu->frame.r[14]);
}

static enum trap_outcome subs_pc_lr_immediate(struct vcpu *vcpu, uint32_t value)
{
	return proxy_exception_return(vcpu, vcpu->frame.r[14] - value);
}

/** The second operand of a data processing instruction (ARM ARM, A5.1). */
static uint32_t shifter_operand(const struct vcpu *vcpu, uint32_t word)
{
	const unsigned type = bits(word, 6, 5);
	uint32_t value, amount;

	if (bit(word, 25))
		return immediate(word);

	value = vcpu_operand(vcpu, word & 15u);
	if (bit(word, 4)) {
		/* Shift by register: r15 as any operand is UNPREDICTABLE (A5.1.3). */
		amount = vcpu_operand(vcpu, bits(word, 11, 8)) & 0xffu;
		if (amount == 0)
			return value;
		if (type == 3)
			return ror32(value, amount);
	} else {
		amount = bits(word, 11, 7);
		if (amount == 0) {
			if (type == 0)
				return value;
			if (type == 3) /* RRX */
				return value >> 1 | (vcpu->frame.cpsr & PSR_C) << 2;
			amount = 32;
		}
	}

	switch (type) {
	case 0:
		return amount < 32 ? value << amount : 0;
	case 1:
		return amount < 32 ? value >> amount : 0;
	case 2:
		amount = amount < 32 ? amount : 31;
		return value >> amount | (bit(value, 31) ? ~(~0u >> amount) : 0);
	default:
		return ror32(value, amount);
	}
}

/** Any data processing instruction with S set and pc as destination (ARM ARM, A2.6 and A3.4). */
static __attribute__((cold)) enum trap_outcome data_processing_pc(struct vcpu *vcpu, uint32_t word)
{
	const uint32_t a = vcpu_operand(vcpu, bits(word, 19, 16));
	const uint32_t b = shifter_operand(vcpu, word);
	const uint32_t carry = bit(vcpu->frame.cpsr, 29);
	uint32_t value;

	switch (bits(word, 24, 21)) {
	/* clang-format off */
	case 0x0: value = a & b; break;
	case 0x1: value = a ^ b; break;
	case 0x2: value = a - b; break;
	case 0x3: value = b - a; break;
	case 0x4: value = a + b; break;
	case 0x5: value = a + b + carry; break;
	case 0x6: value = a - b - (1u - carry); break;
	case 0x7: value = b - a - (1u - carry); break;
	case 0xc: value = a | b; break;
	case 0xd: value = b; break;
	case 0xe: value = a & ~b; break;
	case 0xf: value = ~b; break;
	default: return TRAP_INJECT; /* comparisons write no register */
		/* clang-format on */
	}
	return proxy_exception_return(vcpu, value);
}

/** BXJ without Jazelle behaves as BX (ARM ARM, A4.1.11). */
static __attribute__((cold)) enum trap_outcome bxj(struct vcpu *vcpu, uint32_t rm)
{
	const uint32_t target = vcpu_operand(vcpu, rm);

	if (target & 1u)
		vcpu->frame.cpsr |= PSR_T;
	vcpu->frame.pc = target & (target & 1u ? ~1u : ~3u);
	return TRAP_RESUME;
}

/**
 * Jazelle registers of CP14 (ARM926EJ-S TRM, 2.1): identity reads as zero - no Jazelle - and
 * configuration is ignored. The real ones stay as jazelle_disable() set them: off for User mode.
 */
static enum trap_outcome cp14_read(struct vcpu *vcpu, uint32_t rt)
{
	if (rt != 15)
		vcpu->frame.r[rt] = 0;
	return TRAP_NEXT;
}

static enum trap_outcome cp14_write(struct vcpu *vcpu, uint32_t rt)
{
	return TRAP_NEXT;
}

/**
 * VFP system registers (VFP9-S TRM, 3.4). The VM has the VFP to itself: what the kernel writes to
 * FPEXC goes to the real one, which makes the instructions of its programs trap or not.
 */
static enum trap_outcome vfp_system(struct vcpu *vcpu, uint32_t word)
{
	const unsigned reg = bits(word, 19, 16), rt = bits(word, 15, 12);
	const bool read = bit(word, 20);
	uint32_t value = 0;

	if (!vcpu->has_vfp)
		return TRAP_INJECT;
	if (!read)
		value = vcpu_operand(vcpu, rt);

	switch (reg) {
	case VFP_FPSID:
		if (read)
			value = vfp_read_fpsid();
		break;
	case VFP_FPEXC:
		if (!read) {
			vfp_write_fpexc(value);
			pv_set(vcpu, PV_FPEXC, vfp_read_fpexc());
			return TRAP_NEXT;
		}
		value = vfp_read_fpexc();
		break;
	case VFP_FPINST:
	case VFP_FPINST2:
		if (!(vfp_read_fpexc() & VFP_FPEXC_EN))
			return TRAP_INJECT;
		if (read)
			value = reg == VFP_FPINST ? vfp_read_fpinst() : vfp_read_fpinst2();
		else if (reg == VFP_FPINST)
			vfp_write_fpinst(value);
		else
			vfp_write_fpinst2(value);
		break;
	default:
		/* FPSCR is open to User mode: if it traps, VFP is off and the guest is told. */
		return TRAP_INJECT;
	}
	if (read && rt != 15)
		vcpu->frame.r[rt] = value;
	return TRAP_NEXT;
}

/** What a word means that is not an instruction the VMM emulates. */
enum trap_outcome emulate_undefined(struct vcpu *vcpu, uint32_t word)
{
	return TRAP_INJECT;
}

static struct proxy decode_mrs(uint32_t word)
{
	/* MRS to r15 is UNPREDICTABLE (ARM ARM, A4.1.38). */
	if (bits(word, 15, 12) == 15)
		return (struct proxy){ .emulate = emulate_undefined, .arg = word };
	return (struct proxy){ .emulate = bit(word, 22) ? mrs_spsr : mrs_cpsr,
			       .arg = bits(word, 15, 12) };
}

static struct proxy decode_msr(uint32_t word)
{
	if (bit(word, 22))
		return (struct proxy){ .emulate = msr_spsr, .arg = word };
	if (bits(word, 19, 16) != 1 || (!bit(word, 25) && (word & 15u) == 15))
		return (struct proxy){ .emulate = msr_cpsr, .arg = word };
	if (bit(word, 25))
		return (struct proxy){ .emulate = msr_cpsr_c_immediate, .arg = immediate(word) };
	return (struct proxy){ .emulate = msr_cpsr_c_register, .arg = word & 15u };
}

static struct proxy decode_data_processing(uint32_t word)
{
	if ((word & 0x0fffffffu) == 0x01b0f00eu)
		return (struct proxy){ .emulate = movs_pc_lr, .arg = 0 };
	if ((word & 0x0ffff000u) == 0x025ef000u)
		return (struct proxy){ .emulate = subs_pc_lr_immediate, .arg = immediate(word) };
	return (struct proxy){ .emulate = data_processing_pc, .arg = word };
}

static struct proxy decode_cp14(uint32_t word)
{
	/* Only the three Jazelle registers exist: opc1 7, CRn 0 to 2, CRm 0, opc2 0. */
	if ((word & 0x00e000efu) != 0x00e00000u || bits(word, 19, 16) > 2)
		return (struct proxy){ .emulate = emulate_undefined, .arg = word };
	return (struct proxy){ .emulate = bit(word, 20) ? cp14_read : cp14_write,
			       .arg = bits(word, 15, 12) };
}

static struct proxy decode_bxj(uint32_t word)
{
	return (struct proxy){ .emulate = bxj, .arg = word & 15u };
}

static struct proxy decode_vfp_system(uint32_t word)
{
	return (struct proxy){ .emulate = vfp_system, .arg = word };
}

/** Encodings, first match wins; the condition field is not looked at. */
static const struct {
	uint32_t mask, value;
	struct proxy (*decode)(uint32_t word);
} encodings[] = {
	/* clang-format off */
	/* The one that is decoded when it traps comes first. */
	{ 0x0fe00fff, 0x0ee00a10, decode_vfp_system },      /* FMRX, FMXR: C4.1 */
	{ 0x0fbf0fff, 0x010f0000, decode_mrs },             /* MRS rd, CPSR/SPSR: A4.1.38 */
	{ 0x0fb0fff0, 0x0120f000, decode_msr },             /* MSR, register: A4.1.39 */
	{ 0x0fb0f000, 0x0320f000, decode_msr },             /* MSR, immediate */
	{ 0x0ffffff0, 0x012fff20, decode_bxj },             /* BXJ: A4.1.11 */
	{ 0x0e10f090, 0x0010f090, 0 },                      /* multiplies, LDRH: never sensitive */
	{ 0x0c10f000, 0x0010f000, decode_data_processing }, /* S = 1, Rd = pc: A3.4 */
	{ 0x0d200000, 0x04200000, proxy_decode_ldrt },      /* LDRT, STRT: A4.1.29 (P = 0, W = 1) */
	{ 0x0e400000, 0x08400000, proxy_decode_multiple },  /* LDM, STM with ^: A4.1.21, A4.1.22 */
	{ 0x0f000f10, 0x0e000f10, cp15_decode },            /* MRC, MCR p15: A4.1.32 */
	{ 0x0f000f10, 0x0e000e10, decode_cp14 },            /* MRC, MCR p14 */
	/* clang-format on */
};

/** Finds what emulates an instruction word; emulate_undefined() for everything else. */
__attribute__((cold)) struct proxy proxy_decode(uint32_t word)
{
	for (unsigned i = 0; i < ARRAY_SIZE(encodings); i++) {
		if ((word & encodings[i].mask) != encodings[i].value)
			continue;
		if (!encodings[i].decode)
			break;
		return encodings[i].decode(word);
	}
	return (struct proxy){ .emulate = emulate_undefined, .arg = word };
}

/** Decodes a guest's table of @p count words into @p table, of @p size entries, not fewer. */
__attribute__((cold)) void proxy_table_make(struct proxy *table, unsigned size,
					    const uint32_t *words, unsigned count)
{
	for (unsigned i = 0; i < size; i++)
		table[i] = i >= count             ? (struct proxy){ .emulate = emulate_undefined }
			   : words[i] >> 28 == 15 ? hypercall_decode(words[i])
						  : proxy_decode(words[i]);
}
