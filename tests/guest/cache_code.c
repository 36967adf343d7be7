/* SPDX-License-Identifier: Apache-2.0 */
/* Code that is written and then run, by every way the manual allows (ARM ARM, B2.6; TRM, 4.1). */
#include "tests/guest/cache_ops.h"
#include "tests/guest/mmu.h"
#include "tests/guest/tap.h"

#define AT(n) (0x2000u + CACHE_LINE * (n))

#define EOR_R0(n) (0xe2200000u | (n)) /* eor r0, r0, #n */

GUEST_TEST(code_runs_as_written_after_each_pair_of_operations)
{
	caches_on();
	for (unsigned d = 0; d < D_CLEANING; d++) {
		for (unsigned i = 0; i < I_INVALIDATING; i++) {
			const uint32_t code = NAME_A + AT(d * I_INVALIDATING + i);

			tap_case("%s, %s", d_cleaning[d].name, i_invalidating[i].name);
			for (uint32_t n = 1; n < 4; n++) {
				read32(code); /* the line is there, and gets dirty */
				code_write(code, MOV_R0(n));
				d_cleaning[d].at(code);
				drain_write_buffer();
				i_invalidating[i].at(code);
				EXPECT_EQ(n, code_run(code));
				EXPECT_EQ(n, code_run(code));
			}
		}
	}
	caches_off();
}

/* Instruction fetches do not look into the write buffer. */
GUEST_TEST(code_runs_as_written_after_a_drain)
{
	static const struct {
		const char *name;
		uint32_t va;
	} stores[] = {
		{ "write-back, a miss", NAME_A },
		{ "write-through", NAME_THROUGH },
		{ "buffered", NAME_BUFFERED },
		{ "neither", NAME_PLAIN },
	};

	caches_on();
	for (unsigned s = 0; s < sizeof(stores) / sizeof(stores[0]); s++) {
		for (uint32_t n = 1; n < 4; n++) {
			const uint32_t at = AT(s * 4 + n);

			tap_case("%s", stores[s].name);
			code_write(stores[s].va + at, MOV_R0(n + 0x10));
			drain_write_buffer();
			i_line_invalidate(NAME_A + at);
			EXPECT_EQ(n + 0x10, code_run(NAME_A + at));
			code_write(stores[s].va + at, MOV_R0(n + 0x20));
			drain_write_buffer();
			i_line_invalidate(NAME_A + at);
			EXPECT_EQ(n + 0x20, code_run(NAME_A + at));
		}
	}
	caches_off();
}

/*
 * Stores r0 at r1, drains, and runs what was stored, which is at r2 as well. It runs in cached
 * memory and in registers: an access to memory that is not cached would drain the buffer.
 */
static const uint32_t store_drain_run[] = {
	0xe5810000, /* str r0, [r1] */
	0xee070f9a, /* mcr p15, 0, r0, c7, c10, 4: drain write buffer */
	0xee072f35, /* mcr p15, 0, r2, c7, c5, 1: invalidate I line */
	0xe12fff12, /* bx r2 */
};

GUEST_TEST(a_drain_is_all_it_takes)
{
	static const uint32_t names[] = { NAME_A, NAME_THROUGH, NAME_BUFFERED };
	const uint32_t routine = 0x7000;

	caches_on();
	for (uint32_t i = 0; i < 4; i++)
		write32(NAME_PLAIN + routine + 4 * i, store_drain_run[i]);
	i_line_invalidate(NAME_B + routine);
	for (uint32_t s = 0; s < 3; s++) {
		const uint32_t at = 0x6000 + AT(s);

		tap_case("name 0x%x", names[s]);
		code_write(NAME_PLAIN + at, MOV_R0(0));
		for (uint32_t n = 1; n < 8; n++) {
			run_code4(PSR_MODE_SVC | PSR_MASKED, NAME_B + routine,
				  (const uint32_t[4]){ MOV_R0(n), names[s] + at, NAME_B + at });
			EXPECT_EQ(KIND_RETURNED, seen.kind);
			EXPECT_EQ(n, seen.r[0]);
		}
	}
	caches_off();
}

/* The data cache never held the code under the name it runs at, so nothing is to be done there. */
GUEST_TEST(code_written_under_another_name_runs)
{
	caches_on();
	for (unsigned i = 0; i < I_INVALIDATING; i++) {
		for (uint32_t n = 1; n < 4; n++) {
			tap_case("%s", i_invalidating[i].name);
			read32(NAME_B + AT(i));
			code_write(NAME_B + AT(i), MOV_R0(n));
			d_line_clean(NAME_B + AT(i));
			drain_write_buffer();
			i_invalidating[i].at(NAME_A + AT(i));
			EXPECT_EQ(n, code_run(NAME_A + AT(i)));
		}
	}
	caches_off();
}

/* The same with instructions that trap: who reads them as data leaves a line behind. */
GUEST_TEST(a_sensitive_instruction_that_was_replaced_is_the_new_one)
{
	caches_on();
	for (unsigned i = 0; i < I_INVALIDATING; i++) {
		const uint32_t at = 0x3000 + AT(i);

		for (unsigned n = 0; n < 4; n++) {
			const bool ttbr = n & 1;

			tap_case("%s", i_invalidating[i].name);
			read32(NAME_B + at);
			code_write(NAME_B + at, ttbr ? MRC_TTBR : MRC_DACR);
			d_line_clean(NAME_B + at);
			drain_write_buffer();
			i_invalidating[i].at(NAME_A + at);
			EXPECT_EQ(ttbr ? ttbr_read() : dacr_read(), code_run(NAME_A + at));
		}
	}
	caches_off();
}

/* Code and data in one line, which is in both caches. */
GUEST_TEST(data_beside_code_in_one_line_can_change)
{
	const uint32_t at = NAME_A + 0x5000;

	caches_on();
	read32(at);
	code_write(at, 0xe59f0000); /* ldr r0, [pc]: the word at 8 */
	for (uint32_t n = 1; n < 4; n++) {
		write32(at + 8, n);
		if (n == 1) {
			d_line_clean(at);
			drain_write_buffer();
			i_line_invalidate(at);
		}
		EXPECT_EQ(n, code_run(at));
	}
	caches_off();
}

GUEST_TEST(code_larger_than_the_cache_runs)
{
	const uint32_t at = NAME_A + 0x10000;
	const uint32_t words = 0xa000 / 4;

	caches_on();
	for (uint32_t n = 1; n < 3; n++) {
		uint32_t expected = 0;

		write32(at, MOV_R0(0));
		for (uint32_t i = 1; i < words - 1; i++) {
			write32(at + 4 * i, EOR_R0((i + n) & 0xffu));
			expected ^= (i + n) & 0xffu;
		}
		write32(at + 4 * (words - 1), RETURN);
		for (uint32_t line = at; line < at + 4 * words; line += CACHE_LINE) {
			d_line_clean(line);
			i_line_invalidate(line);
		}
		drain_write_buffer();
		EXPECT_EQ(expected, code_run(at));
	}
	caches_off();
}
