/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine for the tests of the memory system model: RAM with the newest values, as QEMU's, tables
 * with a view of the same memory for each kind of page, and a program that is a sequence of calls.
 * The addresses it uses are translated by ref_mmu, which shares no code with the model.
 */
#ifndef TESTS_HOST_MEMSYS_MACHINE_H
#define TESTS_HOST_MEMSYS_MACHINE_H

#include "tests/arm926-model/memsys.h"
#include "tests/host/ref_mmu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define RAM_SIZE  0x400000u
#define RAM_ALIAS 0x80000000u
#define DEVICE_PA 0x16000000u

/* Physical: tables, then data. */
#define L1_PA      0x4000u
#define L1_OTHER   0x8000u /* a second first-level table, at first the same */
#define COARSE_PA  0xc000u
#define FINE_PA    0xd000u
#define COARSE2_PA 0xe000u /* not linked at first */
#define DATA_PA    0x100000u
#define PAGE0      DATA_PA /* two pages of the data, for small pages */
#define PAGE1      (DATA_PA + 0x1000)
#define OTHER_PA   0x200000u

/* Virtual: views of DATA_PA's section, by C and B; two of them write-back. */
#define NCNB      0x10000000u
#define NCB       0x10100000u
#define WT        0x10200000u
#define WB        0x10300000u
#define WB2       0x10400000u
#define WB_ALIAS  0x10500000u /* by RAM's second address */
#define DEVICE_VA 0x10600000u
/* Views of the section with the tables. */
#define T_NCNB 0x11000000u
#define T_NCB  0x11100000u
#define T_WT   0x11200000u
#define T_WB   0x11300000u
/* A coarse and a fine table, empty at first, and a section of domain 1. */
#define COARSE  0x12000000u
#define FINE    0x12100000u
#define DOMAIN1 0x12200000u

#define COARSE_ENTRY(va) (COARSE_PA + ((va) >> 12 & 0xff) * 4)
#define FINE_ENTRY(va)   (FINE_PA + ((va) >> 10 & 0x3ff) * 4)
#define L1_ENTRY(va)     (L1_PA + ((va) >> 20) * 4)

enum { KIND_NCNB, KIND_NCB = 4, KIND_WT = 8, KIND_WB = 12 }; /* C and B as in a descriptor */
enum { AP_SR, AP_PRIV, AP_USER_RO, AP_USER_RW };

#define SECTION(pa, ap, kind) ((pa) | (ap) << 10 | 0x10 | (kind) | 2)
#define SMALL(pa, ap, kind)   ((pa) | (ap)*0x550u | (kind) | 2)
#define LARGE(pa, ap, kind)   ((pa) | (ap)*0x550u | (kind) | 1)
#define TINY(pa, ap, kind)    ((pa) | (ap) << 4 | (kind) | 3)
#define COARSE_LINK(pa)       ((pa) | 0x11)
#define FINE_LINK(pa)         ((pa) | 0x13)
#define SCTLR_ALL             0x5107du /* M, C, I and what reads as one */
#define SCTLR_ROUND_ROBIN     0x4000u

#define CACHE_SETS 128u /* of 16 KiB, as machine_setup() makes them */

struct machine {
	struct memsys_config config;
	struct memsys *ms;
	uint8_t *ram;
	struct ref_mmu mmu;
	uint32_t pc;
	bool user;
	unsigned found, by_kind[FINDING_KINDS];
	struct finding last;
};

extern struct machine machine;

/** Start anew: tables as above, MMU and caches on, domains 0 and 1 open to clients. */
void machine_start(unsigned cache_kib, enum tlb_rules rules);
void machine_stop(void);
/** A core after reset with the RAM as it is. */
void machine_restart(void);
int machine_setup(void **state);
int machine_setup_gather(void **state);
int machine_teardown(void **state);

#define TEST(name) cmocka_unit_test_setup_teardown(name, machine_setup, machine_teardown)
#define GATHER_TEST(name) \
	cmocka_unit_test_setup_teardown(name, machine_setup_gather, machine_teardown)

/* What a program does. */
void user(bool on); /* the mode it does the following in */
void store(uint32_t va, uint32_t value);
void store_bytes(uint32_t va, unsigned size, uint64_t value);
uint32_t load(uint32_t va);
uint64_t walks_of(uint32_t va); /* a load; how many table walks it took */
void load_bytes(uint32_t va, unsigned size);
void fetch(uint32_t va, unsigned size);
void swap(uint32_t va, uint32_t value);
/* The same where QEMU's own TLB still has a translation that the tables no longer have. */
void load_at(uint32_t va, uint32_t pa);
void store_at(uint32_t va, uint32_t pa, uint32_t value);

void mcr(unsigned crn, unsigned crm, unsigned opc2, uint32_t value);
void clean_d(uint32_t mva);
void invalidate_d(uint32_t mva);
void flush_d(uint32_t mva);
void invalidate_i(uint32_t mva);
void drain(void);
void tlb_all(void);
void tlb_one(uint32_t mva);
void test_and_clean(bool invalidate);
void set_control(uint32_t set, uint32_t clear);

/** Change a descriptor properly: memory has it, and the TLB nothing of before. */
void map_properly(uint32_t entry_pa, uint32_t descriptor);
/** The same for the page COARSE, which is then in the TLB. */
void map_and_use(uint32_t descriptor);
/** Change the descriptor of COARSE, without a TLB operation. */
void change(uint32_t descriptor);

/** A line in the data cache, with a word that is nowhere else. */
void make_dirty(uint32_t va, uint32_t value);

uint32_t machine_pa(uint32_t va);
uint8_t *machine_ram(uint32_t pa);
struct memsys_counts machine_counts(void);
uint64_t disagreements(void);

/** Exactly one finding since the last look, of @p kind, about the access to @p va. */
#define EXPECT_FOUND(kind, va) expect_found(kind, va, __FILE__, __LINE__)
#define EXPECT_SILENT()        expect_silent(__FILE__, __LINE__)
void expect_found(enum finding_kind kind, uint32_t va, const char *file, int line);
void expect_silent(const char *file, int line);

#endif
