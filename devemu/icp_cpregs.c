/* SPDX-License-Identifier: Apache-2.0 */
#include "devemu/icp_cpregs.h"

#include "devemu/backend.h"
#include "devemu/icp_cm_regs.h"

#define CP_ID        0x41034003u
#define CP_DECODE_CP 0x11u

/* The contacts of the slot are looked at this long after a reset: 1 ms of guest time. */
#define CARD_DEBOUNCE (CLOCK_HZ / 1000)

static const struct reg_passthrough *board_regs(const struct device *dev)
{
	const struct system_backend *system = dev->backend;

	return system ? system->board : 0;
}

static void update_irq(struct device *dev)
{
	const struct icp_cpregs_state *s = dev->state;

	device_set_irq(dev, 0, s->card_latch);
}

static uint32_t read_intreg(const struct device *dev)
{
	const struct icp_cpregs_state *s = dev->state;
	const struct reg_passthrough *board = board_regs(dev);
	uint32_t value = s->card_latch ? ICP_CP_INTREG_CARDIN : 0;

	if (board)
		value |= board->read(board, ICP_CP_INTREG) &
			 (ICP_CP_INTREG_WPROT | ICP_CP_INTREG_RI);
	return value;
}

/** Clears latches; those of the board too, so that it can report the next event. */
static void write_intreg(struct device *dev, uint32_t value)
{
	const struct reg_passthrough *board = board_regs(dev);
	struct icp_cpregs_state *s = dev->state;

	if (value & ICP_CP_INTREG_CARDIN)
		s->card_latch = false;
	if (board)
		board->write(board, ICP_CP_INTREG,
			     value & (ICP_CP_INTREG_RI | ICP_CP_INTREG_CARDIN));
	update_irq(dev);
}

static void icp_cpregs_reset(struct device *dev)
{
	struct icp_cpregs_state *s = dev->state;

	s->flashprog = 0;
	s->card_latch = false;
	update_irq(dev);
	/* Guest time starts at 0 with the reset. */
	dev->clock->set_deadline(dev->clock, dev, s->card_seen ? CARD_DEBOUNCE : CLOCK_NEVER);
}

static void icp_cpregs_deadline(struct device *dev)
{
	struct icp_cpregs_state *s = dev->state;

	s->card_latch = true;
	update_irq(dev);
}

static uint32_t icp_cpregs_read(struct device *dev, uint32_t offset, unsigned size)
{
	const struct icp_cpregs_state *s = dev->state;

	switch (offset) {
	case ICP_CP_IDFIELD:
		return CP_ID;
	case ICP_CP_FLASHPROG:
		return s->flashprog;
	case ICP_CP_INTREG:
		return read_intreg(dev);
	case ICP_CP_DECODE:
		return CP_DECODE_CP;
	default:
		device_guest_error(dev, offset);
		return 0;
	}
}

static void icp_cpregs_write(struct device *dev, uint32_t offset, uint32_t value, unsigned size)
{
	struct icp_cpregs_state *s = dev->state;

	switch (offset) {
	case ICP_CP_FLASHPROG:
		s->flashprog = value & ICP_CP_FLASHPROG_WRITABLE;
		break;
	case ICP_CP_INTREG:
		write_intreg(dev, value);
		break;
	case ICP_CP_DECODE:
		break;
	default:
		device_guest_error(dev, offset);
		break;
	}
}

/** The board's interrupt. That it ends says nothing: it ends when its latch is cleared. */
static void icp_cpregs_set_input(struct device *dev, unsigned input, bool level)
{
	struct icp_cpregs_state *s = dev->state;

	if (!level)
		return;
	s->card_seen = true;
	s->card_latch = true;
	update_irq(dev);
}

const struct device_ops icp_cpregs_ops = {
	.name = "icp-cpregs",
	.state_size = sizeof(struct icp_cpregs_state),
	.reset = icp_cpregs_reset,
	.read = icp_cpregs_read,
	.write = icp_cpregs_write,
	.deadline = icp_cpregs_deadline,
	.set_input = icp_cpregs_set_input,
};
