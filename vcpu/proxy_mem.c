/* SPDX-License-Identifier: Apache-2.0 */
#include "vcpu/proxy_mem.h"

#include "arch/arm/sctlr.h"
#include "arch/arm/user_access.h"
#include "domain/shadow.h"
#include "vcpu/emulate.h"
#include "vcpu/guest_mem.h"
#include "vcpu/vcpu.h"
#include "vmm/lib/bits.h"

/** Executes the access of LDRT, STRT and their byte forms, if the hardware checks it right. */
static bool user_transfer(const struct vcpu *vcpu, uint32_t word, uint32_t va, uint32_t *value)
{
	const bool byte = bit(word, 22);

	if (!shadow_is_user_page(vcpu->shadow, va) || (!byte && (va & 3u)))
		return false;
	if (bit(word, 20))
		return byte ? user_load8(va, value) : user_load32(va, value);
	return byte ? user_store8(va, *value) : user_store32(va, *value);
}

/** The step that LDRT and STRT end with: post-indexing, and the register loaded. */
static enum trap_outcome ldrt_strt_done(struct vcpu *vcpu, uint32_t word, uint32_t va,
					uint32_t value)
{
	const uint32_t offset = word & 0xfffu;

	vcpu->frame.r[bits(word, 19, 16)] = bit(word, 23) ? va + offset : va - offset;
	if (bit(word, 20))
		vcpu->frame.r[bits(word, 15, 12)] = value;
	return TRAP_NEXT;
}

#define DACR_ALL_CLIENTS 0x55555555u

/**
 * An unaligned word, with alignment faults on, in a Linux guest. Linux has such a fault of its own
 * LDRT or STRT fixed up byte by byte by a handler that decodes the instruction (do_alignment() in
 * arch/arm/mm/alignment.c): it would find the proxy, and give up. So what the handler would do is
 * done here. Other guests get the fault.
 *
 * Its exception entry makes manager domains client first (uaccess_entry, asm/uaccess-asm.h): a
 * kernel without software PAN would write its own memory otherwise.
 */
static __attribute__((cold)) enum trap_outcome ldrt_strt_unaligned(struct vcpu *vcpu, uint32_t word,
								   uint32_t va)
{
	const bool store = !bit(word, 20);
	const uint32_t dacr = vcpu->mmu.dacr;
	uint32_t value = store ? vcpu->frame.r[bits(word, 15, 12)] : 0;

	for (unsigned i = 0; i < 4; i++) {
		uint32_t byte = (value >> (8 * i)) & 0xffu;
		struct guest_translation t;
		struct guest_fault fault;
		bool is_allowed;

		/* Only asked like that: the access, which finds this, may not come back. */
		guest_found_nothing(vcpu);
		vcpu->mmu.dacr = dacr & DACR_ALL_CLIENTS;
		is_allowed = guest_translate(vcpu, va + i, false, store, &t, &fault);
		vcpu->mmu.dacr = dacr;
		if (!is_allowed || !guest_access(vcpu, va + i, 1, false, store, &byte, &fault)) {
			vcpu->cp15.dfsr = fault.fsr;
			vcpu->cp15.far = fault.far;
			vcpu_inject_trap(vcpu, TRAP_DABT);
			return TRAP_RESUME;
		}
		if (!store)
			value |= byte << (8 * i);
	}
	ldrt_strt_done(vcpu, word, va, value);
	return TRAP_NEXT_POLL; /* it may have been a device */
}

/**
 * LDRT and STRT with an immediate offset, which is post-indexed always. Where the hardware itself
 * checks the rights of User mode the VMM executes the access; everything else takes the long way.
 */
static enum trap_outcome ldrt_strt(struct vcpu *vcpu, uint32_t word)
{
	const unsigned rn = bits(word, 19, 16), rt = bits(word, 15, 12);
	const uint32_t va = vcpu->frame.r[rn];
	uint32_t value = vcpu->frame.r[rt];

	if ((va & 3u) && !bit(word, 22) && (vcpu->mmu.sctlr & SCTLR_A) && vcpu->completes_unaligned)
		return ldrt_strt_unaligned(vcpu, word, va);
	if (!user_transfer(vcpu, word, va, &value)) {
		/* The next access to the page, as a rule one word further, shall not come here. */
		if (!guest_fill_user(vcpu, va, !bit(word, 20)) ||
		    !user_transfer(vcpu, word, va, &value))
			return emulate_mem_checked(vcpu, word);
		ldrt_strt_done(vcpu, word, va, value);
		return vcpu->pv_page ? TRAP_NEXT_POLL
				     : TRAP_NEXT; /* what was filled may need pv_settle() */
	}
	return ldrt_strt_done(vcpu, word, va, value);
}

