/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzer: both state machines of the remote-device protocol against a peer that has the key and
 * means harm, or has lost its mind: the input says what it sends, in frames whose tags are right (or
 * not), what the guest does meanwhile, and how time passes. The board under test is the initiator or
 * the responder, by the first byte.
 *
 * Promised: the access list holds, for pieces of memory, too; an operation is answered once at most, a
 * window's use is paired, an agent works for who knows of it, work ends, and no byte outside a frame is
 * touched (the sanitizers see to that).
 */
#include "net/remote/frame.h"
#include "net/remote/peer.h"
#include "tests/host/fuzz.h"

#include <string.h>

#define OPERATIONS 6u
#define ALLOWED    0x100u /* bytes of the window that may be used */
#define MEMORY     0x300u /* the same of the one that is memory: some blocks */

static struct peer peer;
static struct client_window window;
static struct client_op operations[OPERATIONS];
static uint8_t results[OPERATIONS][REMOTE_DATA_MAX];
static bool in_use, is_later, is_called;
static unsigned memory_users;
static uint8_t memory_bytes[MEMORY];
static uint32_t heard; /* of events, so that all of them is read */
static uint64_t now;
static uint8_t nonce[SESSION_NONCE]; /* the last one that the board under test has sent */
static struct mac_key to_board;      /* the handshake's key */

static void transmit(struct peer *from, uint8_t *frame, uint32_t length)
{
	REQUIRE(length >= FRAME_HEAD + MAC_TAG_BYTES && length <= REMOTE_FRAME_MAX);
	memset(frame - REMOTE_HEADROOM, 0x55, REMOTE_HEADROOM);
	if (frame[1] == FRAME_HELLO)
		memcpy(nonce, frame + FRAME_HEAD, SESSION_NONCE);
	if (frame[1] == FRAME_CHALLENGE)
		memcpy(nonce, frame + FRAME_HEAD + SESSION_NONCE, SESSION_NONCE);
}

static void random_bytes(struct peer *of, void *to, uint32_t length)
{
	static uint8_t n;

	memset(to, ++n, length);
}

static enum remote_result target_read(const struct server_window *w, uint32_t offset,
				      unsigned width, uint32_t *value)
{
	REQUIRE(in_use && offset % width == 0 && offset <= ALLOWED - width);
	*value = offset;
	if (is_later) {
		is_later = false;
		return REMOTE_LATER;
	}
	return offset == 0xf0 ? REMOTE_BUS_ERROR : REMOTE_OK;
}

static enum remote_result target_write(const struct server_window *w, uint32_t offset,
				       unsigned width, uint32_t value)
{
	REQUIRE(width == 4 || value >> 8 * width == 0);
	return target_read(w, offset, width, &value);
}

static uint32_t target_lines(const struct server_window *w)
{
	return (uint32_t)now & 3u;
}

static void target_unmask(const struct server_window *w, uint32_t lines)
{
	REQUIRE(in_use && lines && lines < 4);
}

static void target_used(const struct server_window *w, struct peer *by, bool use)
{
	REQUIRE(use != in_use);
	in_use = use;
	is_called = false;
}

static enum remote_result target_call(const struct server_window *w, struct peer *by,
				      const uint8_t *in, uint32_t in_length, uint8_t *out,
				      uint32_t *length)
{
	REQUIRE(in_use && *length <= REMOTE_DATA_MAX);
	is_called = true;
	for (uint32_t i = 0; i < *length; i++)
		out[i] = in_length ? in[i % in_length] : 0;
	return REMOTE_OK;
}

/** One event for each interrupt, and now and then another step. */
static bool target_work(const struct server_window *w, struct peer *to, uint64_t at)
{
	REQUIRE(in_use && is_called && link_has_room(to));
	REQUIRE(server_event(to, w, results[0], (uint32_t)at % REMOTE_DATA_MAX, at));
	now++;
	return at % 4u == 0;
}

static const struct remote_target target = {
	.read = target_read,
	.write = target_write,
	.lines = target_lines,
	.unmask = target_unmask,
	.used = target_used,
	.call = target_call,
	.work = target_work,
};

