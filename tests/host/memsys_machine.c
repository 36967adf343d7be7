/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/host/memsys_machine.h"

#include <stdlib.h>
#include <string.h>

struct machine machine;

static const char *const kind_names[FINDING_KINDS] = {
	"stale load", "stale fetch", "stale walk", "stale TLB", "lost bytes", "overwritten",
};

static const struct memory_profile profile = {
	.name = "numbers that can be told apart",
	.line_fill = 40,
	.critical_word = 20,
	.write_back = 16,
	.read_word = 10,
	.write_word = 7,
	.device_read = 100,
	.device_write = 90,
};

uint8_t *machine_ram(uint32_t pa)
{
	const uint32_t off = pa >= RAM_ALIAS ? pa - RAM_ALIAS : pa;

	return off < RAM_SIZE ? machine.ram + off : NULL;
}

static bool read_physical(void *ctx, uint32_t pa, uint32_t *word)
{
	if (!machine_ram(pa))
		return false;
	memcpy(word, machine_ram(pa), 4);
	return true;
}

static void note_finding(void *ctx, const struct finding *finding)
{
	machine.found++;
	machine.by_kind[finding->kind]++;
	machine.last = *finding;
}

static void put(uint32_t pa, uint32_t word)
{
	memcpy(machine.ram + pa, &word, 4);
}

static void write_tables(uint32_t l1)
{
	static const struct {
		uint32_t va, descriptor;
	} slots[] = {
		{ NCNB, SECTION(DATA_PA, AP_USER_RW, KIND_NCNB) },
		{ NCB, SECTION(DATA_PA, AP_USER_RW, KIND_NCB) },
		{ WT, SECTION(DATA_PA, AP_USER_RW, KIND_WT) },
		{ WB, SECTION(DATA_PA, AP_USER_RW, KIND_WB) },
		{ WB2, SECTION(DATA_PA, AP_USER_RW, KIND_WB) },
		{ WB_ALIAS, SECTION(RAM_ALIAS + DATA_PA, AP_USER_RW, KIND_WB) },
		{ DEVICE_VA, SECTION(DEVICE_PA, AP_PRIV, KIND_NCNB) },
		{ T_NCNB, SECTION(0, AP_PRIV, KIND_NCNB) },
		{ T_NCB, SECTION(0, AP_PRIV, KIND_NCB) },
		{ T_WT, SECTION(0, AP_PRIV, KIND_WT) },
		{ T_WB, SECTION(0, AP_PRIV, KIND_WB) },
		{ COARSE, COARSE_LINK(COARSE_PA) },
		{ FINE, FINE_LINK(FINE_PA) },
		{ DOMAIN1, SECTION(DATA_PA, AP_USER_RW, KIND_WB) | 1 << 5 },
	};

	for (unsigned i = 0; i < sizeof(slots) / sizeof(slots[0]); i++)
		put(l1 + (slots[i].va >> 20) * 4, slots[i].descriptor);
}

void machine_restart(void)
{
	char error[80];

	memsys_free(machine.ms);
	machine.ms = memsys_new(&machine.config, error, sizeof(error));
	if (!machine.ms)
		fail_msg("%s", error);
	memsys_set_control(machine.ms, machine.mmu.control, machine.mmu.ttbr, machine.mmu.dacr,
			   machine.mmu.pid);
}

void machine_start(unsigned cache_kib, enum tlb_rules rules)
{
	machine = (struct machine){ .pc = 0x10000000 };
	machine.ram = calloc(RAM_SIZE, 1);
	for (uint32_t i = DATA_PA; i < RAM_SIZE; i += 4)
		put(i, i * 2654435761u);
	write_tables(L1_PA);
	write_tables(L1_OTHER);
	machine.config = (struct memsys_config){
		.icache_kib = cache_kib,
		.dcache_kib = cache_kib,
		.ram_size = RAM_SIZE,
		.ram_alias = RAM_ALIAS,
		.ram = machine.ram,
		.profile = &profile,
		.rules = rules,
		.report = note_finding,
	};
	machine.mmu = (struct ref_mmu){
		.control = SCTLR_ALL, .ttbr = L1_PA, .dacr = 5, .read = read_physical
	};
	machine_restart();
}

void machine_stop(void)
{
	memsys_free(machine.ms);
	free(machine.ram);
}

int machine_setup(void **state)
{
	machine_start(16, TLB_RULES_STRICT);
	return 0;
}

int machine_setup_gather(void **state)
{
	machine_start(16, TLB_RULES_GATHER);
	return 0;
}

int machine_teardown(void **state)
{
	machine_stop();
	return 0;
}

uint32_t machine_pa(uint32_t va)
{
	const uint32_t mva = ref_mva(&machine.mmu, va);
	struct ref_entry entry;

	if (ref_walk(&machine.mmu, mva, &entry))
		fail_msg("the test's program uses an address without translation: 0x%08x", va);
	return ref_meaning(&entry, mva).physical;
}

void user(bool on)
{
	machine.user = on;
}

