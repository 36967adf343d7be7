/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A board's description: that the VM it describes can be assembled and cannot reach what is the
 * VMM's, and that interrupts get from where they arise to the CPU. Built once for each board.
 */
#include "tests/host/device_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "board/board.h"
#include "board/boot_boards.h"
#include "devemu/ast2400_vic.h"
#include "devemu/icp_cm_regs.h"
#include "domain/vm_mem.h"
#include "vmm/lib/bits.h"

#define PAGE 0xfffu

/* Of a controller; those with more than 32 have a second bank. */
#define INPUTS_MAX 64

static struct device *devices;
static bool cpu_level[2 * VM_CPU_SOURCES];

static struct device *sink_device(unsigned sink)
{
	for (unsigned n = 0; n < board.window_count; n++) {
		if (sink != VM_SINK_NONE && board.windows[n].is == sink)
			return &devices[n];
	}
	return NULL;
}

static void cpu_input(void *sink, unsigned input, bool level)
{
	assert_true(input < ARRAY_SIZE(cpu_level));
	cpu_level[input] = level;
}

static uint32_t no_read(const struct reg_passthrough *backend, uint32_t offset)
{
	return 0;
}

static void no_write(const struct reg_passthrough *backend, uint32_t offset, uint32_t value)
{
}

static void no_put(const struct uart_backend *backend, uint8_t byte)
{
}

static void no_refresh(const struct irq_refresh *backend)
{
}

static const struct reg_passthrough regs = { no_read, no_write };
static const struct uart_backend console = { .put = no_put };
static const struct irq_refresh refresh = { no_refresh, 1 };
static const struct system_backend system_backend = { &bench_power, NULL, 64 * MIB, NULL };
static const struct system_backend system_board = { &bench_power, &regs, 64 * MIB, NULL };

static const void *backend_of(const struct board_window *window)
{
	switch (window->backend) {
	case VM_BACKEND_CONSOLE:
		return &console;
	case VM_BACKEND_IRQ:
		return &refresh;
	case VM_BACKEND_SYSTEM:
		return &system_backend;
	case VM_BACKEND_SYSTEM_BOARD:
		return &system_board;
	default:
		return NULL;
	}
}

/* The VM, as vmm/ puts it together. */
static int setup(void **state)
{
	devices = calloc(board.window_count, sizeof(*devices));
	for (unsigned n = 0; n < board.window_count; n++) {
		const struct board_window *window = &board.windows[n];
		struct device *dev = &devices[n];

		if (!window->ops)
			continue;
		dev->ops = window->ops;
		dev->params = window->params;
		dev->backend = backend_of(window);
		dev->clock = &bench_clock;
		dev->state = calloc(1, window->ops->state_size + 1);
		for (unsigned w = 0; w < DEVICE_WIRES_MAX; w++) {
			const struct vm_wire *wire = &window->wire[w];

			if (wire->sink == VM_SINK_CPU)
				dev->irq[w] = (struct irq_line){ cpu_input, NULL, wire->input };
			else if (wire->sink != VM_SINK_NONE)
				dev->irq[w] =
					(struct irq_line){ device_input, sink_device(wire->sink),
							   wire->input };
		}
	}
	for (unsigned n = 0; n < board.window_count; n++) {
		if (devices[n].ops)
			devices[n].ops->reset(&devices[n]);
	}
	return 0;
}

static int teardown(void **state)
{
	for (unsigned n = 0; n < board.window_count; n++)
		free(devices[n].state);
	free(devices);
	return 0;
}

static void the_windows_make_a_memory_map(void **state)
{
	static struct vm_mem mem;
	const struct mem_region ram = { .base = board.ram.base.raw,
					.size = 64 * MIB,
					.kind = MEM_RAM };

	mem.count = 0;
	assert_int_equal(vm_mem_add(&mem, &ram), STATUS_OK);
	for (unsigned n = 0; n < board.window_count; n++) {
		const struct board_window *window = &board.windows[n];
		const struct mem_region region = {
			.base = window->base,
			.size = window->size,
			.kind = window->kind,
			.hpa = hpa(window->base),
			.device = &devices[n],
		};

		assert_int_equal(vm_mem_add(&mem, &region), STATUS_OK);
		assert_ptr_equal(vm_mem_find(&mem, gpa(window->base + window->size - 1))->device,
				 &devices[n]);
		if (n)
			assert_true(board.windows[n - 1].base < window->base);
	}
}

