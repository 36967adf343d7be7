/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A UART of another board: a driver on board 0, which works as Linux's does, has the front end's registers;
 * a chip, which keeps to its data sheet and takes its time, is on board 1, behind the agent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "net/remote/pl011_agent.h"
#include "net/remote/pl011_front.h"
#include "tests/host/remote_agent_fixture.h"

#define CHARACTER 87u /* microseconds on the line: 115,200 baud */
#define TRIGGER   8u

static struct pl011_front front;
static struct pl011_agent agent;

/* ---- the chip, on board 1 -------------------------------------------------------------------- */

static struct {
	uint32_t ibrd, lcr_h, cr, imsc, ris, modem;
	unsigned settings; /* writes of ibrd */
	uint8_t out[PL011_FIFO_DEPTH];
	unsigned out_count, in_count;
	uint16_t in[PL011_FIFO_DEPTH];
	uint64_t sent_at; /* the character that is on the line */
	bool is_shifting;
	bool is_faulty;

	/* The line. */
	char printed[8192];
	unsigned printed_count;
	const char *typed;
	uint64_t typed_at;
	unsigned overruns;
} chip;

static void chip_shift(void)
{
	if (chip.is_shifting || chip.out_count == 0 || !(chip.cr & PL011_CR_UARTEN))
		return;
	chip.printed[chip.printed_count++] = (char)chip.out[0];
	memmove(chip.out, chip.out + 1, --chip.out_count);
	chip.is_shifting = true;
	chip.sent_at = now + CHARACTER;
	if (chip.out_count == TRIGGER)
		chip.ris |= PL011_INT_TX; /* on its way down, and then only */
}

static void chip_receive(uint16_t value)
{
	if (chip.in_count == PL011_FIFO_DEPTH) {
		chip.in[PL011_FIFO_DEPTH - 1] |= PL011_DR_OE;
		chip.overruns++;
		return;
	}
	chip.in[chip.in_count++] = value;
	chip.ris |= chip.in_count >= TRIGGER ? PL011_INT_RX : PL011_INT_RT;
}

static void chip_works(void)
{
	if (chip.is_shifting && now >= chip.sent_at)
		chip.is_shifting = false;
	chip_shift();
	if (chip.typed && *chip.typed && now >= chip.typed_at) {
		chip_receive((uint8_t)*chip.typed++);
		chip.typed_at = now + CHARACTER;
	}
}

static enum remote_result chip_read(uint32_t offset, uint32_t *value)
{
	if (chip.is_faulty)
		return REMOTE_BUS_ERROR;
	if (offset == PL011_FR) {
		*value = chip.modem | (chip.in_count ? 0 : PL011_FR_RXFE) |
			 (chip.out_count == PL011_FIFO_DEPTH ? PL011_FR_TXFF : 0) |
			 (chip.out_count ? 0 : PL011_FR_TXFE) |
			 (chip.out_count || chip.is_shifting ? PL011_FR_BUSY : 0);
		return REMOTE_OK;
	}
	assert_int_equal(offset, PL011_DR);
	assert_true(chip.in_count > 0);
	*value = chip.in[0];
	memmove(chip.in, chip.in + 1, --chip.in_count * sizeof(chip.in[0]));
	if (chip.in_count < TRIGGER)
		chip.ris &= ~PL011_INT_RX;
	if (chip.in_count == 0)
		chip.ris &= ~PL011_INT_RT;
	return REMOTE_OK;
}

static enum remote_result chip_write(uint32_t offset, uint32_t value)
{
	if (chip.is_faulty)
		return REMOTE_BUS_ERROR;
	switch (offset) {
	case PL011_DR:
		assert_true(chip.out_count < PL011_FIFO_DEPTH);
		chip.out[chip.out_count++] = (uint8_t)value;
		chip_shift();
		break;
	case PL011_IBRD:
		chip.settings++;
		chip.ibrd = value;
		break;
	case PL011_LCR_H:
		chip.lcr_h = value;
		break;
	case PL011_CR:
		chip.cr = value;
		break;
	case PL011_IMSC:
		chip.imsc = value;
		break;
	case PL011_ICR:
		chip.ris &= ~value;
		break;
	default:
		assert_true(offset == PL011_FBRD || offset == PL011_ILPR);
	}
	return REMOTE_OK;
}

