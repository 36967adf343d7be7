/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model of the LAN91C111: registers in banks, memory that is allocated, FIFOs of packets, the
 * interrupt, and the PHY's serial interface, as its data sheet has them. It refuses what the chip
 * leaves undefined: commands while it is busy, packets that are not allocated, data accesses before
 * the pointer has settled, registers in a width that they do not have.
 *
 * It defines the accessors of board/drivers/regs.h: a test includes it, and then the driver.
 */
#ifndef TESTS_HOST_SMC91C111_CHIP_H
#define TESTS_HOST_SMC91C111_CHIP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "board/drivers/smc91c111_regs.h"
#include "board/nic.h"

#define BOARD_DRIVERS_REGS_H

#define PACKETS     4u
#define PACKET_SIZE 2048u

static struct chip {
	uint16_t bank;
	uint8_t bytes[4][16]; /* registers without a function here */
	uint8_t memory[PACKETS][PACKET_SIZE];
	bool allocated[PACKETS];
	uint8_t rx[PACKETS], rx_count;
	uint8_t failed[PACKETS], failed_count; /* the TX FIFO: what could not be sent */
	uint8_t pnr, arr;
	bool wants_memory;
	uint16_t ptr;
	unsigned settle; /* accesses until data may be read */
	unsigned busy;   /* reads of MMU that say so */
	uint8_t interrupts, mask;
	bool absent, tx_fails, tx_off;
	bool tx_slow; /* what is enqueued waits for send_waiting() */
	uint8_t queued[PACKETS], queued_count;
	unsigned resets;
	/* the PHY's interface */
	uint16_t phy[32];
	uint64_t mii;
	unsigned mii_out; /* bits still to be given */
	uint16_t mii_value;
	bool clock;
} chip;

/* What went out. */
static uint8_t on_wire[4][NIC_FRAME_MAX + 2] __attribute__((aligned(4)));
static uint32_t on_wire_length[4];
static unsigned on_wire_count;

static void give_memory(void)
{
	for (uint8_t n = 0; n < PACKETS && chip.wants_memory; n++)
		if (!chip.allocated[n]) {
			chip.allocated[n] = true;
			chip.arr = n;
			chip.interrupts |= SMC_INT_ALLOC;
			chip.wants_memory = false;
		}
}

static void release(uint8_t packet)
{
	assert_true(packet < PACKETS && chip.allocated[packet]);
	chip.allocated[packet] = false;
	give_memory();
}

static void transmit(uint8_t packet)
{
	uint8_t *const p = chip.memory[packet];
	const uint32_t count = p[2] | (uint32_t)p[3] << 8;
	uint32_t length = count - SMC_PACKET_EXTRA;

	assert_true(count % 2 == 0 && count <= PACKET_SIZE);
	assert_true(chip.allocated[packet]);
	if (p[count - 1] & SMC_CONTROL_ODD)
		length++;
	p[0] = chip.tx_fails ? 0 : 1; /* TX_SUC */
	if (chip.tx_fails) {
		chip.failed[chip.failed_count++] = packet;
		chip.interrupts |= SMC_INT_TX;
		chip.tx_off = true; /* TXENA is cleared */
		return;
	}
	assert_false(chip.tx_off);
	assert_true(on_wire_count < 4 && length <= NIC_FRAME_MAX);
	memcpy(on_wire[on_wire_count], p + 4, length);
	on_wire_length[on_wire_count++] = length;
	release(packet);
}

/** The wire is free: all that was enqueued goes out. */
static void send_waiting(void)
{
	for (unsigned n = 0; n < chip.queued_count; n++)
		transmit(chip.queued[n]);
	chip.queued_count = 0;
	chip.interrupts |= SMC_INT_TX_EMPTY;
}

