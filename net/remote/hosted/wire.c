// SPDX-License-Identifier: Apache-2.0
#include "net/remote/hosted/wire.h"

#include "net/remote/remote.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FRAME_MIN 60u /* of a frame on the wire, without its check sequence */

_Static_assert(sizeof(((struct wire *)0)->other) >= sizeof(struct sockaddr_storage), "fits");

static bool open_packet(struct wire *wire, const char *name)
{
	struct ifreq request = { .ifr_ifindex = 0 };
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };

	if (strlen(name) >= sizeof(request.ifr_name)) {
		errno = ENODEV;
		return false;
	}
	strcpy(request.ifr_name, name);
	wire->kind = WIRE_PACKET;
	wire->fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	if (wire->fd < 0 || ioctl(wire->fd, SIOCGIFHWADDR, &request) < 0)
		return false;
	memcpy(wire->address, request.ifr_hwaddr.sa_data, WIRE_ADDRESS);
	wire->has_address = true;
	at.sll_ifindex = (int)if_nametoindex(name);
	return at.sll_ifindex != 0 && bind(wire->fd, (struct sockaddr *)&at, sizeof(at)) == 0;
}

/** Resolves HOST:PORT, or PORT for any address of this machine; connects or binds with @p use. */
static bool with_address(const char *where, int type, bool is_passive,
			 bool (*use)(struct wire *wire, const struct addrinfo *one),
			 struct wire *wire)
{
	const struct addrinfo hints = { .ai_family = is_passive ? AF_INET : AF_UNSPEC,
					.ai_socktype = type,
					.ai_flags = is_passive ? AI_PASSIVE : 0 };
	const char *const colon = strrchr(where, ':');
	struct addrinfo *found;
	char host[256];
	bool done = false;

	if ((!colon && !is_passive) || (colon && (size_t)(colon - where) >= sizeof(host))) {
		errno = EINVAL;
		return false;
	}
	if (colon) {
		memcpy(host, where, (size_t)(colon - where));
		host[colon - where] = 0;
	}
	if (getaddrinfo(colon ? host : NULL, colon ? colon + 1 : where, &hints, &found) != 0) {
		errno = EADDRNOTAVAIL;
		return false;
	}
	for (const struct addrinfo *one = found; one && !done; one = one->ai_next)
		done = use(wire, one);
	freeaddrinfo(found);
	return done;
}

static bool bind_to(struct wire *wire, const struct addrinfo *one)
{
	return bind(wire->fd, one->ai_addr, one->ai_addrlen) == 0;
}

static bool keep_other(struct wire *wire, const struct addrinfo *one)
{
	if (one->ai_family != AF_INET)
		return false;
	memcpy(wire->other, one->ai_addr, one->ai_addrlen);
	wire->other_length = one->ai_addrlen;
	wire->knows_other = wire->is_fixed = true;
	return true;
}

static bool connect_to(struct wire *wire, const struct addrinfo *one)
{
	wire->fd = socket(one->ai_family, SOCK_STREAM, 0);
	if (wire->fd < 0)
		return false;
	if (connect(wire->fd, one->ai_addr, one->ai_addrlen) == 0)
		return true;
	close(wire->fd);
	wire->fd = -1;
	return false;
}

static bool open_udp(struct wire *wire, const char *what)
{
	char own[300];
	const char *const comma = strchr(what, ',');
	const size_t length = comma ? (size_t)(comma - what) : strlen(what);

	wire->kind = WIRE_UDP;
	wire->fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (wire->fd < 0)
		return false;
	if (length >= sizeof(own)) {
		errno = EINVAL;
		return false;
	}
	memcpy(own, what, length);
	own[length] = 0;
	return with_address(own, SOCK_DGRAM, true, bind_to, wire) &&
	       (!comma || with_address(comma + 1, SOCK_DGRAM, false, keep_other, wire));
}

static bool open_stream(struct wire *wire, const char *where)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	wire->kind = WIRE_STREAM;
	if (!strchr(where, '/'))
		return with_address(where, SOCK_STREAM, false, connect_to, wire);
	if (strlen(where) >= sizeof(at.sun_path)) {
		errno = ENAMETOOLONG;
		return false;
	}
	strcpy(at.sun_path, where);
	wire->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	return wire->fd >= 0 && connect(wire->fd, (struct sockaddr *)&at, sizeof(at)) == 0;
}

/** Opens what @p what names, without waiting in wire_receive(). False: errno says why. */
bool wire_open(struct wire *wire, const char *what)
{
	static const struct {
		const char *prefix;
		bool (*open)(struct wire *wire, const char *rest);
	} kinds[] = { { "packet:", open_packet }, { "udp:", open_udp }, { "qemu:", open_stream } };

	*wire = (struct wire){ .fd = -1 };
	errno = EINVAL;
	for (unsigned n = 0; n < sizeof(kinds) / sizeof(kinds[0]); n++) {
		const size_t length = strlen(kinds[n].prefix);
		int why;

		if (strncmp(what, kinds[n].prefix, length) != 0)
			continue;
		if (kinds[n].open(wire, what + length) && fcntl(wire->fd, F_SETFL, O_NONBLOCK) == 0)
			return true;
		why = errno;
		wire_close(wire);
		errno = why;
		return false;
	}
	return false;
}

