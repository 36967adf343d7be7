/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/console/console_mux.h"

#include "devemu/uart_model.h"
#include "devemu/virtio_console.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/printf.h"
#include "vmm/console/log_ring.h"
#include "vmm/stats.h"

/* Bytes of a VM in one call of console_mux_pump(). */
#define BURST 32u
/* ... and of what was typed for its virtio console, in one of vm_console_give(). */
#define VIRTIO_BURST 4u

/* What the monitor may print for one byte that was typed: the row anew, and the way back in it. */
#define MONITOR_ROW (3u * LINE_EDITOR_MAX)

/* Ticks after which a VM that takes nothing no longer keeps the VMM's keys from being read. */
#define STUCK_TICKS 100u

#define CTRL_C 0x03

static void put(struct console_mux *mux, uint8_t byte)
{
	mux->at_line_start = byte == '\n';
	mux->out->put(mux->out, byte);
}

static void write(struct console_mux *mux, const char *text, size_t length)
{
	if (length == 0)
		return;
	mux->at_line_start = text[length - 1] == '\n';
	mux->out->write(mux->out, text, length);
}

static void put_text(struct console_mux *mux, const char *text)
{
	write(mux, text, strlen(text));
}

static void end_line(struct console_mux *mux)
{
	if (!mux->at_line_start)
		put_text(mux, "\r\n");
}

static void monitor_write(void *to, const char *text, size_t length)
{
	write(to, text, length);
}

/** Whether something other than the log may print: with what it prints, the log still has room. */
static bool has_room(const struct console_mux *mux)
{
	return mux->out->room(mux->out) > mux->log_reserve;
}

/* The log. */

static void put_line(struct console_mux *mux, const char *text, size_t length)
{
	while (length > 0) {
		size_t row = 0;

		while (row < length && text[row] != '\n')
			row++;
		write(mux, text, row);
		if (row < length) {
			put_text(mux, "\r\n");
			row++;
		}
		text += row;
		length -= row;
	}
}

/** Lines of the log, on lines of their own; a guest's unfinished line is ended first. */
void console_mux_log(struct console_mux *mux, const char *text, size_t length)
{
	const bool is_typing = mux->in_monitor && !mux->is_new && !monitor_is_busy(&mux->monitor);
	char left_out[80];

	log_ring_write(&mux->log, text, length);
	/* Each byte may be a line end; and what else is printed here. */
	if (!mux->may_wait &&
	    mux->out->room(mux->out) < 2 * length + sizeof(left_out) + MONITOR_ROW) {
		mux->log_left_out++;
		return;
	}
	if (is_typing && !mux->at_line_start)
		monitor_hide(&mux->monitor);
	else
		end_line(mux);
	if (mux->log_left_out > 0) {
		snprintf(left_out, sizeof(left_out),
			 "hako: %u lines left out here; `log` in the monitor has the last\r\n",
			 mux->log_left_out);
		put_text(mux, left_out);
		mux->log_left_out = 0;
	}
	put_line(mux, text, length);
	if (is_typing)
		monitor_show(&mux->monitor);
}

/* Output of VMs. */

static struct vm_console *of_backend(const struct uart_backend *backend)
{
	return (struct vm_console *)(uintptr_t)backend;
}

static bool kept_room(const struct uart_backend *backend)
{
	const struct vm_console *const vm = of_backend(backend);

	return vm != vm->mux->focus || ring_room(&vm->output) > 0;
}

static void kept_put(const struct uart_backend *backend, uint8_t byte)
{
	struct vm_console *const vm = of_backend(backend);

	vm->is_by_virtio = false;
	if (vm != vm->mux->focus) {
		vm->lost += ring_put_over(&vm->output, byte);
	} else if (ring_room(&vm->output) == 0) {
		vm->lost++; /* it did not look at its UART's flags */
	} else {
		ring_put(&vm->output, byte);
		/* If others wait before it, they have asked for console_mux_pump(). */
		if (ring_count(&vm->output) == 1)
			console_mux_pump(vm->mux);
	}
}

static struct console_door *of_door(const struct uart_backend *backend)
{
	return (struct console_door *)(uintptr_t)backend;
}

