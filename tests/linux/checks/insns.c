/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads and stores of a program that fault: the address the kernel reports, registers as before the
 * instruction (the ARM926EJ-S restores the base: TRM, 9.4), nothing done twice when it runs again.
 */
#include "tests/linux/checks/checks.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

typedef uint32_t (*code_fn)(uint32_t, uint32_t, uint32_t, uint32_t);

#define BXJ_LR 0xe12fff2eu

static code_fn code_new(const uint32_t *words, size_t size)
{
	return (code_fn)(uintptr_t)code_page(words, size);
}

static void swaps_and_pairs(uint32_t *page)
{
	uint32_t old, low, high;
	uint64_t two;

	__asm__ volatile("swp %0, %2, [%1]" : "=&r"(old) : "r"(page), "r"(0x12345678) : "memory");
	check(old == 0 && page[0] == 0x12345678, "swp to a new page: %08x", page[0]);
	__asm__ volatile("swpb %0, %2, [%1]"
			 : "=&r"(old)
			 : "r"((char *)page + 2), "r"(0xaa)
			 : "memory");
	check(old == 0x34 && page[0] == 0x12aa5678, "swpb: %02x, %08x", old, page[0]);

	__asm__ volatile("mov r4, %1\n\tmov r5, %2\n\tstrd r4, [%0, #8]"
			 :
			 : "r"(page), "r"(0x11223344), "r"(0x55667788)
			 : "r4", "r5", "memory");
	__asm__ volatile("ldrd r4, [%2, #8]\n\tmov %0, r4\n\tmov %1, r5"
			 : "=&r"(low), "=&r"(high)
			 : "r"(page)
			 : "r4", "r5");
	check(low == 0x11223344 && high == 0x55667788, "strd and ldrd: %08x %08x", low, high);
	memcpy(&two, page + 2, 8);
	check(two == 0x5566778811223344ull, "strd's words in memory");
}

static void user_store_and_preload(uint32_t *page)
{
	uint32_t *next = page;

	__asm__ volatile("strt %1, [%0], #4" : "+r"(next) : "r"(77) : "memory");
	check(page[0] == 77 && next == page + 1, "strt of a program");
	__asm__ volatile("pld [%0]" : : "r"(0xc0008000));
	check(1, "pld of a kernel address");
}

static void branch_to_jazelle(void)
{
	const uint32_t words[] = { 0xe2800001u, BXJ_LR }; /* add r0, r0, #1 */
	const code_fn fn = code_new(words, sizeof(words));
	volatile uint32_t value = 0;

	TRY(value = fn(41, 0, 0, 0));
	check(caught.number == 0 && value == 42, "bxj with Jazelle off: signal %s, %u",
	      signal_name(caught.number), value);
}

static void conditional_swi(void)
{
	/* exit(0), if it were one. */
	const uint32_t words[] = { 0xe3a07001u, 0xe3510000u, 0x0f000000u, 0xe3a00007u, BX_LR };
	const code_fn fn = code_new(words, sizeof(words));
	uint32_t seven;

	__asm__ volatile("mov r0, #0\n\tmov r1, #1\n\tblx %1\n\tmov %0, r0"
			 : "=r"(seven)
			 : "r"(fn)
			 : "r0", "r1", "r2", "r3", "r7", "r12", "lr", "cc", "memory");
	check(seven == 7, "swieq with Z clear is nothing");
}

/* Written, run, written again: the cache maintenance system call. */
static void changed_code(void)
{
	const uint32_t words[] = { 0xe3a00001u, BX_LR };
	uint32_t *code = code_page(words, sizeof(words));
	unsigned good = 0;

	for (uint32_t i = 0; i < 200; i++) {
		code[0] = 0xe3a00000u | (i & 0xff);
		__builtin___clear_cache((char *)code, (char *)(code + 2));
		good += ((code_fn)(uintptr_t)code)(0, 0, 0, 0) == (i & 0xff);
	}
	check(good == 200, "code changed and run %u times", good);
}

