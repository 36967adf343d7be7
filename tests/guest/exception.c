/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/guest/guest.h"

#include "tests/guest/tap.h"

struct exception seen;
unsigned exception_count[TRAP_KIND_COUNT];

static exception_hook hooks[TRAP_KIND_COUNT];
static bool code_is_running;

/* In vectors.S */
extern label run_leave;
extern label run_returned;
void run_enter(uint32_t psr, uint32_t pc, const uint32_t args[4]);
void exception_stacks(void);
void exception_handle(struct exception *e);
void exception_jump_to_zero(void) __attribute__((noreturn));

/** What exceptions of @p kind do instead of ending run_code(); NULL for the default again. */
void exception_set_hook(unsigned kind, exception_hook hook)
{
	hooks[kind] = hook;
}

/** Fresh stacks, no hooks, counts at zero: how every test begins. */
void exception_reset(void)
{
	for (unsigned kind = 0; kind < TRAP_KIND_COUNT; kind++) {
		hooks[kind] = NULL;
		exception_count[kind] = 0;
	}
	exception_stacks();
}

/** Called by vectors.S on the stack of the exception's mode. */
void exception_handle(struct exception *e)
{
	exception_count[e->kind]++;
	if (hooks[e->kind] && hooks[e->kind](e))
		return;
	if (!code_is_running)
		tap_bail_out("exception %u at lr 0x%x, spsr 0x%x", e->kind, e->lr, e->spsr);

	code_is_running = false;
	seen = *e;
	if (e->kind == KIND_SWI && e->lr == addr(run_returned))
		seen.kind = KIND_RETURNED;
	e->lr = addr(run_leave);
	e->spsr = PSR_MODE_SVC | PSR_MASKED;
}

/** A jump to the reset vector is always a mistake of the test. */
void exception_jump_to_zero(void)
{
	tap_bail_out("jump to the reset vector");
}

/**
 * Runs the code at @p pc with @p psr as its CPSR and @p args in r0-r3. It ends with its first
 * exception that has no hook, or by returning through lr. Not to be nested.
 */
void run_code4(uint32_t psr, uint32_t pc, const uint32_t args[4])
{
	code_is_running = true;
	run_enter(psr, pc, args);
}
