/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every form of load and store against registers of devices that keep what is written: the LOAD
 * register of a timer for words, registers of the UART for bytes, halfwords and several words.
 * Bytes and halfwords use the register's own address only: what a device does with other byte
 * lanes is its own affair.
 */
#include "tests/guest/mmio_forms.h"

#include "tests/guest/cp15.h"
#include "tests/guest/guest.h"
#include "tests/guest/irq.h"
#include "tests/guest/mmu.h"
#include "tests/guest/tap.h"

#define SVC (PSR_MODE_SVC | PSR_MASKED)
#define MIB 0x00100000u

#define UART_IBRD  0x24 /* 16 bits; then FBRD, LCR_H, CR, IFLS */
#define UART_FBRD  0x28
#define UART_LCR_H 0x2c

/* Where the test maps three pages of its own, and a second mapping of the devices. */
#define PAGES_VA 0x40000000u
#define ALIAS_VA 0x70000000u

extern label pc_relative, pc_relative_end;

/* Two values for each of the five registers from IBRD on, valid ones. */
static const uint32_t uart_values[2][5] = {
	{ 0x89e7, 0x15, 0x60, 0x0301, 0x12 },
	{ 0x7abc, 0x2a, 0x72, 0x0f01, 0x09 },
};

static uint32_t timer_register; /* addresses as the code under test sees them */
static uint32_t uart_registers;
static uint32_t saved_uart[5];

static void uart_write_all(const uint32_t values[5])
{
	for (unsigned i = 0; i < 5; i++)
		write32(BOARD_UART + UART_IBRD + 4 * i, values[i]);
}

static void devices_begin(uint32_t timer_offset, uint32_t uart_offset)
{
	irq_init();
	write32(BOARD_TIMER + TIMER_CONTROL, TIMER_PERIODIC | TIMER_32BIT);
	timer_register = BOARD_TIMER + TIMER_LOAD + timer_offset;
	uart_registers = BOARD_UART + uart_offset;
	for (unsigned i = 0; i < 5; i++)
		saved_uart[i] = read32(BOARD_UART + UART_IBRD + 4 * i);
}

static void devices_end(void)
{
	uart_write_all(saved_uart);
	irq_init();
}

/* Register that a form is tried on, and how many bytes of it count. */
static uint32_t target_of(const struct form *form)
{
	switch (form->transfer) {
	case LOAD_BYTE:
	case LOAD_SIGNED_BYTE:
	case LOAD_HALF:
	case LOAD_SIGNED_HALF:
	case STORE_HALF:
	case LOAD_MULTIPLE:
	case STORE_MULTIPLE:
		return uart_registers + UART_IBRD;
	case STORE_BYTE:
	case SWAP_BYTE:
		return uart_registers + UART_LCR_H;
	case LOAD_DOUBLE:
	case STORE_DOUBLE:
		return uart_registers + UART_FBRD;
	default:
		return timer_register;
	}
}

/* Registers a multiple transfer loads, from the words at IBRD in turn. */
static void expect_loaded(const struct form *form, const uint32_t *words,
			  struct form_registers *expected)
{
	for (unsigned reg = 1; reg < 8; reg++)
		if (form->registers >> reg & 1)
			expected->r[reg - 1] = *words++;
}

/* Applies the form to @p expected and to @p uart and @p timer, as the ARM ARM describes it. */
static void apply(const struct form *form, struct form_registers *expected, uint32_t uart[5],
		  uint32_t *timer)
{
	uint32_t *const r2 = &expected->r[1];
	uint32_t *word = uart;

	expected->r[0] += (uint32_t)form->writeback;
	switch (form->transfer) {
	case LOAD_WORD:
		*r2 = *timer;
		break;
	case LOAD_BYTE:
		*r2 = uart[0] & 0xff;
		break;
	case LOAD_HALF:
		*r2 = uart[0];
		break;
	case LOAD_SIGNED_BYTE:
		*r2 = (uint32_t)(int8_t)uart[0];
		break;
	case LOAD_SIGNED_HALF:
		*r2 = (uint32_t)(int16_t)uart[0];
		break;
	case LOAD_DOUBLE:
		r2[0] = uart[1];
		r2[1] = uart[2];
		break;
	case LOAD_MULTIPLE:
		expect_loaded(form, uart, expected);
		break;
	case STORE_WORD:
		*timer = *r2;
		break;
	case STORE_BYTE:
		uart[2] = *r2 & 0xff;
		break;
	case STORE_HALF:
		uart[0] = *r2 & 0xffff;
		break;
	case STORE_DOUBLE:
		uart[1] = r2[0];
		uart[2] = r2[1];
		break;
	case STORE_MULTIPLE:
		for (unsigned reg = 2; reg < 7; reg++)
			if (form->registers >> reg & 1)
				*word++ = expected->r[reg - 1];
		break;
	case SWAP_WORD:
		*r2 = *timer;
		*timer = r2[1];
		break;
	case SWAP_BYTE:
		*r2 = uart[2] & 0xff;
		uart[2] = r2[1] & 0xff;
		break;
	default:
		break;
	}
}

