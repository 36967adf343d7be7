/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shadow page tables of one VM: the tables the hardware walks while the VM runs.
 *
 * A shadow entry may be missing at any time, but it never allows more than the guest's own entry,
 * the VM's memory map and the virtual mode allow together.
 *
 * Entries are filled on faults, by shadow_fill(), after guest_walk() and vm_mem_find() agreed. They
 * remember the guest descriptor they were made from; a TLB operation of the guest, and every return
 * to an address space, compares that with the guest's table and drops what differs
 * (docs/architecture.md, "Shadow page tables"). A guest may also promise to announce its changes:
 * domain/shadow_announce.h.
 */
#ifndef DOMAIN_SHADOW_H
#define DOMAIN_SHADOW_H

#include "arch/arm/mmu.h"
#include "domain/guest_walk.h"
#include "domain/shadow_offsets.h"
#include "domain/vm_mem.h"

#include <stddef.h>

#define SHADOW_CONTEXTS   32u  /* at most, of one VM */
#define SHADOW_TABLES     480u /* the same */
#define SHADOW_ENTRIES    256u /* of one table */
#define SHADOW_SLOTS      200u /* 1 MiB slots in use per context */
#define SHADOW_TRANSIENTS 16u
#define SHADOW_HASH       1024u
#define SHADOW_SPACES     256u /* address spaces of a guest that announces */
#define SHADOW_CHAIN_MAX \
	64u /* of them, in a chain: as many as have their page directory in 256 MiB */

/** Who may use the pages of a slot: decides the MMU domain they are put into. */
enum shadow_class {
	SHADOW_KERNEL, /**< closed in virtual User mode; pages carry the guest kernel's rights */
	SHADOW_USER,   /**< open in both; pages carry the rights of guest programs */
};

enum shadow_result {
	SHADOW_FILLED,      /**< an entry was written: retry the access */
	SHADOW_PRESENT,     /**< the entry already allows the access: the abort has another cause */
	SHADOW_EMULATE,     /**< allowed, but no entry can express it: emulate the access */
	SHADOW_VECTOR_PAGE, /**< the VMM's vectors are at this address now */
	SHADOW_RESERVED,    /**< the guest mapped something where the VMM lives */
};

/** One shadow level 2 table, or the first of four that form a fine table. */
struct shadow_table {
	uint32_t guest_l1; /* the guest descriptor it shadows */
	uint32_t link;     /* of a space's table: the first-level entry that leads to it */
	uint16_t slot;     /* VA >> 20 */
	uint16_t next;     /* in its hash chain or the free list */
	uint16_t refs;     /* contexts that link to it */
	uint16_t space;    /* the one space it belongs to, or SHADOW_NONE: contexts share it */
	uint16_t sibling;  /* the next table of that space */
	uint8_t guest_domain;
	uint8_t class; /* enum shadow_class */
	uint8_t mmu_domain;
	bool flat; /* made with the guest's MMU off: guest_l1 is the slot's base */
	bool fine;
	bool renamed;   /* by the FCSE: nothing in it is cached */
	bool has_large; /* some entry came from a 64 KiB page */
	bool has_user;  /* some entry is one of guest programs, for good */
};

#ifdef __arm__ /* what arch/arm/fastpath_switch.S finds */
_Static_assert(sizeof(struct shadow_table) == TABLE_BYTES, "TABLE_BYTES");
_Static_assert(offsetof(struct shadow_table, link) == TABLE_LINK, "TABLE_LINK");
_Static_assert(offsetof(struct shadow_table, slot) == TABLE_SLOT, "TABLE_SLOT");
_Static_assert(offsetof(struct shadow_table, sibling) == TABLE_SIBLING, "TABLE_SIBLING");
_Static_assert(offsetof(struct shadow_table, guest_domain) == TABLE_DOMAIN, "TABLE_DOMAIN");
_Static_assert(offsetof(struct shadow_table, class) == TABLE_DOMAIN + 1, "loaded together");
#endif

/** A 1 MiB slot that a context uses. */
struct shadow_slot {
	uint32_t guest_l1;
	uint16_t slot;
	uint16_t table; /* or SHADOW_SECTION */
};

