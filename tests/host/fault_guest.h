/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest of test_fault_random.c: random page tables, a random view of them (mode, MMU registers,
 * FCSE), addresses worth a try; and what its own MMU says of an access, by tests/host/ref_mmu.h.
 *
 * It invalidates its TLB after each change of its tables, so nothing may be out of date. It may also
 * be one that announces each change (domain/shadow_announce.h).
 */
#ifndef TESTS_HOST_FAULT_GUEST_H
#define TESTS_HOST_FAULT_GUEST_H

#include "tests/host/core_machine.h"

/** Where its code is, physically and, with the MMU on, virtually: in a section all can read. */
#define FAULT_CODE    0x00270000u
#define FAULT_CODE_VA 0x30070000u

/** The machine, with this guest's tables in it and its MMU on. */
void fault_guest_make(bool announces);
/** Changes its mode, one of its MMU registers or its tables. */
void fault_guest_change(void);
/** An address to access; now and then one of the VMM's, or near the last one. */
uint32_t fault_guest_va(void);

/** What is to come of an access. */
struct fault_expected {
	unsigned status; /* 0 or the fault status */
	uint32_t physical;
	enum machine_bus bus;
	uint8_t *host;
};
struct fault_expected fault_guest_expect(uint32_t va, bool write, bool fetch);

bool fault_in_vmm(uint32_t va);

#endif
