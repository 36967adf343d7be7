/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hostile guest: random accesses of every size anywhere in every model's window, while time
 * passes, bytes arrive, inputs move and the VM is reset. The sanitizers watch memory and
 * arithmetic; invariants that hold at any time are checked after each step.
 */
#include "tests/host/device_fixture.h"

#include "devemu/ast2400_scu.h"
#include "devemu/ast2400_timer.h"
#include "devemu/ast2400_vic.h"
#include "devemu/ast2400_wdt.h"
#include "devemu/hako_power.h"
#include "devemu/icp_cm.h"
#include "devemu/icp_cpregs.h"
#include "devemu/icp_pic.h"
#include "devemu/icp_pic_regs.h"
#include "devemu/icp_timer.h"
#include "devemu/inert.h"
#include "devemu/ns16550.h"
#include "devemu/pl011.h"
#include "devemu/pl031.h"
#include "devemu/pl190.h"
#include "devemu/sp804.h"
#include "devemu/sp805.h"
#include "devemu/sp810.h"
#include "devemu/vpb_sic.h"
#include "devemu/vpb_sysregs.h"
#include "vmm/lib/bits.h"

#define STEPS 150000

static struct device dev;

static void line_put(const struct uart_backend *backend, uint8_t byte)
{
}

/* Physical lines that move while the guest looks. */
static void move_a_line(const struct irq_refresh *backend)
{
	dev.ops->set_input(&dev, bench_random() % 32, bench_random() & 1);
}

static uint32_t board_read(const struct reg_passthrough *backend, uint32_t offset)
{
	assert_true(offset < 0x1000 && offset % 4 == 0);
	return bench_random();
}

static void board_write(const struct reg_passthrough *backend, uint32_t offset, uint32_t value)
{
	assert_true(offset < 0x1000 && offset % 4 == 0);
}

static bool line_room(const struct uart_backend *backend)
{
	return bench_random() & 1;
}

static const struct uart_backend line = { line_put, line_room };
static const struct rtc_backend rtc = { 1763750000 };
static const struct irq_refresh refresh = { move_a_line, 1 };
static const struct reg_passthrough board_regs = { board_read, board_write };
static const struct system_backend system_backend = { &bench_power, &board_regs, 64 * MIB, NULL };

static void check_ns16550(void)
{
	const struct ns16550_state *s = dev.state;

	assert_true(s->count <= (s->fcr & NS16550_FCR_ENABLE ? 16 : 1));
	assert_true(s->head < 16);
	assert_int_equal(wire_level[0], ((s->ier & NS16550_IER_RX) && s->count) ||
						((s->ier & NS16550_IER_TX) && s->tx_pending));
}

/* What was due has been served, and somebody waits for the next. */
static void check_ast2400_timer(void)
{
	const struct ast2400_timer_state *s = dev.state;

	assert_int_equal(s->deadline, bench_deadline);
	assert_true(s->deadline == CLOCK_NEVER || s->deadline >= bench_now);
}

static void check_pl011(void)
{
	const struct pl011_state *s = dev.state;

	assert_true(s->count <= (s->lcr_h & PL011_LCR_H_FEN ? 16 : 1));
	assert_true(s->head < 16);
	assert_int_equal(wire_level[0], (s->ris & s->imsc) != 0);
	assert_int_equal(s->imsc & ~0x7ffu, 0);
}

static void check_icp_pic(void)
{
	const struct icp_pic_state *s = dev.state;

	assert_int_equal(wire_level[ICP_PIC_WIRE_IRQ], icp_ic_irq(&s->ic));
	assert_int_equal(wire_level[ICP_PIC_WIRE_FIQ], icp_ic_fiq(&s->ic));
}

static void check_icp_cm(void)
{
	const struct icp_cm_state *s = dev.state;

	assert_int_equal(wire_level[ICP_CM_WIRE_IRQ], icp_ic_irq(&s->ic));
	assert_int_equal(wire_level[ICP_CM_WIRE_FIQ], icp_ic_fiq(&s->ic));
}

