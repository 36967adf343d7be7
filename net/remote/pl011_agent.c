// SPDX-License-Identifier: Apache-2.0
#include "net/remote/pl011_agent.h"
#include "net/remote/frame.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/copy.h"

/* Characters in one step, of each direction. */
#define BURST 4u

static const uint8_t setting_registers[] = { PL011_ILPR, PL011_IBRD, PL011_FBRD, PL011_LCR_H,
					     PL011_CR };

static uint32_t get(struct pl011_agent *agent, const struct server_window *window, uint32_t offset)
{
	uint32_t value = 0;

	if (agent->device->read(window, offset, 4, &value) != REMOTE_OK)
		agent->is_lost = true;
	return value;
}

static void put(struct pl011_agent *agent, const struct server_window *window, uint32_t offset,
		uint32_t value)
{
	if (agent->device->write(window, offset, 4, value) != REMOTE_OK)
		agent->is_lost = true;
}

/** Somebody begins or ends to use the UART: nothing waits, and it does not interrupt. */
void pl011_agent_used(struct pl011_agent *agent, const struct server_window *window, bool in_use)
{
	const struct remote_target *const device = agent->device;

	*agent = (struct pl011_agent){ .device = device };
	agent->sending = (struct ring){ .bytes = agent->sending_bytes, .size = PL011_SENDING };
	put(agent, window, PL011_IMSC, 0);
}

static bool may_receive(const struct pl011_agent *agent)
{
	const uint32_t room = agent->limit - agent->brought;

	return room - 1u < PL011_RECEIVED; /* a limit that is behind is none */
}

/** What was received, as long as the front end has room: once each, by the status rule. */
static void receive(struct pl011_agent *agent, const struct server_window *window, uint32_t *flags)
{
	uint8_t *const data = (uint8_t *)agent->event + PL011_REPORT_DATA;

	for (unsigned n = 0; n < BURST && agent->received < PL011_EVENT_MAX && may_receive(agent) &&
			     !(*flags & PL011_FR_RXFE) && !agent->is_lost;
	     n++) {
		const uint32_t value = get(agent, window, PL011_DR);

		data[2u * agent->received] = (uint8_t)value;
		data[2u * agent->received + 1u] = (uint8_t)(value >> 8 & 0xfu);
		agent->received++;
		agent->brought++;
		*flags = get(agent, window, PL011_FR);
	}
}

/** What waits, as far as the FIFO has room. */
static void send(struct pl011_agent *agent, const struct server_window *window, uint32_t *flags)
{
	/* Before the FIFO is filled: that it has become empty enough counts from then on. */
	put(agent, window, PL011_ICR, PL011_INT_TX);
	for (unsigned n = 0; n < BURST && ring_count(&agent->sending) > 0 &&
			     !(*flags & PL011_FR_TXFF) && !agent->is_lost;
	     n++) {
		put(agent, window, PL011_DR, ring_get(&agent->sending));
		*flags = get(agent, window, PL011_FR);
	}
}

/** Which interrupts there is something to be done for. */
static void arm(struct pl011_agent *agent, const struct server_window *window)
{
	uint32_t mask = PL011_INT_MODEM;

	if (may_receive(agent))
		mask |= PL011_INT_RX | PL011_INT_RT;
	if (ring_count(&agent->sending) > 0)
		mask |= PL011_INT_TX;
	put(agent, window, PL011_IMSC, mask);
}

/** Makes a report with @p flags of the UART; characters may be behind it. */
static void report(struct pl011_agent *agent, uint8_t *to, uint32_t flags)
{
	if (ring_count(&agent->sending) > 0)
		flags = (flags & ~PL011_FR_TXFE) | PL011_FR_BUSY;
	agent->told = agent->taken + ring_room(&agent->sending);
	agent->modem = flags & PL011_FR_MODEM;
	frame_put(to + PL011_REPORT_FLAGS, flags);
	frame_put(to + PL011_REPORT_LIMIT, agent->told);
	frame_put(to + PL011_REPORT_SERIAL, agent->serial++);
}

