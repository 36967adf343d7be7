/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/host/remote_agent_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define PATIENCE 20000000u

struct client_window agent_client;
unsigned agent_interrupts;

static const struct agent_device *served;
static bool is_masked; /* the chip's interrupt, by board 1, until the agent has seen to it */
static unsigned accesses;

/* ---- board 1 --------------------------------------------------------------------------------- */

static enum remote_result chip_read(const struct server_window *w, uint32_t offset, unsigned width,
				    uint32_t *value)
{
	accesses++;
	assert_int_equal(width, 4);
	return served->read(offset, value);
}

static enum remote_result chip_write(const struct server_window *w, uint32_t offset, unsigned width,
				     uint32_t value)
{
	accesses++;
	assert_int_equal(width, 4);
	return served->write(offset, value);
}

const struct remote_target agent_chip = { .read = chip_read, .write = chip_write };

static void unmask(const struct server_window *w, uint32_t lines)
{
	is_masked = false;
}

static void used(const struct server_window *w, struct peer *peer, bool in_use)
{
	served->used(w, in_use);
	is_masked = false;
}

static enum remote_result call(const struct server_window *w, struct peer *peer, const uint8_t *in,
			       uint32_t in_length, uint8_t *out, uint32_t *length)
{
	enum remote_result result;

	accesses = 0;
	result = served->call(w, in, in_length, out, length);
	assert_in_range(accesses, 0, served->most_accesses);
	return result;
}

static bool work(const struct server_window *w, struct peer *peer, uint64_t at)
{
	bool is_more;

	accesses = 0;
	is_more = served->work(w, peer, at);
	assert_in_range(accesses, 0, served->most_accesses);
	return is_more;
}

static const struct remote_target target = {
	.read = chip_read,
	.write = chip_write,
	.unmask = unmask,
	.used = used,
	.call = call,
	.work = work,
};
/** Of the registers a guest reads the identification only by itself. */
static const struct server_range range = { 0xfe0, 0x20, REMOTE_WIDTH_4, REMOTE_READ };
static struct server_window window_served;
static const struct server_window *const windows[] = { &device_window, &window_served };

/** The chip's interrupt has this level: board 1 takes it, once until the agent has seen to it. */
void agent_irq(bool level)
{
	if (!level || is_masked)
		return;
	is_masked = true;
	agent_interrupts++;
	server_line(&boards[1], &window_served, 0, true, now);
}

/* ---- board 0 --------------------------------------------------------------------------------- */

static void changed(struct client_window *client)
{
	served->changed();
}

static void event(struct client_window *client, const uint8_t *data, uint32_t length)
{
	served->event(data, length);
}

static const struct client_window_ops ops = { .changed = changed, .event = event };

static bool is_open(void)
{
	return agent_client.is_open;
}

static bool is_gone(void)
{
	return !agent_client.is_open;
}

void agent_wait_open(void)
{
	assert_true(run_until(is_open, PATIENCE));
}

void agent_wait_gone(void)
{
	assert_true(run_until(is_gone, PATIENCE));
}

void agent_connect(void)
{
	connect_boards();
	agent_wait_open();
}

/** Two boards, the second with the device beside `device`; the first has its window, without a session. */
void agent_set_up(const struct agent_device *kind)
{
	served = kind;
	is_masked = false;
	agent_interrupts = 0;
	window_served = (struct server_window){
		.name = kind->name,
		.target = &target,
		.capabilities = { .size = 0x1000,
				  .widths = REMOTE_WIDTH_4,
				  .flags = REMOTE_READ | REMOTE_WRITE | REMOTE_AGENT,
				  .irq_count = kind->irq_count,
				  .agent = kind->agent },
		.range = &range,
		.range_count = 1,
	};
	board_config[1].windows = windows;
	board_restart(1);
	agent_client = (struct client_window){ .name = kind->name, .ops = &ops };
	client_attach(&boards[0], &agent_client);
}
