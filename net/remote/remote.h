/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What both halves of the remote-device protocol share (docs/remote-protocol.md): limits, results,
 * and the description of a window. The protocol is pure code: it has no clock, no memory but what it
 * is handed, and no network but a function that sends a frame.
 *
 * Times are in ticks of the caller's clock, whatever their length: of CLOCK_HZ on a board,
 * microseconds on a PC. No time travels in a frame. REMOTE_NEVER is no time at all.
 */
#ifndef NET_REMOTE_REMOTE_H
#define NET_REMOTE_REMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REMOTE_NEVER UINT64_MAX

/** IEEE 802 local experimental EtherType 1, or the protocol id behind LLC/SNAP. */
#define REMOTE_ETHERTYPE 0x88b5u
/** A frame of ours: what follows the EtherType or the SNAP header, which leaves 1,492 bytes. */
#define REMOTE_FRAME_MAX 1488u
/** Bytes in front of a frame that transmit() may write on: Ethernet's header, SNAP's, and spare. */
#define REMOTE_HEADROOM 24u

#define REMOTE_KEY_BYTES     32u /* a pre-shared key */
#define REMOTE_ADDRESS_BYTES 6u

/** Windows of one peer that are used here, and of this board that are served to one peer. */
#define REMOTE_WINDOWS  8u
#define REMOTE_NAME_MAX 24u   /* bytes of a window's name, without a terminator */
#define REMOTE_IRQS_MAX 8u    /* interrupt lines of one window */
#define REMOTE_DATA_MAX 1392u /* bytes of one transfer, and of an event or a call to an agent */

/** Widths of accesses that a window allows, as a set. The values are the widths. */
#define REMOTE_WIDTH_1 0x1u
#define REMOTE_WIDTH_2 0x2u
#define REMOTE_WIDTH_4 0x4u

/** What a window may be used for, and what it has. */
#define REMOTE_READ   0x01u
#define REMOTE_WRITE  0x02u
#define REMOTE_MEMORY 0x04u /* memory: accesses have no side effects and may be put together */
#define REMOTE_AGENT  0x08u /* the server has device knowledge for it: client_call(), events */

/** What a server tells about a window. */
struct remote_capabilities {
	uint32_t size;     /* bytes; offsets are below it */
	uint8_t widths;    /* REMOTE_WIDTH_* */
	uint8_t flags;     /* REMOTE_READ and so on */
	uint8_t irq_count; /* lines that this peer gets, from 0 on */
	uint8_t agent;     /* which device knowledge, REMOTE_AGENT_*; 0: none */
};

/** Lines of a window, from 0 on, that are its agent's. */
#define REMOTE_AGENT_LINES 2u

/** Kinds of device knowledge. */
#define REMOTE_AGENT_PL181 1u
#define REMOTE_AGENT_PL011 2u

/** How an access ended. The numbers up to REMOTE_MALFORMED are those in frames. */
enum remote_result {
	REMOTE_OK = 0,
	REMOTE_BUS_ERROR =
		1,          /**< the device's bus answered with an error: the guest's data abort */
	REMOTE_REFUSED = 2, /**< the access list does not allow it; nothing was done */
	REMOTE_NO_WINDOW = 3, /**< no such window, or it is not open */
	REMOTE_MALFORMED = 4, /**< the server could not read the request */
	REMOTE_LATER = 0x40,  /**< only from a server's target: not yet, server_resume() follows */
	REMOTE_TIMEOUT, /**< the deadline of the operation passed; whether it is done is unknown */
	REMOTE_LOST,    /**< the session ended; whether it is done is unknown */
	REMOTE_BUSY,    /**< not begun: no room now, ops->ready() follows */
	REMOTE_AGAIN, /**< only from a server's target: a part is done, call again in the next step */
	REMOTE_DOWN, /**< not begun: no session, or the window is not open */
};

const char *remote_result_name(enum remote_result result);

#endif
