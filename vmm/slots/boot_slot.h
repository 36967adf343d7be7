/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/*
 * The slots that a board boots from, A and B: what is known of each, what an event makes of it, and
 * which of them is to be booted. Pure. VMM and boot loader are built from this file, and a host test
 * plays whole stories with it (tests/host/test_boot_slot.c). How the state is stored so that a power
 * cut does no harm is vmm/slots/boot_record.h's business; docs/boot-record.md describes both.
 */
#ifndef VMM_SLOTS_BOOT_SLOT_H
#define VMM_SLOTS_BOOT_SLOT_H

#include <stdbool.h>
#include <stdint.h>

#define BOOT_SLOTS        2u
#define BOOT_NO_SLOT      0xffu
#define BOOT_ATTEMPTS_MAX 3u /* without the mark of the VMM: then the slot is given up */

/** What is known of a slot. Numbers are those of the record. */
enum boot_slot_state {
	BOOT_SLOT_UNKNOWN = 0, /**< nothing: only the boot loader's check can tell */
	BOOT_SLOT_WRITING = 1, /**< it is being written: never booted */
	BOOT_SLOT_VALID = 2,
	BOOT_SLOT_GIVEN_UP = 3, /**< it did not reach the mark so often */
	BOOT_SLOT_REFUSED = 4,  /**< the boot loader's check found it damaged, or not signed */
	BOOT_SLOT_STATES,
};

/** Which image it is: as whoever writes it calls it. */
struct boot_image {
	uint32_t version;
	uint32_t digest[2]; /* the first 8 bytes of its SHA-256, as little-endian words */
};

struct boot_slot {
	enum boot_slot_state state;
	uint32_t attempts; /* since the last mark, or since it was written */
	bool confirmed;    /* it has reached the mark since it was written */
	struct boot_image image;
};

struct boot_state {
	struct boot_slot slot[BOOT_SLOTS];
	uint32_t preferred; /* the slot to boot, if nothing speaks against it */
	uint32_t attempts;  /* of all slots, ever */
	uint32_t marks;     /* the same, of marks of the VMM */
};

/** What happens to a slot. Numbers are those of the record. */
enum boot_event {
	BOOT_EVENT_BEGIN = 1,   /**< of the record: nothing is known */
	BOOT_EVENT_WRITE = 2,   /**< somebody is about to erase it, and to write the image */
	BOOT_EVENT_VALID = 3,   /**< all of the image is there: it is booted next */
	BOOT_EVENT_ATTEMPT = 4, /**< the boot loader has checked it, and is about to start it */
	BOOT_EVENT_MARK = 5,    /**< the VMM: all VMs have started */
	BOOT_EVENT_GIVE_UP = 6,
	BOOT_EVENT_REFUSE = 7, /**< the boot loader: the check failed */
	BOOT_EVENT_USE = 8,    /**< somebody wants it to be booted: a forced roll-back */
	BOOT_EVENT_RETRY = 9,  /**< given up, but there is nothing better: once again */
	BOOT_EVENT_MOVE = 10,  /**< nothing: the state goes to the other area of the record */
	BOOT_EVENTS,
};

/** What to do now: boot a slot, or first note an event, and then choose again. */
struct boot_choice {
	uint32_t slot;  /* BOOT_NO_SLOT: there is none */
	uint32_t event; /* enum boot_event to be applied to it first; 0: boot it */
	const char *why;
};

void boot_state_init(struct boot_state *state);
const char *boot_state_apply(struct boot_state *state, uint32_t event, uint32_t slot,
			     const struct boot_image *image);
struct boot_choice boot_choose(const struct boot_state *state, uint32_t refused);
uint32_t boot_write_target(const struct boot_state *state);
bool boot_image_equal(const struct boot_image *a, const struct boot_image *b);
const char *boot_slot_state_name(uint32_t state);
const char *boot_event_name(uint32_t event);

#endif
