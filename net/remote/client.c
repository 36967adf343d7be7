// SPDX-License-Identifier: Apache-2.0
#include "net/remote/client.h"
#include "net/remote/frame.h"
#include "net/remote/halves.h"
#include "net/remote/peer.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/copy.h"

/** What a result takes, without data: with the window, if it is that of a posted write. */
#define RESULT_BYTES 4u
#define POSTED_BYTES 8u

static uint32_t width_bits(unsigned width)
{
	return (width >> 1) << FRAME_WIDTH_SHIFT;
}

/**
 * Room for an operation of @p bytes in the request that is being gathered, whose result takes
 * @p reply bytes. NULL: there is none now, and will be. To be followed by client_push() or
 * client_gather().
 */
uint8_t *client_reserve(struct peer *peer, uint32_t bytes, uint32_t reply, uint64_t now)
{
	struct client_half *c = &peer->client;
	uint8_t *at;

	if (c->open && (c->open->length + bytes > FRAME_PAYLOAD_MAX || c->room < reply))
		client_push(peer, now);
	if (!c->open) {
		c->open = link_open(peer);
		if (!c->open)
			return NULL;
		c->room = FRAME_RESULTS_MAX;
		c->op_count = 0;
		c->gather_until = now + peer->config->timing.gather;
	}
	at = c->open->frame.bytes + FRAME_HEAD + c->open->length;
	c->open->length = (uint16_t)(c->open->length + bytes);
	c->room -= reply;
	c->op_count++;
	c->tail = NULL;
	return at;
}

/** What was gathered may wait for more of it. */
void client_gather(struct peer *peer)
{
	peer_is_due(peer, peer->client.gather_until);
}

/** Sends what was gathered. */
void client_push(struct peer *peer, uint64_t now)
{
	struct client_half *c = &peer->client;
	struct link_slot *slot = c->open;

	if (!slot)
		return;
	c->open = NULL;
	c->tail = NULL;
	link_send(peer, slot, now);
}

/** As client_reserve(); *at is where. */
static enum remote_result begin(struct peer *peer, uint32_t bytes, uint32_t reply, uint64_t now,
				uint8_t **at)
{
	if (!peer->session.is_up)
		return REMOTE_DOWN;
	*at = client_reserve(peer, bytes, reply, now);
	if (*at)
		return REMOTE_OK;
	peer->client.wants_room = true;
	return REMOTE_BUSY;
}

/** @p op is answered by the result of the operation that was reserved last. */
void client_pend(struct peer *peer, struct client_op *op, struct client_window *window,
		 unsigned kind, void *to, uint32_t room)
{
	struct client_half *c = &peer->client;
	const unsigned n = c->open->number % LINK_SLOTS;

	op->peer = peer;
	op->window = window;
	op->to = to;
	op->room = (uint16_t)room;
	op->kind = (uint8_t)kind;
	op->index = (uint16_t)(c->op_count - 1u);
	op->is_pending = true;
	peer_is_due(peer, op->deadline);
	op->next = NULL;
	if (c->first[n])
		c->last[n]->next = op;
	else
		c->first[n] = op;
	c->last[n] = op;
}

/** Begins to read 1, 2 or 4 bytes at a multiple of them. op->value has them when it is done. */
enum remote_result client_read(struct client_window *window, struct client_op *op, uint32_t offset,
			       unsigned width, uint64_t now)
{
	struct peer *peer = window->peer;
	enum remote_result result;
	uint8_t *at;

	if (!window->is_open)
		return REMOTE_DOWN;
	result = begin(peer, FRAME_OP_HEAD, RESULT_BYTES + 4u, now, &at);
	if (result != REMOTE_OK)
		return result;
	frame_put(at, frame_first_word(FRAME_READ | width_bits(width), window->id, 1));
	frame_put(at + 4, offset);
	client_pend(peer, op, window, FRAME_READ, &op->value, width);
	client_push(peer, now);
	return REMOTE_OK;
}

/**
 * Puts a posted write behind the one before it, as one operation, if it goes on where that ended or
 * to the same offset again. What the device sees is the same.
 */
