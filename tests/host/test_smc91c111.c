/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver of the Ethernet chip against a model of the chip: registers in banks, memory that is
 * allocated, FIFOs of packets, the interrupt, and the PHY's serial interface, as its data sheet has
 * them. The model refuses what the chip leaves undefined: commands while it is busy, packets that
 * are not allocated, data accesses before the pointer has settled.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

/* The driver's accessors are the model's. */
#define BOARD_DRIVERS_REGS_H
static uint32_t reg_read(volatile const uint32_t *base, uint32_t offset);
static void reg_write(volatile uint32_t *base, uint32_t offset, uint32_t value);
static uint8_t reg_read8(volatile const uint32_t *base, uint32_t offset);
static void reg_write8(volatile uint32_t *base, uint32_t offset, uint8_t value);
static uint16_t reg_read16(volatile const uint32_t *base, uint32_t offset);
static void reg_write16(volatile uint32_t *base, uint32_t offset, uint16_t value);

#include "board/drivers/smc91c111.c"

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
	unsigned resets;
	/* the PHY's interface */
	uint16_t phy[32];
	uint64_t mii;
	unsigned mii_out; /* bits still to be given */
	uint16_t mii_value;
	bool clock;
} chip;

/* What went out. */
static uint8_t out[4][NIC_FRAME_MAX + 2] __attribute__((aligned(4)));
static uint32_t out_length[4];
static unsigned out_count;

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
	assert_true(out_count < 4 && length <= NIC_FRAME_MAX);
	memcpy(out[out_count], p + 4, length);
	out_length[out_count++] = length;
	release(packet);
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
		transmit(chip.pnr);
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
			chip.interrupts &= (uint8_t) ~(value & SMC_INT_RX_OVRN);
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

/* ---- tests ------------------------------------------------------------------------------------ */

static const struct nic_driver *const nic = &smc91c111_driver;
static const uint8_t chip_address[NIC_ADDRESS] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };
static const uint8_t other[NIC_ADDRESS] = { 2, 0, 0, 0, 0, 9 };
static uint32_t words[NIC_FRAME_MAX / 4 + 1];
static uint8_t *const frame = (uint8_t *)words;

static bool is_interrupting(void)
{
	return (read_byte(SMC_INT) & chip.mask) != 0;
}

static void start(void)
{
	uint8_t address[NIC_ADDRESS] = { 0 };

	assert_true(nic->init(NULL, address));
	assert_memory_equal(address, chip_address, NIC_ADDRESS);
	assert_int_equal(chip.bank, 2);
}

static int setup(void **state)
{
	memset(&chip, 0, sizeof(chip));
	memcpy(&chip.bytes[1][SMC_IA], chip_address, NIC_ADDRESS);
	chip.bytes[0][SMC_EPH + 1] = SMC_EPH_LINK_OK >> 8;
	out_count = 0;
	return 0;
}

static int setup_started(void **state)
{
	setup(state);
	start();
	return 0;
}

/** A frame arrives: @p odd_flag in the control byte as the length says, unless it is forged. */
static bool arrive(const uint8_t *bytes, uint32_t length, uint16_t status)
{
	const uint32_t even = length & ~1u, count = even + SMC_PACKET_EXTRA;

	for (uint8_t n = 0; n < PACKETS; n++) {
		uint8_t *const p = chip.memory[n];

		if (chip.allocated[n])
			continue;
		memset(p, 0xee, PACKET_SIZE);
		chip.allocated[n] = true;
		chip.rx[chip.rx_count++] = n;
		p[0] = (uint8_t)status;
		p[1] = (uint8_t)(status >> 8);
		p[2] = (uint8_t)count;
		p[3] = (uint8_t)(count >> 8);
		memcpy(p + 4, bytes, length);
		p[4 + even] = length & 1u ? bytes[even] : 0;
		p[5 + even] = length & 1u ? 0x60 : 0x40;
		return true;
	}
	chip.interrupts |= SMC_INT_RX_OVRN;
	return false;
}

static void make(uint8_t *bytes, const uint8_t *to, uint32_t length, uint8_t first)
{
	for (uint32_t n = 0; n < length; n++)
		bytes[n] = (uint8_t)(first + n * 7);
	memcpy(bytes, to, NIC_ADDRESS);
}