void wire_close(struct wire *wire)
{
	if (wire->fd >= 0)
		close(wire->fd);
	wire->fd = -1;
}

/** Bytes up to @p wanted; false when they are not all there yet. -1 in *@p ended: there are no more. */
static bool fill(struct wire *wire, uint32_t wanted, bool *ended)
{
	while (wire->in_length < wanted) {
		const ssize_t got =
			read(wire->fd, wire->in + wire->in_length, wanted - wire->in_length);

		if (got > 0) {
			wire->in_length += (uint32_t)got;
			continue;
		}
		*ended = got == 0 || (errno != EAGAIN && errno != EINTR);
		return false;
	}
	return true;
}

static int receive_stream(struct wire *wire, uint8_t *frame)
{
	bool ended = false;

	while (fill(wire, 4, &ended)) {
		const uint32_t length = (uint32_t)wire->in[0] << 24 | (uint32_t)wire->in[1] << 16 |
					(uint32_t)wire->in[2] << 8 | wire->in[3];

		/* Its other end is QEMU or the cable: what they do not send ends the stream. */
		if (length > WIRE_FRAME_MAX)
			return -1;
		if (!fill(wire, 4 + length, &ended))
			break;
		wire->in_length = 0;
		if (length < ETH_HLEN)
			continue;
		memcpy(frame, wire->in + 4, length);
		return (int)length;
	}
	return ended ? -1 : 0;
}

static int receive_datagram(struct wire *wire, uint8_t *frame)
{
	for (;;) {
		struct sockaddr_storage from;
		socklen_t from_length = sizeof(from);
		const ssize_t got = recvfrom(wire->fd, frame, WIRE_FRAME_MAX, MSG_TRUNC,
					     (struct sockaddr *)&from, &from_length);

		if (got < 0)
			return errno == EAGAIN || errno == EINTR || errno == ECONNREFUSED ? 0 : -1;
		if (got < ETH_HLEN || got > (ssize_t)WIRE_FRAME_MAX)
			continue;
		/* A packet socket also gets what this machine sends. */
		if (wire->kind == WIRE_PACKET &&
		    ((const struct sockaddr_ll *)&from)->sll_pkttype == PACKET_OUTGOING)
			continue;
		if (wire->kind == WIRE_UDP && !wire->is_fixed) {
			memcpy(wire->other, &from, from_length);
			wire->other_length = from_length;
			wire->knows_other = true;
		}
		return (int)got;
	}
}

/** The next frame, of up to WIRE_FRAME_MAX bytes: its length, 0 if there is none, -1 at the end. */
int wire_receive(struct wire *wire, uint8_t *frame)
{
	return wire->kind == WIRE_STREAM ? receive_stream(wire, frame)
					 : receive_datagram(wire, frame);
}

/** All of it or, if the other end does not take it, nothing more: half a frame would be the end. */
static bool send_stream(struct wire *wire, const uint8_t *frame, uint32_t length)
{
	uint8_t bytes[4u + WIRE_FRAME_MAX] = { (uint8_t)(length >> 24), (uint8_t)(length >> 16),
					       (uint8_t)(length >> 8), (uint8_t)length };
	uint32_t at = 0;

	memcpy(bytes + 4, frame, length);
	while (at < 4u + length) {
		const ssize_t done = send(wire->fd, bytes + at, 4u + length - at, MSG_NOSIGNAL);

		if (done > 0) {
			at += (uint32_t)done;
			continue;
		}
		if (done == 0 || (errno != EAGAIN && errno != EINTR) || at == 0)
			return false;
		(void)poll(&(struct pollfd){ .fd = wire->fd, .events = POLLOUT }, 1, -1);
	}
	return true;
}

/** Sends a frame, padded to the least that a wire takes. False: it is lost. */
bool wire_send(struct wire *wire, const uint8_t *frame, uint32_t length)
{
	uint8_t padded[FRAME_MIN];

	if (length > WIRE_FRAME_MAX)
		return false;
	if (length < FRAME_MIN) {
		memcpy(padded, frame, length);
		memset(padded + length, 0, FRAME_MIN - length);
		frame = padded;
		length = FRAME_MIN;
	}
	switch (wire->kind) {
	case WIRE_STREAM:
		return send_stream(wire, frame, length);
	case WIRE_PACKET:
		return send(wire->fd, frame, length, 0) == (ssize_t)length;
	case WIRE_UDP:
		return wire->knows_other &&
		       sendto(wire->fd, frame, length, 0, (const struct sockaddr *)wire->other,
			      wire->other_length) == (ssize_t)length;
	}
	return false;
}
