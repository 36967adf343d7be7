/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/host/core_machine.h"

#include "arch/arm/cp15.h"
#include "arch/arm/layout.h"
#include "arch/arm/mmu.h"
#include "arch/arm/sctlr.h"
#include "arch/arm/user_access.h"
#include "tests/xorshift.h"
#include "vcpu/fault.h"
#include "vcpu/guest_abi.h"
#include "vcpu/guest_mem.h"
#include "vcpu/hypercall.h"
#include "vmm/lib/check.h"
#include "vmm/lib/heap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct machine machine;

const uint8_t machine_modes[MACHINE_MODES] = { PSR_MODE_USR, PSR_MODE_FIQ, PSR_MODE_IRQ,
					       PSR_MODE_SVC, PSR_MODE_ABT, PSR_MODE_UND,
					       PSR_MODE_SYS };

static uint8_t host_ram[HPA_RAM_SIZE];
static uint8_t host_bus[HPA_BUS_SIZE];
static uint32_t *pool;
static void *heap;
static struct proxy proxies[PROXY_TABLE_MAX];
static uint32_t random_state;

void seed(uint32_t value)
{
	random_state = value * 2654435761u + 1u;
	for (unsigned i = 0; i < 8; i++)
		rnd();
}

uint32_t rnd(void)
{
	return xorshift32(&random_state);
}

uint32_t rnd_below(uint32_t limit)
{
	return (uint32_t)(((uint64_t)rnd() * limit) >> 32);
}

void panic(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fail_msg("panic");
	abort();
}

/* ---- memory ---------------------------------------------------------------------------------- */

void *machine_host(uint32_t at)
{
	if (at - HPA_RAM < HPA_RAM_SIZE)
		return &host_ram[at - HPA_RAM];
	if (at - HPA_BUS < HPA_BUS_SIZE)
		return &host_bus[at - HPA_BUS];
	if (at - (HPA_SHARED + 0xc00u) < sizeof(machine.shared_kib)) /* which it may read, but */
		return (uint8_t *)machine.shared_kib + (at - (HPA_SHARED + 0xc00u));
	fail_msg("host address 0x%08x is no memory of the VM", at);
	return NULL;
}

static bool shadow_read(void *ctx, uint32_t at, uint32_t *word)
{
	if (at - HPA_POOL >= SHADOW_POOL_SIZE) {
		print_error("the hardware walks a table at 0x%08x\n", at);
		return false;
	}
	*word = pool[(at - HPA_POOL) / 4];
	return true;
}

static bool guest_read(void *ctx, uint32_t at, uint32_t *word)
{
	for (unsigned i = 0; i < machine.mem.count; i++) {
		const struct mem_region *region = &machine.mem.region[i];

		if (region->kind == MEM_RAM && at - region->base < region->size) {
			memcpy(word, machine_host(region->hpa.raw + (at - region->base)), 4);
			return true;
		}
	}
	return false;
}

uint32_t guest_word(uint32_t at)
{
	uint32_t word;

	assert_true(guest_read(NULL, at, &word));
	return word;
}

void guest_set_word(uint32_t at, uint32_t value)
{
	const struct mem_region *region = vm_mem_find(&machine.mem, gpa(at));

	assert_non_null(region);
	memcpy(machine_host(mem_region_hpa(region, gpa(at)).raw), &value, 4);
	shadow_memory_written(&machine.shadow, mem_region_hpa(region, gpa(at)));
}

enum machine_bus machine_bus_at(uint32_t physical, bool write, uint8_t **host)
{
	for (unsigned i = 0; i < machine.mem.count; i++) {
		const struct mem_region *r = &machine.mem.region[i];

		if (physical - r->base >= r->size)
			continue;
		if (r->kind == MEM_EMULATED || (write && r->kind == MEM_READ_DIRECT))
			return BUS_DEVICE;
		*host = machine_host(r->hpa.raw + (physical - r->base));
		return BUS_MEMORY;
	}
	return BUS_NOTHING;
}

struct ref_mmu machine_guest_mmu(void)
{
	const struct guest_mmu *mmu = &machine.vcpu.mmu;

	return (struct ref_mmu){ .control = mmu->sctlr,
				 .ttbr = mmu->ttbr,
				 .dacr = mmu->dacr,
				 .pid = mmu->pid,
				 .read = guest_read };
}