static void a_chip_that_is_not_there_is_noticed(void **state)
{
	uint8_t address[NIC_ADDRESS] = { 0 };

	chip.absent = true;
	assert_false(nic->init(NULL, address));
	assert_int_equal(chip.resets, 0);
}

static void it_starts_with_the_address_of_the_chip_or_the_given_one(void **state)
{
	uint8_t address[NIC_ADDRESS];

	start();
	assert_int_equal(chip.resets, 1);
	assert_int_equal(chip.mask, INTERRUPTS);
	assert_int_equal(chip.phy[SMC_PHY_CONTROL], SMC_PHY_CONTROL_ANEG);
	assert_true(nic->is_link_up());
	assert_int_equal(chip.bytes[0][SMC_TCR], SMC_TCR_TXENA | SMC_TCR_PAD_EN);
	assert_int_equal(chip.bytes[0][SMC_RCR + 1], (SMC_RCR_RXEN | SMC_RCR_STRIP_CRC) >> 8);
	assert_int_equal(chip.bytes[1][SMC_CTR + 1], SMC_CTR_AUTO_RELEASE >> 8);

	memcpy(address, other, NIC_ADDRESS);
	assert_true(nic->init(NULL, address));
	assert_memory_equal(&chip.bytes[1][SMC_IA], other, NIC_ADDRESS);
}

static void frames_of_every_length_go_out_as_they_are(void **state)
{
	for (uint32_t length = NIC_FRAME_MIN; length <= NIC_FRAME_MAX; length++) {
		out_count = 0;
		make(frame, other, length, (uint8_t)length);
		assert_true(nic->send(frame, length));
		assert_int_equal(out_count, 1);
		assert_int_equal(out_length[0], length);
		assert_memory_equal(out[0], frame, length);
	}
	assert_int_equal(nic->counters()->sent, NIC_FRAME_MAX - NIC_FRAME_MIN + 1);
	assert_false(is_interrupting());
}

static void frames_of_every_length_come_in_as_they_were(void **state)
{
	static uint8_t bytes[NIC_FRAME_MAX];

	for (uint32_t length = NIC_FRAME_MIN; length <= NIC_FRAME_MAX; length++) {
		make(bytes, chip_address, length, (uint8_t)length);
		assert_true(arrive(bytes, length, 0));
		assert_true(is_interrupting());
		assert_int_equal(nic->serve(), NIC_RECEIVED);
		memset(frame, 0, NIC_FRAME_MAX);
		assert_int_equal(nic->receive(frame), length);
		assert_memory_equal(frame, bytes, length);
		assert_false(is_interrupting());
	}
	assert_int_equal(nic->receive(frame), 0);
	assert_int_equal(nic->counters()->received, NIC_FRAME_MAX - NIC_FRAME_MIN + 1);
}

static void without_memory_sending_waits_for_the_interrupt(void **state)
{
	uint8_t bytes[64];

	make(bytes, chip_address, sizeof(bytes), 1);
	for (unsigned n = 0; n < PACKETS; n++)
		assert_true(arrive(bytes, sizeof(bytes), 0));
	make(frame, other, 60, 2);
	assert_false(nic->send(frame, 60));
	assert_false(nic->send(frame, 60));
	assert_int_equal(nic->serve(), NIC_RECEIVED);

	assert_int_equal(nic->receive(out[3]), 64);
	assert_int_equal(nic->serve(), NIC_RECEIVED | NIC_ROOM);
	assert_int_equal(chip.mask, INTERRUPTS);
	assert_true(nic->send(frame, 60));
	assert_int_equal(out_count, 1);
	assert_memory_equal(out[0], frame, 60);

	/* And all of it is given back. */
	for (unsigned n = 1; n < PACKETS; n++)
		assert_int_equal(nic->receive(NULL), 0);
	for (unsigned n = 0; n < PACKETS; n++)
		assert_false(chip.allocated[n]);
}

static void a_packet_that_cannot_be_sent_is_counted_and_sending_goes_on(void **state)
{
	make(frame, other, 60, 1);
	chip.tx_fails = true;
	assert_true(nic->send(frame, 60));
	assert_true(is_interrupting());
	chip.tx_fails = false;
	assert_int_equal(nic->serve(), 0);
	assert_int_equal(nic->counters()->tx_errors, 1);
	assert_false(is_interrupting());
	assert_false(chip.allocated[0]);
	assert_true(nic->send(frame, 60));
	assert_int_equal(out_count, 1);
}

