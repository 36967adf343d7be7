// SPDX-License-Identifier: Apache-2.0
#include "net/remote/pl011_front.h"
#include "net/remote/frame.h"

/* In the FIFO that the guest fills, which tells it in time: it sends half of a real one at once. */
#define HELD_AT (PL011_SENDING - PL011_FIFO_DEPTH)

static void set_line(struct pl011_front *f)
{
	const bool level = (f->ris & f->imsc) != 0;

	if (level == f->level)
		return;
	f->level = level;
	f->line(f, level);
}

/** With the FIFOs off, they are one character deep. (DDI 0183, 3.3.7) */
static unsigned depth(const struct pl011_front *f)
{
	return f->lcr_h & PL011_LCR_H_FEN ? PL011_FIFO_DEPTH : 1u;
}

/* ---- to the other board ---------------------------------------------------------------------- */

static uint32_t waiting(const struct pl011_front *f)
{
	return ring_count(&f->sending);
}

/** Whether the guest's next characters go nowhere. */
static bool is_unplugged(const struct pl011_front *f)
{
	return !f->window->is_open && !f->is_patient;
}

/** The guest is told that there is room, if it was told that there is none. */
static void let_go(struct pl011_front *f)
{
	if (!f->is_held || waiting(f) > HELD_AT)
		return;
	f->is_held = false;
	f->ris |= PL011_INT_TX;
}

static void send(struct pl011_front *f, uint8_t byte)
{
	if (!is_unplugged(f) && ring_room(&f->sending) > 0)
		ring_put(&f->sending, byte);
	f->is_held = waiting(f) > HELD_AT;
	f->ris = f->is_held ? f->ris & ~PL011_INT_TX : f->ris | PL011_INT_TX;
}

/**
 * The characters for the agent now: all, or many. It tells of room by the half of what it has, and a frame
 * for each character that has left it would be no help.
 */
static uint32_t may_send(const struct pl011_front *f)
{
	const uint32_t room = f->limit - f->sent;

	if (room > PL011_SENDING || (room < waiting(f) && room < PL011_SENDING / 2u))
		return 0;
	return waiting(f) < room ? waiting(f) : room;
}

/** The character up to which there is room here. */
static uint32_t own_limit(const struct pl011_front *f)
{
	return f->taken + (PL011_RECEIVED - f->count);
}

/** Whether pl011_front_run() has something to do. */
bool pl011_front_has_job(const struct pl011_front *f)
{
	return f->window->is_open && !f->is_asking &&
	       (f->job || may_send(f) || f->wants_flags ||
		own_limit(f) - f->told >= PL011_RECEIVED / 2u);
}

static void take_report(struct pl011_front *f, const uint8_t *report)
{
	const uint32_t serial = frame_get(report + PL011_REPORT_SERIAL);
	const uint32_t flags = frame_get(report + PL011_REPORT_FLAGS);

	if ((int32_t)(serial - f->serial) < 0)
		return;
	f->serial = serial + 1u;
	f->limit = frame_get(report + PL011_REPORT_LIMIT);
	f->ris |= pl011_modem_interrupts((flags ^ f->flags) & PL011_FR_MODEM);
	f->flags = flags;
}

/** Something has come, behind which there may be something to do. */
static void tell_ready(struct pl011_front *f)
{
	set_line(f);
	if (f->ready && pl011_front_has_job(f))
		f->ready(f);
}

static void done(struct client_op *op, enum remote_result result)
{
	struct pl011_front *f = op->owner;

	f->is_asking = false;
	if (result == REMOTE_OK && op->length >= PL011_REPORT_DATA)
		take_report(f, (const uint8_t *)f->answer);
	tell_ready(f);
}

/** Tells the agent what there is to tell. Behind everything that may have changed something. */
void pl011_front_run(struct pl011_front *f, uint64_t now)
{
	uint8_t *const job = (uint8_t *)f->message;
	const uint32_t count = may_send(f);

	if (!pl011_front_has_job(f))
		return;
	frame_put(job + PL011_JOB_WHAT, f->job);
	frame_put(job + PL011_JOB_LIMIT, own_limit(f));
	frame_put(job + PL011_JOB_ILPR, f->ilpr);
	frame_put(job + PL011_JOB_IBRD, f->ibrd);
	frame_put(job + PL011_JOB_FBRD, f->fbrd);
	frame_put(job + PL011_JOB_LCR_H, f->lcr_h);
	frame_put(job + PL011_JOB_CR, f->cr);
	ring_read(&f->sending, job + PL011_JOB_DATA, count);
	f->op.done = done;
	f->op.owner = f;
	f->op.deadline = REMOTE_NEVER;
	if (client_call(f->window, &f->op, job, PL011_JOB_DATA + count, f->answer,
			sizeof(f->answer), now) != REMOTE_OK)
		return;
	f->is_asking = true;
	f->wants_flags = false;
	f->job = 0;
	f->told = own_limit(f);
	f->sent += count;
	f->sending.read += count;
	let_go(f);
	set_line(f);
}

/* ---- from there ------------------------------------------------------------------------------ */

/** What the agent sends on its own. */
void pl011_front_event(struct pl011_front *f, const uint8_t *data, uint32_t length)
{
	if (length < PL011_REPORT_DATA)
		return;
	take_report(f, data);
	for (uint32_t at = PL011_REPORT_DATA; at + 2u <= length && f->count < PL011_RECEIVED;
	     at += 2) {
		const uint16_t value = (uint16_t)(data[at] | (data[at + 1u] & 0xfu) << 8);

		f->received[(f->first + f->count) % PL011_RECEIVED] = value;
		f->count++;
		f->taken++;
		/* The error bits in DR are one place further up than in RIS. */
		f->ris |= PL011_INT_RX | (value & PL011_DR_ERRORS) >> 1;
	}
	tell_ready(f);
}