static void mmu_command(uint8_t what)
{
	assert_int_equal(chip.busy, 0);
	chip.busy = 2;
	switch (what) {
	case SMC_MMU_ALLOC:
		chip.arr = SMC_NONE;
		chip.interrupts &= (uint8_t)~SMC_INT_ALLOC;
		chip.wants_memory = true;
		give_memory();
		break;
	case SMC_MMU_RESET:
		memset(chip.allocated, 0, sizeof(chip.allocated));
		chip.rx_count = 0;
		chip.failed_count = 0;
		chip.wants_memory = false;
		break;
	case SMC_MMU_REMOVE_RELEASE:
		assert_true(chip.rx_count > 0);
		release(chip.rx[0]);
		memmove(chip.rx, chip.rx + 1, --chip.rx_count);
		break;
	case SMC_MMU_RELEASE:
		release(chip.pnr);
		break;
	case SMC_MMU_ENQUEUE:
		chip.queued[chip.queued_count++] = chip.pnr;
		if (!chip.tx_slow)
			send_waiting();
		break;
	default:
		fail_msg("MMU command 0x%x", what);
	}
}

/** One clock of the PHY's interface: a bit out of the driver, or into it. */
static void mii_clock(uint16_t value)
{
	if (value & SMC_MGMT_MDOE) {
		chip.mii = chip.mii << 1 | (value & SMC_MGMT_MDO);
		/* preamble, start, write, PHY 0, register, turn-around, value */
		if ((chip.mii >> 32) == 0xffffffffu && (chip.mii >> 23 & 0x1ff) == 0xa0 &&
		    (chip.mii >> 16 & 3) == 2)
			chip.phy[chip.mii >> 18 & 31] = (uint16_t)chip.mii;
		/* ... read: 14 bits behind the preamble */
		if ((chip.mii >> 14 & 0xffffffffu) == 0xffffffffu &&
		    (chip.mii >> 5 & 0x1ff) == 0xc0) {
			chip.mii_value = chip.phy[chip.mii & 31];
			chip.mii_out = 18;
		}
	} else if (chip.mii_out) {
		chip.mii_out--;
	}
}

static uint8_t *data(uint32_t offset)
{
	const uint32_t at = chip.ptr & 0x7ffu;
	uint8_t packet = chip.pnr;

	assert_int_equal(chip.settle, 0);
	if (chip.ptr & SMC_PTR_RCV) {
		assert_true(chip.rx_count > 0);
		packet = chip.rx[0];
	}
	assert_true(packet < PACKETS && chip.allocated[packet]);
	assert_true(chip.ptr & SMC_PTR_AUTO_INCR);
	chip.ptr = (uint16_t)((chip.ptr & 0xf800u) | ((at + 1) & 0x7ffu));
	return &chip.memory[packet][at];
}

static uint8_t read_byte(uint32_t offset)
{
	if (offset == SMC_BANK)
		return (uint8_t)chip.bank;
	if (offset == SMC_BANK + 1)
		return chip.absent ? 0 : 0x33;
	if (chip.bank == 2) {
		switch (offset) {
		case SMC_MMU:
			chip.busy -= chip.busy > 0;
			return chip.busy ? SMC_MMU_BUSY : 0;
		case SMC_PNR:
			return chip.pnr;
		case SMC_ARR:
			return chip.arr;
		case SMC_FIFO_TX:
			return chip.failed_count ? chip.failed[0] : SMC_NONE;
		case SMC_FIFO_RX:
			return chip.rx_count ? chip.rx[0] : SMC_NONE;
		case SMC_PTR:
			chip.settle -= chip.settle > 0;
			return (uint8_t)chip.ptr;
		case SMC_PTR + 1:
			return (uint8_t)(chip.ptr >> 8);
		case SMC_DATA:
		case SMC_DATA + 1:
		case SMC_DATA + 2:
		case SMC_DATA + 3:
			assert_true(chip.ptr & SMC_PTR_READ);
			return *data(offset);
		case SMC_INT:
			return chip.interrupts | (chip.rx_count ? SMC_INT_RCV : 0u);
		case SMC_MASK:
			return chip.mask;
		default:
			return 0;
		}
	}
	if (chip.bank == 3 && offset == SMC_MGMT)
		return chip.mii_out && chip.mii_out <= 16 &&
				       (chip.mii_value >> (chip.mii_out - 1) & 1u)
			       ? SMC_MGMT_MDI
			       : 0;
	return chip.bytes[chip.bank][offset];
}