static void every_window_is_complete(void **state)
{
	unsigned consoles = 0;

	for (unsigned n = 0; n < board.window_count; n++) {
		const struct board_window *window = &board.windows[n];

		assert_non_null(window->name);
		if (window->kind == MEM_DIRECT) {
			assert_null(window->ops);
			assert_int_equal(window->backend, VM_BACKEND_NONE);
			continue;
		}
		assert_true(window->kind == MEM_EMULATED || window->kind == MEM_READ_DIRECT);
		assert_non_null(window->ops);
		assert_non_null(window->ops->reset);
		assert_non_null(window->ops->read);
		assert_non_null(window->ops->write);
		if (window->is != VM_SINK_NONE)
			assert_non_null(window->ops->set_input);
		consoles += window->backend == VM_BACKEND_CONSOLE;
	}
	assert_int_equal(consoles, 1);
	assert_non_null(sink_device(VM_SINK_PRIMARY));
}

/* Wires and physical lines: each ends at an input of its own, at a controller that is there. */
static void no_two_sources_share_an_input(void **state)
{
	bool used[VM_SINK_COUNT][INPUTS_MAX] = { 0 };

	for (unsigned n = 0; n < board.window_count; n++) {
		for (unsigned w = 0; w < DEVICE_WIRES_MAX; w++) {
			const struct vm_wire *wire = &board.windows[n].wire[w];

			if (wire->sink == VM_SINK_NONE)
				continue;
			assert_true(wire->sink < VM_SINK_COUNT && wire->input < INPUTS_MAX);
			if (wire->sink != VM_SINK_CPU)
				assert_non_null(sink_device(wire->sink));
			else
				assert_true(wire->input < 2 * VM_CPU_SOURCES);
			assert_false(used[wire->sink][wire->input]);
			/* Wire 1 of the Versatile's secondary controller is the bundle 21 to 30. */
			if (!(board.windows[n].is == VM_SINK_SECONDARY && w == 1))
				used[wire->sink][wire->input] = true;
		}
	}
	for (unsigned n = 0; n < board.irq_count; n++) {
		const struct board_irq *line = &board.irqs[n];

		assert_true(line->sink > VM_SINK_CPU && line->sink < VM_SINK_COUNT);
		assert_non_null(sink_device(line->sink));
		assert_true(line->input < INPUTS_MAX);
		assert_false(used[line->sink][line->input]);
		used[line->sink][line->input] = true;
		/* The VM sees a line where the board has it. */
		if (line->sink != VM_SINK_CARD)
			assert_int_equal(line->irq,
					 line->input + (line->sink == VM_SINK_PRIMARY ? 0 : 32));
		assert_int_not_equal(line->irq, board.console.irq);
		assert_int_not_equal(line->irq, board.timer.irq);
	}
}

static bool is_writable(uint32_t address)
{
	for (unsigned n = 0; n < board.window_count; n++) {
		const struct board_window *window = &board.windows[n];

		if (address - window->base < window->size)
			return window->kind == MEM_DIRECT;
	}
	return false;
}

static void the_vmms_own_devices_and_the_reset_are_out_of_reach(void **state)
{
	assert_false(is_writable(board.console.base.raw));
	assert_false(is_writable(board.timer.base.raw));
	assert_false(is_writable(board.irqchip[0].raw));
	assert_false(is_writable(board.irqchip[1].raw));
	assert_false(is_writable(board.counter.raw));
	for (unsigned n = 0; n < BOARD_RESETS_MAX; n++)
		assert_false(is_writable(board.reset[n].raw));
	for (unsigned n = 0; n < BOARD_SILENCE_MAX && board.silence[n].value; n++)
		assert_false(is_writable(board.silence[n].address.raw));
	/* RAM of the board, and the Integrator's second view of it. */
	for (uint32_t a = 0; a < board.ram.size; a += 4 * KIB) {
		assert_false(is_writable(board.ram.base.raw + a));
		assert_false(is_writable(0x80000000u + a));
	}
}