/* ---- the physical MMU ------------------------------------------------------------------------ */

static unsigned use_entry(const struct ref_entry *entry, uint32_t va, bool write, uint32_t *at)
{
	*at = ref_meaning(entry, va).physical;
	return ref_check(&machine.hw, entry, va, false, write);
}

unsigned machine_walk(uint32_t va, bool write, uint32_t *at)
{
	struct ref_entry entry;
	const unsigned status = ref_walk(&machine.hw, va, &entry);

	return status ? status : use_entry(&entry, va, write, at);
}

unsigned machine_access(uint32_t va, bool write, uint32_t *at)
{
	struct ref_entry entry;
	unsigned status;

	for (unsigned i = 0; i < machine.tlb_count; i++)
		if (va - machine.tlb[i].mva < machine.tlb[i].size)
			return use_entry(&machine.tlb[i], va, write, at);
	status = ref_walk(&machine.hw, va, &entry);
	if (status)
		return status;
	if (machine.tlb_count == MACHINE_TLB)
		machine.tlb_count = 0;
	machine.tlb[machine.tlb_count++] = entry;
	return use_entry(&entry, va, write, at);
}

enum trap_outcome machine_fetch(void)
{
	const uint32_t pc = machine.vcpu.frame.pc;

	for (unsigned tries = 0; tries < 4; tries++) {
		uint32_t at;
		const unsigned status = machine_access(pc, false, &at);
		enum trap_outcome outcome;

		if (status == 0)
			return TRAP_NEXT;
		machine.ifsr = status;
		outcome = prefetch_abort_trap(&machine.vcpu);
		if (outcome != TRAP_RESUME && outcome != TRAP_MOVED)
			return outcome;
		assert_int_equal(machine.vcpu.frame.pc, pc);
	}
	fail_msg("one prefetch abort after the other at 0x%08x", pc);
	return TRAP_STOP;
}

uint32_t machine_shadow_l2(uint32_t l1, uint32_t offset)
{
	uint32_t word = l1;

	if (l1 % 4 == 1)
		shadow_read(NULL, l1 / 0x400 * 0x400 + offset / 0x1000 * 4, &word);
	else if (l1 % 4 == 3)
		shadow_read(NULL, l1 / 0x1000 * 0x1000 + offset / 0x400 * 4, &word);
	return word;
}

void mmu_set_ttbr(hpa_t table)
{
	assert_int_equal(table.raw & 0x3fffu, 0);
	machine.hw.ttbr = table.raw;
}

void mmu_set_dacr(uint32_t dacr)
{
	machine.hw.dacr = dacr;
}

void mmu_pv_page_set(bool writable)
{
	machine.pv_writable = writable;
}

void mmu_tlb_invalidate_all(void)
{
	machine.tlb_count = 0;
	machine.tlb_flushes++;
}

void mmu_tlb_invalidate(uint32_t va)
{
	for (unsigned i = 0; i < machine.tlb_count;) {
		if (va - machine.tlb[i].mva < machine.tlb[i].size)
			machine.tlb[i] = machine.tlb[--machine.tlb_count];
		else
			i++;
	}
	machine.tlb_page_flushes++;
}

void mmu_copy_vmm_slots(uint32_t *l1)
{
	for (unsigned slot = VMM_BASE >> 20; slot < VMM_END >> 20; slot++)
		l1[slot] = VMM_SLOT_DESC(slot);
}

hpa_t mmu_pool_hpa(const void *in_pool)
{
	const size_t offset = (size_t)((const uint8_t *)in_pool - (const uint8_t *)pool);

	assert_true(offset < SHADOW_POOL_SIZE);
	return hpa(HPA_POOL + (uint32_t)offset);
}

uint32_t mmu_vector_page_desc(void)
{
	return desc_small(HPA_VECTORS, AP_PRIV, DESC_C | DESC_B);
}

hpa_t mmu_shared_vectors(void)
{
	return hpa(HPA_SHARED);
}

/** At 0xffff0c00, with the rights of the VMM: the page has to be there. */
void mmu_set_shared_vectors(unsigned first, unsigned count, const volatile uint32_t *words)
{
	struct ref_entry entry;

	assert_true(first + count <= sizeof(machine.shared_kib) / 4);
	assert_int_equal(ref_walk(&machine.hw, 0xffff0c00, &entry), 0);
	assert_int_equal(ref_meaning(&entry, 0xffff0c00).physical, HPA_SHARED + 0xc00);
	for (unsigned i = 0; i < count; i++)
		machine.shared_kib[first + i] = words[i];
}