static void write_byte(uint32_t offset, uint8_t value)
{
	if (offset == SMC_BANK) {
		assert_true(value < 4);
		chip.bank = value;
		return;
	}
	if (offset == SMC_BANK + 1)
		return;
	if (chip.bank == 2) {
		switch (offset) {
		case SMC_MMU:
			mmu_command(value);
			return;
		case SMC_PNR:
			chip.pnr = value;
			return;
		case SMC_PTR:
			chip.ptr = (uint16_t)((chip.ptr & 0xff00u) | value);
			return;
		case SMC_PTR + 1:
			chip.ptr = (uint16_t)((chip.ptr & 0xffu) | value << 8);
			chip.settle = 4;
			return;
		case SMC_DATA:
		case SMC_DATA + 1:
		case SMC_DATA + 2:
		case SMC_DATA + 3:
			assert_false(chip.ptr & SMC_PTR_READ);
			*data(offset) = value;
			return;
		case SMC_INT:
			if (value & SMC_INT_TX) {
				assert_true(chip.failed_count > 0);
				memmove(chip.failed, chip.failed + 1, --chip.failed_count);
				if (!chip.failed_count)
					chip.interrupts &= (uint8_t)~SMC_INT_TX;
			}
			chip.interrupts &=
				(uint8_t) ~(value & (SMC_INT_RX_OVRN | SMC_INT_TX_EMPTY));
			return;
		case SMC_MASK:
			chip.mask = value;
			return;
		default:
			return;
		}
	}
	chip.bytes[chip.bank][offset] = value;
	if (chip.bank == 0 && offset == SMC_TCR && (value & SMC_TCR_TXENA))
		chip.tx_off = false;
	if (chip.bank == 0 && offset == SMC_RCR + 1 && (value & SMC_RCR_SOFT_RST >> 8)) {
		memset(chip.bytes[0], 0, sizeof(chip.bytes[0]));
		chip.bytes[0][SMC_EPH + 1] = SMC_EPH_LINK_OK >> 8;
		chip.resets++;
	}
	if (chip.bank == 1 && offset == SMC_CTR && !(value & SMC_CTR_LE_ENABLE))
		chip.interrupts &= (uint8_t)~SMC_INT_EPH;
	if (chip.bank == 3 && offset == SMC_MGMT) {
		if ((value & SMC_MGMT_MCLK) && !chip.clock)
			mii_clock(value);
		chip.clock = (value & SMC_MGMT_MCLK) != 0;
	}
}

/* Only the data register is as wide as the bus. */

static uint32_t reg_read(volatile const uint32_t *base, uint32_t offset)
{
	uint32_t value = 0;

	assert_true(chip.bank == 2 && offset == SMC_DATA);
	for (unsigned n = 0; n < 4; n++)
		value |= (uint32_t)read_byte(offset + n) << 8 * n;
	return value;
}

static void reg_write(volatile uint32_t *base, uint32_t offset, uint32_t value)
{
	assert_true(chip.bank == 2 && offset == SMC_DATA);
	for (unsigned n = 0; n < 4; n++)
		write_byte(offset + n, (uint8_t)(value >> 8 * n));
}

static uint8_t reg_read8(volatile const uint32_t *base, uint32_t offset)
{
	assert_true(offset < 16);
	return read_byte(offset);
}

static void reg_write8(volatile uint32_t *base, uint32_t offset, uint8_t value)
{
	assert_true(offset < 16);
	write_byte(offset, value);
}

static uint16_t reg_read16(volatile const uint32_t *base, uint32_t offset)
{
	assert_true(offset < 16 && offset % 2 == 0);

	const uint8_t low = read_byte(offset);

	return (uint16_t)(low | read_byte(offset + 1) << 8);
}

static void reg_write16(volatile uint32_t *base, uint32_t offset, uint16_t value)
{
	assert_true(offset < 16 && offset % 2 == 0);
	assert_true(chip.bank != 2 || (offset != SMC_PNR && offset != SMC_INT));
	write_byte(offset, (uint8_t)value);
	write_byte(offset + 1, (uint8_t)(value >> 8));
}

#endif
