/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/host/fake_machine.h"

#include <stdlib.h>
#include <string.h>

static uint32_t get(const void *ctx, unsigned reg)
{
	const struct fake_machine *machine = ctx;

	if (reg > 15)
		abort();
	return machine->state.r[reg];
}

static void set(void *ctx, unsigned reg, uint32_t value)
{
	struct fake_machine *machine = ctx;

	if (reg > 15)
		abort();
	machine->state.r[reg] = value;
	if (reg == 15)
		machine->state.branched = true;
}

static uint32_t get_user(const void *ctx, unsigned reg)
{
	const struct fake_machine *machine = ctx;

	if (reg > 14)
		abort();
	return machine->state.user[reg];
}

static void set_user(void *ctx, unsigned reg, uint32_t value)
{
	struct fake_machine *machine = ctx;

	if (reg > 14)
		abort();
	machine->state.user[reg] = value;
}

static void exception_return(void *ctx, uint32_t pc)
{
	struct fake_machine *machine = ctx;

	machine->state.r[15] = pc;
	machine->state.spsr_restored = true;
}

static uint32_t vfp_get(const void *ctx, unsigned reg)
{
	const struct fake_machine *machine = ctx;

	if (reg > 31)
		abort();
	return machine->state.vfp[reg];
}

static void vfp_set(void *ctx, unsigned reg, uint32_t value)
{
	struct fake_machine *machine = ctx;

	if (reg > 31)
		abort();
	machine->state.vfp[reg] = value;
}

static enum mem_access_result fault(struct fake_machine *machine, uint32_t va)
{
	machine->faults++;
	machine->fault_address = va;
	return MEM_ACCESS_FAULT;
}

static enum mem_access_result unaligned(void *ctx, uint32_t va, unsigned flags)
{
	struct fake_machine *machine = ctx;

	if (!machine->check_alignment)
		return MEM_ACCESS_OK;
	machine->alignment_fault = true;
	return fault(machine, va);
}

static enum mem_access_result probe(void *ctx, uint32_t va, unsigned flags)
{
	struct fake_machine *machine = ctx;
	const uint32_t offset = va - FAKE_BASE;
	const unsigned needed =
		(flags & MEM_STORE ? FAKE_WRITE : FAKE_READ) | (flags & MEM_USER ? FAKE_USER : 0);

	if (offset >= FAKE_SIZE || needed & ~(unsigned)machine->rights[offset / FAKE_PAGE])
		return fault(machine, va);
	return MEM_ACCESS_OK;
}

static enum mem_access_result access_memory(void *ctx, uint32_t va, unsigned size, unsigned flags,
					    uint32_t *value)
{
	struct fake_machine *machine = ctx;
	uint8_t *const at = machine->state.memory + (uint32_t)(va - FAKE_BASE);

	/* The contract of the hook. */
	if ((size != 1 && size != 2 && size != 4) || va % size)
		abort();
	if (flags & MEM_STORE && size < 4 && *value >> size * 8)
		abort();

	if (probe(ctx, va, flags) == MEM_ACCESS_FAULT)
		return MEM_ACCESS_FAULT;
	if (machine->bus_error_at == machine->loads + machine->stores + 1)
		return fault(machine, va);

	machine->last_flags = flags;
	if (flags & MEM_STORE) {
		machine->stores++;
		memcpy(at, value, size);
	} else {
		machine->loads++;
		*value = 0;
		memcpy(value, at, size);
	}
	return MEM_ACCESS_OK;
}

const struct mem_exec_ops fake_ops = {
	.get = get,
	.set = set,
	.get_user = get_user,
	.set_user = set_user,
	.exception_return = exception_return,
	.vfp_get = vfp_get,
	.vfp_set = vfp_set,
	.unaligned = unaligned,
	.probe = probe,
	.access = access_memory,
	.stored_pc_extra = 4,
};

const struct mem_exec_ops fake_ops_without_vfp = {
	.get = get,
	.set = set,
	.get_user = get_user,
	.set_user = set_user,
	.exception_return = exception_return,
	.unaligned = unaligned,
	.probe = probe,
	.access = access_memory,
};

void fake_machine_init(struct fake_machine *machine)
{
	*machine = (struct fake_machine){ 0 };
	for (unsigned i = 0; i < 16; i++)
		machine->state.r[i] = 0x10000000u + i;
	for (unsigned i = 0; i < 15; i++)
		machine->state.user[i] = 0x20000000u + i;
	for (unsigned i = 0; i < 32; i++)
		machine->state.vfp[i] = 0x30000000u + i;
	for (uint32_t i = 0; i < FAKE_SIZE; i += 4)
		fake_set_word(machine, FAKE_BASE + i, 0x81828384u + i * 0x10101u);
	memset(machine->rights, FAKE_ALL, sizeof(machine->rights));
}

uint32_t fake_word(const struct fake_machine *machine, uint32_t va)
{
	uint32_t value;

	memcpy(&value, machine->state.memory + (uint32_t)(va - FAKE_BASE), 4);
	return value;
}

void fake_set_word(struct fake_machine *machine, uint32_t va, uint32_t value)
{
	memcpy(machine->state.memory + (uint32_t)(va - FAKE_BASE), &value, 4);
}

void fake_set_rights(struct fake_machine *machine, uint32_t va, uint8_t rights)
{
	machine->rights[(uint32_t)(va - FAKE_BASE) / FAKE_PAGE] = rights;
}
