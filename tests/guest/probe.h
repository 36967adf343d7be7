/* SPDX-License-Identifier: Apache-2.0 */
/* One access to one address, and what came of it: the measure of all MMU tests. */
#ifndef TESTS_GUEST_PROBE_H
#define TESTS_GUEST_PROBE_H

#include "tests/guest/guest.h"

#include <stdbool.h>
#include <stdint.h>

/** Kinds of access. The T forms execute in SVC mode with the rights of User mode. */
enum access {
	KERNEL_LOAD,
	KERNEL_STORE,
	KERNEL_EXEC,
	KERNEL_LDRT,
	KERNEL_STRT,
	USER_LOAD,
	USER_STORE,
	USER_EXEC,
	ACCESS_COUNT,
};

/** What an address to be probed must hold: executing it returns. */
#define PROBE_WORD 0xe12fff1eu /* bx lr */

/** Registers that no fault has touched read these. */
#define PROBE_FSR_BEFORE 0x00u
#define PROBE_FAR_BEFORE 0x0dd0fa44u

/** What happened: status 0 if the access was made. */
struct outcome {
	unsigned status; /* FSR bits 3:0 */
	unsigned domain; /* FSR bits 7:4 */
	uint32_t value;  /* of a load */
};

const char *access_name(enum access access);
bool access_is_user(enum access access);
bool access_is_store(enum access access);
bool access_is_exec(enum access access);
struct outcome probe(enum access access, uint32_t va);

/** Status of an access that is only interesting for whether and how it faults. */
static inline unsigned probe_status(enum access access, uint32_t va)
{
	return probe(access, va).status;
}

/* Single instructions for run_code(), which passes a value in r0 and the address in r1. */
extern label probe_load, probe_store, probe_ldrt, probe_strt;

#endif
