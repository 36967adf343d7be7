/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/remote/remote_serve.h"

#include "arch/arm/mmu.h"
#include "arch/arm/user_access.h"
#include "board/board.h"
#include "net/remote/pl011_agent.h"
#include "net/remote/pl110_guard.h"
#include "net/remote/pl181_agent.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/heap.h"
#include "vmm/lib/log.h"
#include "vmm/lib/string.h"
#include "vmm/remote/peers.h"
#include "vmm/remote/serve_memory.h"
#include "vmm/disk/vm_disk.h"

/** What one peer may use of a device. */
struct served {
	struct server_window window; /* first: the two are one pointer */
	struct server_range range;
	struct pl181_agent *agent; /* of a card controller, or NULL */
	struct pl011_agent *uart;  /* of a UART, or NULL */
	struct pl110_guard *guard; /* of an LCD controller, or NULL */
	volatile uint8_t *regs;    /* of the range's offset 0 */
	unsigned peer;
	unsigned line_count;
	uint8_t irq[CONFIG_LINES_MAX]; /* on the board */
	uint8_t lines;                 /* those of them that the peer gets, as bits */
	volatile uint8_t raised;       /* by interrupts, and not told to the peer yet */
	bool in_use;
};

static struct {
	struct served *device[CONFIG_SERVES_MAX];        /* NULL: it is memory, ... */
	struct served_memory *memory[CONFIG_SERVES_MAX]; /* ... this */
	unsigned count;
} serve;

static const struct served *served_of(const struct server_window *window)
{
	return (const struct served *)window;
}

/* ---- what the protocol asks for ---------------------------------------------------------------- */

/** The board's bus answers, or aborts: that is the guest's data abort, on the other board. */
static enum remote_result serve_read(const struct server_window *window, uint32_t offset,
				     unsigned width, uint32_t *value)
{
	const volatile uint8_t *const at = served_of(window)->regs + offset;
	const bool is_good = width == 4   ? bus_load32(at, value)
			     : width == 2 ? bus_load16(at, value)
					  : bus_load8(at, value);

	return is_good ? REMOTE_OK : REMOTE_BUS_ERROR;
}

static enum remote_result serve_write(const struct server_window *window, uint32_t offset,
				      unsigned width, uint32_t value)
{
	volatile uint8_t *const at = served_of(window)->regs + offset;
	const bool is_good = width == 4   ? bus_store32(at, value)
			     : width == 2 ? bus_store16(at, value)
					  : bus_store8(at, value);

	return is_good ? REMOTE_OK : REMOTE_BUS_ERROR;
}

static enum remote_result read_fifo(const struct server_window *window, uint32_t offset,
				    uint32_t *words, unsigned count)
{
	const bool is_good = bus_load_fifo(served_of(window)->regs + offset, words, count);

	return is_good ? REMOTE_OK : REMOTE_BUS_ERROR;
}

static enum remote_result write_fifo(const struct server_window *window, uint32_t offset,
				     const uint32_t *words, unsigned count)
{
	const bool is_good = bus_store_fifo(served_of(window)->regs + offset, words, count);

	return is_good ? REMOTE_OK : REMOTE_BUS_ERROR;
}

static uint32_t serve_lines(const struct server_window *window)
{
	const struct served *const one = served_of(window);
	uint32_t levels = 0;

	for (unsigned n = 0; n < one->line_count; n++)
		if (bit(one->lines, n) && board.irqchip_driver->is_asserted(one->irq[n]))
			levels |= BIT(n);
	return levels;
}

static void serve_unmask(const struct server_window *window, uint32_t lines)
{
	const struct served *const one = served_of(window);

	for (unsigned n = 0; n < one->line_count; n++)
		if (bit(one->lines & lines, n) && one->in_use)
			board.irqchip_driver->unmask(one->irq[n]);
}

/* ---- a card controller: its agent (docs/remote-protocol.md) ------------------------------------ */

static const struct remote_target registers = {
	.read = serve_read, .write = serve_write, .read_fifo = read_fifo, .write_fifo = write_fifo
};

static enum remote_result agent_call(const struct server_window *window, struct peer *peer,
				     const uint8_t *in, uint32_t in_length, uint8_t *out,
				     uint32_t *length)
{
	return pl181_agent_call(served_of(window)->agent, window, in, in_length, out, length);
}

