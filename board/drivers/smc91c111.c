// SPDX-License-Identifier: Apache-2.0
/*
 * SMSC LAN91C111 Ethernet. It has 8 KiB of memory in packets of 2 KiB, for both directions; its
 * memory manager (MMU) hands them out. Data goes through one register: the bus width is 32 bits on
 * our boards, but only it is accessed as words. Bank 2 is selected but within a function.
 *
 * The chip has one address. To receive for others it is promiscuous, and what is for nobody is
 * sorted out here, by the first bytes of a frame.
 */
#include "board/drivers/drivers.h"

#include "board/drivers/regs.h"
#include "board/drivers/smc91c111_regs.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/crc32.h"
#include "vmm/lib/string.h"

#define GROUP 1u /* bit of the first byte: multicast and broadcast */
/** Frames for others that are skipped at once; more of them wait for the next interrupt. */
#define SKIP_MAX 4u
/** Packets that are on their way out at once: of four, two are always there to receive. */
#define SENDING_MAX 2u
#define INTERRUPTS  (SMC_INT_RCV | SMC_INT_TX | SMC_INT_RX_OVRN | SMC_INT_EPH)
#define RX_BAD      (SMC_STATUS_ALGN | SMC_STATUS_BADCRC | SMC_STATUS_TOOLONG | SMC_STATUS_TOOSHORT)

static volatile uint32_t *regs;
static uint8_t own[NIC_ADDRESS];
static struct nic_filter filter;
static struct nic_counters counters;
/**
 * The interrupt after which send() may be called again, or 0: ALLOC, when an allocation has not been
 * served yet, or TX_EMPTY, when it has packets enough.
 */
static uint8_t waits_for;
static uint8_t spare;    /* a packet that was allocated then, or SMC_NONE */
static unsigned sending; /* packets that were enqueued since there was none */
static bool takes_frames;
static bool is_up;

static void select_bank(uint16_t bank)
{
	reg_write16(regs, SMC_BANK, bank);
}

/** At most this long, should the chip be broken; it takes some hundred nanoseconds. */
#define POLLS 200u

static void wait_mmu(void)
{
	for (unsigned n = 0; n < POLLS && (reg_read16(regs, SMC_MMU) & SMC_MMU_BUSY); n++)
		;
}

static void command(uint16_t what)
{
	wait_mmu();
	reg_write16(regs, SMC_MMU, what);
}

/** Where the data register reads or writes next. What was written before has to be through. */
static void point_to(uint16_t where)
{
	for (unsigned n = 0; n < POLLS && (reg_read16(regs, SMC_PTR) & SMC_PTR_NOT_EMPTY); n++)
		;
	reg_write16(regs, SMC_PTR, where);
	/* 370 ns have to pass before data is read: four accesses. (8.18) */
	for (unsigned n = 0; n < 4; n++)
		(void)reg_read16(regs, SMC_PTR);
}

static void update_mask(void)
{
	const uint8_t wanted = takes_frames ? INTERRUPTS : INTERRUPTS & (uint8_t)~SMC_INT_RCV;

	reg_write8(regs, SMC_MASK, wanted | waits_for);
}

static void smc_take_frames(bool on)
{
	takes_frames = on;
	update_mask();
}

/* ---- the PHY, a bit at a time (IEEE 802.3, 22.2.4.5) ------------------------------------------ */

static void mii_put(uint32_t bits_out, unsigned count)
{
	for (uint32_t n = count; n-- > 0;) {
		const uint16_t out = SMC_MGMT_MDOE | (bit(bits_out, n) ? SMC_MGMT_MDO : 0u);

		reg_write16(regs, SMC_MGMT, out);
		reg_write16(regs, SMC_MGMT, out | SMC_MGMT_MCLK);
	}
}

static uint32_t mii_get(unsigned count)
{
	uint32_t value = 0;

	for (; count; count--) {
		reg_write16(regs, SMC_MGMT, 0);
		value = value << 1 | ((reg_read16(regs, SMC_MGMT) & SMC_MGMT_MDI) != 0);
		reg_write16(regs, SMC_MGMT, SMC_MGMT_MCLK);
	}
	reg_write16(regs, SMC_MGMT, 0);
	return value;
}

