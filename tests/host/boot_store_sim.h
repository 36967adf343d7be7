/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Storage for a boot record that loses its power at a write that is chosen: NOR flash, which clears the
 * bits of a word, or some of them, and whose blocks are anything when they were being erased; or a card,
 * whose sector is then old, new, or a mixture.
 */
#ifndef TESTS_HOST_BOOT_STORE_SIM_H
#define TESTS_HOST_BOOT_STORE_SIM_H

#include "vmm/slots/boot_record.h"

#include <setjmp.h>

#define SIM_PLACES   10u
#define SIM_AREA_MAX (SIM_PLACES * 512u)
#define SIM_NEVER    0xffffffffu
#define SIM_CUTS_MAX 2u
#define SIM_VARIANTS 4u

struct sim {
	struct boot_store store; /* first: the same pointer */
	bool is_card;
	uint8_t area[BOOT_AREAS][SIM_AREA_MAX];
	bool is_unstable[BOOT_AREAS]; /* it reads differently each time */
	uint32_t writes;              /* so far */
	uint32_t cut[SIM_CUTS_MAX];   /* the writes that the power fails at */
	uint32_t variant;             /* how the write tears */
	uint32_t seed;
	uint32_t erased[BOOT_AREAS];
	jmp_buf off; /* where the board goes then */
};

void sim_init(struct sim *sim, bool is_card, uint32_t seed);
/** One write, of anything: true if the power fails at it. */
bool sim_write_fails(struct sim *sim);
/** The board is off: does not return. */
void sim_power_off(struct sim *sim) __attribute__((noreturn));
uint32_t sim_random(struct sim *sim);

#endif
