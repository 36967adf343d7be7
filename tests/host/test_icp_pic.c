/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupt controllers of the Integrator/CP, alone and as a cascade. */
#include "tests/host/device_fixture.h"

#include "devemu/icp_pic.h"
#include "devemu/icp_pic_regs.h"

static struct device pic;
static bool board_line; /* of input 9 */
static unsigned refreshes;

/* Stands for the board: input 9 follows a physical line. */
static void follow(const struct irq_refresh *backend)
{
	refreshes++;
	pic.ops->set_input(&pic, 9, board_line);
}

static const struct irq_refresh refresh = { .refresh = follow, .shown = 1 };

static int setup(void **state)
{
	board_line = false;
	bench_init(&pic, &icp_pic_ops, NULL);
	return 0;
}

static int teardown(void **state)
{
	bench_fini(&pic);
	return 0;
}

static void an_enabled_input_raises_irq_or_fiq(void **state)
{
	for (unsigned n = 0; n < 32; n++) {
		pic.ops->set_input(&pic, n, true);
		assert_false(wire_level[ICP_PIC_WIRE_IRQ]);
		assert_int_equal(rd(&pic, ICP_PIC_IRQ_RAWSTAT), 1u << n);
		assert_int_equal(rd(&pic, ICP_PIC_IRQ_STATUS), 0);

		wr(&pic, ICP_PIC_IRQ_ENABLESET, 1u << n);
		assert_true(wire_level[ICP_PIC_WIRE_IRQ]);
		assert_false(wire_level[ICP_PIC_WIRE_FIQ]);
		assert_int_equal(rd(&pic, ICP_PIC_IRQ_STATUS), 1u << n);
		wr(&pic, ICP_PIC_FIQ_ENABLESET, 1u << n);
		assert_true(wire_level[ICP_PIC_WIRE_FIQ]);
		assert_int_equal(rd(&pic, ICP_PIC_FIQ_STATUS), 1u << n);

		wr(&pic, ICP_PIC_IRQ_ENABLECLR, 1u << n);
		assert_false(wire_level[ICP_PIC_WIRE_IRQ]);
		pic.ops->set_input(&pic, n, false);
		assert_false(wire_level[ICP_PIC_WIRE_FIQ]);
		wr(&pic, ICP_PIC_FIQ_ENABLECLR, 1u << n);
	}
}

static void enables_are_set_and_cleared_bit_by_bit(void **state)
{
	wr(&pic, ICP_PIC_IRQ_ENABLESET, 0x0f0f);
	wr(&pic, ICP_PIC_IRQ_ENABLESET, 0x00f0);
	wr(&pic, ICP_PIC_IRQ_ENABLECLR, 0x0003);
	assert_int_equal(rd(&pic, ICP_PIC_IRQ_ENABLESET), 0x0ffc);
	assert_int_equal(rd(&pic, ICP_PIC_FIQ_ENABLESET), 0);
}

static void the_software_interrupt_is_input_0(void **state)
{
	wr(&pic, ICP_PIC_IRQ_ENABLESET, 0xffffffff);
	wr(&pic, ICP_PIC_INT_SOFTSET, 0xffffffff);
	assert_int_equal(rd(&pic, ICP_PIC_INT_SOFTSET), 1);
	assert_int_equal(rd(&pic, ICP_PIC_IRQ_STATUS), 1);
	assert_true(wire_level[ICP_PIC_WIRE_IRQ]);
	wr(&pic, ICP_PIC_INT_SOFTCLR, 0xfffffffe);
	assert_true(wire_level[ICP_PIC_WIRE_IRQ]);
	wr(&pic, ICP_PIC_INT_SOFTCLR, 1);
	assert_false(wire_level[ICP_PIC_WIRE_IRQ]);
}

static void a_secondary_controller_is_one_input_of_the_primary(void **state)
{
	struct device sic;

	bench_init(&sic, &icp_pic_ops, NULL);
	sic.irq[ICP_PIC_WIRE_IRQ] = (struct irq_line){ device_input, &pic, 26 };
	wr(&pic, ICP_PIC_IRQ_ENABLESET, 1u << 26);
	wr(&sic, ICP_PIC_IRQ_ENABLESET, 1u << 3);
	sic.ops->set_input(&sic, 3, true);
	assert_int_equal(rd(&pic, ICP_PIC_IRQ_STATUS), 1u << 26);
	assert_true(wire_level[ICP_PIC_WIRE_IRQ]);
	sic.ops->set_input(&sic, 3, false);
	assert_int_equal(rd(&pic, ICP_PIC_IRQ_RAWSTAT), 0);
	assert_false(wire_level[ICP_PIC_WIRE_IRQ]);
	bench_fini(&sic);
}

static void physical_lines_are_looked_at_when_the_guest_looks(void **state)
{
	pic.backend = &refresh;
	wr(&pic, ICP_PIC_IRQ_ENABLESET, 1u << 9);
	assert_false(wire_level[ICP_PIC_WIRE_IRQ]);
	board_line = true;
	assert_int_equal(rd(&pic, ICP_PIC_IRQ_STATUS), 1u << 9);
	assert_true(wire_level[ICP_PIC_WIRE_IRQ]);
	board_line = false;
	assert_int_equal(rd(&pic, ICP_PIC_IRQ_RAWSTAT), 0);
	assert_false(wire_level[ICP_PIC_WIRE_IRQ]);

	board_line = true;
	wr(&pic, ICP_PIC_IRQ_ENABLECLR, 1u << 9);
	wr(&pic, ICP_PIC_IRQ_ENABLESET, 1u << 9);
	assert_true(wire_level[ICP_PIC_WIRE_IRQ]);

	/* What only shows the guest's own settings needs no look at the board. */
	refreshes = 0;
	rd(&pic, ICP_PIC_IRQ_ENABLESET);
	wr(&pic, ICP_PIC_IRQ_ENABLECLR, 1);
	assert_int_equal(refreshes, 0);
}

static void write_only_and_unknown_registers_are_counted(void **state)
{
	assert_int_equal(rd(&pic, ICP_PIC_IRQ_ENABLECLR), 0);
	assert_int_equal(rd(&pic, 0x100), 0);
	wr(&pic, ICP_PIC_IRQ_STATUS, 1);
	assert_int_equal(pic.guest_errors, 3);
}

static void reset_disables_everything_and_lowers_the_inputs(void **state)
{
	wr(&pic, ICP_PIC_IRQ_ENABLESET, 0xffffffff);
	wr(&pic, ICP_PIC_INT_SOFTSET, 1);
	pic.ops->set_input(&pic, 5, true);
	pic.ops->reset(&pic);
	assert_false(wire_level[ICP_PIC_WIRE_IRQ]);
	assert_int_equal(rd(&pic, ICP_PIC_IRQ_ENABLESET), 0);
	assert_int_equal(rd(&pic, ICP_PIC_IRQ_RAWSTAT), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_enabled_input_raises_irq_or_fiq),
		T(enables_are_set_and_cleared_bit_by_bit),
		T(the_software_interrupt_is_input_0),
		T(a_secondary_controller_is_one_input_of_the_primary),
		T(physical_lines_are_looked_at_when_the_guest_looks),
		T(write_only_and_unknown_registers_are_counted),
		T(reset_disables_everything_and_lowers_the_inputs),
	};

	return cmocka_run_group_tests_name("icp_pic", tests, NULL, NULL);
}
