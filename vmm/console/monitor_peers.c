/* SPDX-License-Identifier: Apache-2.0 */
/* The monitor's `peers`: other boards, and what has come from them. */
#include "net/remote/peer.h"
#include "vmm/console/monitor_command.h"
#include "vmm/remote/peers.h"

#define LINES 3u /* for each of them */

static const char *state_of(const struct peer *peer)
{
	if (peer->session.is_up)
		return peer->config->key ? "up" : "insecure";
	return peer->counters.sessions ? "lost" : "unknown";
}

static void say_windows(struct monitor *m, const struct peer *peer)
{
	unsigned used = 0, open = 0, served = 0;

	for (const struct client_window *w = peer->client.windows; w; w = w->next) {
		used++;
		open += w->is_open;
	}
	for (unsigned n = 0; n < peer->config->window_count; n++)
		served += server_is_used(peer, peer->config->windows[n]);
	monitor_say(m,
		    "    windows: %u of %u open here, %u of %u there; accesses: %u, %u refused, %u "
		    "bus errors, %u posted ones lost",
		    open, used, served, peer->config->window_count,
		    (unsigned)peer->counters.accesses, (unsigned)peer->counters.refused,
		    (unsigned)peer->counters.bus_errors, (unsigned)peer->counters.posted_failures);
}

/** A title, then three lines for each. */
enum monitor_outcome monitor_peers(struct monitor *m)
{
	const unsigned n = (m->step - 1u) / LINES, line = (m->step - 1u) % LINES;
	const struct peer_counters *counters;
	const struct peer *peer;

	if (peers_count() == 0) {
		monitor_say(m, "the description names no other boards");
		return MONITOR_DONE;
	}
	if (m->step == 0) {
		monitor_say(m, "%-15s %-8s %8s %10s %10s %10s", "name", "state", "sessions",
			    "frames in", "out", "sent again");
		return MONITOR_MORE;
	}
	peer = peers_get(n);
	counters = &peer->counters;
	switch (line) {
	case 0:
		monitor_say(m, "%-15s %-8s %8u %10u %10u %10u", peer->config->name, state_of(peer),
			    (unsigned)counters->sessions, (unsigned)counters->in,
			    (unsigned)counters->out, (unsigned)counters->resent);
		return MONITOR_MORE;
	case 1:
		monitor_say(m,
			    "    rejected: %u malformed, %u foreign, %u forged, %u replayed, %u "
			    "unexpected, %u too many",
			    (unsigned)counters->malformed, (unsigned)counters->foreign,
			    (unsigned)counters->forged, (unsigned)counters->replayed,
			    (unsigned)counters->unexpected, (unsigned)counters->limited);
		return MONITOR_MORE;
	default:
		say_windows(m, peer);
		return n + 1 < peers_count() ? MONITOR_MORE : MONITOR_DONE;
	}
}
