/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's agent for a PL181: does a job (pl181.h) of the front end at the controller, near to it,
 * and reports. A window has one; its remote_target's call(), work() and used() go to the functions here.
 * The controller's interrupts are the agent's: it enables them when it has to wait.
 */
#ifndef NET_REMOTE_PL181_AGENT_H
#define NET_REMOTE_PL181_AGENT_H

#include "net/remote/pl181.h"
#include "net/remote/server.h"

struct pl181_agent {
	const struct remote_target *device; /* read() and write() of words; set by the owner */

	bool is_begun;      /* the job of the present call */
	bool is_armed;      /* an event is owed */
	bool is_commanding; /* a command is under way */
	bool is_receiving, is_sending;
	bool is_lost;       /* the controller's bus has answered with an error */
	bool is_stale;      /* the last data path has failed: the FIFO may have words of it */
	uint8_t idle;       /* looks in a row that showed nothing new */
	uint32_t number;    /* of the job that was begun last */
	uint32_t serial;    /* of the next report */
	uint32_t seen;      /* latched status, not reported yet */
	uint32_t left;      /* bytes that the data path has still to move */
	uint32_t wanted;    /* bytes from the card that the front end has room for */
	uint32_t count;     /* bytes from the card, in the next report */
	uint32_t block_log; /* of a block's bytes */
	uint32_t taken;     /* bytes for the card that its FIFO has got */
	uint32_t held;      /* that it has not got yet; behind those in the queue */
	uint32_t queue[PL181_CARD_ROOM / 4u];
	uint32_t report[(PL181_REPORT_DATA + PL181_DATA_MAX) / 4u];
};

enum remote_result pl181_agent_call(struct pl181_agent *agent, const struct server_window *window,
				    const uint8_t *in, uint32_t in_length, uint8_t *out,
				    uint32_t *length);
bool pl181_agent_work(struct pl181_agent *agent, const struct server_window *window,
		      struct peer *peer, uint64_t now);
void pl181_agent_used(struct pl181_agent *agent, const struct server_window *window, bool in_use);

#endif