/* ARMv5 has no execute-never. */
static void code_without_prot_exec(uint32_t *page)
{
	const uint32_t words[] = { 0xe3a00005u, BX_LR };
	volatile uint32_t value = 0;

	memcpy(page, words, sizeof(words));
	__builtin___clear_cache((char *)page, (char *)(page + 2));
	TRY(value = ((code_fn)(uintptr_t)page)(0, 0, 0, 0));
	check(value == 5, "a page without PROT_EXEC runs: signal %s, %u",
	      signal_name(caught.number), value);
}

/* An instruction is the last of its page, the next page is not there. */
static void end_of_a_page(void)
{
	uint32_t *code = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(code + 1024, PAGE);
	code[1023] = 0xe2800001u;
	__builtin___clear_cache((char *)(code + 1023), (char *)(code + 1024));
	TRY(((code_fn)(uintptr_t)(code + 1023))(8, 0, 0, 0));
	check(caught.number == SIGSEGV && caught.address == (uintptr_t)(code + 1024) &&
		      caught.regs[15] == (uintptr_t)(code + 1024) && caught.regs[0] == 9,
	      "running off a page: signal %s code %d, r0 %u", signal_name(caught.number),
	      caught.code, caught.regs[0]);
}

void check_instructions(void)
{
	uint32_t *const page = pages_new(2);

	swaps_and_pairs(page);
	user_store_and_preload(page);
	branch_to_jazelle();
	conditional_swi();
	changed_code();
	code_without_prot_exec(page);
	end_of_a_page();
}

/* ---- unaligned accesses ---------------------------------------------------------------------- */

static void set_alignment(char mode)
{
	const int fd = open("/proc/cpu/alignment", O_WRONLY);

	check(fd >= 0 && write(fd, &mode, 1) == 1, "alignment mode %c", mode);
	close(fd);
}

static const struct {
	const char *name;
	uint32_t word;
	int thumb;
} unaligned[] = {
	{ "ldr", 0xe5900000, 0 },      /* ldr r0, [r0] */
	{ "str", 0xe5801000, 0 },      /* str r1, [r0] */
	{ "ldrh", 0xe1d000b0, 0 },     /* ldrh r0, [r0] */
	{ "ldrsh", 0xe1d000f0, 0 },    /* ldrsh r0, [r0] */
	{ "strh", 0xe1c010b0, 0 },     /* strh r1, [r0] */
	{ "ldr post", 0xe4901003, 0 }, /* ldr r1, [r0], #3 */
	{ "str pre", 0xe5a01005, 0 },  /* str r1, [r0, #5]! */
	{ "ldm", 0xe890000c, 0 },      /* ldm r0, {r2, r3} */
	{ "stm", 0xe880000c, 0 },      /* stm r0, {r2, r3} */
	{ "thumb ldr", 0x6800, 1 },    /* ldr r0, [r0] */
	{ "thumb str", 0x6001, 1 },    /* str r1, [r0] */
	{ "thumb ldrh", 0x8800, 1 },   /* ldrh r0, [r0] */
};

static void try_unaligned(unsigned index, unsigned offset, unsigned mode)
{
	const uint32_t arm[] = { unaligned[index].word, BX_LR };
	const uint32_t thumb[] = { unaligned[index].word | 0x4770u << 16 };
	const int is_thumb = unaligned[index].thumb;
	void *code = is_thumb ? code_page(thumb, sizeof(thumb)) : code_page(arm, sizeof(arm));
	static uint32_t data[8] __attribute__((aligned(32)));
	uint32_t value = 0;

	for (unsigned i = 0; i < 32; i++)
		((uint8_t *)data)[i] = (uint8_t)(0x10 + i);
	TRY(value = ((code_fn)((uintptr_t)code | (unsigned)is_thumb))(
		    (uintptr_t)data + offset, 0xa1b2c3d4, 0x01020304, 0x05060708));
	/* Addresses are not the same everywhere. */
	if (value - (uintptr_t)data < 64)
		value -= (uintptr_t)data;
	check(caught.number == 0 || caught.number == SIGBUS,
	      "mode %u %s +%u: signal %s code %d at +%d, r0 %08x, memory %08x", mode,
	      unaligned[index].name, offset, signal_name(caught.number), caught.code,
	      caught.number ? (int)(caught.address - (uintptr_t)data) : 0, value,
	      checksum(data, sizeof(data)));
	munmap(code, PAGE);
}