static bool door_room(const struct uart_backend *backend)
{
	const struct uart_backend *const out = &of_door(backend)->console->backend;

	return out->room(out);
}

static void door_put(const struct uart_backend *backend, uint8_t byte)
{
	const struct console_door *const door = of_door(backend);
	struct vm_console *const vm = door->console;

	vm->backend.put(&vm->backend, byte);
	vm->virtio = door->dev;
	vm->is_by_virtio = true;
}

static void put_prefix(struct console_mux *mux, const struct vm_console *vm, uint8_t first)
{
	if (mux->has_prefix && mux->at_line_start && first != '\r' && first != '\n') {
		put(mux, '[');
		put_text(mux, vm->name);
		put_text(mux, "] ");
	}
}

static void show_byte(struct console_mux *mux, const struct vm_console *vm, uint8_t byte)
{
	put_prefix(mux, vm, byte);
	put(mux, byte);
}

/** Shows up to the end of a line, @p most bytes at most; returns how many. There is room for more. */
static uint32_t show_run(struct console_mux *mux, struct vm_console *vm, uint32_t most)
{
	struct ring *const output = &vm->output;
	const uint32_t at = output->read & (output->size - 1u);
	const char *const text = (const char *)&output->bytes[at], *line_end;
	uint32_t length = mux->out->room(mux->out) - mux->log_reserve;

	if (length > most)
		length = most;
	if (length > ring_count(output))
		length = ring_count(output);
	if (length > output->size - at)
		length = output->size - at;
	line_end = memchr(text, '\n', length);
	if (line_end)
		length = (uint32_t)(line_end - text) + 1u;
	put_prefix(mux, vm, (uint8_t)*text);
	write(mux, text, length);
	output->read += length;
	return length;
}

/** Shows what has been lost since that was last said. */
static void tell_lost(struct console_mux *mux, struct vm_console *vm)
{
	char text[80];

	if (vm->lost == vm->lost_told)
		return;
	end_line(mux);
	snprintf(text, sizeof(text), "hako: %u bytes that %.32s printed are lost\r\n",
		 (unsigned)(vm->lost - vm->lost_told), vm->name);
	put_text(mux, text);
	vm->lost_told = vm->lost;
}

static bool pump_vm(struct console_mux *mux, struct vm_console *vm)
{
	/* Mostly a guest prints byte by byte, and each is shown at once. */
	if (ring_count(&vm->output) == 1 && has_room(mux))
		show_byte(mux, vm, ring_get(&vm->output));
	for (uint32_t n = 0; n < BURST && ring_count(&vm->output) > 0 && has_room(mux);)
		n += show_run(mux, vm, BURST - n);
	/* Not for a single byte: the guest fills what there is each time. */
	if (vm->uart && ring_room(&vm->output) >= vm->output.size / 2)
		uart_model_transmit_again(vm->uart);
	return ring_count(&vm->output) > 0;
}

static bool pump_monitor(struct console_mux *mux)
{
	struct monitor *const monitor = &mux->monitor;

	if (!has_room(mux))
		return true;
	if (monitor_is_busy(monitor))
		monitor_step(monitor);
	else if (ring_count(&mux->monitor_typed) > 0)
		monitor_type(monitor, ring_get(&mux->monitor_typed));
	return monitor_is_busy(monitor) || ring_count(&mux->monitor_typed) > 0;
}

/** Tells the terminal who has the focus. Returns false if there is no room for that yet. */
static bool announce(struct console_mux *mux)
{
	if (!has_room(mux))
		return false;
	mux->is_new = false;
	end_line(mux);
	if (mux->focus) {
		put_text(mux, "hako: console of ");
		put_text(mux, mux->focus->name);
		put_text(mux, "\r\n");
		tell_lost(mux, mux->focus);
	} else {
		put_text(mux, "hako: monitor; help shows the commands\r\n");
		monitor_show(&mux->monitor);
	}
	return true;
}

/** Shows a little of what waits. The owner calls this when the terminal has room, and when asked. */
void console_mux_pump(struct console_mux *mux)
{
	bool is_left = false;

	if (mux->is_new && !announce(mux))
		is_left = true;
	else if (mux->focus)
		is_left = pump_vm(mux, mux->focus);
	else if (mux->in_monitor)
		is_left = pump_monitor(mux);
	if (is_left)
		mux->out->again(mux->out);
}

