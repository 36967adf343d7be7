/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hooks of the statistics around functions of this test: they hand on what they are given, and
 * count it once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "board/board.h"
#include "vcpu/emulate.h"
#include "vcpu/fault.h"
#include "vcpu/pv.h"
#include "vcpu/vcpu.h"
#include "vmm/lib/log.h"
#include "vmm/stats.h"
#include "vmm/stats_data.h"
#include "vmm/timer.h"
#include "vmm/trap.h"
#include "vmm/vm.h"

#include <stdio.h>
#include <string.h>

#define WORD_MSR       0xe121f001u /* msr cpsr_c, r1 */
#define WORD_HYPERCALL 0xf0000003u

const struct board board = { .name = "workbench" };

static uint64_t clock;
static struct vm vm;
static struct vcpu *const vcpu = &vm.vcpu;
static struct proxy table[PROXY_TABLE_MAX];
static enum trap_outcome outcome;
static bool fills, is_pv_page, injects;
static uint32_t seen_arg;

uint64_t timer_now(void)
{
	clock += 24;
	return clock;
}

/* What the linker calls __real_NAME. */

enum trap_outcome __real_data_abort_trap(struct vcpu *);
enum trap_outcome __real_prefetch_abort_trap(struct vcpu *);
enum trap_outcome __real_pv_page_trap(struct vcpu *);
enum trap_outcome __wrap_pv_page_trap(struct vcpu *);
enum trap_outcome __wrap_data_abort_trap(struct vcpu *);
enum trap_outcome __wrap_prefetch_abort_trap(struct vcpu *);
struct proxy __real_emulate_lookup(const struct vcpu *, uint32_t);
struct proxy __wrap_emulate_lookup(const struct vcpu *, uint32_t);
bool __real_pv_inject_program_abort(struct vcpu *, enum trap_kind, bool);
bool __wrap_pv_inject_program_abort(struct vcpu *, enum trap_kind, bool);
void __real_proxy_table_make(struct proxy *, unsigned, const uint32_t *, unsigned);
void __wrap_proxy_table_make(struct proxy *, unsigned, const uint32_t *, unsigned);
struct trap_frame *__real_trap_from_guest(struct trap_frame *, enum trap_kind);
struct trap_frame *__wrap_trap_from_guest(struct trap_frame *, enum trap_kind);
struct trap_frame *__real_trap_software_interrupt(struct trap_frame *);
struct trap_frame *__wrap_trap_software_interrupt(struct trap_frame *);
void __real_vcpu_inject_trap(struct vcpu *, enum trap_kind);
void __wrap_vcpu_inject_trap(struct vcpu *, enum trap_kind);
void __real_vcpu_inject_interrupt(struct vcpu *);
void __wrap_vcpu_inject_interrupt(struct vcpu *);

static enum trap_outcome emulate(struct vcpu *v, uint32_t arg)
{
	seen_arg = arg;
	return outcome;
}

void __real_proxy_table_make(struct proxy *to, unsigned size, const uint32_t *words, unsigned count)
{
	for (unsigned i = 0; i < size; i++)
		to[i] = (struct proxy){ .emulate = emulate, .arg = 1000 + i };
}

struct proxy __real_emulate_lookup(const struct vcpu *v, uint32_t word)
{
	return v->proxies[(word >> 12) & 0xfffu];
}

bool __real_pv_inject_program_abort(struct vcpu *v, enum trap_kind kind, bool store)
{
	return injects;
}

enum trap_outcome __real_pv_page_trap(struct vcpu *v)
{
	return outcome;
}

enum trap_outcome __real_data_abort_trap(struct vcpu *v)
{
	vm.shadow.stats.fills += fills;
	if (is_pv_page)
		return __wrap_pv_page_trap(v);
	__wrap_pv_inject_program_abort(v, TRAP_DABT, true);
	return outcome;
}

enum trap_outcome __real_prefetch_abort_trap(struct vcpu *v)
{
	vm.shadow.stats.fills += fills;
	__wrap_pv_inject_program_abort(v, TRAP_PABT, false);
	return outcome;
}

struct trap_frame *__real_trap_from_guest(struct trap_frame *frame, enum trap_kind kind)
{
	if (kind == TRAP_DABT)
		__wrap_data_abort_trap((struct vcpu *)frame);
	if (kind == TRAP_PABT)
		__wrap_prefetch_abort_trap((struct vcpu *)frame);
	return frame;
}

struct trap_frame *__real_trap_software_interrupt(struct trap_frame *frame)
{
	return frame;
}

void __real_vcpu_inject_trap(struct vcpu *v, enum trap_kind kind)
{
}

void __real_vcpu_inject_interrupt(struct vcpu *v)
{
}

static char logged[1u << 20];
static size_t logged_length;

static void log_sink_test(const char *text, size_t length)
{
	assert_true(logged_length + length < sizeof(logged));
	memcpy(logged + logged_length, text, length + 1);
	logged_length += length;
}

