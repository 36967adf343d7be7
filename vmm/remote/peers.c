/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/remote/peers.h"

#include "net/remote/peer.h"
#include "vmm/entropy.h"
#include "vmm/lib/preempt.h"
#include "vmm/remote/other_board.h"
#include "vmm/remote/remote_command.h"
#include "vmm/remote/remote_serve.h"
#include "vmm/remote/remote_window.h"
#include "vmm/remote/station.h"
#include "vmm/timer.h"

#define ENTROPY_NUMBER 0x100 /* behind those of VMs */

static struct {
	struct other_board *board[CONFIG_PEERS_MAX];
	unsigned count;
	bool is_started;
	struct entropy_source entropy;
	uint32_t strangers; /* frames of boards that the description does not name */
	struct peer *taken; /* who has sent the last short frame */
} peers;

unsigned peers_count(void)
{
	return peers.count;
}

struct peer *peers_get(unsigned n)
{
	return &peers.board[n]->peer;
}

/* ---- what the protocol asks for ---------------------------------------------------------------- */

static void transmit(struct peer *peer, uint8_t *frame, uint32_t length)
{
	/* If the uplink has no room, it is lost, and sent again in time. */
	station_send(((struct other_board *)peer)->mac, frame, length);
}

/**
 * A nonce must not come again, also not after the board's next start: who has seen a session of before
 * could do it once more.
 */
static void random(struct peer *peer, void *to, uint32_t length)
{
	uint8_t *at = to;

	entropy_add((uint32_t)timer_now());
	entropy_refresh(&peers.entropy);
	while (length > 0) {
		const uint32_t piece = length < ENTROPY_PIECE ? length : ENTROPY_PIECE;

		peers.entropy.backend.fill(peers.entropy.backend.source, at, piece);
		at += piece;
		length -= piece;
	}
}

/** Anybody's thread may be here, and the board's sleep: the log is told by run(). */
static void session_changed(struct peer *peer)
{
	struct other_board *const board_of = (struct other_board *)peer;

	if (!peer->session.is_up) {
		board_of->has_ended = true;
		board_of->end = peer->session.end;
	}
	station_wake();
}

static void has_room(struct peer *peer)
{
	station_wake();
}

static const struct peer_ops ops = {
	.transmit = transmit,
	.random = random,
	.changed = session_changed,
	.ready = has_room,
};

/* ---- what the station asks for ----------------------------------------------------------------- */

/** What is left to do of a frame, and of what it has led to; others run in between. */
static void work(struct peer *peer)
{
	while (peer_has_work(peer)) {
		preempt_point();
		peer_work(peer, timer_now());
	}
}

/** The peer whose address that is, or NULL. Who has sent a frame is what its MAC says, not its header. */
static struct peer *find(struct mac from)
{
	for (unsigned n = 0; n < peers.count; n++)
		if (is_same_mac(from, peers.board[n]->mac))
			return &peers.board[n]->peer;
	peers.strangers++;
	return NULL;
}

/** Others run while a long frame, or one that leads to much, is dealt with: it is not waited for. */
static void finish_frame(struct peer *peer)
{
	while (peer_has_frame(peer)) {
		preempt_point();
		peer_work(peer, timer_now());
	}
}

/** A frame of the protocol. Returns whether there is something to be done for run(). */
static bool receive(struct mac from, const uint8_t *payload, uint32_t length)
{
	struct peer *const peer = find(from);

	if (!peer)
		return false;
	finish_frame(peer); /* the last one that take() began */
	peer_receive(peer, payload, length, timer_now());
	finish_frame(peer);
	station_wake_at(peer_deadline(peer));
	return peer_has_work(peer);
}

/** A step of what a short frame leads to is done. */
static enum station_taken progress(struct peer *peer)
{
	if (peer_has_frame(peer))
		return STATION_BEGUN;
	station_wake_at(peer_deadline(peer));
	return peer_has_work(peer) ? STATION_WAITS : STATION_DONE;
}

/** A short one: requests and replies are dealt with in bounded steps. */
static enum station_taken take(struct mac from, const uint8_t *payload, uint32_t length)
{
	struct peer *peer;

	if (!peer_is_brief(payload, length))
		return STATION_LEFT;
	peer = find(from);
	if (!peer)
		return STATION_DONE;
	peers.taken = peer;
	peer_receive(peer, payload, length, timer_now());
	return progress(peer);
}

static enum station_taken go_on(void)
{
	peer_work(peers.taken, timer_now());
	return progress(peers.taken);
}

static uint64_t first(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void start_sessions(uint64_t now)
{
	peers.is_started = true;
	for (unsigned n = 0; n < peers.count; n++)
		peer_start(&peers.board[n]->peer, now);
}

/** All that is to be done for other boards now; returns when there may be something again. */
static uint64_t run(uint64_t now)
{
	uint64_t until = REMOTE_NEVER;

	if (!peers.is_started)
		start_sessions(now);
	remote_serve_run(now);
	for (unsigned n = 0; n < peers.count; n++) {
		struct peer *const peer = &peers.board[n]->peer;
		uint64_t windows_until = remote_windows_run(n, now);

		work(peer);
		if (peer_deadline(peer) <= now) {
			preempt_point();
			(void)peer_tick(peer, now);
			work(peer);
			windows_until = remote_windows_run(n, timer_now());
		}
		other_board_tell_log(peers.board[n]);
		until = first(until, first(peer_deadline(peer), windows_until));
	}
	return until;
}

static uint64_t next(void)
{
	uint64_t until = REMOTE_NEVER;

	for (unsigned n = 0; n < peers.count; n++) {
		if (remote_windows_wait(n))
			return 0;
		until = first(until, peer_find_deadline(&peers.board[n]->peer));
	}
	return until;
}

static const struct station_protocol protocol = {
	.receive = receive, .take = take, .go_on = go_on, .run = run, .next = next
};

/* ---- making them ------------------------------------------------------------------------------- */

/** Makes the other boards that the description names, and what they may use; there is a station. */
enum status peers_make(const struct system_config *config, const struct boot_info *info,
		       const struct bundle *bundle)
{
	if (!config->peer_count)
		return STATUS_OK;
	entropy_source_init(&peers.entropy, ENTROPY_NUMBER);
	other_boards_stir(info);
	remote_serve_make(config);
	remote_queues_init(config->peer_count);
	for (unsigned n = 0; n < config->peer_count; n++)
		peers.board[n] = other_board_make(n, config, info, bundle, &ops);
	peers.count = config->peer_count;
	station_set_protocol(&protocol);
	return STATUS_OK;
}

/** From now on there are sessions, which the station's thread begins: all windows are known. */
void peers_start(void)
{
	if (peers.count)
		station_wake();
}

/** Whether an interrupt of the board is that of a device that is served. */
bool peers_interrupt(unsigned irq)
{
	if (!remote_serve_interrupt(irq))
		return false;
	station_wake();
	return true;
}