/** The end: shows all that the VM with the focus has printed, and from now on all of the log. */
void console_mux_flush(struct console_mux *mux)
{
	mux->may_wait = true;
	mux->in_monitor = false; /* nobody types any more */
	while (mux->focus && ring_count(&mux->focus->output) > 0)
		show_byte(mux, mux->focus, ring_get(&mux->focus->output));
}

/* Focus. */

/** Gives the focus to a VM, or to the monitor (NULL). What the VM printed meanwhile is shown. */
void console_mux_focus(struct console_mux *mux, struct vm_console *vm)
{
	struct vm_console *const before = mux->focus;

	mux->stuck = 0;
	mux->focus = vm;
	mux->in_monitor = !vm;
	mux->is_new = true;
	if (before && before != vm && before->uart)
		uart_model_transmit_again(before->uart); /* it need not wait any more */
	console_mux_pump(mux);
}

static void key_vm(void *to, char key)
{
	struct console_mux *const mux = to;
	struct vm_console *const vm = mux->vm[key - '1'];

	if (vm)
		console_mux_focus(mux, vm);
	else
		console_mux_log(mux, "hako: no VM of that number is at this terminal\n", 47);
}

static void key_next(void *to, char key)
{
	struct console_mux *const mux = to;
	unsigned n = 0;

	while (mux->focus && n < CONSOLE_MUX_MAX && mux->vm[n] != mux->focus)
		n++;
	/* From the monitor: to the first. */
	for (unsigned i = mux->focus ? 1 : 0; i <= CONSOLE_MUX_MAX; i++) {
		struct vm_console *const vm = mux->vm[(n + i) % CONSOLE_MUX_MAX];

		if (vm) {
			console_mux_focus(mux, vm);
			return;
		}
	}
}

static void key_monitor(void *to, char key)
{
	console_mux_focus(to, 0);
}

static void key_report(void *to, char key)
{
	stats_report();
}

static void key_clear(void *to, char key)
{
	stats_clear();
}

static const struct console_key key_table[] = {
	{ '1', '0' + CONSOLE_MUX_MAX, "or 2 to 8: the console of that VM", key_vm },
	{ 'n', 'n', "the console of the next VM", key_next },
	{ 'm', 'm', "the monitor", key_monitor },
	{ 's', 's', "statistics of traps, with STATS=1", key_report },
	{ 'z', 'z', "set them to zero", key_clear },
};

/* What is typed. */

/**
 * Whether what is typed goes to a virtio console: who asked for it is who printed last. A kernel that
 * only prints its messages at the UART listens to no receive interrupt there, and has not asked. A
 * virtio console that has a driver, but never printed, has no reader: Linux gives it buffers anyway.
 */
static bool is_for_virtio(const struct vm_console *vm)
{
	return vm->virtio && virtio_is_live(vm->virtio) &&
	       (vm->is_by_virtio || !vm->uart || !uart_model_is_listening(vm->uart));
}

/** Gives the VM some of what was typed, as far as it takes it. Returns whether it took something. */
bool vm_console_give(struct vm_console *vm)
{
	const bool by_virtio = is_for_virtio(vm);
	unsigned given = 0;

	while (by_virtio && given < VIRTIO_BURST && ring_count(&vm->typed) > 0 &&
	       virtio_console_can_receive(vm->virtio)) {
		virtio_console_receive(vm->virtio, ring_get(&vm->typed));
		given++;
	}
	/* No more than its FIFO holds. */
	while (!by_virtio && vm->uart && ring_count(&vm->typed) > 0 &&
	       uart_model_can_receive(vm->uart)) {
		uart_model_receive(vm->uart, ring_get(&vm->typed));
		given++;
	}
	return given > 0;
}

static struct ring *typed_ring(struct console_mux *mux)
{
	return mux->focus ? &mux->focus->typed : &mux->monitor_typed;
}

/**
 * Whether the owner may call console_mux_type(). When not, bytes wait in the board's UART - but not
 * for ever, since the VMM's keys may be among them: a VM that takes nothing for a while loses what is
 * typed from then on.
 */
