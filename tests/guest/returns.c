/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/guest/returns.h"

#include "tests/guest/tap.h"

typedef uint32_t (*return_function)(uint32_t spsr, uint32_t a, uint32_t b, uint32_t flags);

static const uint8_t modes[] = {
	PSR_MODE_SVC, PSR_MODE_SYS, PSR_MODE_FIQ, PSR_MODE_IRQ, PSR_MODE_ABT, PSR_MODE_UND,
};

void returns_restore_spsr(const struct return_case *cases, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		for (unsigned m = 0; m < sizeof(modes); m++) {
			const uint32_t spsr = modes[m] | PSR_MASKED | (i * 5 + m) << 27;
			const return_function run = (return_function)addr(cases[i].run);

			tap_case("%s, spsr 0x%x", cases[i].text, spsr);
			EXPECT_EQ(spsr, run(spsr, cases[i].a, cases[i].b, cases[i].flags));
		}
}
