/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interrupts of a PL110 of another board, which QEMU's does not raise: a model of it that does is
 * served as the VMM serves the real one (vmm/remote/remote_serve.c), over a bad wire. What becomes of each
 * is counted at both ends: it is raised, the board is interrupted, the guest's line rises, its handler
 * sees the reason and clears it, and the line falls.
 */
#include "arch/arm/mmu.h"
#include "arch/arm/user_access.h"
#include "board/board.h"
#include "net/remote/pl110_guard.h"
#include "tests/host/remote_fixture.h"
#include "vmm/disk/vm_disk.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/heap.h"
#include "vmm/lib/log.h"
#include "vmm/remote/peers.h"
#include "vmm/remote/remote_serve.h"
#include "vmm/remote/serve_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* LCDStatus, of which ones that are written are cleared, and what of it is enabled (DDI 0161, 3.2). */
#define STATUS    0x20u
#define INTERRUPT 0x24u
#define VCOMP     BIT(3)
#define BASE      BIT(2)

#define LCD     0x10120000u
#define DISPLAY 0x10000050u
#define LCD_IRQ 16u
#define USER    0x02200000u
#define FRAMES  0x05300000u
#define SIZE    0x00200000u

#define HALF     700u /* of the time of a picture: about as long as a handler takes, on this wire */
#define SLICE    50u
#define PATIENCE 400000u /* slices */

/* ---- the controller ---------------------------------------------------------------------------- */

static struct {
	uint32_t reg[0x1000 / 4]; /* as the manual has them */
	uint32_t status;
	uint64_t next; /* when something happens */
	bool is_late;  /* in a picture: the vertical compare is next */
	bool is_swapped;
	unsigned raised; /* reasons that were not there before */
} chip;

static uint8_t page[0x1000]; /* its registers' addresses */
static uint32_t display;

static uint32_t place(const volatile void *at)
{
	const uint32_t offset = (uint32_t)((const volatile uint8_t *)at - page);

	assert_true(offset < sizeof(page) && offset % 4 == 0);
	if (chip.is_swapped && (offset == PL110_IMSC || offset == PL110_CONTROL))
		return offset ^ 4u;
	return offset;
}

static bool is_high(void)
{
	return chip.status & chip.reg[PL110_IMSC / 4];
}

bool bus_load32(const volatile void *from, uint32_t *value)
{
	const uint32_t offset = place(from);

	*value = offset == STATUS      ? chip.status
		 : offset == INTERRUPT ? chip.status & chip.reg[PL110_IMSC / 4]
				       : chip.reg[offset / 4];
	return true;
}

bool bus_store32(volatile void *to, uint32_t value)
{
	const uint32_t offset = place(to);

	if (offset == STATUS)
		chip.status &= ~value;
	else
		chip.reg[offset / 4] = value;
	return true;
}

static void raise(uint32_t reason)
{
	if (!(chip.status & reason) && (chip.reg[PL110_IMSC / 4] & reason))
		chip.raised++;
	chip.status |= reason;
}

/** The next picture's address is taken, or the compare's line is reached. */
static void chip_run(void)
{
	if (!(chip.reg[PL110_CONTROL / 4] & PL110_ENABLE)) {
		chip.next = now + HALF;
		return;
	}
	while (chip.next <= now) {
		assert_in_range(chip.reg[PL110_UPBASE / 4], FRAMES, FRAMES + SIZE - 1);
		raise(chip.is_late ? VCOMP : BASE);
		chip.is_late = !chip.is_late;
		chip.next += HALF;
	}
}

/* ---- its board --------------------------------------------------------------------------------- */

static bool is_masked;
static unsigned taken; /* interrupts */

static void mask(unsigned irq)
{
	assert_int_equal(irq, LCD_IRQ);
	is_masked = true;
}

static void unmask(unsigned irq)
{
	assert_int_equal(irq, LCD_IRQ);
	is_masked = false;
}

static bool is_asserted(unsigned irq)
{
	assert_int_equal(irq, LCD_IRQ);
	return is_high();
}

static const struct irqchip_driver irqchip = {
	.mask = mask,
	.unmask = unmask,
	.is_asserted = is_asserted,
};
static const struct board_window windows[] = {
	{ .name = "lcd", .base = LCD, .size = sizeof(page) },
	{ .name = "lcd", .base = LCD, .size = sizeof(page), .backend = VM_BACKEND_LCD_SWAPPED },
};
static const struct board_irq irqs[] = { { .irq = LCD_IRQ, .window = "lcd" } };
const struct board board = {
	.irqchip_driver = &irqchip,
	.display = { .address = { DISPLAY }, .mask = 3, .value = { [COLOURS_5551] = 1 } },
	.windows = windows,
	.window_count = ARRAY_SIZE(windows),
	.irqs = irqs,
	.irq_count = ARRAY_SIZE(irqs),
};

