/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/host/console_fixture.h"

#include <string.h>

#include "devemu/pl011.h"
#include "devemu/virtio_console.h"
#include "tests/host/uart_user.h"
#include "vmm/stats.h"

unsigned reports;

void stats_report(void)
{
	reports++;
}

void stats_clear(void)
{
}

struct fake_virtio virtio;

bool virtio_is_live(const struct device *dev)
{
	return virtio.live;
}

bool virtio_console_can_receive(struct device *dev)
{
	return strlen(virtio.got) < virtio.room;
}

bool virtio_console_receive(struct device *dev, uint8_t byte)
{
	assert_true(virtio_console_can_receive(dev));
	strncat(virtio.got, (const char *)&byte, 1);
	virtio.last = dev;
	return true;
}

/* The terminal. */

struct terminal terminal;
struct console_mux mux;

static uint32_t out_room(const struct console_out *out)
{
	return terminal.capacity - (terminal.length - terminal.taken);
}

static void out_put(const struct console_out *out, uint8_t byte)
{
	if (!mux.may_wait)
		assert_true(out_room(out) > 0);
	assert_true(terminal.length < sizeof(terminal.seen) - 1);
	terminal.seen[terminal.length++] = (char)byte;
	terminal.seen[terminal.length] = '\0';
}

static void out_write(const struct console_out *out, const char *text, size_t length)
{
	while (length-- > 0)
		out_put(out, (uint8_t)*text++);
}

static void out_again(const struct console_out *out)
{
	terminal.again = true;
}

static const struct console_out out = { out_room, out_put, out_write, out_again };

void clear(void)
{
	terminal.length = 0;
	terminal.taken = 0;
	terminal.seen[0] = '\0';
}

void drain(void)
{
	terminal.taken = terminal.length;
	for (unsigned n = 0; terminal.again; n++) {
		assert_true(n < 10000);
		terminal.again = false;
		console_mux_pump(&mux);
		terminal.taken = terminal.length;
	}
}

/* The VMs. */

struct vm_console vm[VMS];
struct device uart[VMS];
static struct pl011_state uart_state[VMS];
static uint8_t output[VMS][OUTPUT];
static uint8_t log_bytes[512];

static void wire(void *sink, unsigned input, bool level)
{
}

int console_setup(void **state)
{
	static const char *const names[VMS] = { "linux", "rt", "small" };

	terminal.capacity = 4096;
	clear();
	terminal.again = false;
	reports = 0;
	virtio = (struct fake_virtio){ 0 };
	console_mux_init(&mux, &out, log_bytes, sizeof(log_bytes));
	mux.log_reserve = RESERVE;
	for (unsigned n = 0; n < VMS; n++) {
		console_mux_add(&mux, n, &vm[n], names[n], output[n], OUTPUT);
		uart[n] = (struct device){ .ops = &pl011_ops,
					   .state = &uart_state[n],
					   .backend = &vm[n].backend,
					   .irq = { { wire, NULL, 0 } } };
		uart_user_start(&uart[n]);
		vm[n].uart = &uart[n];
	}
	mux.may_wait = false;
	return 0;
}

void prints(unsigned n, const char *text)
{
	uart_user_print(&uart[n], text);
}

void logs(const char *text)
{
	console_mux_log(&mux, text, strlen(text));
}

void types(const char *text)
{
	for (; *text; text++) {
		assert_true(console_mux_takes(&mux));
		console_mux_type(&mux, (uint8_t)*text);
		drain();
	}
}

const char *reads(unsigned n)
{
	return uart_user_read(&uart[n]);
}

void shown(const char *text)
{
	drain();
	assert_string_equal(terminal.seen, text);
	clear();
}

void has(const char *part)
{
	drain();
	if (!strstr(terminal.seen, part))
		fail_msg("'%s' is not in: %s", part, terminal.seen);
}
