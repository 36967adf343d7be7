/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/host/pv_fixture.h"

#include <stdlib.h>
#include <string.h>

uint8_t *page;

/** A guest that describes itself by @p info, after its reset; the page is what the VMM makes of it. */
void pv_fixture_start(const struct pv_info *info)
{
	machine_init();
	machine_map_usual();
	if (!page)
		page = aligned_alloc(16, PAGE_SIZE);
	memset(page, 0xa5, PAGE_SIZE);
	machine.vcpu.pv_page = page;
	machine.vcpu.pv = *info;
	vcpu_reset(&machine.vcpu);
}

uint32_t field(unsigned at)
{
	uint32_t word;

	memcpy(&word, page + at, 4);
	return word;
}

void set_field(unsigned at, uint32_t word)
{
	memcpy(page + at, &word, 4);
}
