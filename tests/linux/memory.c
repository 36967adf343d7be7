/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program's memory: every forbidden access gives a signal with the right address and code, every
 * allowed one works, and pages are shared, copied and protected as promised.
 *
 *   memory open|closed
 *
 * open: the kernel's memory is not closed to programs, see user_access.c.
 */
#include "tests/linux/check.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096u
#define MIB  (1024u * 1024u)

static volatile uint32_t sink;

static void try_access(const char *name, uintptr_t address, int signal, int code)
{
	TRY(sink = *(volatile uint32_t *)address);
	result(caught.number == signal &&
		       (!signal || (caught.address == address && caught.code == code)),
	       "load from %s: signal %d code %d", name, caught.number, caught.code);
}

static void try_store(const char *name, uintptr_t address, int signal, int code)
{
	TRY(*(volatile uint32_t *)address = 0x5a5a5a5a);
	result(caught.number == signal &&
		       (!signal || (caught.address == address && caught.code == code)),
	       "store to %s: signal %d code %d", name, caught.number, caught.code);
}

static void try_jump(const char *name, uintptr_t address)
{
	TRY(((void (*)(void))address)());
	result(caught.number == SIGSEGV && caught.address == address,
	       "jump to %s: signal %d code %d", name, caught.number, caught.code);
}

static void forbidden_addresses(int closed)
{
	static const struct {
		const char *name;
		uintptr_t where;
		int code;
	} places[] = {
		{ "NULL", 0, SEGV_MAPERR },
		{ "page 0", 0xffc, SEGV_MAPERR },
		{ "modules", 0xbf000000, SEGV_MAPERR },
	};
	/* What the kernel calls the fault differs with what is mapped there: only the signal. */
	static const uintptr_t kernel[] = { 0xc0000000, 0xc0008000, 0xc8000000, 0xffa00000,
					    0xffb00000, 0xffc00000, 0xffcffffc, 0xffd00000,
					    0xffdffffc, 0xffe00000, 0xfff00000, 0xffff1000,
					    0xfffffffc };

	for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		try_access(places[i].name, places[i].where, SIGSEGV, places[i].code);
		try_store(places[i].name, places[i].where, SIGSEGV, places[i].code);
		try_jump(places[i].name, places[i].where);
	}
	for (unsigned i = 0; i < sizeof(kernel) / sizeof(kernel[0]); i++) {
		if (!closed && kernel[i] < 0xc8000000u)
			continue; /* see open_kernel_memory() */
		TRY(sink = *(volatile uint32_t *)kernel[i]);
		result(caught.number == SIGSEGV && caught.address == kernel[i],
		       "load from %08lx: signal %d code %d", (unsigned long)kernel[i],
		       caught.number, caught.code);
		TRY(*(volatile uint32_t *)kernel[i] = 0);
		result(caught.number == SIGSEGV && caught.address == kernel[i],
		       "store to %08lx: signal %d code %d", (unsigned long)kernel[i], caught.number,
		       caught.code);
		TRY(((void (*)(void))kernel[i])());
		result(caught.number == SIGSEGV && caught.address == kernel[i],
		       "jump to %08lx: signal %d code %d", (unsigned long)kernel[i], caught.number,
		       caught.code);
	}
	/* The vector page: readable for its helpers, never writable. */
	try_access("the helpers' version", 0xffff0ffc, 0, 0);
	TRY(*(volatile uint32_t *)0xffff0ffc = 0);
	result(caught.number == SIGSEGV, "store to the vector page: signal %d", caught.number);
}

/**
 * A kernel without software PAN leaves its megabytes open to programs that read them. They get what
 * is there, and the kernel beside them goes on at its own speed.
 */
static void open_kernel_memory(void)
{
	volatile unsigned reads = 0;

	for (volatile unsigned round = 0; round < 50; round++) {
		for (volatile uintptr_t at = 0xc0008000; at < 0xc0100000; at += 0x10000) {
			TRY(sink = *(volatile uint32_t *)at);
			reads += caught.number == 0;
		}
		sched_yield();
	}
	result(reads == 50 * 16, "%u loads from kernel memory", reads);
}

static void own_text(void)
{
	const uintptr_t text = (uintptr_t)&own_text & ~3u;
	static const char constant[] = "constant";

	try_access("own text", text, 0, 0);
	try_store("own text", text, SIGSEGV, SEGV_ACCERR);
	try_store("own constants", (uintptr_t)constant & ~3u, SIGSEGV, SEGV_ACCERR);
	result(strcmp(constant, "constant") == 0, "constants are unchanged");
}

