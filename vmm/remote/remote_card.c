/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/remote/remote_card.h"

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
