/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/guest/hostile.h"

#include "tests/guest/guest.h"
#include "tests/guest/irq.h"
#include "tests/guest/tap.h"
#include "tests/xorshift.h"

extern uint32_t hostile_seed[]; /* its address is the number of the attack */

/** Makes the attack of this program, of a table of @p count. */
void hostile_attack(const struct attack *attacks, unsigned count)
{
	const unsigned number = addr(hostile_seed);

	if (number < 1 || number > count)
		tap_bail_out("no attack %u", number);
	tap_printf("# %s\n", attacks[number - 1].name);
	irq_init();
	attacks[number - 1].run();
}

uint32_t next_random(void)
{
	static uint32_t state = 0x12345678;

	return xorshift32(&state);
}
