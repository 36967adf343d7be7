/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/host/shadow_fixture.h"

#include "arch/arm/sctlr.h"
#include "tests/host/shadow_invariants.h"
#include "vcpu/guest_mem.h"

void shadow_fixture_mmu_on(void)
{
	machine_mcr(MCR_DACR, 0x55555555);
	machine_mcr(MCR_TTBR, DIR_A);
	machine_mcr(MCR_SCTLR, SCTLR_M | SCTLR_C | SCTLR_V | SCTLR_R);
}

int shadow_fixture_check(void **state)
{
	return shadow_invariants_hold(&machine.shadow) ? 0 : -1;
}

void set_mode(unsigned mode)
{
	vcpu_set_mode_bits(&machine.vcpu, mode);
}

/** What an access that aborts leads to, for as long as it leads to anything. */
enum shadow_result touch(uint32_t va, bool write)
{
	const bool privileged = vcpu_privileged(&machine.vcpu);
	struct guest_translation t;
	struct guest_fault fault;
	const struct mem_region *region;

	guest_found_nothing(&machine.vcpu);
	region = guest_translate(&machine.vcpu, va, privileged, write, &t, &fault);
	assert_non_null(region);
	return shadow_fill(&machine.shadow, gva(va), &t, region,
			   write ? RIGHTS_WRITE : RIGHTS_READ);
}

/** Whether the hardware lets an access through as it is. */
bool reaches(uint32_t va, bool write)
{
	uint32_t at;

	return machine_access(va, write, &at) == 0;
}

/** The host address @p va leads to. */
uint32_t host_of(uint32_t va)
{
	uint32_t at;

	assert_int_equal(machine_access(va, false, &at), 0);
	return at;
}