static bool agent_work(const struct server_window *window, struct peer *peer, uint64_t now)
{
	return pl181_agent_work(served_of(window)->agent, window, peer, now);
}

/* ---- a UART, the same -------------------------------------------------------------------------- */

static enum remote_result uart_call(const struct server_window *window, struct peer *peer,
				    const uint8_t *in, uint32_t in_length, uint8_t *out,
				    uint32_t *length)
{
	return pl011_agent_call(served_of(window)->uart, window, in, in_length, out, length);
}

static bool uart_work(const struct server_window *window, struct peer *peer, uint64_t now)
{
	return pl011_agent_work(served_of(window)->uart, window, peer, now);
}

/** Its interrupts come while somebody is there who can quieten it. */
static void serve_used(const struct server_window *window, struct peer *peer, bool in_use)
{
	struct served *const one = window->owner;

	one->in_use = in_use;
	one->raised = 0;
	if (one->agent)
		pl181_agent_used(one->agent, window, in_use);
	if (one->uart)
		pl011_agent_used(one->uart, window, in_use);
	if (in_use) {
		serve_unmask(window, one->lines);
		return;
	}
	for (unsigned n = 0; n < one->line_count; n++)
		if (bit(one->lines, n))
			board.irqchip_driver->mask(one->irq[n]);
}

static const struct remote_target target = {
	.read = serve_read,
	.write = serve_write,
	.lines = serve_lines,
	.unmask = serve_unmask,
	.used = serve_used,
};

static const struct remote_target card_target = {
	.read = serve_read,
	.write = serve_write,
	.lines = serve_lines,
	.unmask = serve_unmask,
	.used = serve_used,
	.call = agent_call,
	.work = agent_work,
};

static const struct remote_target uart_target = {
	.read = serve_read,
	.write = serve_write,
	.lines = serve_lines,
	.unmask = serve_unmask,
	.used = serve_used,
	.call = uart_call,
	.work = uart_work,
};

/* ---- an LCD controller: it reads memory by itself ------------------------------------------------ */

static enum remote_result lcd_read(const struct server_window *window, uint32_t offset,
				   unsigned width, uint32_t *value)
{
	return pl110_guard_read(served_of(window)->guard, window, offset, width, value);
}

static enum remote_result lcd_write(const struct server_window *window, uint32_t offset,
				    unsigned width, uint32_t value)
{
	return pl110_guard_write(served_of(window)->guard, window, offset, width, value);
}

static const struct remote_target lcd_target = {
	.read = lcd_read,
	.write = lcd_write,
	.lines = serve_lines,
	.unmask = serve_unmask,
	.used = serve_used,
};

/** What is between the controller and the display; nobody else on this board sets it. */
static volatile uint32_t *display;

static void show(unsigned order)
{
	*display = (*display & ~board.display.mask) | board.display.value[order];
}

/** It may read what @p memory says, and is off. */
static void guard_lcd(struct served *one, bool is_swapped, const struct remote_serve_config *memory,
		      hpa_t at)
{
	one->guard = heap_alloc(sizeof(*one->guard));
	*one->guard = (struct pl110_guard){ .load = serve_read,
					    .store = serve_write,
					    .user = memory->start,
					    .here = at.raw,
					    .size = memory->size,
					    .is_swapped = is_swapped,
					    .show = show };
	for (unsigned n = 0; n < COLOURS_COUNT; n++)
		one->guard->orders |= board.display.value[n] ? BIT(n) : 0;
	display = mmu_device_window(board.display.address, 4);
	one->window.target = &lcd_target;
	one->window.range = pl110_ranges;
	one->window.range_count = ARRAY_SIZE(pl110_ranges);
	if (!pl110_guard_init(one->guard, &one->window))
		log_error("hako: %s: the LCD controller does not answer\n", one->window.name);
}

/* ---- making them ------------------------------------------------------------------------------- */

static void find_lines(struct served *one, const char *device)
{
	for (unsigned i = 0; i < board.irq_count && one->line_count < CONFIG_LINES_MAX; i++)
		if (strcmp(board.irqs[i].window, device) == 0)
			one->irq[one->line_count++] = board.irqs[i].irq;
}

static struct served *make_one(const struct remote_serve_config *config)
{
	const struct board_window *const row = &board.windows[config->row];
	struct served *const one = heap_alloc(sizeof(*one));