static bool append(struct client_window *window, uint32_t offset, unsigned width, uint32_t value)
{
	struct client_half *c = &window->peer->client;
	uint8_t *at = c->tail;
	uint32_t first, count, old, bytes, fixed;

	if (!at)
		return false;
	first = frame_get(at);
	count = first >> 16;
	fixed = count == 1 && offset == frame_get(at + 4) ? FRAME_FIXED : first & FRAME_FIXED;
	if (((first ^ (width_bits(width) | (uint32_t)window->id << 8)) &
	     (0xff00u | 3u << FRAME_WIDTH_SHIFT)) ||
	    offset != frame_get(at + 4) + (fixed ? 0 : count * width))
		return false;
	old = frame_padded(count * width);
	bytes = frame_padded((count + 1u) * width) - old;
	if (c->open->length + bytes > FRAME_PAYLOAD_MAX || (count + 1u) * width > REMOTE_DATA_MAX)
		return false;
	if (bytes)
		frame_put(at + FRAME_OP_HEAD + old, 0);
	c->open->length = (uint16_t)(c->open->length + bytes);
	frame_put(at, (first & 0xffffu) | fixed | (count + 1u) << 16);
	at += FRAME_OP_HEAD + count * width;
	for (unsigned i = 0; i < width; i++)
		at[i] = (uint8_t)(value >> 8 * i);
	return true;
}

/** Begins to write 1, 2 or 4 bytes at a multiple of them. Posted if @p op is NULL. */
enum remote_result client_write(struct client_window *window, struct client_op *op, uint32_t offset,
				unsigned width, uint32_t value, uint64_t now)
{
	struct peer *peer = window->peer;
	const uint32_t posted = op ? 0 : FRAME_POSTED;
	enum remote_result result;
	uint8_t *at;

	if (!window->is_open)
		return REMOTE_DOWN;
	if (posted && append(window, offset, width, value))
		return REMOTE_OK;
	result = begin(peer, FRAME_OP_HEAD + 4u, POSTED_BYTES, now, &at);
	if (result != REMOTE_OK)
		return result;
	frame_put(at, frame_first_word(FRAME_WRITE | width_bits(width) | posted, window->id, 1));
	frame_put(at + 4, offset);
	frame_put(at + 8, width == 4 ? value : value & (BIT(8 * width) - 1u));
	if (op) {
		client_pend(peer, op, window, FRAME_WRITE, NULL, 0);
		client_push(peer, now);
	} else {
		peer->client.tail = at;
		client_gather(peer);
	}
	return REMOTE_OK;
}

static bool fits(const struct client_transfer *transfer)
{
	return transfer->count > 0 && transfer->count <= REMOTE_DATA_MAX &&
	       transfer->count * transfer->width <= REMOTE_DATA_MAX;
}

static uint32_t transfer_word(const struct client_window *window, uint32_t kind,
			      const struct client_transfer *transfer)
{
	return frame_first_word(kind | width_bits(transfer->width) |
					(transfer->fixed ? FRAME_FIXED : 0),
				window->id, transfer->count);
}

/** Begins to read several times. What was read is at @p to, packed, little-endian, when it is done. */
enum remote_result client_read_multi(struct client_window *window, struct client_op *op,
				     const struct client_transfer *transfer, void *to, uint64_t now)
{
	const uint32_t bytes = transfer->count * transfer->width;
	enum remote_result result;
	uint8_t *at;

	if (!fits(transfer))
		return REMOTE_REFUSED;
	if (!window->is_open)
		return REMOTE_DOWN;
	result = begin(window->peer, FRAME_OP_HEAD, RESULT_BYTES + frame_padded(bytes), now, &at);
	if (result != REMOTE_OK)
		return result;
	frame_put(at, transfer_word(window, FRAME_READ, transfer));
	frame_put(at + 4, transfer->offset);
	client_pend(window->peer, op, window, FRAME_READ, to, bytes);
	client_push(window->peer, now);
	return REMOTE_OK;
}

