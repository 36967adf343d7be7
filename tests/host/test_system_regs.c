/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registers through which a guest could reach the board itself - reset, remap, clocks, flash
 * protection, watchdog, bus masters - and what they do instead.
 */
#include "tests/host/device_fixture.h"

#include "devemu/hako_power.h"
#include "devemu/icp_cm.h"
#include "devemu/icp_cm_regs.h"
#include "devemu/icp_cpregs.h"
#include "devemu/icp_pic_regs.h"
#include "devemu/inert.h"
#include "devemu/sp805.h"
#include "devemu/sp810.h"
#include "devemu/vpb_sysregs.h"
#include "devemu/vpb_sysregs_regs.h"
#include "vmm/lib/bits.h"

static struct device dev;

/* The board: what it shows, and what was written to it. */
static uint32_t board_value;
static struct {
	uint32_t offset, value;
} board_writes[64];
static unsigned board_write_count;

static uint32_t board_read(const struct reg_passthrough *backend, uint32_t offset)
{
	return board_value;
}

static void board_write(const struct reg_passthrough *backend, uint32_t offset, uint32_t value)
{
	board_writes[board_write_count % 64].offset = offset;
	board_writes[board_write_count % 64].value = value;
	board_write_count++;
}

static unsigned colours;

static void show_colours(const struct screen_backend *screen, unsigned order)
{
	colours = order;
}

static const struct screen_backend screen = { .colours = show_colours };
static const struct reg_passthrough board_regs = { board_read, board_write };
static struct system_backend backend = {
	.power = &bench_power,
	.board = &board_regs,
	.ram_size = 96 * MIB,
	.screen = &screen,
};

static int setup(void **state)
{
	board_value = 0;
	return 0;
}

static int teardown(void **state)
{
	bench_fini(&dev);
	return 0;
}

static void start(const struct device_ops *ops)
{
	bench_init(&dev, ops, &backend);
	board_write_count = 0;
}

static void the_core_module_looks_like_one(void **state)
{
	start(&icp_cm_ops);
	assert_int_equal(rd(&dev, ICP_CM_ID), 0x411a3001);
	assert_int_equal(rd(&dev, ICP_CM_PROC), 0);
	assert_int_equal(rd(&dev, ICP_CM_OSC), 0x01000048);
	assert_int_equal(rd(&dev, ICP_CM_STAT), 0x00100000);
	assert_int_equal(rd(&dev, ICP_CM_AUXOSC), 0x0007feff);
	assert_int_equal(rd(&dev, ICP_CM_INIT), 0x112);
	/* 96 MiB: at least 64, in both places that tell the size */
	assert_int_equal(rd(&dev, ICP_CM_SDRAM), 0x0001112a);
	assert_int_equal(mmio_read(&dev, ICP_CM_SPD + 31, 1), 16);
	assert_int_equal(mmio_read(&dev, ICP_CM_SPD + 3, 1), 11);
	assert_int_equal(rd(&dev, ICP_CM_SPD), 0x0b040880);
	assert_int_equal(rd(&dev, ICP_CM_SPD_END - 4), 0);
	assert_int_equal(dev.guest_errors, 0);
}

/* What a guest's driver says of the display is told to who shows it, whatever else is in that register. */
static void what_is_behind_the_lcd_controller(void **state)
{
	static const uint32_t cm[][2] = { { 0x0003f800, 0 }, { 0x0003e000, 1 }, { 0x00000800, 0 },
					  { 0x00002001, 1 }, { 0, 0 },          { 0x00002000, 1 } };

	start(&icp_cm_ops);
	for (unsigned i = 0; i < ARRAY_SIZE(cm); i++) {
		wr(&dev, ICP_CM_CTRL, cm[i][0]);
		assert_int_equal(colours, cm[i][1]);
		assert_int_equal(rd(&dev, ICP_CM_CTRL), cm[i][0]);
	}
	icp_cm_ops.reset(&dev);
	assert_int_equal(colours, 0);
	bench_fini(&dev);
	start(&vpb_sysregs_ops);
	for (unsigned i = 0; i < 8; i++) {
		wr(&dev, VPB_SYS_CLCD, 0x14 | i);
		assert_int_equal(colours, i & 3);
		assert_int_equal(rd(&dev, VPB_SYS_CLCD), 0x1f14 | i);
	}
	vpb_sysregs_ops.reset(&dev);
	assert_int_equal(colours, 0);
	assert_int_equal(board_write_count, 3); /* of the reset: nothing of it on the board */
}

