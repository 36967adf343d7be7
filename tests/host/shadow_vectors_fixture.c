/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/host/shadow_vectors_fixture.h"

#include "arch/arm/sctlr.h"
#include "arch/arm/user_access.h"
#include "domain/shadow_announce.h"
#include "vcpu/guest_mem.h"

static struct vcpu *const vcpu = &machine.vcpu;
static struct shadow *const sh = &machine.shadow;

enum shadow_result touch(uint32_t va, bool write)
{
	struct guest_translation t;
	struct guest_fault fault;
	const struct mem_region *region;

	guest_found_nothing(vcpu);
	region = guest_translate(vcpu, va, vcpu_privileged(vcpu), write, &t, &fault);
	assert_non_null(region);
	return shadow_fill(sh, gva(va), &t, region, write ? RIGHTS_WRITE : RIGHTS_READ);
}

bool reaches(uint32_t va, bool write)
{
	uint32_t at;

	return machine_access(va, write, &at) == 0;
}

/** What a load of the guest finds, if the hardware lets it. */
uint32_t load(uint32_t va)
{
	uint32_t word;

	assert_true(user_load32(va, &word));
	return word;
}

void set_dacr(uint32_t dacr)
{
	machine_mcr(MCR_DACR, dacr);
}

void set_pte(uint32_t at, uint32_t value)
{
	const uint32_t va = at + LINEAR;

	guest_set_word(at, value);
	shadow_ptes_changed(sh, &va, 1);
}

void set_pmd(uint32_t at, uint32_t value)
{
	guest_set_word(at, value);
	shadow_tables_written(sh, at + LINEAR, 4);
}

/** A kernel and a program in slot 0, as its first words for the vectors say. */
int start_guest(bool announces)
{
	machine_init();
	machine_map_usual();
	if (announces)
		shadow_set_pv(sh, &(struct shadow_pv){ .announces = true,
						       .linear_offset = LINEAR,
						       .user_limit = LIMIT,
						       .ram = machine.mem.region[0] });
	for (unsigned i = 0; i < 2; i++) {
		const uint32_t dir = i ? DIR_B : DIR;

		guest_set_word(dir, L1(PROGRAM, 1u));
		guest_set_word(dir + 0xfff * 4, L1(HIGH, 2u));
		for (unsigned mib = 0; mib < 2; mib++)
			guest_set_word(dir + ((LINEAR >> 20) + mib) * 4,
				       mib << 20 | AP_PRIV << 10 | 0x1e);
	}
	guest_set_word(PROGRAM + 0x60 * 4, PAGE(CODE, AP_USER_RW));
	guest_set_word(HIGH + 0xf0 * 4, PAGE(VECTOR, AP_USER_RO));
	guest_set_word(HIGH + 0xf1 * 4, PAGE(STUBS, AP_PRIV));
	for (uint32_t at = 0; at < 0x1000; at += 4) {
		guest_set_word(VECTOR + at, 0x10000000 | at);
		guest_set_word(OTHER + at, 0x20000000 | at);
	}
	set_dacr(OPEN);
	machine_mcr(MCR_TTBR, DIR);
	machine_mcr(MCR_SCTLR, SCTLR_M | SCTLR_C | SCTLR_V);
	assert_int_equal(touch(LINEAR, false), SHADOW_FILLED);
	assert_int_equal(touch(LINEAR + VECTOR, true), SHADOW_FILLED);
	assert_int_equal(touch(PROGRAM_VA, true), SHADOW_FILLED);
	assert_true(reaches(LINEAR + VECTOR, true));
	assert_true(reaches(PROGRAM_VA, true));
	assert_false(sh->vectors_high);
	return 0;
}

/** The kernel closes its programs' domain, and somebody reads the vectors' last KiB. */
int start_shared(void **state)
{
	start_guest(true);
	set_dacr(CLOSED);
	assert_true(sh->vectors_shared);
	assert_int_equal(touch(TLS, false), SHADOW_FILLED);
	assert_int_equal(load(TLS), 0x10000ff0);
	return 0;
}

/** The VMM's vectors are low again, and stay there. */
void assert_given_up(void)
{
	assert_false(sh->vectors_high);
	assert_false(sh->vectors_shared);
	assert_false(machine.hw_vectors_high);
	set_dacr(OPEN);
	touch(PROGRAM_VA, false);
	set_dacr(CLOSED);
	assert_false(sh->vectors_shared); /* for good */
	assert_false(reaches(PROGRAM_VA, false));
}
