/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver of a board's Ethernet device. There is one, so it keeps its state itself. It never
 * waits for the wire, and knows nothing of what frames mean: a stack or a switch is above it.
 *
 * When the device interrupts, serve() says what there is to do, receive() is called for frames and
 * send() again if it said "no room" before. The interrupt stays asserted while there are frames and
 * take_frames() has not said that they may wait.
 * None of it has a preempt point; copying a frame is the longest, about 1,500 instructions.
 *
 * Who wants a frame only if it is its own, and what is behind the header aligned, uses look(), read() and
 * drop() instead of receive(), and send_words() instead of send(): there a frame begins in the middle of
 * a word.
 */
#ifndef BOARD_NIC_H
#define BOARD_NIC_H

#include <stdbool.h>
#include <stdint.h>

#define NIC_FRAME_MIN     14u
#define NIC_FRAME_MAX     1518u /* with a VLAN tag, without the check sequence */
#define NIC_ADDRESS       6u
#define NIC_ADDRESSES_MAX 16u

/** Which frames are received, beside broadcasts. The address of the device is not among them. */
struct nic_filter {
	bool promiscuous; /* all */
	bool all_groups;  /* all multicasts */
	unsigned count;   /* and those for these addresses, stations and groups */
	uint8_t address[NIC_ADDRESSES_MAX][NIC_ADDRESS];
};

struct nic_counters {
	uint32_t received, sent;
	uint32_t rx_bad;      /* check sequence, alignment, length by the device's own account */
	uint32_t rx_length;   /* a length that no frame has: the device is not to be believed */
	uint32_t rx_filtered; /* for somebody else */
	uint32_t rx_overruns; /* times that the device had no memory left */
	uint32_t tx_errors;   /* collisions, lost carrier, underrun */
};

#define NIC_LOOK 17u /* words of look(): the shortest frame, with its check sequence */
#define NIC_BAD  1u  /* a length that no frame has: look() has found one that is not good */

/** What serve() found. */
#define NIC_RECEIVED 0x1u /* at least one frame waits in the device */
#define NIC_ROOM     0x2u /* send() may be called again */
#define NIC_LINK     0x4u /* the cable was plugged in or out: is_link_up() */

struct nic_driver {
	/**
	 * Resets the device and starts it, receiving broadcasts and what is for its address.
	 * @p address is that, or if it is all zeros, the device's own, which is filled in. Returns
	 * false when the device is not there.
	 */
	bool (*init)(volatile uint32_t *regs, uint8_t address[NIC_ADDRESS]);
	/** Nothing more is sent, received or interrupted. */
	void (*stop)(void);
	void (*set_filter)(const struct nic_filter *filter);
	unsigned (*serve)(void);
	/** Whether frames interrupt: at the start they do. While they do not, they wait in the device. */
	void (*take_frames)(bool on);
	/**
	 * Takes a frame out of the device: NIC_FRAME_MAX bytes at @p frame, aligned to 4, or NULL:
	 * it is thrown away. Returns its length; 0: there was none that was good.
	 */
	uint32_t (*receive)(uint8_t *frame);
	/**
	 * Sends a frame, aligned to 4; short ones are padded. Returns false when the device has no
	 * room for it now: serve() says NIC_ROOM when it has.
	 */
	bool (*send)(const uint8_t *frame, uint32_t length);
	/**
	 * Reads the first NIC_LOOK words of the frame that came first, of which two bytes are nothing;
	 * returns its length, or NIC_BAD; 0: there is none. It stays where it is.
	 */
	uint32_t (*look)(uint32_t *words);
	/** Reads @p count words of it from word @p at on, which is not 0. */
	void (*read)(uint32_t *words, uint32_t at, uint32_t count);
	/** It is not needed any more. */
	void (*drop)(void);
	/** As send(), of @p head words, whose first two bytes are nothing, and @p count behind them. */
	bool (*send_words)(const uint32_t *head, uint32_t head_count, const uint32_t *words,
			   uint32_t count);
	bool (*is_link_up)(void);
	const struct nic_counters *(*counters)(void);
};

#endif
