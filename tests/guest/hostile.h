/* SPDX-License-Identifier: Apache-2.0 */
/* What hostile_attack.c and hostile_pv.c share: a table of attacks, of which a program makes one. */
#ifndef TESTS_GUEST_HOSTILE_H
#define TESTS_GUEST_HOSTILE_H

#include <stdint.h>

struct attack {
	const char *name;
	void (*run)(void);
};

/* clang-format off */
#define ATTACK(name) { #name, name }
/* clang-format on */

void hostile_attack(const struct attack *attacks, unsigned count);
uint32_t next_random(void);

#endif
