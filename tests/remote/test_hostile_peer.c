// SPDX-License-Identifier: Apache-2.0
/*
 * Somebody else on the cable, who has no key but has seen every frame: sends random ones, captured
 * ones of this session and of those before, and captured ones with other bits, other headers, other
 * lengths. Nothing that the two do is changed by it, and each of its frames is counted.
 */
#include "net/remote/frame.h"
#include "tests/remote/faulty_wire.h"
#include "tests/remote/workload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KEPT       512u
#define HANDSHAKES 64u
#define ACCESSES   10000u
#define READS      500u
#define NUMBERS    65500u /* requests: a few fewer than there are numbers */
#define IDLE       50000u /* frames at peers that do nothing */

struct kept {
	unsigned to;
	uint32_t length;
	uint8_t bytes[REMOTE_FRAME_MAX];
};

static struct wire_sim sim;
static struct counting served;
static struct workload work;
/* Of what was seen, some; handshakes are rare, and so have room of their own. */
static struct kept kept[KEPT], handshakes[HANDSHAKES];
static unsigned kept_count, handshake_count;
static unsigned per_step;
static bool only_replays;
static const uint8_t key[REMOTE_KEY_BYTES] = "a key of thirty-two bytes, pre-s";

static void keep(struct kept *to, unsigned side, const uint8_t *frame, uint32_t length)
{
	to->to = !side;
	to->length = length;
	memcpy(to->bytes, frame, length);
}

static void look(struct wire_sim *of, unsigned from, const uint8_t *frame, uint32_t length)
{
	if (frame[1] <= FRAME_WELCOME)
		keep(&handshakes[handshake_count++ % HANDSHAKES], from, frame, length);
	/* Old ones stay, too. */
	if (kept_count < KEPT)
		keep(&kept[kept_count++], from, frame, length);
	else if (!only_replays && wire_sim_chance(of, 4) == 0)
		keep(&kept[wire_sim_chance(of, KEPT)], from, frame, length);
}

static const struct kept *captured(void)
{
	if (handshake_count && wire_sim_chance(&sim, 4) == 0)
		return &handshakes[wire_sim_chance(
			&sim, handshake_count < HANDSHAKES ? handshake_count : HANDSHAKES)];
	return &kept[wire_sim_chance(&sim, kept_count)];
}

/** What somebody without the key can make. */
static void attack(void)
{
	const struct kept *const genuine = captured();
	uint8_t bytes[REMOTE_FRAME_MAX + 16];
	uint32_t length = genuine->length;
	unsigned to = genuine->to;

	memcpy(bytes, genuine->bytes, length);
	switch (only_replays ? 9u : wire_sim_chance(&sim, 10)) {
	case 0: /* nothing that was ever sent */
		length = wire_sim_chance(&sim, sizeof(bytes));
		for (uint32_t n = 0; n < length; n++)
			bytes[n] = (uint8_t)wire_sim_chance(&sim, 256);
		break;
	case 1: /* a good head, and noise */
		for (uint32_t n = FRAME_HEAD; n < length; n++)
			bytes[n] = (uint8_t)wire_sim_chance(&sim, 256);
		break;
	case 2: /* some bits */
		for (unsigned n = 1 + wire_sim_chance(&sim, 4); n; n--)
			bytes[wire_sim_chance(&sim, length)] ^=
				(uint8_t)(1u << wire_sim_chance(&sim, 8));
		break;
	case 3: /* cut off */
		length = wire_sim_chance(&sim, length);
		break;
	case 4: /* longer than it says, which padding makes it, too */
		memset(bytes + length, 0x5a, sizeof(bytes) - length);
		length += 1 + wire_sim_chance(&sim, (unsigned)sizeof(bytes) - length);
		break;
	case 5: /* longer than it was, and says so */
		frame_put(bytes, frame_get(bytes) + (4u << 16));
		length += 4;
		break;
	case 6: /* the counter that comes next */
		frame_put(bytes + 8,
			  sim.side[!to].peer.session.sent + 1u + wire_sim_chance(&sim, 3));
		break;
	case 7: /* of the present session */
		frame_put(bytes + 4, sim.side[to].peer.session.id);
		bytes[1] = (uint8_t)(FRAME_WELCOME + wire_sim_chance(&sim, 6));
		break;
	case 8: /* back to who has sent it */
		to = !to;
		break;
	default: /* as it was */
		break;
	}
	wire_sim_inject(&sim, to, bytes, length, 1 + wire_sim_chance(&sim, 4000));
}

static void step(void *owner)
{
	for (unsigned n = 0; n < per_step && sim.flying_count < WIRE_SIM_FRAMES / 2; n++)
		attack();
	assert_true(wire_sim_step(&sim));
}

static uint64_t now(void *owner)
{
	return sim.now;
}

static void attach(void)
{
	static uint32_t seed;

	workload_init(&work, ++seed);
	work.step = step;
	work.now = now;
	client_attach(&sim.side[0].peer, &work.window);
	peer_start(&sim.side[0].peer, sim.now);
}

