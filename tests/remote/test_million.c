// SPDX-License-Identifier: Apache-2.0
/*
 * A million accesses to a counting device over a wire with 20 % of each fault: 50,000 are reads that
 * wait for their answer, the rest is posted, in runs of single writes and in transfers (workload.c).
 * HAKO_ACCESSES=n does n of them.
 */
#include "tests/remote/faulty_wire.h"
#include "tests/remote/workload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ACCESSES 1000000u
#define READ_IN  20u
#define FAULT    200u /* of 1000 */

static struct wire_sim sim;
static struct counting served;
static struct workload work;
static const uint8_t key[REMOTE_KEY_BYTES] = "a key of thirty-two bytes, pre-s";

static void step(void *owner)
{
	assert_true(wire_sim_step(owner));
}

static uint64_t now(void *owner)
{
	const struct wire_sim *const of = owner;

	return of->now;
}

static void start(uint32_t seed)
{
	static const struct server_window *windows[1];
	struct peer_config config = { .name = "other", .key = key, .timing = PEER_TIMING(SIM_HZ) };

	wire_sim_init(&sim, seed);
	counting_init(&served, NULL);
	windows[0] = &served.window;
	memcpy(config.own, "\x02HAK\0A", REMOTE_ADDRESS_BYTES);
	memcpy(config.other, "\x02HAK\0B", REMOTE_ADDRESS_BYTES);
	wire_sim_add(&sim, 0, &config);
	memcpy(config.own, "\x02HAK\0B", REMOTE_ADDRESS_BYTES);
	memcpy(config.other, "\x02HAK\0A", REMOTE_ADDRESS_BYTES);
	config.windows = windows;
	config.window_count = 1;
	wire_sim_add(&sim, 1, &config);
	workload_init(&work, seed);
	work.step = step;
	work.now = now;
	work.owner = &sim;
	client_attach(&sim.side[0].peer, &work.window);
	peer_start(&sim.side[0].peer, sim.now);
	peer_start(&sim.side[1].peer, sim.now);
	workload_wait_open(&work);
}

static void million(void **state)
{
	const char *const wanted = getenv("HAKO_ACCESSES");
	const unsigned all = wanted ? (unsigned)strtoul(wanted, NULL, 0) : ACCESSES;
	const struct peer_counters *const client = &sim.side[0].peer.counters;
	const struct peer_counters *const server = &sim.side[1].peer.counters;

	start(1);
	sim.faults = (struct wire_faults){ FAULT, FAULT, FAULT, FAULT, FAULT };
	workload_run(&work, all, all / READ_IN);
	printf("%u accesses: %u reads, %u posted writes; %u requests, %u frames of the client, %u of "
	       "the server; sent again %u, replayed %u, forged %u, duplicates %u, early %u; %u s\n",
	       work.reads + work.writes, work.reads, work.writes, client->requests,
	       sim.side[0].counts.sent, sim.side[1].counts.sent, client->resent, server->replayed,
	       server->forged, server->duplicates, server->early, (unsigned)(sim.now / SIM_HZ));
	assert_int_equal(work.reads + work.writes, all);
	assert_int_equal(work.reads, all / READ_IN);
	/* The last access was a read: all before it have been done. */
	assert_int_equal(served.count, all);
	assert_int_equal(served.count, work.expected.count);
	assert_int_equal(served.digest, work.expected.digest);
	assert_int_equal(served.sequence, work.expected.sequence);
	assert_int_equal(served.gaps, work.expected.gaps);
	assert_int_equal(server->accesses, all);
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
