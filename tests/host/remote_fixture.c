/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tests/host/remote_fixture.h"
#include "tests/xorshift.h"

#define WIRE_FRAMES 4096u
#define WIRE_TIME   100u  /* of every frame */
#define WIRE_DELAY  3000u /* at most, more for those that are delayed */

struct peer boards[2];
struct test_device device;
struct client_window window;
uint64_t now;
unsigned wire_frames, wire_bytes;
uint8_t wire_last[2][REMOTE_FRAME_MAX];
uint32_t wire_last_length[2];
struct wire_faults wire_faults;
bool wire_cut;
void (*wire_tap)(unsigned from, const uint8_t *frame, uint32_t length);
unsigned opened, closed, posted_failures, ready_calls, event_length;
uint8_t event_data[REMOTE_DATA_MAX];

static struct {
	uint64_t due;
	uint8_t *frame; /* NULL: free */
	uint32_t length;
	unsigned to;
} wire[WIRE_FRAMES];
static uint32_t seed = 1;
const uint8_t board_key[REMOTE_KEY_BYTES] = "just thirty-two bytes of a key..";

void wire_seed(uint32_t value)
{
	seed = value;
}

uint32_t wire_random(void)
{
	return xorshift32(&seed);
}

static bool chance(unsigned percent)
{
	return wire_random() % 100 < percent;
}

static void put_on_wire(unsigned to, const uint8_t *frame, uint32_t length)
{
	for (unsigned i = 0; i < WIRE_FRAMES; i++) {
		if (wire[i].frame)
			continue;
		/* Exactly as long as it is, for the sanitizer. */
		wire[i].frame = malloc(length);
		memcpy(wire[i].frame, frame, length);
		wire[i].length = length;
		wire[i].to = to;
		wire[i].due = now + WIRE_TIME;
		if (chance(wire_faults.delay))
			wire[i].due += wire_random() % WIRE_DELAY;
		if (chance(wire_faults.corrupt))
			wire[i].frame[wire_random() % length] ^= (uint8_t)(1u << wire_random() % 8);
		return;
	}
}

static void transmit(struct peer *peer, uint8_t *frame, uint32_t length)
{
	const unsigned from = (unsigned)(peer - boards);

	assert_in_range(length, 24, REMOTE_FRAME_MAX);
	assert_int_equal((uintptr_t)frame % 4, 0);
	memset(frame - REMOTE_HEADROOM, 0xee, REMOTE_HEADROOM);
	wire_frames++;
	wire_bytes += length;
	memcpy(wire_last[from], frame, length);
	wire_last_length[from] = length;
	if (wire_tap)
		wire_tap(from, frame, length);
	if (wire_cut || chance(wire_faults.lose))
		return;
	put_on_wire(!from, frame, length);
	if (chance(wire_faults.duplicate))
		put_on_wire(!from, frame, length);
}

static void random_bytes(struct peer *peer, void *to, uint32_t length)
{
	uint8_t *bytes = to;

	for (uint32_t i = 0; i < length; i++)
		bytes[i] = (uint8_t)(wire_random() >> 8);
}

static void ready(struct peer *peer)
{
	ready_calls++;
}

static const struct peer_ops peer_ops = {
	.transmit = transmit,
	.random = random_bytes,
	.ready = ready,
};

/* ---- the device ------------------------------------------------------------------------------ */

static enum remote_result device_access(uint32_t offset, unsigned width, bool is_write,
					uint32_t *value)
{
	assert_true(device.in_use);
	assert_true(offset % width == 0 && offset + width <= DEVICE_SIZE);
	if (device.later) {
		device.later--;
		return REMOTE_LATER;
	}
	if (is_write)
		device.writes++;
	else
		device.reads++;
	if (offset >= DEVICE_FAULTY || (device.fails_at && offset == device.fails_at))
		return REMOTE_BUS_ERROR;
	if (offset == DEVICE_FIFO) {
		if (is_write)
			device.fifo_wrong |= *value != device.fifo;
		else
			*value = device.fifo;
		device.fifo++;
	} else if (is_write) {
		memcpy(device.memory + offset, value, width);
	} else {
		memcpy(value, device.memory + offset, width);
	}
	return REMOTE_OK;
}

static enum remote_result device_read(const struct server_window *w, uint32_t offset,
				      unsigned width, uint32_t *value)
{
	*value = 0;
	return device_access(offset, width, false, value);
}

static enum remote_result device_write(const struct server_window *w, uint32_t offset,
				       unsigned width, uint32_t value)
{
	return device_access(offset, width, true, &value);
}

static enum remote_result device_read_block(const struct server_window *w, uint32_t offset,
					    void *to, uint32_t length)
{
	assert_in_range(length, 1, SERVER_BLOCK);
	device.blocks++;
	memcpy(to, device.memory + offset, length);
	return REMOTE_OK;
}

