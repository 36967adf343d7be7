/* SPDX-License-Identifier: Apache-2.0 */
#include "devemu/icp_cm.h"

#include "devemu/backend.h"
#include "devemu/icp_cm_regs.h"
#include "devemu/icp_pic_regs.h"
#include "vmm/lib/bits.h"

#define CM_ID_CP   0x411a3001u /* Integrator/CP core module */
#define CM_STAT    0x00100000u /* no module above, SSRAM present */
#define SPD_LENGTH 128u

static void update_irq(struct device *dev)
{
	const struct icp_cm_state *s = dev->state;

	device_set_irq(dev, ICP_CM_WIRE_IRQ, icp_ic_irq(&s->ic));
	device_set_irq(dev, ICP_CM_WIRE_FIQ, icp_ic_fiq(&s->ic));
}

static uint32_t ram_size(const struct device *dev)
{
	const struct system_backend *system = dev->backend;

	return system ? system->ram_size : 0;
}

/** The size in units of 4 MiB, as the largest power of two that is there; at least 1. */
static uint32_t ram_density(const struct device *dev)
{
	const uint32_t units = ram_size(dev) / (4u * MIB);

	return units ? BIT(31u - (unsigned)__builtin_clz(units)) : 1u;
}

/** CM_SDRAM: CAS latency 2, 4 banks, and the size (DUI 0159B, table 3-15). */
static uint32_t sdram_control(const struct device *dev)
{
	const uint32_t size = ram_size(dev);
	uint32_t code = 0;

	for (uint32_t step = 32u * MIB; code < 4 && size >= step; step *= 2)
		code++;
	return 0x00011122u | (code << 2);
}

/** One byte of the module's identification, as the JEDEC standard for SDRAM DIMMs lays it out. */
static uint8_t spd_byte(const struct device *dev, uint32_t n)
{
	static const uint8_t standard[] = {
		[0] = SPD_LENGTH, [1] = 8,     /* 128 of 256 bytes used */
		[2] = 4,                       /* SDRAM */
		[3] = 11,         [4] = 9,     /* row and column address lines */
		[5] = 1,                       /* one physical bank */
		[6] = 64,         [8] = 1,     /* 64 bits wide, LVTTL */
		[9] = 0xa0,       [10] = 0xa0, /* 10 ns cycle and access */
		[13] = 8,                      /* devices are 8 bits wide */
		[15] = 1,         [16] = 0x0e, [17] = 4, [18] = 0x06, [19] = 1, [20] = 1,
	};

	if (n == 31)
		return (uint8_t)ram_density(dev);
	return n < sizeof(standard) ? standard[n] : 0;
}

static uint32_t spd_word(const struct device *dev, uint32_t n)
{
	return (uint32_t)spd_byte(dev, n) | (uint32_t)spd_byte(dev, n + 1) << 8 |
	       (uint32_t)spd_byte(dev, n + 2) << 16 | (uint32_t)spd_byte(dev, n + 3) << 24;
}

/** The core module's multiplexer: all that is not 5:5:5 has eight bits of each colour. */
static void show_colours(struct device *dev)
{
	const struct icp_cm_state *s = dev->state;

	system_show_colours(dev->backend,
			    (s->ctrl & ICP_CM_CTRL_LCDMUX) == ICP_CM_CTRL_LCDMUX_VGA555);
}

static void set_ctrl(struct device *dev, uint32_t value)
{
	const struct system_backend *system = dev->backend;
	struct icp_cm_state *s = dev->state;

	/* The VM has RAM at 0 whatever the remap bit says; the reset bit reads as 0. */
	s->ctrl = value & (ICP_CM_CTRL_LED | ICP_CM_CTRL_REMAP | ICP_CM_CTRL_LCD);
	show_colours(dev);
	if ((value & ICP_CM_CTRL_RESET) && system && system->power)
		system->power->reset(system->power);
}

static bool is_ic(uint32_t offset)
{
	return offset >= ICP_CM_IC && offset < ICP_CM_IC + ICP_PIC_SIZE;
}

static void icp_cm_reset(struct device *dev)
{
	struct icp_cm_state *s = dev->state;

	icp_ic_reset(&s->ic);
	s->osc = 0x01000048;
	s->ctrl = 0;
	s->lock = 0;
	s->auxosc = 0x0007feff;
	s->sdram = sdram_control(dev);
	s->init = 0x00000112;
	s->flags = 0;
	show_colours(dev);
	update_irq(dev);
}

