/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of guests with paravirtual code share: a vCPU with a page at PV_PAGE, and its words. */
#ifndef TESTS_HOST_PV_FIXTURE_H
#define TESTS_HOST_PV_FIXTURE_H

#include "tests/host/core_machine.h"

#include "vcpu/pv_abi.h"

#define PAGE_SIZE 4096u
#define FLAGS     (PSR_N | PSR_Z | PSR_C | PSR_V | PSR_Q)

/** The page; of its size exactly: what is beyond it, the sanitizer sees. */
extern uint8_t *page;

void pv_fixture_start(const struct pv_info *info);

uint32_t field(unsigned at);
void set_field(unsigned at, uint32_t word);

#endif
