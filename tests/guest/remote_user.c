/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Uses a PL031 of another board (tests/qemu/test_remote_cost.py), as a key at its console says:
 *
 *	r  reads a word a thousand times
 *	w  writes one a thousand times, and reads it
 *	m  writes eight words with one STM, a hundred times, and reads
 *	l  reads eight words with one LDM, a hundred times
 *	b  reads each byte and halfword of the identification
 *	n  does what is not allowed, which is an external abort
 */
#include "tests/guest/keys.h"
#include "tests/guest/probe.h"
#include "tests/guest/tap.h"

#define WINDOW ((volatile uint32_t *)0xe1000000u)
#define MATCH  1           /* RTCMR keeps what is written */
#define ID     1016u       /* the first of eight identification registers */
#define OTHER  0xe1001000u /* served to be read, and only its beginning */

static void read_words(void)
{
	uint32_t value = 0;

	WINDOW[MATCH] = 0x12345678;
	for (unsigned n = 0; n < 1000; n++)
		value = WINDOW[MATCH];
	tap_printf("# read %x\n", (unsigned)value);
}

static void write_words(void)
{
	for (uint32_t n = 0; n < 1000; n++)
		WINDOW[MATCH] = n;
	tap_printf("# wrote, and read %x\n", (unsigned)WINDOW[MATCH]);
}

static void write_blocks(void)
{
	for (unsigned n = 0; n < 100; n++)
		__asm__ volatile("mov r1, %1\n\tmov r2, #2\n\tmov r3, #3\n\tmov r4, #4\n\t"
				 "mov r5, #5\n\tmov r6, #6\n\tmov r7, #7\n\tmov r8, #0\n\t"
				 "stmia %0, {r1 - r8}"
				 :
				 : "r"(WINDOW + MATCH), "r"(n)
				 : "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "memory");
	tap_printf("# wrote blocks, and read %x\n", (unsigned)WINDOW[MATCH]);
}

static void read_blocks(void)
{
	uint32_t value[8] = { 0 };

	for (unsigned n = 0; n < 100; n++)
		__asm__ volatile("ldmia %0, {r1 - r8}\n\tstmia %1, {r1 - r8}"
				 :
				 : "r"(WINDOW + ID), "r"(value)
				 : "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "memory");
	tap_printf("# read %x %x %x %x %x %x %x %x\n", (unsigned)value[0], (unsigned)value[1],
		   (unsigned)value[2], (unsigned)value[3], (unsigned)value[4], (unsigned)value[5],
		   (unsigned)value[6], (unsigned)value[7]);
}

static void read_parts(void)
{
	const volatile uint8_t *const bytes = (const volatile uint8_t *)(WINDOW + MATCH);
	const volatile uint16_t *const halves = (const volatile uint16_t *)(WINDOW + MATCH);

	WINDOW[MATCH] = 0x44332211;
	tap_printf("# bytes %x %x %x %x, halves %x %x\n", bytes[0], bytes[1], bytes[2], bytes[3],
		   halves[0], halves[1]);
}

static void read_nothing(void)
{
	tap_printf("# status %x, of a write %x, of what is not served %x\n",
		   probe_status(KERNEL_LOAD, OTHER), probe_status(KERNEL_STORE, OTHER),
		   probe_status(KERNEL_LOAD, OTHER + 0x800));
}

static const struct {
	char key;
	void (*act)(void);
} deeds[] = {
	{ 'r', read_words },  { 'w', write_words }, { 'm', write_blocks },
	{ 'l', read_blocks }, { 'b', read_parts },  { 'n', read_nothing },
};

GUEST_TEST(it_does_as_it_is_told)
{
	for (;;) {
		char key;

		tap_printf("# waits for a key\n");
		key = next_key();
		for (unsigned i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++)
			if (deeds[i].key == key)
				deeds[i].act();
	}
}
