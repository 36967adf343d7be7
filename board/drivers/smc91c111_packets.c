// SPDX-License-Identifier: Apache-2.0
/*
 * Frames of the LAN91C111. It has 8 KiB of memory in packets of 2 KiB, for both directions; its
 * memory manager (MMU) hands them out. Data goes through one register: the bus width is 32 bits on
 * our boards, but only it is accessed as words.
 */
#include "board/drivers/smc91c111.h"

#include "board/drivers/regs.h"
#include "board/drivers/smc91c111_regs.h"

/** Frames for others that are skipped at once; more of them wait for the next interrupt. */
#define SKIP_MAX 4u
/** Packets that are on their way out at once: of four, two are always there to receive. */
#define SENDING_MAX 2u
/** At most so often the chip is asked whether it is busy: it takes some hundred nanoseconds, or is broken. */
#define POLLS  200u
#define RX_BAD (SMC_STATUS_ALGN | SMC_STATUS_BADCRC | SMC_STATUS_TOOLONG | SMC_STATUS_TOOSHORT)

static uint8_t spare;    /* a packet that was allocated when send() waited for it, or SMC_NONE */
static unsigned sending; /* packets that were enqueued since there was none */

static void wait_mmu(void)
{
	for (unsigned n = 0; n < POLLS && (reg_read16(smc.regs, SMC_MMU) & SMC_MMU_BUSY); n++)
		;
}

static void command(uint16_t what)
{
	wait_mmu();
	reg_write16(smc.regs, SMC_MMU, what);
}

/** Where the data register reads or writes next. What was written before has to be through. */
static void point_to(uint16_t where)
{
	for (unsigned n = 0; n < POLLS && (reg_read16(smc.regs, SMC_PTR) & SMC_PTR_NOT_EMPTY); n++)
		;
	reg_write16(smc.regs, SMC_PTR, where);
	/* 370 ns have to pass before data is read: four accesses. (8.18) */
	for (unsigned n = 0; n < 4; n++)
		(void)reg_read16(smc.regs, SMC_PTR);
}

/** The chip's memory is free, and nothing is under way. */
void smc_packets_reset(void)
{
	command(SMC_MMU_RESET);
	wait_mmu();
	smc.waits_for = 0;
	spare = SMC_NONE;
	sending = 0;
}

/* ---- sending ---------------------------------------------------------------------------------- */

static void wait_for(uint8_t interrupt)
{
	smc.waits_for = interrupt;
	smc_update_mask();
}