static void check_pl190(void)
{
	const struct pl190_state *s = dev.state;
	const uint32_t raw = s->lines | s->soft;

	assert_true(s->level <= PL190_LEVEL_IDLE);
	assert_int_equal(s->in_service >> PL190_LEVEL_IDLE, 0);
	for (unsigned n = 0; n < s->level; n++)
		assert_false(s->in_service & BIT(n));
	assert_int_equal(wire_level[PL190_WIRE_IRQ],
			 (raw & s->enable & ~s->select & s->above[s->level]) != 0);
	assert_int_equal(wire_level[PL190_WIRE_FIQ], (raw & s->enable & s->select) != 0);
}

static void check_vpb_sic(void)
{
	const struct vpb_sic_state *s = dev.state;

	assert_int_equal(wire_level[VPB_SIC_WIRE_IRQ], ((s->lines | s->soft) & s->enable) != 0);
	assert_int_equal(s->passed, s->lines & s->pass);
	assert_int_equal(s->pass & ~0x7fe00000u, 0);
}

static void check_bank(const struct arm_timer_bank *bank)
{
	struct timer_anchor anchor = { 0 };

	for (unsigned n = 0; n < bank->count; n++) {
		const struct arm_timer *t = &bank->timer[n];

		/* A counter is never further from zero than its width. */
		if (t->running) {
			const uint64_t count =
				timer_rate_count(t->rate, &anchor, bench_now) >> t->shift;

			assert_true(t->control & 0x80);
			assert_true(t->zero_at <= count + (1ull << 32));
		}
		/* What will interrupt has a deadline. */
		if (t->running && (t->control & 0x20) && !t->ris)
			assert_true(bench_deadline != CLOCK_NEVER);
	}
}

static void check_icp_timer(void)
{
	const struct icp_timer_state *s = dev.state;

	check_bank(&s->bank);
	for (unsigned n = 0; n < ICP_TIMER_COUNT; n++)
		assert_int_equal(wire_level[n], arm_timer_irq(&s->bank.timer[n]));
}

static void check_sp804(void)
{
	const struct sp804_state *s = dev.state;

	check_bank(&s->bank);
	assert_int_equal(wire_level[0],
			 arm_timer_irq(&s->bank.timer[0]) || arm_timer_irq(&s->bank.timer[1]));
}

static void check_sp805(void)
{
	const struct sp805_state *s = dev.state;

	assert_int_equal(wire_level[0], s->ris && (s->control & 1));
	if (s->running)
		assert_true(s->zero_at <= bench_now + (1ull << 32));
}

static void check_pl031(void)
{
	const struct pl031_state *s = dev.state;

	assert_int_equal(wire_level[0], s->ris && s->imsc);
	if (s->alarm_at != CLOCK_NEVER)
		assert_true(s->alarm_at <= bench_now + (1ull << 32) * CLOCK_HZ);
}

static void check_icp_cpregs(void)
{
	const struct icp_cpregs_state *s = dev.state;

	assert_int_equal(wire_level[0], s->card_latch);
	assert_true(s->card_seen || !s->card_latch);
}

static void check_nothing(void)
{
}