#define SHADOW_SECTION      0xfffeu
#define SHADOW_NONE         0xffffu
#define SHADOW_NO_COPY      0xffffffffu /* no address of RAM */
#define SHADOW_NO_ENTRY     0xffffffffu
#define SHADOW_COPY_SIZE    1024u
#define SHADOW_HIGH_VECTORS 0xffff0000u

/** One guest address space. */
struct shadow_context {
	uint32_t *l1;
	uint32_t ttbr;
	uint32_t pid;
	bool flat;
	bool valid;
	uint32_t last_used;
	unsigned slot_count;
	struct shadow_slot slots[SHADOW_SLOTS + 1]; /* 1 to slot_count */
	uint8_t slot_index[MMU_SLOTS];              /* into slots; 0 means not in use */
};

/**
 * The user half of an address space of a guest that announces: the tables below user_limit. Those of
 * the current space are in the first level of the one context that all spaces share.
 */
struct shadow_space {
	uint32_t ttbr;
	uint32_t last_used;
	uint16_t next;       /* in its hash chain */
	uint16_t tables;     /* the first of them, or SHADOW_NONE */
	uint16_t gate_table; /* ... and the one of the vector slot, which is not among them */
	uint16_t count;      /* of the former */
};

_Static_assert(sizeof(struct shadow_space) == 1u << SPACE_LOG2, "SPACE_LOG2");
_Static_assert(offsetof(struct shadow_space, last_used) == SPACE_LAST_USED, "SPACE_LAST_USED");
_Static_assert(offsetof(struct shadow_space, next) == SPACE_NEXT, "SPACE_NEXT");
_Static_assert(offsetof(struct shadow_space, tables) == SPACE_TABLES, "SPACE_TABLES");
_Static_assert(offsetof(struct shadow_space, gate_table) == SPACE_GATE_TABLE, "SPACE_GATE_TABLE");
_Static_assert(offsetof(struct shadow_space, count) == SPACE_COUNT, "SPACE_COUNT");

/** What a guest with paravirtual code has promised (shadow_set_pv()). */
struct shadow_pv {
	bool announces;         /* it tells of each change of its page tables */
	uint32_t linear_offset; /* VA minus GPA in its kernel's linear mapping */
	uint32_t user_limit;    /* below it nothing is the kernel's; from it on, all spaces agree */
	struct mem_region ram;  /* what is in the linear mapping */
};

/**
 * An entry that not every view allows, in a table that all views can use. It is in the table only
 * while the view allows it, and forgotten when no other view may.
 */
struct shadow_transient {
	uint32_t at; /* entry of the pool */
	uint32_t va;
	uint32_t desc;
	uint8_t guest_domain;
	bool kernel_page; /* allowed in every privileged view that has the domain open */
	bool open;        /* ... which the guest's present DACR does */
	bool present;
};

struct shadow_stats {
	uint32_t fills;
	uint32_t contexts_made;
	uint32_t contexts_recycled;
	uint32_t tables_recycled;
	uint32_t dropped;
};

/** How many address spaces a VM can have at hand. */
struct shadow_size {
	unsigned contexts; /* 3 at least: the current one, one to make, one that all spaces share */
	unsigned tables;   /* a multiple of 4, as a fine table takes; 16 at least */
};

static inline bool shadow_size_ok(const struct shadow_size *size)
{
	return size->contexts >= 3 && size->contexts <= SHADOW_CONTEXTS && size->tables >= 16 &&
	       size->tables <= SHADOW_TABLES && size->tables % 4 == 0;
}

size_t shadow_heap_size(const struct shadow_size *size, bool announces);

struct shadow {
	/* Given by the VM. */
	unsigned context_count;
	unsigned table_count;
	const struct guest_mmu *mmu; /* the guest's registers, kept current by vcpu/cp15.c */
	const volatile uint32_t *(*guest_page)(void *ctx, gpa_t page); /* NULL: nothing there */
	void *guest_page_ctx;

