/* SPDX-License-Identifier: Apache-2.0 */
#include "devemu/pl011.h"

#include "devemu/backend.h"

static const uint8_t ids[PRIMECELL_ID_SIZE] = { 0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

static void update_irq(struct device *dev)
{
	const struct pl011_state *s = dev->state;

	device_set_irq(dev, 0, (s->ris & s->imsc) != 0);
}

/** With the FIFOs off, they are one byte deep. (DDI 0183, 3.3.7) */
static unsigned depth(const struct pl011_state *s)
{
	return s->lcr_h & PL011_LCR_H_FEN ? PL011_FIFO_DEPTH : 1u;
}

static bool is_loopback(const struct pl011_state *s)
{
	return (s->cr & PL011_CR_LBE) != 0;
}

/** The modem lines: what is looped back, or nothing. (DDI 0183, 2.7.1: "loopback testing") */
static uint32_t modem(const struct pl011_state *s)
{
	if (!is_loopback(s))
		return 0;
	return (s->cr & PL011_CR_RTS ? PL011_FR_CTS : 0u) |
	       (s->cr & PL011_CR_DTR ? PL011_FR_DSR : 0u) |
	       (s->cr & PL011_CR_OUT1 ? PL011_FR_DCD : 0u) |
	       (s->cr & PL011_CR_OUT2 ? PL011_FR_RI : 0u);
}

static bool has_room(const struct device *dev)
{
	const struct uart_backend *const line = dev->backend;

	return !line || !line->room || line->room(line) || is_loopback(dev->state);
}

static uint32_t flags(const struct device *dev)
{
	const struct pl011_state *const s = dev->state;

	return modem(s) | (has_room(dev) ? PL011_FR_TXFE : PL011_FR_TXFF | PL011_FR_BUSY) |
	       (s->count == 0 ? PL011_FR_RXFE : 0u) | (s->count >= depth(s) ? PL011_FR_RXFF : 0u);
}

static void push(struct pl011_state *s, uint16_t value)
{
	s->fifo[(s->head + s->count) % PL011_FIFO_DEPTH] = value;
	s->count++;
	if (s->count == 1)
		s->ris |= PL011_INT_RX;
}

/** The oldest byte; its error bits stay readable in RSR. An empty FIFO shows an earlier byte. */
static uint32_t pop(struct pl011_state *s)
{
	const uint32_t value = s->fifo[s->head];

	if (s->count > 0) {
		s->head = (s->head + 1u) % PL011_FIFO_DEPTH;
		s->count--;
	}
	if (s->count == 0)
		s->ris &= ~PL011_INT_RX;
	s->rsr = value >> 8;
	return value;
}

/** Each byte of a guest's console comes through here: half of a boot's accesses to devices. */
static inline void send(struct device *dev, uint8_t byte)
{
	const struct uart_backend *line = dev->backend;
	struct pl011_state *s = dev->state;

	s->is_held = false;
	if (is_loopback(s)) {
		if (s->count < depth(s))
			push(s, byte);
		else
			s->ris |= PL011_INT_OE;
	} else if (line) {
		line->put(line, byte);
		s->is_held = line->room && !line->room(line);
	}
	s->ris = s->is_held ? s->ris & ~PL011_INT_TX : s->ris | PL011_INT_TX;
}

static void set_lcr_h(struct pl011_state *s, uint32_t value)
{
	/* Switching the FIFOs on or off empties them. */
	if ((s->lcr_h ^ value) & PL011_LCR_H_FEN) {
		s->head = 0;
		s->count = 0;
	}
	s->lcr_h = value & 0xffu;
}

static void set_cr(struct pl011_state *s, uint32_t value)
{
	const uint32_t before = modem(s);

	s->cr = value & 0xff87u;
	s->ris |= pl011_modem_interrupts(before ^ modem(s));
}

static void pl011_reset(struct device *dev)
{
	struct pl011_state *s = dev->state;

	/* DDI 0183, table 3-1 */
	*s = (struct pl011_state){
		.cr = PL011_CR_RXE | PL011_CR_TXE,
		.ifls = 0x12,
	};
	update_irq(dev);
}

static uint32_t pl011_read(struct device *dev, uint32_t offset, unsigned size)
{
	struct pl011_state *s = dev->state;
	uint32_t value;

	switch (offset) {
	case PL011_DR:
		value = pop(s);
		update_irq(dev);
		return value;
	case PL011_RSR:
		return s->rsr;
	case PL011_FR:
		return flags(dev);
	case PL011_ILPR:
		return s->ilpr;
	case PL011_IBRD:
		return s->ibrd;
	case PL011_FBRD:
		return s->fbrd;
	case PL011_LCR_H:
		return s->lcr_h;
	case PL011_CR:
		return s->cr;
	case PL011_IFLS:
		return s->ifls;
	case PL011_IMSC:
		return s->imsc;
	case PL011_RIS:
		return s->ris;
	case PL011_MIS:
		return s->ris & s->imsc;
	case PL011_DMACR:
		return s->dmacr;
	default:
		return device_read_id(dev, ids, offset);
	}
}

static void pl011_write(struct device *dev, uint32_t offset, uint32_t value, unsigned size)
{
	struct pl011_state *s = dev->state;

	if (offset == PL011_DR) {
		send(dev, (uint8_t)value);
		update_irq(dev);
		return;
	}
	switch (offset) {
	case PL011_RSR:
		s->rsr = 0;
		break;
	case PL011_FR:
		break; /* read-only */
	case PL011_ILPR:
		s->ilpr = value & 0xffu;
		break;
	case PL011_IBRD:
		s->ibrd = value & 0xffffu;
		break;
	case PL011_FBRD:
		s->fbrd = value & 0x3fu;
		break;
	case PL011_LCR_H:
		set_lcr_h(s, value);
		break;
	case PL011_CR:
		set_cr(s, value);
		break;
	case PL011_IFLS:
		s->ifls = value & 0x3fu;
		break;
	case PL011_IMSC:
		s->imsc = value & PL011_INT_ALL;
		break;
	case PL011_ICR:
		s->ris &= ~value;
		break;
	case PL011_DMACR:
		s->dmacr = value & 0x7u; /* no DMA controller is connected */
		break;
	default:
		device_guest_error(dev, offset);
		return;
	}
	update_irq(dev);
}

/** Whether pl011_receive() would take a byte now. */
bool pl011_can_receive(const struct device *dev)
{
	const struct pl011_state *s = dev->state;

	return !is_loopback(s) && s->count < depth(s);
}

/** Whether the guest waits for interrupts of bytes that arrive. One that polls may read, too. */
bool pl011_is_listening(const struct device *dev)
{
	const struct pl011_state *s = dev->state;

	return (s->imsc & (PL011_INT_RX | PL011_INT_RT)) != 0;
}

/**
 * A byte arrives on the line. Returns false, and changes nothing, when there is no room for it: the
 * caller keeps the byte and tries again, so nothing is lost and overrun never happens.
 */
bool pl011_receive(struct device *dev, uint8_t byte)
{
	struct pl011_state *s = dev->state;

	if (!pl011_can_receive(dev))
		return false;
	push(s, byte);
	update_irq(dev);
	return true;
}

/** The back end has room again: a guest that waits for it is told. */
void pl011_transmit_again(struct device *dev)
{
	struct pl011_state *s = dev->state;

	if (!s->is_held)
		return;
	s->is_held = false;
	s->ris |= PL011_INT_TX;
	update_irq(dev);
}

const struct uart_model pl011_model = {
	.ops = {
		.name = "pl011",
		.state_size = sizeof(struct pl011_state),
		.reset = pl011_reset,
		.read = pl011_read,
		.write = pl011_write,
	},
	.can_receive = pl011_can_receive,
	.receive = pl011_receive,
	.is_listening = pl011_is_listening,
	.transmit_again = pl011_transmit_again,
};