/* Data registers with values that the target of the form may hold. */
static void set_data(const struct form *form, const uint32_t values[5], unsigned turn,
		     uint32_t r[8])
{
	const uint32_t *next = values;

	for (unsigned reg = 2; reg < 8; reg++)
		r[reg - 1] = 0x21000000 * reg + turn;
	if (form->transfer == STORE_MULTIPLE)
		for (unsigned reg = 2; reg < 7; reg++)
			if (form->registers >> reg & 1)
				r[reg - 1] = *next++;
	if (form->transfer == STORE_DOUBLE || form->transfer == SWAP_BYTE) {
		r[1] = values[1];
		r[2] = values[2];
	}
	if (form->transfer == STORE_BYTE)
		r[1] = values[2] | 0xabcdef00;
	if (form->transfer == STORE_HALF)
		r[1] = values[0] | 0xabcd0000;
	r[6] = form->r7;
	r[7] = 0x88888888;
}

static void check_form(const struct form *form, uint32_t psr, unsigned turn)
{
	static struct form_registers registers;
	struct form_registers expected;
	uint32_t uart[5];
	uint32_t timer = 0x89abcdef - turn;

	write32(BOARD_TIMER + TIMER_LOAD, timer);
	uart_write_all(uart_values[turn]);
	for (unsigned i = 0; i < 5; i++)
		uart[i] = uart_values[turn][i];
	registers.r[0] = target_of(form) - (uint32_t)form->offset;
	set_data(form, uart_values[!turn], turn, registers.r);
	expected = registers;
	apply(form, &expected, uart, &timer);

	run_code(psr, form->run, addr(&registers), 0);
	EXPECT_EQ(KIND_RETURNED, seen.kind);
	for (unsigned i = 0; i < 6; i++) {
		tap_case("%s, psr 0x%x, r%u", form->name, psr, i + 1);
		EXPECT_EQ(expected.r[i], registers.r[i]);
	}
	for (unsigned i = 0; i < 5; i++) {
		tap_case("%s, psr 0x%x, uart register 0x%x", form->name, psr, UART_IBRD + 4 * i);
		EXPECT_EQ(uart[i], read32(BOARD_UART + UART_IBRD + 4 * i));
	}
	tap_case("%s, psr 0x%x, timer", form->name, psr);
	EXPECT_EQ(timer, read32(BOARD_TIMER + TIMER_LOAD));
}

static void check_all_forms(uint32_t psr)
{
	for (unsigned i = 0; i < mmio_form_count; i++)
		for (unsigned turn = 0; turn < 2; turn++)
			if (psr != PSR_MODE_USR || !mmio_forms[i].kernel_only) {
				tap_case("%s, psr 0x%x", mmio_forms[i].name, psr);
				check_form(&mmio_forms[i], psr, turn);
			}
}

GUEST_TEST(all_forms_from_the_kernel_with_the_mmu_off)
{
	devices_begin(0, 0);
	check_all_forms(SVC);
	devices_end();
}

GUEST_TEST(all_forms_from_the_kernel_with_the_mmu_on)
{
	mmu_tables_init();
	mmu_on(0);
	devices_begin(0, 0);
	check_all_forms(SVC);
	devices_end();
}

