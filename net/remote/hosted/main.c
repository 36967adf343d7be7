// SPDX-License-Identifier: Apache-2.0
/*
 * remote-server: a PC that serves a counting device and a block of memory to boards, by the
 * remote-device protocol. See scripts/remote-server --help.
 */
#include "net/remote/hosted/counting.h"
#include "net/remote/hosted/hosted.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"remote-server serves a counting device and a block of memory to boards.\n"
	"\n"
	"  --wire packet:IFNAME | udp:PORT[,HOST:PORT] | qemu:PATH | qemu:HOST:PORT\n"
	"  --mac ADDRESS          of this PC (default: of the interface, or 02:48:41:4b:00:01)\n"
	"  --peer ADDRESS[,FILE]  a board that may use it, and the file with its key of 32 bytes,\n"
	"                         or of 64 hexadecimal digits; may be given 4 times\n"
	"  --insecure             peers without a key are served: anyone can pose as them\n"
	"  --snap                 frames of plain IEEE 802.3, with LLC and SNAP\n"
	"  --quiet                says nothing of sessions and windows\n"
	"\n"
	"SIGUSR1 shows what was counted; SIGINT and SIGTERM end it.\n";

static struct hosted host;
static struct counting device;
static struct hosted_memory memory;
static volatile sig_atomic_t is_over, is_asked;
static bool is_quiet;

static void on_signal(int number)
{
	if (number == SIGUSR1)
		is_asked = 1;
	else
		is_over = 1;
}

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "remote-server: %s: %s\n", what, why);
	exit(1);
}

static bool parse_address(const char *text, uint8_t address[REMOTE_ADDRESS_BYTES],
			  const char **rest)
{
	unsigned byte[REMOTE_ADDRESS_BYTES];
	int used = 0;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &byte[0], &byte[1], &byte[2], &byte[3],
		   &byte[4], &byte[5], &used) != 6)
		return false;
	for (unsigned n = 0; n < REMOTE_ADDRESS_BYTES; n++)
		address[n] = (uint8_t)byte[n];
	*rest = text + used;
	return (address[0] & 1u) == 0;
}

/** Of 32 bytes as they are, or as hexadecimal digits and a line's end. */
static void read_key(const char *path, uint8_t key[REMOTE_KEY_BYTES])
{
	uint8_t text[2 * REMOTE_KEY_BYTES + 2];
	FILE *const file = fopen(path, "rb");
	size_t length;

	if (!file)
		die(path, strerror(errno));
	length = fread(text, 1, sizeof(text), file);
	fclose(file);
	if (length == REMOTE_KEY_BYTES) {
		memcpy(key, text, length);
		return;
	}
	if (length == 2 * REMOTE_KEY_BYTES + 1 && text[length - 1] == '\n')
		length--;
	for (unsigned n = 0; n < REMOTE_KEY_BYTES && length == 2 * REMOTE_KEY_BYTES; n++) {
		char digits[3] = { (char)text[2 * n], (char)text[2 * n + 1] }, *end;

		key[n] = (uint8_t)strtoul(digits, &end, 16);
		if (end != digits + 2)
			length = 0;
	}
	if (length != 2 * REMOTE_KEY_BYTES)
		die(path, "a key is 32 bytes, or 64 hexadecimal digits");
}

static void changed(struct peer *peer)
{
	const uint8_t *const at = peer->config->other;

	if (is_quiet)
		return;
	printf("remote-server: %02x:%02x:%02x:%02x:%02x:%02x: session %s\n", at[0], at[1], at[2],
	       at[3], at[4], at[5], peer->session.is_up ? "began" : "ended");
	fflush(stdout);
}

/** The device's line is high: to all that use it. */
static void interrupt(struct counting *counting)
{
	for (unsigned n = 0; n < host.peer_count; n++)
		if (server_is_used(&host.peers[n].peer, &counting->window))
			server_line(&host.peers[n].peer, &counting->window, 0, true, hosted_now());
}