/* What a program's unaligned access does: the kernel's three modes of user alignment handling. */
void check_alignment(void)
{
	static const char modes[] = "240";

	for (unsigned m = 0; modes[m]; m++) {
		set_alignment(modes[m]);
		for (unsigned i = 0; i < COUNT(unaligned); i++) {
			/*
			 * In mode 0 the kernel clears the A bit and runs it again. QEMU checks LDM
			 * and STM all the same, natively for ever; the board ignores their address
			 * bits.
			 */
			if (modes[m] == '0' && (unaligned[i].word & 0x0e000000) == 0x08000000)
				continue;
			for (unsigned offset = 1; offset < 4; offset++)
				try_unaligned(i, offset, (unsigned)(modes[m] - '0'));
		}
	}
	set_alignment('0');
}

/* ---- faults ---------------------------------------------------------------------------------- */

enum neighbour { UNMAPPED, NO_ACCESS, READ_ONLY, ABSENT, NEIGHBOURS };

static const char *const neighbour_names[] = { "unmapped", "PROT_NONE", "read-only", "absent" };

/* Two pages in their own mapping, the second one as asked for. */
static char *pair(enum neighbour second)
{
	char *pages = pages_new(4);

	memset(pages, 0x11, PAGE);
	if (second == UNMAPPED)
		munmap(pages + PAGE, 3 * PAGE);
	if (second == NO_ACCESS || second == READ_ONLY)
		mprotect(pages + PAGE, PAGE, second == NO_ACCESS ? PROT_NONE : PROT_READ);
	return pages;
}

static const struct {
	const char *name;
	uint32_t word;
	int store;
	int start;   /* r0 from the page end */
	int touched; /* the address that faults, from the page end */
} crossing[] = {
	{ "ldmia r0!, {r1-r8}", 0xe8b001fe, 0, -16, 0 },
	{ "ldmib r0!, {r1-r8}", 0xe9b001fe, 0, -16, 0 },
	{ "ldmda r0!, {r1-r8}", 0xe83001fe, 0, 8, 0 },
	{ "ldmdb r0!, {r1-r8}", 0xe93001fe, 0, 16, 0 },
	{ "ldmia r0, {r0-r7}", 0xe89000ff, 0, -12, 0 },
	{ "stmia r0!, {r1-r8}", 0xe8a001fe, 1, -16, 0 },
	{ "stmib r0!, {r1-r8}", 0xe9a001fe, 1, -16, 0 },
	{ "stmda r0!, {r1-r8}", 0xe82001fe, 1, 8, 0 },
	{ "stmdb r0!, {r1-r8}", 0xe92001fe, 1, 16, 0 },
	{ "ldr r1, [r0], #4", 0xe4901004, 0, 0, 0 },
	{ "ldr r1, [r0, #8]!", 0xe5b01008, 0, -4, 4 },
	{ "str r1, [r0], #-4", 0xe4001004, 1, 4, 4 },
	{ "str r1, [r0, r2]!", 0xe7a01002, 1, -0x1002, 0 },
	{ "strb r1, [r0], #1", 0xe4c01001, 1, 3, 3 },
	{ "ldrb r1, [r0, #1]!", 0xe5f01001, 0, 4, 5 },
	{ "ldrh r1, [r0], #2", 0xe0d010b2, 0, 6, 6 },
	{ "strh r1, [r0, #2]!", 0xe1e010b2, 1, 0, 2 },
	{ "ldrsb r1, [r0], #1", 0xe0d010d1, 0, 7, 7 },
	{ "ldrd r2, [r0], #8", 0xe0c020d8, 0, 8, 8 },
	{ "strd r2, [r0, #8]!", 0xe1e020f8, 1, 0, 8 },
	{ "swp r1, r2, [r0]", 0xe1001092, 1, 4, 4 },
	{ "swpb r1, r2, [r0]", 0xe1401092, 1, 5, 5 },
	{ "ldrt r1, [r0], #4", 0xe4b01004, 0, 12, 12 },
	{ "strt r1, [r0], #4", 0xe4a01004, 1, 12, 12 },
};

