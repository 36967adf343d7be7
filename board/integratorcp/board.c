/* SPDX-License-Identifier: Apache-2.0 */
/* ARM Integrator/CP with an ARM926EJ-S core module (ARM DUI 0159B). */
#include "board/board.h"

#include "board/boot_boards.h"
#include "board/drivers/drivers.h"
#include "devemu/hako_power.h"
#include "devemu/icp_cm.h"
#include "devemu/icp_cm_regs.h"
#include "devemu/icp_cpregs.h"
#include "devemu/icp_pic.h"
#include "devemu/icp_pic_regs.h"
#include "devemu/icp_timer.h"
#include "devemu/inert.h"
#include "devemu/pl011.h"
#include "vmm/lib/bits.h"

#define CM_IC (0x10000000 + ICP_CM_IC)

static const struct inert_params pl110 = {
	.id = { 0x10, 0x11, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1 },
};

/* What each of them lets a guest do to the board: docs/devices.md. */
static const struct board_window windows[] = {
	/* clang-format off */
	VM_MODEL("core module", 0x10000000, 4 * KIB, icp_cm_ops,
		 .backend = VM_BACKEND_SYSTEM,
		 .wire = { { VM_SINK_CPU, VM_CPU_IRQ(1) }, { VM_SINK_CPU, VM_CPU_FIQ(1) } }),
	VM_INERT("ebi", 0x12000000, 4 * KIB, 0),
	VM_MODEL("timers", 0x13000000, 4 * KIB, icp_timer_ops,
		 .wire = { { VM_SINK_PRIMARY, 5 }, { VM_SINK_PRIMARY, 6 }, { VM_SINK_PRIMARY, 7 } }),
	VM_MODEL("pic", 0x14000000, 4 * KIB, icp_pic_ops,
		 .backend = VM_BACKEND_IRQ, .is = VM_SINK_PRIMARY,
		 .wire = { { VM_SINK_CPU, VM_CPU_IRQ(0) }, { VM_SINK_CPU, VM_CPU_FIQ(0) } }),
	VM_DIRECT("rtc", 0x15000000, 4 * KIB),
	VM_MODEL("uart0", 0x16000000, 4 * KIB, pl011_ops,
		 .backend = VM_BACKEND_CONSOLE, .wire = { { VM_SINK_PRIMARY, 1 } }),
	VM_DIRECT("uart1", 0x17000000, 4 * KIB),
	VM_DIRECT("kmi0", 0x18000000, 4 * KIB),
	VM_DIRECT("kmi1", 0x19000000, 4 * KIB),
	VM_DIRECT("leds", 0x1a000000, 4 * KIB),
	VM_DIRECT("mmc", 0x1c000000, 4 * KIB),
	VM_DIRECT("aaci", 0x1d000000, 4 * KIB),
	VM_DIRECT("flash", 0x24000000, 32 * MIB),
	VM_INERT("lcd", 0xc0000000, 4 * KIB, &pl110),
	VM_DIRECT("ethernet", 0xc8000000, 4 * KIB),
	VM_DIRECT("gpio", 0xc9000000, 4 * KIB),
	VM_MODEL("sic", 0xca000000, 4 * KIB, icp_pic_ops,
		 .backend = VM_BACKEND_IRQ, .is = VM_SINK_SECONDARY,
		 .wire = { { VM_SINK_PRIMARY, 26 } }),
	VM_MODEL("cp control", 0xcb000000, 4 * KIB, icp_cpregs_ops,
		 .backend = VM_BACKEND_SYSTEM_BOARD, .follows = "mmc", .is = VM_SINK_CARD,
		 .wire = { { VM_SINK_SECONDARY, 3 } }),
	VM_MODEL("hako power", 0xf0000000, 4 * KIB, hako_power_ops,
		 .backend = VM_BACKEND_SYSTEM),
	/* clang-format on */
};

static const struct board_irq irqs[] = {
	/* clang-format off */
	{ 2, VM_SINK_PRIMARY, 2, "uart1" },        /* UART 1 */
	{ 3, VM_SINK_PRIMARY, 3, "kmi0" },         /* keyboard */
	{ 4, VM_SINK_PRIMARY, 4, "kmi1" },         /* mouse */
	{ 8, VM_SINK_PRIMARY, 8, "rtc" },          /* RTC alarm */
	{ 22, VM_SINK_PRIMARY, 22, "lcd" },        /* LCD controller */
	{ 23, VM_SINK_PRIMARY, 23, "mmc" },        /* SD card: command */
	{ 24, VM_SINK_PRIMARY, 24, "mmc" },        /* SD card: data */
	{ 25, VM_SINK_PRIMARY, 25, "aaci" },       /* audio */
	{ 27, VM_SINK_PRIMARY, 27, "ethernet" },   /* Ethernet */
	{ 32 + 1, VM_SINK_SECONDARY, 1, "uart0" }, /* ring indicator of UART 0 */
	{ 32 + 2, VM_SINK_SECONDARY, 2, "uart1" }, /* the same of UART 1 */
	{ 32 + 3, VM_SINK_CARD, 0, "mmc" },        /* SD card inserted */
	/* clang-format on */
};

const struct board board = {
	.name = "integratorcp",
	.machine_id = MACHINE_ID_integratorcp,
	.ram = { .base = { 0x00000000 }, .size = 128 * MIB },

	.uart_driver = &pl011_driver,
	.console = { .base = { 0x16000000 }, .irq = 1 },
	.irqchip_driver = &icp_pic_driver,
	.irqchip = { { 0x14000000 }, { 0xca000000 } },
	.timer_driver = &arm_timer_driver,
	.timer = { .base = { 0x13000200 }, .irq = 7 }, /* counter 2: 1 MHz */
	.counter = { 0x10000000 + ICP_CM_REFCNT },
	/* The core module has a controller of its own, whose outputs are the CPU's inputs. */
	.silence = {
		{ { CM_IC + ICP_PIC_IRQ_ENABLECLR }, 0xffffffff },
		{ { CM_IC + ICP_PIC_FIQ_ENABLECLR }, 0xffffffff },
		{ { CM_IC + ICP_PIC_INT_SOFTCLR }, 1 },
	},
	.flash_enable = { { 0xcb000000 + ICP_CP_FLASHPROG }, ICP_CP_FLASHPROG_WRITABLE },
	.display = { { 0x10000000 + ICP_CM_CTRL },
		     ICP_CM_CTRL_LCD,
		     { ICP_CM_CTRL_VGA | ICP_CM_CTRL_LCDMUX_VGA24,
		       ICP_CM_CTRL_VGA | ICP_CM_CTRL_LCDMUX_VGA555 } },
	.reset = { { 0x10000000 + ICP_CM_LOCK }, { 0x10000000 + ICP_CM_CTRL } },

	.windows = windows,
	.window_count = ARRAY_SIZE(windows),
	.irqs = irqs,
	.irq_count = ARRAY_SIZE(irqs),
	.virtio_input = { 9, 10, 11, 12, 13, 14, 15, 16 },
};
