/* SPDX-License-Identifier: Apache-2.0 */
/* ARM Versatile/PB926EJ-S (ARM DUI 0224I). */
#include "board/board.h"

#include "board/boot_boards.h"
#include "board/drivers/drivers.h"
#include "devemu/hako_power.h"
#include "devemu/inert.h"
#include "devemu/pl011.h"
#include "devemu/pl190.h"
#include "devemu/sp804.h"
#include "devemu/sp805.h"
#include "devemu/sp810.h"
#include "devemu/vpb_sic.h"
#include "devemu/vpb_sysregs.h"
#include "devemu/vpb_sysregs_regs.h"
#include "vmm/lib/bits.h"

static const struct inert_params pl110 = {
	.id = { 0x10, 0x11, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1 },
};

/* What each of them lets a guest do to the board: docs/devices.md. */
static const struct board_window windows[] = {
	/* clang-format off */
	VM_READ_DIRECT("system", 0x10000000, 4 * KIB, vpb_sysregs_ops,
		 .backend = VM_BACKEND_SYSTEM_BOARD, .follows = "mmc0"),
	VM_INERT("pci control", 0x10001000, 4 * KIB, 0),
	VM_DIRECT("i2c", 0x10002000, 4 * KIB),
	VM_MODEL("sic", 0x10003000, 4 * KIB, vpb_sic_ops,
		 .backend = VM_BACKEND_IRQ, .is = VM_SINK_SECONDARY,
		 .wire = { { VM_SINK_PRIMARY, 31 }, { VM_SINK_PRIMARY, 0 } }),
	VM_DIRECT("aaci", 0x10004000, 4 * KIB),
	VM_DIRECT("mmc0", 0x10005000, 4 * KIB),
	VM_DIRECT("kmi0", 0x10006000, 4 * KIB),
	VM_DIRECT("kmi1", 0x10007000, 4 * KIB),
	VM_DIRECT("character lcd", 0x10008000, 4 * KIB),
	VM_DIRECT("uart3", 0x10009000, 4 * KIB),
	VM_DIRECT("sci1", 0x1000a000, 4 * KIB),
	VM_DIRECT("mmc1", 0x1000b000, 4 * KIB),
	VM_DIRECT("ethernet", 0x10010000, 64 * KIB),
	VM_INERT("usb", 0x10020000, 64 * KIB, 0),
	VM_INERT("static memory", 0x10100000, 4 * KIB, 0),
	VM_INERT("memory", 0x10110000, 4 * KIB, 0),
	/* Its registers: ARM DUI 0225D. */
	VM_INERT("lcd", 0x10120000, 4 * KIB, &pl110, .backend = VM_BACKEND_LCD_SWAPPED),
	VM_INERT("dma", 0x10130000, 4 * KIB, 0),
	VM_MODEL("vic", 0x10140000, 4 * KIB, pl190_ops,
		 .backend = VM_BACKEND_IRQ, .is = VM_SINK_PRIMARY,
		 .wire = { { VM_SINK_CPU, VM_CPU_IRQ(0) }, { VM_SINK_CPU, VM_CPU_FIQ(0) } }),
	VM_INERT("ahb monitor", 0x101d0000, 4 * KIB, 0),
	VM_MODEL("system controller", 0x101e0000, 4 * KIB, sp810_ops,
		 .backend = VM_BACKEND_SYSTEM),
	VM_MODEL("watchdog", 0x101e1000, 4 * KIB, sp805_ops,
		 .backend = VM_BACKEND_SYSTEM, .wire = { { VM_SINK_PRIMARY, 0 } }),
	VM_MODEL("timers 0, 1", 0x101e2000, 4 * KIB, sp804_ops,
		 .wire = { { VM_SINK_PRIMARY, 4 } }),
	VM_MODEL("timers 2, 3", 0x101e3000, 4 * KIB, sp804_ops,
		 .wire = { { VM_SINK_PRIMARY, 5 } }),
	VM_DIRECT("gpio0", 0x101e4000, 4 * KIB),
	VM_DIRECT("gpio1", 0x101e5000, 4 * KIB),
	VM_DIRECT("gpio2", 0x101e6000, 4 * KIB),
	VM_DIRECT("gpio3", 0x101e7000, 4 * KIB),
	VM_DIRECT("rtc", 0x101e8000, 4 * KIB),
	VM_DIRECT("sci0", 0x101f0000, 4 * KIB),
	VM_MODEL("uart0", 0x101f1000, 4 * KIB, pl011_ops,
		 .backend = VM_BACKEND_CONSOLE, .wire = { { VM_SINK_PRIMARY, 12 } }),
	VM_DIRECT("uart1", 0x101f2000, 4 * KIB),
	VM_DIRECT("uart2", 0x101f3000, 4 * KIB),
	VM_DIRECT("ssp", 0x101f4000, 4 * KIB),
	VM_DIRECT("flash", 0x34000000, 64 * MIB),
	VM_INERT("pci self config", 0x41000000, 16 * MIB, 0),
	VM_INERT("pci config", 0x42000000, 16 * MIB, 0),
	VM_INERT("pci space", 0x43000000, 0x70000000 - 0x43000000, 0),
	VM_MODEL("hako power", 0xf0000000, 4 * KIB, hako_power_ops,
		 .backend = VM_BACKEND_SYSTEM),
	/* clang-format on */
};

