/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of the memory system share. An access is translated (memsys_translate.c), goes to
 * a cache, the write buffer or memory (memsys_lines.c), and what it got is compared with what it
 * should have got (memsys.c); what differs is explained and put right by memsys_report.c.
 */
#ifndef TESTS_ARM926_MODEL_MEMSYS_INTERNAL_H
#define TESTS_ARM926_MODEL_MEMSYS_INTERNAL_H

#include "tests/arm926-model/bus.h"
#include "tests/arm926-model/cache.h"
#include "tests/arm926-model/memsys.h"
#include "tests/arm926-model/tlb.h"
#include "tests/arm926-model/write_buffer.h"

#include <string.h>

/* Control register (TRM, table 2-10). */
#define SCTLR_M  (1u << 0)
#define SCTLR_C  (1u << 2)
#define SCTLR_S  (1u << 8)
#define SCTLR_R  (1u << 9)
#define SCTLR_I  (1u << 12)
#define SCTLR_RR (1u << 14)

#define FCSE_LIMIT 0x02000000u /* addresses below belong to the process (TRM, 2.3.13) */
#define FCSE_PID   0xfe000000u /* TRM, 2.3.13 */

/* Rights: a bit each, by what the access is. */
#define RIGHT_READ       1u
#define RIGHT_WRITE      2u
#define RIGHT_USER_SHIFT 2u

/*
 * The front: translations found before, by modified virtual address; the unit of permissions is 1
 * KiB.
 */
#define FRONT_SHIFT   10u
#define FRONT_ENTRIES 256u
#define FRONT_EMPTY   0xffffffffu

struct front {
	uint32_t page;   /* modified virtual address >> FRONT_SHIFT, or FRONT_EMPTY */
	uint32_t serial; /* of the TLB entry when it was copied */
	uint32_t pa, off;
	uint8_t index; /* of the TLB entry */
	uint8_t cb, rights;
};

/** What is remembered about a line of RAM, to explain a difference. */
struct line_note {
	uint32_t store_pc, store_va;  /* the last store */
	uint32_t lost_pc, lost;       /* the operation that lost the newest value of these bytes */
	uint32_t covered_pc, covered; /* the write-back that put older values over these bytes */
};

struct access {
	uint32_t pc, va, mva, pa;
	uint32_t off; /* in RAM, or NO_RAM */
	unsigned size;
	uint8_t cb; /* enum memory_kind */
	bool user, write, fetch;
	const uint8_t *newest;
};

struct memsys {
	struct memsys_config config;
	struct ram_map map;
	uint8_t *memory; /* what a real SDRAM would hold */
	struct line_note *notes;
	uint32_t sctlr, ttbr, dacr, fcse;
	uint32_t ttbr_pc; /* the instruction that changed TTBR last */
	bool mmu_on, icache_on, dcache_on;
	bool user; /* the instruction line before this one was User mode's */
	struct cache icache, dcache;
	struct write_buffer buffer;
	struct tlb tlb;
	struct bus bus;
	struct front front[FRONT_ENTRIES];
	uint8_t rights[64];        /* by domain * 4 + AP, with DACR, S and R */
	uint32_t load_pc, load_va; /* the last load: to know a SWP */
	struct memsys_counts counts;
};

/* memsys_translate.c */
bool memsys_translate_slow(struct memsys *ms, struct access *access);
void memsys_check_left(struct memsys *ms, uint32_t pc);
void memsys_update_rights(struct memsys *ms);
void memsys_update_dacr(struct memsys *ms, uint32_t dacr);
void memsys_update_control(struct memsys *ms, uint32_t sctlr);

/* memsys_lines.c */
struct cache_line *memsys_fill(struct memsys *ms, struct cache *cache, const struct access *access);
void memsys_clean_line(struct memsys *ms, struct cache_line *line, uint32_t pc);
void memsys_invalidate_line(struct memsys *ms, struct cache_line *line, uint32_t pc);
void memsys_drain(struct memsys *ms);
void memsys_write_buffered(struct memsys *ms, uint32_t off, unsigned size, const uint8_t *data);
void memsys_write_unbuffered(struct memsys *ms, uint32_t off, unsigned size, const uint8_t *data);

/* memsys_report.c */
void memsys_report_data(struct memsys *ms, const struct access *access, struct cache_line *line,
			bool was_hit, const uint8_t *seen);
void memsys_report_walk(struct memsys *ms, const struct access *access, uint32_t pa, uint32_t off);
void memsys_report_tlb(struct memsys *ms, const struct access *access,
		       const struct tlb_entry *entry, const char *text);

/** The need of an access, as a bit of `rights`. */
static inline unsigned access_need(const struct access *access)
{
	return (access->write ? RIGHT_WRITE : RIGHT_READ) << (access->user ? RIGHT_USER_SHIFT : 0);
}

/**
 * Fill in the modified virtual and physical address and the kind of memory; false: no translation.
 */
static inline bool memsys_translate(struct memsys *ms, struct access *access)
{
	const struct front *front;

	access->mva = access->va < FCSE_LIMIT ? access->va | ms->fcse : access->va;
	if (!ms->mmu_on) {
		access->pa = access->mva; /* TRM, table 4-3: all addresses are flat mapped */
		access->off = ram_offset(&ms->map, access->pa);
		access->cb = MEMORY_NCNB;
		return true;
	}
	front = &ms->front[access->mva >> FRONT_SHIFT & (FRONT_ENTRIES - 1)];
	if (front->page == access->mva >> FRONT_SHIFT &&
	    front->serial == ms->tlb.serial[front->index] &&
	    ms->rights[front->rights] & access_need(access)) {
		const uint32_t within = access->mva & ((1u << FRONT_SHIFT) - 1);

		access->pa = front->pa + within;
		access->off = front->off == NO_RAM ? NO_RAM : front->off + within;
		access->cb = front->cb;
		return true;
	}
	return memsys_translate_slow(ms, access);
}

#endif
