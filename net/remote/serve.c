// SPDX-License-Identifier: Apache-2.0
/* The server half at work: requests, operation by operation, and their replies. */
#include "net/remote/frame.h"
#include "net/remote/halves.h"
#include "net/remote/peer.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/copy.h"

/** What an operation takes beside its accesses, in accesses. */
#define OP_COST 4u
/** The same of a reply. */
#define REPLY_COST 8u

static uint8_t *reply_bytes(struct peer *peer)
{
	return peer->link.in[peer->link.expected % LINK_SLOTS].frame.bytes + FRAME_HEAD;
}

/** A request whose turn it is. server_work() serves it. */
void server_serve(struct peer *peer, const uint8_t *payload, uint32_t length)
{
	struct server_half *s = &peer->server;

	s->is_busy = true;
	s->is_waiting = false;
	s->request = payload;
	s->length = length;
	s->at = 0;
	s->done = 0;
	s->reply = 0;
	s->index = 0;
	s->touched = 0;
	s->failure = REMOTE_OK;
}

/** The target that said REMOTE_LATER is to be asked again: peer_work() does. */
void server_resume(struct peer *peer, uint64_t now)
{
	peer->server.is_waiting = false;
}

/** The bytes from @p offset on, up to @p span, that one range has and allows; 0: not even one access. */
static uint32_t allowed_span(const struct server_window *window, uint32_t offset, uint32_t span,
			     unsigned width, uint8_t flag)
{
	for (unsigned i = 0; i < window->range_count; i++) {
		const struct server_range *range = &window->range[i];
		uint32_t left;

		if (offset < range->offset || offset - range->offset >= range->size)
			continue;
		if (!(range->widths & width) || !(range->flags & flag))
			continue;
		left = range->size - (offset - range->offset);
		left &= ~(uint32_t)(width - 1u);
		if (left)
			return left < span ? left : span;
	}
	return 0;
}

/**
 * Whether the access list has all accesses of an operation, each in one of its ranges. Checked here,
 * and nowhere else.
 */
static bool is_allowed(const struct server_window *window, const struct frame_op *op, uint8_t flag)
{
	uint32_t left = op->fixed ? op->width : (uint32_t)op->count * op->width;
	uint32_t offset = op->value, span;

	if (offset & (op->width - 1u))
		return false;
	for (; left; left -= span, offset += span) {
		span = allowed_span(window, offset, left, op->width, flag);
		if (!span)
			return false;
	}
	return true;
}

/** One access of an operation, or as many as a memory window's target does at once: *count. */
static enum remote_result access_one(struct server_half *s, const struct server_window *window,
				     const struct frame_op *op, uint8_t *to, uint32_t *count)
{
	const struct remote_target *target = window->target;
	const bool is_read = op->kind == FRAME_READ;
	const uint32_t at = s->done * op->width;
	const uint32_t offset = op->value + (op->fixed ? 0 : at);
	enum remote_result result;
	uint32_t value = 0;

	*count = 1;
	if (s->is_partly && !allowed_span(window, offset, op->width, op->width, REMOTE_WRITE))
		return REMOTE_REFUSED;
	if (op->count > 1 && !op->fixed && !s->is_partly &&
	    (window->capabilities.flags & REMOTE_MEMORY) &&
	    (is_read ? target->read_block != NULL : target->write_block != NULL)) {
		*count = op->count - s->done;
		if (*count > SERVER_BLOCK / op->width)
			*count = SERVER_BLOCK / op->width;
		if (is_read)
			return target->read_block(window, offset, to + at, *count * op->width);
		return target->write_block(window, offset, op->data + at, *count * op->width);
	}
	if (!is_read)
		return target->write(window, offset, op->width,
				     frame_get_value(op->data + at, op->width));
	result = target->read(window, offset, op->width, &value);
	if (result == REMOTE_OK)
		frame_put_value(to + at, op->width, value);
	return result;
}

/**
 * Up to SERVER_BATCH accesses of an operation, or SERVER_BLOCK bytes of a memory window. Posted ones do
 * not stop at one that fails: they may be writes of a guest that only happen to be one operation.
 */
static enum remote_result access_some(struct server_half *s, const struct server_window *window,
				      const struct frame_op *op, uint8_t *to, unsigned *budget)
{
	while (*budget > 0 && s->done < op->count) {
		uint32_t count;
		const enum remote_result result = access_one(s, window, op, to, &count);

		if (result != REMOTE_OK) {
			if (!op->posted || result == REMOTE_LATER)
				return result;
			s->failure = result;
		}
		s->done += count;
		*budget = count > 1 ? 0 : *budget - 1u;
	}
	return s->done == op->count ? s->failure : REMOTE_OK;
}