static __attribute__((noinline)) uint32_t read_any(struct device *dev, uint32_t offset)
{
	const struct icp_cm_state *s = dev->state;
	uint32_t value;

	switch (offset) {
	case ICP_CM_REFCNT:
		return (uint32_t)dev->clock->now(dev->clock);
	case ICP_CM_ID:
		return CM_ID_CP;
	case ICP_CM_PROC:
		return 0;
	case ICP_CM_OSC:
		return s->osc;
	case ICP_CM_CTRL:
		return s->ctrl;
	case ICP_CM_STAT:
		return CM_STAT;
	case ICP_CM_LOCK:
		return s->lock == ICP_CM_LOCK_KEY ? s->lock | ICP_CM_LOCK_OPENED : s->lock;
	case ICP_CM_LMBUSCNT:
		/* Cycles of the memory bus: the VM's runs at the reference clock. */
		return (uint32_t)dev->clock->now(dev->clock);
	case ICP_CM_AUXOSC:
		return s->auxosc;
	case ICP_CM_SDRAM:
		return s->sdram;
	case ICP_CM_INIT:
		return s->init;
	case ICP_CM_FLAGS:
		return s->flags;
	case ICP_CM_NVFLAGS:
		return s->nvflags;
	case ICP_CM_VOLTAGE0:
	case ICP_CM_VOLTAGE0 + 4:
	case ICP_CM_VOLTAGE0 + 8:
	case ICP_CM_VOLTAGE0 + 12:
		return 0;
	default:
		if (offset >= ICP_CM_SPD && offset < ICP_CM_SPD_END)
			return spd_word(dev, offset - ICP_CM_SPD);
		if (is_ic(offset) && icp_ic_read(&s->ic, offset - ICP_CM_IC, &value))
			return value;
		device_guest_error(dev, offset);
		return 0;
	}
}

/* Linux asks all interrupt controllers at each interrupt. */
static uint32_t icp_cm_read(struct device *dev, uint32_t offset, unsigned size)
{
	const struct icp_cm_state *s = dev->state;

	return offset == ICP_CM_IC + ICP_PIC_IRQ_STATUS ? icp_ic_irq_status(&s->ic)
							: read_any(dev, offset);
}

static void icp_cm_write(struct device *dev, uint32_t offset, uint32_t value, unsigned size)
{
	struct icp_cm_state *s = dev->state;

	switch (offset) {
	case ICP_CM_OSC:
		/* Clocks are the board's: the VM's registers are only remembered. */
		if (s->lock == ICP_CM_LOCK_KEY)
			s->osc = value;
		break;
	case ICP_CM_CTRL:
		set_ctrl(dev, value);
		break;
	case ICP_CM_LOCK:
		s->lock = value & 0xffffu;
		break;
	case ICP_CM_AUXOSC:
		if (s->lock == ICP_CM_LOCK_KEY)
			s->auxosc = value;
		break;
	case ICP_CM_SDRAM:
		s->sdram = value;
		break;
	case ICP_CM_INIT:
		s->init = value;
		break;
	case ICP_CM_FLAGS:
		s->flags |= value;
		break;
	case ICP_CM_FLAGSCLR:
		s->flags &= ~value;
		break;
	case ICP_CM_NVFLAGS:
		s->nvflags |= value;
		break;
	case ICP_CM_NVFLAGSCLR:
		s->nvflags &= ~value;
		break;
	case ICP_CM_VOLTAGE0:
	case ICP_CM_VOLTAGE0 + 4:
	case ICP_CM_VOLTAGE0 + 8:
	case ICP_CM_VOLTAGE0 + 12:
		break;
	default:
		if (is_ic(offset) && icp_ic_write(&s->ic, offset - ICP_CM_IC, value))
			update_irq(dev);
		else
			device_guest_error(dev, offset);
		break;
	}
}

static void icp_cm_set_input(struct device *dev, unsigned input, bool level)
{
	struct icp_cm_state *s = dev->state;

	icp_ic_set_line(&s->ic, input, level);
	update_irq(dev);
}

const struct device_ops icp_cm_ops = {
	.name = "icp-cm",
	.state_size = sizeof(struct icp_cm_state),
	.reset = icp_cm_reset,
	.read = icp_cm_read,
	.write = icp_cm_write,
	.set_input = icp_cm_set_input,
};
