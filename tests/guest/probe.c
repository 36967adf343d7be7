/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/guest/probe.h"

#include "tests/guest/cp15.h"
#include "tests/guest/tap.h"

static const struct {
	const char *name;
	const uint32_t *code; /* none for execution: the code is at the address itself */
	uint8_t mode;
	bool user;
	bool store;
} accesses[ACCESS_COUNT] = {
	/* clang-format off */
	[KERNEL_LOAD]  = { "kernel load",  probe_load,  PSR_MODE_SVC, false, false },
	[KERNEL_STORE] = { "kernel store", probe_store, PSR_MODE_SVC, false, true },
	[KERNEL_EXEC]  = { "kernel exec",  NULL,        PSR_MODE_SVC, false, false },
	[KERNEL_LDRT]  = { "kernel ldrt",  probe_ldrt,  PSR_MODE_SVC, true,  false },
	[KERNEL_STRT]  = { "kernel strt",  probe_strt,  PSR_MODE_SVC, true,  true },
	[USER_LOAD]    = { "user load",    probe_load,  PSR_MODE_USR, true,  false },
	[USER_STORE]   = { "user store",   probe_store, PSR_MODE_USR, true,  true },
	[USER_EXEC]    = { "user exec",    NULL,        PSR_MODE_USR, true,  false },
	/* clang-format on */
};

const char *access_name(enum access access)
{
	return accesses[access].name;
}

/** True if the rights of User mode decide. */
bool access_is_user(enum access access)
{
	return accesses[access].user;
}

bool access_is_store(enum access access)
{
	return accesses[access].store;
}

bool access_is_exec(enum access access)
{
	return !accesses[access].code;
}

/* Registers after an access that faulted, or did not. */
static void check_registers(bool fault, bool exec, uint32_t va)
{
	EXPECT_EQ(fault && !exec ? va : PROBE_FAR_BEFORE, far_read());
	if (!fault || exec)
		EXPECT_EQ(PROBE_FSR_BEFORE, dfsr_read());
	if (!fault || !exec)
		EXPECT_EQ(PROBE_FSR_BEFORE, ifsr_read());
}

/**
 * Makes one access to @p va, which must translate to a PROBE_WORD if it translates. Checks the kind
 * of the exception, its lr, and that the fault registers of the other kind of abort did not change.
 */
struct outcome probe(enum access access, uint32_t va)
{
	const bool exec = access_is_exec(access);
	const uint32_t code = exec ? va : addr(accesses[access].code);
	const uint32_t psr =
		accesses[access].mode == PSR_MODE_USR ? PSR_MODE_USR : PSR_MODE_SVC | PSR_MASKED;
	struct outcome outcome = { 0, 0, 0 };
	uint32_t fsr;

	dfsr_write(PROBE_FSR_BEFORE);
	ifsr_write(PROBE_FSR_BEFORE);
	far_write(PROBE_FAR_BEFORE);
	run_code(psr, code, PROBE_WORD, va);
	check_registers(seen.kind != KIND_RETURNED, exec, va);
	if (seen.kind == KIND_RETURNED) {
		outcome.value = seen.r[0];
		return outcome;
	}
	EXPECT_EQ(exec ? KIND_PABT : KIND_DABT, seen.kind);
	EXPECT_EQ(exec ? va + 4 : code + 8, seen.lr);
	EXPECT_EQ(psr, seen.spsr);
	fsr = exec ? ifsr_read() : dfsr_read();
	outcome.status = fsr & 0xf;
	outcome.domain = fsr >> 4 & 0xf;
	return outcome;
}
