/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/host/fuzz_remote_agent.h"

#include <string.h>

static const uint8_t *input, *input_end;

bool input_is_left(void)
{
	return input < input_end;
}

uint8_t next_byte(void)
{
	return input < input_end ? *input++ : 0;
}

/** In place of the client half: a job is begun, or there is no room for it. */
enum remote_result client_call(struct client_window *w, struct client_op *op, const void *in,
			       uint32_t length, void *out, uint32_t room, uint64_t now)
{
	static uint8_t job[REMOTE_DATA_MAX];

	REQUIRE(!op->is_pending && w->is_open);
	REQUIRE(length <= sizeof(job) && room <= REMOTE_DATA_MAX);
	if (next_byte() < 20)
		return REMOTE_BUSY;
	memcpy(job, in, length);
	check_job(job, length);
	op->is_pending = true;
	op->to = out;
	op->room = (uint16_t)room;
	return REMOTE_OK;
}

void client_cancel(struct client_op *op)
{
	op->is_pending = false;
}

static void end_job(struct client_op *op, enum remote_result result)
{
	op->is_pending = false;
	op->done(op, result);
}

/** If a job is under way and has room for it: @p report is what comes of it, or it is lost after all. */
void answer_job(struct client_op *op, const uint8_t *report, uint32_t length)
{
	if (!op->is_pending || length > op->room)
		return;
	memcpy(op->to, report, length);
	op->length = length;
	end_job(op, next_byte() < 20 ? REMOTE_LOST : REMOTE_OK);
}

/** The session has ended. */
void lose_job(struct client_op *op)
{
	if (op->is_pending)
		end_job(op, REMOTE_LOST);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	input = data + 1;
	input_end = data + size;
	if (data[0] & 1)
		fuzz_agent();
	else
		fuzz_front();
	return 0;
}