static int start(void **state)
{
	static const struct server_window *windows[1];
	struct peer_config config = { .name = "other", .key = key, .timing = PEER_TIMING(SIM_HZ) };
	/* Who begins a session is decided by the address: both ways. */
	const bool client_begins = *state != NULL;

	wire_sim_init(&sim, 7);
	sim.look = look;
	per_step = kept_count = handshake_count = 0;
	only_replays = false;
	counting_init(&served, NULL);
	windows[0] = &served.window;
	memcpy(config.own, client_begins ? "\x02HAK\0A" : "\x02HAK\0C", REMOTE_ADDRESS_BYTES);
	memcpy(config.other, "\x02HAK\0B", REMOTE_ADDRESS_BYTES);
	wire_sim_add(&sim, 0, &config);
	memcpy(config.other, config.own, REMOTE_ADDRESS_BYTES);
	memcpy(config.own, "\x02HAK\0B", REMOTE_ADDRESS_BYTES);
	config.windows = windows;
	config.window_count = 1;
	wire_sim_add(&sim, 1, &config);
	peer_start(&sim.side[1].peer, sim.now);
	/* Sessions that are over when the attack begins: its frames of them are old. */
	for (unsigned sessions = 0; sessions < 4; sessions++) {
		attach();
		workload_wait_open(&work);
		workload_reset(&work);
		workload_run(&work, 400, 20);
		wire_sim_restart(&sim, 0);
	}
	attach();
	workload_wait_open(&work);
	workload_reset(&work);
	return 0;
}

static int end(void **state)
{
	wire_sim_end(&sim);
	return 0;
}

/** Frames that were discarded without effect. */
static uint32_t discarded(const struct peer_counters *c)
{
	return c->malformed + c->foreign + c->forged + c->replayed + c->unexpected + c->limited;
}

static uint32_t discarded_by_both(void)
{
	return discarded(&sim.side[0].peer.counters) + discarded(&sim.side[1].peer.counters);
}

static unsigned injected(void)
{
	return sim.side[0].counts.injected + sim.side[1].counts.injected;
}

/** While they work: all is right, in the session that there was. */
static void while_they_work(void **state)
{
	const uint32_t session = sim.side[0].peer.session.id;
	const uint32_t sessions = sim.side[1].peer.counters.sessions;
	const uint32_t before = discarded_by_both();

	per_step = 8;
	workload_run(&work, ACCESSES, READS);
	assert_int_equal(served.count, ACCESSES);
	assert_int_equal(served.digest, work.expected.digest);
	assert_int_equal(sim.side[0].peer.session.id, session);
	assert_int_equal(sim.side[1].peer.session.id, session);
	assert_int_equal(sim.side[0].peer.counters.sessions, 1);
	assert_int_equal(sim.side[1].peer.counters.sessions, sessions);
	assert_true(injected() > 10 * READS);
	assert_true(sim.side[0].peer.counters.replayed > READS / 10);
	assert_true(sim.side[1].peer.counters.replayed > READS / 10);
	/* Captured HELLOs are authentic, and are answered; of all others there is no effect. */
	assert_true(discarded_by_both() - before > injected() * 9u / 10u);
}

/** The first frames of a session, when the numbers of requests have come round to theirs. */
static void old_numbers(void **state)
{
	kept_count = 0;
	only_replays = true;
	workload_run(&work, NUMBERS, NUMBERS);
	/* All numbers near those that were captured. */
	per_step = 2;
	workload_run(&work, KEPT, KEPT);
	assert_int_equal(served.count, NUMBERS + KEPT);
	assert_int_equal(served.digest, work.expected.digest);
	assert_int_equal(sim.side[0].peer.counters.sessions, 1);
}

/** While they do nothing: their states stay as they are, but for what is counted. */
static void while_they_idle(void **state)
{
	struct peer *const client = &sim.side[0].peer, *const server = &sim.side[1].peer;

	/* What the set-up has posted is done. */
	workload_run(&work, 10, 2);

	const struct link link = client->link;
	const uint32_t session = client->session.id, sessions = server->counters.sessions;
	const uint16_t expected = server->link.expected;
	const uint32_t accesses = server->counters.accesses;
	unsigned all = injected();

	while (injected() - all < IDLE) {
		per_step = 8;
		step(NULL);
	}
	per_step = 0;
	while (sim.flying_count)
		step(NULL);
	assert_true(client->session.is_up && server->session.is_up);
	assert_int_equal(client->session.id, session);
	assert_int_equal(server->session.id, session);
	assert_int_equal(server->counters.sessions, sessions);
	assert_int_equal(client->link.next, link.next);
	assert_int_equal(client->link.oldest, link.oldest);
	assert_int_equal(server->link.expected, expected);
	assert_int_equal(server->counters.accesses, accesses);
	assert_int_equal(served.count, 10);
	/* And they still work. */
	workload_run(&work, 1000, 50);
	assert_int_equal(served.count, 1010);
	assert_int_equal(served.digest, work.expected.digest);
}

/** A session begins while somebody else does all that: the handshake is not held up for ever. */
static void while_they_begin(void **state)
{
	for (unsigned n = 0; n < 50; n++) {
		const uint64_t began = sim.now;

		per_step = 0;
		wire_sim_restart(&sim, n % 2);
		if (n % 2) {
			peer_start(&sim.side[1].peer, sim.now);
			work.window.is_open = false;
		} else {
			attach();
		}
		per_step = 4;
		workload_wait_open(&work);
		/* Within the time in which silence is noticed, and some attempts. */
		assert_true(sim.now - began < 10 * (uint64_t)SIM_HZ);
		workload_reset(&work);
		counting_init(&work.expected, NULL);
		workload_run(&work, 200, 10);
	}
}

int main(void)
{
	static int begins;
	struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(while_they_work, start, end),
		cmocka_unit_test_prestate_setup_teardown(while_they_work, start, end, &begins),
		cmocka_unit_test_setup_teardown(old_numbers, start, end),
		cmocka_unit_test_setup_teardown(while_they_idle, start, end),
		cmocka_unit_test_prestate_setup_teardown(while_they_idle, start, end, &begins),
		cmocka_unit_test_setup_teardown(while_they_begin, start, end),
		cmocka_unit_test_prestate_setup_teardown(while_they_begin, start, end, &begins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
