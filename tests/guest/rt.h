/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The real-time guest: what its interrupt handler in assembly and its task in C agree on, and the
 * settings that scripts/rt_latency changes in the program's file.
 */
#ifndef TESTS_GUEST_RT_H
#define TESTS_GUEST_RT_H

#define RT_MAGIC 0x52544731 /* "RTG1": the first word of rt_settings */

#ifndef __ASSEMBLER__

#include <stdint.h>

struct rt_settings {
	uint32_t magic;
	uint32_t period;  /* microseconds */
	uint32_t periods; /* how many of them */
};

extern const volatile struct rt_settings rt_settings;

void rt_interrupt(void);
void rt_tick(uint32_t value);

#endif
#endif
