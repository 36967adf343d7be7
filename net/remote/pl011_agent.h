/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's agent for a PL011: keeps its FIFOs going by its interrupts, near to it, and exchanges
 * characters with the front end (pl011.h). A window has one; its remote_target's call(), work() and
 * used() go to the functions here. Once there was a call, line 0 is the agent's.
 */
#ifndef NET_REMOTE_PL011_AGENT_H
#define NET_REMOTE_PL011_AGENT_H

#include "net/remote/pl011.h"
#include "net/remote/server.h"
#include "vmm/lib/ring.h"

struct pl011_agent {
	const struct remote_target *device; /* read() and write() of words; set by the owner */

	bool is_begun;        /* the job of the present call */
	bool is_lost;         /* the UART's bus has answered with an error */
	uint32_t serial;      /* of the next report */
	uint32_t taken;       /* characters that have come to be sent */
	uint32_t told;        /* the limit that was told last */
	uint32_t brought;     /* characters that were received and are on their way, or there */
	uint32_t limit;       /* the front end's */
	uint32_t modem;       /* flags that were told last */
	uint32_t settings[5]; /* in the order of a job's */
	struct ring sending;
	uint8_t sending_bytes[PL011_SENDING];
	uint32_t received; /* characters in the event that is being made */
	uint32_t event[(PL011_REPORT_DATA + 2u * PL011_EVENT_MAX) / 4u];
};

enum remote_result pl011_agent_call(struct pl011_agent *agent, const struct server_window *window,
				    const uint8_t *in, uint32_t in_length, uint8_t *out,
				    uint32_t *length);
bool pl011_agent_work(struct pl011_agent *agent, const struct server_window *window,
		      struct peer *peer, uint64_t now);
void pl011_agent_used(struct pl011_agent *agent, const struct server_window *window, bool in_use);

#endif