static void store_bytes_at(uint32_t va, uint32_t pa, unsigned size, uint64_t value)
{
	uint8_t *ram = machine_ram(pa);

	machine.pc += 4;
	if (ram)
		memcpy(ram, &value, size);
	memsys_store(machine.ms, machine.pc, machine.user, va, size, &value);
}

static void load_bytes_at(uint32_t va, uint32_t pa, unsigned size)
{
	static const uint8_t device[8];
	const uint8_t *ram = machine_ram(pa);

	machine.pc += 4;
	memsys_load(machine.ms, machine.pc, machine.user, va, size, ram ? ram : device);
}

void store_bytes(uint32_t va, unsigned size, uint64_t value)
{
	store_bytes_at(va, machine_pa(va), size, value);
}

void store(uint32_t va, uint32_t value)
{
	store_bytes(va, 4, value);
}

void load_bytes(uint32_t va, unsigned size)
{
	load_bytes_at(va, machine_pa(va), size);
}

uint32_t load(uint32_t va)
{
	const uint32_t pa = machine_pa(va);
	uint32_t value = 0;

	load_bytes_at(va, pa, 4);
	if (machine_ram(pa))
		memcpy(&value, machine_ram(pa), 4);
	return value;
}

uint64_t walks_of(uint32_t va)
{
	const uint64_t before = machine_counts().tlb_misses;

	load(va);
	return machine_counts().tlb_misses - before;
}

void fetch(uint32_t va, unsigned size)
{
	memsys_fetch(machine.ms, va, machine.user, machine_ram(machine_pa(va)), size);
}

/** QEMU exchanges first and reports both accesses afterwards. */
void swap(uint32_t va, uint32_t value)
{
	uint8_t *ram = machine_ram(machine_pa(va));
	uint32_t old;

	machine.pc += 4;
	memcpy(&old, ram, 4);
	memcpy(ram, &value, 4);
	memsys_load(machine.ms, machine.pc, machine.user, va, 4, &old);
	memsys_store(machine.ms, machine.pc, machine.user, va, 4, &value);
}

void load_at(uint32_t va, uint32_t pa)
{
	load_bytes_at(va, pa, 4);
}

void store_at(uint32_t va, uint32_t pa, uint32_t value)
{
	store_bytes_at(va, pa, 4, value);
}

void mcr(unsigned crn, unsigned crm, unsigned opc2, uint32_t value)
{
	machine.pc += 4;
	memsys_mcr(machine.ms, machine.pc, crn, 0, crm, opc2, value);
	if (crn == 1)
		machine.mmu.control = value;
	if (crn == 2)
		machine.mmu.ttbr = value;
	if (crn == 3)
		machine.mmu.dacr = value;
	if (crn == 13)
		machine.mmu.pid = value;
}

void clean_d(uint32_t mva)
{
	mcr(7, 10, 1, mva);
}

void invalidate_d(uint32_t mva)
{
	mcr(7, 6, 1, mva);
}

void flush_d(uint32_t mva)
{
	mcr(7, 14, 1, mva);
}

void invalidate_i(uint32_t mva)
{
	mcr(7, 5, 1, mva);
}

void drain(void)
{
	mcr(7, 10, 4, 0);
}

void tlb_all(void)
{
	mcr(8, 7, 0, 0);
}

void tlb_one(uint32_t mva)
{
	mcr(8, 7, 1, mva);
}

void test_and_clean(bool invalidate)
{
	machine.pc += 4;
	memsys_test_and_clean(machine.ms, machine.pc, invalidate);
}

void set_control(uint32_t set, uint32_t clear)
{
	mcr(1, 0, 0, (machine.mmu.control & ~clear) | set);
}

void map_properly(uint32_t entry_pa, uint32_t descriptor)
{
	store(T_NCNB + entry_pa, descriptor);
	tlb_all();
}

void map_and_use(uint32_t descriptor)
{
	map_properly(COARSE_ENTRY(COARSE), descriptor);
	load(COARSE);
}

void change(uint32_t descriptor)
{
	store(T_NCNB + COARSE_ENTRY(COARSE), descriptor);
}

void make_dirty(uint32_t va, uint32_t value)
{
	load(va);
	store(va, value);
}

struct memsys_counts machine_counts(void)
{
	struct memsys_counts counts;

	memsys_counts(machine.ms, &counts);
	return counts;
}

uint64_t disagreements(void)
{
	return machine_counts().disagreements;
}

void expect_found(enum finding_kind kind, uint32_t va, const char *file, int line)
{
	if (machine.found != 1 || machine.last.kind != kind || machine.last.va != va) {
		print_error("%s:%d: expected one finding \"%s\" at 0x%08x; there are %u", file,
			    line, kind_names[kind], va, machine.found);
		if (machine.found)
			print_error(", the last \"%s\" at 0x%08x: %s",
				    kind_names[machine.last.kind], machine.last.va,
				    machine.last.text);
		print_error("\n");
		fail();
	}
	machine.found = 0;
}

void expect_silent(const char *file, int line)
{
	if (machine.found) {
		print_error("%s:%d: %u findings, the last \"%s\" at 0x%08x: %s\n", file, line,
			    machine.found, kind_names[machine.last.kind], machine.last.va,
			    machine.last.text);
		fail();
	}
}