static enum remote_result device_write_block(const struct server_window *w, uint32_t offset,
					     const void *from, uint32_t length)
{
	assert_in_range(length, 1, SERVER_BLOCK);
	device.blocks++;
	memcpy(device.memory + offset, from, length);
	return REMOTE_OK;
}

static uint32_t device_lines(const struct server_window *w)
{
	return device.levels;
}

/** As an interrupt controller does: a line that is high and not masked interrupts, and is masked. */
static void see_interrupts(void)
{
	for (unsigned line = 0; line < REMOTE_IRQS_MAX; line++) {
		if (device.levels & ~device.masked & 1u << line) {
			device.masked |= 1u << line;
			server_line(&boards[1], &device_window, line, true, now);
		}
	}
}

static void device_unmask(const struct server_window *w, uint32_t lines)
{
	assert_int_equal(lines & ~device.masked, 0);
	device.masked &= ~lines;
	device.unmasked++;
}

void interrupt(unsigned line, bool level)
{
	if (level)
		device.levels |= 1u << line;
	else
		device.levels &= ~(1u << line);
	see_interrupts();
	settle(1);
}

static void device_used(const struct server_window *w, struct peer *peer, bool in_use)
{
	assert_ptr_equal(peer, &boards[1]);
	device.in_use = in_use;
	device.masked = 0;
}

/** Gives back what it got, in the other order. */
static enum remote_result device_call(const struct server_window *w, struct peer *peer,
				      const uint8_t *in, uint32_t in_length, uint8_t *out,
				      uint32_t *length)
{
	if (device.later) {
		device.later--;
		return REMOTE_LATER;
	}
	device.calls++;
	if (in_length < *length)
		*length = in_length;
	for (uint32_t i = 0; i < *length; i++)
		out[i] = in[in_length - 1 - i];
	return REMOTE_OK;
}

static const struct remote_target registers = {
	.read = device_read,
	.write = device_write,
	.lines = device_lines,
	.unmask = device_unmask,
	.used = device_used,
	.call = device_call,
};
static const struct remote_target memory = {
	.read = device_read,
	.write = device_write,
	.read_block = device_read_block,
	.write_block = device_write_block,
};

static const struct server_range device_range[] = {
	{ 0, DEVICE_BYTES, REMOTE_WIDTH_1 | REMOTE_WIDTH_2 | REMOTE_WIDTH_4,
	  REMOTE_READ | REMOTE_WRITE },
	{ DEVICE_BYTES, DEVICE_FAULTY - DEVICE_BYTES, REMOTE_WIDTH_1, REMOTE_READ },
	{ DEVICE_FAULTY, DEVICE_HIDDEN - DEVICE_FAULTY, REMOTE_WIDTH_4,
	  REMOTE_READ | REMOTE_WRITE },
};
struct server_window device_window = {
	.name = "device",
	.target = &registers,
	.capabilities = { .size = DEVICE_SIZE,
			  .widths = 7,
			  .flags = REMOTE_READ | REMOTE_WRITE | REMOTE_AGENT,
			  .irq_count = 2,
			  .agent = 9 },
	.range = device_range,
	.range_count = 3,
};
static const struct server_range memory_range = { 0, DEVICE_SIZE, 7, REMOTE_READ | REMOTE_WRITE };
struct server_window other_window = {
	.name = "memory of all",
	.target = &memory,
	.capabilities = { .size = DEVICE_SIZE,
			  .widths = 7,
			  .flags = REMOTE_READ | REMOTE_WRITE | REMOTE_MEMORY },
	.range = &memory_range,
	.range_count = 1,
};
static const struct server_window *const served[] = { &device_window, &other_window };

struct peer_config board_config[2];
static const struct peer_config first_config[2] = {
	{
		.name = "board 1, seen from board 0",
		.own = { 2, 0, 0, 0, 0, 1 },
		.other = { 2, 0, 0, 0, 0, 2 },
		.key = board_key,
		.timing = PEER_TIMING(1000000u),
		.ops = &peer_ops,
	},
	{
		.name = "board 0, seen from board 1",
		.own = { 2, 0, 0, 0, 0, 2 },
		.other = { 2, 0, 0, 0, 0, 1 },
		.key = board_key,
		.timing = PEER_TIMING(1000000u),
		.ops = &peer_ops,
		.windows = served,
		.window_count = 2,
	},
};

/* ---- board 0 --------------------------------------------------------------------------------- */

static void window_changed(struct client_window *w)
{
	if (w->is_open)
		opened++;
	else
		closed++;
}

static void window_failed(struct client_window *w, enum remote_result why, unsigned count)
{
	posted_failures += count;
}

static void window_event(struct client_window *w, const uint8_t *data, uint32_t length)
{
	memcpy(event_data, data, length);
	event_length = length;
}

