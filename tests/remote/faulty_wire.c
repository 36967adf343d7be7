// SPDX-License-Identifier: Apache-2.0
#include "tests/remote/faulty_wire.h"

#include "tests/xorshift.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define LATENCY     200u /* ticks that each frame takes */
#define DELAY_MAX   20000u
#define REORDER_MAX 1500u

/** A number below @p below. */
unsigned wire_sim_chance(struct wire_sim *sim, unsigned below)
{
	return xorshift32(&sim->random) % below;
}

void wire_sim_init(struct wire_sim *sim, uint32_t seed)
{
	memset(sim, 0, sizeof(*sim));
	sim->random = seed * 2654435761u | 1u;
	sim->now = 1;
}

static bool is_before(const struct wire_frame *a, const struct wire_frame *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void put(struct wire_sim *sim, struct wire_frame *frame)
{
	unsigned at = sim->flying_count++;

	assert(sim->flying_count <= WIRE_SIM_FRAMES);
	frame->order = sim->order++;
	for (; at > 0 && is_before(frame, sim->flying[(at - 1u) / 2u]); at = (at - 1u) / 2u)
		sim->flying[at] = sim->flying[(at - 1u) / 2u];
	sim->flying[at] = frame;
}

static struct wire_frame *take(struct wire_sim *sim)
{
	struct wire_frame *const first = sim->flying[0];
	struct wire_frame *const last = sim->flying[--sim->flying_count];
	unsigned at = 0;

	for (;;) {
		unsigned next = 2 * at + 1;

		if (next >= sim->flying_count)
			break;
		if (next + 1 < sim->flying_count &&
		    is_before(sim->flying[next + 1], sim->flying[next]))
			next++;
		if (!is_before(sim->flying[next], last))
			break;
		sim->flying[at] = sim->flying[next];
		at = next;
	}
	sim->flying[at] = last;
	return first;
}

static struct wire_frame *make(unsigned to, const void *bytes, uint32_t length, uint64_t at)
{
	struct wire_frame *const frame = calloc(1, sizeof(*frame));

	assert(frame && length <= sizeof(frame->bytes));
	memcpy(frame->bytes, bytes, length);
	frame->length = length;
	frame->to = to;
	frame->at = at;
	return frame;
}

/** One to eight bits, or sometimes the length. */
static void corrupt(struct wire_sim *sim, struct wire_frame *frame)
{
	uint8_t *const bytes = (uint8_t *)frame->bytes;

	if (wire_sim_chance(sim, 8) == 0) {
		frame->length = wire_sim_chance(sim, frame->length);
		return;
	}
	for (unsigned n = 1 + wire_sim_chance(sim, 8); n; n--)
		bytes[wire_sim_chance(sim, frame->length)] ^=
			(uint8_t)(1u << wire_sim_chance(sim, 8));
}

static bool happens(struct wire_sim *sim, unsigned probability, unsigned *count)
{
	if (wire_sim_chance(sim, 1000) >= probability)
		return false;
	(*count)++;
	return true;
}

static void transmit(struct peer *peer, uint8_t *bytes, uint32_t length)
{
	struct wire_side *const side = peer->owner;
	struct wire_sim *const sim = side->sim;
	struct wire_sim_counts *const counts = &side->counts;
	unsigned copies = 1;

	assert(length && length <= REMOTE_FRAME_MAX && (uintptr_t)bytes % 4u == 0);
	memset(bytes - REMOTE_HEADROOM, 0xa5, REMOTE_HEADROOM);
	if (sim->look)
		sim->look(sim, side->number, bytes, length);
	counts->sent++;
	if (happens(sim, sim->faults.drop, &counts->dropped))
		return;
	if (happens(sim, sim->faults.duplicate, &counts->duplicated))
		copies++;
	for (; copies; copies--) {
		struct wire_frame *const frame =
			make(!side->number, bytes, length, sim->now + LATENCY);

		if (happens(sim, sim->faults.reorder, &counts->reordered))
			frame->at += wire_sim_chance(sim, REORDER_MAX);
		if (happens(sim, sim->faults.delay, &counts->delayed))
			frame->at += wire_sim_chance(sim, DELAY_MAX);
		if (happens(sim, sim->faults.corrupt, &counts->corrupted))
			corrupt(sim, frame);
		put(sim, frame);
	}
}

static void random_bytes(struct peer *peer, void *to, uint32_t length)
{
	struct wire_side *const side = peer->owner;
	uint8_t *bytes = to;

	for (; length; length--)
		*bytes++ = (uint8_t)wire_sim_chance(side->sim, 256);
}

/** Adds a side. Of @p config, owner, transmit() and random() are ours; its ops are copied. */
void wire_sim_add(struct wire_sim *sim, unsigned number, const struct peer_config *config)
{
	static struct peer_ops ops[2];
	struct wire_side *const side = &sim->side[number];

	if (config->ops)
		ops[number] = *config->ops;
	ops[number].transmit = transmit;
	ops[number].random = random_bytes;
	side->sim = sim;
	side->number = number;
	side->config = *config;
	side->config.owner = side;
	side->config.ops = &ops[number];
	peer_init(&side->peer, &side->config);
}

/** A side forgets everything, as after a reset of its board; windows have to be attached again. */
void wire_sim_restart(struct wire_sim *sim, unsigned number)
{
	peer_init(&sim->side[number].peer, &sim->side[number].config);
}

/** A frame that none of the two has sent arrives at one of them, @p after ticks from now. */
void wire_sim_inject(struct wire_sim *sim, unsigned to, const void *frame, uint32_t length,
		     uint64_t after)
{
	struct wire_frame *const one = make(to, frame, length, sim->now + after);

	one->is_forged = true;
	sim->side[!to].counts.injected++;
	put(sim, one);
}

static void work(struct wire_sim *sim)
{
	for (unsigned n = 0; n < 2; n++) {
		struct wire_side *const side = &sim->side[n];

		while (!side->is_off && peer_has_work(&side->peer))
			peer_work(&side->peer, sim->now);
	}
}

/** Whatever is next, at its time: a frame that arrives, or a deadline. False: there is nothing. */
bool wire_sim_step(struct wire_sim *sim)
{
	uint64_t next = sim->flying_count ? sim->flying[0]->at : REMOTE_NEVER;

	work(sim);
	if (sim->flying_count)
		next = sim->flying[0]->at;
	for (unsigned n = 0; n < 2; n++) {
		const uint64_t deadline =
			sim->side[n].is_off ? REMOTE_NEVER : peer_deadline(&sim->side[n].peer);

		if (deadline < next)
			next = deadline;
	}
	if (next == REMOTE_NEVER)
		return false;
	if (next > sim->now)
		sim->now = next;
	for (unsigned n = 0; n < 2; n++) {
		struct wire_side *const side = &sim->side[n];

		if (!side->is_off && peer_deadline(&side->peer) <= sim->now)
			(void)peer_tick(&side->peer, sim->now);
	}
	if (sim->flying_count && sim->flying[0]->at <= sim->now) {
		struct wire_frame *const frame = take(sim);
		struct wire_side *const side = &sim->side[frame->to];

		if (!side->is_off) {
			sim->side[!frame->to].counts.delivered++;
			/* In memory of its own size: what is read behind its end is found. */
			uint8_t *const bytes = malloc(frame->length ? frame->length : 1);

			assert(bytes);
			memcpy(bytes, frame->bytes, frame->length);
			peer_receive(&side->peer, bytes, frame->length, sim->now);
			while (peer_has_frame(&side->peer))
				peer_work(&side->peer, sim->now);
			free(bytes);
		}
		free(frame);
	}
	work(sim);
	return true;
}

void wire_sim_end(struct wire_sim *sim)
{
	while (sim->flying_count)
		free(take(sim));
}