bool console_mux_takes(const struct console_mux *mux)
{
	return ring_room(typed_ring((struct console_mux *)(uintptr_t)mux)) > 0 ||
	       mux->stuck >= STUCK_TICKS;
}

/** Takes a byte that was typed: one of the VMM's keys, or for who has the focus. */
void console_mux_type(struct console_mux *mux, uint8_t byte)
{
	const int rest = console_keys_take(&mux->keys, byte);
	struct ring *const typed = typed_ring(mux);

	if (rest == CONSOLE_KEY_TAKEN)
		return;
	if (mux->in_monitor && monitor_is_busy(&mux->monitor) && rest == CTRL_C) {
		ring_clear(typed);
		monitor_cancel(&mux->monitor);
		return;
	}
	if (ring_room(typed) > 0)
		ring_put(typed, (uint8_t)rest);
	/* A command that is at work has asked for its next line; the bytes of one interrupt bring no more. */
	if (!mux->focus && monitor_is_busy(&mux->monitor))
		return;
	if (!mux->focus)
		console_mux_pump(mux);
	else if (vm_console_give(mux->focus))
		mux->stuck = 0;
}

/** Whether something that was typed waits for its VM: console_mux_tick() is due after a while. */
bool console_mux_waits(const struct console_mux *mux)
{
	for (unsigned n = 0; n < CONSOLE_MUX_MAX; n++)
		if (mux->vm[n] && ring_count(&mux->vm[n]->typed) > 0)
			return true;
	return false;
}

/** Some time has passed: gives every VM what was typed for it again, and shows what waits. */
void console_mux_tick(struct console_mux *mux)
{
	console_mux_pump(mux);
	for (unsigned n = 0; n < CONSOLE_MUX_MAX; n++) {
		struct vm_console *const vm = mux->vm[n];
		const bool given = vm && vm_console_give(vm);

		if (!vm || vm != mux->focus)
			continue;
		if (given || ring_room(&vm->typed) > 0)
			mux->stuck = 0;
		else if (mux->stuck < STUCK_TICKS)
			mux->stuck++;
	}
}

/* Set-up. */

/** A console without output of its own and without a UART: its owner connects them. */
void vm_console_init(struct vm_console *vm, const char *name)
{
	*vm = (struct vm_console){ .name = name };
	vm->typed = (struct ring){ .bytes = vm->typed_bytes, .size = CONSOLE_TYPED_MAX };
}

/** Makes @p door the way to @p vm of @p dev, a virtio console. */
void vm_console_add(struct vm_console *vm, struct console_door *door, struct device *dev)
{
	*door = (struct console_door){ { door_put, door_room }, vm, dev };
}

/** The VM starts anew: what was typed for its former life is gone; what it printed is not. */
void vm_console_reset(struct vm_console *vm)
{
	ring_clear(&vm->typed);
	vm->virtio = 0;
	vm->is_by_virtio = false;
}

/** Without a VM: until one has been added, the log is all there is. Sizes are powers of two. */
void console_mux_init(struct console_mux *mux, const struct console_out *out, uint8_t *log,
		      uint32_t log_size)
{
	*mux = (struct console_mux){
		.out = out,
		.may_wait = true,
		.log = { .bytes = log, .size = log_size },
		.keys = { .keys = key_table,
			  .count = ARRAY_SIZE(key_table),
			  .prefix = CONSOLE_KEY_PREFIX,
			  .to = mux },
		.at_line_start = true,
	};
	mux->monitor_typed =
		(struct ring){ .bytes = mux->monitor_typed_bytes, .size = CONSOLE_TYPED_MAX };
	monitor_init(&mux->monitor, monitor_write, mux, &mux->log);
}

/** Makes @p vm the VM of number @p n, counted from 0. The first one has the focus. */
void console_mux_add(struct console_mux *mux, unsigned n, struct vm_console *vm, const char *name,
		     uint8_t *output, uint32_t output_size)
{
	vm_console_init(vm, name);
	vm->backend = (struct uart_backend){ kept_put, kept_room };
	vm->mux = mux;
	vm->output = (struct ring){ .bytes = output, .size = output_size };
	mux->vm[n] = vm;
	for (unsigned i = 0; i < CONSOLE_MUX_MAX && !mux->focus; i++)
		mux->focus = mux->vm[i];
}