/** A packet of the chip's memory, or SMC_NONE: then the ALLOC interrupt tells when there is one. */
static uint8_t allocate(void)
{
	command(SMC_MMU_ALLOC);
	for (unsigned n = 0; n < 16; n++)
		if (reg_read8(smc.regs, SMC_INT) & SMC_INT_ALLOC) {
			const uint8_t packet = reg_read8(smc.regs, SMC_ARR);

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
	if (reg_read8(smc.regs, SMC_INT) & SMC_INT_TX_EMPTY) {
		reg_write8(smc.regs, SMC_INT, SMC_INT_TX_EMPTY);
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

	reg_write(smc.regs, SMC_DATA, ((length & ~1u) + SMC_PACKET_EXTRA) << 16);
	for (; left >= 4; left -= 4)
		reg_write(smc.regs, SMC_DATA, *word++);
	frame = (const uint8_t *)word;
	if (left >= 2) {
		reg_write16(smc.regs, SMC_DATA, (uint16_t)(frame[0] | frame[1] << 8));
		frame += 2;
	}
	reg_write16(smc.regs, SMC_DATA,
		    length & 1u ? (uint16_t)(frame[0] | SMC_CONTROL_ODD << 8) : 0u);
}

/** A packet of the chip's memory to write to. False: there is none now. */
static inline __attribute__((always_inline)) bool begin_packet(void)
{
	uint8_t packet = spare;

	if (smc.waits_for || !may_send())
		return false;
	if (packet == SMC_NONE)
		packet = allocate();
	if (packet == SMC_NONE)
		return false;
	spare = SMC_NONE;
	wait_mmu();
	reg_write8(smc.regs, SMC_PNR, packet);
	point_to(SMC_PTR_AUTO_INCR);
	return true;
}

static inline __attribute__((always_inline)) bool end_packet(void)
{
	command(SMC_MMU_ENQUEUE);
	sending++;
	smc.counters.sent++;
	return true;
}

bool smc_send(const uint8_t *frame, uint32_t length)
{
	if (!begin_packet())
		return false;
	write_packet(frame, length);
	return end_packet();
}

static inline __attribute__((always_inline)) void write_words(const uint32_t *from, uint32_t count)
{
	for (; count >= 4; count -= 4, from += 4) {
		reg_write(smc.regs, SMC_DATA, from[0]);
		reg_write(smc.regs, SMC_DATA, from[1]);
		reg_write(smc.regs, SMC_DATA, from[2]);
		reg_write(smc.regs, SMC_DATA, from[3]);
	}
	for (; count; count--)
		reg_write(smc.regs, SMC_DATA, *from++);
}

/** From its third byte on, the packet's data is in the chip's memory as the words are here. */
bool smc_send_words(const uint32_t *head, uint32_t head_count, const uint32_t *words,
		    uint32_t count)
{
	if (!begin_packet())
		return false;
	reg_write(smc.regs, SMC_DATA, (4 * (head_count + count) - 2 + SMC_PACKET_EXTRA) << 16);
	reg_write16(smc.regs, SMC_DATA, (uint16_t)(head[0] >> 16));
	write_words(head + 1, head_count - 1);
	write_words(words, count);
	reg_write16(smc.regs, SMC_DATA, 0);
	return end_packet();
}

/** Of the interrupts in @p status, the one that send() waits for: it may be called again. */
bool smc_found_room(uint8_t status)
{
	if (!(status & smc.waits_for))
		return false;
	if (smc.waits_for == SMC_INT_ALLOC) {
		spare = reg_read8(smc.regs, SMC_ARR);
		if (spare & SMC_NONE)
			spare = SMC_NONE;
	}
	wait_for(0);
	return true;
}

/**
 * A packet could not be sent: those that could, the chip releases by itself. Sending has stopped;
 * it goes on with the next one, when the MAC is told so.
 */
void smc_tx_failed(void)
{
	const uint8_t packet = reg_read8(smc.regs, SMC_FIFO_TX);

	if (!(packet & SMC_NONE)) {
		wait_mmu();
		reg_write8(smc.regs, SMC_PNR, packet);
		point_to(SMC_PTR_AUTO_INCR | SMC_PTR_READ);
		if (!(reg_read(smc.regs, SMC_DATA) & SMC_EPH_TX_SUC))
			smc.counters.tx_errors++;
		command(SMC_MMU_RELEASE);
		wait_mmu();
	}
	reg_write8(smc.regs, SMC_INT, SMC_INT_TX);
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
		*word++ = reg_read(smc.regs, SMC_DATA);
	frame = (uint8_t *)word;
	if (left) {
		last = reg_read16(smc.regs, SMC_DATA);
		*frame++ = (uint8_t)last;
		*frame++ = (uint8_t)(last >> 8);
	}
	last = reg_read16(smc.regs, SMC_DATA);
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
	head = reg_read(smc.regs, SMC_DATA);
	if (head & RX_BAD) {
		smc.counters.rx_bad++;
		return 0;
	}
	even = (head >> 16 & SMC_COUNT_MASK & ~1u) - SMC_PACKET_EXTRA;
	if (even < NIC_FRAME_MIN || even > NIC_FRAME_MAX) {
		smc.counters.rx_length++;
		return 0;
	}
	first[0] = reg_read(smc.regs, SMC_DATA);
	first[1] = reg_read(smc.regs, SMC_DATA);
	if (!smc_is_wanted((const uint8_t *)first)) {
		smc.counters.rx_filtered++;
		return 0;
	}
	if (!frame)
		return 0;
	((uint32_t *)(void *)frame)[0] = first[0];
	((uint32_t *)(void *)frame)[1] = first[1];

	/* A length that is even can be the longest there is; with an odd byte it is too long. */
	const uint32_t length = read_packet(frame, even);

	if (length > NIC_FRAME_MAX) {
		smc.counters.rx_length++;
		return 0;
	}
	smc.counters.received++;
	return length;
}

uint32_t smc_receive(uint8_t *frame)
{
	uint32_t length = 0;

	for (unsigned n = 0; n < SKIP_MAX && !length; n++) {
		if (reg_read8(smc.regs, SMC_FIFO_RX) & SMC_NONE)
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
		to[0] = reg_read(smc.regs, SMC_DATA);
		to[1] = reg_read(smc.regs, SMC_DATA);
		to[2] = reg_read(smc.regs, SMC_DATA);
		to[3] = reg_read(smc.regs, SMC_DATA);
	}
	for (; count; count--)
		*to++ = reg_read(smc.regs, SMC_DATA);
}

/**
 * The packet's words from its byte count on: the frame's from their middle. Its status is not among
 * them: who looks at frames this way knows a bad one by other means.
 */
uint32_t smc_look(uint32_t *words)
{
	uint32_t even;

	if (reg_read8(smc.regs, SMC_FIFO_RX) & SMC_NONE)
		return 0;
	point_to(SMC_PTR_RCV | SMC_PTR_AUTO_INCR | SMC_PTR_READ | SMC_PACKET_COUNT);
	read_words(words, NIC_LOOK);
	even = (words[0] & SMC_COUNT_MASK & ~1u) - SMC_PACKET_EXTRA;
	return even >= NIC_FRAME_MIN && even <= NIC_FRAME_MAX ? even : NIC_BAD;
}

void smc_read(uint32_t *words, uint32_t at, uint32_t count)
{
	const uint16_t where = (uint16_t)(SMC_PACKET_COUNT + 4 * at);

	point_to(SMC_PTR_RCV | SMC_PTR_AUTO_INCR | SMC_PTR_READ | where);
	read_words(words, count);
}

void smc_drop(void)
{
	command(SMC_MMU_REMOVE_RELEASE);
	wait_mmu();
	smc.counters.received++;
}