static void protection(void)
{
	/* Pages of every kind beside each other in one MiB: a first-level entry has one domain. */
	char *p = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const uintptr_t base = (uintptr_t)p;

	memset(p, 1, 8 * PAGE);
	mprotect(p + PAGE, PAGE, PROT_READ);
	mprotect(p + 2 * PAGE, PAGE, PROT_NONE);
	munmap(p + 3 * PAGE, PAGE);
	for (int round = 0; round < 2; round++) {
		try_store("a page", base, 0, 0);
		try_access("a read-only page", base + PAGE, 0, 0);
		try_store("a read-only page", base + PAGE, SIGSEGV, SEGV_ACCERR);
		try_access("a PROT_NONE page", base + 2 * PAGE, SIGSEGV, SEGV_ACCERR);
		try_store("a PROT_NONE page", base + 2 * PAGE, SIGSEGV, SEGV_ACCERR);
		try_access("an unmapped page", base + 3 * PAGE, SIGSEGV, SEGV_MAPERR);
		try_store("its neighbour", base + 4 * PAGE, 0, 0);
	}
	mprotect(p + PAGE, 2 * PAGE, PROT_READ | PROT_WRITE);
	try_store("a page made writable", base + PAGE, 0, 0);
	try_store("a page given back", base + 2 * PAGE, 0, 0);
	result(p[2 * PAGE + 8] == 1, "its contents are still there");
	mprotect(p, PAGE, PROT_READ);
	try_store("a used page made read-only", base, SIGSEGV, SEGV_ACCERR);
	munmap(p, 8 * PAGE);
	try_access("a used page that was unmapped", base, SIGSEGV, SEGV_MAPERR);
}

static void copy_on_write(void)
{
	volatile uint32_t *page =
		mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile uint32_t *shared =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = 0, good = 1;

	for (unsigned i = 0; i < 16; i++)
		page[i * PAGE / 4] = i;
	for (unsigned round = 0; round < 20; round++) {
		const pid_t child = fork();

		if (child == 0) {
			for (unsigned i = 0; i < 16; i++) {
				if (page[i * PAGE / 4] != i + round)
					_exit(1);
				page[i * PAGE / 4] = 0xdead;
			}
			(*shared)++;
			_exit(7);
		}
		/* Writes on both sides, in both orders. */
		for (unsigned i = 0; i < 16; i++)
			page[i * PAGE / 4] = i + round + 1;
		waitpid(child, &status, 0);
		good &= WIFEXITED(status) && WEXITSTATUS(status) == 7;
	}
	for (unsigned i = 0; i < 16; i++)
		good &= page[i * PAGE / 4] == i + 20;
	result(good && *shared == 20, "copy on write over 20 forks; %u of them reported",
	       (unsigned)*shared);
}

static unsigned deep(unsigned depth)
{
	volatile char local[1024];

	local[0] = (char)depth;
	local[1023] = 1;
	return depth == 0 ? 0 : deep(depth - 1) + (unsigned)local[1023];
}

static void growth(void)
{
	char *low, *big;
	int good = 1;

	result(deep(2048) == 2048, "2 MiB of stack");

	/* The first MiB belongs to programs, although the CPU's low vectors are in it. */
	low = mmap((void *)0x2000, 14 * PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	result(low == (char *)0x2000, "pages from 0x2000 on");
	if (low == (char *)0x2000) {
		memset(low, 0x77, 14 * PAGE);
		/* A system call with a pointer there: user access is closed in a PAN kernel. */
		result(write(open("/dev/null", 1), low, 14 * PAGE) == 14 * (long)PAGE,
		       "a system call with a pointer there");
	}
	big = mmap(NULL, 24 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (unsigned i = 0; i < 24 * MIB; i += PAGE)
		*(uint32_t *)(big + i) = i ^ 0x1234567;
	for (unsigned i = 0; i < 24 * MIB; i += PAGE)
		good &= *(uint32_t *)(big + i) == (i ^ 0x1234567);
	result(good, "24 MiB, page by page");
	munmap(big, 24 * MIB);
}

/* Few contexts, many address spaces: page directories are freed and used again. */
static void storm(void)
{
	int good = 1;

	for (unsigned i = 0; i < 200; i++) {
		const pid_t child = fork();
		int status = 0;

		if (child == 0) {
			const pid_t grandchild = i % 4 ? 0 : fork();
			volatile uint32_t *own = mmap(
				(void *)(0x20000000 + i % 3 * MIB), PAGE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

			*own = i;
			if (grandchild > 0)
				waitpid(grandchild, NULL, 0);
			_exit(*own == i ? (int)(i & 0x7f) : 0xff);
		}
		waitpid(child, &status, 0);
		good &= WIFEXITED(status) && WEXITSTATUS(status) == (int)(i & 0x7f);
	}
	result(good, "250 short-lived processes");
}

int main(int argc, char **argv)
{
	const int closed = argc > 1 && strcmp(argv[1], "closed") == 0;

	catch_signals();
	forbidden_addresses(closed);
	if (!closed)
		open_kernel_memory();
	own_text();
	protection();
	copy_on_write();
	growth();
	storm();
	return finish("memory");
}
