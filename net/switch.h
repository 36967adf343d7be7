/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A switch between network devices: those of VMs, and the board's own (net/uplink.h). It has no
 * memory for frames. A port that has one calls switch_send(); the switch finds the port it is for,
 * whose deliver() takes it then and there - or says "later", and so does the switch: the sender
 * keeps the frame, and is resumed when that port calls switch_port_ready().
 *
 * Ports are of two kinds. A *fixed* port has an address, may send from no other, and gets what is
 * for that address, broadcast and multicast. An *open* port may send from any address but those of
 * fixed ports; the switch learns them, forgets them again, and sends what is for an address that it
 * does not know to the open ports. So VMs neither see each other's frames nor pose as each other.
 *
 * Every frame ends as delivered or as dropped for a reason, and is counted at the port it came from
 * (struct port_counters).
 *
 * Nothing here is called with a preempt point inside but switch_send(); see there.
 */
#ifndef NET_SWITCH_H
#define NET_SWITCH_H

#include "net/frame.h"
#include "vmm/lib/status.h"

#define SWITCH_PORTS_MAX   12u
#define SWITCH_STATIONS    64u /* addresses learned; a power of two */
#define SWITCH_AGE_SECONDS 300u
#define MAC_LENGTH         6u

struct port;
struct vswitch;

enum port_result {
	PORT_TAKEN,
	PORT_LATER, /**< no room: it will call switch_port_ready() */
	PORT_DOWN,  /**< nobody there, or not able to take such a frame, or reset meanwhile */
};

struct port_ops {
	/** A frame for this port. All that must outlast the call has to be copied. */
	enum port_result (*deliver)(struct port *port, struct frame *frame);
	/**
	 * The port that did not take a frame may have room now. Called from wherever that port
	 * found out: another VM's thread, or an interrupt. NULL: it is asked often enough.
	 */
	void (*resume)(struct port *port);
};

/** Why a frame was not delivered. */
enum port_drop {
	PORT_DROP_MALFORMED, /**< too short, too long, or offloads that are not true of it */
	PORT_DROP_SPOOFED,   /**< from an address that is not the sender's */
	PORT_DROP_LOCAL,     /**< for a station behind the port it came from */
	PORT_DROP_NOBODY,    /**< for nobody: no port to send it to */
	PORT_DROP_DOWN,      /**< the receiver has no driver, or was reset while it was copied */
	PORT_DROP_FULL,      /**< the receiver had no room for longer than the sender waits */
	PORT_DROP_COUNT,
};

/** in + copies = delivered + the sum of dropped, at any time when no frame is on its way. */
struct port_counters {
	uint64_t in_bytes, out_bytes; /* of frames sent by the port, and delivered to it */
	uint32_t in, out;
	uint32_t copies;    /* of frames for several ports: one for each but the first */
	uint32_t delivered; /* of those sent by the port */
	uint32_t held;      /* times that the port was told "later" */
	uint32_t dropped[PORT_DROP_COUNT];
};

/** An address, so that two compares tell. */
struct mac {
	uint32_t first, last;
};

static inline struct mac mac_at(const uint8_t *bytes)
{
	return (struct mac){ (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 |
				     (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24,
			     (uint32_t)bytes[4] | (uint32_t)bytes[5] << 8 };
}

static inline bool is_same_mac(struct mac a, struct mac b)
{
	return a.first == b.first && a.last == b.last;
}

struct port {
	/* Set by the owner before switch_attach(). */
	const struct port_ops *ops;
	const char *name;
	void *owner;
	uint8_t address[MAC_LENGTH]; /* of a fixed port */
	bool open;
	bool plain; /* takes only frames of a wire, whole in the VMM's memory */

	/* May be changed at any time: what frames for it may leave to do. */
	bool takes_checksum, takes_tso;

	struct port_counters counters;

	/* The switch's. */
	struct vswitch *on;
	struct mac mac;
	uint8_t number;
	bool choked;      /* a sender has waited in vain: nobody waits until there is room */
	uint32_t waiters; /* bit n: port n was told "later" because of this port */
	uint32_t scratch[FRAME_WIRE_MAX / 4 + 1]; /* a frame for a wire */
};

struct station {
	struct mac mac;
	uint64_t seen; /* when it last sent; 0: the entry is free */
	struct port *port;
};

struct vswitch {
	const char *name;
	uint64_t (*now)(void); /* ticks of CLOCK_HZ on the board, from 1 on */
	unsigned sending; /* frames on their way, of threads that were preempted in the middle */
	unsigned port_count;
	struct port *port[SWITCH_PORTS_MAX];
	struct station station[SWITCH_STATIONS];
};

void switch_init(struct vswitch *sw, const char *name, uint64_t (*now)(void));
enum status switch_attach(struct vswitch *sw, struct port *port) MUST_CHECK;
void switch_detach(struct port *port);
bool switch_send(struct port *from, struct frame *frame, bool may_wait);
bool switch_send_to(struct port *from, struct port *to, struct frame *frame, bool may_wait);
void switch_give_up(struct port *from, const struct frame *frame);

/** Whether a thread is in the middle of a frame: it may have a pointer to any port. */
static inline bool switch_is_busy(const struct vswitch *sw)
{
	return sw->sending > 0;
}

void switch_drop(struct port *from, enum port_drop why);
void switch_port_ready(struct port *port);
void switch_forget(struct vswitch *sw, const struct port *port);

#endif