static void the_size_of_ram_is_rounded_down(void **state)
{
	static const struct {
		uint32_t mib, sdram, density;
	} sizes[] = {
		{ 0, 0x00011122, 1 },    { 16, 0x00011122, 4 },   { 31, 0x00011122, 4 },
		{ 32, 0x00011126, 8 },   { 64, 0x0001112a, 16 },  { 127, 0x0001112a, 16 },
		{ 128, 0x0001112e, 32 }, { 256, 0x00011132, 64 },
	};

	for (unsigned n = 0; n < ARRAY_SIZE(sizes); n++) {
		struct system_backend other = backend;

		other.ram_size = sizes[n].mib * MIB;
		bench_init(&dev, &icp_cm_ops, &other);
		assert_int_equal(rd(&dev, ICP_CM_SDRAM), sizes[n].sdram);
		assert_int_equal(mmio_read(&dev, ICP_CM_SPD + 31, 1), sizes[n].density);
		if (n + 1 < ARRAY_SIZE(sizes))
			bench_fini(&dev);
	}
}

static void the_core_modules_reset_resets_the_vm(void **state)
{
	start(&icp_cm_ops);
	wr(&dev, ICP_CM_CTRL, ICP_CM_CTRL_LED | ICP_CM_CTRL_REMAP);
	assert_int_equal(rd(&dev, ICP_CM_CTRL), ICP_CM_CTRL_LED | ICP_CM_CTRL_REMAP);
	assert_int_equal(power_resets, 0);
	/* As Linux does: unlock, read, set the bit. */
	wr(&dev, ICP_CM_LOCK, ICP_CM_LOCK_KEY);
	wr(&dev, ICP_CM_CTRL, rd(&dev, ICP_CM_CTRL) | ICP_CM_CTRL_RESET);
	assert_int_equal(power_resets, 1);
	assert_int_equal(rd(&dev, ICP_CM_CTRL) & ICP_CM_CTRL_RESET, 0);
	assert_int_equal(board_write_count, 0);
}

static void oscillators_are_locked(void **state)
{
	start(&icp_cm_ops);
	wr(&dev, ICP_CM_OSC, 0x1234);
	wr(&dev, ICP_CM_AUXOSC, 0x1234);
	assert_int_equal(rd(&dev, ICP_CM_OSC), 0x01000048);
	wr(&dev, ICP_CM_LOCK, 0xa05e);
	assert_int_equal(rd(&dev, ICP_CM_LOCK), 0xa05e);
	wr(&dev, ICP_CM_LOCK, 0xffffa05f);
	assert_int_equal(rd(&dev, ICP_CM_LOCK), 0x1a05f);
	wr(&dev, ICP_CM_OSC, 0x1234);
	wr(&dev, ICP_CM_AUXOSC, 0x5678);
	assert_int_equal(rd(&dev, ICP_CM_OSC), 0x1234);
	assert_int_equal(rd(&dev, ICP_CM_AUXOSC), 0x5678);
	assert_int_equal(board_write_count, 0);
}

static void the_reference_counter_is_guest_time(void **state)
{
	start(&icp_cm_ops);
	bench_now = 0x123456789abcull;
	assert_int_equal(rd(&dev, ICP_CM_REFCNT), 0x56789abc);
}

static void nonvolatile_flags_survive_a_reset(void **state)
{
	start(&icp_cm_ops);
	wr(&dev, ICP_CM_FLAGS, 0xff);
	wr(&dev, ICP_CM_FLAGSCLR, 0x0f);
	wr(&dev, ICP_CM_NVFLAGS, 0xff00);
	wr(&dev, ICP_CM_NVFLAGSCLR, 0x0f00);
	assert_int_equal(rd(&dev, ICP_CM_FLAGS), 0xf0);
	dev.ops->reset(&dev);
	assert_int_equal(rd(&dev, ICP_CM_FLAGS), 0);
	assert_int_equal(rd(&dev, ICP_CM_NVFLAGS), 0xf000);
}