/** A read or a write, or the next part of it. */
static enum remote_result serve_access(struct peer *peer, const struct frame_op *op, uint8_t *to,
				       uint32_t room, uint32_t *bytes, unsigned *budget)
{
	struct server_half *s = &peer->server;
	const struct server_window *window = server_window_of(peer, op->window);
	const bool is_read = op->kind == FRAME_READ;
	const uint32_t length = frame_padded((uint32_t)op->count * op->width);
	enum remote_result result;

	if (!window)
		return REMOTE_NO_WINDOW;
	if (!op->count || (is_read && (op->posted || length > room)))
		return REMOTE_MALFORMED;
	if (s->done == 0) {
		s->is_partly = !is_allowed(window, op, is_read ? REMOTE_READ : REMOTE_WRITE);
		if (s->is_partly && (!op->posted || op->value & (op->width - 1u))) {
			peer->counters.refused++;
			return REMOTE_REFUSED;
		}
		if (is_read)
			frame_put(to + length - 4, 0);
	}
	s->touched |= (uint8_t)BIT(op->window);
	result = access_some(s, window, op, to, budget);
	if (s->done == op->count) {
		peer->counters.accesses += op->count;
		*bytes = is_read ? length : 0;
	}
	if (result == REMOTE_BUS_ERROR)
		peer->counters.bus_errors++;
	else if (result == REMOTE_REFUSED)
		peer->counters.refused++;
	return result;
}

/** What a window is: the answer to OPEN and LOOKUP. */
static void put_window(struct peer *peer, unsigned id, uint8_t *to)
{
	const struct server_window *window = peer->config->windows[id];
	const struct remote_capabilities *capabilities = &window->capabilities;
	const struct server_use *use = &peer->server.use[id];

	frame_put(to, frame_first_word(id, capabilities->widths, capabilities->flags) |
			      (uint32_t)capabilities->irq_count << 24);
	frame_put(to + 4, capabilities->size);
	frame_put(to + 8, frame_first_word(capabilities->agent, use->levels, use->serial));
	frame_put(to + 12, use->turn);
}

static enum remote_result serve_open(struct peer *peer, const struct frame_op *op, uint8_t *to,
				     uint32_t room, uint32_t *bytes)
{
	if (room < FRAME_WINDOW_BYTES)
		return REMOTE_MALFORMED;
	for (unsigned id = 0; id < server_window_count(peer); id++) {
		const char *name = peer->config->windows[id]->name;

		if (strlen(name) != op->data_length || memcmp(name, op->data, op->data_length) != 0)
			continue;
		server_use(peer, id, true);
		put_window(peer, id, to);
		*bytes = FRAME_WINDOW_BYTES;
		return REMOTE_OK;
	}
	return REMOTE_NO_WINDOW;
}

static enum remote_result serve_lookup(struct peer *peer, const struct frame_op *op, uint8_t *to,
				       uint32_t room, uint32_t *bytes)
{
	const char *name;
	uint32_t length;

	if (op->count >= server_window_count(peer))
		return REMOTE_NO_WINDOW;
	name = peer->config->windows[op->count]->name;
	length = (uint32_t)strlen(name);
	*bytes = 4u + FRAME_WINDOW_BYTES + frame_padded(length);
	if (length > REMOTE_NAME_MAX || *bytes > room)
		return REMOTE_MALFORMED;
	frame_put(to + *bytes - 4, 0);
	frame_put(to, FRAME_WINDOW_BYTES + length);
	put_window(peer, op->count, to + 4);
	copy_bytes(to + 4 + FRAME_WINDOW_BYTES, name, length);
	return REMOTE_OK;
}

static enum remote_result serve_call(struct peer *peer, const struct frame_op *op, uint8_t *to,
				     uint32_t room, uint32_t *bytes)
{
	const struct server_window *window = server_window_of(peer, op->window);
	uint32_t length = op->value;
	enum remote_result result;

	if (!window)
		return REMOTE_NO_WINDOW;
	if (op->value > REMOTE_DATA_MAX || 4u + frame_padded(op->value) > room)
		return REMOTE_MALFORMED;
	if (!window->target->call)
		return REMOTE_REFUSED;
	peer->server.use[op->window].is_called = true;
	peer->server.touched |= (uint8_t)BIT(op->window);
	result = window->target->call(window, peer, op->data, op->data_length, to + 4, &length);
	if (result == REMOTE_OK) {
		length = length < op->value ? length : op->value;
		for (uint32_t i = length; i % 4; i++)
			to[4 + i] = 0;
		frame_put(to, length);
		*bytes = 4u + frame_padded(length);
	}
	return result;
}