static int setup(void **state)
{
	static const uint32_t words[] = { WORD_HYPERCALL, WORD_MSR };

	memset(&vm, 0, sizeof(vm));
	strcpy(vm.name, "vm1");
	vcpu->vm = &vm;
	vcpu->shadow = &vm.shadow;
	vcpu->proxies = table;
	vcpu->ctl = PSR_MODE_SVC;
	fills = is_pv_page = false;
	outcome = TRAP_NEXT;
	logged_length = 0;
	log_set_sink(log_sink_test);
	__wrap_proxy_table_make(table, PROXY_TABLE_MAX, words, 2);
	stats_vcpu = 0;
	stats_clear();
	return 0;
}

static enum trap_outcome run_proxy(unsigned index)
{
	return table[index].emulate(vcpu, table[index].arg);
}

static void trap(enum trap_kind kind, uint32_t exc_lr)
{
	struct trap_frame *const frame = &vcpu->frame;

	frame->exc_lr = exc_lr;
	assert_ptr_equal(kind == TRAP_SWI ? __wrap_trap_software_interrupt(frame)
					  : __wrap_trap_from_guest(frame, kind),
			 frame);
}

static unsigned total(void)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < STATS_TRAP_COUNT; i++)
		sum += stats.traps[i];
	return sum;
}

static void a_proxy_gets_its_argument_and_is_counted(void **state)
{
	vcpu->frame.pc = 0xc0001000;
	outcome = TRAP_MOVED;
	assert_int_equal(run_proxy(1), TRAP_MOVED);
	assert_int_equal(seen_arg, 1001);
	assert_int_equal(run_proxy(0), TRAP_MOVED);
	assert_int_equal(seen_arg, 1000);
	assert_int_equal(stats.traps[STATS_PROXY], 1);
	assert_int_equal(stats.traps[STATS_HYPERCALL], 1);
	assert_int_equal(stats_rows[1].count, 1);
	assert_int_equal(total(), 2);
}

static void who_asks_for_the_handler_gets_the_real_one(void **state)
{
	const struct proxy found = __wrap_emulate_lookup(vcpu, 0x0e001f00);

	assert_ptr_equal(found.emulate, emulate);
	assert_int_equal(found.arg, 1001);
	assert_ptr_not_equal(table[1].emulate, emulate);
}

static void an_abort_is_what_became_of_it(void **state)
{
	static const struct {
		enum trap_kind kind;
		enum trap_outcome outcome;
		bool fills, page, read_only;
		enum stats_trap is;
	} cases[] = {
		{ TRAP_DABT, TRAP_RESUME, true, false, false, STATS_FILL_DATA },
		{ TRAP_DABT, TRAP_RESUME, false, false, false, STATS_OTHER_DATA },
		{ TRAP_DABT, TRAP_INJECT, true, false, false, STATS_GUEST_DATA },
		{ TRAP_DABT, TRAP_NEXT, false, false, false, STATS_EMULATED },
		{ TRAP_DABT, TRAP_NEXT_POLL, true, false, false, STATS_EMULATED },
		{ TRAP_DABT, TRAP_NEXT_POLL, false, true, true, STATS_DOORBELL },
		{ TRAP_DABT, TRAP_NEXT_POLL, false, true, false, STATS_PAGE_CLOSED },
		{ TRAP_PABT, TRAP_RESUME, true, false, false, STATS_FILL_CODE },
		{ TRAP_PABT, TRAP_RESUME, false, false, false, STATS_OTHER_CODE },
		{ TRAP_PABT, TRAP_INJECT, false, false, false, STATS_GUEST_CODE },
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		stats_clear();
		outcome = cases[i].outcome;
		fills = cases[i].fills;
		is_pv_page = cases[i].page;
		vcpu->pv_read_only = cases[i].read_only;
		trap(cases[i].kind, 0xc0002008);
		assert_int_equal(stats.traps[cases[i].is], 1);
		assert_int_equal(total(), 1);
	}
}

static void an_abort_that_is_the_guests_at_once_is_counted(void **state)
{
	injects = true;
	outcome = TRAP_MOVED;
	trap(TRAP_DABT, 0x10004);
	trap(TRAP_PABT, 0x10004);
	injects = false;
	assert_int_equal(stats.traps[STATS_GUEST_DATA], 1);
	assert_int_equal(stats.traps[STATS_GUEST_CODE], 1);
	assert_int_equal(stats.injected[TRAP_DABT], 1);
	assert_int_equal(stats.injected[TRAP_PABT], 1);
	assert_int_equal(total(), 2);
}

static void an_abort_that_comes_another_way_counts_too(void **state)
{
	outcome = TRAP_RESUME;
	fills = true;
	vcpu->frame.pc = 0xc0003000;
	assert_int_equal(__wrap_data_abort_trap(vcpu), TRAP_RESUME);
	assert_int_equal(stats.traps[STATS_FILL_DATA], 1);
	assert_int_equal(total(), 1);
	assert_int_equal(stats.recent[0].pc, 0xc0003000);
}

