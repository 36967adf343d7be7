/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Palmetto, a board's management controller: ASPEED AST2400 (AST2400/AST1250 A1 datasheet), an ARM926EJ-S with
 * what a server's BMC needs around it. QEMU calls it palmetto-bmc.
 */
#include "board/board.h"

#include "board/boot_boards.h"
#include "board/drivers/drivers.h"
#include "devemu/ast2400_scu.h"
#include "devemu/ast2400_timer.h"
#include "devemu/ast2400_vic.h"
#include "devemu/ast2400_wdt.h"
#include "devemu/hako_power.h"
#include "devemu/inert.h"
#include "devemu/ns16550.h"
#include "vmm/lib/bits.h"

#define SCU    0x1e6e2000
#define TIMERS 0x1e782000
#define WDT    0x1e785000

/* Numbers: scripts/hako_bundle/board_table.py reads them. What each lets a guest do to the board: docs/devices.md. */
static const struct board_window windows[] = {
	/* clang-format off */
	/* The boot flash, which is at 0, too: without the controller's registers it can be read only. */
	VM_READ_DIRECT("boot rom", 0x00000000, 256 * MIB, inert_ops, .params = 0),
	VM_INERT("ahb controller", 0x1e600000, 4 * KIB, 0),
	VM_INERT("fmc", 0x1e620000, 4 * KIB, 0),
	VM_DIRECT("spi", 0x1e630000, 4 * KIB),
	VM_INERT("mac1", 0x1e660000, 4 * KIB, 0),
	VM_INERT("mac2", 0x1e680000, 4 * KIB, 0),
	VM_INERT("usb2", 0x1e6a0000, 8 * KIB, 0),
	VM_INERT("usb1", 0x1e6b0000, 4 * KIB, 0),
	VM_MODEL("vic", 0x1e6c0000, 4 * KIB, ast2400_vic_ops,
		 .backend = VM_BACKEND_IRQ, .is = VM_SINK_PRIMARY,
		 .wire = { { VM_SINK_CPU, VM_CPU_IRQ(0) }, { VM_SINK_CPU, VM_CPU_FIQ(0) } }),
	VM_INERT("cvic", 0x1e6c2000, 4 * KIB, 0),
	VM_INERT("sdram", 0x1e6e0000, 4 * KIB, 0),
	VM_MODEL("scu", 0x1e6e2000, 4 * KIB, ast2400_scu_ops,
		 .backend = VM_BACKEND_SYSTEM_BOARD, .follows = "gpio"),
	VM_INERT("hace", 0x1e6e3000, 4 * KIB, 0),
	VM_INERT("graphics", 0x1e6e6000, 4 * KIB, 0),
	VM_INERT("xdma", 0x1e6e7000, 4 * KIB, 0),
	VM_INERT("mctp", 0x1e6e8000, 4 * KIB, 0),
	VM_DIRECT("adc", 0x1e6e9000, 4 * KIB),
	VM_INERT("video", 0x1e700000, 128 * KIB, 0),
	VM_DIRECT("sram", 0x1e720000, 32 * KIB),
	VM_INERT("sd", 0x1e740000, 4 * KIB, 0),
	VM_INERT("2d", 0x1e760000, 128 * KIB, 0),
	VM_DIRECT("gpio", 0x1e780000, 4 * KIB),
	VM_DIRECT("clock", 0x1e781000, 4 * KIB),
	VM_MODEL("timers", 0x1e782000, 4 * KIB, ast2400_timer_ops,
		 .wire = { { VM_SINK_PRIMARY, 16 }, { VM_SINK_PRIMARY, 35 } }),
	VM_DIRECT("uart1", 0x1e783000, 4 * KIB),
	VM_MODEL("uart5", 0x1e784000, 4 * KIB, ns16550_ops,
		 .backend = VM_BACKEND_CONSOLE, .wire = { { VM_SINK_PRIMARY, 10 } }),
	VM_MODEL("watchdog", 0x1e785000, 4 * KIB, ast2400_wdt_ops,
		 .backend = VM_BACKEND_SYSTEM, .wire = { { VM_SINK_PRIMARY, 27 } }),
	VM_DIRECT("pwm", 0x1e786000, 4 * KIB),
	VM_DIRECT("vuart", 0x1e787000, 4 * KIB),
	VM_INERT("lpc", 0x1e789000, 4 * KIB, 0),
	VM_DIRECT("i2c", 0x1e78a000, 4 * KIB),
	VM_DIRECT("peci", 0x1e78b000, 4 * KIB),
	VM_DIRECT("uart2", 0x1e78d000, 4 * KIB),
	VM_DIRECT("uart3", 0x1e78e000, 4 * KIB),
	VM_DIRECT("uart4", 0x1e78f000, 4 * KIB),
	VM_READ_DIRECT("boot flash", 0x20000000, 256 * MIB, inert_ops, .params = 0),
	VM_DIRECT("host flash", 0x30000000, 256 * MIB),
	VM_MODEL("hako power", 0xf0000000, 4 * KIB, hako_power_ops,
		 .backend = VM_BACKEND_SYSTEM),
	/* clang-format on */
};

