/* SPDX-License-Identifier: Apache-2.0 */
#include "devemu/pl190.h"

#include "devemu/backend.h"
#include "vmm/lib/bits.h"

static const uint8_t ids[PRIMECELL_ID_SIZE] = { 0x90, 0x11, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

static uint32_t raw(const struct pl190_state *s)
{
	return s->lines | s->soft;
}

static uint32_t irq_status(const struct pl190_state *s)
{
	return raw(s) & s->enable & ~s->select;
}

static uint32_t fiq_status(const struct pl190_state *s)
{
	return raw(s) & s->enable & s->select;
}

static void update_irq(struct device *dev)
{
	const struct pl190_state *s = dev->state;

	device_set_irq(dev, PL190_WIRE_IRQ, (irq_status(s) & s->above[s->level]) != 0);
	device_set_irq(dev, PL190_WIRE_FIQ, fiq_status(s) != 0);
}

/** Derives the priorities from the vector controls; vector 0 is the highest. */
static void update_levels(struct pl190_state *s)
{
	uint32_t mask = 0;

	for (unsigned i = 0; i < PL190_VECTOR_COUNT; i++) {
		s->above[i] = mask;
		if (s->control[i] & PL190_VECTCNTL_ENABLE)
			mask |= BIT(s->control[i] & PL190_VECTCNTL_SOURCE);
	}
	s->above[PL190_LEVEL_DEFAULT] = mask;
	s->above[PL190_LEVEL_IDLE] = 0xffffffffu;
}

static void update_service(struct pl190_state *s)
{
	s->level = s->in_service ? (uint8_t)__builtin_ctz(s->in_service) : PL190_LEVEL_IDLE;
}

static uint32_t address_of(const struct pl190_state *s, unsigned level)
{
	return level < PL190_VECTOR_COUNT ? s->address[level] : s->default_address;
}

/**
 * The start of an interrupt service routine: its level enters service, and masks itself and those
 * below it until the end. (DDI 0181E, 2.2.6 and 3.3.13)
 */
static uint32_t begin_service(struct pl190_state *s)
{
	const uint32_t status = irq_status(s);

	for (unsigned level = 0; level < s->level; level++) {
		if (status & s->above[level + 1]) {
			s->in_service |= BIT(level);
			update_service(s);
			return address_of(s, level);
		}
	}
	/* Without a pending interrupt the value is UNPREDICTABLE: the one in service, if any. */
	return address_of(s, s->level);
}

static void end_service(struct pl190_state *s)
{
	s->in_service &= s->in_service - 1u;
	update_service(s);
}

static void pl190_reset(struct device *dev)
{
	struct pl190_state *s = dev->state;

	/* The inputs too: their sources are reset with it. */
	*s = (struct pl190_state){ 0 };
	update_levels(s);
	update_service(s);
	update_irq(dev);
}

static __attribute__((noinline)) uint32_t read_any(struct device *dev, uint32_t offset)
{
	struct pl190_state *s = dev->state;
	const uint32_t vector = (offset & 0xffu) / 4u;
	uint32_t value;

	switch (offset) {
	case PL190_FIQSTATUS:
		irq_refresh_inputs(dev->backend);
		return fiq_status(s);
	case PL190_RAWINTR:
		irq_refresh_inputs(dev->backend);
		return raw(s);
	case PL190_INTSELECT:
		return s->select;
	case PL190_INTENABLE:
		return s->enable;
	case PL190_SOFTINT:
		return s->soft;
	case PL190_PROTECTION:
		return s->protection;
	case PL190_VECTADDR:
		irq_refresh_inputs(dev->backend);
		value = begin_service(s);
		update_irq(dev);
		return value;
	case PL190_DEFVECTADDR:
		return s->default_address;
	case PL190_ITCR:
		return s->itcr;
	default:
		if ((offset & ~0xffu) == PL190_VECTADDR0 && vector < PL190_VECTOR_COUNT)
			return s->address[vector];
		if ((offset & ~0xffu) == PL190_VECTCNTL0 && vector < PL190_VECTOR_COUNT)
			return s->control[vector];
		return device_read_id(dev, ids, offset);
	}
}

static __attribute__((noinline)) uint32_t refreshed_status(struct device *dev)
{
	irq_refresh_inputs(dev->backend);
	return irq_status(dev->state);
}

/* Interrupt handlers read the status again and again, and do little else. */
static uint32_t pl190_read(struct device *dev, uint32_t offset, unsigned size)
{
	if (offset != PL190_IRQSTATUS)
		return read_any(dev, offset);
	return irq_refresh_due(dev->backend) ? refreshed_status(dev) : irq_status(dev->state);
}

static __attribute__((noinline)) void write_any(struct device *dev, uint32_t offset, uint32_t value)
{
	struct pl190_state *s = dev->state;
	const uint32_t vector = (offset & 0xffu) / 4u;

	switch (offset) {
	case PL190_INTSELECT:
		s->select = value;
		break;
	case PL190_SOFTINT:
		s->soft |= value;
		break;
	case PL190_SOFTINTCLEAR:
		if (!(s->soft & value))
			return; /* Linux clears it with each interrupt */
		s->soft &= ~value;
		break;
	case PL190_PROTECTION:
		/* Only kept: a model is not told the privilege of an access. */
		s->protection = value & 1u;
		break;
	case PL190_VECTADDR:
		end_service(s);
		irq_refresh_inputs(dev->backend);
		break;
	case PL190_DEFVECTADDR:
		s->default_address = value;
		break;
	case PL190_ITCR:
		/* Only kept: the integration test inputs and outputs are not wired to anything. */
		s->itcr = value & 1u;
		break;
	case PL190_IRQSTATUS:
		break; /* read-only; Linux writes to it all the same */
	default:
		if ((offset & ~0xffu) == PL190_VECTADDR0 && vector < PL190_VECTOR_COUNT) {
			s->address[vector] = value;
		} else if ((offset & ~0xffu) == PL190_VECTCNTL0 && vector < PL190_VECTOR_COUNT) {
			s->control[vector] =
				value & (PL190_VECTCNTL_ENABLE | PL190_VECTCNTL_SOURCE);
			update_levels(s);
		} else {
			device_guest_error(dev, offset);
		}
		break;
	}
	update_irq(dev);
}

static void pl190_write(struct device *dev, uint32_t offset, uint32_t value, unsigned size)
{
	struct pl190_state *s = dev->state;

	if (offset == PL190_INTENABLE) {
		irq_refresh_inputs(dev->backend);
		s->enable |= value;
	} else if (offset == PL190_INTENCLEAR) {
		if (!(s->enable & value))
			return; /* Linux masks, and masks once more to acknowledge */
		s->enable &= ~value;
	} else {
		write_any(dev, offset, value);
		return;
	}
	update_irq(dev);
}

static void pl190_set_input(struct device *dev, unsigned input, bool level)
{
	struct pl190_state *s = dev->state;
	const uint32_t line = BIT(input & 31u);

	s->lines = level ? s->lines | line : s->lines & ~line;
	if (s->enable & line)
		update_irq(dev);
}

const struct device_ops pl190_ops = {
	.name = "pl190",
	.state_size = sizeof(struct pl190_state),
	.reset = pl190_reset,
	.read = pl190_read,
	.write = pl190_write,
	.set_input = pl190_set_input,
};