volatile uint32_t *mmu_device_window(hpa_t base, uint32_t size)
{
	return base.raw == DISPLAY ? &display : (volatile uint32_t *)page;
}

void *heap_alloc(size_t size)
{
	static union {
		uint8_t bytes[1024];
		uint64_t align;
	} room[8];
	static unsigned next;

	assert_true(size <= sizeof(room[0]));
	next = (next + 1) % ARRAY_SIZE(room);
	memset(&room[next], 0, sizeof(room[next]));
	return &room[next];
}

/** The memory that it may read; nobody writes to it here. */
struct served_memory *serve_memory_make(const struct remote_serve_config *config, hpa_t at)
{
	static struct served_memory memory;

	memory.at = at;
	return &memory;
}

hpa_t vm_disks_served(const struct system_config *config, unsigned n)
{
	return hpa(FRAMES);
}

struct peer *peers_get(unsigned n)
{
	assert_int_equal(n, 0);
	return &boards[1];
}

void log_write(int level, const char *format, ...)
{
}

/* Not of a width that it has. */
bool bus_load8(const volatile void *from, uint32_t *value)
{
	return false;
}

bool bus_load16(const volatile void *from, uint32_t *value)
{
	return false;
}

bool bus_store8(volatile void *to, uint32_t value)
{
	return false;
}

bool bus_store16(volatile void *to, uint32_t value)
{
	return false;
}

bool bus_load_fifo(const volatile void *from, uint32_t *words, unsigned count)
{
	return false;
}

bool bus_store_fifo(volatile void *to, const uint32_t *words, unsigned count)
{
	return false;
}

/** The board starts: nothing is served yet, and the controller is as somebody has left it. */
static void start_serving(bool is_swapped)
{
	static struct system_config config;
	static const struct server_window *served[REMOTE_WINDOWS];

	config = (struct system_config){
		.serve_count = 2,
		.serve = { { .name = "frames",
			     .row = CONFIG_NONE,
			     .memory = CONFIG_NONE,
			     .peer = 1,
			     .start = USER,
			     .size = SIZE },
			   { .name = "screen",
			     .row = is_swapped,
			     .memory = 0,
			     .widths = REMOTE_WIDTH_4,
			     .interrupts = 1,
			     .size = sizeof(page) } },
	};
	memset(&chip, 0, sizeof(chip));
	chip.is_swapped = is_swapped;
	chip.reg[PL110_CONTROL / 4] = PL110_ENABLE;
	chip.reg[PL110_IMSC / 4] = chip.status = VCOMP | BASE;
	is_masked = true;
	remote_serve_make(&config);
	assert_false(chip.reg[PL110_CONTROL / 4] & PL110_ENABLE);
	assert_int_equal(remote_serve_windows(&config, 0, served), 1);
	served[1] = &device_window;
	board_config[1].windows = served;
	board_config[1].window_count = 2;
	board_restart(1);
}

/* ---- the guest's board ------------------------------------------------------------------------- */

static struct client_window screen;
static struct {
	bool line;
	unsigned rises;
	unsigned seen;     /* reasons that its handler has seen, and cleared */
	unsigned unsure;   /* clears of which nobody knows whether they were done */
	unsigned spurious; /* runs of the handler without a reason */
	unsigned openings;
	bool posts; /* its window is "posted" */
} guest;

static void lines(struct client_window *w, uint32_t levels)
{
	assert_int_equal(levels, !guest.line);
	guest.line = levels;
	guest.rises += guest.line;
}

static void changed(struct client_window *w)
{
	if (w->is_open)
		assert_int_equal(w->capabilities.irq_count, 1);
	else
		assert_false(guest.line);
	guest.openings += w->is_open;
}

static const struct client_window_ops screen_ops = { .changed = changed, .lines = lines };

/** A while, on both boards. */
static void pass(void)
{
	chip_run();
	if (is_high() && !is_masked) {
		taken++;
		assert_true(remote_serve_interrupt(LCD_IRQ));
		assert_true(is_masked);
	}
	remote_serve_run(now);
	run(SLICE);
}

