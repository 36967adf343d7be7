/* SPDX-License-Identifier: Apache-2.0 */
#include "devemu/sp810.h"

#include "devemu/backend.h"

/* ARM DDI 0254B, table 3-1 */
#define SP810_CTRL     0x000
#define SP810_SYSSTAT  0x004 /* a write asks for a reset */
#define SP810_IMCTRL   0x008
#define SP810_IMSTAT   0x00c
#define SP810_XTALCTRL 0x010
#define SP810_PLLCTRL  0x014
#define SP810_PLLFCTRL 0x018
#define SP810_PERCTRL0 0x01c
#define SP810_PERCTRL1 0x020
#define SP810_PEREN    0x024
#define SP810_PERDIS   0x028
#define SP810_PERCLKEN 0x02c
#define SP810_PERSTAT  0x030

#define CTRL_MODE   0x7u  /* what is asked for */
#define CTRL_STATUS 0x78u /* what the controller is in */

static const uint8_t ids[PRIMECELL_ID_SIZE] = { 0x10, 0x18, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

/** The mode is entered at once: the highest bit asked for (DDI 0254B, 2.2.1). */
static uint32_t with_status(uint32_t ctrl)
{
	const uint32_t mode = ctrl & CTRL_MODE;
	const uint32_t status = mode & 4u ? 4u : mode & 2u ? 2u : mode & 1u;

	return (ctrl & ~CTRL_STATUS) | status << 3;
}

static void ask_reset(const struct device *dev)
{
	const struct system_backend *system = dev->backend;

	if (system && system->power)
		system->power->reset(system->power);
}

static void sp810_reset(struct device *dev)
{
	struct sp810_state *s = dev->state;

	*s = (struct sp810_state){ .ctrl = with_status(1) };
}

static uint32_t sp810_read(struct device *dev, uint32_t offset, unsigned size)
{
	const struct sp810_state *s = dev->state;

	switch (offset) {
	case SP810_CTRL:
		return s->ctrl;
	case SP810_SYSSTAT:
		return 0;
	case SP810_IMCTRL:
		return s->imctrl;
	case SP810_IMSTAT:
		return s->imstat;
	case SP810_XTALCTRL:
		return s->xtalctrl;
	case SP810_PLLCTRL:
		return s->pllctrl;
	case SP810_PLLFCTRL:
		return s->pllfctrl;
	case SP810_PERCTRL0:
		return s->perctrl[0];
	case SP810_PERCTRL1:
		return s->perctrl[1];
	case SP810_PERCLKEN:
	case SP810_PERSTAT:
		return s->peren;
	default:
		return device_read_id(dev, ids, offset);
	}
}

static void sp810_write(struct device *dev, uint32_t offset, uint32_t value, unsigned size)
{
	struct sp810_state *s = dev->state;

	switch (offset) {
	case SP810_CTRL:
		s->ctrl = with_status(value);
		break;
	case SP810_SYSSTAT:
		ask_reset(dev);
		break;
	case SP810_IMCTRL:
		s->imctrl = value;
		break;
	case SP810_IMSTAT:
		s->imstat = value & 1u;
		break;
	case SP810_XTALCTRL:
		s->xtalctrl = value;
		break;
	case SP810_PLLCTRL:
		s->pllctrl = value;
		break;
	case SP810_PLLFCTRL:
		s->pllfctrl = value;
		break;
	case SP810_PERCTRL0:
		s->perctrl[0] = value;
		break;
	case SP810_PERCTRL1:
		s->perctrl[1] = value;
		break;
	case SP810_PEREN:
		s->peren |= value;
		break;
	case SP810_PERDIS:
		s->peren &= ~value;
		break;
	default:
		device_guest_error(dev, offset);
		break;
	}
}

const struct device_ops sp810_ops = {
	.name = "sp810",
	.state_size = sizeof(struct sp810_state),
	.reset = sp810_reset,
	.read = sp810_read,
	.write = sp810_write,
};