static enum remote_result memory_read(const struct server_window *w, uint32_t offset,
				      unsigned width, uint32_t *value)
{
	REQUIRE(memory_users == 1 && offset <= MEMORY - width);
	*value = memory_bytes[offset];
	return REMOTE_OK;
}

static enum remote_result memory_write(const struct server_window *w, uint32_t offset,
				       unsigned width, uint32_t value)
{
	REQUIRE(memory_users == 1 && offset <= MEMORY - width);
	memory_bytes[offset] = (uint8_t)value;
	return REMOTE_OK;
}

static enum remote_result memory_read_block(const struct server_window *w, uint32_t offset,
					    void *to, uint32_t length)
{
	REQUIRE(memory_users == 1 && length <= SERVER_BLOCK);
	REQUIRE(offset <= MEMORY && length <= MEMORY - offset);
	memcpy(to, memory_bytes + offset, length);
	return REMOTE_OK;
}

static enum remote_result memory_write_block(const struct server_window *w, uint32_t offset,
					     const void *from, uint32_t length)
{
	REQUIRE(memory_users == 1 && length <= SERVER_BLOCK);
	REQUIRE(offset <= MEMORY && length <= MEMORY - offset);
	memcpy(memory_bytes + offset, from, length);
	return offset == 0xf0 ? REMOTE_BUS_ERROR : REMOTE_OK;
}

static void memory_used(const struct server_window *w, struct peer *by, bool use)
{
	memory_users += use ? 1u : UINT32_MAX;
	REQUIRE(memory_users <= 1);
}

static const struct remote_target memory_target = {
	.read = memory_read,
	.write = memory_write,
	.read_block = memory_read_block,
	.write_block = memory_write_block,
	.used = memory_used,
};
static const struct server_range range = { 0, ALLOWED, 7, REMOTE_READ | REMOTE_WRITE };
static const struct server_window served = {
	.name = "d",
	.target = &target,
	.capabilities = { .size = 0x1000, .widths = 7, .flags = 3, .irq_count = 2 },
	.range = &range,
	.range_count = 1,
};
static const struct server_range memory_range = { 0, MEMORY, 7, REMOTE_READ | REMOTE_WRITE };
static const struct server_window memory = {
	.name = "m",
	.target = &memory_target,
	.capabilities = { .size = 0x1000,
			  .widths = 7,
			  .flags = REMOTE_READ | REMOTE_WRITE | REMOTE_MEMORY },
	.range = &memory_range,
	.range_count = 1,
};
static const struct server_window *const windows[] = { &served, &memory };

static void show_lines(struct client_window *w, uint32_t levels)
{
	REQUIRE(levels < 1u << REMOTE_IRQS_MAX && (w->is_open || !levels));
}

static void failed(struct client_window *w, enum remote_result why, unsigned count)
{
	REQUIRE(w->is_open && why != REMOTE_OK && count > 0);
}

static void hear(struct client_window *w, const uint8_t *data, uint32_t length)
{
	REQUIRE(w->is_open);
	for (uint32_t i = 0; i < length; i++)
		heard += data[i];
}

static const struct client_window_ops window_ops = {
	.lines = show_lines,
	.failed = failed,
	.event = hear,
};
static const struct peer_ops ops = { .transmit = transmit, .random = random_bytes };
static struct peer_config config = {
	.timing = PEER_TIMING(1000000u),
	.ops = &ops,
	.windows = windows,
	.window_count = 2,
};

static void done(struct client_op *op, enum remote_result result)
{
	bool *is_begun = op->owner;

	REQUIRE(*is_begun && result != REMOTE_LATER);
	REQUIRE(op->length <= REMOTE_DATA_MAX);
	*is_begun = false;
}

static void settle(void)
{
	for (unsigned steps = 0; peer_has_work(&peer); steps++) {
		REQUIRE(steps < 10000);
		peer_work(&peer, now);
	}
}