static const struct {
	const struct device_ops *ops;
	const void *backend;
	void (*check)(void);
} models[] = {
	{ &pl011_ops, &line, check_pl011 },
	{ &pl031_ops, &rtc, check_pl031 },
	{ &icp_pic_ops, &refresh, check_icp_pic },
	{ &pl190_ops, &refresh, check_pl190 },
	{ &vpb_sic_ops, &refresh, check_vpb_sic },
	{ &icp_timer_ops, NULL, check_icp_timer },
	{ &sp804_ops, NULL, check_sp804 },
	{ &sp805_ops, &system_backend, check_sp805 },
	{ &sp810_ops, &system_backend, check_nothing },
	{ &icp_cm_ops, &system_backend, check_icp_cm },
	{ &icp_cpregs_ops, &system_backend, check_icp_cpregs },
	{ &vpb_sysregs_ops, &system_backend, check_nothing },
	{ &ns16550_ops, &line, check_ns16550 },
	{ &ast2400_vic_ops, &refresh, check_nothing },
	{ &ast2400_timer_ops, NULL, check_ast2400_timer },
	{ &ast2400_wdt_ops, &system_backend, check_nothing },
	{ &ast2400_scu_ops, &system_backend, check_nothing },
	{ &inert_ops, NULL, check_nothing },
	{ &hako_power_ops, &system_backend, check_nothing },
};

static void pass_bus(void *sink, unsigned input, bool level)
{
	assert_true(input >= 21 && input <= 30);
}

/* Mostly where the registers are; values that are small, single bits, or anything. */
static uint32_t random_offset(void)
{
	switch (bench_random() % 4) {
	case 0:
		return bench_random() % 0x1000;
	case 1:
		return bench_random() % 0x300;
	default:
		return bench_random() % 0x50;
	}
}

static uint32_t random_value(void)
{
	switch (bench_random() % 4) {
	case 0:
		return bench_random();
	case 1:
		return 1u << bench_random() % 32;
	case 2:
		return bench_random() % 256;
	default:
		return bench_random() & 1 ? 0xffffffff : 0xa05f;
	}
}

static void step(void)
{
	const unsigned size = 1u << bench_random() % 3;
	const uint32_t offset = random_offset();
	uint32_t value;

	switch (bench_random() % 16) {
	case 0:
		if (bench_random() % 2)
			bench_run(&dev, bench_random() % 5000);
		else /* timers that start again by themselves take a while */
			bench_run(&dev, dev.ops == &ast2400_timer_ops ? bench_random() % 100000
								      : bench_random());
		break;
	case 1:
		if (dev.ops == &pl011_ops) {
			const bool room = pl011_can_receive(&dev);

			assert_int_equal(pl011_receive(&dev, 'x'), room);
			pl011_transmit_again(&dev);
		} else if (dev.ops == &ns16550_ops) {
			const bool room = uart_model_can_receive(&dev);

			assert_int_equal(uart_model_receive(&dev, 'x'), room);
			uart_model_transmit_again(&dev);
		}
		break;
	case 2:
		if (dev.ops->set_input)
			dev.ops->set_input(&dev, bench_random() % 32, bench_random() & 1);
		break;
	case 3:
		if (bench_random() % 500 == 0)
			dev.ops->reset(&dev);
		break;
	case 4:
	case 5:
	case 6:
	case 7:
	case 8:
	case 9:
		value = mmio_read(&dev, offset, size);
		assert_true(size == 4 || value >> (8 * size) == 0);
		break;
	default:
		mmio_write(&dev, offset, random_value(), size);
		break;
	}
}

static void nothing_a_guest_does_breaks_a_model(void **state)
{
	for (unsigned m = 0; m < ARRAY_SIZE(models); m++) {
		for (uint32_t seed = 1; seed <= 3; seed++) {
			bench_seed(seed * 7919 + m);
			bench_init(&dev, models[m].ops, models[m].backend);
			if (models[m].ops == &vpb_sic_ops)
				dev.irq[VPB_SIC_WIRE_PASS] = (struct irq_line){ pass_bus, 0, 0 };
			if (models[m].ops == &ast2400_timer_ops)
				dev.irq[AST2400_TIMER_WIRE_OTHER] = (struct irq_line){ NULL, 0, 0 };
			for (unsigned n = 0; n < STEPS; n++) {
				step();
				models[m].check();
			}
			bench_fini(&dev);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_a_guest_does_breaks_a_model),
	};

	return cmocka_run_group_tests_name("devemu_fuzz", tests, NULL, NULL);
}