/* ---- its agent and the front end ------------------------------------------------------------- */

static enum remote_result agent_call(const struct server_window *w, const uint8_t *in,
				     uint32_t in_length, uint8_t *out, uint32_t *length)
{
	return pl011_agent_call(&agent, w, in, in_length, out, length);
}

static bool agent_work(const struct server_window *w, struct peer *peer, uint64_t at)
{
	return pl011_agent_work(&agent, w, peer, at);
}

static void agent_used(const struct server_window *w, bool in_use)
{
	pl011_agent_used(&agent, w, in_use);
}

static void front_changed(void)
{
	pl011_front_changed(&front);
}

static void front_event(const uint8_t *data, uint32_t length)
{
	pl011_front_event(&front, data, length);
}

static const struct agent_device uart = {
	.name = "uart",
	.agent = REMOTE_AGENT_PL011,
	.irq_count = 1,
	.most_accesses = 22,
	.read = chip_read,
	.write = chip_write,
	.call = agent_call,
	.work = agent_work,
	.used = agent_used,
	.changed = front_changed,
	.event = front_event,
};

/* ---- the driver, on board 0 ------------------------------------------------------------------ */

static struct {
	const char *to_send;
	char got[8192];
	unsigned got_count, errors;
	bool is_stalled; /* takes no interrupts */
} driver;

static uint32_t reg_read(uint32_t offset)
{
	const uint32_t value = pl011_front_read(&front, offset);

	pl011_front_run(&front, now);
	return value;
}

static void reg_write(uint32_t offset, uint32_t value)
{
	pl011_front_write(&front, offset, value);
	pl011_front_run(&front, now);
}

static void open_tty(void)
{
	reg_write(PL011_IBRD, 13);
	reg_write(PL011_LCR_H, PL011_LCR_H_8BITS | PL011_LCR_H_FEN);
	reg_write(PL011_CR, PL011_CR_UARTEN | PL011_CR_TXE | PL011_CR_RXE);
	reg_write(PL011_IMSC, PL011_INT_RX | PL011_INT_RT);
}

/** As Linux: the first ones by the flags, half a FIFO with each interrupt. */
static void driver_sends(void)
{
	while (*driver.to_send && !(reg_read(PL011_FR) & PL011_FR_TXFF) &&
	       !(reg_read(PL011_IMSC) & PL011_INT_TX)) {
		reg_write(PL011_DR, (uint8_t)*driver.to_send++);
		if (driver.to_send[0])
			reg_write(PL011_IMSC, reg_read(PL011_IMSC) | PL011_INT_TX);
	}
}

static void driver_interrupt(void)
{
	for (unsigned pass = 0; pass < 256 && reg_read(PL011_MIS); pass++) {
		while (!(reg_read(PL011_FR) & PL011_FR_RXFE)) {
			const uint32_t value = reg_read(PL011_DR);

			driver.errors += (value & PL011_DR_ERRORS) != 0;
			driver.got[driver.got_count++] = (char)value;
		}
		if (!(reg_read(PL011_MIS) & PL011_INT_TX))
			continue;
		for (unsigned n = 0; n < PL011_FIFO_DEPTH / 2 && *driver.to_send; n++)
			reg_write(PL011_DR, (uint8_t)*driver.to_send++);
		if (!*driver.to_send)
			reg_write(PL011_IMSC, reg_read(PL011_IMSC) & ~PL011_INT_TX);
	}
}

static void show_line(struct pl011_front *f, bool level)
{
	assert_int_equal(level, (f->ris & f->imsc) != 0);
}

/** A while: chip, interrupts, wire, driver. */
static void pass(unsigned times)
{
	while (times--) {
		chip_works();
		agent_irq(chip.ris & chip.imsc && agent.limit);
		run(CHARACTER / 2);
		if (front.level && !driver.is_stalled)
			driver_interrupt();
		pl011_front_run(&front, now);
	}
}

