/* SPDX-License-Identifier: Apache-2.0 */
/* The vectored controller of the Versatile/PB and the secondary one behind it. */
#include "tests/host/device_fixture.h"

#include "devemu/pl190.h"
#include "devemu/vpb_sic.h"
#include "devemu/vpb_sic_regs.h"

static struct device vic, sic;
static unsigned refreshes;

static void count_refresh(const struct irq_refresh *backend)
{
	refreshes++;
}

static const struct irq_refresh refresh = { .refresh = count_refresh, .shown = 1 };

static int setup(void **state)
{
	bench_init(&sic, &vpb_sic_ops, NULL);
	bench_init(&vic, &pl190_ops, NULL);
	sic.irq[VPB_SIC_WIRE_IRQ] = (struct irq_line){ device_input, &vic, 31 };
	sic.irq[VPB_SIC_WIRE_PASS] = (struct irq_line){ device_input, &vic, 0 };
	return 0;
}

static int teardown(void **state)
{
	bench_fini(&sic);
	bench_fini(&vic);
	return 0;
}

static void line(unsigned input, bool level)
{
	vic.ops->set_input(&vic, input, level);
}

static void vector(unsigned n, unsigned input, uint32_t address)
{
	wr(&vic, PL190_VECTADDR0 + 4 * n, address);
	wr(&vic, PL190_VECTCNTL0 + 4 * n, PL190_VECTCNTL_ENABLE | input);
}

static void inputs_go_to_irq_or_fiq_by_selection(void **state)
{
	for (unsigned n = 0; n < 32; n++) {
		const uint32_t bit = 1u << n;

		line(n, true);
		assert_int_equal(rd(&vic, PL190_RAWINTR), bit);
		assert_int_equal(rd(&vic, PL190_IRQSTATUS), 0);
		assert_false(wire_level[PL190_WIRE_IRQ]);
		wr(&vic, PL190_INTENABLE, bit);
		assert_int_equal(rd(&vic, PL190_IRQSTATUS), bit);
		assert_true(wire_level[PL190_WIRE_IRQ]);
		wr(&vic, PL190_INTSELECT, bit);
		assert_int_equal(rd(&vic, PL190_IRQSTATUS), 0);
		assert_int_equal(rd(&vic, PL190_FIQSTATUS), bit);
		assert_false(wire_level[PL190_WIRE_IRQ]);
		assert_true(wire_level[PL190_WIRE_FIQ]);
		wr(&vic, PL190_INTENCLEAR, bit);
		assert_false(wire_level[PL190_WIRE_FIQ]);
		wr(&vic, PL190_INTSELECT, 0);
		line(n, false);
	}
}

static void software_interrupts_are_or_ed_with_the_inputs(void **state)
{
	wr(&vic, PL190_INTENABLE, 0xffffffff);
	wr(&vic, PL190_SOFTINT, 0x80000001);
	line(0, true);
	assert_int_equal(rd(&vic, PL190_RAWINTR), 0x80000001);
	wr(&vic, PL190_SOFTINTCLEAR, 0xffffffff);
	assert_int_equal(rd(&vic, PL190_RAWINTR), 1);
	assert_int_equal(rd(&vic, PL190_SOFTINT), 0);
}

