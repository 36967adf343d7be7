/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/arm926-model/plugin_cpu.h"

#include "tests/bench/plugin/qemu_api.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Main ID register without the revision: ARM, architecture ARMv5TEJ, part 0x926 (TRM, 2.3.1). */
#define MIDR_MASK   0xff0ffff0u
#define MIDR_ARM926 0x41069260u

/* QEMU's names for them. */
static const char *const names[CPU_REGISTERS] = {
	"r0",  "r1",  "r2", "r3", "r4", "r5",   "r6",   "r7",    "r8",        "r9",   "r10",
	"r11", "r12", "sp", "lr", "pc", "cpsr", "MIDR", "SCTLR", "TTBR0_EL1", "DACR", "FCSEIDR",
};

static struct qemu_plugin_register *handles[CPU_REGISTERS];
static struct GByteArray *buffer;

/** Reads a register; false where this version of QEMU shows none. */
bool plugin_cpu_try_read(enum cpu_register reg, uint32_t *value)
{
	g_byte_array_set_size(buffer, 0);
	if (qemu_plugin_read_register(handles[reg], buffer) < (int)sizeof(*value))
		return false;
	memcpy(value, buffer->data, sizeof(*value));
	return true;
}

/** Reads a register where QEMU has to show it: without it the model would go wrong. */
uint32_t plugin_cpu_read(enum cpu_register reg)
{
	uint32_t value;

	if (!plugin_cpu_try_read(reg, &value)) {
		fprintf(stderr, "arm926 model: this QEMU does not show %s\n", names[reg]);
		_Exit(1);
	}
	return value;
}

/** Finds the registers, once the CPU is there; refuses a CPU that has not all of an ARM926. */
bool plugin_cpu_find(char *error, size_t error_size)
{
	const struct GArray *const list = qemu_plugin_get_registers();
	const struct plugin_register *const found = (const struct plugin_register *)list->data;

	buffer = g_byte_array_new();
	for (unsigned i = 0; i < list->len; i++)
		for (unsigned reg = 0; reg < CPU_REGISTERS; reg++)
			if (!strcmp(found[i].name, names[reg]))
				handles[reg] = found[i].handle;
	for (unsigned reg = 0; reg < CPU_REGISTERS; reg++)
		if (!handles[reg]) {
			snprintf(error, error_size,
				 "this CPU has no register %s: it is no ARM926 (-cpu arm926)",
				 names[reg]);
			return false;
		}
	return true;
}

/** Refuses a CPU that is no ARM926; QEMU has reset it when its first instruction is translated. */
bool plugin_cpu_check(char *error, size_t error_size)
{
	const uint32_t midr = plugin_cpu_read(CPU_MIDR);

	if ((midr & MIDR_MASK) == MIDR_ARM926)
		return true;
	snprintf(error, error_size,
		 "this CPU is no ARM926 (main ID register 0x%08" PRIx32 "): -cpu arm926", midr);
	return false;
}
