/* SPDX-License-Identifier: Apache-2.0 */
#include "devemu/ns16550.h"

#include "devemu/backend.h"

static bool is_rx_due(const struct ns16550_state *s)
{
	return s->count > 0 && (s->ier & NS16550_IER_RX);
}

static bool is_tx_due(const struct ns16550_state *s)
{
	return s->tx_pending && (s->ier & NS16550_IER_TX);
}

static void update_irq(struct device *dev)
{
	const struct ns16550_state *const s = dev->state;

	device_set_irq(dev, 0, is_rx_due(s) || is_tx_due(s));
}

/** With the FIFOs off, they are one byte deep. */
static unsigned depth(const struct ns16550_state *s)
{
	return s->fcr & NS16550_FCR_ENABLE ? NS16550_FIFO_DEPTH : 1u;
}

static bool is_loopback(const struct ns16550_state *s)
{
	return (s->mcr & NS16550_MCR_LOOP) != 0;
}

static bool has_room(const struct device *dev)
{
	const struct uart_backend *const line = dev->backend;

	return !line || !line->room || line->room(line) || is_loopback(dev->state);
}

static void push(struct ns16550_state *s, uint8_t byte)
{
	s->fifo[(s->head + s->count) % NS16550_FIFO_DEPTH] = byte;
	s->count++;
}

/** The oldest byte; an empty FIFO shows an earlier one. */
static uint32_t pop(struct ns16550_state *s)
{
	const uint32_t value = s->fifo[s->head];

	if (s->count > 0) {
		s->head = (s->head + 1u) % NS16550_FIFO_DEPTH;
		s->count--;
	}
	return value;
}

static void send(struct device *dev, uint8_t byte)
{
	const struct uart_backend *const line = dev->backend;
	struct ns16550_state *const s = dev->state;

	if (is_loopback(s)) {
		if (s->count < depth(s))
			push(s, byte);
		else
			s->error |= NS16550_LSR_OE;
	} else if (line) {
		line->put(line, byte);
	}
	s->is_held = !has_room(dev);
	s->tx_pending = !s->is_held;
}

/** The interrupt of the highest priority; that of the transmitter ends by being read. (8.5) */
static uint32_t identify(struct ns16550_state *s)
{
	const uint32_t fifo = s->fcr & NS16550_FCR_ENABLE ? NS16550_IIR_FIFO : 0;

	if (is_rx_due(s))
		return fifo | NS16550_IIR_RX;
	if (!is_tx_due(s))
		return fifo | NS16550_IIR_NONE;
	s->tx_pending = false;
	return fifo | NS16550_IIR_TX;
}

static uint32_t line_status(const struct device *dev)
{
	struct ns16550_state *const s = dev->state;
	const uint32_t error = s->error;

	s->error = 0;
	return error | (s->count ? NS16550_LSR_DR : 0u) |
	       (has_room(dev) ? NS16550_LSR_THRE | NS16550_LSR_TEMT : 0u);
}

/** The modem lines: what is looped back, or those of a partner that is there. (8.6, 8.7) */
static uint32_t modem(const struct ns16550_state *s)
{
	if (!is_loopback(s))
		return NS16550_MSR_CTS | NS16550_MSR_DSR | NS16550_MSR_DCD;
	return (s->mcr & NS16550_MCR_RTS ? NS16550_MSR_CTS : 0u) |
	       (s->mcr & NS16550_MCR_DTR ? NS16550_MSR_DSR : 0u) |
	       (s->mcr & NS16550_MCR_OUT1 ? NS16550_MSR_RI : 0u) |
	       (s->mcr & NS16550_MCR_OUT2 ? NS16550_MSR_DCD : 0u);
}

static void set_fcr(struct ns16550_state *s, uint8_t value)
{
	/* Switching the FIFOs on or off empties them. (8.4) */
	if (((s->fcr ^ value) & NS16550_FCR_ENABLE) || (value & NS16550_FCR_CLEAR_RX)) {
		s->head = 0;
		s->count = 0;
	}
	s->fcr = value & (uint8_t) ~(NS16550_FCR_CLEAR_RX | NS16550_FCR_CLEAR_TX);
}

