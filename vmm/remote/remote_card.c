/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/remote/remote_card.h"

#include "net/remote/peer.h"
#include "vmm/lib/bits.h"

static void show_lines(struct pl181_front *front, uint32_t levels)
{
	struct remote_card *const card = front->owner;

	device_set_irq(card->dev, 0, levels & 1u);
	device_set_irq(card->dev, 1, levels >> 1 & 1u);
}

/** @p card is zeroed. */
void remote_card_init(struct remote_card *card, struct device *dev, struct client_window *client,
		      const struct vm_wire wire[CONFIG_LINES_MAX])
{
	card->dev = dev;
	for (unsigned n = 0; n < CONFIG_LINES_MAX; n++)
		if (wire[n].sink == VM_SINK_CARD)
			card->contacts |= (uint8_t)BIT(n);
	card->front.owner = card;
	card->front.lines = show_lines;
	pl181_front_init(&card->front, client);
}

/**
 * The window was opened, or closed. A VM whose board has contacts in the slot, and asks them before it
 * sends a command, is told of a card: whether there is one, the other board's controller shows.
 */
void remote_card_changed(struct remote_card *card)
{
	const struct client_window *const window = card->front.window;

	card->is_known |= window->is_open && window->capabilities.agent == REMOTE_AGENT_PL181;
	if (!card->is_known)
		return;
	pl181_front_changed(&card->front);
	for (unsigned n = 0; n < CONFIG_LINES_MAX; n++) {
		if (!bit(card->contacts, n) || !card->front.window->is_open)
			continue;
		device_set_irq(card->dev, n, true);
		device_set_irq(card->dev, n, false);
	}
}

static bool has_report(const struct pl181_front *front)
{
	for (unsigned n = 0; n < PL181_JOBS; n++)
		if (front->call[n].is_answered || front->call[n].is_early)
			return true;
	return false;
}

/** The other board's agent counts its reports anew, and the guest is told that nothing came of what it began. */
static void reopen(struct remote_card *card)
{
	struct client_window *const window = card->front.window;
	struct peer *const peer = window->peer;

	card->is_waiting = false;
	pl181_front_fini(&card->front);
	client_detach(window);
	client_attach(peer, window);
}

/**
 * Whether reports wait for one that will not come. Where one is here, those before it have been made and
 * sent: they need as long as frames need, not as long as a card does. A frame that is lost for as long as
 * ends a session is not on its way any more.
 */
static bool is_stuck(struct remote_card *card, uint64_t now)
{
	const struct client_window *const window = card->front.window;

	if (!window->is_open || !has_report(&card->front)) {
		card->is_waiting = false;
		return false;
	}
	if (!card->is_waiting || card->missing != card->front.serial) {
		card->is_waiting = true;
		card->missing = card->front.serial;
		card->until = now + window->peer->config->timing.lost;
	}
	return now >= card->until;
}

/**
 * All that the front end has to do on the station's thread. A server that has lost count of its reports does
 * not hold a card that waits: the window is closed and opened, if @p may_reopen, as nothing else of the
 * guest's is under way in it. Returns when it is to be called again.
 */
uint64_t remote_card_run(struct remote_card *card, bool may_reopen, uint64_t now)
{
	uint64_t until = pl181_front_run(&card->front, now);

	if (is_stuck(card, now) && may_reopen) {
		reopen(card);
		until = REMOTE_NEVER;
	}
	return card->is_waiting && card->until < until ? card->until : until;
}

/** The registers are words; a byte or a halfword is a part of one. */
uint32_t remote_card_read(struct remote_card *card, uint32_t offset, unsigned size)
{
	const uint32_t value = pl181_front_read(&card->front, offset & ~3u) >> 8 * (offset & 3u);

	return size == 4 ? value : value & (BIT(8 * size) - 1u);
}

void remote_card_write(struct remote_card *card, uint32_t offset, uint32_t value, unsigned size)
{
	pl181_front_write(&card->front, offset & ~3u, value);
}