static int set_up(void **state)
{
	wire_set_up(state);
	memset(&chip, 0, sizeof(chip));
	memset(&driver, 0, sizeof(driver));
	driver.to_send = "";
	memset(&front, 0, sizeof(front));
	memset(&agent, 0, sizeof(agent));
	agent_set_up(&uart);
	agent.device = &agent_chip;
	front.line = show_line;
	pl011_front_init(&front, &agent_client);
	return 0;
}

static void start(void)
{
	agent_connect();
	open_tty();
	pass(100);
	assert_int_equal(chip.ibrd, 13);
	assert_int_equal(chip.cr, PL011_CR_UARTEN | PL011_CR_TXE | PL011_CR_RXE);
	assert_int_equal(chip.lcr_h, PL011_LCR_H_8BITS | PL011_LCR_H_FEN);
	wire_frames = 0;
}

/** 4,000 characters, none like its neighbours. */
static const char *long_text(void)
{
	static char text[4001];

	for (unsigned n = 0; n < sizeof(text) - 1; n++)
		text[n] = (char)('!' + (n * 7 + n / 94) % 94);
	return text;
}

static void sends(const char *text)
{
	driver.to_send = text;
	driver_sends();
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void what_is_typed_comes_and_is_answered(void **state)
{
	start();
	for (const char *c = "echo"; *c; c++) {
		const char one[2] = { *c, 0 };

		chip.typed = one;
		pass(100);
		sends(one);
		pass(100);
	}
	assert_memory_equal(driver.got, "echo", 4);
	assert_memory_equal(chip.printed, "echo", 4);
	assert_int_equal(driver.got_count, 4);
	assert_int_equal(chip.printed_count, 4);
	/* For each: an event and its acknowledgement, a job and its answer. */
	assert_int_equal(wire_frames, 4 * 4);
}

static void a_long_output_takes_few_frames(void **state)
{
	const char *const text = long_text();

	start();
	sends(text);
	pass(12500);
	assert_int_equal(chip.printed_count, strlen(text));
	assert_memory_equal(chip.printed, text, strlen(text));
	assert_in_range(wire_frames, 2, 120);
	/* The guest can wait for the last of it. */
	assert_int_equal(reg_read(PL011_FR) & (PL011_FR_BUSY | PL011_FR_TXFF), PL011_FR_BUSY);
	pass(100);
	assert_int_equal(reg_read(PL011_FR) & (PL011_FR_BUSY | PL011_FR_TXFE), PL011_FR_TXFE);
}

static void a_long_paste_is_taken_as_fast_as_the_line(void **state)
{
	const char *const text = long_text();

	start();
	chip.typed = text;
	pass(12000);
	assert_int_equal(chip.overruns, 0);
	assert_int_equal(driver.got_count, strlen(text));
	assert_memory_equal(driver.got, text, strlen(text));
	assert_int_equal(driver.errors, 0);
}

static void all_goes_well_on_a_bad_wire(void **state)
{
	const char *const text = long_text();

	start();
	wire_faults = (struct wire_faults){ 15, 15, 15, 15 };
	chip.typed = text;
	sends(text);
	for (unsigned n = 0; n < 100 && (driver.got_count < 4000 || chip.printed_count < 4000); n++)
		pass(10000);
	assert_int_equal(chip.printed_count, 4000);
	assert_memory_equal(chip.printed, text, 4000);
	/* A line waits for nobody: what had no room in time is lost, at places that are marked. */
	assert_int_equal(driver.got_count, 4000 - chip.overruns);
	assert_true(driver.errors > 0 || chip.overruns == 0);
}

static void a_guest_that_takes_nothing_is_not_overrun(void **state)
{
	const char *const text = long_text();

	start();
	driver.is_stalled = true;
	chip.typed = text;
	pass(12000);
	assert_int_equal(front.count, PL011_RECEIVED);
	assert_true(chip.overruns > 0); /* as with a UART that is here */
	assert_true(reg_read(PL011_FR) & PL011_FR_RXFF);
	driver.is_stalled = false;
	chip.overruns = 0;
	pass(2000);
	assert_memory_equal(driver.got, text, PL011_RECEIVED);
	assert_int_equal(driver.errors, 1);
	chip.typed = "more";
	pass(1000);
	assert_memory_equal(driver.got + driver.got_count - 4, "more", 4);
}

static void errors_and_modem_lines_come_through(void **state)
{
	start();
	chip_receive(0x400 | 'b'); /* a break */
	pass(100);
	assert_int_equal(driver.errors, 1);
	assert_true(reg_read(PL011_RIS) & 0x200);
	reg_write(PL011_ICR, 0x7ff);
	chip.modem = PL011_FR_CTS;
	chip.ris |= 2;
	pass(100);
	assert_true(reg_read(PL011_FR) & PL011_FR_CTS);
	assert_int_equal(reg_read(PL011_RIS) & PL011_INT_MODEM, 2);
	reg_write(PL011_ICR, 0x7ff);
	assert_int_equal(reg_read(PL011_RIS), 0);
}

static void settings_are_told_when_they_change(void **state)
{
	unsigned before;

	start();
	before = chip.settings;
	reg_write(PL011_IBRD, 13);
	pass(10);
	assert_int_equal(wire_frames, 0);
	reg_write(PL011_IBRD, 26);
	pass(10);
	assert_int_equal(chip.ibrd, 26);
	assert_int_equal(chip.settings, before + 1);
	assert_int_equal(wire_frames, 2);
}

static void the_board_that_is_back_is_set_up_again(void **state)
{
	start();
	wire_cut = true;
	agent_wait_gone();
	sends("lost");
	assert_true(reg_read(PL011_FR) & PL011_FR_TXFE);
	driver_interrupt();
	chip.ibrd = chip.lcr_h = chip.cr = chip.imsc = 0;
	board_restart(1);
	wire_cut = false;
	agent_wait_open();
	pass(100);
	assert_int_equal(chip.ibrd, 13);
	chip.typed = "x";
	sends("here again");
	pass(1000);
	assert_int_equal(chip.printed_count, 10);
	assert_memory_equal(chip.printed, "here again", 10);
	assert_int_equal(driver.got_count, 1);
}

static void a_patient_guest_waits_for_the_board(void **state)
{
	start();
	front.is_patient = true;
	wire_cut = true;
	agent_wait_gone();
	sends(long_text());
	driver_interrupt();
	assert_in_range(ring_count(&front.sending), PL011_SENDING - PL011_FIFO_DEPTH + 1u,
			PL011_SENDING);
	wire_cut = false;
	agent_wait_open();
	pass(12500);
	assert_int_equal(chip.printed_count, 4000);
	assert_memory_equal(chip.printed, long_text(), 4000);
}

static void a_reset_drops_what_waits(void **state)
{
	start();
	sends(long_text());
	pass(20);
	pl011_front_reset(&front);
	assert_false(front.level);
	driver.to_send = "";
	pass(300);
	assert_in_range(chip.printed_count, 1, 60);
	open_tty();
	pass(100);
	chip.printed_count = 0;
	sends("ready");
	pass(200);
	assert_memory_equal(chip.printed, "ready", 5);
}

static void a_bus_error_ends_a_job_only(void **state)
{
	start();
	chip.is_faulty = true;
	sends("a");
	pass(100);
	assert_int_equal(boards[0].session.is_up, true);
	chip.is_faulty = false;
	sends("b");
	pass(100);
	assert_int_equal(chip.printed[chip.printed_count - 1], 'b');
}

#define UART_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, wire_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UART_TEST(what_is_typed_comes_and_is_answered),
		UART_TEST(a_long_output_takes_few_frames),
		UART_TEST(a_long_paste_is_taken_as_fast_as_the_line),
		UART_TEST(all_goes_well_on_a_bad_wire),
		UART_TEST(a_guest_that_takes_nothing_is_not_overrun),
		UART_TEST(errors_and_modem_lines_come_through),
		UART_TEST(settings_are_told_when_they_change),
		UART_TEST(the_board_that_is_back_is_set_up_again),
		UART_TEST(a_patient_guest_waits_for_the_board),
		UART_TEST(a_reset_drops_what_waits),
		UART_TEST(a_bus_error_ends_a_job_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