/* Start 01, read 10 or write 01, PHY 0, the register; then turn around, and 16 bits. */
static uint16_t phy_read(unsigned number)
{
	uint16_t value;

	select_bank(3);
	mii_put(0xffffffffu, 32);
	mii_put(0x1800u | number, 14);
	value = (uint16_t)mii_get(18);
	select_bank(2);
	return value;
}

static void phy_write(unsigned number, uint16_t value)
{
	select_bank(3);
	mii_put(0xffffffffu, 32);
	mii_put(0x50020000u | number << 18 | value, 32);
	reg_write16(regs, SMC_MGMT, 0);
	select_bank(2);
}

/** Link and duplex as they are now: the PHY negotiates, and the MAC has to do the same. */
static void update_link(void)
{
	const bool is_full = (phy_read(SMC_PHY_STATUS_OUTPUT) & SMC_PHY_STATUS_DPLXDET) != 0;

	select_bank(0);
	is_up = (reg_read16(regs, SMC_EPH) & SMC_EPH_LINK_OK) != 0;
	/* TXENA goes away with an error, and comes back here. */
	reg_write16(regs, SMC_TCR,
		    SMC_TCR_TXENA | SMC_TCR_PAD_EN | (is_full ? SMC_TCR_SWFDUP : 0u));
	(void)reg_read16(regs, SMC_ECR);
	select_bank(2);
}

/* ---- the filter ------------------------------------------------------------------------------- */

static bool is_own(const uint8_t *address)
{
	return memcmp(address, own, NIC_ADDRESS) == 0;
}

/** The bit of the hash table: the upper six of the address's CRC. (8.22) */
static unsigned hash_bit(const uint8_t *address)
{
	const uint32_t crc = ~crc32(0, address, NIC_ADDRESS);
	unsigned value = 0;

	/* Ours is the reflected CRC. */
	for (unsigned n = 0; n < 6; n++)
		value = value << 1 | ((crc >> n) & 1u);
	return value;
}

static void program_filter(void)
{
	uint16_t table[4] = { 0 };
	bool all = filter.promiscuous;

	for (unsigned n = 0; n < filter.count; n++) {
		const uint8_t *const address = filter.address[n];

		if (address[0] & GROUP) {
			const unsigned at = hash_bit(address);

			table[at / 16u] = (uint16_t)(table[at / 16u] | 1u << at % 16u);
		} else if (!is_own(address)) {
			all = true;
		}
	}
	select_bank(3);
	for (unsigned n = 0; n < 4; n++)
		reg_write16(regs, SMC_MT + 2 * n, table[n]);
	select_bank(0);
	reg_write16(regs, SMC_RCR,
		    SMC_RCR_RXEN | SMC_RCR_STRIP_CRC | (all ? SMC_RCR_PRMS : 0u) |
			    (filter.all_groups ? SMC_RCR_ALMUL : 0u));
	select_bank(2);
}

/** Whether a frame is for us: the chip's hash table and promiscuous mode let more through. */
static bool is_wanted(const uint8_t *to)
{
	static const uint8_t broadcast[NIC_ADDRESS] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	if (filter.promiscuous || is_own(to) || (filter.all_groups && (to[0] & GROUP)) ||
	    memcmp(to, broadcast, NIC_ADDRESS) == 0)
		return true;
	for (unsigned n = 0; n < filter.count; n++)
		if (memcmp(to, filter.address[n], NIC_ADDRESS) == 0)
			return true;
	return false;
}

static void smc_set_filter(const struct nic_filter *wanted)
{
	filter = *wanted;
	if (filter.count > NIC_ADDRESSES_MAX)
		filter.count = NIC_ADDRESSES_MAX;
	program_filter();
}

/* ---- start and stop --------------------------------------------------------------------------- */

static void set_address(uint8_t address[NIC_ADDRESS])
{
	static const uint8_t none[NIC_ADDRESS];

	select_bank(1);
	if (memcmp(address, none, NIC_ADDRESS) == 0)
		for (unsigned n = 0; n < NIC_ADDRESS; n++)
			address[n] = reg_read8(regs, SMC_IA + n);
	else
		for (unsigned n = 0; n < NIC_ADDRESS; n++)
			reg_write8(regs, SMC_IA + n, address[n]);
	memcpy(own, address, NIC_ADDRESS);
}