/** One operation, or a part of it: then server.done is not 0, and there is more. */
static enum remote_result serve_op(struct peer *peer, const struct frame_op *op, uint8_t *to,
				   uint32_t room, uint32_t *bytes, unsigned *budget)
{
	switch (op->kind) {
	case FRAME_READ:
	case FRAME_WRITE:
		return serve_access(peer, op, to, room, bytes, budget);
	case FRAME_FLUSH:
		return REMOTE_OK;
	case FRAME_OPEN:
		return serve_open(peer, op, to, room, bytes);
	case FRAME_LOOKUP:
		return serve_lookup(peer, op, to, room, bytes);
	case FRAME_CALL:
		return serve_call(peer, op, to, room, bytes);
	case FRAME_CLOSE:
		if (!server_window_of(peer, op->window))
			return REMOTE_NO_WINDOW;
		server_use(peer, op->window, false);
		return REMOTE_OK;
	case FRAME_ACKNOWLEDGE:
		if (!server_window_of(peer, op->window))
			return REMOTE_NO_WINDOW;
		server_sample(peer, op->window, op->count);
		return REMOTE_OK;
	case FRAME_LINES:
		client_line_state(peer, op->window, op->value & 0xffu, op->count);
		return REMOTE_OK;
	default:
		client_event(peer, op->window, op->value, op->data, op->data_length);
		return REMOTE_OK;
	}
}

/** Puts a result's word into the reply, with @p bytes of data that are there already. */
static void put_result(struct server_half *s, uint8_t *at, const struct frame_op *op,
		       enum remote_result result, uint32_t bytes)
{
	if (result != REMOTE_OK)
		bytes = 0;
	if (result > REMOTE_MALFORMED)
		result = REMOTE_BUS_ERROR;
	if (op->posted && result != REMOTE_OK) {
		frame_put(at, frame_result_word(result, s->index, 1) | FRAME_POSTED);
		frame_put(at + 4, op->window);
		s->reply += 8;
	} else if (!op->posted) {
		frame_put(at, frame_result_word(result, s->index, bytes / 4u));
		s->reply += 4u + bytes;
	}
}

/** The request is served: what its windows' lines are now, and off goes the reply. */
static void finish(struct peer *peer, uint8_t *reply)
{
	struct server_half *s = &peer->server;

	for (unsigned id = 0; s->touched >> id; id++) {
		if (s->touched >> id & 1u)
			server_sample(peer, id, 0);
	}
	if (s->has_news) {
		s->has_news = false;
		for (unsigned id = 0; id < REMOTE_WINDOWS; id++) {
			if (!s->use[id].to_tell)
				continue;
			server_put_lines(reply + s->reply, id, &s->use[id]);
			s->reply += FRAME_LINES_BYTES;
		}
	}
	s->is_busy = false;
	link_replied(peer, s->reply);
}

/** The target is not ready. The frame that the request came with is not waited for. */
static void wait(struct server_half *s)
{
	s->is_waiting = true;
	if (s->request != s->scratch.bytes) {
		copy_bytes(s->scratch.bytes, s->request, s->length);
		s->request = s->scratch.bytes;
	}
}

/** Serves what there is to be served: @p budget accesses of it at most, OP_COST less for each operation. */
void server_work(struct peer *peer, unsigned budget)
{
	struct server_half *s = &peer->server;
	uint8_t *reply = reply_bytes(peer);

	if (!s->is_busy || s->is_waiting)
		return;
	while (s->at < s->length && budget > 0) {
		uint8_t *at = reply + s->reply;
		uint32_t bytes = 0;
		enum remote_result result;
		struct frame_op op;

		if (s->reply + 8u > FRAME_RESULTS_MAX ||
		    !frame_op_parse(s->request + s->at, s->length - s->at, &op)) {
			peer->counters.malformed++;
			op.posted = false;
			/* Without room for that, who asked has no result: the same to it. */
			if (s->reply + 4u <= FRAME_RESULTS_MAX)
				put_result(s, at, &op, REMOTE_MALFORMED, 0);
			s->at = s->length;
			break;
		}
		result = serve_op(peer, &op, at + 4, FRAME_RESULTS_MAX - s->reply - 4u, &bytes,
				  &budget);
		if (result == REMOTE_AGAIN)
			return;
		if (result == REMOTE_LATER) {
			wait(s);
			return;
		}
		if (result == REMOTE_OK && op.kind <= FRAME_WRITE && s->done < op.count)
			return;
		put_result(s, at, &op, result, bytes);
		s->at += op.length;
		s->done = 0;
		s->failure = REMOTE_OK;
		s->index++;
		budget -= budget < OP_COST ? budget : OP_COST;
	}
	/* Behind many accesses, the reply is the next step. */
	if (s->at == s->length && budget >= REPLY_COST)
		finish(peer, reply);
}