static enum remote_result wait_for(struct answer *answer)
{
	for (unsigned n = 0; !answer->count; n++) {
		assert_in_range(n, 0, PATIENCE);
		pass();
	}
	assert_int_equal(answer->count, 1);
	return answer->result;
}

static void wait_open(void)
{
	for (unsigned n = 0; !screen.is_open; n++) {
		assert_in_range(n, 0, PATIENCE);
		pass();
	}
}

/** As with `on-timeout = "wait"`: tried until there is an answer. */
static uint32_t load(uint32_t offset)
{
	struct answer answer;

	do {
		wait_open();
		answer_begin(&answer);
	} while (client_read(&screen, &answer.op, offset, 4, now) != REMOTE_OK ||
		 wait_for(&answer) == REMOTE_LOST);
	assert_int_equal(answer.result, REMOTE_OK);
	return answer.op.value;
}

/** False: nobody knows whether it was done. */
static bool store(uint32_t offset, uint32_t value)
{
	struct answer answer;

	wait_open();
	answer_begin(&answer);
	if (client_write(&screen, &answer.op, offset, 4, value, now) != REMOTE_OK ||
	    wait_for(&answer) == REMOTE_LOST)
		return false;
	assert_int_equal(answer.result, REMOTE_OK);
	return true;
}

static void store_surely(uint32_t offset, uint32_t value)
{
	while (!store(offset, value))
		;
}

/** What a driver does when its line is high. */
static void handler(void)
{
	const uint32_t reasons = load(INTERRUPT);

	guest.spurious += !reasons;
	guest.seen += (unsigned)__builtin_popcount(reasons);
	if (!reasons)
		return;
	if (guest.posts)
		assert_int_equal(client_write(&screen, NULL, STATUS, 4, reasons, now), REMOTE_OK);
	else if (!store(STATUS, reasons))
		guest.unsure += (unsigned)__builtin_popcount(reasons);
}

static void switch_on(void)
{
	wait_open();
	store_surely(PL110_CONTROL, 0);
	store_surely(STATUS, ~0u);
	store_surely(PL110_UPBASE, USER + 0x1000);
	chip.raised = 0;
	store_surely(PL110_IMSC, VCOMP | BASE);
	store_surely(PL110_CONTROL, PL110_ENABLE);
}

/** No picture comes any more; what has come is dealt with. */
static void switch_off(void)
{
	store_surely(PL110_CONTROL, 0);
	for (unsigned n = 0; n < 1000; n++) {
		pass();
		if (guest.line)
			handler();
	}
	assert_false(guest.line);
	assert_false(is_high());
	assert_false(is_masked);
	assert_true(screen.is_open);
}

static void begin(bool is_swapped)
{
	memset(&guest, 0, sizeof(guest));
	taken = 0;
	start_serving(is_swapped);
	screen = (struct client_window){ .name = "screen", .ops = &screen_ops };
	client_attach(&boards[0], &screen);
	connect_boards();
	switch_on();
}

static void work(unsigned slices)
{
	for (unsigned n = 0; n < slices; n++) {
		pass();
		if (guest.line)
			handler();
	}
}

/* ---- tests ------------------------------------------------------------------------------------- */

static void each_interrupt_is_taken_told_seen_and_cleared_once(void **state)
{
	for (unsigned is_swapped = 0; is_swapped < 2; is_swapped++) {
		wire_tear_down(state);
		wire_set_up(state);
		begin(is_swapped);
		work(5000);
		switch_off();
		assert_true(chip.raised > 200);
		assert_int_equal(guest.seen, chip.raised);
		assert_int_equal(guest.spurious, 0);
		/* Reasons that come together are one interrupt; no interrupt is told twice. */
		assert_int_equal(guest.rises, taken);
		assert_in_range(taken, chip.raised / 2, chip.raised);
	}
}

static void frames_that_are_lost_lose_none(void **state)
{
	for (unsigned n = 1; n <= 4; n++) {
		wire_tear_down(state);
		wire_set_up(state);
		wire_seed(n * 7919);
		begin(n % 2);
		wire_faults = (struct wire_faults){ 20, 20, 20, 20 };
		work(5000);
		wire_faults = (struct wire_faults){ 0 };
		switch_off();
		assert_true(chip.raised > 30);
		assert_int_equal(guest.seen, chip.raised);
		assert_int_equal(guest.spurious, 0);
		assert_int_equal(guest.openings, 1);
		/* A fall may be overtaken by the next rise; nothing rises by itself. */
		assert_in_range(guest.rises, 1, taken);
		assert_in_range(taken, 1, chip.raised);
		assert_true(boards[1].counters.resent > 10);
	}
}

