/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every board Hako knows, as far as the early boot needs to know them: an image started on the
 * wrong one says so, on a UART that this board has. MACHINE_ID_<board> also tells, in assembly,
 * the board an image was built for.
 */
#ifndef BOARD_BOOT_BOARDS_H
#define BOARD_BOOT_BOARDS_H

/* Linux machine numbers (arch/arm/tools/mach-types). */
#define MACHINE_ID_integratorcp 0x113
#define MACHINE_ID_versatilepb  0x183
/* Linux knows this one by its device tree alone: a number that no board of the list has. */
#define MACHINE_ID_palmetto 0x48414b02

#ifndef __ASSEMBLER__

#include <stdint.h>

/* What a UART is written to before its first byte, if nobody has switched it on. */
#define BOOT_UART_WRITES 4

/**
 * How to print a byte on a UART, polled: bytes go to its first register, while the bits @busy of the
 * register at @status are, but for the inverted ones, zero. It is on if bits @on of that at @control are.
 */
struct boot_uart {
	uint32_t base;
	uint8_t status, busy, inverted;
	uint8_t control, on;
	struct {
		uint16_t at, value;
	} write[BOOT_UART_WRITES];
};

/** One board. Characters instead of pointers: used before the image has been moved to its place. */
struct boot_board {
	uint32_t machine_id;
	char name[14];
	char compatible[18]; /* of the device tree's root */
	struct boot_uart uart;
	uint32_t ram_base;
	uint32_t ram_size; /* when the loader does not say */
	uint32_t ram_max;
	uint32_t ram_size_reg; /* a register that says it, too (boot_board_ram_size()); 0: none */
};

const struct boot_board *boot_board_by_id(uint32_t machine_id);
const struct boot_board *boot_board_by_index(unsigned index);
uint32_t boot_board_ram_size(const struct boot_board *board, uint32_t register_value);

#endif
#endif