/**
 * The lowest address of an LDM or STM, if all its words lie in one KiB: the smallest page, so that
 * only the first access can abort. The addresses are aligned.
 */
static bool multiple_in_one_page(const struct vcpu *vcpu, uint32_t word, unsigned count,
				 uint32_t *va)
{
	const uint32_t base = vcpu->frame.r[bits(word, 19, 16)];

	/* P and U: 11 increment before, 01 after, 10 decrement before, 00 after (ARM ARM, A5.4). */
	*va = bit(word, 23) ? base : base - 4 * count;
	if (bit(word, 24) == bit(word, 23))
		*va += 4;
	return !(*va & 3u) && (*va & 0x3ffu) + 4 * count <= 0x400u;
}

/*
 * LDM and STM of several registers with ^, as Linux uses them at each entry and return. The access
 * has the rights of the current mode; User rights are never more, so where they suffice the VMM
 * executes it. The rest takes the long way. For the two lists with handlers of their own, the
 * registers are where they are needed already.
 */

/** LDM of some register up to r12, all that follow, sp and lr: the return to a program. */
static enum trap_outcome ldm_user_to_lr(struct vcpu *vcpu, uint32_t word)
{
	const unsigned first = (unsigned)__builtin_ctz(word & 0x7fffu);
	const unsigned shared = 13 - first;
	uint32_t banked[2];
	uint32_t va;

	if (vcpu_mode(vcpu) == PSR_MODE_FIQ || !vcpu_has_spsr(vcpu) ||
	    !multiple_in_one_page(vcpu, word, shared + 2, &va) ||
	    !user_load_words(va + 4 * shared, banked, 2) ||
	    !user_load_words(va, &vcpu->frame.r[first], shared))
		return emulate_mem_checked(vcpu, word);
	vcpu->bank_r13[BANK_USR] = banked[0];
	vcpu->bank_r14[BANK_USR] = banked[1];
	return TRAP_NEXT;
}

/** STM of User mode's sp and lr: the system call of a program. */
static enum trap_outcome stm_user_sp_lr(struct vcpu *vcpu, uint32_t word)
{
	const uint32_t banked[2] = { vcpu->bank_r13[BANK_USR], vcpu->bank_r14[BANK_USR] };
	uint32_t va;

	if (!vcpu_has_spsr(vcpu) || !multiple_in_one_page(vcpu, word, 2, &va) ||
	    !user_store_words(va, banked, 2))
		return emulate_mem_checked(vcpu, word);
	return TRAP_NEXT;
}

/** LDM of registers of the current mode and pc: the return from an exception. */
static enum trap_outcome ldm_exception_return(struct vcpu *vcpu, uint32_t word)
{
	const uint32_t list = word & 0x7fffu;
	const unsigned count = (unsigned)__builtin_popcount(list) + 1;
	uint32_t words[16];
	uint32_t va;
	unsigned n = 0;

	if (!multiple_in_one_page(vcpu, word, count, &va) || !user_load_words(va, words, count))
		return emulate_mem_checked(vcpu, word);
	for (uint32_t left = list; left != 0; left &= left - 1u)
		vcpu->frame.r[__builtin_ctz(left)] = words[n++];
	return proxy_exception_return(vcpu, words[n]);
}

/** LDRT, STRT and their byte forms. */
struct proxy proxy_decode_ldrt(uint32_t word)
{
	const unsigned rn = bits(word, 19, 16), rt = bits(word, 15, 12);

	/* Register offsets, pc and base = destination take the long way. */
	if (bit(word, 25) || rn == 15 || rt == 15 || rn == rt)
		return (struct proxy){ .emulate = emulate_mem_checked, .arg = word };
	return (struct proxy){ .emulate = ldrt_strt, .arg = word };
}

/** LDM and STM with ^. */
struct proxy proxy_decode_multiple(uint32_t word)
{
	const bool plain = !bit(word, 21) && bits(word, 19, 16) != 15; /* no write-back */
	const uint32_t list = word & 0xffffu;

	/* Without its lowest one a row of ones ends in lr: r<n> to r12, sp, lr. */
	if (plain && bit(word, 20) && (list & 0x1fffu) && list + (list & -list) == 0x8000u)
		return (struct proxy){ .emulate = ldm_user_to_lr, .arg = word };
	if (plain && !bit(word, 20) && list == 0x6000u)
		return (struct proxy){ .emulate = stm_user_sp_lr, .arg = word };
	if (plain && bit(word, 20) && bit(list, 15))
		return (struct proxy){ .emulate = ldm_exception_return, .arg = word };
	return (struct proxy){ .emulate = emulate_mem_checked, .arg = word };
}
