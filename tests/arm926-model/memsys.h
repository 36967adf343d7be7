/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory system of an ARM926EJ-S as a model that carries data: instruction and data cache,
 * write buffer, TLB, and a memory of its own behind them, fed with what a program does.
 *
 * QEMU's RAM always holds the newest value of every byte, in program order. The model's memory
 * holds what a real SDRAM would. Where the real core would have read something else than the newest
 * value, the two differ, and that is a finding.
 *
 * Sections named "TRM" are those of the ARM926EJ-S Technical Reference Manual (ARM DDI 0198).
 */
#ifndef TESTS_ARM926_MODEL_MEMSYS_H
#define TESTS_ARM926_MODEL_MEMSYS_H

#include <stdbool.h>
#include <stdint.h>

#define MODEL_LINE 32u /* bytes of a cache line (TRM, 4.1) */

enum finding_kind {
	FINDING_STALE_LOAD,  /**< a load got older bytes than the newest */
	FINDING_STALE_FETCH, /**< an instruction fetch likewise */
	FINDING_STALE_WALK,  /**< a table walk read a descriptor that is not the newest */
	FINDING_STALE_TLB,   /**< a TLB entry was used that its tables no longer agree with */
	FINDING_LOST_BYTES,  /**< a read of bytes that an invalidation of a dirty line threw away */
	FINDING_OVERWRITTEN, /**< a read of bytes that a line written back replaced by older ones */
	FINDING_KINDS
};

/** What was found, all that is known of it. Addresses that are not known are 0. */
struct finding {
	enum finding_kind kind;
	uint32_t pc;     /* of the instruction that read */
	uint32_t va, pa; /* what it read */
	unsigned size;
	uint32_t seen;    /* what the core would have got; a descriptor for walks and TLB entries */
	uint32_t newest;  /* what it should have got */
	uint32_t line_va; /* modified virtual address of the cache line or TLB entry involved */
	uint32_t written_pc; /* the last store to the newest bytes */
	uint32_t written_va;
	uint32_t culprit_pc; /* lost or overwrote them, or filled the stale line */
	const char *text;    /* a constant: which rule */
};

/**
 * Which uses of a TLB entry that its tables no longer agree with are findings:
 * docs/arm926-model.md.
 */
enum tlb_rules {
	TLB_RULES_STRICT, /**< the TLB is told before User mode runs again: the VMM */
	TLB_RULES_GATHER, /**< rights may go before the TLB is told: Linux's mmu_gather */
};

/** What a memory access costs, in cycles of the core: a named profile of docs/arm926-model.md. */
struct memory_profile {
	const char *name;
	unsigned line_fill;     /* until the whole line is in the cache */
	unsigned critical_word; /* until the word that missed is there */
	unsigned write_back;    /* of half a line (16 bytes) */
	unsigned read_word;     /* uncached */
	unsigned write_word;    /* leaving the write buffer */
	unsigned device_read, device_write;
};

struct memsys_config {
	unsigned icache_kib, dcache_kib; /* powers of 2, 4 to 128 (TRM, 2.3.2) */
	uint32_t ram_size;               /* from physical address 0 */
	uint32_t ram_alias; /* the same RAM once more at this physical address; 0: nowhere */
	const uint8_t *ram; /* QEMU's, with the newest values */
	const struct memory_profile *profile;
	const uint64_t *issued; /* the core's cycles but for waiting; NULL: one an instruction */
	enum tlb_rules rules;
	void (*report)(void *ctx, const struct finding *finding);
	void *ctx;
};

/**
 * What happened, for results and for the validation of the timing. Cycles beside the instructions'.
 */
struct memsys_counts {
	uint64_t fetches, loads, stores; /* lookups */
	uint64_t i_misses, d_misses, tlb_misses;
	uint64_t write_backs; /* half lines */
	uint64_t uncached_reads, uncached_writes, device_accesses;
	uint64_t whole_cache_operations, line_operations, tlb_operations, drains;
	uint64_t disagreements; /* accesses the newest tables do not allow */
	uint64_t stall_cycles;  /* all waiting for memory, walks included */
};

struct memsys;

struct memsys *memsys_new(const struct memsys_config *config, char *error, unsigned error_size);
void memsys_free(struct memsys *ms);

/** The registers of a core that runs already: what QEMU's reset or loader left. */
void memsys_set_control(struct memsys *ms, uint32_t sctlr, uint32_t ttbr, uint32_t dacr,
			uint32_t fcse);

/*
 * What the program does, in program order. @p pc is the instruction's virtual address, @p user says
 * whether the core is in User mode. `fetch` is called before the instructions of one line run, for
 * the part of the line that will run (32-bit aligned words or half-words, never across a line);
 * `load` and `store` after each access, never across a line or more than 8 bytes.
 */
void memsys_fetch(struct memsys *ms, uint32_t pc, bool user, const void *newest, unsigned size);
void memsys_load(struct memsys *ms, uint32_t pc, bool user, uint32_t va, unsigned size,
		 const void *newest);
void memsys_store(struct memsys *ms, uint32_t pc, bool user, uint32_t va, unsigned size,
		  const void *newest);

/** MCR p15, before it takes effect. Registers without meaning for the memory system are ignored. */
void memsys_mcr(struct memsys *ms, uint32_t pc, unsigned crn, unsigned opc1, unsigned crm,
		unsigned opc2, uint32_t value);
/**
 * MRC p15, r15, c7, c10 or c14, 3: the whole test-and-clean loop at once, since QEMU ends it at
 * once.
 */
void memsys_test_and_clean(struct memsys *ms, uint32_t pc, bool invalidate);

/** What happened so far. */
void memsys_counts(const struct memsys *ms, struct memsys_counts *counts);

#endif