	/* The view: what the virtual CPU may touch now. */
	bool privileged;
	uint32_t view_epoch; /* moves when the images below change, but by the guest's DACR */
	bool pv_open;        /* the page that VMM and guest kernel share may be touched */
	bool vectors_high;   /* where the VMM's vectors are */
	bool vectors_shared; /* ... which is where the guest's are, too */
	bool sharing_refused;
	uint32_t copied;  /* the KiB that the shared page has a copy of, HPA, or SHADOW_NO_COPY */
	uint32_t copy_at; /* the entry that lets the guest read it, or SHADOW_NO_ENTRY */
	uint32_t copy_closed; /* ... and what it is when it is dropped */
	bool vector_slot_open;
	bool gate_open[2];     /* what it should be, in virtual User mode and in privileged modes */
	uint16_t gate_table;   /* the current context's table for the vector slot, or SHADOW_NONE */
	uint32_t dacr[2];      /* the real DACR in virtual User mode, and in privileged modes */
	uint32_t domain_epoch; /* moves when shadow_dacr_image() may have another answer */
	unsigned transient_count;
	struct shadow_transient transients[SHADOW_TRANSIENTS];

	/* Real MMU domains handed out to (guest domain, class). */
	unsigned domain_count;
	uint8_t domain_of[MMU_DOMAIN_COUNT][2];
	struct {
		uint8_t guest_domain;
		uint8_t class;
	} domain_owner[MMU_DOMAIN_COUNT];

	/* arch/arm/fastpath_switch.S loads these five together. */
	struct shadow_context *current;
	struct shadow_context
		*common; /* the context of all spaces; current but for special cases */
	struct shadow_space *spaces;
	struct shadow_space *space; /* whose tables are in the common context */
	uint32_t clock;             /* for last_used */

	struct shadow_context *contexts;

	/* Of a guest that announces; otherwise 0, and common, spaces and space are NULL. */
	struct shadow_pv pv;
	unsigned user_slots; /* that belong to spaces; 0 while another context is current */
	unsigned space_count;
	uint16_t space_hash[SHADOW_SPACE_HASH];
	/* What the TLB may still have: entries that are gone, all within ... */
	bool tlb_stale;                   /* ... the ranges that the guest will flush */
	bool tlb_stale_all;               /* ... more than that */
	uint32_t stale_first, stale_last; /* the pages of tlb_stale */

	uint32_t *vector_table; /* level 2 table with the vector page only */
	struct shadow_table *tables;
	/* Entry n of table t is at t * SHADOW_ENTRIES + n; a fine table runs over four tables. */
	uint32_t *pool;     /* what the hardware walks */
	uint32_t *guest_l2; /* the guest descriptors behind known entries */
	uint32_t *known;    /* one bit per entry */
	uint32_t pool_hpa;
	uint16_t hash[SHADOW_HASH]; /* tables, by the guest table they shadow */
	unsigned fine_count;
	uint16_t free_head;
	unsigned free_count;
	unsigned recycle_hand;
	struct shadow_stats stats;
};

void shadow_init(struct shadow *sh, const struct shadow_size *size, const struct guest_mmu *mmu,
		 const volatile uint32_t *(*guest_page)(void *ctx, gpa_t page), void *ctx,
		 void *pool);
void shadow_reset(struct shadow *sh);

enum shadow_result shadow_fill(struct shadow *sh, gva_t va, const struct guest_translation *t,
			       const struct mem_region *region, enum rights need);
enum shadow_result shadow_fill_code(struct shadow *sh, gva_t va, const struct guest_translation *t,
				    const struct mem_region *region);
bool shadow_is_user_page(const struct shadow *sh, uint32_t va);

bool shadow_guest_l1(const struct shadow *sh, unsigned slot, uint32_t *l1);
void shadow_set_privileged(struct shadow *sh, bool privileged);
void shadow_forget_transients(struct shadow *sh);

