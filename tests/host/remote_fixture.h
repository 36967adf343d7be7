/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two boards on a wire that loses, duplicates, delays and corrupts frames, with a time of its own in
 * microseconds. Board 0 has the lower address. Board 1 serves `device`, a window with memory that
 * remembers what was done to it, and `other`, which nobody opens by itself.
 */
#ifndef TESTS_HOST_REMOTE_FIXTURE_H
#define TESTS_HOST_REMOTE_FIXTURE_H

#include "net/remote/peer.h"

/** Percent of frames. */
struct wire_faults {
	unsigned lose, duplicate, delay, corrupt;
};

#define DEVICE_SIZE   0x1000u
#define DEVICE_FAULTY 0xf00u /* accesses there are bus errors */
#define DEVICE_HIDDEN 0xf80u /* not in any range */
#define DEVICE_BYTES  0x800u /* only bytes, and only to be read, up to DEVICE_FAULTY */
#define DEVICE_FIFO   0x004u /* each access counts: a read gives how many there were */

struct test_device {
	uint8_t memory[DEVICE_SIZE];
	unsigned reads, writes, blocks, calls;
	unsigned fifo;     /* accesses to DEVICE_FIFO */
	bool fifo_wrong;   /* a write to it was not the number of accesses before it */
	uint32_t fails_at; /* an offset with a bus error; 0: none */
	unsigned later;    /* so many accesses are not possible yet */
	uint32_t levels;   /* of its lines */
	uint32_t masked;   /* lines that must not interrupt */
	unsigned unmasked; /* times that it was told to unmask */
	bool in_use;
};

/** What came back of an operation. */
struct answer {
	struct client_op op;
	enum remote_result result;
	unsigned count; /* times that it was answered */
};

extern struct peer boards[2];
extern struct peer_config board_config[2];
extern struct test_device device;
extern struct server_window device_window, other_window;
extern struct client_window window; /* `device`, attached to board 0 */
extern uint64_t now;
extern unsigned wire_frames; /* that were sent, by both */
extern unsigned wire_bytes;
extern uint8_t wire_last[2][REMOTE_FRAME_MAX]; /* the last one of each */
extern uint32_t wire_last_length[2];
extern struct wire_faults wire_faults;
extern void (*wire_tap)(unsigned from, const uint8_t *frame, uint32_t length);
extern bool wire_cut;           /* nothing gets through */
extern unsigned opened, closed; /* calls of changed() of the window */
extern unsigned posted_failures;
extern unsigned ready_calls;
extern unsigned event_length;
extern uint8_t event_data[REMOTE_DATA_MAX];

extern const uint8_t board_key[REMOTE_KEY_BYTES];

int wire_set_up(void **state);
int wire_tear_down(void **state);
void wire_seed(uint32_t seed);
uint32_t wire_random(void);
void board_restart(unsigned n);
void settle(unsigned n);
void deliver(unsigned to, const uint8_t *frame, uint32_t length);
void run(uint64_t ticks);
bool run_until(bool (*is_done)(void), uint64_t ticks);
void connect_boards(void);
void interrupt(unsigned line, bool level);

void answer_begin(struct answer *answer);
enum remote_result answer_wait(struct answer *answer);
enum remote_result read_now(uint32_t offset, unsigned width, uint32_t *value);
enum remote_result write_now(uint32_t offset, unsigned width, uint32_t value);
enum remote_result flush_now(void);

#endif
