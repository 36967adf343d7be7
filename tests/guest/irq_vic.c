/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An interrupt controller with a word of enabled inputs, which is set and cleared by two registers, and one
 * that selects FIQ for an input: the Versatile/PB's (PL190 TRM, 3.2; not vectored) and the AST2400's, of its
 * first 32 inputs. Where the registers are, the board's header has.
 */
#include "tests/guest/irq.h"

static void select_fiq(unsigned input, bool is_fiq)
{
	const uint32_t others = read32(BOARD_PIC + VIC_SELECT) & ~(1u << input);

	write32(BOARD_PIC + VIC_SELECT, others | (uint32_t)is_fiq << input);
}

void irq_enable(unsigned input)
{
	select_fiq(input, false);
	write32(BOARD_PIC + VIC_ENABLE, 1u << input);
}

/** QEMU's PL190 does not mask FIQ with the enable register, so the selection goes as well. */
void irq_disable(unsigned input)
{
	select_fiq(input, false);
	write32(BOARD_PIC + VIC_ENABLE_CLR, 1u << input);
}

/** The input raises FIQ instead of IRQ. */
void irq_enable_as_fiq(unsigned input)
{
	select_fiq(input, true);
	write32(BOARD_PIC + VIC_ENABLE, 1u << input);
}

uint32_t irq_status(void)
{
	return read32(BOARD_PIC + VIC_IRQ_STATUS);
}

uint32_t fiq_status(void)
{
	return read32(BOARD_PIC + VIC_FIQ_STATUS);
}

uint32_t irq_raw_status(void)
{
	return read32(BOARD_PIC + VIC_RAW_STATUS);
}