static void one_that_is_not_answered_is_not_repeated(void **state)
{
	unsigned frames;

	begin(false);
	while (!guest.line)
		pass();
	frames = wire_frames;
	for (unsigned n = 0; n < 2000; n++)
		pass();
	/* The board had it once, whatever else the controller has to say; no frame told it again. */
	assert_int_equal(taken, 1);
	assert_true(chip.raised >= 2);
	assert_true(guest.line && guest.rises == 1);
	assert_in_range(wire_frames - frames, 0, 2);
	handler();
	assert_false(guest.line);
	assert_int_equal(guest.seen, 2);
}

/* The guest writes without waiting: its handler may come once more before that is done, in vain. */
static void posted_clears_lose_none(void **state)
{
	for (unsigned n = 1; n <= 2; n++) {
		wire_tear_down(state);
		wire_set_up(state);
		wire_seed(n);
		begin(false);
		guest.posts = true;
		wire_faults = (struct wire_faults){ 10, 10, 10, 10 };
		work(5000);
		wire_faults = (struct wire_faults){ 0 };
		switch_off();
		assert_true(chip.raised > 30);
		assert_int_equal(guest.seen, chip.raised);
		assert_in_range(taken, 1, chip.raised);
	}
}

static void sessions_begin_anew_and_none_is_lost(void **state)
{
	for (unsigned n = 1; n <= 3; n++) {
		wire_tear_down(state);
		wire_set_up(state);
		wire_seed(n * 104729);
		begin(n % 2);
		wire_faults = (struct wire_faults){ 10, 10, 10, 10 };
		for (unsigned i = 0; i < 20; i++) {
			wait_open();
			work(wire_random() % 600);
			peer_stop(&boards[i % 2], now);
			assert_true(i % 2 || !guest.line);
			for (unsigned k = wire_random() % 40; k; k--)
				pass();
			peer_start(&boards[i % 2], now);
		}
		work(2000);
		wire_faults = (struct wire_faults){ 0 };
		switch_off();
		assert_in_range(guest.openings, 12, 21);
		assert_true(chip.raised > 100);
		assert_int_equal(guest.spurious, 0);
		assert_in_range(guest.seen, chip.raised, chip.raised + guest.unsure);
		assert_in_range(taken, 1, chip.raised + guest.openings);
		assert_in_range(guest.rises, 1, taken);
	}
}

/* Its guest has begun anew, and is told the line as it is: once more, and no storm. */
static void a_guest_that_begins_anew_sees_the_line(void **state)
{
	unsigned before;

	begin(false);
	for (unsigned n = 0; n < 20; n++) {
		while (!guest.line)
			pass();
		before = taken;
		client_acknowledge(&screen, 1, now);
		for (unsigned k = 0; k < 100; k++)
			pass();
		assert_int_equal(taken, before + 1);
		assert_true(guest.line);
		work(50 + n);
	}
	switch_off();
	assert_int_equal(guest.seen, chip.raised);
	assert_int_equal(guest.spurious, 0);
}

/* The board that serves starts anew: the controller is off then, and its line low. */
static void the_serving_board_begins_anew(void **state)
{
	begin(false);
	work(1000);
	while (!guest.line)
		pass();
	assert_true(guest.line);
	start_serving(false);
	peer_stop(&boards[0], now);
	assert_false(guest.line);
	assert_false(is_high());
	peer_start(&boards[0], now);
	memset(&guest, 0, sizeof(guest));
	taken = 0;
	wait_open();
	work(1000);
	assert_int_equal(taken + guest.rises, 0);
	switch_on();
	work(5000);
	switch_off();
	assert_true(chip.raised > 100);
	assert_int_equal(guest.seen, chip.raised);
}

#define LINES_TEST(name) cmocka_unit_test_setup_teardown(name, wire_set_up, wire_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LINES_TEST(each_interrupt_is_taken_told_seen_and_cleared_once),
		LINES_TEST(frames_that_are_lost_lose_none),
		LINES_TEST(one_that_is_not_answered_is_not_repeated),
		LINES_TEST(posted_clears_lose_none),
		LINES_TEST(sessions_begin_anew_and_none_is_lost),
		LINES_TEST(a_guest_that_begins_anew_sees_the_line),
		LINES_TEST(the_serving_board_begins_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