static void the_core_module_has_an_interrupt_controller(void **state)
{
	start(&icp_cm_ops);
	wr(&dev, ICP_CM_IC + ICP_PIC_IRQ_ENABLESET, 7);
	dev.ops->set_input(&dev, 2, true);
	assert_true(wire_level[ICP_CM_WIRE_IRQ]);
	assert_int_equal(rd(&dev, ICP_CM_IC + ICP_PIC_IRQ_STATUS), 4);
	dev.ops->set_input(&dev, 2, false);
	wr(&dev, ICP_CM_IC + ICP_PIC_FIQ_ENABLESET, 1);
	wr(&dev, ICP_CM_IC + ICP_PIC_INT_SOFTSET, 1);
	assert_true(wire_level[ICP_CM_WIRE_FIQ]);
	dev.ops->reset(&dev);
	assert_false(wire_level[ICP_CM_WIRE_IRQ] || wire_level[ICP_CM_WIRE_FIQ]);
}

static void the_sd_card_of_the_integrator_is_the_boards(void **state)
{
	start(&icp_cpregs_ops);
	assert_int_equal(rd(&dev, ICP_CP_IDFIELD), 0x41034003);
	assert_int_equal(rd(&dev, ICP_CP_DECODE), 0x11);
	board_value = 0xffffffff;
	assert_int_equal(rd(&dev, ICP_CP_INTREG), 0x7);
	board_value = 0;
	dev.ops->set_input(&dev, 0, true);
	assert_true(wire_level[0]);
	assert_int_equal(rd(&dev, ICP_CP_INTREG), 0x8);
	/* The board's line ends with its latch; the VM's latch is the guest's to clear. */
	dev.ops->set_input(&dev, 0, false);
	assert_true(wire_level[0]);
	wr(&dev, ICP_CP_INTREG, 0xfffffff7);
	assert_true(wire_level[0]);
	assert_int_equal(board_writes[0].value, 0x6);
	wr(&dev, ICP_CP_INTREG, 0xffffffff);
	assert_false(wire_level[0]);
	assert_int_equal(board_write_count, 2);
	assert_int_equal(board_writes[1].offset, ICP_CP_INTREG);
	assert_int_equal(board_writes[1].value, 0xe);
}

static void a_card_in_the_slot_is_reported_again_after_a_reset(void **state)
{
	start(&icp_cpregs_ops);
	/* No card: nothing to report. */
	dev.ops->reset(&dev);
	bench_run(&dev, 24000000);
	assert_false(wire_level[0]);

	dev.ops->set_input(&dev, 0, true);
	dev.ops->set_input(&dev, 0, false);
	wr(&dev, ICP_CP_INTREG, 8);
	for (unsigned n = 0; n < 3; n++) {
		bench_now = 0; /* as the VM's time does */
		dev.ops->reset(&dev);
		assert_false(wire_level[0]);
		bench_run(&dev, 24000);
		assert_true(wire_level[0]);
		assert_int_equal(rd(&dev, ICP_CP_INTREG), 8);
		wr(&dev, ICP_CP_INTREG, 8);
		assert_false(wire_level[0]);
		bench_run(&dev, 24000000);
		assert_false(wire_level[0]);
	}
}

static void flash_stays_protected_on_the_board(void **state)
{
	start(&icp_cpregs_ops);
	wr(&dev, ICP_CP_FLASHPROG, 0xffffffff);
	assert_int_equal(rd(&dev, ICP_CP_FLASHPROG), 3);
	assert_int_equal(board_write_count, 0);
	bench_fini(&dev);

	start(&vpb_sysregs_ops);
	wr(&dev, VPB_SYS_LOCK, VPB_SYS_LOCK_KEY);
	board_write_count = 0;
	wr(&dev, VPB_SYS_FLASH, 0xffffffff);
	assert_int_equal(rd(&dev, VPB_SYS_FLASH), 1);
	assert_int_equal(board_write_count, 0);
}

static void the_versatiles_registers_look_like_them(void **state)
{
	start(&vpb_sysregs_ops);
	assert_int_equal(rd(&dev, VPB_SYS_ID), 0x41007004);
	assert_int_equal(rd(&dev, VPB_SYS_PROCID0), 0x02000000);
	assert_int_equal(rd(&dev, VPB_SYS_CLCD), 0x1f00);
	assert_int_equal(rd(&dev, VPB_SYS_PCICTL), 0);
	wr(&dev, VPB_SYS_CLCD, 0xffffffff);
	assert_int_equal(rd(&dev, VPB_SYS_CLCD), 0xffffdfff);
	board_value = 0x3;
	assert_int_equal(rd(&dev, VPB_SYS_MCI), 3);
	assert_int_equal(rd(&dev, VPB_SYS_SW), 3);
	bench_now = 24000000ull * 5000;
	assert_int_equal(rd(&dev, VPB_SYS_24MHZ), (uint32_t)bench_now);
	assert_int_equal(rd(&dev, VPB_SYS_100HZ), 500000);
}