enum trap_outcome fast_switch_mm(struct vcpu *vcpu, uint32_t number)
{
	return hypercall(vcpu, number);
}

const uint32_t trap_swi_paths[FAST_PATH_COUNT] = { 1, 2, 3, 4, 5 };

void mmu_set_high_vectors(bool high)
{
	machine.hw_vectors_high = high;
}

void mmu_set_guest_control(uint32_t guest_sctlr)
{
	machine.hw_control = guest_sctlr & (SCTLR_A | SCTLR_I);
}

void *mmu_guest_window(hpa_t page)
{
	assert_int_equal(page.raw & 0xfffu, 0);
	return machine_host(page.raw);
}

/* ---- guest memory through guest addresses, and the registers of an abort --------------------- */

static bool user_access(uint32_t va, bool write, unsigned size, uint32_t *value)
{
	uint32_t at;

	if (machine_access(va, write, &at))
		return false;
	if (write)
		memcpy(machine_host(at), value, size);
	else
		memcpy(value, machine_host(at), size);
	return true;
}

uint32_t user_fetch(uint32_t va)
{
	uint32_t word;

	return user_access(va, false, 4, &word) ? word : 0xffffffff;
}

bool user_load32(uint32_t va, uint32_t *value)
{
	return user_access(va, false, 4, value);
}

bool user_load8(uint32_t va, uint32_t *value)
{
	*value = 0;
	return user_access(va, false, 1, value);
}

bool user_store32(uint32_t va, uint32_t value)
{
	return user_access(va, true, 4, &value);
}

bool user_store8(uint32_t va, uint32_t value)
{
	return user_access(va, true, 1, &value);
}

bool user_load_words(uint32_t va, uint32_t *words, unsigned count)
{
	assert_in_range(count, 1, 16);
	assert_true((va & 0x3ffu) + 4 * count <= 0x400u);
	for (unsigned i = 0; i < count; i++)
		if (!user_access(va + 4 * i, false, 4, &words[i]))
			return false;
	return true;
}

bool user_store_words(uint32_t va, const uint32_t *words, unsigned count)
{
	assert_in_range(count, 1, 16);
	assert_true((va & 0x3ffu) + 4 * count <= 0x400u);
	for (unsigned i = 0; i < count; i++)
		if (!user_access(va + 4 * i, true, 4, (uint32_t *)&words[i]))
			return false;
	return true;
}

uint32_t cp15_read_ctr(void)
{
	return 0x1d152152u; /* 16 KiB each, 4 ways, lines of 32 bytes (TRM, 2.3.1) */
}

/* The fake bus answers everywhere, or nowhere: machine.bus_error. */
bool bus_load8(const volatile void *from, uint32_t *value)
{
	*value = *(const volatile uint8_t *)from;
	return !machine.bus_error;
}

bool bus_load16(const volatile void *from, uint32_t *value)
{
	*value = *(const volatile uint16_t *)from;
	return !machine.bus_error;
}

bool bus_load32(const volatile void *from, uint32_t *value)
{
	*value = *(const volatile uint32_t *)from;
	return !machine.bus_error;
}

bool bus_store8(volatile void *to, uint32_t value)
{
	if (!machine.bus_error)
		*(volatile uint8_t *)to = (uint8_t)value;
	return !machine.bus_error;
}

bool bus_store16(volatile void *to, uint32_t value)
{
	if (!machine.bus_error)
		*(volatile uint16_t *)to = (uint16_t)value;
	return !machine.bus_error;
}

bool bus_store32(volatile void *to, uint32_t value)
{
	if (!machine.bus_error)
		*(volatile uint32_t *)to = value;
	return !machine.bus_error;
}

uint32_t cp15_read_dfsr(void)
{
	return machine.dfsr;
}

uint32_t cp15_read_ifsr(void)
{
	return machine.ifsr;
}

uint32_t cp15_read_far(void)
{
	return machine.far;
}

