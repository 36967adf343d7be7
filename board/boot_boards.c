// SPDX-License-Identifier: Apache-2.0
#include "board/boot_boards.h"

#include "vmm/lib/bits.h"

#include <stddef.h>

static const struct boot_board boards[] = {
	{
		.machine_id = MACHINE_ID_integratorcp,
		.name = "integratorcp",
		.compatible = "arm,integrator-cp",
		.uart = 0x16000000,
		.uart_ibrd = 8, /* 14.7456 MHz */
		.uart_fbrd = 0,
		.ram_base = 0,
		.ram_size = 128 * MIB,
		.ram_max = 256 * MIB,
		.ram_size_reg = 0x10000000 + ICP_CM_SDRAM,
	},
	{
		.machine_id = MACHINE_ID_versatilepb,
		.name = "versatilepb",
		.compatible = "arm,versatile-pb",
		.uart = 0x101f1000,
		.uart_ibrd = 13, /* 24 MHz */
		.uart_fbrd = 1,
		.ram_base = 0,
		.ram_size = 128 * MIB,
		.ram_max = 256 * MIB,
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
