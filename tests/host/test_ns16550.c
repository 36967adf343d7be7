/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/host/device_fixture.h"

#include "devemu/ns16550.h"

static struct device uart;
static uint8_t sent[64];
static unsigned sent_count, room;

static void line_put(const struct uart_backend *backend, uint8_t byte)
{
	sent[sent_count++ % sizeof(sent)] = byte;
}

static bool line_room(const struct uart_backend *backend)
{
	return sent_count < room;
}

static const struct uart_backend line = { line_put, line_room };

static int setup(void **state)
{
	sent_count = 0;
	room = 64;
	bench_init(&uart, &ns16550_ops, &line);
	return 0;
}

static int teardown(void **state)
{
	bench_fini(&uart);
	return 0;
}

static void a_byte_leaves_at_once(void **state)
{
	wr(&uart, NS16550_DATA, 'x');
	assert_int_equal(1, sent_count);
	assert_int_equal('x', sent[0]);
	assert_int_equal(NS16550_LSR_THRE | NS16550_LSR_TEMT, rd(&uart, NS16550_LSR));
}

static void the_divisor_is_behind_its_bit(void **state)
{
	wr(&uart, NS16550_LCR, NS16550_LCR_8BITS | NS16550_LCR_DLAB);
	wr(&uart, NS16550_DATA, 13);
	wr(&uart, NS16550_IER, 1);
	assert_int_equal(13, rd(&uart, NS16550_DATA));
	assert_int_equal(1, rd(&uart, NS16550_IER));
	wr(&uart, NS16550_LCR, NS16550_LCR_8BITS);
	assert_int_equal(0, sent_count);
	assert_int_equal(0, rd(&uart, NS16550_IER));
}

static void the_transmitters_interrupt_ends_when_it_is_identified(void **state)
{
	assert_int_equal(NS16550_IIR_NONE, rd(&uart, NS16550_IIR));
	wr(&uart, NS16550_IER, NS16550_IER_TX);
	assert_true(wire_level[0]);
	assert_int_equal(NS16550_IIR_TX, rd(&uart, NS16550_IIR));
	assert_false(wire_level[0]);
	wr(&uart, NS16550_DATA, 'y');
	assert_true(wire_level[0]);
	wr(&uart, NS16550_IER, 0);
	assert_false(wire_level[0]);
	/* Once more from off to on: that is what Linux looks for. */
	wr(&uart, NS16550_IER, NS16550_IER_TX);
	assert_true(wire_level[0]);
}

static void a_back_end_without_room_is_a_full_transmitter(void **state)
{
	room = 1;
	wr(&uart, NS16550_IER, NS16550_IER_TX);
	(void)rd(&uart, NS16550_IIR);
	wr(&uart, NS16550_DATA, 'a');
	assert_int_equal(0, rd(&uart, NS16550_LSR));
	assert_false(wire_level[0]);
	uart_model_transmit_again(&uart);
	assert_true(wire_level[0]);
	room = 2;
	assert_int_equal(NS16550_LSR_THRE | NS16550_LSR_TEMT, rd(&uart, NS16550_LSR));
	uart_model_transmit_again(&uart);
	assert_int_equal(NS16550_IIR_TX, rd(&uart, NS16550_IIR));
	uart_model_transmit_again(&uart); /* it has been told */
	assert_false(wire_level[0]);
}

static void received_bytes_come_in_order_and_fill_the_fifo(void **state)
{
	wr(&uart, NS16550_FCR, NS16550_FCR_ENABLE);
	wr(&uart, NS16550_IER, NS16550_IER_RX);
	assert_true(uart_model_is_listening(&uart));
	for (uint8_t n = 0; n < NS16550_FIFO_DEPTH; n++)
		assert_true(uart_model_receive(&uart, n));
	assert_false(uart_model_can_receive(&uart));
	assert_false(uart_model_receive(&uart, 99));
	assert_int_equal(NS16550_IIR_FIFO | NS16550_IIR_RX, rd(&uart, NS16550_IIR));
	for (uint8_t n = 0; n < NS16550_FIFO_DEPTH; n++) {
		assert_true(wire_level[0]);
		assert_true(rd(&uart, NS16550_LSR) & NS16550_LSR_DR);
		assert_int_equal(n, rd(&uart, NS16550_DATA));
	}
	assert_false(wire_level[0]);
	assert_int_equal(NS16550_IIR_FIFO | NS16550_IIR_NONE, rd(&uart, NS16550_IIR));
}

static void without_fifos_there_is_room_for_one(void **state)
{
	assert_true(uart_model_receive(&uart, 'a'));
	assert_false(uart_model_receive(&uart, 'b'));
	wr(&uart, NS16550_FCR, NS16550_FCR_ENABLE);
	assert_false(rd(&uart, NS16550_LSR) & NS16550_LSR_DR); /* switching them empties them */
}

static void loopback_is_the_guests_own(void **state)
{
	wr(&uart, NS16550_MCR, NS16550_MCR_LOOP | NS16550_MCR_RTS | NS16550_MCR_OUT2);
	wr(&uart, NS16550_DATA, 'l');
	assert_int_equal(0, sent_count);
	assert_false(uart_model_can_receive(&uart));
	assert_int_equal(NS16550_MSR_CTS | NS16550_MSR_DCD, rd(&uart, NS16550_MSR));
	assert_int_equal('l', rd(&uart, NS16550_DATA));
	wr(&uart, NS16550_DATA, '1');
	wr(&uart, NS16550_DATA, '2');
	assert_true(rd(&uart, NS16550_LSR) & NS16550_LSR_OE);
	assert_false(rd(&uart, NS16550_LSR) & NS16550_LSR_OE);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_byte_leaves_at_once),
		T(the_divisor_is_behind_its_bit),
		T(the_transmitters_interrupt_ends_when_it_is_identified),
		T(a_back_end_without_room_is_a_full_transmitter),
		T(received_bytes_come_in_order_and_fill_the_fifo),
		T(without_fifos_there_is_room_for_one),
		T(loopback_is_the_guests_own),
	};

	return cmocka_run_group_tests_name("ns16550", tests, NULL, NULL);
}
