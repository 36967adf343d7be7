/* SPDX-License-Identifier: Apache-2.0 */
/* The registers QEMU shows of the one CPU: those a debugger would see, by name. */
#ifndef TESTS_ARM926_MODEL_PLUGIN_CPU_H
#define TESTS_ARM926_MODEL_PLUGIN_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cpu_register {
	CPU_R0, /* and r1 to r15 after it */
	CPU_PC = 15,
	CPU_CPSR = 16,
	CPU_MIDR,
	CPU_SCTLR,
	CPU_TTBR,
	CPU_DACR,
	CPU_FCSE,
	CPU_REGISTERS
};

bool plugin_cpu_find(char *error, size_t error_size);
bool plugin_cpu_check(char *error, size_t error_size);
bool plugin_cpu_try_read(enum cpu_register reg, uint32_t *value);
uint32_t plugin_cpu_read(enum cpu_register reg);

#endif
