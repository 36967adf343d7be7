/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzer: a PL110 of this board, and a peer that writes anything to it, at a bus that fails now and then.
 * Promised: what the controller would read, by its registers as they are, lies in the memory that was
 * granted, after each step.
 */
#include "net/remote/pl110_guard.h"
#include "tests/host/fuzz.h"

#include <string.h>

static uint32_t chip[0x1000 / 4];
static bool fails;

static enum remote_result chip_read(const struct server_window *w, uint32_t offset, unsigned width,
				    uint32_t *value)
{
	*value = chip[offset / 4];
	return fails ? REMOTE_BUS_ERROR : REMOTE_OK;
}

static enum remote_result chip_write(const struct server_window *w, uint32_t offset, unsigned width,
				     uint32_t value)
{
	REQUIRE(width == 4 && offset < sizeof(chip));
	if (!fails)
		chip[offset / 4] = value;
	return fails ? REMOTE_BUS_ERROR : REMOTE_OK;
}

static const struct server_window window = { .name = "screen" };

struct step {
	uint8_t offset; /* in words, of the first 64 */
	uint8_t how;
	uint8_t value[4];
};

static void check(const struct pl110_guard *guard)
{
	const uint64_t size = 16ull * ((chip[0] >> 2 & 0x3f) + 1) * ((chip[1] & 0x3ff) + 1) * 4;

	for (unsigned n = 4; n <= 5; n++)
		REQUIRE(chip[n] >= guard->here &&
			chip[n] + size <= (uint64_t)guard->here + guard->size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pl110_guard guard = { .load = chip_read,
				     .store = chip_write,
				     .user = 0x02200000,
				     .here = 0x05300000,
				     .size = 0x00200000 };
	uint32_t last[2] = { 0 };

	memset(chip, 0xff, sizeof(chip));
	fails = false;
	guard.is_swapped = size & 1;
	REQUIRE(pl110_guard_init(&guard, &window));
	for (; size >= sizeof(struct step);
	     data += sizeof(struct step), size -= sizeof(struct step)) {
		const uint32_t offset = data[0] % 64u * 4u;
		const uint32_t control = guard.is_swapped ? 6 : 7;
		const bool was_on = chip[control] & 1u;
		uint32_t value;

		memcpy(&value, data + 2, 4);
		if (data[1] & 1)
			value = guard.user + value % (2 * guard.size);
		if (data[1] & 2)
			value &= 0xfff;
		fails = (data[1] & 0x38) == 0x38;
		memcpy(last, chip, sizeof(last));
		(void)pl110_guard_write(&guard, &window, offset, data[1] & 0x40 ? 2 : 4, value);
		(void)pl110_guard_read(&guard, &window, offset, 4, &value);
		check(&guard);
		REQUIRE(!was_on || fails || memcmp(last, chip, sizeof(last)) == 0);
	}
	return 0;
}
