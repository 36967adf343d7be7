// SPDX-License-Identifier: Apache-2.0
/*
 * A million accesses to a counting device over a wire with 20 % of each fault: one in twenty is a read
 * that waits for its answer, the rest is posted, in runs of single writes and in transfers. The same
 * accesses are done at once to a device of here: each read has to bring what that one says, and at
 * the end both have seen the same, in the same order.
 *
 * HAKO_ACCESSES=n does n of them.
 */
#include "net/remote/hosted/counting.h"
#include "tests/remote/faulty_wire.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ACCESSES     1000000u
#define READ_IN      20u
#define TRANSFER_MAX 64u
#define FAULT        200u

static struct wire_sim sim;
static struct counting served, expected;
static const uint8_t key[REMOTE_KEY_BYTES] = "a key of thirty-two bytes, pre-s";
static unsigned reads, writes, posted_failures;

static void failed(struct client_window *window, enum remote_result why, unsigned count)
{
	posted_failures += count;
}

static const struct client_window_ops window_ops = { .failed = failed };
static struct client_window window = { .name = COUNTING_NAME, .ops = &window_ops };

static void start(uint32_t seed)
{
	static const struct server_window *windows[1];
	struct peer_config config = { .name = "other", .key = key, .timing = PEER_TIMING(SIM_HZ) };

	wire_sim_init(&sim, seed);
	counting_init(&served, NULL);
	counting_init(&expected, NULL);
	windows[0] = &served.window;
	memcpy(config.own, "\x02HAK\0A", 6);
	memcpy(config.other, "\x02HAK\0B", 6);
	wire_sim_add(&sim, 0, &config);
	memcpy(config.own, "\x02HAK\0B", 6);
	memcpy(config.other, "\x02HAK\0A", 6);
	config.windows = windows;
	config.window_count = 1;
	wire_sim_add(&sim, 1, &config);
	client_attach(&sim.side[0].peer, &window);
	peer_start(&sim.side[0].peer, sim.now);
	peer_start(&sim.side[1].peer, sim.now);
	while (!window.is_open)
		assert_true(wire_sim_step(&sim));
}

struct read_op {
	struct client_op op;
	bool is_done;
	enum remote_result result;
};

static void read_done(struct client_op *op, enum remote_result result)
{
	struct read_op *const read = op->owner;

	assert_false(read->is_done);
	read->is_done = true;
	read->result = result;
}

/** One of the registers with something to say. */
static void read_one(void)
{
	static const uint32_t offsets[] = { COUNTING_COUNT, COUNTING_DIGEST, COUNTING_GAPS,
					    COUNTING_SEQUENCE, COUNTING_FIFO };
	const uint32_t offset =
		offsets[wire_sim_chance(&sim, sizeof(offsets) / sizeof(offsets[0]))];
	const unsigned width = offset == COUNTING_SEQUENCE ? 1u << wire_sim_chance(&sim, 3) : 4u;
	struct read_op read = {
		.op = { .done = read_done, .owner = &read, .deadline = REMOTE_NEVER }
	};
	enum remote_result result;
	uint32_t value;

	while ((result = client_read(&window, &read.op, offset, width, sim.now)) == REMOTE_BUSY)
		assert_true(wire_sim_step(&sim));
	assert_int_equal(result, REMOTE_OK);
	while (!read.is_done)
		assert_true(wire_sim_step(&sim));
	assert_int_equal(read.result, REMOTE_OK);
	assert_int_equal(expected.window.target->read(&expected.window, offset, width, &value),
			 REMOTE_OK);
	value &= width == 4 ? UINT32_MAX : (1u << 8 * width) - 1u;
	assert_int_equal(read.op.value, value);
	reads++;
}

static void expect_write(uint32_t offset, unsigned width, uint32_t value)
{
	assert_int_equal(expected.window.target->write(&expected.window, offset, width, value),
			 REMOTE_OK);
	writes++;
}