static void reset(void)
{
	select_bank(2);
	reg_write8(regs, SMC_MASK, 0);
	select_bank(0);
	reg_write16(regs, SMC_RCR, SMC_RCR_SOFT_RST);
	/* A microsecond is enough. */
	for (unsigned n = 0; n < 16; n++)
		(void)reg_read16(regs, SMC_BANK);
	reg_write16(regs, SMC_RCR, 0);
	reg_write16(regs, SMC_TCR, 0);
	select_bank(2);
	command(SMC_MMU_RESET);
	wait_mmu();
	waits_for = 0;
	spare = SMC_NONE;
	sending = 0;
	takes_frames = true;
}

static bool smc_init(volatile uint32_t *base, uint8_t address[NIC_ADDRESS])
{
	uint16_t control;

	regs = base;
	if ((reg_read16(regs, SMC_BANK) & SMC_BANK_MASK) != SMC_BANK_PATTERN)
		return false;
	reset();
	counters = (struct nic_counters){ .received = 0 };
	filter = (struct nic_filter){ .count = 0 };
	set_address(address);
	reg_write16(regs, SMC_CONFIG, SMC_CONFIG_EPH_POWER_EN | SMC_CONFIG_NO_WAIT);
	control = reg_read16(regs, SMC_CTR);
	reg_write16(regs, SMC_CTR, control | SMC_CTR_AUTO_RELEASE | SMC_CTR_LE_ENABLE);
	select_bank(0);
	reg_write16(regs, SMC_RPCR, SMC_RPCR_ANEG | SMC_RPCR_LED_B_TRAFFIC);
	phy_write(SMC_PHY_CONTROL, SMC_PHY_CONTROL_ANEG);
	program_filter();
	update_link();
	update_mask();
	return true;
}

static void smc_stop(void)
{
	reset();
}

/* ---- sending ---------------------------------------------------------------------------------- */

static void wait_for(uint8_t interrupt)
{
	waits_for = interrupt;
	update_mask();
}

/** A packet of the chip's memory, or SMC_NONE: then the ALLOC interrupt tells when there is one. */
static uint8_t allocate(void)
{
	command(SMC_MMU_ALLOC);
	for (unsigned n = 0; n < 16; n++)
		if (reg_read8(regs, SMC_INT) & SMC_INT_ALLOC) {
			const uint8_t packet = reg_read8(regs, SMC_ARR);

			if (!(packet & SMC_NONE))
				return packet;
		}
	wait_for(SMC_INT_ALLOC);
	return SMC_NONE;
}

/**
 * Whether one more packet may be on its way. The chip gives those that it has sent back by itself, and
 * says when there is none left.
 */
static bool may_send(void)
{
	if (reg_read8(regs, SMC_INT) & SMC_INT_TX_EMPTY) {
		reg_write8(regs, SMC_INT, SMC_INT_TX_EMPTY);
		sending = 0;
	}
	if (sending < SENDING_MAX)
		return true;
	wait_for(SMC_INT_TX_EMPTY);
	return false;
}

/** The byte count is even: a last, odd byte is in the control word. (7.1) */
static void write_packet(const uint8_t *frame, uint32_t length)
{
	const uint32_t *word = (const uint32_t *)(const void *)frame;
	uint32_t left = length;

	reg_write(regs, SMC_DATA, ((length & ~1u) + SMC_PACKET_EXTRA) << 16);
	for (; left >= 4; left -= 4)
		reg_write(regs, SMC_DATA, *word++);
	frame = (const uint8_t *)word;
	if (left >= 2) {
		reg_write16(regs, SMC_DATA, (uint16_t)(frame[0] | frame[1] << 8));
		frame += 2;
	}
	reg_write16(regs, SMC_DATA, length & 1u ? (uint16_t)(frame[0] | SMC_CONTROL_ODD << 8) : 0u);
}

/** A packet of the chip's memory to write to. False: there is none now. */
static inline __attribute__((always_inline)) bool begin_packet(void)
{
	uint8_t packet = spare;

	if (waits_for || !may_send())
		return false;
	if (packet == SMC_NONE)
		packet = allocate();
	if (packet == SMC_NONE)
		return false;
	spare = SMC_NONE;
	wait_mmu();
	reg_write8(regs, SMC_PNR, packet);
	point_to(SMC_PTR_AUTO_INCR);
	return true;
}

