// SPDX-License-Identifier: Apache-2.0
#include "tests/remote/workload.h"

#include "tests/xorshift.h"

#include <stdio.h>
#include <stdlib.h>

#define TRANSFER_MAX 64u

#define EXPECT(is, wanted, ...)                                                        \
	do {                                                                           \
		if ((is) != (wanted)) {                                                \
			fprintf(stderr, "%s:%d: 0x%x, not 0x%x: ", __FILE__, __LINE__, \
				(unsigned)(is), (unsigned)(wanted));                   \
			fprintf(stderr, __VA_ARGS__);                                  \
			fputc('\n', stderr);                                           \
			abort();                                                       \
		}                                                                      \
	} while (0)

static void failed(struct client_window *window, enum remote_result why, unsigned count)
{
	struct workload *const work = window->owner;

	work->posted_failures += count;
}

static unsigned chance(struct workload *work, unsigned below)
{
	return xorshift32(&work->random) % below;
}

/** Then set step(), now() and their owner, and attach the window. */
void workload_init(struct workload *work, uint32_t seed)
{
	static const struct client_window_ops ops = { .failed = failed };

	*work = (struct workload){ .window = { .name = COUNTING_NAME, .ops = &ops, .owner = work },
				   .random = seed * 2654435761u | 1u };
	counting_init(&work->expected, NULL);
}

void workload_wait_open(struct workload *work)
{
	while (!work->window.is_open)
		work->step(work->owner);
}

static uint32_t mask_of(unsigned width)
{
	return width == 4 ? UINT32_MAX : (1u << 8u * width) - 1u;
}

struct read_op {
	struct client_op op;
	bool is_done;
	enum remote_result result;
};

static void read_done(struct client_op *op, enum remote_result result)
{
	struct read_op *const read = op->owner;

	EXPECT(read->is_done, false, "answered twice");
	read->is_done = true;
	read->result = result;
}

/** Reads and waits for the answer, which is checked. */
uint32_t workload_read(struct workload *work, uint32_t offset, unsigned width)
{
	const struct server_window *const device = &work->expected.window;
	struct read_op read = {
		.op = { .done = read_done, .owner = &read, .deadline = REMOTE_NEVER }
	};
	enum remote_result result;
	uint32_t value;

	while ((result = client_read(&work->window, &read.op, offset, width,
				     work->now(work->owner))) == REMOTE_BUSY)
		work->step(work->owner);
	EXPECT(result, REMOTE_OK, "%s", remote_result_name(result));
	while (!read.is_done)
		work->step(work->owner);
	EXPECT(read.result, REMOTE_OK, "%s", remote_result_name(read.result));
	EXPECT(device->target->read(device, offset, width, &value), REMOTE_OK, "here");
	value &= mask_of(width);
	EXPECT(read.op.value, value, "read %u, of 0x%x, width %u, behind %u writes", work->reads,
	       offset, width, work->writes);
	work->reads++;
	return value;
}

static void expect_write(struct workload *work, uint32_t offset, unsigned width, uint32_t value)
{
	const struct server_window *const device = &work->expected.window;

	EXPECT(device->target->write(device, offset, width, value), REMOTE_OK, "here");
	work->writes++;
}

static void post(struct workload *work, uint32_t offset, unsigned width, uint32_t value)
{
	enum remote_result result;

	while ((result = client_write(&work->window, NULL, offset, width, value,
				      work->now(work->owner))) == REMOTE_BUSY)
		work->step(work->owner);
	EXPECT(result, REMOTE_OK, "%s", remote_result_name(result));
	expect_write(work, offset, width, value);
}

static void post_one(struct workload *work)
{
	const bool is_fifo = chance(work, 4) == 0;
	const unsigned width = is_fifo ? 4u : 1u << chance(work, 3);

	/* Mostly the number that is expected: a gap shows what was lost. */
	post(work, is_fifo ? COUNTING_FIFO : COUNTING_SEQUENCE, width,
	     (is_fifo ? work->random : work->expected.sequence + 1u) & mask_of(width));
}

static void post_transfer(struct workload *work, unsigned count)
{
	const struct client_transfer transfer = {
		.offset = COUNTING_FIFO, .count = count, .width = 4, .fixed = true
	};
	uint32_t words[TRANSFER_MAX];
	enum remote_result result;

	for (unsigned n = 0; n < count; n++)
		words[n] = xorshift32(&work->random);
	while ((result = client_write_multi(&work->window, NULL, &transfer, words,
					    work->now(work->owner))) == REMOTE_BUSY)
		work->step(work->owner);
	EXPECT(result, REMOTE_OK, "%s", remote_result_name(result));
	for (unsigned n = 0; n < count; n++)
		expect_write(work, COUNTING_FIFO, 4, words[n]);
}

/** Writes that follow each other, from one to some hundred. */
static void post_run(struct workload *work, unsigned limit)
{
	unsigned count = 1 + chance(work, 1u << chance(work, 9));

	if (count > limit)
		count = limit;
	if (chance(work, 3) == 0)
		post_transfer(work, count < TRANSFER_MAX ? count : TRANSFER_MAX);
	else
		while (count--)
			post_one(work);
	/* A client may also say that this is all for now. */
	if (chance(work, 2))
		client_push(work->window.peer, work->now(work->owner));
}

/** One of the registers with something to say. */
static void read_one(struct workload *work)
{
	static const uint32_t offsets[] = { COUNTING_COUNT, COUNTING_DIGEST, COUNTING_GAPS,
					    COUNTING_SEQUENCE, COUNTING_FIFO };
	const uint32_t offset = offsets[chance(work, sizeof(offsets) / sizeof(offsets[0]))];

	(void)workload_read(work, offset, offset == COUNTING_SEQUENCE ? 1u << chance(work, 3) : 4u);
}

/** The device at the other end, as at the beginning; whatever it has been used for. */
void workload_reset(struct workload *work)
{
	post(work, COUNTING_RESET, 4, 0);
	work->reads = work->writes = 0;
}

/**
 * So many accesses, of which so many are reads that wait, spread over all; the last one is. The device
 * has to have been reset before the first ones.
 */
void workload_run(struct workload *work, unsigned accesses, unsigned reads)
{
	const unsigned first_reads = work->reads, before = work->reads + work->writes;

	for (;;) {
		const unsigned left = accesses - (work->reads + work->writes - before);
		const unsigned left_reads = reads - (work->reads - first_reads);

		if (!left)
			break;
		if (left == left_reads ||
		    (left_reads > 1 && (uint64_t)left_reads * accesses > (uint64_t)left * reads))
			read_one(work);
		else
			post_run(work, left - left_reads);
	}
	EXPECT(work->posted_failures, 0, "posted writes failed");
}