/** The settings that are others than before, in the order that latches them (DDI 0183, 3.3.6). */
static void set(struct pl011_agent *agent, const struct server_window *window, const uint8_t *job)
{
	bool is_rate_new = false;

	for (unsigned n = 0; n < ARRAY_SIZE(setting_registers); n++) {
		const uint32_t value = frame_get(job + PL011_JOB_ILPR + 4u * n);
		const bool is_new = value != agent->settings[n] || agent->serial == 0;

		if (is_new || (is_rate_new && setting_registers[n] == PL011_LCR_H))
			put(agent, window, setting_registers[n], value);
		is_rate_new |= is_new;
		agent->settings[n] = value;
	}
}

/** Whether the FIFO takes more of what waits. Until it is full, it may not interrupt for it. */
static bool is_sending(const struct pl011_agent *agent, uint32_t flags)
{
	return ring_count(&agent->sending) > 0 && !(flags & PL011_FR_TXFF) && !agent->is_lost;
}

static void begin(struct pl011_agent *agent, const struct server_window *window, const uint8_t *job,
		  uint32_t data)
{
	const uint32_t what = frame_get(job + PL011_JOB_WHAT);

	agent->is_begun = true;
	agent->limit = frame_get(job + PL011_JOB_LIMIT);
	if (what & PL011_DROP)
		ring_clear(&agent->sending);
	if (what & PL011_SETTINGS)
		set(agent, window, job);
	ring_write_over(&agent->sending, (const char *)job + PL011_JOB_DATA, data);
	agent->taken += data;
}

/** A job of the front end; called until it has an answer. */
enum remote_result pl011_agent_call(struct pl011_agent *agent, const struct server_window *window,
				    const uint8_t *in, uint32_t in_length, uint8_t *out,
				    uint32_t *length)
{
	const uint32_t data = in_length - PL011_JOB_DATA;
	uint32_t flags;

	if (in_length < PL011_JOB_DATA || *length < PL011_REPORT_DATA)
		return REMOTE_MALFORMED;
	if (!agent->is_begun && data > ring_room(&agent->sending))
		return REMOTE_MALFORMED;
	if (!agent->is_begun)
		begin(agent, window, in, data);
	flags = get(agent, window, PL011_FR);
	send(agent, window, &flags);
	if (is_sending(agent, flags))
		return REMOTE_AGAIN;
	agent->is_begun = false;
	arm(agent, window);
	if (agent->is_lost) {
		agent->is_lost = false;
		return REMOTE_BUS_ERROR;
	}
	report(agent, out, flags);
	*length = PL011_REPORT_DATA;
	return REMOTE_OK;
}

/** Whether the front end, which may wait for it, has to know how much there is room for. */
static bool has_news(const struct pl011_agent *agent, uint32_t flags)
{
	const uint32_t limit = agent->taken + ring_room(&agent->sending);

	return agent->received > 0 || limit - agent->told >= PL011_SENDING / 2u ||
	       (flags & PL011_FR_MODEM) != agent->modem;
}

/** An interrupt of the UART, and what follows. True: call again. */
bool pl011_agent_work(struct pl011_agent *agent, const struct server_window *window,
		      struct peer *peer, uint64_t now)
{
	uint32_t flags = get(agent, window, PL011_FR);
	bool is_more;

	put(agent, window, PL011_ICR, PL011_INT_MODEM);
	receive(agent, window, &flags);
	send(agent, window, &flags);
	if (agent->is_lost) {
		agent->is_lost = false;
		put(agent, window, PL011_IMSC, 0);
		return false;
	}
	is_more = !(flags & PL011_FR_RXFE) && may_receive(agent);
	if (is_more && agent->received < PL011_EVENT_MAX)
		return true;
	if (has_news(agent, flags)) {
		const uint32_t length = PL011_REPORT_DATA + 2u * agent->received;

		report(agent, (uint8_t *)agent->event, flags);
		agent->received = 0;
		/* Called only while there is room. */
		(void)server_event(peer, window, agent->event, length, now);
	}
	arm(agent, window);
	return is_more || is_sending(agent, flags);
}