/** Sends a frame of the other one, with a good tag. */
static void send(struct frame_head *head, const uint8_t *payload, uint32_t length, bool is_good)
{
	const bool in_session = head->type >= FRAME_WELCOME;
	const struct mac_key *key = !in_session          ? &to_board
				    : peer.session.is_up ? &peer.session.in
							 : &peer.session.next_in;
	const uint32_t last = (FRAME_HEAD + length - 1) / MAC_BLOCK * MAC_BLOCK;
	uint8_t *frame = malloc(FRAME_HEAD + length + MAC_TAG_BYTES);
	struct mac_state state;
	struct mac_tag tag;

	head->length = (uint16_t)length;
	head->session = !in_session          ? head->session
			: peer.session.is_up ? peer.session.id
					     : peer.session.next_id;
	frame_put_head(frame, head);
	memcpy(frame + FRAME_HEAD, payload, length);
	mac_begin(&state, key);
	mac_blocks(&state, frame, last / MAC_BLOCK);
	tag = mac_end(&state, key, frame + last, FRAME_HEAD + length - last);
	frame_put(frame + FRAME_HEAD + length, tag.low);
	frame_put(frame + FRAME_HEAD + length + 4, tag.high ^ !is_good);
	peer_receive(&peer, frame, FRAME_HEAD + length + MAC_TAG_BYTES, now);
	settle();
	REQUIRE(!peer_has_frame(&peer));
	free(frame);
}

/** What the other one would do to get a session. */
static void shake_hands(void)
{
	uint8_t payload[2 * SESSION_NONCE];
	struct frame_head head = { .type = FRAME_HELLO };

	memset(payload, 0x77, sizeof(payload));
	if (peer.session.is_initiator) {
		head.type = FRAME_CHALLENGE;
		memcpy(payload, nonce, SESSION_NONCE);
		send(&head, payload, sizeof(payload), true);
		head.type = FRAME_WELCOME;
		head.counter = 1;
		send(&head, payload, 0, true);
	} else {
		send(&head, payload, SESSION_NONCE, true);
		head.type = FRAME_PROOF;
		memcpy(payload + SESSION_NONCE, nonce, SESSION_NONCE);
		send(&head, payload, sizeof(payload), true);
	}
}

/**
 * A request whose turn it is: one of the windows is opened, perhaps, and then there is an operation that
 * can be read. What is only random bytes hardly ever gets so far.
 */
static void ask(const uint8_t *how, uint32_t counter)
{
	static const uint8_t kinds[] = {
		FRAME_READ,  FRAME_WRITE,       FRAME_CALL,  FRAME_LINES,
		FRAME_EVENT, FRAME_ACKNOWLEDGE, FRAME_CLOSE, FRAME_LOOKUP
	};
	const uint8_t kind = kinds[how[1] % sizeof(kinds)], window_id = how[2] & 1u;
	const uint32_t width = 1u << (how[2] >> FRAME_WIDTH_SHIFT & 3u), count = how[3];
	struct frame_head head = { .type = FRAME_REQUEST,
				   .number = peer.link.expected,
				   .counter = counter };
	_Alignas(4) uint8_t payload[FRAME_PAYLOAD_MAX];
	uint32_t length = 0;

	memset(payload, how[4], sizeof(payload));
	if (how[0] & 1) {
		frame_put(payload, frame_first_word(FRAME_OPEN, 0, 1));
		frame_put(payload + 4, window_id ? 'm' : 'd');
		length = 8;
	}
	frame_put(payload + length, frame_first_word(kind | (how[2] & 0xf0u), window_id, count));
	length += 4;
	if (kind == FRAME_READ || kind == FRAME_WRITE || kind >= FRAME_LINES ||
	    kind == FRAME_CALL) {
		frame_put(payload + length, how[4] | (how[0] & 2u) << 7);
		length += 4;
	}
	if (kind == FRAME_WRITE)
		length += width < 8 ? frame_padded(count * width) : 0;
	if (kind == FRAME_CALL || kind == FRAME_EVENT)
		length += frame_padded(count);
	send(&head, payload, length, true);
}

