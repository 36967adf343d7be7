/* SPDX-License-Identifier: Apache-2.0 */
#include "devemu/ast2400_scu.h"

#include "devemu/backend.h"
#include "vmm/lib/bits.h"

static uint32_t board_word(const struct device *dev, uint32_t offset)
{
	const struct system_backend *const system = dev->backend;

	return system && system->board ? system->board->read(system->board, offset) : 0;
}

static void scu_reset(struct device *dev)
{
	struct ast2400_scu_state *const s = dev->state;

	s->is_open = false;
	for (unsigned i = 0; i < ARRAY_SIZE(s->written); i++)
		s->written[i] = 0;
}

static uint32_t scu_read(struct device *dev, uint32_t offset, unsigned size)
{
	const struct ast2400_scu_state *const s = dev->state;

	if (offset >= AST2400_SCU_END) {
		device_guest_error(dev, offset);
		return 0;
	}
	switch (offset & ~3u) {
	case AST2400_SCU_KEY:
		return s->is_open;
	case AST2400_SCU_RANDOM:
		return board_word(dev, AST2400_SCU_RANDOM);
	default:
		return bit(s->written[offset / 128u], offset / 4u % 32u)
			       ? s->word[offset / 4u]
			       : board_word(dev, offset & ~3u);
	}
}

static void scu_write(struct device *dev, uint32_t offset, uint32_t value, unsigned size)
{
	struct ast2400_scu_state *const s = dev->state;

	if (offset == AST2400_SCU_KEY) {
		s->is_open = value == AST2400_SCU_UNLOCK;
	} else if (offset >= AST2400_SCU_END || size != 4) {
		device_guest_error(dev, offset);
	} else if (s->is_open) {
		s->written[offset / 128u] |= BIT(offset / 4u % 32u);
		s->word[offset / 4u] = value;
	}
}

const struct device_ops ast2400_scu_ops = {
	.name = "ast2400-scu",
	.state_size = sizeof(struct ast2400_scu_state),
	.reset = scu_reset,
	.read = scu_read,
	.write = scu_write,
};