static void the_versatile_resets_when_unlocked(void **state)
{
	start(&vpb_sysregs_ops);
	wr(&dev, VPB_SYS_RESETCTL, 0x105);
	assert_int_equal(power_resets, 0);
	assert_int_equal(rd(&dev, VPB_SYS_RESETCTL), 0);
	wr(&dev, VPB_SYS_LOCK, VPB_SYS_LOCK_KEY);
	wr(&dev, VPB_SYS_RESETCTL, 0x005);
	assert_int_equal(power_resets, 0);
	wr(&dev, VPB_SYS_RESETCTL, 0x105);
	assert_int_equal(power_resets, 1);
	wr(&dev, VPB_SYS_LOCK, 0);
	wr(&dev, VPB_SYS_RESETCTL, 0x105);
	assert_int_equal(power_resets, 1);
}

static void only_harmless_registers_of_the_versatile_are_written_through(void **state)
{
	start(&vpb_sysregs_ops);
	for (unsigned pass = 0; pass < 2; pass++) {
		for (uint32_t offset = 0; offset < 0x1000; offset += 4) {
			if (offset == VPB_SYS_LOCK)
				continue;
			board_write_count = 0;
			wr(&dev, offset, 0xffffffff);
			if (offset == VPB_SYS_LED ||
			    (offset >= VPB_SYS_FLAGS && offset <= VPB_SYS_NVFLAGSCLR)) {
				assert_int_equal(board_write_count, 1);
				assert_int_equal(board_writes[0].offset, offset);
			} else {
				assert_int_equal(board_write_count, 0);
			}
		}
		wr(&dev, VPB_SYS_LOCK, VPB_SYS_LOCK_KEY);
	}
	board_write_count = 0;
	dev.ops->reset(&dev);
	for (unsigned n = 0; n < board_write_count; n++)
		assert_true(board_writes[n].offset == VPB_SYS_LED ||
			    board_writes[n].offset == VPB_SYS_LOCK ||
			    board_writes[n].offset == VPB_SYS_FLAGSCLR);
}

static void the_system_controller_resets_the_vm(void **state)
{
	start(&sp810_ops);
	assert_int_equal(rd(&dev, 0), 0x9);
	/* Linux on the Versatile: 1 MHz for all timers */
	wr(&dev, 0, rd(&dev, 0) | 0x2a8000);
	assert_int_equal(rd(&dev, 0), 0x2a8009);
	wr(&dev, 0, 0x4);
	assert_int_equal(rd(&dev, 0), 0x24);
	assert_int_equal(power_resets, 0);
	wr(&dev, 4, 0);
	assert_int_equal(power_resets, 1);
	assert_int_equal(rd(&dev, 0xfe0) | rd(&dev, 0xfe4) << 8, 0x1810);
}

static void the_watchdog_interrupts_then_resets_the_vm(void **state)
{
	start(&sp805_ops);
	wr(&dev, 0x000, 24000000);
	wr(&dev, 0x008, 3);
	bench_run(&dev, 23999999);
	assert_false(wire_level[0]);
	assert_int_equal(rd(&dev, 0x004), 1);
	bench_run(&dev, 1);
	assert_true(wire_level[0]);
	assert_int_equal(rd(&dev, 0x010), 1);
	assert_int_equal(power_resets, 0);
	bench_run(&dev, 23999999);
	assert_int_equal(power_resets, 0);
	bench_run(&dev, 1);
	assert_int_equal(power_resets, 1);
	bench_run(&dev, 240000000);
	assert_int_equal(power_resets, 1);
}

static void a_watchdog_that_is_fed_stays_quiet(void **state)
{
	start(&sp805_ops);
	wr(&dev, 0x000, 1000);
	wr(&dev, 0x008, 3);
	for (unsigned n = 0; n < 100; n++) {
		bench_run(&dev, 1500);
		assert_true(wire_level[0]);
		wr(&dev, 0x00c, 1);
		assert_false(wire_level[0]);
		assert_int_equal(rd(&dev, 0x004), 1000);
	}
	assert_int_equal(power_resets, 0);
	/* Without the reset enabled, it interrupts and goes on. */
	wr(&dev, 0x008, 1);
	bench_run(&dev, 1000 * 1000 + 1);
	assert_true(wire_level[0]);
	assert_int_equal(rd(&dev, 0x004), 999);
	assert_int_equal(power_resets, 0);
	/* Off: no interrupt, and the counter stands. */
	wr(&dev, 0x008, 0);
	assert_false(wire_level[0]);
	bench_run(&dev, 5000);
	assert_int_equal(rd(&dev, 0x004), 999);
	assert_int_equal(bench_deadline, CLOCK_NEVER);
}

