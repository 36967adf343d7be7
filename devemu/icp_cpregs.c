/* SPDX-License-Identifier: Apache-2.0 */
#include "devemu/icp_cpregs.h"

#include "devemu/backend.h"
#include "devemu/icp_cm_regs.h"

#define CP_ID         0x41034003u
#define CP_DECODE_CP  0x11u

static const struct reg_passthrough *board_regs(const struct device *dev)
{
	const struct system_backend *system = dev->backend;

	return system ? system->board : 0;
}

static void icp_cpregs_reset(struct device *dev)
{
	struct icp_cpregs_state *s = dev->state;

	s->flashprog = 0;
}

static uint32_t icp_cpregs_read(struct device *dev, uint32_t offset, unsigned size)
{
	const struct icp_cpregs_state *s = dev->state;
	const struct reg_passthrough *board = board_regs(dev);

	switch (offset) {
	case ICP_CP_IDFIELD:
		return CP_ID;
	case ICP_CP_FLASHPROG:
		return s->flashprog;
	case ICP_CP_INTREG:
		return board ? board->read(board, ICP_CP_INTREG) &
				       (ICP_CP_INTREG_WPROT | ICP_CP_INTREG_LATCHES)
			     : 0;
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
	const struct reg_passthrough *board = board_regs(dev);

	switch (offset) {
	case ICP_CP_FLASHPROG:
		s->flashprog = value & ICP_CP_FLASHPROG_WRITABLE;
		break;
	case ICP_CP_INTREG:
		/* Clears latches of interrupts that belong to this VM: nothing else can be done with it. */
		if (board)
			board->write(board, ICP_CP_INTREG, value & ICP_CP_INTREG_LATCHES);
		break;
	case ICP_CP_DECODE:
		break;
	default:
		device_guest_error(dev, offset);
		break;
	}
}

const struct device_ops icp_cpregs_ops = {
	.name = "icp-cpregs",
	.state_size = sizeof(struct icp_cpregs_state),
	.reset = icp_cpregs_reset,
	.read = icp_cpregs_read,
	.write = icp_cpregs_write,
};
