/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's front end for a PL011 of another board: the UART's registers as the guest sees them, with
 * FIFOs that reach to the other board. Characters go to and come from the server's agent (pl011_agent.h), as
 * many of them in a frame as there are; flags, masks and the interrupt line are here, so that no access of
 * the guest waits.
 *
 * Two calls for each access of the guest below PL011_FRONT_END. Behind each of them, and behind all that was
 * called of the peer, pl011_front_run() does what has become possible. The window's event() and changed()
 * are to call the functions here.
 *
 * Without a session it is a UART whose plug is out: what the guest sends is lost - or waits, for a patient
 * one - and nothing comes. The next session has its settings.
 */
#ifndef NET_REMOTE_PL011_FRONT_H
#define NET_REMOTE_PL011_FRONT_H

#include "net/remote/client.h"
#include "net/remote/pl011.h"
#include "vmm/lib/ring.h"

struct pl011_front {
	struct client_window *window;
	/** The interrupt has another level. Set by the owner. */
	void (*line)(struct pl011_front *front, bool level);
	/** Something has come from the peer: pl011_front_run() has something to do. May be NULL. */
	void (*ready)(struct pl011_front *front);
	void *owner;
	bool is_patient; /* without a session what is sent waits for one. Set by the owner */

	/* Registers. */
	uint32_t ilpr, ibrd, fbrd, lcr_h, cr, ifls, imsc, ris, rsr, dmacr;
	bool level;

	uint32_t job;     /* what is to be told, PL011_SETTINGS and so on */
	bool is_asking;   /* a job is under way */
	bool wants_flags; /* the guest waits until all is sent */
	bool is_held;     /* the guest has been shown a full FIFO, or nearly */
	uint32_t flags;   /* of the last report */
	uint32_t serial;  /* of that */
	uint32_t sent;    /* characters that were told to the agent */
	uint32_t limit;   /* the agent's */
	uint32_t taken;   /* characters that have come */
	uint32_t told;    /* our limit, as told last */
	struct ring sending;
	uint8_t sending_bytes[PL011_SENDING];
	uint16_t received[PL011_RECEIVED];
	uint32_t first, count;
	struct client_op op;
	uint32_t message[(PL011_JOB_DATA + PL011_SENDING) / 4u];
	uint32_t answer[PL011_REPORT_DATA / 4u];
};

void pl011_front_init(struct pl011_front *front, struct client_window *window);
void pl011_front_fini(struct pl011_front *front);
void pl011_front_reset(struct pl011_front *front);
uint32_t pl011_front_read(struct pl011_front *front, uint32_t offset);
void pl011_front_write(struct pl011_front *front, uint32_t offset, uint32_t value);
bool pl011_front_has_job(const struct pl011_front *front);
void pl011_front_run(struct pl011_front *front, uint64_t now);
void pl011_front_event(struct pl011_front *front, const uint8_t *data, uint32_t length);
void pl011_front_changed(struct pl011_front *front);

#endif
