/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The VMM's own station on the network with the uplink (docs/network.md): a fixed port of the
 * switch, and a thread on which what comes for it is handled. lwIP answers ARP, ping and UDP
 * (net/stack); one protocol of the VMM's own may speak in frames of EtherType 0x88B5, or in such with
 * LLC and SNAP. An image without a network stack has none of it (vmm/remote/remote_none.c).
 *
 * That protocol meets the wire only: a VM on the same switch can ping the station, but a frame of a
 * VM never reaches receive(), whatever it says in its header, and what is sent goes to the uplink and
 * to no VM.
 */
#ifndef VMM_REMOTE_STATION_H
#define VMM_REMOTE_STATION_H

#include "net/uplink.h"
#include "vmm/lib/status.h"
#include "vmm/config/vm_config.h"

/** What became of a frame that came while nobody ran. */
enum station_taken {
	STATION_LEFT,  /* nothing: it is for receive() */
	STATION_DONE,  /* all that there is to do */
	STATION_BEGUN, /* go_on() does the rest, in steps; the frame stays as it is until then */
	STATION_WAITS, /* run() does the rest */
};

/** Called on the uplink's thread; preempt points are possible, and needed where it is long. */
struct station_protocol {
	/**
	 * A frame for this station from the wire. The payload is aligned to 4; short ones have padding
	 * behind them, which is in @p length. Returns whether run() has something to do.
	 */
	bool (*receive)(struct mac from, const uint8_t *payload, uint32_t length);
	/**
	 * The same of a short one, instead of the board's sleep: there is no preempt point, but between
	 * this and go_on(). Should somebody run before that says STATION_DONE, run() does the rest.
	 */
	enum station_taken (*take)(struct mac from, const uint8_t *payload, uint32_t length);
	enum station_taken (*go_on)(void);
	/**
	 * After frames that came, at the time that it asked for, when the uplink has room again, and
	 * after station_wake(). Returns until when it need not be called: host time, or UINT64_MAX.
	 */
	uint64_t (*run)(uint64_t now);
	/** When run() is to be called next; more exact than what it said. From anywhere. */
	uint64_t (*next)(void);
};

/** The most that station_send() takes: a frame with the headers of LLC and SNAP has no more. */
#define STATION_PAYLOAD_MAX 1492u
#define STATION_HEADER_MAX  22u

enum status station_make(const struct system_config *config, struct vswitch *network,
			 struct uplink *uplink, int priority) MUST_CHECK;
void station_start(void);
int station_priority(const struct system_config *config, int vms);
void station_configured(int priority);

/* The rest is of the image with a network stack. */
bool station_is_there(void);
const uint8_t *station_address(void);
void station_set_protocol(const struct station_protocol *protocol);
bool station_may_enter(void);
void station_wake(void);
void station_wake_at(uint64_t when);
void station_send(struct mac to, const void *payload, uint32_t length);

#endif
