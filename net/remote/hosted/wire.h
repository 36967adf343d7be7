/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ethernet for a program on a PC: a network interface, or for development a UDP socket or the cable
 * of QEMU's machines. wire_open() takes which, as a word:
 *
 *	packet:IFNAME           a packet socket: needs CAP_NET_RAW
 *	udp:PORT[,HOST:PORT]    each datagram is a frame; without a second part, to whom it came from
 *	qemu:PATH               a Unix stream socket, the other end of QEMU's `-netdev stream`
 *	qemu:HOST:PORT          the same, TCP
 */
#ifndef NET_REMOTE_HOSTED_WIRE_H
#define NET_REMOTE_HOSTED_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#define WIRE_FRAME_MAX 1514u
#define WIRE_ADDRESS   6u

enum wire_kind {
	WIRE_PACKET,
	WIRE_UDP,
	WIRE_STREAM,
};

struct wire {
	enum wire_kind kind;
	int fd;
	bool has_address;
	uint8_t address[WIRE_ADDRESS]; /* of the interface, if it has one */

	/* UDP: where frames go. */
	bool knows_other, is_fixed;
	uint8_t other[128]; /* struct sockaddr_storage */
	uint32_t other_length;

	/* A stream: what has come of the next frame, behind its length. */
	uint8_t in[4u + WIRE_FRAME_MAX];
	uint32_t in_length;
};

bool wire_open(struct wire *wire, const char *what);
void wire_close(struct wire *wire);
int wire_receive(struct wire *wire, uint8_t *frame);
bool wire_send(struct wire *wire, const uint8_t *frame, uint32_t length);

#endif