static inline __attribute__((always_inline)) bool end_packet(void)
{
	command(SMC_MMU_ENQUEUE);
	sending++;
	counters.sent++;
	return true;
}

static bool smc_send(const uint8_t *frame, uint32_t length)
{
	if (!begin_packet())
		return false;
	write_packet(frame, length);
	return end_packet();
}

static inline __attribute__((always_inline)) void write_words(const uint32_t *from, uint32_t count)
{
	for (; count >= 4; count -= 4, from += 4) {
		reg_write(regs, SMC_DATA, from[0]);
		reg_write(regs, SMC_DATA, from[1]);
		reg_write(regs, SMC_DATA, from[2]);
		reg_write(regs, SMC_DATA, from[3]);
	}
	for (; count; count--)
		reg_write(regs, SMC_DATA, *from++);
}

/** From its third byte on, the packet's data is in the chip's memory as the words are here. */
static bool smc_send_words(const uint32_t *head, uint32_t head_count, const uint32_t *words,
			   uint32_t count)
{
	if (!begin_packet())
		return false;
	reg_write(regs, SMC_DATA, (4 * (head_count + count) - 2 + SMC_PACKET_EXTRA) << 16);
	reg_write16(regs, SMC_DATA, (uint16_t)(head[0] >> 16));
	write_words(head + 1, head_count - 1);
	write_words(words, count);
	reg_write16(regs, SMC_DATA, 0);
	return end_packet();
}

/**
 * A packet could not be sent: those that could, the chip releases by itself. Sending has stopped;
 * it goes on with the next one.
 */
static void serve_tx_error(void)
{
	const uint8_t packet = reg_read8(regs, SMC_FIFO_TX);

	if (!(packet & SMC_NONE)) {
		wait_mmu();
		reg_write8(regs, SMC_PNR, packet);
		point_to(SMC_PTR_AUTO_INCR | SMC_PTR_READ);
		if (!(reg_read(regs, SMC_DATA) & SMC_EPH_TX_SUC))
			counters.tx_errors++;
		command(SMC_MMU_RELEASE);
		wait_mmu();
	}
	reg_write8(regs, SMC_INT, SMC_INT_TX);
	update_link();
}

/* ---- receiving -------------------------------------------------------------------------------- */

/** The data of a packet, @p even bytes and the last word: a byte, if it counts, and its control. */
static uint32_t read_packet(uint8_t *frame, uint32_t even)
{
	uint32_t *word = (uint32_t *)(void *)frame;
	uint32_t left = even;
	uint16_t last;

	/* The first 8 bytes are there: they were looked at. */
	for (word += 2, left -= 8; left >= 4; left -= 4)
		*word++ = reg_read(regs, SMC_DATA);
	frame = (uint8_t *)word;
	if (left) {
		last = reg_read16(regs, SMC_DATA);
		*frame++ = (uint8_t)last;
		*frame++ = (uint8_t)(last >> 8);
	}
	last = reg_read16(regs, SMC_DATA);
	if (!(last >> 8 & SMC_CONTROL_ODD))
		return even;
	if (even < NIC_FRAME_MAX)
		*frame = (uint8_t)last;
	return even + 1;
}

/** The first packet of the FIFO: its length, or 0 if it is not good. */
static uint32_t receive_one(uint8_t *frame)
{
	uint32_t head, even, first[2];

	point_to(SMC_PTR_RCV | SMC_PTR_AUTO_INCR | SMC_PTR_READ);
	head = reg_read(regs, SMC_DATA);
	if (head & RX_BAD) {
		counters.rx_bad++;
		return 0;
	}
	even = (head >> 16 & SMC_COUNT_MASK & ~1u) - SMC_PACKET_EXTRA;
	if (even < NIC_FRAME_MIN || even > NIC_FRAME_MAX) {
		counters.rx_length++;
		return 0;
	}
	first[0] = reg_read(regs, SMC_DATA);
	first[1] = reg_read(regs, SMC_DATA);
	if (!is_wanted((const uint8_t *)first)) {
		counters.rx_filtered++;
		return 0;
	}
	if (!frame)
		return 0;
	((uint32_t *)(void *)frame)[0] = first[0];
	((uint32_t *)(void *)frame)[1] = first[1];

	/* A length that is even can be the longest there is; with an odd byte it is too long. */
	const uint32_t length = read_packet(frame, even);

	if (length > NIC_FRAME_MAX) {
		counters.rx_length++;
		return 0;
	}
	counters.received++;
	return length;
}

