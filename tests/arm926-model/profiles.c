/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both profiles have a core at 200 MHz on an AHB at 100 MHz, 32 bits wide: two cycles of the core
 * for each of the bus. They stand for no certain board; docs/arm926-model.md, "Cycles", says what
 * follows from that.
 *
 * What every transfer begins with, in bus cycles: one to line the request up with the slower clock
 * and win arbitration (SYNC), one for the address phase (ADDRESS; AMBA Specification, ARM IHI 0011,
 * chapter 3). A line is a burst of eight, the word that missed first (ARM926EJ-S TRM, chapter 4);
 * half a line written back is a burst of four. A device hangs behind an AHB-to-APB bridge: set-up
 * and enable (the same, chapter 5) and one cycle for the bridge.
 */
#include "tests/arm926-model/profiles.h"

#include <stddef.h>
#include <string.h>

#define RATIO   2u /* cycles of the core to one of the bus */
#define SYNC    1u
#define ADDRESS 1u
#define WORD    1u
#define APB     3u

/*
 * SDRAM at 100 MHz, CAS latency 2: two cycles from opening a row to the command (tRCD 20 ns), two
 * from there to a read's first word (CL). Every burst opens its row: a controller that leaves rows
 * open saves RCD on some and pays a precharge on others. Precharge (tRP) and write recovery (tWR)
 * go by while the next request is on its way. One cycle for the controller itself.
 */
#define CONTROLLER 1u
#define RCD        2u
#define CAS        2u

#define READ(first, words)  (RATIO * (SYNC + ADDRESS + (first) + (words)*WORD))
#define WRITE(first, words) (RATIO * (ADDRESS + (first) + (words)*WORD))

#define SDRAM_READ  (CONTROLLER + RCD + CAS)
#define SDRAM_WRITE (CONTROLLER + RCD)

static const struct memory_profile profiles[] = {
	{
		.name = "sdram-100",
		.line_fill = READ(SDRAM_READ, 8),
		.critical_word = READ(SDRAM_READ, 1),
		.write_back = WRITE(SDRAM_WRITE, 4),
		.read_word = READ(SDRAM_READ, 1),
		.write_word = WRITE(SDRAM_WRITE, 1),
		.device_read = READ(APB, 0),
		.device_write = READ(APB, 0),
	},
	{
		.name = "sram", /* on the chip: answers in each bus cycle */
		.line_fill = READ(0, 8),
		.critical_word = READ(0, 1),
		.write_back = WRITE(0, 4),
		.read_word = READ(0, 1),
		.write_word = WRITE(0, 1),
		.device_read = READ(APB, 0),
		.device_write = READ(APB, 0),
	},
};

#define PROFILE_COUNT (sizeof profiles / sizeof profiles[0])

/** The profile of that name, or NULL. */
const struct memory_profile *profile_find(const char *name)
{
	for (size_t i = 0; i < PROFILE_COUNT; i++)
		if (!strcmp(profiles[i].name, name))
			return &profiles[i];
	return NULL;
}

/** The names there are, "a, b", for a message. */
const char *profile_names(void)
{
	static char names[64];

	if (names[0])
		return names;
	for (size_t i = 0; i < PROFILE_COUNT; i++) {
		if (i)
			strcat(names, ", ");
		strcat(names, profiles[i].name);
	}
	return names;
}

/** The one to take if nobody asks for another. */
const struct memory_profile *profile_default(void)
{
	return &profiles[0];
}
