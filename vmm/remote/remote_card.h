/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A card controller (PL181) of another board: what is known of it, so that its FIFO and its status cost
 * no frames. The guest's registers are net/remote/pl181_front.h, on the VM's thread; what that has to say
 * to the other board is said on the station's.
 */
#ifndef VMM_REMOTE_REMOTE_CARD_H
#define VMM_REMOTE_REMOTE_CARD_H

#include "devemu/device.h"
#include "net/remote/pl181_front.h"
#include "vmm/config/vm_config.h"

struct remote_card {
	struct pl181_front front;
	struct device *dev;
	bool is_known;    /* the other board has an agent, or had one */
	uint8_t contacts; /* bit n: line n of the device says that there is a card in the slot */
	/* Reports have come, and not the one before them, with this number; until when that can be. */
	bool is_waiting;
	uint32_t missing;
	uint64_t until;
};

void remote_card_init(struct remote_card *card, struct device *dev, struct client_window *client,
		      const struct vm_wire wire[CONFIG_LINES_MAX]);
void remote_card_changed(struct remote_card *card);
uint64_t remote_card_run(struct remote_card *card, bool may_reopen, uint64_t now);
uint32_t remote_card_read(struct remote_card *card, uint32_t offset, unsigned size);
void remote_card_write(struct remote_card *card, uint32_t offset, uint32_t value, unsigned size);

/**
 * Whether an access is the front end's: where the other board has the agent, and as long as nothing else
 * is known of that board.
 */
static inline bool remote_card_has(const struct remote_card *card, uint32_t offset)
{
	return card && card->is_known && offset < PL181_FRONT_END;
}

#endif