static void the_vector_of_the_highest_priority_is_read_first(void **state)
{
	vector(3, 10, 0x3000);
	vector(1, 20, 0x1000);
	wr(&vic, PL190_DEFVECTADDR, 0xdef0);
	wr(&vic, PL190_INTENABLE, 0xffffffff);

	line(5, true); /* no vector: the default */
	assert_true(wire_level[PL190_WIRE_IRQ]);
	assert_int_equal(rd(&vic, PL190_VECTADDR), 0xdef0);
	/* In service: others without a vector wait. */
	line(6, true);
	assert_false(wire_level[PL190_WIRE_IRQ]);

	line(10, true);
	assert_true(wire_level[PL190_WIRE_IRQ]);
	assert_int_equal(rd(&vic, PL190_VECTADDR), 0x3000);
	assert_false(wire_level[PL190_WIRE_IRQ]);

	line(20, true);
	assert_true(wire_level[PL190_WIRE_IRQ]);
	assert_int_equal(rd(&vic, PL190_VECTADDR), 0x1000);
	assert_false(wire_level[PL190_WIRE_IRQ]);

	/* Unwound in the opposite order. */
	line(20, false);
	wr(&vic, PL190_VECTADDR, 0);
	assert_false(wire_level[PL190_WIRE_IRQ]); /* 10 is in service still */
	line(10, false);
	wr(&vic, PL190_VECTADDR, 0);
	assert_false(wire_level[PL190_WIRE_IRQ]); /* so is the default */
	wr(&vic, PL190_VECTADDR, 0);
	assert_true(wire_level[PL190_WIRE_IRQ]); /* 5 and 6 are there still */
}

static void a_lower_priority_waits_for_the_end(void **state)
{
	vector(0, 1, 0x100);
	vector(7, 2, 0x200);
	wr(&vic, PL190_INTENABLE, 0x6);
	line(1, true);
	assert_int_equal(rd(&vic, PL190_VECTADDR), 0x100);
	line(2, true);
	line(1, false);
	assert_false(wire_level[PL190_WIRE_IRQ]);
	wr(&vic, PL190_VECTADDR, 0);
	assert_true(wire_level[PL190_WIRE_IRQ]);
	assert_int_equal(rd(&vic, PL190_VECTADDR), 0x200);
}

static void linux_clears_all_levels_before_it_starts(void **state)
{
	wr(&vic, PL190_INTENABLE, 0xffffffff);
	for (unsigned n = 0; n < 16; n++)
		vector(n, n, 0x1000 + n);
	for (int n = 15; n >= 0; n--) {
		line((unsigned)n, true);
		assert_int_equal(rd(&vic, PL190_VECTADDR), 0x1000 + n);
	}
	for (unsigned n = 0; n < 16; n++)
		line(n, false);
	wr(&vic, PL190_VECTADDR, 0);
	for (unsigned n = 0; n < 19; n++)
		wr(&vic, PL190_VECTADDR, rd(&vic, PL190_VECTADDR));
	line(31, true);
	assert_true(wire_level[PL190_WIRE_IRQ]);
}

