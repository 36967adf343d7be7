/* SPDX-License-Identifier: Apache-2.0 */
#include "vcpu/emulate.h"

#include "arch/arm/condition.h"
#include "arch/arm/sctlr.h"
#include "arch/arm/user_access.h"
#include "vcpu/fault.h"
#include "vcpu/guest_abi.h"
#include "vcpu/guest_mem.h"
#include "vcpu/mem_exec.h"
#include "vcpu/vcpu.h"
#include "vmm/lib/bits.h"

/** What a proxy stands for, by the guest's table; without a handler if @p word is no proxy. */
struct proxy emulate_lookup(const struct vcpu *vcpu, uint32_t word)
{
	if ((word & vcpu->proxy_mask) != PROXY_MATCH || word >> 28 == 15)
		return (struct proxy){ 0 };
	return vcpu->proxies[bits(word, 23, 12)];
}

/**
 * An undefined instruction that is no proxy, or a proxy met by a guest program. In virtual User
 * mode it belongs to the guest's kernel; in privileged modes it may be a CP15 access that the
 * rewriter has not seen, which is decoded here.
 */
enum trap_outcome undef_trap(struct vcpu *vcpu)
{
	struct proxy proxy;
	uint32_t word;

	if (!vcpu_privileged(vcpu) || vcpu_thumb(vcpu))
		return TRAP_INJECT;
	if (!guest_fetch(vcpu->frame.pc, &word))
		return TRAP_RESUME; /* not there any more: the fetch will abort */
	/* A core may take the trap before it looks at the condition (ARM ARM, A2.6.4). */
	if (!arm_condition_holds(vcpu->frame.cpsr, word >> 28))
		return TRAP_NEXT;
	if (word >> 28 == 15)
		return TRAP_INJECT;
	proxy = proxy_decode(word);
	return proxy.emulate(vcpu, proxy.arg);
}

/* What mem_exec() needs of the virtual CPU. */

static uint32_t get(const void *vcpu, unsigned reg)
{
	return vcpu_operand(vcpu, reg);
}

static void set(void *ctx, unsigned reg, uint32_t value)
{
	struct vcpu *const vcpu = ctx;

	if (reg == 15)
		vcpu_branch(vcpu, value);
	else
		vcpu->frame.r[reg] = value;
}

static uint32_t get_user(const void *vcpu, unsigned reg)
{
	return vcpu_user_reg(vcpu, reg);
}

static void set_user(void *vcpu, unsigned reg, uint32_t value)
{
	vcpu_set_user_reg(vcpu, reg, value);
}

static void exception_return(void *ctx, uint32_t pc)
{
	struct vcpu *const vcpu = ctx;

	vcpu_set_cpsr(vcpu, vcpu_spsr(vcpu));
	vcpu->frame.pc = pc & (vcpu_thumb(vcpu) ? ~1u : ~3u);
}

static uint32_t vfp_get(const void *vcpu, unsigned reg)
{
	return vfp_read_register(reg);
}

static void vfp_set(void *vcpu, unsigned reg, uint32_t value)
{
	vfp_write_register(reg, value);
}

static enum mem_access_result fault_recorded(struct vcpu *vcpu, const struct guest_fault *fault)
{
	vcpu->cp15.dfsr = fault->fsr;
	vcpu->cp15.far = fault->far;
	return MEM_ACCESS_FAULT;
}

static enum mem_access_result unaligned(void *ctx, uint32_t va, unsigned flags)
{
	struct vcpu *const vcpu = ctx;
	const struct guest_fault fault = { FSR_ALIGNMENT, guest_mva(&vcpu->mmu, va) };

	if (vcpu->mmu.sctlr & SCTLR_A)
		return fault_recorded(vcpu, &fault);
	return MEM_ACCESS_OK;
}

static bool with_privilege(const struct vcpu *vcpu, unsigned flags)
{
	return !(flags & MEM_USER) && vcpu_privileged(vcpu);
}

static enum mem_access_result probe(void *ctx, uint32_t va, unsigned flags)
{
	struct vcpu *const vcpu = ctx;
	struct guest_translation t;
	struct guest_fault fault;

	if (!guest_translate(vcpu, va, with_privilege(vcpu, flags), flags & MEM_STORE, &t, &fault))
		return fault_recorded(vcpu, &fault);
	return MEM_ACCESS_OK;
}

static enum mem_access_result access(void *ctx, uint32_t va, unsigned size, unsigned flags,
				     uint32_t *value)
{
	struct vcpu *const vcpu = ctx;
	struct guest_fault fault;

	if (!guest_access(vcpu, va, size, with_privilege(vcpu, flags), flags & MEM_STORE, value,
			  &fault))
		return fault_recorded(vcpu, &fault);
	return MEM_ACCESS_OK;
}

static const struct mem_exec_ops mem_ops = {
	.get = get,
	.set = set,
	.get_user = get_user,
	.set_user = set_user,
	.exception_return = exception_return,
	.vfp_get = vfp_get,
	.vfp_set = vfp_set,
	.unaligned = unaligned,
	.probe = probe,
	.access = access,
	.stored_pc_extra = 4,
};

/** For loads and stores that are undefined or UNPREDICTABLE: the real core may do either. */
static enum trap_outcome inject_undefined(struct vcpu *vcpu)
{
	vcpu_inject_trap(vcpu, TRAP_UNDEF);
	return TRAP_RESUME;
}

/** Whether the VFP's registers can be moved: it is there, enabled, and has no exception pending. */
static bool vfp_usable(const struct vcpu *vcpu)
{
	return vcpu->has_vfp && (vfp_read_fpexc() & (VFP_FPEXC_EN | VFP_FPEXC_EX)) == VFP_FPEXC_EN;
}

static enum trap_outcome execute(struct vcpu *vcpu, const struct mem_insn *insn)
{
	/* The core has executed what its instruction cache held: maybe another instruction. */
	if (insn->shape == MEM_COPROC && !vfp_usable(vcpu))
		return inject_undefined(vcpu);
	switch (mem_exec(insn, &mem_ops, vcpu, vcpu->frame.cpsr & PSR_C)) {
	case MEM_EXEC_NEXT:
		/* A device may have lowered or raised an interrupt. */
		return TRAP_NEXT_POLL;
	case MEM_EXEC_BRANCHED:
		return TRAP_RESUME;
	case MEM_EXEC_FAULT:
		vcpu_inject_trap(vcpu, TRAP_DABT);
		return TRAP_RESUME;
	default:
		return inject_undefined(vcpu);
	}
}

/** A load or store that stands in the proxy table: LDRT, STRT, LDM ^, STM ^. */
enum trap_outcome emulate_mem_checked(struct vcpu *vcpu, uint32_t word)
{
	struct mem_insn insn;

	if (!arm_decode_mem(word | 0xe0000000u, &insn))
		return TRAP_INJECT;
	guest_found_nothing(vcpu);
	return execute(vcpu, &insn);
}

/** The load or store at pc, which has aborted. */
enum trap_outcome emulate_mem_at_pc(struct vcpu *vcpu)
{
	struct mem_insn insn;
	uint32_t word;

	if (vcpu_thumb(vcpu)) {
		if (!guest_fetch_half(vcpu->frame.pc, &word))
			return TRAP_RESUME;
		if (!thumb_decode_mem((uint16_t)word, &insn))
			return inject_undefined(vcpu);
		return execute(vcpu, &insn);
	}
	if (!guest_fetch(vcpu->frame.pc, &word))
		return TRAP_RESUME;
	if (!arm_decode_mem(word, &insn))
		return inject_undefined(vcpu);
	return execute(vcpu, &insn);
}
