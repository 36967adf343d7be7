/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VMs with a virtio network device each, on one switch: their memory, their drivers' side of the
 * queues, and time. Guest memory can be reached only through what struct dma has mapped, and only
 * until the next preempt point: the address sanitizer sees everything else.
 */
#ifndef TESTS_HOST_NET_FIXTURE_H
#define TESTS_HOST_NET_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "devemu/virtio_net.h"
#include "devemu/virtio_net_regs.h"

#define GUESTS    3u
#define A         (&guests[0])
#define B         (&guests[1])
#define C         (&guests[2])
#define GUEST_RAM (512u * 1024u)
#define RAM_BASE  0x00100000u /* RAM of a guest is not at 0 */
#define QUEUE_MAX 64u         /* entries that the drivers use */

/* Where the drivers put things, from RAM_BASE on. */
#define RING_AT(queue) ((queue)*0x4000u)
#define BUFFERS_AT     0x10000u
#define FEATURES_ALL                                                                              \
	(VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM | VIRTIO_F_EVENT_IDX | VIRTIO_NET_F_CSUM | \
	 VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_MAC | VIRTIO_NET_F_GUEST_TSO4 |                   \
	 VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_MRG_RXBUF | VIRTIO_NET_F_STATUS)
#define FEATURES_NONE (VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM)

struct net_guest {
	struct device dev;
	struct dma dma;
	struct virtio_net_backend backend;
	struct port port;
	uint8_t *ram; /* poisoned */
	struct {
		uint32_t at, length;
	} mapped[DMA_SLOTS];
	uint16_t avail[2], used_seen[2]; /* the drivers' indices */
	unsigned interrupts;
	bool level;
};

extern struct net_guest guests[GUESTS];
extern struct vswitch net_switch;
extern uint64_t net_now;
extern uint32_t net_ram_size; /* of each guest; GUEST_RAM, unless changed before net_setup() */
/** Called at each preempt point, if set; no more than one is being served. */
extern void (*net_preempt)(void);
extern unsigned net_preempts;

int net_setup(void **state);
int net_teardown(void **state);

/** Resets device and driver, and brings it up with these features. */
void net_start(struct net_guest *guest, uint64_t features);
/** All guests, with all features. */
void net_start_all(void);
/** The VM is reset. */
void net_reset(struct net_guest *guest);
void net_write(struct net_guest *guest, uint32_t offset, uint32_t value);
uint32_t net_status(struct net_guest *guest);
/** Time passes, and deadlines with it. */
void net_run(uint64_t ticks);

void net_poke(struct net_guest *guest, uint32_t offset, const void *bytes, uint32_t length);
void net_peek(struct net_guest *guest, uint32_t offset, void *bytes, uint32_t length);
void net_poke16(struct net_guest *guest, uint32_t offset, uint32_t value);
uint32_t net_peek16(struct net_guest *guest, uint32_t offset);

/** Writes descriptor @p n of a queue. */
void net_descriptor(struct net_guest *guest, unsigned queue, unsigned n, uint32_t gpa,
		    uint32_t length, uint32_t flags, uint32_t next);
/** Makes the chain at @p head available. */
void net_offer(struct net_guest *guest, unsigned queue, unsigned head);
void net_kick(struct net_guest *guest, unsigned queue);
/** The next element of the used ring: false if there is none. */
bool net_used(struct net_guest *guest, unsigned queue, uint32_t *head, uint32_t *length);
/** Offers receive buffer number n, of one descriptor: @p size bytes at BUFFERS_AT + n * 4096. */
void net_post(struct net_guest *guest, unsigned n, uint32_t size);
/** Offers buffers 0 to @p count - 1, and tells. */
void net_post_many(struct net_guest *guest, unsigned count, uint32_t size);
/**
 * Sends: the header and @p length bytes of a frame, in segments of @p piece bytes, from the upper
 * half of RAM on. Nothing is given back before.
 */
void net_send(struct net_guest *guest, const uint8_t *header, const uint8_t *frame, uint32_t length,
	      uint32_t piece);
/** Is one more of the guest's frames done with? Counts each once. */
bool net_is_sent(struct net_guest *guest);
/**
 * The next frame that was received; its length, or 0. Mergeable buffers of net_post(), all but the
 * last used completely. (5.1.6.4.1)
 */
uint32_t net_receive(struct net_guest *guest, uint8_t *header, uint8_t *frame);

/** For the random bytes of frames. */
void net_seed(uint32_t seed);

/** An Ethernet header from one guest to another, and random bytes behind it. */
void net_make(uint8_t *frame, uint32_t length, unsigned from, unsigned to);
/** The same with TCP in IPv4: 54 bytes of headers; fills in the virtio header for TSO. */
void net_make_tcp(uint8_t *header, uint8_t *frame, uint32_t length, unsigned from, unsigned to,
		  uint32_t segment_size);

/* What tests send and receive; no flags in `net_plain`. */
extern const uint8_t net_plain[VIRTIO_NET_HEADER];
extern uint8_t net_header[VIRTIO_NET_HEADER], net_sent[FRAME_TSO_MAX], net_got[FRAME_TSO_MAX];
/**
 * Receives the large frame of @p length bytes in `net_sent`, divided into a leading one of some bytes
 * of payload and the rest; that one's headers are in `net_header` and `net_got`. Returns how many
 * bytes lead.
 */
uint32_t net_receive_divided(struct net_guest *guest, uint32_t length);
/** Sends a new frame, made as above in `net_sent`, from one guest to another. */
void net_send_plain(struct net_guest *from, struct net_guest *to, uint32_t length);
/** The same with TCP; its virtio header is in `net_header`. */
void net_send_tcp(struct net_guest *from, struct net_guest *to, uint32_t length,
		  uint32_t segment_size);

#endif