static uint32_t smc_receive(uint8_t *frame)
{
	uint32_t length = 0;

	for (unsigned n = 0; n < SKIP_MAX && !length; n++) {
		if (reg_read8(regs, SMC_FIFO_RX) & SMC_NONE)
			return 0;
		length = receive_one(frame);
		command(SMC_MMU_REMOVE_RELEASE);
		wait_mmu();
		if (!frame)
			return 0;
	}
	return length;
}

static inline __attribute__((always_inline)) void read_words(uint32_t *to, uint32_t count)
{
	for (; count >= 4; count -= 4, to += 4) {
		to[0] = reg_read(regs, SMC_DATA);
		to[1] = reg_read(regs, SMC_DATA);
		to[2] = reg_read(regs, SMC_DATA);
		to[3] = reg_read(regs, SMC_DATA);
	}
	for (; count; count--)
		*to++ = reg_read(regs, SMC_DATA);
}

/**
 * The packet's words from its byte count on: the frame's from their middle. Its status is not among
 * them: who looks at frames this way knows a bad one by other means.
 */
static uint32_t smc_look(uint32_t *words)
{
	uint32_t even;

	if (reg_read8(regs, SMC_FIFO_RX) & SMC_NONE)
		return 0;
	point_to(SMC_PTR_RCV | SMC_PTR_AUTO_INCR | SMC_PTR_READ | SMC_PACKET_COUNT);
	read_words(words, NIC_LOOK);
	even = (words[0] & SMC_COUNT_MASK & ~1u) - SMC_PACKET_EXTRA;
	return even >= NIC_FRAME_MIN && even <= NIC_FRAME_MAX ? even : NIC_BAD;
}

static void smc_read(uint32_t *words, uint32_t at, uint32_t count)
{
	const uint16_t where = (uint16_t)(SMC_PACKET_COUNT + 4 * at);

	point_to(SMC_PTR_RCV | SMC_PTR_AUTO_INCR | SMC_PTR_READ | where);
	read_words(words, count);
}

static void smc_drop(void)
{
	command(SMC_MMU_REMOVE_RELEASE);
	wait_mmu();
	counters.received++;
}

/* ---- interrupts ------------------------------------------------------------------------------- */

/** The transition is acknowledged by switching its enable off and on. (8.10) */
static void serve_link(void)
{
	uint16_t control;

	select_bank(1);
	control = reg_read16(regs, SMC_CTR);
	reg_write16(regs, SMC_CTR, control & (uint16_t)~SMC_CTR_LE_ENABLE);
	reg_write16(regs, SMC_CTR, control | SMC_CTR_LE_ENABLE);
	update_link();
}

static unsigned smc_serve(void)
{
	const uint8_t status = reg_read8(regs, SMC_INT);
	unsigned events = 0;

	if (status & SMC_INT_RX_OVRN) {
		counters.rx_overruns++;
		reg_write8(regs, SMC_INT, SMC_INT_RX_OVRN);
	}
	if (status & SMC_INT_TX)
		serve_tx_error();
	if (status & waits_for) {
		if (waits_for == SMC_INT_ALLOC) {
			spare = reg_read8(regs, SMC_ARR);
			if (spare & SMC_NONE)
				spare = SMC_NONE;
		}
		wait_for(0);
		events |= NIC_ROOM;
	}
	if (status & SMC_INT_EPH) {
		serve_link();
		events |= NIC_LINK;
	}
	if (status & SMC_INT_RCV)
		events |= NIC_RECEIVED;
	return events;
}

static bool smc_is_link_up(void)
{
	return is_up;
}

static const struct nic_counters *smc_counters(void)
{
	return &counters;
}

const struct nic_driver smc91c111_driver = {
	.init = smc_init,
	.stop = smc_stop,
	.set_filter = smc_set_filter,
	.serve = smc_serve,
	.take_frames = smc_take_frames,
	.receive = smc_receive,
	.send = smc_send,
	.look = smc_look,
	.read = smc_read,
	.drop = smc_drop,
	.send_words = smc_send_words,
	.is_link_up = smc_is_link_up,
	.counters = smc_counters,
};
