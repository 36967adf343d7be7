/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A station on an Ethernet: lwIP, as net/stack/lwipopts.h configures it, between frames that come
 * and frames to send. ARP, ping and two UDP ports are answered (net/stack/udp.h); frames of
 * EtherType 0x88B5, and those of IEEE 802.3 whose LLC and SNAP headers say the same, are another
 * protocol's, which sees those of the wire only.
 *
 * lwIP keeps its state itself, so there is one stack, and all of this is called on one thread.
 */
#ifndef NET_STACK_STACK_H
#define NET_STACK_STACK_H

#include <stdbool.h>
#include <stdint.h>

#define STACK_ETHERTYPE   0x88b5u /* IEEE 802: local experimental 1 */
#define STACK_FRAME_MAX   1518u
#define STACK_PAYLOAD_MAX 1492u /* of the other protocol, with LLC and SNAP before it */

/** A frame that has come. Its bytes begin two behind an aligned address: what follows their header is aligned. */
struct stack_frame {
	uint64_t
		room[8]; /* lwIP's own; just before the bytes, as it moves back and forth in both */
	uint32_t words[(STACK_FRAME_MAX + 2u + 3u) / 4u];
	uint32_t length;
	bool from_wire; /* no VM has sent it */
};

static inline uint8_t *stack_frame_bytes(struct stack_frame *frame)
{
	return (uint8_t *)frame->words + 2;
}

/** Frames that are answered by nothing, by reason. */
struct stack_counters {
	uint32_t posed;     /* the other protocol's, and not from the wire */
	uint32_t other;     /* of a protocol that is not known, or there is nobody for it */
	uint32_t link;      /* ARP or Ethernet: wrong lengths or values */
	uint32_t ip;        /* IPv4: wrong lengths, checksum or version, fragments, or not for us */
	uint32_t icmp;      /* the same of ICMP, and what is no echo */
	uint32_t udp;       /* the same of UDP, and ports that nobody listens to */
	uint32_t no_memory; /* could not be answered for want of memory */
};

struct stack_config {
	uint8_t mac[6];
	uint32_t address; /* IPv4; 10.0.2.9 is 0x0a000209 */
	uint32_t netmask;
	/** Sends a frame, aligned to 4; what there is no room for is lost. Preempt points are possible. */
	void (*send)(const uint8_t *frame, uint32_t length);
	/** A frame of the other protocol: its addresses, and its payload with whatever padding. */
	void (*receive)(const uint8_t *header, const uint8_t *payload, uint32_t length);
	/** Text for who asks (net/stack/udp.h); returns its length, at most @p size. */
	uint32_t (*describe)(char *text, uint32_t size);
};

void stack_start(const struct stack_config *config, uint64_t now);
uint64_t stack_run(uint64_t now);
void stack_input(struct stack_frame *frame);
uint32_t stack_find_payload(const uint8_t *bytes, uint32_t *length);
uint32_t stack_put_type(uint8_t *bytes, uint32_t length, bool snap);
void stack_counters(struct stack_counters *counters);

#endif
