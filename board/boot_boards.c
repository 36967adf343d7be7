// SPDX-License-Identifier: Apache-2.0
#include "board/boot_boards.h"

#include "devemu/icp_cm_regs.h"
#include "devemu/ns16550_regs.h"
#include "devemu/pl011_regs.h"
#include "vmm/lib/bits.h"

#include <stddef.h>

/* A PL011 at 115200 baud; writing LCR_H makes the divisors take effect (DDI 0183, 3.3.6). */
#define BOOT_PL011(address, ibrd, fbrd)                                                            \
	{                                                                                          \
		.base = (address), .status = PL011_FR, .busy = PL011_FR_TXFF, .control = PL011_CR, \
		.on = PL011_CR_UARTEN,                                                             \
		.write = { { PL011_IBRD, (ibrd) },                                                 \
			   { PL011_FBRD, (fbrd) },                                                 \
			   { PL011_LCR_H, PL011_LCR_H_8BITS | PL011_LCR_H_FEN },                   \
			   { PL011_CR, PL011_CR_UARTEN | PL011_CR_TXE | PL011_CR_RXE } },          \
	}

/* A 16550 at 115200 baud, with a clock of 24 MHz; one that is on has a length of its bytes. */
#define BOOT_NS16550(address)                                                                  \
	{                                                                                      \
		.base = (address), .status = NS16550_LSR, .busy = NS16550_LSR_THRE,            \
		.inverted = NS16550_LSR_THRE, .control = NS16550_LCR, .on = NS16550_LCR_8BITS, \
		.write = {                                                                     \
			{ NS16550_LCR, NS16550_LCR_8BITS | NS16550_LCR_DLAB },                 \
			{ NS16550_DATA, 13 },                                                  \
			{ NS16550_IER, 0 },                                                    \
			{ NS16550_LCR, NS16550_LCR_8BITS }                                     \
		}                                                                              \
	}

static const struct boot_board boards[] = {
	{
		.machine_id = MACHINE_ID_integratorcp,
		.name = "integratorcp",
		.compatible = "arm,integrator-cp",
		.uart = BOOT_PL011(0x16000000, 8, 0), /* 14.7456 MHz */
		.ram_base = 0,
		.ram_size = 128 * MIB,
		.ram_max = 256 * MIB,
		.ram_size_reg = 0x10000000 + ICP_CM_SDRAM,
	},
	{
		.machine_id = MACHINE_ID_versatilepb,
		.name = "versatilepb",
		.compatible = "arm,versatile-pb",
		.uart = BOOT_PL011(0x101f1000, 13, 1), /* 24 MHz */
		.ram_base = 0,
		.ram_size = 128 * MIB,
		.ram_max = 256 * MIB,
	},
	{
		.machine_id = MACHINE_ID_palmetto,
		.name = "palmetto",
		.compatible = "aspeed,ast2400",
		.uart = BOOT_NS16550(0x1e784000),
		.ram_base = 0x40000000,
		.ram_size = 240 * MIB, /* the host's VGA has the end of it */
		.ram_max = 240 * MIB,
	},
};

/** The board with this Linux machine number, or NULL. */
const struct boot_board *boot_board_by_id(uint32_t machine_id)
{
	for (unsigned i = 0; i < ARRAY_SIZE(boards); i++)
		if (boards[i].machine_id == machine_id)
			return &boards[i];
	return NULL;
}

/** Board number @p index, counted from 0; NULL behind the last. */
const struct boot_board *boot_board_by_index(unsigned index)
{
	return index < ARRAY_SIZE(boards) ? &boards[index] : NULL;
}

/**
 * The size of RAM by the value of @p board's ram_size_reg. There is one kind of it so far: CM_SDRAM
 * of the Integrator's core module, whose bits 4:2 count from 16 MiB up (DUI 0159B, table 3-15).
 */
uint32_t boot_board_ram_size(const struct boot_board *board, uint32_t register_value)
{
	const uint32_t shift = bits(register_value, 4, 2);

	/* Larger values are reserved; shifting by them must not overflow. */
	return shift <= 4 && 16 * MIB << shift <= board->ram_max ? 16 * MIB << shift : 0;
}
