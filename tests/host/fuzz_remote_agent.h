/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the fuzzers of an agent and its front end share: input by bytes, and what stands in for the client
 * half of the protocol. Each of them has three functions, declared last.
 */
#ifndef TESTS_HOST_FUZZ_REMOTE_AGENT_H
#define TESTS_HOST_FUZZ_REMOTE_AGENT_H

#include "net/remote/client.h"
#include "tests/host/fuzz.h"

bool input_is_left(void);
uint8_t next_byte(void);

void answer_job(struct client_op *op, const uint8_t *report, uint32_t length);
void lose_job(struct client_op *op);

/** In each fuzzer: the agent, with jobs of any kind. */
void fuzz_agent(void);
/** In each fuzzer: the front end, with reports of any kind. */
void fuzz_front(void);
/** In each fuzzer: what must hold for each job of the front end. */
void check_job(const uint8_t *job, uint32_t length);

#endif