static void bad_frames_are_counted_and_skipped(void **state)
{
	static const uint16_t bad[] = { SMC_STATUS_ALGN, SMC_STATUS_BADCRC, SMC_STATUS_TOOLONG };
	uint8_t bytes[64];

	make(bytes, chip_address, sizeof(bytes), 1);
	for (unsigned n = 0; n < 3; n++)
		arrive(bytes, sizeof(bytes), bad[n]);
	arrive(bytes, sizeof(bytes), 0);
	assert_int_equal(nic->receive(frame), 64);
	assert_int_equal(nic->counters()->rx_bad, 3);
	assert_false(is_interrupting());
}

static void a_length_that_cannot_be_is_not_believed(void **state)
{
	static const uint16_t counts[] = { 0, 4, 6, 18, 1526, 2046, 0xffff };
	uint8_t bytes[64];

	make(bytes, chip_address, sizeof(bytes), 1);
	for (unsigned n = 0; n < ARRAY_SIZE(counts); n++) {
		arrive(bytes, sizeof(bytes), 0);
		chip.memory[chip.rx[0]][2] = (uint8_t)counts[n];
		chip.memory[chip.rx[0]][3] = (uint8_t)(counts[n] >> 8);
		assert_int_equal(nic->receive(frame), 0);
		assert_int_equal(nic->counters()->rx_length, n + 1);
	}
	/* The longest, and one byte more by the control byte. */
	arrive(bytes, sizeof(bytes), 0);
	chip.memory[chip.rx[0]][2] = (uint8_t)(NIC_FRAME_MAX + 6);
	chip.memory[chip.rx[0]][3] = (uint8_t)((NIC_FRAME_MAX + 6) >> 8);
	chip.memory[chip.rx[0]][NIC_FRAME_MAX + 5] = SMC_CONTROL_ODD;
	assert_int_equal(nic->receive(frame), 0);
	assert_int_equal(nic->counters()->rx_length, ARRAY_SIZE(counts) + 1);
}

static bool is_received(const uint8_t *to)
{
	uint8_t bytes[64];

	make(bytes, to, sizeof(bytes), 1);
	arrive(bytes, sizeof(bytes), 0);
	return nic->receive(frame) != 0;
}