#ifdef __arm__
_Static_assert(offsetof(struct shadow, mmu) == SHADOW_MMU, "SHADOW_MMU");
_Static_assert(offsetof(struct shadow, user_slots) == SHADOW_USER_SLOTS, "SHADOW_USER_SLOTS");
_Static_assert(offsetof(struct shadow, privileged) == SHADOW_PRIVILEGED, "SHADOW_PRIVILEGED");
_Static_assert(offsetof(struct shadow, view_epoch) == SHADOW_VIEW_EPOCH, "SHADOW_VIEW_EPOCH");
_Static_assert(offsetof(struct shadow, pv_open) == SHADOW_PV_OPEN, "SHADOW_PV_OPEN");
_Static_assert(offsetof(struct shadow, vectors_high) == SHADOW_VECTORS_HIGH, "SHADOW_VECTORS_HIGH");
_Static_assert(offsetof(struct shadow, vector_slot_open) == SHADOW_GATE_OPEN, "SHADOW_GATE_OPEN");
_Static_assert(SHADOW_GATE_OPEN % 4 == 0, "loaded together");
_Static_assert(offsetof(struct shadow, gate_open) == SHADOW_GATE_OPEN + 1, "loaded together");
_Static_assert(offsetof(struct shadow, dacr) == SHADOW_IMAGES, "SHADOW_IMAGES");
_Static_assert(offsetof(struct shadow, domain_epoch) == SHADOW_IMAGES + 8, "loaded in this order");
_Static_assert(offsetof(struct shadow, transient_count) == SHADOW_IMAGES + 12, "the same");
_Static_assert(offsetof(struct shadow, gate_table) == SHADOW_GATE_TABLE, "SHADOW_GATE_TABLE");
_Static_assert(offsetof(struct shadow, current) == SHADOW_CURRENT, "SHADOW_CURRENT");
_Static_assert(offsetof(struct shadow, common) == SHADOW_CURRENT + 4, "loaded in this order");
_Static_assert(offsetof(struct shadow, spaces) == SHADOW_CURRENT + 8, "loaded in this order");
_Static_assert(offsetof(struct shadow, space) == SHADOW_CURRENT + 12, "loaded in this order");
_Static_assert(offsetof(struct shadow, clock) == SHADOW_CURRENT + 16, "loaded in this order");
_Static_assert(offsetof(struct shadow, space_hash) == SHADOW_SPACE_CHAINS, "SHADOW_SPACE_CHAINS");
_Static_assert(offsetof(struct shadow, tlb_stale) == SHADOW_TLB_STALE, "SHADOW_TLB_STALE");
_Static_assert(offsetof(struct shadow, tlb_stale_all) == SHADOW_TLB_STALE + 1, "behind it");
_Static_assert(offsetof(struct shadow, tables) == SHADOW_TABLE_LIST, "SHADOW_TABLE_LIST");
_Static_assert(offsetof(struct shadow_context, l1) == 0, "its first level");
#endif

/** The real DACR of the present view. */
static inline uint32_t shadow_dacr(const struct shadow *sh)
{
	return sh->dacr[sh->privileged] | (sh->pv_open ? MMU_DACR_PV : 0);
}

/** Whether nothing but the real DACR differs between virtual User mode and privileged modes. */
static inline bool shadow_views_alike(const struct shadow *sh)
{
	return sh->transient_count == 0 && sh->gate_open[0] == sh->vector_slot_open &&
	       sh->gate_open[1] == sh->vector_slot_open;
}
void shadow_domains_changed(struct shadow *sh);
void shadow_dacr_image(const struct shadow *sh, uint32_t dacr, uint32_t image[2]);
bool shadow_gate_same(const struct shadow *sh, uint32_t dacr);
void shadow_switch(struct shadow *sh);
void shadow_revalidate(struct shadow *sh);
void shadow_revalidate_page(struct shadow *sh, uint32_t mva);
void shadow_flush_all(struct shadow *sh);
void shadow_set_vectors(struct shadow *sh, bool high);
void shadow_copy_follow(struct shadow *sh, uint32_t offset);

/** Memory of the guest at a host address has been written for it: the copy may have to follow. */
static inline void shadow_memory_written(struct shadow *sh, hpa_t at)
{
	const uint32_t offset = at.raw - sh->copied;

	if (offset < SHADOW_COPY_SIZE)
		shadow_copy_follow(sh, offset);
}

bool shadow_read_guest(const struct shadow *sh, gpa_t from, uint32_t *word);

#define SHADOW_POOL_SIZE (SHADOW_CONTEXTS * 0x4000u + (SHADOW_TABLES + 4u) * 1024u)

#endif