static const struct board_irq irqs[] = {
	/* clang-format off */
	{ 6, VM_SINK_PRIMARY, 6, "gpio0" },                /* GPIO 0 */
	{ 7, VM_SINK_PRIMARY, 7, "gpio1" },                /* GPIO 1 */
	{ 8, VM_SINK_PRIMARY, 8, "gpio2" },                /* GPIO 2 */
	{ 9, VM_SINK_PRIMARY, 9, "gpio3" },                /* GPIO 3 */
	{ 10, VM_SINK_PRIMARY, 10, "rtc" },                /* RTC alarm */
	{ 11, VM_SINK_PRIMARY, 11, "ssp" },                /* SSP */
	{ 13, VM_SINK_PRIMARY, 13, "uart1" },              /* UART 1 */
	{ 14, VM_SINK_PRIMARY, 14, "uart2" },              /* UART 2 */
	{ 15, VM_SINK_PRIMARY, 15, "sci0" },               /* SCI 0 */
	{ 16, VM_SINK_PRIMARY, 16, "lcd" },                /* LCD controller */
	{ 32 + 3, VM_SINK_SECONDARY, 3, "kmi0" },          /* keyboard */
	{ 32 + 4, VM_SINK_SECONDARY, 4, "kmi1" },          /* mouse */
	{ 32 + 5, VM_SINK_SECONDARY, 5, "sci1" },          /* SCI 1 */
	{ 32 + 6, VM_SINK_SECONDARY, 6, "uart3" },         /* UART 3 */
	{ 32 + 7, VM_SINK_SECONDARY, 7, "character lcd" }, /* character LCD */
	{ 32 + 22, VM_SINK_SECONDARY, 22, "mmc0" },        /* SD card 0 */
	{ 32 + 23, VM_SINK_SECONDARY, 23, "mmc1" },        /* SD card 1 */
	{ 32 + 1, VM_SINK_SECONDARY, 1, "mmc0" },          /* SD card 0: second interrupt */
	{ 32 + 2, VM_SINK_SECONDARY, 2, "mmc1" },          /* SD card 1: second interrupt */
	{ 32 + 24, VM_SINK_SECONDARY, 24, "aaci" },        /* audio */
	{ 32 + 25, VM_SINK_SECONDARY, 25, "ethernet" },    /* Ethernet */
	/* clang-format on */
};

const struct board board = {
	.name = "versatilepb",
	.machine_id = MACHINE_ID_versatilepb,
	.ram = { .base = { 0x00000000 }, .size = 128 * MIB },

	.uart_driver = &pl011_driver,
	.console = { .base = { 0x101f1000 }, .irq = 12 },
	.irqchip_driver = &pl190_driver,
	.irqchip = { { 0x10140000 }, { 0x10003000 } },
	.timer_driver = &arm_timer_driver,
	.timer = { .base = { 0x101e2000 }, .irq = 4 },
	.counter = { 0x10000000 + VPB_SYS_24MHZ },
	.flash_enable = { { 0x10000000 + VPB_SYS_FLASH }, 1 },
	/* The buffers to the VGA socket, and their 3.5 V; no voltages of a panel. */
	.display = { { 0x10000000 + VPB_SYS_CLCD },
		     VPB_SYS_CLCD_VGA | VPB_SYS_CLCD_MODE,
		     { VPB_SYS_CLCD_VGA | COLOURS_888, VPB_SYS_CLCD_VGA | COLOURS_5551,
		       VPB_SYS_CLCD_VGA | COLOURS_565_RED_LOW,
		       VPB_SYS_CLCD_VGA | COLOURS_565_BLUE_LOW } },
	.reset = { { 0x10000000 + VPB_SYS_LOCK }, { 0x10000000 + VPB_SYS_RESETCTL } },

	.windows = windows,
	.window_count = ARRAY_SIZE(windows),
	.irqs = irqs,
	.irq_count = ARRAY_SIZE(irqs),
	.virtio_input = { 27, 28, 29, 30, 17, 16, 15, 11 },
};
