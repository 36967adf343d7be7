/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PL110 that another board uses (ARM DDI 0161): it reads pictures from memory by itself, so what is
 * written to its registers is looked at here. Its two base addresses are those of the user's memory, and
 * are translated into the piece of memory that was granted; whatever the other registers say, a picture
 * lies in it as a whole, with four bytes for each pixel. Its size is set while the controller is off, as the
 * manual wants it.
 *
 * How the colours of a pixel lie on the controller's outputs is not known to it, but to what is between it
 * and the display. That is told by a register beside its own: the user's board has it elsewhere, and another one.
 *
 * In frames its registers are where ARM's manual has them. The Versatile/PB's has LCDControl and LCDIMSC
 * in each other's place (ARM DUI 0225): is_swapped, on either side.
 */
#ifndef NET_REMOTE_PL110_GUARD_H
#define NET_REMOTE_PL110_GUARD_H

#include "net/remote/server.h"

#define PL110_TIMING0      0x00u
#define PL110_TIMING1      0x04u
#define PL110_UPBASE       0x10u
#define PL110_LPBASE       0x14u
#define PL110_IMSC         0x18u
#define PL110_CONTROL      0x1cu
#define PL110_ENABLE       0x1u  /* in LCDControl */
#define PL110_CURRENT      0x28u /* of the PL110, and ... */
#define PL110_END          0x34u /* ... of the PL111: what is being read now, up to here */
#define PL110_PALETTE      0x200u
#define PL110_PALETTE_SIZE 0x200u
#define PL110_COLOURS      0xfd0u /* none of the controller's: what is behind it */
#define PL110_ID           0xfe0u
#define PL110_ID_SIZE      0x20u

struct pl110_guard {
	/* Given: how the registers are reached, and the memory. */
	enum remote_result (*load)(const struct server_window *window, uint32_t offset,
				   unsigned width, uint32_t *value);
	enum remote_result (*store)(const struct server_window *window, uint32_t offset,
				    unsigned width, uint32_t value);
	uint32_t user; /* its address for the user's devices */
	uint32_t here; /* ... and for this board's */
	uint32_t size;
	bool is_swapped;
	uint32_t orders; /* bit n: what is behind it can do order n of colours, and ... */
	void (*show)(unsigned order); /* ... does */

	/* What the controller has. */
	uint32_t timing[2];
	uint32_t base[2]; /* from the beginning of the memory */
	bool is_on;
	uint8_t order;
};

/** The registers that may be used. */
extern const struct server_range pl110_ranges[4];

static inline uint32_t pl110_swap(uint32_t offset)
{
	return (offset & ~4u) == PL110_IMSC ? offset ^ 4u : offset;
}

bool pl110_guard_init(struct pl110_guard *guard, const struct server_window *window);
enum remote_result pl110_guard_read(const struct pl110_guard *guard,
				    const struct server_window *window, uint32_t offset,
				    unsigned width, uint32_t *value);
enum remote_result pl110_guard_write(struct pl110_guard *guard, const struct server_window *window,
				     uint32_t offset, unsigned width, uint32_t value);

#endif
