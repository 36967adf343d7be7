/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guests with paravirtual code: the page that they share with the VMM (vcpu/pv_abi.h), and when the
 * fast paths of arch/arm/fastpath.S may be taken.
 */
#ifndef VCPU_PV_H
#define VCPU_PV_H

#include "domain/shadow.h"
#include "vcpu/vcpu.h"

#include <stdbool.h>
#include <stdint.h>

void pv_follow_dacr(struct vcpu *vcpu);

/**
 * The shadow, told of the virtual CPU's level and DACR: the fast paths change these without a word.
 * All of vcpu/ goes through here.
 */
static inline struct shadow *vcpu_shadow(struct vcpu *vcpu)
{
	if (vcpu->pv_page) { /* nobody else has fast paths */
		vcpu->shadow->privileged = vcpu_privileged(vcpu);
		vcpu->shadow->pv_open = vcpu_pv_open(vcpu);
		if (vcpu->mmu.dacr != vcpu->pv_settled_dacr)
			pv_follow_dacr(vcpu);
	}
	return vcpu->shadow;
}

/** Whether the real domains are still what pv_settle() has made the fast paths of. */
static inline bool pv_is_settled(const struct vcpu *vcpu)
{
	return vcpu->pv_settled_epoch == vcpu->shadow->view_epoch;
}

/** A word of the page, which is open. */
static inline volatile uint32_t *pv_word(const struct vcpu *vcpu, unsigned field)
{
	return (volatile uint32_t *)(vcpu->pv_page + field);
}

/* pv.c: the guest's own description, and the fast paths */
bool pv_info_ok(const struct pv_info *info, uint32_t guest_memory);
void pv_reset(struct vcpu *vcpu);
void pv_settle(struct vcpu *vcpu);
void pv_expect_retry(struct vcpu *vcpu, bool expected);
bool pv_user_rights(const struct vcpu *vcpu, uint32_t va);
bool pv_code_translation(struct vcpu *vcpu, uint32_t va, struct guest_translation *t);
bool pv_is_user_stub(const struct vcpu *vcpu);
bool pv_user_stub_site(const struct vcpu *vcpu, uint32_t *site);
enum trap_outcome pv_user_stub_unaligned(struct vcpu *vcpu);

void pv_clean_now(struct vcpu *vcpu);

/**
 * Before anything may come to lead to a page by another address than it was written at: an entry, or a
 * translation for an access of the VMM's.
 */
static inline void pv_clean_late(struct vcpu *vcpu)
{
	if (vcpu->unclean)
		pv_clean_now(vcpu);
}

/* pv_page.c */
void pv_page_reset(struct vcpu *vcpu);
void pv_set(struct vcpu *vcpu, unsigned field, uint32_t value);
void pv_follow_mode(struct vcpu *vcpu);
void pv_take_log(struct vcpu *vcpu);
bool pv_is_page(const struct vcpu *vcpu, uint32_t va);
bool pv_ctl_broken(const struct vcpu *vcpu);
void pv_access(struct vcpu *vcpu, uint32_t va, unsigned size, bool write, uint32_t *value);
enum trap_outcome pv_page_trap(struct vcpu *vcpu);

/* pv_entry.c */
void pv_show_fault(struct vcpu *vcpu, enum trap_kind kind);
bool pv_return(struct vcpu *vcpu);
bool pv_inject(struct vcpu *vcpu, enum trap_kind kind);
bool pv_inject_program_abort(struct vcpu *vcpu, enum trap_kind kind, bool store);
bool pv_retry(struct vcpu *vcpu);

/** Whether the guest says between which two values its DACR changes. */
static inline bool pv_has_dacr_pair(const struct pv_info *pv)
{
	return pv->call_dacr != pv->return_dacr;
}

/* pv_dacr.c, and pv_follow_dacr() */
void pv_dacr_proxies(struct proxy *table, const struct pv_info *info);
bool pv_settle_dacr(struct vcpu *vcpu);
void pv_set_dacr(struct vcpu *vcpu, uint32_t value);

#endif
