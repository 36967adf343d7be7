/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server half: windows of this board that peers use. Windows are constant descriptions; which of
 * them a peer gets is its peer_config.windows. What a request asks for is checked here, against the
 * window's ranges, and only then done through the window's target.
 *
 * A target does one access at a time. It may say REMOTE_LATER: then nothing was done, everything
 * that this peer has asked for waits, and server_resume() makes the server call again with the same
 * arguments. It is called from within peer_receive(), peer_work() and server_resume(), and must not
 * call these itself; server_line() and server_event() it may.
 *
 * Interrupts: an interrupt handler masks the line at the interrupt controller and calls
 * server_line(level = true). After each request that touched a window with a line that is high,
 * lines() is asked for the levels; those that are low now are reported with the answer, and unmask()
 * is called. The same when the client acknowledges a line, whatever its level then. A line that is
 * still high interrupts again at once: no edge is lost, and nothing storms while frames are.
 */
#ifndef NET_REMOTE_SERVER_H
#define NET_REMOTE_SERVER_H

#include "net/remote/link.h"
#include "net/remote/remote.h"

struct peer;
struct server_window;

struct remote_target {
	/** One access of 1, 2 or 4 bytes, aligned, and inside the window. */
	enum remote_result (*read)(const struct server_window *window, uint32_t offset,
				   unsigned width, uint32_t *value);
	enum remote_result (*write)(const struct server_window *window, uint32_t offset,
				    unsigned width, uint32_t value);
	/**
	 * A piece of a memory window (REMOTE_MEMORY), of at most SERVER_BLOCK bytes. NULL: it is read
	 * and written with the two above.
	 */
	enum remote_result (*read_block)(const struct server_window *window, uint32_t offset,
					 void *to, uint32_t length);
	enum remote_result (*write_block)(const struct server_window *window, uint32_t offset,
					  const void *from, uint32_t length);
	/**
	 * Several words at one offset, for an agent; after one that fails, there are no more. Both, or
	 * NULL: the same is done with the first two.
	 */
	enum remote_result (*read_fifo)(const struct server_window *window, uint32_t offset,
					uint32_t *words, unsigned count);
	enum remote_result (*write_fifo)(const struct server_window *window, uint32_t offset,
					 const uint32_t *words, unsigned count);
	/** Levels of the window's lines as they are at the device. NULL: it has none. */
	uint32_t (*lines)(const struct server_window *window);
	/** These lines may interrupt again. */
	void (*unmask)(const struct server_window *window, uint32_t lines);
	/** A peer has opened the window, or does not use it any more. May be NULL. */
	void (*used)(const struct server_window *window, struct peer *peer, bool in_use);
	/**
	 * Device knowledge: a call of the client's front end. Writes at most *length bytes to @p out
	 * and sets it. May say REMOTE_LATER, or REMOTE_AGAIN, with nothing at @p out. NULL: REMOTE_REFUSED.
	 */
	enum remote_result (*call)(const struct server_window *window, struct peer *peer,
				   const uint8_t *in, uint32_t in_length, uint8_t *out,
				   uint32_t *length);
	/**
	 * Device knowledge: a line has become high (server_line()), or the last call here said that
	 * there is more to do. A bounded step; true: there is. Then its lines are unmasked. For a
	 * client that has made a call; another one is told of the line, as if this was NULL.
	 */
	bool (*work)(const struct server_window *window, struct peer *peer, uint64_t now);
};

/** A part of a window that may be used in the same ways. */
struct server_range {
	uint32_t offset, size;
	uint8_t widths; /* REMOTE_WIDTH_* */
	uint8_t flags;  /* REMOTE_READ, REMOTE_WRITE */
};

struct server_window {
	const char *name;
	const struct remote_target *target;
	void *owner;
	struct remote_capabilities capabilities;
	const struct server_range *range; /* sorted or not; what no range has is refused */
	unsigned range_count;
};

/** Bytes that a target copies at once for a memory window, and accesses that it does at once. */
#define SERVER_BLOCK 256u
#define SERVER_BATCH 16u

/** What a peer has of one window. */
struct server_use {
	bool in_use;
	bool is_called;  /* the client knows of the agent: it gets what its lines say */
	bool to_tell;    /* the levels, with the next request or reply */
	uint8_t levels;  /* bit n: line n */
	uint16_t serial; /* counts changes of them */
	uint16_t turn;   /* counts its openings */
};

/** The server half of a peer. */
struct server_half {
	struct server_use use[REMOTE_WINDOWS];
	bool has_news;   /* levels to tell */
	uint8_t working; /* bit n: the agent of window n has something to do */
	uint8_t worked;  /* whose turn the last step was */
	/* The request that is being served, up to its end or until its target says it is done. */
	bool is_busy, is_waiting;
	const uint8_t *request;
	uint32_t length, at;        /* of its payload */
	uint32_t done;              /* accesses of the operation at `at` */
	uint32_t reply;             /* bytes of the reply's payload */
	uint16_t index;             /* of the operation */
	uint8_t touched;            /* bit n: window n, by it */
	bool is_partly;             /* allowed: each access has to be looked at */
	enum remote_result failure; /* of a posted access of the operation */
	struct link_frame scratch;  /* a request that outlasts the call it came with */
};

void server_resume(struct peer *peer, uint64_t now);
void server_line(struct peer *peer, const struct server_window *window, unsigned line, bool level,
		 uint64_t now);
bool server_event(struct peer *peer, const struct server_window *window, const void *data,
		  uint32_t length, uint64_t now);
bool server_is_used(const struct peer *peer, const struct server_window *window);

#endif
