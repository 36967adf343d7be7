// SPDX-License-Identifier: Apache-2.0
#include "vmm/start/boot_told.h"

#include "vmm/start/boot_params.h"

/** Fills in *@p place, which has been zeroed, if the @p length bytes at @p params say something of it. */
void boot_told(const void *params, size_t length, struct boot_place *place)
{
	uint32_t words[BOOT_PARAMS_RECORD_WORDS];

	if (!boot_params_record(params, length, words))
		return;
	place->medium = words[0];
	place->area[0] = words[1];
	place->area[1] = words[2];
	place->area_size = words[3];
	place->attempt = words[4];
}
