/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest of test_shadow_random.c: random page tables, and random sequences of what a guest can
 * do about them. It also keeps the list of entries that a real ARM926EJ-S may still hold in its
 * TLB, because the guest has changed them in memory and not yet invalidated them ("stale").
 *
 * The guest may announce what it does (domain/shadow_announce.h): then its directories agree on the
 * kernel's slots, and what it has changed is announced late, but before it relies on it. Or it
 * announces, and lies about everything.
 */
#ifndef TESTS_HOST_SHADOW_GUEST_H
#define TESTS_HOST_SHADOW_GUEST_H

#include "tests/host/core_machine.h"

/** Of a guest that announces. */
#define SHADOW_GUEST_LIMIT  0xbf000000u /* from here on, addresses are the kernel's */
#define SHADOW_GUEST_LINEAR 0xd0000000u /* where its RAM is linearly mapped */

/** The most coarse tables there is room for. */
#define SHADOW_COARSE_MAX 192u

/** How one sequence is driven. */
struct shadow_plan {
	unsigned dirs, coarse, slots, domains, steps, check_every;
	unsigned edits;  /* of 1000 steps, those that change tables */
	unsigned resets; /* ... and those after which everything is forgotten, as a rule */
	bool announces, lies;
};

/** The machine, with a guest's tables in it and its MMU on. */
void shadow_guest_start(const struct shadow_plan *plan);

/**
 * One thing a guest does about its tables, MMU registers or mode. false: it is a memory access's
 * turn, which is the caller's.
 */
bool shadow_guest_act(void);

/** An address to access. */
uint32_t shadow_guest_va(void);

/** Announces the first-level descriptors that are due. */
void shadow_guest_announce_tables(void);

/** The page directory that the guest has started with, and copies when it makes others. */
uint32_t shadow_guest_first_dir(void);

/** The stale entries, @p count of them. */
const struct ref_entry *shadow_guest_stale(unsigned *count);
/** Nothing is stale any more: something has emptied the real CPU's TLB. */
void shadow_guest_tlb_empty(void);

#endif