/** Begins to write several times what is at @p from, packed, little-endian. Posted if @p op is NULL. */
enum remote_result client_write_multi(struct client_window *window, struct client_op *op,
				      const struct client_transfer *transfer, const void *from,
				      uint64_t now)
{
	const uint32_t bytes = transfer->count * transfer->width;
	const uint32_t padded = frame_padded(bytes);
	const uint32_t posted = op ? 0 : FRAME_POSTED;
	enum remote_result result;
	uint8_t *at;

	if (!fits(transfer))
		return REMOTE_REFUSED;
	if (!window->is_open)
		return REMOTE_DOWN;
	result = begin(window->peer, FRAME_OP_HEAD + padded, POSTED_BYTES, now, &at);
	if (result != REMOTE_OK)
		return result;
	frame_put(at, transfer_word(window, FRAME_WRITE | posted, transfer));
	frame_put(at + 4, transfer->offset);
	frame_put(at + FRAME_OP_HEAD + padded - 4, 0);
	copy_bytes(at + FRAME_OP_HEAD, from, bytes);
	if (op) {
		client_pend(window->peer, op, window, FRAME_WRITE, NULL, 0);
		client_push(window->peer, now);
	} else {
		client_gather(window->peer);
	}
	return REMOTE_OK;
}

/**
 * Calls the server's agent for the window: @p length bytes in, at most @p room bytes out;
 * op->length says how many came.
 */
enum remote_result client_call(struct client_window *window, struct client_op *op, const void *in,
			       uint32_t length, void *out, uint32_t room, uint64_t now)
{
	const uint32_t padded = frame_padded(length);
	enum remote_result result;
	uint8_t *at;

	if (length > REMOTE_DATA_MAX || room > REMOTE_DATA_MAX)
		return REMOTE_REFUSED;
	if (!window->is_open)
		return REMOTE_DOWN;
	result = begin(window->peer, FRAME_OP_HEAD + padded, RESULT_BYTES + 4u + frame_padded(room),
		       now, &at);
	if (result != REMOTE_OK)
		return result;
	if (padded)
		frame_put(at + FRAME_OP_HEAD + padded - 4, 0);
	frame_put(at, frame_first_word(FRAME_CALL, window->id, length));
	frame_put(at + 4, room);
	copy_bytes(at + FRAME_OP_HEAD, in, length);
	client_pend(window->peer, op, window, FRAME_CALL, out, room);
	client_push(window->peer, now);
	return REMOTE_OK;
}

/** Done when everything that was begun before has been executed. */
enum remote_result client_flush(struct peer *peer, struct client_op *op, uint64_t now)
{
	uint8_t *at;
	const enum remote_result result = begin(peer, FRAME_OP_WORD, RESULT_BYTES, now, &at);

	if (result != REMOTE_OK)
		return result;
	frame_put(at, frame_first_word(FRAME_FLUSH, 0, 0));
	client_pend(peer, op, NULL, FRAME_FLUSH, NULL, 0);
	client_push(peer, now);
	return REMOTE_OK;
}

/**
 * Asks what the peer's window number @p index is: FRAME_WINDOW_BYTES about it and its name, op->length
 * bytes in all. REMOTE_NO_WINDOW behind the last one.
 */
enum remote_result client_lookup(struct peer *peer, struct client_op *op, unsigned index, void *out,
				 uint32_t room, uint64_t now)
{
	uint8_t *at;
	const enum remote_result result = begin(
		peer, FRAME_OP_WORD,
		RESULT_BYTES + 4u + FRAME_WINDOW_BYTES + frame_padded(REMOTE_NAME_MAX), now, &at);

	if (result != REMOTE_OK)
		return result;
	frame_put(at, frame_first_word(FRAME_LOOKUP, 0, index & 0xffffu));
	client_pend(peer, op, NULL, FRAME_LOOKUP, out, room);
	client_push(peer, now);
	return REMOTE_OK;
}

static bool unlink_op(struct client_op **list, struct client_op **last, const struct client_op *op)
{
	struct client_op *before = NULL;

	for (; *list; before = *list, list = &(*list)->next) {
		if (*list != op)
			continue;
		if (last && *last == op)
			*last = before;
		*list = op->next;
		return true;
	}
	return false;
}

/** The answer goes nowhere. The operation may have been executed, or will be; done() is not called. */
void client_cancel(struct client_op *op)
{
	struct client_half *c;

	if (!op->is_pending)
		return;
	op->is_pending = false;
	c = &op->peer->client;
	if (unlink_op(&c->answered, NULL, op))
		return;
	for (unsigned n = 0; n < LINK_SLOTS; n++) {
		if (unlink_op(&c->first[n], &c->last[n], op))
			return;
	}
}
