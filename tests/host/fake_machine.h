/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine for mem_exec(): registers, and 8 KiB of memory around address 0, so that transfers can
 * wrap around the end of the address space. Rights are per KiB, the smallest page. Counts what is
 * done to it.
 */
#ifndef TESTS_HOST_FAKE_MACHINE_H
#define TESTS_HOST_FAKE_MACHINE_H

#include "vcpu/mem_exec.h"

#define FAKE_BASE  0xfffff000u
#define FAKE_SIZE  0x2000u
#define FAKE_PAGE  0x400u
#define FAKE_PAGES (FAKE_SIZE / FAKE_PAGE)

enum { FAKE_READ = 1, FAKE_WRITE = 2, FAKE_USER = 4, FAKE_ALL = 7 };

/** What an instruction can change. */
struct fake_state {
	uint32_t r[16]; /* r15 as an operand: address + 8 */
	uint32_t user[15];
	uint32_t vfp[32];
	uint8_t memory[FAKE_SIZE];
	bool branched;      /* r15 was set */
	bool spsr_restored; /* ... by an exception return */
};

struct fake_machine {
	struct fake_state state;

	uint8_t rights[FAKE_PAGES];
	bool check_alignment;  /* the A bit */
	unsigned bus_error_at; /* this access (1 is the first) fails; 0: none */

	unsigned loads;
	unsigned stores;
	unsigned last_flags;
	unsigned faults;
	bool alignment_fault;
	uint32_t fault_address;
};

extern const struct mem_exec_ops fake_ops;
extern const struct mem_exec_ops fake_ops_without_vfp;

/** Registers, VFP and memory hold values that all differ; all rights; nothing counted. */
void fake_machine_init(struct fake_machine *machine);

uint32_t fake_word(const struct fake_machine *machine, uint32_t va);
void fake_set_word(struct fake_machine *machine, uint32_t va, uint32_t value);

/** Rights of the KiB that @p va is in. */
void fake_set_rights(struct fake_machine *machine, uint32_t va, uint8_t rights);

#endif