static void begin(unsigned n, const uint8_t *how)
{
	static bool is_begun[OPERATIONS];
	struct client_op *op = &operations[n];
	const struct client_transfer transfer = { how[1], how[2] * 5u, (uint8_t)(1u << how[3] % 3),
						  how[3] & 4 };
	enum remote_result result;

	if (op->is_pending) {
		is_begun[n] = false;
		client_cancel(op);
	}
	op->done = done;
	op->owner = &is_begun[n];
	op->deadline = how[3] & 8 ? now + 5000 : REMOTE_NEVER;
	op->length = 0;
	is_begun[n] = true;
	switch (how[0] % 8) {
	case 0:
		result = client_read(&window, op, how[1], 4, now);
		break;
	case 1:
		result = client_write(&window, how[2] & 1 ? op : NULL, how[1], 2, how[3], now);
		break;
	case 2:
		result = client_read_multi(&window, op, &transfer, results[n], now);
		break;
	case 3:
		result = client_write_multi(&window, how[2] & 1 ? op : NULL, &transfer, results[n],
					    now);
		break;
	case 4:
		result = client_call(&window, op, how, 4, results[n], how[1], now);
		break;
	case 5:
		result = client_lookup(&peer, op, how[1], results[n], how[2], now);
		break;
	case 6:
		client_acknowledge(&window, how[1], now);
		result = REMOTE_DOWN;
		break;
	default:
		result = client_flush(&peer, op, now);
		break;
	}
	if (result != REMOTE_OK || !op->is_pending)
		is_begun[n] = false;
	settle();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct peer other;
	static struct peer_config other_config;
	const uint8_t *end = data + size;
	uint32_t counter = 10;

	if (size < 1)
		return 0;
	config.own[5] = data[0] & 1 ? 1 : 2;
	config.other[5] = data[0] & 1 ? 2 : 1;
	in_use = is_later = is_called = false;
	memory_users = 0;
	now = 1;
	memset(operations, 0, sizeof(operations));
	window = (struct client_window){ .name = "d", .ops = &window_ops };
	peer_init(&peer, &config);
	client_attach(&peer, &window);
	/* The keys that the other one has. */
	other_config = config;
	memcpy(other_config.own, config.other, 6);
	memcpy(other_config.other, config.own, 6);
	peer_init(&other, &other_config);
	to_board = other.session.hello_out;
	peer_start(&peer, now);
	peer_tick(&peer, now);
	shake_hands();

	for (data++; end - data >= 6; data += 6) {
		struct frame_head head = { 0 };
		uint32_t length;

		switch (data[0] % 8) {
		default:
			head.type = (uint8_t)(1 + data[1] % (FRAME_TYPE_END - 1));
			head.number = (uint16_t)(data[1] & 0x80 ? peer.link.expected + data[2] % 8
								: peer.link.oldest + data[2] % 8);
			head.counter = data[3] & 0x80 ? data[3] : ++counter;
			head.session = data[5] & 1 ? peer.session.id : 0;
			length = (data[4] | (data[5] & 7u) << 8) & ~3u;
			if (length > (uint32_t)(end - data - 6))
				length = (uint32_t)(end - data - 6) & ~3u;
			if (length > FRAME_PAYLOAD_MAX)
				length = FRAME_PAYLOAD_MAX;
			send(&head, data + 6, length, data[3] != 0x7f);
			data += length;
			break;
		case 4:
			ask(data + 1, ++counter);
			break;
		case 5:
			now += (uint64_t)data[1] << data[2] % 16;
			peer_tick(&peer, now);
			settle();
			break;
		case 6:
			begin(data[1] % OPERATIONS, data + 2);
			break;
		case 7:
			if (data[1] & 1)
				is_later = true;
			else if (data[1] & 2)
				server_resume(&peer, now);
			else if (data[1] & 4)
				server_line(&peer, &served, data[2] % 4, data[3] & 1, now);
			else if (data[1] & 8)
				(void)server_event(&peer, &served, results, data[2] * 8u, now);
			else if (data[1] & 16)
				shake_hands();
			else if (data[1] & 32)
				peer_stop(&peer, now);
			else
				peer_start(&peer, now);
			settle();
			break;
		}
	}
	for (unsigned n = 0; n < OPERATIONS; n++)
		client_cancel(&operations[n]);
	peer_stop(&peer, now);
	REQUIRE(!in_use && !memory_users);
	return 0;
}