bool vfp_present(void)
{
	return true;
}
uint32_t vfp_read_fpsid(void)
{
	return 0x41011090;
}
uint32_t vfp_read_fpexc(void)
{
	return machine.fpexc;
}
void vfp_write_fpexc(uint32_t value)
{
	machine.fpexc = value;
}
uint32_t vfp_read_fpinst(void)
{
	return machine.vfp[0] ^ 1;
}
void vfp_write_fpinst(uint32_t value)
{
	machine.vfp[0] = value ^ 1;
}
uint32_t vfp_read_fpinst2(void)
{
	return machine.vfp[1] ^ 1;
}
void vfp_write_fpinst2(uint32_t value)
{
	machine.vfp[1] = value ^ 1;
}
uint32_t vfp_read_register(unsigned reg)
{
	return machine.vfp[reg];
}
void vfp_write_register(unsigned reg, uint32_t value)
{
	machine.vfp[reg] = value;
}

/* ---- the machine ----------------------------------------------------------------------------- */

static void device_reset(struct device *dev)
{
}

static uint32_t device_read(struct device *dev, uint32_t offset, unsigned size)
{
	machine.device_reads++;
	return machine.device_word + offset;
}

static void device_write(struct device *dev, uint32_t offset, uint32_t value, unsigned size)
{
	machine.device_writes++;
	machine.device_word = value - offset;
}

static const struct device_ops device_ops = {
	.name = "register",
	.reset = device_reset,
	.read = device_read,
	.write = device_write,
};

void machine_map(uint32_t base, uint32_t size, enum mem_kind kind, uint32_t host)
{
	const struct mem_region region = { .base = base,
					   .size = size,
					   .kind = kind,
					   .hpa = hpa(host),
					   .device = &machine.device };

	assert_int_equal(vm_mem_add(&machine.mem, &region), STATUS_OK);
}

/**
 * RAM that ends in the middle of a MiB; RAM whose MiB do not lie at a MiB of the host; devices of
 * each kind, direct ones as a whole MiB and as pages; the last page of the address space.
 */
void machine_map_usual(void)
{
	machine_map(0x00000000, 0x00280000, MEM_RAM, HPA_RAM);
	machine_map(0x08000000, 0x00200000, MEM_RAM, HPA_RAM + 0x303000);
	machine_map(0x10000000, 0x00100000, MEM_DIRECT, HPA_BUS);
	machine_map(0x10100000, 0x00002000, MEM_DIRECT, HPA_BUS + 0x105000);
	machine_map(0x10102000, 0x00001000, MEM_EMULATED, 0);
	machine_map(0x10103000, 0x00002000, MEM_READ_DIRECT, HPA_BUS + 0x1fe000);
	machine_map(0xfffff000, 0x00001000, MEM_RAM, HPA_RAM + 0x5ff000);
}

void machine_init(void)
{
	static const struct shadow_size size = { .contexts = SHADOW_CONTEXTS,
						 .tables = SHADOW_TABLES };
	const size_t heap_size = 4u << 20;

	if (!pool) {
		assert_int_equal(posix_memalign((void **)&pool, 0x4000, SHADOW_POOL_SIZE), 0);
		assert_int_equal(posix_memalign(&heap, 16, heap_size), 0);
	}
	memset(pool, 0, SHADOW_POOL_SIZE);
	memset(host_ram, 0, sizeof(host_ram));
	memset(host_bus, 0, sizeof(host_bus));
	memset(&machine, 0, sizeof(machine));
	heap_init(heap, heap_size, false);

	machine.hw.control = SCTLR_M;
	machine.hw.read = shadow_read;
	machine.device.ops = &device_ops;
	machine.vcpu.shadow = &machine.shadow;
	machine.vcpu.mem = &machine.mem;
	machine.vcpu.has_vfp = true;
	proxy_table_make(proxies, PROXY_TABLE_MAX, 0, 0);
	machine.vcpu.proxies = proxies;
	machine.vcpu.proxy_count = PROXY_TABLE_MAX;
	machine.vcpu.ctl = PSR_MODE_SVC;
	machine.hw_vectors_high = true;
	shadow_init(&machine.shadow, &size, &machine.vcpu.mmu, guest_ram_page, &machine.mem, pool);
	vcpu_reset(&machine.vcpu);
}

enum trap_outcome machine_do(uint32_t word)
{
	const struct proxy proxy = proxy_decode(word);

	return proxy.emulate(&machine.vcpu, proxy.arg);
}

enum trap_outcome machine_mcr(uint32_t word, uint32_t value)
{
	machine.vcpu.frame.r[0] = value;
	return machine_do(word);
}
