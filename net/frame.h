/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An Ethernet frame on its way from one port of a switch to another. It is not copied on the way:
 * its first bytes, what was checked, are in the VMM's memory at `head`, and the rest is where the
 * sender has it - in guest memory, as the segments of a chain of descriptors. Whoever takes the
 * frame copies it, once, with frame_take(), into where it is to be.
 *
 * A guest may change the rest while it is copied. That is the same as if it had sent other bytes:
 * nothing is decided by them.
 */
#ifndef NET_FRAME_H
#define NET_FRAME_H

#include "devemu/dma.h"
#include "devemu/virtqueue.h"

/** Destination, source, type. */
#define FRAME_HEADER 14u
#define FRAME_VLAN   4u
/** Ethernet with a VLAN tag, IPv4 with all options, TCP without: all that is decided by. */
#define FRAME_HEAD_MAX (FRAME_HEADER + FRAME_VLAN + 60u + 20u)
/** A frame as it is on a wire, without its check sequence. */
#define FRAME_WIRE_MAX (FRAME_HEADER + FRAME_VLAN + 1500u)
/** A frame that is to be cut: an IPv4 packet has no more. */
#define FRAME_TSO_MAX (FRAME_HEADER + FRAME_VLAN + 65535u)
/** Copying of this many bytes is about as long as one may take without a preempt point. */
#define FRAME_COPY_QUANTUM 1920u

/** What its sender has left to do; all of it checked to lie in the frame. */
struct frame_offload {
	bool checksum;           /* of TCP or UDP: only that of the pseudo header is there */
	uint16_t checksum_start; /* first byte that it covers; it covers the rest */
	uint16_t checksum_at;    /* where it is */
	uint16_t segment_size;   /* TCP payload of each frame that this one stands for; or 0 */
	uint16_t header_length;  /* then: from Ethernet to the end of TCP's options */
};

struct frame {
	uint32_t length;     /* from the destination address on */
	const uint8_t *head; /* aligned to 4 */
	uint32_t head_length;
	const struct dma *dma; /* of the VM whose memory `rest` is in; unused if head is all */
	struct vq_cursor rest;
	struct frame_offload offload;
	bool from_wire; /* it came from the board's Ethernet: no VM has sent it */
	void *work;     /* FRAME_WORK bytes, aligned to 4, for the port that takes it */

	/* Progress of who takes it. */
	uint32_t taken;      /* bytes */
	struct vq_cursor at; /* then; in the rest */
	uint32_t cut;        /* of TCP payload: in frames that were built (net/offload.h) */
	uint32_t built;      /* bytes of a frame that was built and not delivered, or 0 */
	bool unreadable;     /* a segment was not RAM: zeros were taken instead */
};

#define FRAME_WORK 2048u

void frame_restart(struct frame *frame);
unsigned frame_copy_ease(const struct frame *frame, const void *to);
uint32_t frame_take(struct frame *frame, void *to, uint32_t length);
void frame_take_all(struct frame *frame, void *to, uint32_t length);

/** Network byte order, at any alignment. */
static inline uint32_t get_be16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static inline uint32_t get_be32(const uint8_t *at)
{
	return get_be16(at) << 16 | get_be16(at + 2);
}

static inline void put_be16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static inline void put_be32(uint8_t *at, uint32_t value)
{
	put_be16(at, value >> 16);
	put_be16(at + 2, value);
}

#endif