static void bus_masters_are_out_of_reach(void **state)
{
	static const uint32_t masters[] = {
		0x10000000, 0x11000000, 0x12000000, 0x13000000, /* core module, system, EBI, timers */
		0xc0000000, 0xcb000000,                         /* LCD, CP control */
		0x10001000, 0x10020000, 0x10100000, 0x10110000, /* PCI, USB, memory controllers */
		0x10120000, 0x10130000, 0x101e0000, 0x101e1000, /* LCD, DMA, system, watchdog */
		0x41000000, 0x42000000, 0x43000000, 0x44000000, 0x50000000, 0x60000000, /* PCI */
		0x1e600000, 0x1e620000, 0x1e660000, 0x1e680000, /* AHB, flash with DMA, Ethernet */
		0x1e6a0000, 0x1e6a1000, 0x1e6b0000, 0x1e6e0000, /* USB, SDRAM */
		0x1e6e2000, 0x1e6e3000, 0x1e6e6000, 0x1e6e7000, /* SCU, HACE, graphics, X-DMA */
		0x1e6e8000, 0x1e700000, 0x1e740000, 0x1e760000, /* MCTP, video, SD, 2D */
		0x1e785000, 0x1e789000,                         /* watchdog, LPC */
	};

	for (unsigned n = 0; n < ARRAY_SIZE(masters); n++) {
		for (uint32_t a = 0; a < 4 * KIB; a += 4)
			assert_false(is_writable(masters[n] + a));
	}
}

static bool has_banks(const struct device *pic)
{
	return pic->ops == &ast2400_vic_ops;
}

/** Enables input @p input with the registers of whichever controller this is. */
static void enable(struct device *pic, unsigned input)
{
	/* PL190: INTENABLE. The other two kinds of one bank: ENABLESET. */
	if (has_banks(pic))
		wr(pic, AST2400_VIC_ENABLE + input / 32 * 4, 1u << input % 32);
	else
		wr(pic, pic->ops->name[0] == 'p' ? 0x010 : 0x008, 1u << input);
}

static uint32_t status(struct device *pic, unsigned irq)
{
	/* All kinds of one bank: IRQSTATUS, IRQ_STATUS. */
	return rd(pic, has_banks(pic) ? AST2400_VIC_IRQ_STATUS + irq / 32 * 4 : 0x000);
}

/** How many inputs the controller @p sink has. */
static unsigned inputs_of(unsigned sink)
{
	return !sink_device(sink) ? 0 : has_banks(sink_device(sink)) ? 51 : 32;
}

/** The primary controller's input for the secondary one, as both device trees have it. */
static uint32_t cascade(void)
{
	return board.machine_id == MACHINE_ID_integratorcp ? 1u << 26 : 1u << 31;
}

static void every_physical_line_reaches_the_cpu(void **state)
{
	/* The secondary controller's way up. */
	for (unsigned w = 0; w < inputs_of(VM_SINK_PRIMARY); w++)
		enable(sink_device(VM_SINK_PRIMARY), w);
	for (unsigned n = 0; n < board.irq_count; n++) {
		const struct board_irq *line = &board.irqs[n];
		const bool is_cascaded = line->irq >= 32 && sink_device(VM_SINK_SECONDARY);
		struct device *sink = sink_device(line->sink);
		struct device *pic = sink_device(is_cascaded ? VM_SINK_SECONDARY : VM_SINK_PRIMARY);
		const unsigned input = is_cascaded ? line->irq % 32u : line->irq;
		const uint32_t bit_of = 1u << input % 32;

		assert_false(cpu_level[VM_CPU_IRQ(0)]);
		enable(pic, input);
		sink->ops->set_input(sink, line->input, true);
		assert_true(cpu_level[VM_CPU_IRQ(0)]);
		if (is_cascaded)
			assert_int_equal(status(sink_device(VM_SINK_PRIMARY), 0), cascade());
		assert_int_equal(status(pic, input), bit_of);
		sink->ops->set_input(sink, line->input, false);
		/* A latched one ends when the guest says so. */
		if (line->sink == VM_SINK_CARD)
			wr(sink, ICP_CP_INTREG, ICP_CP_INTREG_CARDIN);
	}
	assert_false(cpu_level[VM_CPU_IRQ(0)]);
}