static void settings_read_back(void **state)
{
	static const uint8_t ids[8] = { 0x90, 0x11, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

	for (uint32_t n = 0; n < 16; n++) {
		wr(&vic, PL190_VECTADDR0 + 4 * n, 0xabcd0000 + n);
		wr(&vic, PL190_VECTCNTL0 + 4 * n, 0xffffffff);
		assert_int_equal(rd(&vic, PL190_VECTADDR0 + 4 * n), 0xabcd0000 + n);
		assert_int_equal(rd(&vic, PL190_VECTCNTL0 + 4 * n), 0x3f);
	}
	wr(&vic, PL190_PROTECTION, 0xffffffff);
	assert_int_equal(rd(&vic, PL190_PROTECTION), 1);
	for (uint32_t n = 0; n < 8; n++)
		assert_int_equal(rd(&vic, PRIMECELL_ID + 4 * n), ids[n]);
	assert_int_equal(vic.guest_errors, 0);
	/* Just behind the vectors. */
	wr(&vic, PL190_VECTADDR0 + 64, 1);
	assert_int_equal(rd(&vic, PL190_VECTCNTL0 + 64), 0);
	assert_int_equal(vic.guest_errors, 2);
}

static void status_vectors_and_ends_look_at_the_board(void **state)
{
	vic.backend = &refresh;
	refreshes = 0;
	rd(&vic, PL190_IRQSTATUS);
	rd(&vic, PL190_FIQSTATUS);
	rd(&vic, PL190_RAWINTR);
	rd(&vic, PL190_VECTADDR);
	wr(&vic, PL190_VECTADDR, 0);
	wr(&vic, PL190_INTENABLE, 1);
	assert_int_equal(refreshes, 6);
	rd(&vic, PL190_INTENABLE);
	wr(&vic, PL190_INTENCLEAR, 1);
	assert_int_equal(refreshes, 6);

	sic.backend = &refresh;
	refreshes = 0;
	rd(&sic, VPB_SIC_STATUS);
	rd(&sic, VPB_SIC_RAWSTAT);
	wr(&sic, VPB_SIC_ENABLESET, 1);
	assert_int_equal(refreshes, 3);
}

static void the_secondary_controller_cascades_to_31(void **state)
{
	wr(&vic, PL190_INTENABLE, 1u << 31);
	for (unsigned n = 0; n < 32; n++) {
		sic.ops->set_input(&sic, n, true);
		assert_int_equal(rd(&sic, VPB_SIC_RAWSTAT), 1u << n);
		assert_false(wire_level[PL190_WIRE_IRQ]);
		wr(&sic, VPB_SIC_ENABLESET, 1u << n);
		assert_true(wire_level[PL190_WIRE_IRQ]);
		assert_int_equal(rd(&vic, PL190_IRQSTATUS), 1u << 31);
		wr(&sic, VPB_SIC_ENABLECLR, 1u << n);
		assert_false(wire_level[PL190_WIRE_IRQ]);
		sic.ops->set_input(&sic, n, false);
	}
}

static void inputs_21_to_30_can_pass_the_secondary_controller(void **state)
{
	wr(&sic, VPB_SIC_PICENSET, 0xffffffff);
	assert_int_equal(rd(&sic, VPB_SIC_PICENSET), VPB_SIC_PASS_MASK);
	for (unsigned n = 0; n < 32; n++) {
		const bool passes = n >= 21 && n <= 30;

		sic.ops->set_input(&sic, n, true);
		assert_int_equal(rd(&vic, PL190_RAWINTR), passes ? 1u << n : 0);
		wr(&sic, VPB_SIC_PICENCLR, 1u << n);
		assert_int_equal(rd(&vic, PL190_RAWINTR), 0);
		wr(&sic, VPB_SIC_PICENSET, 1u << n);
		assert_int_equal(rd(&vic, PL190_RAWINTR), passes ? 1u << n : 0);
		sic.ops->set_input(&sic, n, false);
		assert_int_equal(rd(&vic, PL190_RAWINTR), 0);
	}
}

static void reset_closes_everything(void **state)
{
	wr(&sic, VPB_SIC_PICENSET, 0xffffffff);
	wr(&sic, VPB_SIC_ENABLESET, 0xffffffff);
	wr(&sic, VPB_SIC_SOFTINTSET, 1);
	wr(&vic, PL190_INTENABLE, 0xffffffff);
	wr(&vic, PL190_SOFTINT, 0xffffffff);
	vector(2, 31, 0x1234);
	sic.ops->set_input(&sic, 25, true);
	rd(&vic, PL190_VECTADDR);
	sic.ops->reset(&sic);
	vic.ops->reset(&vic);
	assert_false(wire_level[PL190_WIRE_IRQ]);
	assert_int_equal(rd(&vic, PL190_RAWINTR), 0);
	assert_int_equal(rd(&vic, PL190_VECTCNTL0 + 8), 0);
	wr(&vic, PL190_INTENABLE, 1);
	line(0, true);
	assert_true(wire_level[PL190_WIRE_IRQ]);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(inputs_go_to_irq_or_fiq_by_selection),
		T(software_interrupts_are_or_ed_with_the_inputs),
		T(the_vector_of_the_highest_priority_is_read_first),
		T(a_lower_priority_waits_for_the_end),
		T(linux_clears_all_levels_before_it_starts),
		T(settings_read_back),
		T(status_vectors_and_ends_look_at_the_board),
		T(the_secondary_controller_cascades_to_31),
		T(inputs_21_to_30_can_pass_the_secondary_controller),
		T(reset_closes_everything),
	};

	return cmocka_run_group_tests_name("pl190", tests, NULL, NULL);
}