/** The oldest character; its error bits stay readable in RSR. An empty FIFO shows an earlier one. */
static uint32_t pop(struct pl011_front *f)
{
	const uint32_t value = f->received[f->first];

	if (f->count > 0) {
		f->first = (f->first + 1u) % PL011_RECEIVED;
		f->count--;
	}
	if (f->count == 0)
		f->ris &= ~(PL011_INT_RX | PL011_INT_RT);
	f->rsr = value >> 8;
	return value;
}

/** The window was opened, or is not any more. */
void pl011_front_changed(struct pl011_front *f)
{
	f->serial = 0;
	f->sent = f->limit = 0;
	f->taken = f->told = 0;
	f->ris |= pl011_modem_interrupts(f->flags & PL011_FR_MODEM);
	f->flags = PL011_FR_TXFE;
	f->job = PL011_SETTINGS;
	f->wants_flags = false;
	if (is_unplugged(f))
		ring_clear(&f->sending);
	let_go(f);
	tell_ready(f);
}

/* ---- registers ------------------------------------------------------------------------------- */

static uint32_t flags(struct pl011_front *f)
{
	uint32_t bits = f->flags & PL011_FR_MODEM;

	bits |= f->count ? 0 : PL011_FR_RXFE;
	if (f->count >= depth(f))
		bits |= PL011_FR_RXFF;
	if (ring_room(&f->sending) == 0)
		bits |= PL011_FR_TXFF;
	if (waiting(f) || f->is_asking)
		return bits | PL011_FR_BUSY;
	if (f->flags & PL011_FR_BUSY) {
		/* Who looks may wait for the end of that. */
		f->wants_flags = true;
		return bits | PL011_FR_BUSY;
	}
	return bits | PL011_FR_TXFE;
}

/** A register of the settings has been written. */
static void set(struct pl011_front *f, uint32_t *reg, uint32_t value)
{
	if (*reg != value)
		f->job |= PL011_SETTINGS;
	*reg = value;
}

static void set_lcr_h(struct pl011_front *f, uint32_t value)
{
	/* Switching the FIFOs on or off empties them. */
	if ((f->lcr_h ^ value) & PL011_LCR_H_FEN) {
		f->count = 0;
		f->ris &= ~(PL011_INT_RX | PL011_INT_RT);
	}
	set(f, &f->lcr_h, value & 0xffu);
}

/** A load of the guest, of a word; below PL011_FRONT_END. */
uint32_t pl011_front_read(struct pl011_front *f, uint32_t offset)
{
	uint32_t value;

	switch (offset) {
	case PL011_DR:
		value = pop(f);
		set_line(f);
		return value;
	case PL011_RSR:
		return f->rsr;
	case PL011_FR:
		return flags(f);
	case PL011_ILPR:
		return f->ilpr;
	case PL011_IBRD:
		return f->ibrd;
	case PL011_FBRD:
		return f->fbrd;
	case PL011_LCR_H:
		return f->lcr_h;
	case PL011_CR:
		return f->cr;
	case PL011_IFLS:
		return f->ifls;
	case PL011_IMSC:
		return f->imsc;
	case PL011_RIS:
		return f->ris;
	case PL011_MIS:
		return f->ris & f->imsc;
	case PL011_DMACR:
		return f->dmacr;
	default:
		return 0;
	}
}

/** A store of the guest, of a word; below PL011_FRONT_END. */
void pl011_front_write(struct pl011_front *f, uint32_t offset, uint32_t value)
{
	switch (offset) {
	case PL011_DR:
		send(f, (uint8_t)value);
		break;
	case PL011_RSR:
		f->rsr = 0;
		break;
	case PL011_ILPR:
		set(f, &f->ilpr, value & 0xffu);
		break;
	case PL011_IBRD:
		set(f, &f->ibrd, value & 0xffffu);
		break;
	case PL011_FBRD:
		set(f, &f->fbrd, value & 0x3fu);
		break;
	case PL011_LCR_H:
		set_lcr_h(f, value);
		break;
	case PL011_CR:
		set(f, &f->cr, value & 0xff87u);
		break;
	case PL011_IFLS:
		f->ifls = value & 0x3fu;
		break;
	case PL011_IMSC:
		f->imsc = value & PL011_INT_ALL;
		break;
	case PL011_ICR:
		f->ris &= ~value;
		break;
	case PL011_DMACR:
		f->dmacr = value & 0x7u;
		break;
	default:
		break;
	}
	set_line(f);
}

void pl011_front_init(struct pl011_front *f, struct client_window *window)
{
	f->window = window;
	f->sending = (struct ring){ .bytes = f->sending_bytes, .size = PL011_SENDING };
	f->is_asking = false;
	f->op.is_pending = false;
	f->serial = f->sent = f->limit = f->taken = f->told = 0;
	f->flags = PL011_FR_TXFE;
	f->level = false;
	pl011_front_reset(f);
}

/** The window is not used any more: whatever is under way goes nowhere. */
void pl011_front_fini(struct pl011_front *f)
{
	client_cancel(&f->op);
}

/** The VM is reset: so is the UART, and what waits is not wanted any more. */
void pl011_front_reset(struct pl011_front *f)
{
	/* DDI 0183, table 3-1 */
	f->cr = PL011_CR_RXE | PL011_CR_TXE;
	f->ifls = 0x12;
	f->ilpr = f->ibrd = f->fbrd = f->lcr_h = f->imsc = f->ris = f->rsr = f->dmacr = 0;
	f->is_held = f->wants_flags = false;
	f->first = f->count = 0;
	ring_clear(&f->sending);
	f->job = PL011_SETTINGS | PL011_DROP;
	set_line(f);
}
