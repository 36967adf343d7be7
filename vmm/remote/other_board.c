/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/remote/other_board.h"

#include "arch/arm/mmu.h"
#include "vmm/entropy.h"
#include "vmm/lib/heap.h"
#include "vmm/lib/string.h"
#include "vmm/remote/remote_serve.h"
#include "vmm/remote/station.h"
#include "vmm/timer.h"
#include "vmm/vm_devices.h"

#define TICKS_PER_US   (CLOCK_HZ / 1000000u)
#define LOST_AFTER     3u    /* keep-alives without an answer */
#define STIRRED_PLACES 8u    /* of the memory, for the entropy */
#define STIRRED_BYTES  1024u /* of each */

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

/** Makes the peer @p n of the description. */
struct other_board *other_board_make(unsigned n, const struct system_config *config,
				     const struct boot_info *info, const struct bundle *bundle,
				     const struct peer_ops *ops)
{
	struct other_board *const one = heap_alloc(sizeof(*one));

	one->description = &config->peer[n];
	one->config = (struct peer_config){ .name = one->description->name,
					    .timing = timing_of(one->description),
					    .ops = ops,
					    .windows = one->served };
	one->mac = mac_at(one->description->mac);
	memcpy(one->config.own, station_address(), REMOTE_ADDRESS_BYTES);
	memcpy(one->config.other, one->description->mac, REMOTE_ADDRESS_BYTES);
	one->config.window_count = remote_serve_windows(config, n, one->served);
	read_key(one, info, bundle);
	peer_init(&one->peer, &one->config);
	return one;
}

/**
 * What differs from one start of the board to the next, before there was any interrupt: its clock, and what
 * the memory holds that nobody has written yet.
 */
void other_boards_stir(const struct boot_info *info)
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

/* ---- the log ----------------------------------------------------------------------------------- */

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

/** What this board's VMs lack: nothing else says why their accesses are not answered. */
static void tell_refusals(struct other_board *board_of)
{
	const struct client_window *window;

	while ((window = client_next_refused(&board_of->peer)))
		if (log_admits(&board_of->log, board_of->config.name))
			log_write_own(LOG_WARN,
				      "hako: peer %s: refuses the window %s (%s): is it in serve "
				      "of its description, to this board?\n",
				      board_of->config.name, window->name,
				      remote_result_name(window->refusal));
}

/** What has become of the session since the log was told. On the uplink's thread. */
void other_board_tell_log(struct other_board *board_of)
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
	tell_refusals(board_of);
}