static void the_watchdog_can_be_locked(void **state)
{
	start(&sp805_ops);
	assert_int_equal(rd(&dev, 0xc00), 0);
	wr(&dev, 0xc00, 0);
	assert_int_equal(rd(&dev, 0xc00), 1);
	wr(&dev, 0x000, 5);
	wr(&dev, 0x008, 3);
	assert_int_equal(rd(&dev, 0x000), 0xffffffff);
	assert_int_equal(rd(&dev, 0x008), 0);
	wr(&dev, 0xc00, 0x1acce551);
	wr(&dev, 0x008, 3);
	assert_int_equal(rd(&dev, 0x008), 3);
}

static void a_bus_master_does_nothing_but_can_be_found(void **state)
{
	static const struct inert_params params = { { 1, 2, 3, 4, 0x0d, 0xf0, 0x05, 0xb1 } };

	start(&inert_ops);
	for (uint32_t offset = 0; offset < 0x1000; offset += 4) {
		wr(&dev, offset, 0xffffffff);
		assert_int_equal(rd(&dev, offset), 0);
	}
	assert_int_equal(dev.guest_errors, 0x1000 / 4);
	dev.params = &params;
	for (uint32_t offset = 0; offset < 0x1000; offset += 4)
		assert_int_equal(rd(&dev, offset),
				 offset < 0xfe0 ? 0 : params.id[(offset - 0xfe0) / 4]);
}

static void the_power_register_needs_its_word(void **state)
{
	start(&hako_power_ops);
	wr(&dev, 0, 0);
	wr(&dev, 0, 1);
	wr(&dev, 4, HAKO_POWER_OFF);
	mmio_write(&dev, 0, HAKO_POWER_OFF, 2);
	assert_int_equal(power_offs, 0);
	assert_int_equal(rd(&dev, 0), 0);
	wr(&dev, 0, HAKO_POWER_OFF);
	assert_int_equal(power_offs, 1);
}

static void models_do_without_a_back_end(void **state)
{
	static const struct device_ops *const all[] = {
		&icp_cm_ops, &icp_cpregs_ops, &vpb_sysregs_ops,
		&sp805_ops,  &sp810_ops,      &hako_power_ops,
	};

	for (unsigned n = 0; n < ARRAY_SIZE(all); n++) {
		if (n)
			bench_fini(&dev);
		bench_init(&dev, all[n], NULL);
		for (uint32_t offset = 0; offset < 0x1000; offset += 4) {
			wr(&dev, 0x20, VPB_SYS_LOCK_KEY);
			wr(&dev, offset, 0xffffffff);
			rd(&dev, offset);
		}
		bench_run(&dev, 24000000);
	}
	assert_int_equal(power_resets, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_core_module_looks_like_one),
		T(what_is_behind_the_lcd_controller),
		T(the_size_of_ram_is_rounded_down),
		T(the_core_modules_reset_resets_the_vm),
		T(oscillators_are_locked),
		T(the_reference_counter_is_guest_time),
		T(nonvolatile_flags_survive_a_reset),
		T(the_core_module_has_an_interrupt_controller),
		T(the_sd_card_of_the_integrator_is_the_boards),
		T(a_card_in_the_slot_is_reported_again_after_a_reset),
		T(flash_stays_protected_on_the_board),
		T(the_versatiles_registers_look_like_them),
		T(the_versatile_resets_when_unlocked),
		T(only_harmless_registers_of_the_versatile_are_written_through),
		T(the_system_controller_resets_the_vm),
		T(the_watchdog_interrupts_then_resets_the_vm),
		T(a_watchdog_that_is_fed_stays_quiet),
		T(the_watchdog_can_be_locked),
		T(a_bus_master_does_nothing_but_can_be_found),
		T(the_power_register_needs_its_word),
		T(models_do_without_a_back_end),
	};

	return cmocka_run_group_tests_name("system_regs", tests, NULL, NULL);
}