/*
 * Runs one instruction with r0 = base, r2 = 0x1002. r4-r8 belong to the caller: saved around it; r0
 * comes back.
 */
uint32_t run_word(uint32_t word, char *base)
{
	const uint32_t words[] = { 0xe92d01f0u, /* push {r4-r8} */
				   0xe59f0000u, /* ldr r0, [pc] */
				   0xea000000u, /* b over the literal */
				   (uintptr_t)base,
				   word,
				   0xe8bd01f0u, /* pop {r4-r8} */
				   BX_LR };
	uint32_t *code = code_page(words, sizeof(words));
	uint32_t value;

	value = ((code_fn)(uintptr_t)code)(0, 0xb1b1b1b1, 0x1002, 0xd3d3d3d3);
	munmap(code, PAGE);
	return value;
}

static void try_crossing(unsigned index, enum neighbour second)
{
	char *pages = pair(second), *end = pages + PAGE;
	const int faults = second == UNMAPPED || second == NO_ACCESS ||
			   (second == READ_ONLY && crossing[index].store);
	char *base = end + crossing[index].start;
	int result = 0;

	TRY(result = (int)(run_word(crossing[index].word, base) - (uintptr_t)end));
	if (!faults) {
		/* r0 is loaded in one of them. */
		check(caught.number == 0, "%s, %s: signal %s, r0 %+d", crossing[index].name,
		      neighbour_names[second], signal_name(caught.number),
		      crossing[index].word == 0xe89000ff ? 0 : result);
	} else {
		check(caught.number == SIGSEGV &&
			      caught.address ==
				      (uintptr_t)end + (unsigned)crossing[index].touched &&
			      caught.code == (second == UNMAPPED ? SEGV_MAPERR : SEGV_ACCERR) &&
			      caught.regs[0] == (uintptr_t)base,
		      "%s, %s: signal %s code %d at %+d, r0 moved by %d", crossing[index].name,
		      neighbour_names[second], signal_name(caught.number), caught.code,
		      (int)(caught.address - (uintptr_t)end),
		      (int)(caught.regs[0] - (uintptr_t)base));
	}
	munmap(pages, PAGE);
	if (second != UNMAPPED)
		munmap(pages + PAGE, 3 * PAGE);
}

/* BKPT: a prefetch abort on a good mapping (ARMv5: A4.1.7). */
static void try_breakpoint(const char *name, uint32_t word, unsigned state)
{
	const uint32_t words[] = { word, BX_LR };
	const struct itimerval soon = { { 0, 0 }, { 0, 50000 } };
	void *code = code_page(words, sizeof(words));

	setitimer(ITIMER_REAL, &soon, NULL);
	TRY(((code_fn)((uintptr_t)code | state))(0, 0, 0, 0));
	/*
	 * Linux for ARM926 takes each prefetch abort for a missing page (pabort-legacy.S) and runs
	 * the instruction again, until a signal comes.
	 */
	check(caught.number == SIGALRM && caught.regs[15] == (uintptr_t)code, "%s: signal %s", name,
	      signal_name(caught.number));
	munmap(code, PAGE);
}

void check_breakpoints(void)
{
	try_breakpoint("bkpt", 0xe1200070u, 0);
	try_breakpoint("thumb bkpt", 0xbe12u, 1);
}

void check_faults(void)
{
	for (unsigned i = 0; i < COUNT(crossing); i++)
		for (unsigned second = 0; second < NEIGHBOURS; second++)
			try_crossing(i, (enum neighbour)second);
}