static void frames_for_others_are_sorted_out(void **state)
{
	static const uint8_t broadcast[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	static const uint8_t group[] = { 1, 0, 0x5e, 0, 0, 1 };
	static const uint8_t group2[] = { 1, 0, 0x5e, 0, 0, 2 };
	struct nic_filter wanted = { .count = 0 };

	assert_true(is_received(chip_address) && is_received(broadcast));
	assert_false(is_received(other) || is_received(group));
	assert_int_equal(nic->counters()->rx_filtered, 2);

	wanted.count = 2;
	memcpy(wanted.address[0], other, NIC_ADDRESS);
	memcpy(wanted.address[1], group, NIC_ADDRESS);
	nic->set_filter(&wanted);
	assert_true(is_received(chip_address) && is_received(other) && is_received(group));
	assert_false(is_received(group2));
	/* One address is not the chip's own: promiscuous. */
	assert_int_equal(chip.bytes[0][SMC_RCR], SMC_RCR_PRMS);

	wanted.all_groups = true;
	wanted.count = 0;
	nic->set_filter(&wanted);
	assert_int_equal(chip.bytes[0][SMC_RCR], SMC_RCR_ALMUL);
	assert_true(is_received(group2));
	assert_false(is_received(other));

	wanted.promiscuous = true;
	nic->set_filter(&wanted);
	assert_true(is_received(other));
}

/** The upper six bits of the CRC, computed bit by bit as IEEE 802.3, 3.2.9 has it. */
static unsigned slow_hash(const uint8_t *address)
{
	uint32_t crc = 0xffffffffu;

	for (unsigned n = 0; n < 48; n++) {
		const bool one = (address[n / 8] >> n % 8 & 1u) != (crc >> 31);

		crc = crc << 1 ^ (one ? 0x04c11db7u : 0u);
	}
	return crc >> 26;
}

static void the_hash_table_has_the_bits_of_the_groups(void **state)
{
	for (unsigned run = 0; run < 200; run++) {
		struct nic_filter wanted = { .count = 1 };
		uint64_t table = 0;

		for (unsigned n = 0; n < NIC_ADDRESS; n++)
			wanted.address[0][n] = (uint8_t)((run + 3) * (n + 11) * 37);
		wanted.address[0][0] |= 1;
		nic->set_filter(&wanted);
		for (unsigned n = 0; n < 8; n++)
			table |= (uint64_t)chip.bytes[3][SMC_MT + n] << 8 * n;
		assert_true(table == 1ull << slow_hash(wanted.address[0]));
	}
}

static void many_frames_for_others_do_not_take_long(void **state)
{
	uint8_t bytes[64];

	make(bytes, other, sizeof(bytes), 1);
	for (unsigned n = 0; n < PACKETS; n++)
		arrive(bytes, sizeof(bytes), 0);
	assert_int_equal(nic->receive(frame), 0);
	assert_int_equal(nic->counters()->rx_filtered, SKIP_MAX);
}

static void an_overrun_is_counted(void **state)
{
	uint8_t bytes[64];

	make(bytes, chip_address, sizeof(bytes), 1);
	for (unsigned n = 0; n < PACKETS; n++)
		assert_true(arrive(bytes, sizeof(bytes), 0));
	assert_false(arrive(bytes, sizeof(bytes), 0));
	assert_int_equal(nic->serve(), NIC_RECEIVED);
	assert_int_equal(nic->counters()->rx_overruns, 1);
	assert_int_equal(chip.interrupts & SMC_INT_RX_OVRN, 0);
}

static void link_and_duplex_follow_the_phy(void **state)
{
	chip.phy[SMC_PHY_STATUS_OUTPUT] = SMC_PHY_STATUS_DPLXDET;
	chip.bytes[0][SMC_EPH + 1] = 0;
	chip.interrupts |= SMC_INT_EPH;
	assert_int_equal(nic->serve(), NIC_LINK);
	assert_false(nic->is_link_up());
	assert_false(is_interrupting());
	assert_int_equal(chip.bytes[0][SMC_TCR + 1], SMC_TCR_SWFDUP >> 8);

	chip.phy[SMC_PHY_STATUS_OUTPUT] = 0;
	chip.bytes[0][SMC_EPH + 1] = SMC_EPH_LINK_OK >> 8;
	chip.interrupts |= SMC_INT_EPH;
	assert_int_equal(nic->serve(), NIC_LINK);
	assert_true(nic->is_link_up());
	assert_int_equal(chip.bytes[0][SMC_TCR + 1], 0);
	assert_true(chip.bytes[1][SMC_CTR] & SMC_CTR_LE_ENABLE);
}

static void a_stopped_chip_is_silent(void **state)
{
	uint8_t bytes[64];

	nic->stop();
	make(bytes, chip_address, sizeof(bytes), 1);
	arrive(bytes, sizeof(bytes), 0);
	assert_false(is_interrupting());
	assert_int_equal(chip.bytes[0][SMC_RCR + 1], 0);
	assert_int_equal(chip.bytes[0][SMC_TCR], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_chip_that_is_not_there_is_noticed, setup),
		cmocka_unit_test_setup(it_starts_with_the_address_of_the_chip_or_the_given_one,
				       setup),
		cmocka_unit_test_setup(frames_of_every_length_go_out_as_they_are, setup_started),
		cmocka_unit_test_setup(frames_of_every_length_come_in_as_they_were, setup_started),
		cmocka_unit_test_setup(without_memory_sending_waits_for_the_interrupt,
				       setup_started),
		cmocka_unit_test_setup(a_packet_that_cannot_be_sent_is_counted_and_sending_goes_on,
				       setup_started),
		cmocka_unit_test_setup(bad_frames_are_counted_and_skipped, setup_started),
		cmocka_unit_test_setup(a_length_that_cannot_be_is_not_believed, setup_started),
		cmocka_unit_test_setup(frames_for_others_are_sorted_out, setup_started),
		cmocka_unit_test_setup(the_hash_table_has_the_bits_of_the_groups, setup_started),
		cmocka_unit_test_setup(many_frames_for_others_do_not_take_long, setup_started),
		cmocka_unit_test_setup(an_overrun_is_counted, setup_started),
		cmocka_unit_test_setup(link_and_duplex_follow_the_phy, setup_started),
		cmocka_unit_test_setup(a_stopped_chip_is_silent, setup_started),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
