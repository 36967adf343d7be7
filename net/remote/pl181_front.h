/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's front end for a PL181 of another board: a controller's registers as the guest sees them.
 * Commands and data go to the server's agent (pl181_agent.h), a command with all that belongs to it in
 * one frame; status, masks, FIFO and interrupt lines are here, so that no access of the guest waits.
 *
 * Two calls for each access of the guest below PL181_FRONT_END; what is behind are identification
 * registers, which are read like those of any window. Behind each of them, and behind all that was called
 * of the peer, pl181_front_run() does what has become possible. The window's event() and changed()
 * are to call the functions here.
 */
#ifndef NET_REMOTE_PL181_FRONT_H
#define NET_REMOTE_PL181_FRONT_H

#include "net/remote/client.h"
#include "net/remote/pl181.h"

/** Data from the card that waits for the guest. */
#define PL181_QUEUE_WORDS 2048u

/**
 * A job that is under way. Its answer, and an event behind that, are kept until it is their turn: one
 * or the other may be here before it.
 */
struct pl181_call {
	struct client_op op;
	uint64_t deadline; /* the guest does not wait longer; the answer is taken even then */
	bool is_used, is_answered, is_early;
	uint32_t early_length;
	uint32_t answer[(PL181_REPORT_DATA + PL181_DATA_MAX) / 4u];
	uint32_t early[(PL181_REPORT_DATA + PL181_DATA_MAX) / 4u];
};

struct pl181_front {
	struct client_window *window;
	/** The lines have other levels: bit 0 is that of the first mask. Set by the owner. */
	void (*lines)(struct pl181_front *front, uint32_t levels);
	/** Something has come from the peer: pl181_front_run() has something to do. May be NULL. */
	void (*ready)(struct pl181_front *front);
	void *owner;
	/**
	 * Without a session a new command waits for one, and with one as long as it takes. Else it times
	 * out: at once, and after @ref patience ticks without an answer. Both set by the owner.
	 */
	bool is_patient;
	uint64_t patience;

	/* Registers. */
	uint32_t power, clock, argument, command, timer, length, control, mask[2];
	uint32_t latched, response[4], response_command;
	uint32_t unseen; /* how a command has ended, of which the guest has not been told yet */
	uint32_t levels;

	uint32_t job;    /* what is to be told, PL181_SUPPLY and so on */
	bool is_put_off; /* a path that receives: until its command comes, or the guest looks */
	bool is_silent;  /* something is under way, and the agent says no more before it is asked */
	bool is_receiving, is_sending;
	bool is_broken;        /* the data path: nobody knows how far it came */
	uint32_t ended;        /* latched bits that follow when the data has been read */
	uint32_t to_come;      /* bytes from the card that the agent still has to bring */
	uint32_t wanted;       /* of these, for which it knows that there is room */
	uint32_t to_take;      /* bytes for the card that the guest still has to bring */
	uint32_t sent, taken;  /* of these that it has brought, and that the controller has got */
	uint32_t first, count; /* words of the queue */
	uint32_t queue[PL181_QUEUE_WORDS];
	uint32_t gathered; /* bytes for the card in the next job */
	uint32_t message[(PL181_JOB_DATA + PL181_DATA_MAX) / 4u];

	struct pl181_call call[PL181_JOBS];
	uint32_t next;                        /* number of the next job */
	uint32_t path_number, command_number; /* of those with the present ones */
	uint32_t serial;                      /* of the next report */
};

void pl181_front_init(struct pl181_front *front, struct client_window *window);
void pl181_front_fini(struct pl181_front *front);
void pl181_front_reset(struct pl181_front *front);
uint32_t pl181_front_read(struct pl181_front *front, uint32_t offset);
void pl181_front_write(struct pl181_front *front, uint32_t offset, uint32_t value);
uint32_t pl181_front_read_fifo(struct pl181_front *front);
void pl181_front_write_fifo(struct pl181_front *front, uint32_t value);
void pl181_front_take(struct pl181_front *front, unsigned count);
void pl181_front_put(struct pl181_front *front, const uint32_t *words, unsigned count);
bool pl181_front_has_job(const struct pl181_front *front);
uint64_t pl181_front_run(struct pl181_front *front, uint64_t now);
void pl181_front_event(struct pl181_front *front, const uint8_t *data, uint32_t length);
void pl181_front_changed(struct pl181_front *front);

/** Whether the FIFO has room for @p words, which the guest is told and then writes without asking. */
static inline bool pl181_front_has_room(const struct pl181_front *front, uint32_t words)
{
	return front->is_sending && front->to_take &&
	       front->gathered + 4u * words <= PL181_DATA_MAX;
}

/** A word that waits in the FIFO, behind @p n others. */
static inline uint32_t pl181_front_peek(const struct pl181_front *front, unsigned n)
{
	return front->queue[(front->first + n) % PL181_QUEUE_WORDS];
}

#endif
