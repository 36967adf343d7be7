/* SPDX-License-Identifier: Apache-2.0 */
#include "devemu/vpb_sysregs.h"

#include "devemu/backend.h"
#include "devemu/timer_rate.h"
#include "devemu/vpb_sysregs_regs.h"

#define SYS_ID_PB926   0x41007004u
#define SYS_PROCID0_CT 0x02000000u
#define SYS_PROCID1_NO 0xff000000u /* no logic tile */
#define SYS_CLCD_ID    0x00001f00u /* VGA */
#define SYS_CLCD_FIXED 0x00003f00u

static const struct reg_passthrough *board_regs(const struct device *dev)
{
	const struct system_backend *system = dev->backend;

	return system ? system->board : 0;
}

static uint32_t board_read(const struct device *dev, uint32_t offset)
{
	const struct reg_passthrough *board = board_regs(dev);

	return board ? board->read(board, offset) : 0;
}

static void board_write(const struct device *dev, uint32_t offset, uint32_t value)
{
	const struct reg_passthrough *board = board_regs(dev);

	if (board)
		board->write(board, offset, value);
}

static bool is_locked(const struct vpb_sysregs_state *s)
{
	return s->lock != VPB_SYS_LOCK_KEY;
}

static void set_resetctl(struct device *dev, uint32_t value)
{
	const struct system_backend *system = dev->backend;
	struct vpb_sysregs_state *s = dev->state;

	if (is_locked(s))
		return;
	s->resetctl = value;
	if ((value & VPB_SYS_RESETCTL_RESET) && system && system->power)
		system->power->reset(system->power);
}

static void set_clcd(struct device *dev, uint32_t value)
{
	struct vpb_sysregs_state *s = dev->state;

	s->clcd = (s->clcd & SYS_CLCD_FIXED) | (value & ~SYS_CLCD_FIXED);
	system_show_colours(dev->backend, s->clcd & VPB_SYS_CLCD_MODE);
}

static void vpb_sysregs_reset(struct device *dev)
{
	struct vpb_sysregs_state *s = dev->state;

	*s = (struct vpb_sysregs_state){ .clcd = SYS_CLCD_ID, .nvflags = s->nvflags };
	board_write(dev, VPB_SYS_LED, 0);
	board_write(dev, VPB_SYS_LOCK, 0);
	board_write(dev, VPB_SYS_FLAGSCLR, 0xffffffffu);
	set_clcd(dev, 0);
}

static uint32_t vpb_sysregs_read(struct device *dev, uint32_t offset, unsigned size)
{
	const struct vpb_sysregs_state *s = dev->state;

	switch (offset) {
	case VPB_SYS_24MHZ:
		return (uint32_t)dev->clock->now(dev->clock);
	case VPB_SYS_100HZ:
		return (uint32_t)(div24(dev->clock->now(dev->clock)) / 10000u);
	case VPB_SYS_ID:
		return SYS_ID_PB926;
	case VPB_SYS_SW:
	case VPB_SYS_MCI:
		return board_read(dev, offset);
	case VPB_SYS_LED:
		return s->led;
	case VPB_SYS_LOCK:
		return s->lock;
	case VPB_SYS_CFGDATA1:
		return s->cfgdata[0];
	case VPB_SYS_CFGDATA2:
		return s->cfgdata[1];
	case VPB_SYS_FLAGS:
		return s->flags;
	case VPB_SYS_NVFLAGS:
		return s->nvflags;
	case VPB_SYS_RESETCTL:
		return s->resetctl;
	case VPB_SYS_FLASH:
		return s->flash;
	case VPB_SYS_CLCD:
		return s->clcd;
	case VPB_SYS_PROCID0:
		return SYS_PROCID0_CT;
	case VPB_SYS_PROCID1:
		return SYS_PROCID1_NO;
	case VPB_SYS_PCICTL: /* there is no PCI backplane in the VM */
	case VPB_SYS_CLCDSER:
	case VPB_SYS_BOOTCS:
	case VPB_SYS_MISC:
		return 0;
	default:
		if (offset >= VPB_SYS_OSC0 && offset <= VPB_SYS_OSC4)
			return s->osc[(offset - VPB_SYS_OSC0) / 4u];
		if ((offset >= VPB_SYS_DMAPSR0 && offset <= VPB_SYS_DMAPSR2) ||
		    (offset >= VPB_SYS_OSCRESET0 && offset <= VPB_SYS_OSCRESET4) ||
		    (offset >= VPB_SYS_TEST_OSC0 && offset <= VPB_SYS_TEST_OSC4))
			return 0;
		device_guest_error(dev, offset);
		return 0;
	}
}

static void vpb_sysregs_write(struct device *dev, uint32_t offset, uint32_t value, unsigned size)
{
	struct vpb_sysregs_state *s = dev->state;

	switch (offset) {
	case VPB_SYS_LED:
		s->led = value;
		board_write(dev, offset, value);
		break;
	case VPB_SYS_LOCK:
		/* Opens nothing to the guest on the board: its writes end here. */
		s->lock = value == VPB_SYS_LOCK_KEY ? value : value & 0x7fffu;
		board_write(dev, offset, s->lock);
		break;
	case VPB_SYS_CFGDATA1:
		s->cfgdata[0] = value;
		break;
	case VPB_SYS_CFGDATA2:
		s->cfgdata[1] = value;
		break;
	case VPB_SYS_FLAGS:
		s->flags |= value;
		board_write(dev, offset, value);
		break;
	case VPB_SYS_FLAGSCLR:
		s->flags &= ~value;
		board_write(dev, offset, value);
		break;
	case VPB_SYS_NVFLAGS:
		s->nvflags |= value;
		board_write(dev, offset, value);
		break;
	case VPB_SYS_NVFLAGSCLR:
		s->nvflags &= ~value;
		board_write(dev, offset, value);
		break;
	case VPB_SYS_RESETCTL:
		set_resetctl(dev, value);
		break;
	case VPB_SYS_FLASH:
		/* Write enable: the board's flash stays protected. */
		s->flash = value & 1u;
		break;
	case VPB_SYS_CLCD:
		set_clcd(dev, value);
		break;
	case VPB_SYS_PCICTL:
	case VPB_SYS_MCI:
	case VPB_SYS_CLCDSER:
	case VPB_SYS_MISC:
		break;
	default:
		if (offset >= VPB_SYS_OSC0 && offset <= VPB_SYS_OSC4) {
			/* Clocks are the board's: the VM's registers are only remembered. */
			if (!is_locked(s))
				s->osc[(offset - VPB_SYS_OSC0) / 4u] = value;
		} else if (!((offset >= VPB_SYS_DMAPSR0 && offset <= VPB_SYS_DMAPSR2) ||
			     (offset >= VPB_SYS_OSCRESET0 && offset <= VPB_SYS_OSCRESET4))) {
			device_guest_error(dev, offset);
		}
		break;
	}
}

const struct device_ops vpb_sysregs_ops = {
	.name = "vpb-sysregs",
	.state_size = sizeof(struct vpb_sysregs_state),
	.reset = vpb_sysregs_reset,
	.read = vpb_sysregs_read,
	.write = vpb_sysregs_write,
};
