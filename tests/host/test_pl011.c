/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/host/device_fixture.h"

#include "devemu/pl011.h"

static struct device uart;
static uint8_t sent[64];
static unsigned sent_count;

static void line_put(const struct uart_backend *backend, uint8_t byte)
{
	sent[sent_count++ % sizeof(sent)] = byte;
}

static unsigned room;

static bool line_room(const struct uart_backend *backend)
{
	return sent_count < room;
}

static const struct uart_backend line = { .put = line_put };
static const struct uart_backend narrow_line = { line_put, line_room };

static int setup(void **state)
{
	sent_count = 0;
	bench_init(&uart, &pl011_ops, &line);
	return 0;
}

static int teardown(void **state)
{
	bench_fini(&uart);
	return 0;
}

static void registers_have_their_power_on_values(void **state)
{
	static const uint8_t ids[8] = { 0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

	assert_int_equal(rd(&uart, PL011_CR), 0x300);
	assert_int_equal(rd(&uart, PL011_IFLS), 0x12);
	assert_int_equal(rd(&uart, PL011_FR), PL011_FR_TXFE | PL011_FR_RXFE);
	assert_int_equal(rd(&uart, PL011_RIS), 0);
	assert_int_equal(rd(&uart, PL011_IMSC), 0);
	for (uint32_t n = 0; n < 8; n++)
		assert_int_equal(rd(&uart, PRIMECELL_ID + 4 * n), ids[n]);
}

static void settings_read_back_as_wide_as_the_data_sheet_says(void **state)
{
	static const struct {
		uint32_t offset, mask;
	} regs[] = {
		{ PL011_ILPR, 0xff },  { PL011_IBRD, 0xffff }, { PL011_FBRD, 0x3f },
		{ PL011_LCR_H, 0xff }, { PL011_CR, 0xff87 },   { PL011_IFLS, 0x3f },
		{ PL011_IMSC, 0x7ff }, { PL011_DMACR, 0x7 },
	};

	for (unsigned n = 0; n < sizeof(regs) / sizeof(regs[0]); n++) {
		wr(&uart, regs[n].offset, 0xffffffff);
		assert_int_equal(rd(&uart, regs[n].offset), regs[n].mask);
		wr(&uart, regs[n].offset, 0);
		assert_int_equal(rd(&uart, regs[n].offset), 0);
	}
	assert_int_equal(uart.guest_errors, 0);
}

static void a_byte_that_is_sent_leaves_at_once(void **state)
{
	wr(&uart, PL011_DR, 0x1141);
	assert_int_equal(sent_count, 1);
	assert_int_equal(sent[0], 0x41);
	assert_int_equal(rd(&uart, PL011_FR), PL011_FR_TXFE | PL011_FR_RXFE);
	assert_int_equal(rd(&uart, PL011_RIS), PL011_INT_TX);
}

static void the_transmit_interrupt_follows_mask_and_clear(void **state)
{
	wr(&uart, PL011_DR, 'a');
	assert_false(wire_level[0]);
	wr(&uart, PL011_IMSC, PL011_INT_TX);
	assert_true(wire_level[0]);
	assert_int_equal(rd(&uart, PL011_MIS), PL011_INT_TX);
	wr(&uart, PL011_ICR, PL011_INT_TX);
	assert_false(wire_level[0]);
	wr(&uart, PL011_DR, 'b');
	assert_true(wire_level[0]);
	wr(&uart, PL011_IMSC, 0);
	assert_false(wire_level[0]);
}

static void the_receive_interrupt_follows_the_mask_and_the_fifo(void **state)
{
	wr(&uart, PL011_LCR_H, PL011_LCR_H_FEN | PL011_LCR_H_8BITS);
	assert_true(pl011_receive(&uart, 'a'));
	assert_true(pl011_receive(&uart, 'b'));
	assert_false(wire_level[0]);
	wr(&uart, PL011_IMSC, PL011_INT_RX | PL011_INT_RT);
	assert_true(wire_level[0]);
	assert_int_equal(rd(&uart, PL011_DR), 'a');
	assert_true(wire_level[0]);
	assert_int_equal(rd(&uart, PL011_DR), 'b');
	assert_false(wire_level[0]);
	assert_int_equal(rd(&uart, PL011_FR), PL011_FR_TXFE | PL011_FR_RXFE);
}

static void a_cleared_receive_interrupt_returns_with_the_next_first_byte(void **state)
{
	wr(&uart, PL011_LCR_H, PL011_LCR_H_FEN);
	wr(&uart, PL011_IMSC, PL011_INT_RX);
	pl011_receive(&uart, 'a');
	wr(&uart, PL011_ICR, 0x7ff);
	assert_false(wire_level[0]);
	assert_int_equal(rd(&uart, PL011_DR), 'a');
	pl011_receive(&uart, 'b');
	assert_true(wire_level[0]);
}

static void the_fifo_holds_16_bytes_in_order_and_refuses_the_17th(void **state)
{
	wr(&uart, PL011_LCR_H, PL011_LCR_H_FEN);
	for (unsigned round = 0; round < 5; round++) {
		for (uint8_t n = 0; n < 16; n++) {
			assert_int_equal(rd(&uart, PL011_FR) & PL011_FR_RXFF, 0);
			assert_true(pl011_can_receive(&uart));
			assert_true(pl011_receive(&uart, (uint8_t)(n + round)));
		}
		assert_false(pl011_can_receive(&uart));
		assert_false(pl011_receive(&uart, 'x'));
		assert_int_equal(rd(&uart, PL011_FR) & PL011_FR_RXFF, PL011_FR_RXFF);
		for (uint8_t n = 0; n < 16; n++)
			assert_int_equal(rd(&uart, PL011_DR), (uint8_t)(n + round));
		/* An odd number of bytes moves the start of the ring. */
		pl011_receive(&uart, 1);
		assert_int_equal(rd(&uart, PL011_DR), 1);
	}
}

static void without_fifos_one_byte_fits(void **state)
{
	assert_true(pl011_receive(&uart, 'a'));
	assert_false(pl011_receive(&uart, 'b'));
	assert_int_equal(rd(&uart, PL011_FR) & PL011_FR_RXFF, PL011_FR_RXFF);
	assert_int_equal(rd(&uart, PL011_DR), 'a');
	assert_true(pl011_receive(&uart, 'c'));
	assert_int_equal(rd(&uart, PL011_DR), 'c');
}

static void switching_the_fifos_empties_them(void **state)
{
	wr(&uart, PL011_LCR_H, PL011_LCR_H_FEN);
	for (unsigned n = 0; n < 16; n++)
		pl011_receive(&uart, 'a');
	wr(&uart, PL011_LCR_H, 0);
	assert_int_equal(rd(&uart, PL011_FR), PL011_FR_TXFE | PL011_FR_RXFE);
	assert_true(pl011_can_receive(&uart));
}

static void loopback_receives_what_is_sent_and_nothing_else(void **state)
{
	wr(&uart, PL011_LCR_H, PL011_LCR_H_FEN);
	wr(&uart, PL011_CR, PL011_CR_LBE | PL011_CR_RTS | PL011_CR_OUT2);
	assert_int_equal(rd(&uart, PL011_FR) & 0x107, PL011_FR_CTS | PL011_FR_RI);
	assert_int_equal(rd(&uart, PL011_RIS) & 0xf, 0x3);
	assert_false(pl011_receive(&uart, 'x'));
	for (unsigned n = 0; n < 20; n++)
		wr(&uart, PL011_DR, 'a' + n);
	assert_int_equal(sent_count, 0);
	for (unsigned n = 0; n < 16; n++)
		assert_int_equal(rd(&uart, PL011_DR), 'a' + n);
	assert_int_equal(rd(&uart, PL011_FR) & PL011_FR_RXFE, PL011_FR_RXFE);
	assert_int_equal(rd(&uart, PL011_RIS) & PL011_INT_OE, PL011_INT_OE);
	wr(&uart, PL011_CR, 0);
	wr(&uart, PL011_DR, 'z');
	assert_int_equal(sent_count, 1);
}

static void unknown_registers_read_as_zero_and_are_counted(void **state)
{
	assert_int_equal(rd(&uart, 0x800), 0);
	wr(&uart, 0x800, 1);
	assert_int_equal(uart.guest_errors, 2);
}

static void reset_forgets_everything(void **state)
{
	wr(&uart, PL011_LCR_H, PL011_LCR_H_FEN);
	wr(&uart, PL011_IMSC, 0x7ff);
	pl011_receive(&uart, 'a');
	assert_true(wire_level[0]);
	uart.ops->reset(&uart);
	assert_false(wire_level[0]);
	registers_have_their_power_on_values(state);
}

static void a_back_end_without_room_is_a_full_fifo(void **state)
{
	uart.backend = &narrow_line;
	room = 2;
	wr(&uart, PL011_IMSC, PL011_INT_TX);
	wr(&uart, PL011_DR, 'a');
	assert_int_equal(rd(&uart, PL011_FR), PL011_FR_TXFE | PL011_FR_RXFE);
	assert_true(wire_level[0]);
	pl011_transmit_again(&uart); /* nobody waits */
	wr(&uart, PL011_DR, 'b');
	assert_int_equal(rd(&uart, PL011_FR), PL011_FR_TXFF | PL011_FR_BUSY | PL011_FR_RXFE);
	assert_false(wire_level[0]);
	room = 3;
	assert_int_equal(rd(&uart, PL011_FR), PL011_FR_TXFE | PL011_FR_RXFE);
	assert_false(wire_level[0]);
	pl011_transmit_again(&uart);
	assert_true(wire_level[0]);
	wr(&uart, PL011_ICR, PL011_INT_TX);
	pl011_transmit_again(&uart); /* it has been told */
	assert_false(wire_level[0]);
}

static void a_reset_forgets_that_it_waited(void **state)
{
	uart.backend = &narrow_line;
	room = 0;
	wr(&uart, PL011_DR, 'a');
	uart.ops->reset(&uart);
	pl011_transmit_again(&uart);
	assert_int_equal(rd(&uart, PL011_RIS), 0);
}

static void loopback_needs_no_room(void **state)
{
	uart.backend = &narrow_line;
	room = 0;
	wr(&uart, PL011_CR, PL011_CR_LBE);
	wr(&uart, PL011_DR, 'a');
	assert_int_equal(rd(&uart, PL011_FR) & (PL011_FR_TXFF | PL011_FR_TXFE), PL011_FR_TXFE);
	assert_int_equal(rd(&uart, PL011_RIS) & PL011_INT_TX, PL011_INT_TX);
	assert_int_equal(rd(&uart, PL011_DR), 'a');
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(registers_have_their_power_on_values),
		T(settings_read_back_as_wide_as_the_data_sheet_says),
		T(a_byte_that_is_sent_leaves_at_once),
		T(the_transmit_interrupt_follows_mask_and_clear),
		T(the_receive_interrupt_follows_the_mask_and_the_fifo),
		T(a_cleared_receive_interrupt_returns_with_the_next_first_byte),
		T(the_fifo_holds_16_bytes_in_order_and_refuses_the_17th),
		T(without_fifos_one_byte_fits),
		T(switching_the_fifos_empties_them),
		T(loopback_receives_what_is_sent_and_nothing_else),
		T(unknown_registers_read_as_zero_and_are_counted),
		T(reset_forgets_everything),
		T(a_back_end_without_room_is_a_full_fifo),
		T(a_reset_forgets_that_it_waited),
		T(loopback_needs_no_room),
	};

	return cmocka_run_group_tests_name("pl011", tests, NULL, NULL);
}