static const struct client_window_ops window_ops = {
	.changed = window_changed,
	.failed = window_failed,
	.event = window_event,
};

void board_restart(unsigned n)
{
	if (n == 1)
		memset(&device, 0, sizeof(device));
	peer_init(&boards[n], &board_config[n]);
	if (n == 0) {
		window = (struct client_window){ .name = "device", .ops = &window_ops };
		client_attach(&boards[0], &window);
	}
	peer_start(&boards[n], now);
}

int wire_set_up(void **state)
{
	memcpy(board_config, first_config, sizeof(board_config));
	memset(&wire_faults, 0, sizeof(wire_faults));
	wire_cut = false;
	wire_tap = NULL;
	seed = 1;
	now = 1000;
	opened = closed = posted_failures = ready_calls = event_length = 0;
	wire_frames = wire_bytes = 0;
	board_restart(0);
	board_restart(1);
	return 0;
}

int wire_tear_down(void **state)
{
	for (unsigned i = 0; i < WIRE_FRAMES; i++) {
		free(wire[i].frame);
		wire[i].frame = NULL;
	}
	return 0;
}

/* ---- time ------------------------------------------------------------------------------------ */

/** Lets a board do all that it has to. */
void settle(unsigned n)
{
	struct peer *peer = &boards[n];

	for (unsigned steps = 0;; steps++) {
		assert_in_range(steps, 0, 100000);
		if (peer_has_work(peer))
			peer_work(peer, now);
		else if (peer->server.is_waiting)
			server_resume(peer, now);
		else if (peer_deadline(peer) <= now)
			peer_tick(peer, now);
		else
			break;
	}
	if (n == 1 && device.in_use)
		see_interrupts();
}

void deliver(unsigned to, const uint8_t *frame, uint32_t length)
{
	peer_receive(&boards[to], frame, length, now);
	settle(to);
	assert_false(peer_has_frame(&boards[to]));
}

/** Until the next thing happens, but not beyond @p limit. */
static void step(uint64_t limit)
{
	uint64_t next = limit;
	unsigned first = WIRE_FRAMES;

	settle(0);
	settle(1);
	for (unsigned n = 0; n < 2; n++) {
		if (peer_deadline(&boards[n]) < next)
			next = peer_deadline(&boards[n]);
	}
	for (unsigned i = 0; i < WIRE_FRAMES; i++) {
		if (wire[i].frame && wire[i].due <= next) {
			next = wire[i].due;
			first = i;
		}
	}
	assert_true(next > now || first < WIRE_FRAMES || next == limit);
	now = next > now ? next : now;
	if (first < WIRE_FRAMES) {
		uint8_t *frame = wire[first].frame;

		wire[first].frame = NULL;
		deliver(wire[first].to, frame, wire[first].length);
		free(frame);
	}
	settle(0);
	settle(1);
}

void run(uint64_t ticks)
{
	const uint64_t end = now + ticks;

	while (now < end)
		step(end);
}

bool run_until(bool (*is_done)(void), uint64_t ticks)
{
	const uint64_t end = now + ticks;

	while (!is_done() && now < end)
		step(end);
	return is_done();
}

static bool window_is_open(void)
{
	return window.is_open;
}

void connect_boards(void)
{
	assert_true(run_until(window_is_open, 20000000));
	settle(0);
	settle(1);
}

/* ---- operations ------------------------------------------------------------------------------ */

static void done(struct client_op *op, enum remote_result result)
{
	struct answer *answer = op->owner;

	answer->result = result;
	answer->count++;
}

void answer_begin(struct answer *answer)
{
	memset(answer, 0, sizeof(*answer));
	answer->op.done = done;
	answer->op.owner = answer;
	answer->op.deadline = REMOTE_NEVER;
}

static struct answer *awaited;

static bool is_answered(void)
{
	return awaited->count > 0;
}

enum remote_result answer_wait(struct answer *answer)
{
	awaited = answer;
	assert_true(run_until(is_answered, 20000000));
	assert_int_equal(answer->count, 1);
	return answer->result;
}

enum remote_result read_now(uint32_t offset, unsigned width, uint32_t *value)
{
	struct answer answer;

	answer_begin(&answer);
	assert_int_equal(client_read(&window, &answer.op, offset, width, now), REMOTE_OK);
	answer_wait(&answer);
	*value = answer.op.value;
	return answer.result;
}

enum remote_result write_now(uint32_t offset, unsigned width, uint32_t value)
{
	struct answer answer;

	answer_begin(&answer);
	assert_int_equal(client_write(&window, &answer.op, offset, width, value, now), REMOTE_OK);
	return answer_wait(&answer);
}

enum remote_result flush_now(void)
{
	struct answer answer;

	answer_begin(&answer);
	assert_int_equal(client_flush(&boards[0], &answer.op, now), REMOTE_OK);
	return answer_wait(&answer);
}