static const struct board_irq irqs[] = {
	/* clang-format off */
	{ 8, VM_SINK_PRIMARY, 8, "vuart" },       /* LPC, and so the virtual UART */
	{ 9, VM_SINK_PRIMARY, 9, "uart1" },       /* UART 1 */
	{ 12, VM_SINK_PRIMARY, 12, "i2c" },       /* I2C, all buses */
	{ 15, VM_SINK_PRIMARY, 15, "peci" },      /* PECI */
	{ 20, VM_SINK_PRIMARY, 20, "gpio" },      /* GPIO */
	{ 22, VM_SINK_PRIMARY, 22, "clock" },     /* RTC */
	{ 28, VM_SINK_PRIMARY, 28, "pwm" },       /* fans */
	{ 31, VM_SINK_PRIMARY, 31, "adc" },       /* ADC */
	{ 32 + 0, VM_SINK_PRIMARY, 32, "uart2" }, /* UART 2 */
	{ 32 + 1, VM_SINK_PRIMARY, 33, "uart3" }, /* UART 3 */
	{ 32 + 2, VM_SINK_PRIMARY, 34, "uart4" }, /* UART 4 */
	/* clang-format on */
};

const struct board board = {
	.name = "palmetto",
	.machine_id = MACHINE_ID_palmetto,
	.ram = { .base = { 0x40000000 }, .size = 240 * MIB }, /* the rest is the host's VGA's */

	.uart_driver = &ns16550_driver,
	.console = { .base = { 0x1e784000 }, .irq = 10 },
	.irqchip_driver = &ast2400_vic_driver,
	.irqchip = { { 0x1e6c0000 }, { 0x1e6c0000 } },
	.timer_driver = &ast2400_timer_driver,
	.timer = { .base = { TIMERS }, .irq = 16 },
	.counter = { TIMERS + AST2400_TIMER_BASE(1) + AST2400_TIMER_COUNT },
	/* No watchdog of a boot loader runs on, and timers count 24 MHz, as after a reset of the chip. */
	.silence = {
		{ { WDT + AST2400_WDT_CONTROL }, AST2400_WDT_1MHZ },
		{ { WDT + AST2400_WDT_STRIDE + AST2400_WDT_CONTROL }, AST2400_WDT_1MHZ },
		{ { SCU + AST2400_SCU_KEY }, AST2400_SCU_UNLOCK },
		{ { SCU + AST2400_SCU_CLOCK }, AST2400_SCU_CLOCK_RESET },
	},
	.reset = { { SCU + AST2400_SCU_RESET }, { WDT + AST2400_WDT_CONTROL } },

	.windows = windows,
	.window_count = ARRAY_SIZE(windows),
	.irqs = irqs,
	.irq_count = ARRAY_SIZE(irqs),
	.virtio_input = { 2, 3, 4, 5, 6, 7, 13, 14 },
};