static void show_counters(void)
{
	printf("remote-server: device: %u accesses, digest %08x, %u gaps\n", device.count,
	       device.digest, device.gaps);
	for (unsigned n = 0; n < host.peer_count; n++) {
		const struct peer_counters *const c = &host.peers[n].peer.counters;

		printf("remote-server: peer %u: in %u out %u malformed %u foreign %u forged %u "
		       "replayed %u unexpected %u limited %u duplicates %u early %u resent %u "
		       "sessions %u lost %u accesses %u refused %u bus_errors %u\n",
		       n, c->in, c->out, c->malformed, c->foreign, c->forged, c->replayed,
		       c->unexpected, c->limited, c->duplicates, c->early, c->resent, c->sessions,
		       c->lost, c->accesses, c->refused, c->bus_errors);
	}
	fflush(stdout);
}

static void add_peer(const char *text, bool is_insecure)
{
	static const struct server_window *windows[2];
	static struct peer_ops ops;
	struct peer_config config = { .passive = true,
				      .timing = PEER_TIMING(HOSTED_HZ),
				      .ops = &ops,
				      .windows = windows,
				      .window_count = 2 };
	uint8_t key[REMOTE_KEY_BYTES];
	const char *rest;

	windows[0] = &device.window;
	windows[1] = &memory.window;
	ops = hosted_ops;
	ops.changed = changed;
	if (!parse_address(text, config.other, &rest) || (*rest && *rest != ','))
		die(text, "it is ADDRESS or ADDRESS,FILE");
	config.name = text;
	if (*rest == ',')
		read_key(rest + 1, key);
	else if (!is_insecure)
		die(text, "it has no key; --insecure serves it all the same");
	else
		fprintf(stderr, "remote-server: %s: INSECURE: anyone can pose as it\n", text);
	if (!hosted_add(&host, &config, *rest ? key : NULL))
		die(text, "too many peers");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "wire", required_argument, NULL, 'w' }, { "mac", required_argument, NULL, 'm' },
		{ "peer", required_argument, NULL, 'p' }, { "insecure", no_argument, NULL, 'i' },
		{ "snap", no_argument, NULL, 's' },       { "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },       { NULL, 0, NULL, 0 }
	};
	const char *peers[HOSTED_PEERS], *wire = NULL, *mac = NULL, *rest;
	unsigned peer_count = 0;
	bool is_insecure = false;

	for (int one; (one = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (one) {
		case 'w':
			wire = optarg;
			break;
		case 'm':
			mac = optarg;
			break;
		case 'p':
			if (peer_count == HOSTED_PEERS)
				die(optarg, "too many peers");
			peers[peer_count++] = optarg;
			break;
		case 'i':
			is_insecure = true;
			break;
		case 's':
			host.with_snap = true;
			break;
		case 'q':
			is_quiet = true;
			break;
		case 'h':
			fputs(help, stdout);
			return 0;
		default:
			return 2;
		}
	}
	if (optind != argc || !wire || !peer_count) {
		fputs(help, stderr);
		return 2;
	}
	if (!wire_open(&host.wire, wire))
		die(wire, strerror(errno));
	memcpy(host.address,
	       host.wire.has_address ? host.wire.address : (const uint8_t *)"\x02HAK\0\x01",
	       REMOTE_ADDRESS_BYTES);
	if (mac && (!parse_address(mac, host.address, &rest) || *rest))
		die(mac, "it is not the address of one station");
	counting_init(&device, interrupt);
	hosted_memory_init(&memory);
	for (unsigned n = 0; n < peer_count; n++)
		add_peer(peers[n], is_insecure);
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	signal(SIGUSR1, on_signal);
	signal(SIGPIPE, SIG_IGN);
	hosted_start(&host);
	printf("remote-server: ready\n");
	fflush(stdout);
	while (!is_over && hosted_turn(&host, UINT64_MAX)) {
		if (is_asked)
			show_counters();
		is_asked = 0;
	}
	for (unsigned n = 0; n < host.peer_count; n++)
		peer_stop(&host.peers[n].peer, hosted_now());
	show_counters();
	wire_close(&host.wire);
	return is_over ? 0 : 1;
}
