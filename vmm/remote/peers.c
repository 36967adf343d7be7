/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/remote/peers.h"

#include "arch/arm/mmu.h"
#include "net/remote/peer.h"
#include "vmm/entropy.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/heap.h"
#include "vmm/lib/log.h"
#include "vmm/lib/preempt.h"
#include "vmm/lib/string.h"
#include "vmm/remote/remote_command.h"
#include "vmm/remote/remote_serve.h"
#include "vmm/remote/remote_window.h"
#include "vmm/remote/station.h"
#include "vmm/timer.h"
#include "vmm/vm_devices.h"

#define TICKS_PER_US   (CLOCK_HZ / 1000000u)
#define LOST_AFTER     3u    /* keep-alives without an answer */
#define ENTROPY_NUMBER 0x100 /* behind those of VMs */
#define STIRRED_PLACES 8u    /* of the memory, for the entropy */
#define STIRRED_BYTES  1024u /* of each */

/** Another board. */
struct other_board {
	struct peer peer; /* first: the two are one pointer */
	struct peer_config config;
	const struct remote_peer_config *description;
	const struct server_window *served[REMOTE_WINDOWS];
	struct mac mac; /* its address */
	struct log_limit log;
	bool was_up;          /* the log says so */
	bool has_ended;       /* since then */
	enum session_end end; /* why */
	uint8_t key[REMOTE_KEY_BYTES];
};

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

static const char *why_ended(enum session_end end)
{
	switch (end) {
	case SESSION_END_GOODBYE:
		return "it said goodbye";
	case SESSION_END_SILENT:
		return "it does not answer";
	case SESSION_END_RESTARTED:
		return "it was restarted";
	case SESSION_END_EXHAUSTED:
		return "it lasted long";
	case SESSION_END_STOPPED:
	case SESSION_END_NONE:
		break;
	}
	return "ended here";
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

/** What has become of the session since the log was told. On the uplink's thread. */
static void tell_log(struct other_board *board_of)
{
	const bool is_up = board_of->peer.session.is_up, was_up = board_of->was_up;
	const bool is_over = was_up && (board_of->has_ended || !is_up);

	board_of->was_up = is_up;
	board_of->has_ended = false;
	if (is_over && log_admits(&board_of->log, board_of->config.name))
		log_write_own(LOG_INFO, "hako: peer %s: session over: %s\n", board_of->config.name,
			      why_ended(board_of->end));
	if (is_up && (is_over || !was_up) && log_admits(&board_of->log, board_of->config.name))
		log_write_own(LOG_INFO, "hako: peer %s: session begins\n", board_of->config.name);
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
		tell_log(peers.board[n]);
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

static struct peer_timing timing_of(const struct remote_peer_config *config)
{
	struct peer_timing timing = PEER_TIMING(CLOCK_HZ);

	timing.keep_alive = config->keep_alive_us * TICKS_PER_US;
	timing.lost = timing.keep_alive > UINT32_MAX / LOST_AFTER ? UINT32_MAX
								  : LOST_AFTER * timing.keep_alive;
	return timing;
}

/** The key is copied out of the bundle; one of 16 bytes is followed by zeros. */
static void read_key(struct other_board *one, const struct boot_info *info,
		     const struct bundle *bundle)
{
	const struct bundle_part *part;

	if (one->description->key == CONFIG_NONE) {
		log_warn("hako: peer %s: insecure, as the description wants it: anyone on the "
			 "cable can pose as it\n",
			 one->description->name);
		return;
	}
	part = &bundle->part[one->description->key];
	memcpy(one->key, mmu_bundle_window(hpa(info->bundle.raw + part->offset), part->size),
	       part->size < sizeof(one->key) ? part->size : sizeof(one->key));
	one->config.key = one->key;
}

static void make_one(unsigned n, const struct system_config *config, const struct boot_info *info,
		     const struct bundle *bundle)
{
	struct other_board *const one = heap_alloc(sizeof(*one));

	one->description = &config->peer[n];
	one->config = (struct peer_config){ .name = one->description->name,
					    .timing = timing_of(one->description),
					    .ops = &ops,
					    .windows = one->served };
	one->mac = mac_at(one->description->mac);
	memcpy(one->config.own, station_address(), REMOTE_ADDRESS_BYTES);
	memcpy(one->config.other, one->description->mac, REMOTE_ADDRESS_BYTES);
	one->config.window_count = remote_serve_windows(config, n, one->served);
	read_key(one, info, bundle);
	peer_init(&one->peer, &one->config);
	peers.board[n] = one;
}

/**
 * What differs from one start of the board to the next, before there was any interrupt: its clock, and what
 * the memory holds that nobody has written yet.
 */
static void stir(const struct boot_info *info)
{
	uint32_t digest[SHA256_BYTES / 4u];

	entropy_add(vm_extras_board_seconds());
	for (unsigned n = 0; n < STIRRED_PLACES; n++) {
		const uint32_t at = n * (info->ram_size / STIRRED_PLACES);

		sha256(mmu_guest_window(hpa(info->ram_base.raw + at)), STIRRED_BYTES,
		       (uint8_t *)digest);
		for (unsigned i = 0; i < SHA256_BYTES / 4u; i++)
			entropy_add(digest[i]);
	}
}

/** Makes the other boards that the description names, and what they may use; there is a station. */
enum status peers_make(const struct system_config *config, const struct boot_info *info,
		       const struct bundle *bundle)
{
	if (!config->peer_count)
		return STATUS_OK;
	entropy_source_init(&peers.entropy, ENTROPY_NUMBER);
	stir(info);
	remote_serve_make(config);
	remote_queues_init(config->peer_count);
	for (unsigned n = 0; n < config->peer_count; n++)
		make_one(n, config, info, bundle);
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