static void ns16550_reset(struct device *dev)
{
	struct ns16550_state *const s = dev->state;

	*s = (struct ns16550_state){ 0 }; /* 8.0, table III */
	update_irq(dev);
}

static uint32_t read_register(struct device *dev, uint32_t offset)
{
	struct ns16550_state *const s = dev->state;

	switch (offset) {
	case NS16550_DATA:
		return s->lcr & NS16550_LCR_DLAB ? s->divisor[0] : pop(s);
	case NS16550_IER:
		return s->lcr & NS16550_LCR_DLAB ? s->divisor[1] : s->ier;
	case NS16550_IIR:
		return identify(s);
	case NS16550_LCR:
		return s->lcr;
	case NS16550_MCR:
		return s->mcr;
	case NS16550_LSR:
		return line_status(dev);
	case NS16550_MSR:
		return modem(s);
	case NS16550_SCR:
		return s->scr;
	default:
		device_guest_error(dev, offset);
		return 0;
	}
}

static uint32_t ns16550_read(struct device *dev, uint32_t offset, unsigned size)
{
	const uint32_t value = read_register(dev, offset);

	update_irq(dev);
	return value;
}

static void ns16550_write(struct device *dev, uint32_t offset, uint32_t value, unsigned size)
{
	struct ns16550_state *const s = dev->state;
	const uint8_t byte = (uint8_t)value;

	switch (offset) {
	case NS16550_DATA:
		if (s->lcr & NS16550_LCR_DLAB)
			s->divisor[0] = byte;
		else
			send(dev, byte);
		break;
	case NS16550_IER:
		if (s->lcr & NS16550_LCR_DLAB) {
			s->divisor[1] = byte;
			break;
		}
		/* An empty transmitter interrupts when that is switched on. */
		if ((byte & ~s->ier) & NS16550_IER_TX) {
			s->is_held = !has_room(dev);
			s->tx_pending = !s->is_held;
		}
		s->ier = byte & NS16550_IER_BITS;
		break;
	case NS16550_FCR:
		set_fcr(s, byte);
		break;
	case NS16550_LCR:
		s->lcr = byte;
		break;
	case NS16550_MCR:
		s->mcr = byte & NS16550_MCR_BITS;
		break;
	case NS16550_LSR:
	case NS16550_MSR:
		break; /* read-only */
	case NS16550_SCR:
		s->scr = byte;
		break;
	default:
		device_guest_error(dev, offset);
		return;
	}
	update_irq(dev);
}

static bool ns16550_can_receive(const struct device *dev)
{
	const struct ns16550_state *const s = dev->state;

	return !is_loopback(s) && s->count < depth(s);
}

static bool ns16550_is_listening(const struct device *dev)
{
	const struct ns16550_state *const s = dev->state;

	return (s->ier & NS16550_IER_RX) != 0;
}

static bool ns16550_receive(struct device *dev, uint8_t byte)
{
	if (!ns16550_can_receive(dev))
		return false;
	push(dev->state, byte);
	update_irq(dev);
	return true;
}

static void ns16550_transmit_again(struct device *dev)
{
	struct ns16550_state *const s = dev->state;

	if (!s->is_held)
		return;
	s->is_held = false;
	s->tx_pending = true;
	update_irq(dev);
}

const struct uart_model ns16550_model = {
	.ops = {
		.name = "ns16550",
		.state_size = sizeof(struct ns16550_state),
		.reset = ns16550_reset,
		.read = ns16550_read,
		.write = ns16550_write,
	},
	.can_receive = ns16550_can_receive,
	.receive = ns16550_receive,
	.is_listening = ns16550_is_listening,
	.transmit_again = ns16550_transmit_again,
};