static void a_reset_leaves_every_wire_low_in_any_order(void **state)
{
	/* All inputs high and all outputs with them, then a reset in one order and in the other. */
	for (unsigned pass = 0; pass < 2; pass++) {
		for (unsigned sink = VM_SINK_PRIMARY; sink <= VM_SINK_SECONDARY; sink++) {
			for (unsigned n = 0; n < inputs_of(sink); n++) {
				enable(sink_device(sink), n);
				sink_device(sink)->ops->set_input(sink_device(sink), n, true);
			}
		}
		assert_true(cpu_level[VM_CPU_IRQ(0)]);
		for (unsigned n = 0; n < board.window_count; n++) {
			struct device *dev = &devices[pass ? board.window_count - 1 - n : n];

			if (dev->ops)
				dev->ops->reset(dev);
		}
		for (unsigned n = 0; n < board.window_count; n++) {
			for (unsigned w = 0; w < DEVICE_WIRES_MAX; w++)
				assert_false(devices[n].irq_level[w]);
		}
		for (unsigned n = 0; n < ARRAY_SIZE(cpu_level); n++)
			assert_false(cpu_level[n]);
		for (unsigned sink = VM_SINK_PRIMARY; sink <= VM_SINK_SECONDARY; sink++) {
			for (unsigned n = 0; n < inputs_of(sink); n++)
				enable(sink_device(sink), n);
		}
		assert_false(cpu_level[VM_CPU_IRQ(0)]);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct board_window *row_named(const char *name)
{
	for (unsigned n = 0; n < board.window_count; n++)
		if (strcmp(board.windows[n].name, name) == 0)
			return &board.windows[n];
	return NULL;
}

static void names_of_rows_are_unique_and_lines_name_one(void **state)
{
	for (unsigned n = 0; n < board.window_count; n++)
		assert_ptr_equal(&board.windows[n], row_named(board.windows[n].name));
	for (unsigned n = 0; n < board.irq_count; n++)
		assert_non_null(row_named(board.irqs[n].window));
}

static void virtio_devices_have_inputs_and_addresses_of_their_own(void **state)
{
	uint32_t used = 0;

	for (unsigned n = 0; n < board.window_count; n++) {
		const struct board_window *const row = &board.windows[n];

		assert_true(row->base + (row->size - 1) < VM_VIRTIO_BASE ||
			    row->base >= VM_VIRTIO_BASE + VM_VIRTIO_MAX * VM_VIRTIO_SIZE);
		for (unsigned i = 0; i < DEVICE_WIRES_MAX; i++)
			if (row->wire[i].sink == VM_SINK_PRIMARY && row->wire[i].input < 32)
				used |= BIT(row->wire[i].input);
	}
	for (unsigned n = 0; n < VM_VIRTIO_MAX; n++) {
		assert_true(board.virtio_input[n] < 32);
		assert_false(used & BIT(board.virtio_input[n]));
		used |= BIT(board.virtio_input[n]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_windows_make_a_memory_map),
		T(every_window_is_complete),
		T(no_two_sources_share_an_input),
		T(the_vmms_own_devices_and_the_reset_are_out_of_reach),
		T(bus_masters_are_out_of_reach),
		T(every_physical_line_reaches_the_cpu),
		T(a_reset_leaves_every_wire_low_in_any_order),
		cmocka_unit_test(names_of_rows_are_unique_and_lines_name_one),
		cmocka_unit_test(virtio_devices_have_inputs_and_addresses_of_their_own),
	};

	return cmocka_run_group_tests_name("board", tests, NULL, NULL);
}
