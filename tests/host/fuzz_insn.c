/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzer: any instruction word, any registers, faults at any point. Whatever is decoded must be
 * executed within its own bytes, change only the registers it names, and none if it faults.
 */
#include "tests/host/fuzz.h"

#include "vcpu/mem_exec.h"
#include "vmm/lib/bits.h"

#include <stddef.h>
#include <string.h>

struct input {
	uint32_t word;
	uint8_t thumb;
	uint8_t carry;
	uint8_t check_alignment;
	uint8_t fault_at; /* this hook call (1 is the first) faults; 0: none */
	uint32_t r[16];
};

struct machine {
	struct input input;
	const struct mem_insn *insn;
	uint32_t address; /* of the lowest byte */
	unsigned length;

	unsigned calls;
	unsigned accesses;
	bool faulted;
	uint32_t changed; /* registers written, of any bank */
};

static uint32_t get(const void *ctx, unsigned reg)
{
	REQUIRE(reg < 16);
	return ((const struct machine *)ctx)->input.r[reg];
}

/* Values are not stored: what changes is all that counts, and operands must be read before. */
static void set(void *ctx, unsigned reg, uint32_t value)
{
	struct machine *machine = ctx;

	REQUIRE(reg < 16 && !machine->faulted && machine->insn->shape != MEM_COPROC);
	machine->changed |= 1u << reg;
}

static void set_base_only(void *ctx, unsigned reg, uint32_t value)
{
	struct machine *machine = ctx;

	REQUIRE(!machine->faulted);
	if (machine->insn->shape == MEM_COPROC)
		REQUIRE(machine->insn->writeback && reg == machine->insn->rn);
	else
		set(ctx, reg, value);
}

static uint32_t get_user(const void *ctx, unsigned reg)
{
	REQUIRE(reg < 15 && ((const struct machine *)ctx)->insn->user_bank);
	return reg;
}

static void set_user(void *ctx, unsigned reg, uint32_t value)
{
	REQUIRE(reg < 15 && ((const struct machine *)ctx)->insn->user_bank);
	set(ctx, reg, value);
}

static void exception_return(void *ctx, uint32_t pc)
{
	const struct machine *machine = ctx;

	/* All other registers are written already: the bank is about to change. */
	REQUIRE(machine->insn->restore_spsr);
	REQUIRE((machine->changed & 0x7fff & machine->insn->list) ==
		(machine->insn->list & 0x7fffu));
	set(ctx, 15, pc);
}

static uint32_t vfp_get(const void *ctx, unsigned reg)
{
	REQUIRE(reg < 32);
	return reg;
}

static void vfp_set(void *ctx, unsigned reg, uint32_t value)
{
	struct machine *machine = ctx;

	REQUIRE(reg < 32 && !machine->faulted);
	machine->changed |= 1u << reg;
}

static enum mem_access_result step(struct machine *machine)
{
	REQUIRE(!machine->faulted);
	if (++machine->calls != machine->input.fault_at)
		return MEM_ACCESS_OK;
	machine->faulted = true;
	return MEM_ACCESS_FAULT;
}

static void require_inside(const struct machine *machine, uint32_t va, unsigned size)
{
	/* The low bits of the address do not count: transfers are aligned to their size. */
	const unsigned alignment = machine->insn->size;
	const uint32_t first = machine->address & ~(alignment - 1u);

	REQUIRE((uint32_t)(va - first) + size <= machine->length);
}

static enum mem_access_result unaligned(void *ctx, uint32_t va, unsigned flags)
{
	struct machine *machine = ctx;

	REQUIRE(machine->calls == 0 && va == machine->address);
	if (!machine->input.check_alignment)
		return MEM_ACCESS_OK;
	machine->faulted = true;
	return MEM_ACCESS_FAULT;
}

static enum mem_access_result probe(void *ctx, uint32_t va, unsigned flags)
{
	struct machine *machine = ctx;

	REQUIRE(machine->accesses == 0);
	require_inside(machine, va & ~(machine->insn->size - 1u), 1);
	return step(machine);
}

static enum mem_access_result access_memory(void *ctx, uint32_t va, unsigned size, unsigned flags,
					    uint32_t *value)
{
	struct machine *machine = ctx;
	const struct mem_insn *insn = machine->insn;

	REQUIRE(size == insn->size && va % size == 0);
	REQUIRE(!!(flags & MEM_USER) == insn->user_access);
	require_inside(machine, va, size);
	if (flags & MEM_STORE)
		REQUIRE(size == 4 || *value >> size * 8 == 0);
	if (insn->shape == MEM_SWAP)
		REQUIRE(!!(flags & MEM_STORE) == (machine->accesses == 1));
	else
		REQUIRE(!!(flags & MEM_STORE) == !insn->is_load &&
			va == (machine->address & ~(insn->size - 1u)) + machine->accesses * 4);
	machine->accesses++;
	if (!(flags & MEM_STORE))
		*value = va ^ 0xa5a5a5a5;
	return step(machine);
}

static const struct mem_exec_ops ops = {
	.get = get,
	.set = set_base_only,
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

/** Registers the instruction may write and, if it succeeds, has to. */
static uint32_t written_registers(const struct mem_insn *insn)
{
	uint32_t written = 0;

	if (insn->is_load) {
		switch (insn->shape) {
		case MEM_DOUBLE:
			written = 3u << insn->rt;
			break;
		case MEM_MULTIPLE:
			written = insn->list;
			break;
		case MEM_COPROC:
			for (unsigned i = 0; i < insn->words; i++)
				written |= 1u << (insn->rt + i);
			return written;
		default:
			written = 1u << insn->rt;
			break;
		}
	}
	if (insn->shape == MEM_COPROC)
		return 0;
	if (insn->writeback && insn->rn != 15 && mem_insn_length(insn) != 0)
		written |= 1u << insn->rn;
	return written;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct machine machine = { 0 };
	struct mem_insn insn;
	enum mem_exec_result result;
	uint32_t base;

	memcpy(&machine.input, data, size < sizeof(struct input) ? size : sizeof(struct input));
	memset(&insn, 0xff, sizeof(insn));
	if (machine.input.thumb & 1 ? !thumb_decode_mem((uint16_t)machine.input.word, &insn)
				    : !arm_decode_mem(machine.input.word, &insn))
		return 0;

	machine.insn = &insn;
	machine.address = mem_insn_address(&insn, get, &machine, machine.input.carry & 1, &base);
	machine.length = mem_insn_length(&insn);
	if (insn.shape == MEM_MULTIPLE)
		REQUIRE(machine.length == 4u * (unsigned)__builtin_popcount(insn.list));

	result = mem_exec(&insn, &ops, &machine, machine.input.carry & 1);
	if (machine.faulted) {
		REQUIRE(result == MEM_EXEC_FAULT && machine.changed == 0);
		return 0;
	}
	REQUIRE(machine.changed == written_registers(&insn));
	REQUIRE(machine.accesses * insn.size == machine.length * (insn.shape == MEM_SWAP ? 2 : 1));
	if (insn.shape != MEM_COPROC)
		REQUIRE((result == MEM_EXEC_BRANCHED) == bit(machine.changed, 15));
	else
		REQUIRE(result == MEM_EXEC_NEXT);
	return 0;
}