static unsigned count_at(uint32_t pc, enum stats_trap kind)
{
	for (unsigned i = 0; i < STATS_PLACES; i++)
		if (stats.places[i].count && stats.places[i].pc == pc &&
		    stats.places[i].trap == kind)
			return stats.places[i].count;
	return 0;
}

static void places_are_counted_and_programs_are_one(void **state)
{
	for (unsigned i = 0; i < 3; i++)
		trap(TRAP_IRQ, 0xc0004004);
	vcpu->ctl = PSR_MODE_USR;
	trap(TRAP_SWI, 0x10004);
	trap(TRAP_SWI, 0x20004);
	assert_int_equal(count_at(0xc0004000, STATS_IRQ), 3);
	assert_int_equal(count_at(STATS_PROGRAM, STATS_SWI), 2);
	assert_int_equal(count_at(0x10000, STATS_SWI), 0);
}

static void no_place_is_lost_without_a_word(void **state)
{
	unsigned kept = 0;

	for (uint32_t i = 0; i < 2 * STATS_PLACES; i++)
		trap(TRAP_IRQ, 0xc0000004 + 4 * i);
	for (unsigned i = 0; i < STATS_PLACES; i++)
		kept += stats.places[i].count;
	assert_true(kept > STATS_PLACES / 2);
	assert_true(stats.places_lost > 0);
	assert_int_equal(kept + stats.places_lost, 2 * STATS_PLACES);
}

static void injections_are_counted_by_kind(void **state)
{
	__wrap_vcpu_inject_trap(vcpu, TRAP_DABT);
	vcpu->interrupt = PSR_I;
	__wrap_vcpu_inject_interrupt(vcpu);
	vcpu->interrupt = PSR_I | PSR_F;
	__wrap_vcpu_inject_interrupt(vcpu);
	assert_int_equal(stats.injected[TRAP_DABT], 1);
	assert_int_equal(stats.injected[TRAP_IRQ], 1);
	assert_int_equal(stats.injected[TRAP_FIQ], 1);
}

static void the_report_has_every_count(void **state)
{
	vcpu->frame.pc = 0xc0005000;
	run_proxy(1);
	run_proxy(1);
	*stats_fast_call += 7;
	stats_report();
	assert_non_null(strstr(logged, "hako: stats begin 1 workbench vm1 "));
	assert_non_null(strstr(logged, "\nhako: stats trap proxy 2\n"));
	assert_non_null(strstr(logged, "\nhako: stats trap fast_call 7\n"));
	assert_non_null(strstr(logged, "\nhako: stats trap doorbell 0\n"));
	assert_non_null(strstr(logged, "\nhako: stats row 1 e121f001 2\n"));
	assert_non_null(strstr(logged, "\nhako: stats place c0005000 proxy 2\n"));
	assert_non_null(strstr(logged, " 24 c0005000 proxy 1\n"));
	assert_non_null(strstr(logged, "\nhako: stats end\n"));
}

static void only_the_last_traps_are_kept_in_order(void **state)
{
	const char *at = logged;
	unsigned lines = 0;

	for (uint32_t i = 0; i < STATS_RECENT + 5; i++)
		trap(TRAP_IRQ, 0xc0000004 + 4 * i);
	stats_report();
	assert_null(strstr(logged, " c0000010 interrupt 0\n"));
	while ((at = strstr(at, "hako: stats recent ")) != 0) {
		char expected[32];

		at++;
		snprintf(expected, sizeof(expected), " 24 %08x interrupt 0\n",
			 0xc0000000u + 4 * (5 + lines));
		assert_int_equal(strncmp(strchr(at + 18, ' '), expected, strlen(expected)), 0);
		lines++;
	}
	assert_int_equal(lines, STATS_RECENT);
}

static void clearing_clears(void **state)
{
	run_proxy(1);
	vm.shadow.stats.fills = 9;
	stats_clear();
	vm.shadow.stats.fills = 11;
	assert_int_equal(total(), 0);
	trap(TRAP_IRQ, 0xc0000004);
	stats_report();
	assert_non_null(strstr(logged, "\nhako: stats shadow fills 2\n"));
	assert_null(strstr(logged, "hako: stats row"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_proxy_gets_its_argument_and_is_counted, setup),
		cmocka_unit_test_setup(who_asks_for_the_handler_gets_the_real_one, setup),
		cmocka_unit_test_setup(an_abort_is_what_became_of_it, setup),
		cmocka_unit_test_setup(an_abort_that_is_the_guests_at_once_is_counted, setup),
		cmocka_unit_test_setup(an_abort_that_comes_another_way_counts_too, setup),
		cmocka_unit_test_setup(places_are_counted_and_programs_are_one, setup),
		cmocka_unit_test_setup(no_place_is_lost_without_a_word, setup),
		cmocka_unit_test_setup(injections_are_counted_by_kind, setup),
		cmocka_unit_test_setup(the_report_has_every_count, setup),
		cmocka_unit_test_setup(only_the_last_traps_are_kept_in_order, setup),
		cmocka_unit_test_setup(clearing_clears, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