GUEST_TEST(all_forms_from_user_mode_through_another_mapping)
{
	mmu_tables_init();
	mmu_set(&l1_table[0][ALIAS_VA >> 20],
		desc_section(BOARD_TIMER & ~(MIB - 1), AP_USER_RW, 0, 0));
	mmu_set(&l1_table[0][(ALIAS_VA >> 20) + 1],
		desc_section(BOARD_UART & ~(MIB - 1), AP_USER_RW, 0, 0));
	mmu_on(0);
	devices_begin(ALIAS_VA - (BOARD_TIMER & ~(MIB - 1)),
		      ALIAS_VA + MIB - (BOARD_UART & ~(MIB - 1)));
	check_all_forms(PSR_MODE_USR);
	devices_end();
}

GUEST_TEST(forms_from_other_modes)
{
	static const uint8_t modes[] = { PSR_MODE_SYS, PSR_MODE_IRQ, PSR_MODE_ABT, PSR_MODE_UND };

	devices_begin(0, 0);
	for (unsigned i = 0; i < sizeof(modes); i++)
		for (unsigned f = i; f < mmio_form_count; f += 5)
			if (modes[i] != PSR_MODE_SYS || !mmio_forms[f].kernel_only)
				check_form(&mmio_forms[f], modes[i] | PSR_MASKED, i % 2);
	devices_end();
}

static const struct form *form_named(const char *name)
{
	for (unsigned i = 0; i < mmio_form_count; i++) {
		const char *a = mmio_forms[i].name;
		const char *b = name;

		while (*a && *a == *b)
			a++, b++;
		if (*a == *b)
			return &mmio_forms[i];
	}
	tap_bail_out("no form %s", name);
}

/* Three pages in a row: RAM, a device, RAM or nothing. */
static void map_pages(uint32_t device, bool behind)
{
	mmu_tables_init();
	mmu_set(&l2_table[0][0], desc_small(GUEST_SCRATCH, AP_USER_RW, 0));
	mmu_set(&l2_table[0][1], desc_small(device, AP_USER_RW, 0));
	mmu_set(&l2_table[0][2], behind ? desc_small(GUEST_SCRATCH + 0x1000, AP_USER_RW, 0) : 0);
	mmu_set(&l1_table[0][PAGES_VA >> 20], desc_coarse(addr(l2_table[0]), 0));
	mmu_on(0);
}

static struct form_registers crossing;

static void cross(const char *name, uint32_t psr, uint32_t base, const uint32_t data[5])
{
	crossing.r[0] = base;
	for (unsigned i = 0; i < 5; i++)
		crossing.r[1 + i] = data[i];
	run_code(psr, form_named(name)->run, addr(&crossing), 0);
}

static const uint32_t psrs[2] = { SVC, PSR_MODE_USR };

GUEST_TEST(multiple_transfers_cross_from_ram_into_a_device)
{
	static const uint32_t data[5] = { 0x11, 0x22, 0x00334455, 0, TIMER_PERIODIC | TIMER_32BIT };
	static const uint32_t zero[5];
	const uint32_t base = PAGES_VA + 0xff8;

	irq_init();
	map_pages(BOARD_TIMER_PAGE, true);
	for (unsigned mode = 0; mode < 2; mode++) {
		write32(BOARD_TIMER_PAGE + TIMER_CONTROL, TIMER_PERIODIC | TIMER_32BIT);
		write32(GUEST_SCRATCH + 0xff8, 0);
		cross("stmia_wb", psrs[mode], base, data);
		EXPECT_EQ(KIND_RETURNED, seen.kind);
		EXPECT_EQ(base + 20, crossing.r[0]);
		EXPECT_EQ(0x11, read32(GUEST_SCRATCH + 0xff8));
		EXPECT_EQ(0x22, read32(GUEST_SCRATCH + 0xffc));
		EXPECT_EQ(0x00334455, read32(BOARD_TIMER_PAGE + TIMER_LOAD));
		cross("ldmia_wb", psrs[mode], base, zero);
		EXPECT_EQ(base + 20, crossing.r[0]);
		EXPECT_EQ(0x11, crossing.r[1]);
		EXPECT_EQ(0x22, crossing.r[2]);
		EXPECT_EQ(0x00334455, crossing.r[3]);
		EXPECT_EQ(0x00334455, crossing.r[4]);
		EXPECT_EQ(TIMER_PERIODIC | TIMER_32BIT, crossing.r[5]);
		cross("ldmdb_wb", psrs[mode], base + 20, zero);
		EXPECT_EQ(base, crossing.r[0]);
		EXPECT_EQ(0x11, crossing.r[1]);
		EXPECT_EQ(0x00334455, crossing.r[3]);
	}
	mmu_off();
}

