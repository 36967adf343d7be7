/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory system once more, without regard to speed and without a line of the model's: what a
 * core with caches and TLB that never have to evict would read, byte by byte. The random tests hold
 * the model's findings against its own. Only for the machine's tables and control register, MMU on.
 */
#ifndef TESTS_HOST_MEMSYS_NAIVE_H
#define TESTS_HOST_MEMSYS_NAIVE_H

#include "tests/host/memsys_machine.h"

/** How many findings of each kind the last call should have made. */
extern unsigned naive_expected[FINDING_KINDS];

void naive_start(void);
void naive_stop(void);
/* After the machine has done the same. */
void naive_store(uint32_t va, unsigned size);
void naive_load(uint32_t va, unsigned size);
void naive_fetch(uint32_t va, unsigned size);
void naive_mcr(unsigned crn, unsigned crm, unsigned opc2, uint32_t value);
void naive_test_and_clean(bool invalidate);

#endif
