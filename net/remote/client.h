/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client half: using windows that another board serves.
 *
 * A window of here (struct client_window, the caller's memory) is attached to a peer once, by its
 * name. In each session the client opens it by itself; changed() says when it can be used and when
 * no longer. Then any number of operations may be begun:
 *
 *   - All operations to one peer are executed in the order in which they were begun, exactly once,
 *     whatever happens to frames - or the session ends, and each one that is not answered yet ends
 *     with REMOTE_LOST.
 *   - An operation with a struct client_op (the caller's memory, until done() was called) is answered:
 *     done() is called with the result from within peer_receive(), peer_work() or peer_tick(), never
 *     from within the call that begins it. It sends what was gathered so far, and itself, at once.
 *   - A write without one is *posted*: it is gathered, up to a frame's worth or for timing.gather
 *     ticks, and its failure is only counted, and told to failed(). Posted writes and what follows
 *     them share a frame: a read behind a few posted writes costs no frame more.
 *   - client_cancel() takes an operation back from here, not from the other board: done() is not called.
 *   - A call that returns REMOTE_BUSY has begun nothing: all frames that may be under way are. Once
 *     there is room, peer_ops.ready() is called; begin it again then.
 *
 * The callbacks may begin operations. After any call here look at peer_deadline() and peer_has_work():
 * both may have changed.
 *
 * Interrupt lines: the server tells their levels; lines() is called with each change. It has masked a
 * line that it reported as high, and lets it come again when it sees it low after an access, or after
 * client_acknowledge(): to be called when the guest has dealt with the interrupt in another way, or
 * to see a line again that stays high.
 */
#ifndef NET_REMOTE_CLIENT_H
#define NET_REMOTE_CLIENT_H

#include "net/remote/link.h"
#include "net/remote/remote.h"

struct peer;
struct client_window;

struct client_window_ops {
	/** The window was opened (capabilities are valid), or cannot be used any more. May be NULL. */
	void (*changed)(struct client_window *window);
	/** Other levels: bit n is line n. All are low while a window is not open. May be NULL. */
	void (*lines)(struct client_window *window, uint32_t levels);
	/** Posted writes failed, @p count of them, the last one so. May be NULL. */
	void (*failed)(struct client_window *window, enum remote_result why, unsigned count);
	/** What the server's agent sends on its own (device knowledge). May be NULL. */
	void (*event)(struct client_window *window, const uint8_t *data, uint32_t length);
};

/** An operation that is answered. Set the first three; it is the client's until done() is called. */
struct client_op {
	void (*done)(struct client_op *op, enum remote_result result);
	void *owner;
	uint64_t
		deadline; /* after it: REMOTE_TIMEOUT. REMOTE_NEVER: as long as the session lives */

	uint32_t value;  /* what a client_read() has read, in its lowest bits */
	uint32_t length; /* bytes that a transfer or a call has brought */

	/* The client's. */
	struct client_op *next;
	struct client_window *window;
	struct peer *peer;
	void *to;       /* where the result is to be */
	uint16_t room;  /* bytes there */
	uint16_t index; /* in its request */
	uint8_t kind;
	bool is_pending;
};

/** A window of another board. Zeroed, then the first three set by the owner. */
struct client_window {
	const char *name; /* the server's name of it */
	const struct client_window_ops *ops;
	void *owner;

	/* To be read. */
	struct peer *peer;
	bool is_open;
	enum remote_result refusal; /* while it is not open: what the server said, or REMOTE_DOWN */
	struct remote_capabilities capabilities;
	uint32_t levels; /* of the interrupt lines */

	/* The client's. */
	struct client_window *next;
	uint8_t id; /* the server's */
	bool is_asked;
	uint8_t to_acknowledge;
	bool is_news;  /* client_next_refused() has not told that it is refused */
	uint32_t turn; /* the server's number of this opening: its events have it */
	uint8_t answer[FRAME_WINDOW_BYTES] __attribute__((aligned(4)));
	struct client_op opening;
};

/** Several accesses with one operation: LDM, STM, a FIFO's words, a piece of memory. */
struct client_transfer {
	uint32_t offset; /* of the first access; a multiple of width */
	uint32_t count;  /* accesses; count * width is 1 to REMOTE_DATA_MAX */
	uint8_t width;   /* 1, 2 or 4 */
	bool fixed;      /* all to the same offset; else each to the next one */
};

/** The levels of a window's interrupt lines, as last told. */
struct client_lines {
	uint16_t serial;
	uint8_t levels;
	bool is_known;
};

/** The client half of a peer. */
struct client_half {
	struct client_window *windows;
	struct client_op *first[LINK_SLOTS],
		*last[LINK_SLOTS];  /* those of each request, in order */
	struct client_op *answered; /* those of a request whose reply is being read */
	struct link_slot *open;     /* the request that is being gathered */
	uint16_t op_count;          /* operations in it */
	uint32_t room;              /* left in its reply */
	uint64_t gather_until;
	uint8_t *tail;    /* the last operation in it, if it is a posted write */
	bool wants_room;  /* somebody was told REMOTE_BUSY */
	bool has_refusal; /* for client_next_refused() */
	bool has_errand;  /* windows to open or to close, when there is room */
	uint8_t to_close; /* bit n: the window that the server calls n */
	struct client_lines lines[REMOTE_WINDOWS];
};

void client_attach(struct peer *peer, struct client_window *window);
void client_detach(struct client_window *window);
const struct client_window *client_next_refused(struct peer *peer);

enum remote_result client_read(struct client_window *window, struct client_op *op, uint32_t offset,
			       unsigned width, uint64_t now);
enum remote_result client_write(struct client_window *window, struct client_op *op, uint32_t offset,
				unsigned width, uint32_t value, uint64_t now);
enum remote_result client_read_multi(struct client_window *window, struct client_op *op,
				     const struct client_transfer *transfer, void *to,
				     uint64_t now);
enum remote_result client_write_multi(struct client_window *window, struct client_op *op,
				      const struct client_transfer *transfer, const void *from,
				      uint64_t now);
enum remote_result client_call(struct client_window *window, struct client_op *op, const void *in,
			       uint32_t length, void *out, uint32_t room, uint64_t now);
enum remote_result client_flush(struct peer *peer, struct client_op *op, uint64_t now);
enum remote_result client_lookup(struct peer *peer, struct client_op *op, unsigned index, void *out,
				 uint32_t room, uint64_t now);
void client_push(struct peer *peer, uint64_t now);
void client_cancel(struct client_op *op);
void client_acknowledge(struct client_window *window, uint32_t lines, uint64_t now);

#endif
