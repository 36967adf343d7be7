/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/host/boot_store_sim.h"

#include "tests/xorshift.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

uint32_t sim_random(struct sim *sim)
{
	return xorshift32(&sim->seed);
}

bool sim_write_fails(struct sim *sim)
{
	const uint32_t n = sim->writes++;

	for (unsigned i = 0; i < SIM_CUTS_MAX; i++)
		if (sim->cut[i] == n)
			return true;
	return false;
}

void sim_power_off(struct sim *sim)
{
	longjmp(sim->off, 1);
}

static struct sim *sim_of(const struct boot_store *store)
{
	return (struct sim *)(uintptr_t)store;
}

static bool read_entry(const struct boot_store *store, uint32_t area, uint32_t offset, void *entry)
{
	struct sim *const sim = sim_of(store);
	uint8_t *const to = entry;

	assert_true(area < BOOT_AREAS && offset % store->stride == 0 &&
		    offset + BOOT_ENTRY_SIZE <= store->area_size);
	memcpy(to, sim->area[area] + offset, BOOT_ENTRY_SIZE);
	if (sim->is_unstable[area])
		for (unsigned i = 0; i < BOOT_ENTRY_SIZE; i++)
			if (sim_random(sim) & 1)
				to[i] = (uint8_t)(to[i] | sim_random(sim));
	return true;
}

/** A word of flash: only zeros are programmed; without power to the end, some of them. */
static void program_flash(struct sim *sim, uint8_t *at, const uint8_t *entry)
{
	bool is_cut = false;

	for (unsigned i = 0; i < BOOT_ENTRY_SIZE; i += 4) {
		const bool fails = sim_write_fails(sim);
		/* In variants 2 and 3 the chip programs its buffer in an order of its own. */
		const bool torn = fails || (is_cut && sim->variant >= 2);

		is_cut |= fails;
		if (is_cut && !torn)
			break;
		for (unsigned n = i; n < i + 4; n++) {
			uint8_t kept = 0;

			if (torn && sim->variant == 1)
				kept = 0xff; /* nothing was programmed yet */
			else if (torn)
				kept = (uint8_t)sim_random(sim);
			at[n] &= entry[n] | kept;
		}
	}
	if (is_cut)
		sim_power_off(sim);
}

static void write_sector(struct sim *sim, uint8_t *at, const uint8_t *sector)
{
	if (!sim_write_fails(sim)) {
		memcpy(at, sector, 512);
		return;
	}
	switch (sim->variant) {
	case 0: /* the card has written it, but could not say so */
		memcpy(at, sector, 512);
		break;
	case 1:
		memcpy(at, sector, sim_random(sim) % 512);
		break;
	case 2: /* a mixture, in pieces of 4 */
		for (unsigned i = 0; i < 512; i += 4)
			if (sim_random(sim) & 1)
				memcpy(at + i, sector + i, 4);
		break;
	default:
		for (unsigned i = 0; i < 512; i++)
			at[i] = (uint8_t)sim_random(sim);
		break;
	}
	sim_power_off(sim);
}

static bool program(const struct boot_store *store, uint32_t area, uint32_t offset,
		    const void *entry)
{
	struct sim *const sim = sim_of(store);
	uint8_t sector[512] = { 0 };

	assert_true(area < BOOT_AREAS && offset % store->stride == 0 &&
		    offset + BOOT_ENTRY_SIZE <= store->area_size);
	assert_false(sim->is_unstable[area]);
	memcpy(sector, entry, BOOT_ENTRY_SIZE);
	if (sim->is_card)
		write_sector(sim, sim->area[area] + offset, sector);
	else
		program_flash(sim, sim->area[area] + offset, entry);
	return true;
}

static bool erase(const struct boot_store *store, uint32_t area)
{
	struct sim *const sim = sim_of(store);
	uint8_t ones[512];

	assert_true(area < BOOT_AREAS);
	sim->erased[area]++;
	memset(ones, 0xff, sizeof(ones));
	if (sim->is_card) {
		for (uint32_t at = 0; at < store->area_size; at += 512)
			write_sector(sim, sim->area[area] + at, ones);
		return true;
	}
	if (!sim_write_fails(sim)) {
		memset(sim->area[area], 0xff, SIM_AREA_MAX);
		sim->is_unstable[area] = false;
		return true;
	}
	for (unsigned i = 0; i < SIM_AREA_MAX; i++) {
		uint8_t *const at = &sim->area[area][i];

		if (sim->variant == 0) /* not begun */
			break;
		if (sim->variant == 1) /* all ones, but not for long */
			*at = 0xff;
		else
			*at = (uint8_t)(*at | sim_random(sim));
		if (sim->variant == 3)
			*at = (uint8_t)(*at & sim_random(sim)); /* before, all is programmed */
	}
	sim->is_unstable[area] = sim->variant != 0;
	sim_power_off(sim);
}

void sim_init(struct sim *sim, bool is_card, uint32_t seed)
{
	memset(sim, 0, sizeof(*sim));
	memset(sim->area, 0xff, sizeof(sim->area));
	sim->is_card = is_card;
	sim->seed = seed * 2654435761u | 1u;
	sim->store = (struct boot_store){ .stride = is_card ? 512 : BOOT_ENTRY_SIZE,
					  .read = read_entry,
					  .program = program,
					  .erase = erase };
	sim->store.area_size = SIM_PLACES * sim->store.stride;
	for (unsigned i = 0; i < SIM_CUTS_MAX; i++)
		sim->cut[i] = SIM_NEVER;
}
