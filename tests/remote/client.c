// SPDX-License-Identifier: Apache-2.0
/*
 * remote-client: uses the counting device of a remote-server over a real wire, in real time, checks
 * all that it reads, and ends with 0 if everything was right.
 *
 *	remote-client WIRE OWN-ADDRESS SERVER-ADDRESS KEY-IN-HEX ACCESSES READS [SEED]
 */
#include "net/remote/hosted/hosted.h"
#include "tests/remote/workload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct hosted host;
static struct workload work;

static void bytes_of(const char *text, const char *format, int width, uint8_t *to, unsigned count)
{
	for (unsigned n = 0; n < count; n++) {
		unsigned byte;

		if (sscanf(text, format, &byte) != 1) {
			fprintf(stderr, "remote-client: %s: not bytes\n", text);
			exit(2);
		}
		to[n] = (uint8_t)byte;
		text += width;
	}
}

static void step(void *owner)
{
	if (!hosted_turn(owner, UINT64_MAX)) {
		fprintf(stderr, "remote-client: the wire has ended\n");
		exit(1);
	}
}

static uint64_t now(void *owner)
{
	return hosted_now();
}

int main(int argc, char **argv)
{
	struct peer_config config = { .name = "server", .timing = PEER_TIMING(HOSTED_HZ) };
	uint8_t key[REMOTE_KEY_BYTES];
	const struct peer_counters *counters;
	uint64_t began;

	if (argc < 7) {
		fprintf(stderr, "remote-client WIRE OWN SERVER KEY ACCESSES READS [SEED]\n");
		return 2;
	}
	if (!wire_open(&host.wire, argv[1])) {
		fprintf(stderr, "remote-client: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	bytes_of(argv[2], "%2x", 3, host.address, REMOTE_ADDRESS_BYTES);
	bytes_of(argv[3], "%2x", 3, config.other, REMOTE_ADDRESS_BYTES);
	bytes_of(argv[4], "%2x", 2, key, REMOTE_KEY_BYTES);
	(void)hosted_add(&host, &config, key);
	workload_init(&work, argc > 7 ? (uint32_t)strtoul(argv[7], NULL, 0) : 1);
	work.step = step;
	work.now = now;
	work.owner = &host;
	client_attach(&host.peers[0].peer, &work.window);
	hosted_start(&host);
	workload_wait_open(&work);
	workload_reset(&work);
	began = hosted_now();
	workload_run(&work, (unsigned)strtoul(argv[5], NULL, 0),
		     (unsigned)strtoul(argv[6], NULL, 0));
	counters = &host.peers[0].peer.counters;
	printf("accesses=%u reads=%u frames=%u resent=%u sessions=%u microseconds=%u\n",
	       work.reads + work.writes, work.reads, counters->out, counters->resent,
	       counters->sessions, (unsigned)(hosted_now() - began));
	peer_stop(&host.peers[0].peer, hosted_now());
	wire_close(&host.wire);
	return counters->sessions == 1 ? 0 : 1;
}