static void post_one(void)
{
	const bool is_fifo = wire_sim_chance(&sim, 4) == 0;
	const uint32_t offset = is_fifo ? COUNTING_FIFO : COUNTING_SEQUENCE;
	const unsigned width = is_fifo ? 4u : 1u << wire_sim_chance(&sim, 3);
	const uint32_t mask = width == 4 ? UINT32_MAX : (1u << 8 * width) - 1u;
	/* Mostly the number that is expected: a gap shows what was lost. */
	const uint32_t value = (is_fifo ? sim.random : expected.sequence + 1u) & mask;
	enum remote_result result;

	while ((result = client_write(&window, NULL, offset, width, value, sim.now)) == REMOTE_BUSY)
		assert_true(wire_sim_step(&sim));
	assert_int_equal(result, REMOTE_OK);
	expect_write(offset, width, value);
}

static void post_transfer(unsigned count)
{
	const struct client_transfer transfer = {
		.offset = COUNTING_FIFO, .count = count, .width = 4, .fixed = true
	};
	uint32_t words[TRANSFER_MAX];
	enum remote_result result;

	for (unsigned n = 0; n < count; n++)
		words[n] = wire_sim_chance(&sim, 1u << 30);
	while ((result = client_write_multi(&window, NULL, &transfer, words, sim.now)) ==
	       REMOTE_BUSY)
		assert_true(wire_sim_step(&sim));
	assert_int_equal(result, REMOTE_OK);
	for (unsigned n = 0; n < count; n++)
		expect_write(COUNTING_FIFO, 4, words[n]);
}

/** Writes that follow each other, from one to some hundred. */
static void post_run(unsigned limit)
{
	unsigned count = 1 + wire_sim_chance(&sim, 1u << wire_sim_chance(&sim, 9));

	if (count > limit)
		count = limit;
	if (wire_sim_chance(&sim, 3) == 0)
		post_transfer(count < TRANSFER_MAX ? count : TRANSFER_MAX);
	else
		while (count--)
			post_one();
	/* A client may also say that this is all for now. */
	if (wire_sim_chance(&sim, 2))
		client_push(window.peer, sim.now);
}

static void million(void **state)
{
	const char *const wanted = getenv("HAKO_ACCESSES");
	const unsigned all = wanted ? (unsigned)strtoul(wanted, NULL, 0) : ACCESSES;
	const struct peer_counters *const client = &sim.side[0].peer.counters;
	const struct peer_counters *const server = &sim.side[1].peer.counters;

	start(1);
	sim.faults = (struct wire_faults){ FAULT, FAULT, FAULT, FAULT, FAULT };
	while (reads + writes < all) {
		/* One in READ_IN reads, however long the runs are; and the last one does. */
		const unsigned left = all - reads - writes, left_reads = all / READ_IN - reads;

		if (left_reads > 1 && reads * READ_IN <= reads + writes)
			read_one();
		else if (left > left_reads)
			post_run(left - left_reads);
		else
			read_one();
	}
	printf("%u accesses: %u reads, %u posted writes; %u requests, %u frames of the client, %u of "
	       "the server; sent again %u, replayed %u, forged %u, duplicates %u, early %u; %u s\n",
	       reads + writes, reads, writes, client->requests, sim.side[0].counts.sent,
	       sim.side[1].counts.sent, client->resent, server->replayed, server->forged,
	       server->duplicates, server->early, (unsigned)(sim.now / SIM_HZ));
	assert_int_equal(reads + writes, all);
	assert_int_equal(reads, all / READ_IN);
	/* The last access was a read: all before it have been done. */
	assert_int_equal(served.count, expected.count);
	assert_int_equal(served.count, all);
	assert_int_equal(served.digest, expected.digest);
	assert_int_equal(served.sequence, expected.sequence);
	assert_int_equal(served.gaps, expected.gaps);
	assert_int_equal(server->accesses, all);
	assert_int_equal(posted_failures, 0);
	/* In one session, and the wire was as bad as it should be. */
	assert_int_equal(client->sessions, 1);
	assert_int_equal(server->sessions, 1);
	for (unsigned n = 0; n < 2; n++) {
		const struct wire_sim_counts *const c = &sim.side[n].counts;
		const unsigned fault[] = { c->dropped, c->duplicated, c->reordered, c->delayed,
					   c->corrupted };

		for (unsigned f = 0; f < 5; f++)
			assert_in_range(fault[f], c->sent / 8, c->sent / 3);
	}
	wire_sim_end(&sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(million) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