/* Each store to the UART's data register prints a character: a restart would print it twice. */
GUEST_TEST(a_store_that_crosses_into_a_device_has_its_effect_once)
{
	static const uint32_t data[5] = { 1, 2, 3, 4, 'x' };

	map_pages(BOARD_UART, true);
	for (unsigned mode = 0; mode < 2; mode++) {
		tap_printf("# once: ");
		cross("stmia", psrs[mode], PAGES_VA + 0xff0, data);
		tap_printf(" and once: ");
		cross("stmib", psrs[mode], PAGES_VA + 0xfec, data);
		tap_printf("\n");
		EXPECT_EQ(KIND_RETURNED, seen.kind);
		EXPECT_EQ(4, read32(GUEST_SCRATCH + 0xffc));
	}
	mmu_off();
}

GUEST_TEST(multiple_transfers_cross_from_a_device_into_ram)
{
	static const uint32_t data[5] = { 0, 0, 0x31, 0x32, 0x33 };
	static const uint32_t zero[5];
	const uint32_t base = PAGES_VA + 0x1ff8;

	map_pages(BOARD_UART, true);
	for (unsigned mode = 0; mode < 2; mode++) {
		write32(GUEST_SCRATCH + 0x1000, 0x77);
		cross("stmia", psrs[mode], base, data); /* the identification registers ignore it */
		EXPECT_EQ(KIND_RETURNED, seen.kind);
		EXPECT_EQ(0x31, read32(GUEST_SCRATCH + 0x1000));
		EXPECT_EQ(0x33, read32(GUEST_SCRATCH + 0x1008));
		cross("ldmia", psrs[mode], base, zero);
		EXPECT_EQ(0x05, crossing.r[1]); /* PrimeCell identification, bytes 2 and 3 */
		EXPECT_EQ(0xb1, crossing.r[2]);
		EXPECT_EQ(0x31, crossing.r[3]);
		EXPECT_EQ(0x32, crossing.r[4]);
		EXPECT_EQ(0x33, crossing.r[5]);
	}
	mmu_off();
}

GUEST_TEST(a_transfer_that_leaves_a_device_for_nothing_faults_there)
{
	static const uint32_t data[5];
	static const char *const names[2] = { "ldmia_wb", "stmia_wb" };
	const uint32_t base = PAGES_VA + 0x1ff8;

	map_pages(BOARD_UART, false);
	for (unsigned mode = 0; mode < 2; mode++)
		for (unsigned i = 0; i < 2; i++) {
			tap_case("%s, mode %u", names[i], mode);
			cross(names[i], psrs[mode], base, data);
			EXPECT_EQ(KIND_DABT, seen.kind);
			EXPECT_EQ(PAGES_VA + 0x2000, far_read());
			EXPECT_EQ(FSR_TRANSLATION_PAGE, dfsr_read() & 0xf);
			EXPECT_EQ(base, seen.r[1]);
		}
	mmu_off();
}

GUEST_TEST(a_load_relative_to_pc_reaches_a_device)
{
	irq_init();
	map_pages(BOARD_TIMER_PAGE, true);
	for (unsigned i = 0; i < (unsigned)(pc_relative_end - pc_relative); i++)
		write32(GUEST_SCRATCH + 4 * i, pc_relative[i]);
	drain_write_buffer();
	CP15_WRITE(c7, c5, 0, 0);
	write32(GUEST_SCRATCH + 0x100, 0xabcd8765);
	write32(BOARD_TIMER_PAGE + TIMER_CONTROL, TIMER_PERIODIC | TIMER_32BIT);
	write32(BOARD_TIMER_PAGE + TIMER_LOAD, 0x13579bdf);
	for (unsigned mode = 0; mode < 2; mode++) {
		run_code(psrs[mode], PAGES_VA, 0, 0);
		EXPECT_EQ(KIND_RETURNED, seen.kind);
		EXPECT_EQ(0x13579bdf, seen.r[0]);
		EXPECT_EQ(0x8765, seen.r[1]);
	}
	mmu_off();
}