	one->peer = config->peer;
	one->lines = config->interrupts;
	find_lines(one, row->name);
	one->regs = (volatile uint8_t *)mmu_device_window(hpa(row->base + config->start),
							  config->size) -
		    config->start;
	one->range = (struct server_range){
		.offset = config->start,
		.size = config->size,
		.widths = config->widths,
		.flags = config->read_only ? REMOTE_READ : REMOTE_READ | REMOTE_WRITE,
	};
	one->window = (struct server_window){
		.name = config->name,
		.target = &target,
		.owner = one,
		.capabilities = { .size = row->size,
				  .widths = config->widths,
				  .flags = one->range.flags,
				  .irq_count = (uint8_t)one->line_count },
		.range = &one->range,
		.range_count = 1,
	};
	/* The agent uses all of a controller, and its interrupts. */
	if (strncmp(row->name, "mmc", 3) == 0 && !config->read_only && config->size == row->size &&
	    bits(one->lines, REMOTE_AGENT_LINES - 1u, 0) == BIT(REMOTE_AGENT_LINES) - 1u) {
		one->agent = heap_alloc(sizeof(*one->agent));
		one->agent->device = &registers;
		one->window.target = &card_target;
		one->window.capabilities.flags |= REMOTE_AGENT;
		one->window.capabilities.agent = REMOTE_AGENT_PL181;
	}
	if (strncmp(row->name, "uart", 4) == 0 && !config->read_only && config->size == row->size &&
	    bit(one->lines, 0)) {
		one->uart = heap_alloc(sizeof(*one->uart));
		one->uart->device = &registers;
		one->window.target = &uart_target;
		one->window.capabilities.flags |= REMOTE_AGENT;
		one->window.capabilities.agent = REMOTE_AGENT_PL011;
	}
	log_info("hako: serves %s: %u bytes of %s for %s%s\n", config->name, (unsigned)config->size,
		 row->name, config->read_only ? "reading" : "all uses",
		 config->interrupts ? ", with interrupts" : "");
	return one;
}

/** Maps what is served; nobody uses it yet. */
void remote_serve_make(const struct system_config *config)
{
	for (unsigned n = 0; n < config->serve_count; n++) {
		const struct remote_serve_config *const one = &config->serve[n];

		if (one->row == CONFIG_NONE) {
			serve.memory[n] = serve_memory_make(one, vm_disks_served(config, n));
			continue;
		}
		serve.device[n] = make_one(one);
		if (one->memory != CONFIG_NONE)
			guard_lcd(serve.device[n],
				  board.windows[one->row].backend == VM_BACKEND_LCD_SWAPPED,
				  &config->serve[one->memory], serve.memory[one->memory]->at);
	}
	serve.count = config->serve_count;
}

/** The windows for one peer; returns how many. */
unsigned remote_serve_windows(const struct system_config *config, unsigned peer,
			      const struct server_window *windows[REMOTE_WINDOWS])
{
	unsigned count = 0;

	for (unsigned n = 0; n < serve.count && count < REMOTE_WINDOWS; n++)
		if (config->serve[n].peer == peer)
			windows[count++] = serve.device[n] ? &serve.device[n]->window
							   : &serve.memory[n]->window;
	return count;
}

/* ---- interrupts -------------------------------------------------------------------------------- */

/** Of a device that is served: it stays masked until its peer has dealt with it. */
bool remote_serve_interrupt(unsigned irq)
{
	for (unsigned i = 0; i < serve.count; i++) {
		struct served *const one = serve.device[i];

		for (unsigned n = 0; one && n < one->line_count; n++)
			if (one->irq[n] == irq && bit(one->lines, n)) {
				board.irqchip_driver->mask(irq);
				one->raised |= (uint8_t)BIT(n);
				return true;
			}
	}
	return false;
}

/** Tells peers of the interrupts that have come. */
void remote_serve_run(uint64_t now)
{
	for (unsigned i = 0; i < serve.count; i++) {
		struct served *const one = serve.device[i];
		uint32_t raised;

		if (!one)
			continue;
		raised = one->raised;
		one->raised = 0;
		for (unsigned n = 0; n < one->line_count; n++)
			if (bit(raised, n))
				server_line(peers_get(one->peer), &one->window, n, true, now);
	}
}
