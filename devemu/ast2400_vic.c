/* SPDX-License-Identifier: Apache-2.0 */
#include "devemu/ast2400_vic.h"

#include "devemu/backend.h"
#include "vmm/lib/bits.h"

static uint32_t raw(const struct ast2400_vic_bank *b)
{
	/* Of a level, what is active; of an edge, what was. Software raises either. */
	return (b->sense & ~(b->lines ^ b->event)) | (~b->sense & b->latch) | b->soft;
}

static uint32_t irq_status(const struct ast2400_vic_bank *b)
{
	return raw(b) & b->enable & ~b->select;
}

static uint32_t fiq_status(const struct ast2400_vic_bank *b)
{
	return raw(b) & b->enable & b->select;
}

static void update_irq(struct device *dev)
{
	const struct ast2400_vic_state *const s = dev->state;

	device_set_irq(dev, AST2400_VIC_WIRE_IRQ,
		       (irq_status(&s->bank[0]) | irq_status(&s->bank[1])) != 0);
	device_set_irq(dev, AST2400_VIC_WIRE_FIQ,
		       (fiq_status(&s->bank[0]) | fiq_status(&s->bank[1])) != 0);
}

static void vic_reset(struct device *dev)
{
	static const uint32_t sense[] = AST2400_VIC_RESET_SENSE;
	static const uint32_t dual_edge[] = AST2400_VIC_RESET_DUAL_EDGE;
	static const uint32_t event[] = AST2400_VIC_RESET_EVENT;
	struct ast2400_vic_state *const s = dev->state;

	/* The inputs too: their sources are reset with it. */
	for (unsigned i = 0; i < AST2400_VIC_BANKS; i++)
		s->bank[i] = (struct ast2400_vic_bank){ .sense = sense[i],
							.dual_edge = dual_edge[i],
							.event = event[i] };
	update_irq(dev);
}

static uint32_t vic_read(struct device *dev, uint32_t offset, unsigned size)
{
	struct ast2400_vic_state *const s = dev->state;
	const struct ast2400_vic_bank *const b = &s->bank[offset / 4u % AST2400_VIC_BANKS];

	switch (offset & ~7u) {
	case AST2400_VIC_IRQ_STATUS:
		irq_refresh_inputs(dev->backend);
		return irq_status(b);
	case AST2400_VIC_FIQ_STATUS:
		irq_refresh_inputs(dev->backend);
		return fiq_status(b);
	case AST2400_VIC_RAW_STATUS:
		irq_refresh_inputs(dev->backend);
		return raw(b);
	case AST2400_VIC_SELECT:
		return b->select;
	case AST2400_VIC_ENABLE:
		return b->enable;
	case AST2400_VIC_TRIGGER:
		return b->soft;
	case AST2400_VIC_SENSE:
		return b->sense;
	case AST2400_VIC_DUAL_EDGE:
		return b->dual_edge;
	case AST2400_VIC_EVENT:
		return b->event;
	case AST2400_VIC_EDGE_STATUS:
		return b->latch & ~b->sense;
	default:
		device_guest_error(dev, offset);
		return 0;
	}
}

static void vic_write(struct device *dev, uint32_t offset, uint32_t value, unsigned size)
{
	struct ast2400_vic_state *const s = dev->state;
	struct ast2400_vic_bank *const b = &s->bank[offset / 4u % AST2400_VIC_BANKS];

	switch (offset & ~7u) {
	case AST2400_VIC_SELECT:
		b->select = value;
		break;
	case AST2400_VIC_ENABLE:
		irq_refresh_inputs(dev->backend);
		b->enable |= value;
		break;
	case AST2400_VIC_ENABLE_CLR:
		b->enable &= ~value;
		break;
	case AST2400_VIC_TRIGGER:
		b->soft |= value;
		break;
	case AST2400_VIC_TRIGGER_CLR:
		b->soft &= ~value;
		break;
	case AST2400_VIC_SENSE:
		b->sense = value;
		break;
	case AST2400_VIC_DUAL_EDGE:
		b->dual_edge = value;
		break;
	case AST2400_VIC_EVENT:
		b->event = value;
		break;
	case AST2400_VIC_EDGE_CLR:
		b->latch &= ~value;
		break;
	case AST2400_VIC_IRQ_STATUS:
	case AST2400_VIC_FIQ_STATUS:
	case AST2400_VIC_RAW_STATUS:
	case AST2400_VIC_EDGE_STATUS:
		return; /* read-only */
	default:
		device_guest_error(dev, offset);
		return;
	}
	update_irq(dev);
}

static void vic_set_input(struct device *dev, unsigned input, bool level)
{
	struct ast2400_vic_state *const s = dev->state;
	struct ast2400_vic_bank *const b = &s->bank[input / 32u % AST2400_VIC_BANKS];
	const uint32_t line = BIT(input % 32u);

	if (((b->lines & line) != 0) == level)
		return;
	b->lines ^= line;
	if ((b->dual_edge & line) || ((b->event & line) != 0) == level)
		b->latch |= line;
	if (b->enable & line)
		update_irq(dev);
}

const struct device_ops ast2400_vic_ops = {
	.name = "ast2400-vic",
	.state_size = sizeof(struct ast2400_vic_state),
	.reset = vic_reset,
	.read = vic_read,
	.write = vic_write,
	.set_input = vic_set_input,
};
