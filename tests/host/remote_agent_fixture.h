/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device of board 1 that has an agent, and its window on board 0, on the wire of remote_fixture.h:
 * what the tests of all such devices share.
 */
#ifndef TESTS_HOST_REMOTE_AGENT_FIXTURE_H
#define TESTS_HOST_REMOTE_AGENT_FIXTURE_H

#include "tests/host/remote_fixture.h"

/** What differs from device to device. Registers are words. */
struct agent_device {
	const char *name;
	uint8_t agent; /* REMOTE_AGENT_... */
	uint8_t irq_count;
	unsigned most_accesses; /* in one call of the agent: a bound on how long it takes */

	/* The chip. */
	enum remote_result (*read)(uint32_t offset, uint32_t *value);
	enum remote_result (*write)(uint32_t offset, uint32_t value);

	/* Its agent, on board 1. */
	enum remote_result (*call)(const struct server_window *window, const uint8_t *in,
				   uint32_t in_length, uint8_t *out, uint32_t *length);
	bool (*work)(const struct server_window *window, struct peer *peer, uint64_t at);
	void (*used)(const struct server_window *window, bool in_use);

	/* Its front end, on board 0. */
	void (*changed)(void);
	void (*event)(const uint8_t *data, uint32_t length);
};

extern const struct remote_target agent_chip; /* the chip, for its agent */
extern struct client_window agent_client;     /* attached to board 0 */
extern unsigned agent_interrupts;             /* that its board had from the chip */

void agent_set_up(const struct agent_device *kind);
void agent_irq(bool level);
void agent_connect(void);
void agent_wait_gone(void);
void agent_wait_open(void);

#endif
