/* SPDX-License-Identifier: Apache-2.0 */
#include "net/remote/pl110_guard.h"

#include "vmm/lib/bits.h"

#define WORD        4u
#define PIXEL_BYTES 4u /* at most */
#define PALETTE_END (PL110_PALETTE + PL110_PALETTE_SIZE)

/* Not among them: the registers for tests of the chip. */
const struct server_range pl110_ranges[4] = {
	{ 0, PL110_END, REMOTE_WIDTH_4, REMOTE_READ | REMOTE_WRITE },
	{ PL110_PALETTE, PL110_PALETTE_SIZE, REMOTE_WIDTH_4, REMOTE_READ | REMOTE_WRITE },
	{ PL110_COLOURS, WORD, REMOTE_WIDTH_4, REMOTE_READ | REMOTE_WRITE },
	{ PL110_ID, PL110_ID_SIZE, REMOTE_WIDTH_4, REMOTE_READ },
};

static uint32_t place(const struct pl110_guard *guard, uint32_t offset)
{
	return guard->is_swapped ? pl110_swap(offset) : offset;
}

/** The most that the controller reads from a base address on: whatever a pixel has, whatever it is for. */
static uint32_t picture_size(const uint32_t timing[2])
{
	const uint32_t columns = 16u * (bits(timing[0], 7, 2) + 1u);
	const uint32_t rows = bits(timing[1], 9, 0) + 1u;

	return columns * rows * PIXEL_BYTES;
}

/** Whether both pictures lie in the memory, of which they begin at @p base. */
static bool is_inside(const struct pl110_guard *guard, const uint32_t timing[2],
		      const uint32_t base[2])
{
	const uint32_t size = picture_size(timing);

	return size <= guard->size && base[0] <= guard->size - size &&
	       base[1] <= guard->size - size;
}

/** What is behind the controller is to take colours in this order, if it can. */
static enum remote_result set_order(struct pl110_guard *guard, uint32_t order)
{
	if (order >= 32u || !bit(guard->orders, order))
		return REMOTE_REFUSED;
	guard->order = (uint8_t)order;
	guard->show(order);
	return REMOTE_OK;
}

/** Takes the controller over, whoever had it: it is off, and both addresses are in the memory. */
bool pl110_guard_init(struct pl110_guard *guard, const struct server_window *window)
{
	static const uint8_t order[] = { PL110_CONTROL, PL110_IMSC,   PL110_TIMING0,
					 PL110_TIMING1, PL110_UPBASE, PL110_LPBASE };
	bool is_good = true;

	for (unsigned i = 0; i < sizeof(order); i++) {
		const bool is_base = order[i] == PL110_UPBASE || order[i] == PL110_LPBASE;

		is_good &= guard->store(window, place(guard, order[i]), WORD,
					is_base ? guard->here : 0) == REMOTE_OK;
	}
	guard->timing[0] = guard->timing[1] = 0;
	guard->base[0] = guard->base[1] = 0;
	guard->is_on = false;
	if (bit(guard->orders, 0))
		(void)set_order(guard, 0);
	return is_good && is_inside(guard, guard->timing, guard->base);
}

/** A word of the controller; addresses of this board's are shown as the user's. */
enum remote_result pl110_guard_read(const struct pl110_guard *guard,
				    const struct server_window *window, uint32_t offset,
				    unsigned width, uint32_t *value)
{
	enum remote_result result;
	const bool is_base = offset == PL110_UPBASE || offset == PL110_LPBASE;

	if (offset == PL110_COLOURS) {
		*value = guard->order;
		return REMOTE_OK;
	}
	result = guard->load(window, place(guard, offset), width, value);
	if (result == REMOTE_OK && (is_base || (offset >= PL110_CURRENT && offset < PL110_END)) &&
	    *value - guard->here <= guard->size)
		*value += guard->user - guard->here;
	return result;
}

/** A word to the controller. Refused, and nothing is done, if it would read elsewhere by that. */
enum remote_result pl110_guard_write(struct pl110_guard *guard, const struct server_window *window,
				     uint32_t offset, unsigned width, uint32_t value)
{
	uint32_t timing[2] = { guard->timing[0], guard->timing[1] };
	uint32_t base[2] = { guard->base[0], guard->base[1] };
	enum remote_result result;

	if (width != WORD)
		return REMOTE_REFUSED;
	switch (offset) {
	case PL110_COLOURS:
		return set_order(guard, value);
	case PL110_TIMING0:
	case PL110_TIMING1:
		/* While it reads, it may still be at a picture that began elsewhere. */
		if (guard->is_on && value != timing[offset / 4u])
			return REMOTE_REFUSED;
		timing[offset / 4u] = value;
		break;
	case PL110_UPBASE:
	case PL110_LPBASE:
		value -= guard->user;
		base[(offset - PL110_UPBASE) / 4u] = value;
		value += guard->here;
		break;
	case PL110_CONTROL:
		result = guard->store(window, place(guard, offset), width, value);
		if (result == REMOTE_OK)
			guard->is_on = value & PL110_ENABLE;
		return result;
	default:
		return guard->store(window, place(guard, offset), width, value);
	}
	if (!is_inside(guard, timing, base))
		return REMOTE_REFUSED;
	result = guard->store(window, offset, width, value);
	if (result != REMOTE_OK)
		return result;
	for (unsigned n = 0; n < 2; n++) {
		guard->timing[n] = timing[n];
		guard->base[n] = base[n];
	}
	return REMOTE_OK;
}
