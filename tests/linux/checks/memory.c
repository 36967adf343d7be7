/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of programs in bulk: protection that changes, copies on write, shared and file mappings,
 * stack, low addresses, pages that come and go under pressure.
 */
#define _GNU_SOURCE
#include "tests/linux/checks/checks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void fill_pages(uint32_t *pages, unsigned count, uint32_t seed)
{
	for (unsigned i = 0; i < count * PAGE / 4; i++)
		pages[i] = seed + i * 2654435761u;
}

/* Lines of /proc/self/maps: in order, without overlap, with what must be there. */
void check_layout(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[256], rights[5], name[64];
	unsigned long start, end, last = 0;
	unsigned ordered = 1, text = 0, stack = 0, vectors = 0, lines = 0;
	int here;

	while (maps && fgets(line, sizeof(line), maps)) {
		name[0] = 0;
		if (sscanf(line, "%lx-%lx %4s %*s %*s %*s %63s", &start, &end, rights, name) < 3)
			break;
		lines++;
		ordered &= start >= last && end > start && (start | end) % PAGE == 0;
		last = end;
		if (start <= (uintptr_t)&check_layout && (uintptr_t)&check_layout < end)
			text += strcmp(rights, "r-xp") == 0;
		if (start <= (uintptr_t)&here && (uintptr_t)&here < end)
			stack += rights[1] == 'w' && strcmp(name, "[stack]") == 0;
		if (strcmp(name, "[vectors]") == 0)
			vectors += start == 0xffff0000 && end == 0xffff1000 &&
				   strcmp(rights, "r-xp") == 0;
	}
	check(ordered && lines > 4, "maps are in order");
	check(text == 1 && stack == 1 && vectors == 1, "text %u, stack %u, vectors %u", text, stack,
	      vectors);
	fclose(maps);
}

static uint32_t deep(unsigned depth)
{
	volatile uint32_t local[256];

	for (unsigned i = 0; i < 256; i += 32)
		local[i] = depth + i;
	if (depth > 0 && deep(depth - 1) != depth - 1)
		return 0xffffffff;
	for (unsigned i = 0; i < 256; i += 32)
		if (local[i] != depth + i)
			return 0xffffffff;
	return depth;
}

void check_stack(void)
{
	char *top = (char *)&top;

	check(deep(4096) == 4096, "4 MiB of stack");
	check(deep(5000) == 5000, "and again, more");
	TRY(*(volatile char *)(top - 64 * MIB) = 1);
	check(caught.number == SIGSEGV, "far below the stack: signal %s code %d",
	      signal_name(caught.number), caught.code);
}

/* All that there may be, for one system call. */
static void all_low_pages(void)
{
	char *const low = mmap((void *)0x2000, 14 * PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	const int null = open("/dev/null", O_WRONLY);

	check(low == (char *)0x2000 && write(null, low, 14 * PAGE) == 14 * (long)PAGE,
	      "a system call with 14 pages from 0x2000 on");
	close(null);
}

/* The first MiB, which holds the CPU's low vectors: a program's, apart from its first pages. */
void check_low_pages(void)
{
	static const uintptr_t places[] = { 0x0, 0x1000, 0x2000, 0x8000, 0xf000 };
	const uint32_t words[] = { 0xe92d4080, /* push {r7, lr} */
				   0xe3a07014, /* mov r7, #20: getpid */
				   0xef000000, /* swi 0 */
				   0xe8bd8080 };
	int fds[2];

	pipe_new(fds);
	for (volatile unsigned i = 0; i < COUNT(places); i++) {
		char *const p = mmap((void *)places[i], PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		int good = 1;

		if (p == MAP_FAILED) {
			check(1, "no page at %05lx: errno %d", (long)places[i], errno);
			TRY(*(volatile uint32_t *)places[i] = 1);
			check(caught.number == SIGSEGV, "store to %05lx: signal %s code %d",
			      (long)places[i], signal_name(caught.number), caught.code);
			continue;
		}
		memcpy(p, words, sizeof(words));
		__builtin___clear_cache(p, p + sizeof(words));
		/* Long enough for interrupts, which go through the vectors. */
		for (unsigned round = 0; round < 3000; round++)
			good &= ((int (*)(void))(uintptr_t)p)() == getpid();
		good &= write(fds[1], p, 16) == 16 && read(fds[0], p + 64, 16) == 16 &&
			memcmp(p, p + 64, 16) == 0;
		check(good, "code and system calls at %05lx", (long)places[i]);
		if (fork() == 0) {
			memset(p, 0x55, PAGE);
			_exit(0);
		}
		check(child_status(-1) == 0 && memcmp(p, words, sizeof(words)) == 0,
		      "a child's writes at %05lx are its own", (long)places[i]);
		munmap(p, PAGE);
		TRY(((void (*)(void))places[i])());
		check(caught.number == SIGSEGV && caught.address == places[i],
		      "unmapped, a jump to %05lx: signal %s code %d", (long)places[i],
		      signal_name(caught.number), caught.code);
	}
	all_low_pages();
}

static void try_word(const char *name, uintptr_t where, int loads, int stores, int code)
{
	TRY((void)*(volatile uint32_t *)where);
	check(loads ? caught.number == 0
		    : caught.number == SIGSEGV && caught.address == where && caught.code == code,
	      "load from %s: signal %s code %d", name, signal_name(caught.number), caught.code);
	TRY(*(volatile uint32_t *)where = 0x5a5a5a5a);
	check(stores ? caught.number == 0
		     : caught.number == SIGSEGV && caught.address == where && caught.code == code,
	      "store to %s: signal %s code %d", name, signal_name(caught.number), caught.code);
}

/* Pages of every kind beside each other in one MiB: a first-level entry has one domain. */
static void neighbours(void)
{
	static const char constant[] = "constant";
	char *const p = pages_new(8);
	const uintptr_t base = (uintptr_t)p;

	try_word("own text", (uintptr_t)&neighbours & ~3u, 1, 0, SEGV_ACCERR);
	try_word("own constants", (uintptr_t)constant & ~3u, 1, 0, SEGV_ACCERR);
	check(strcmp(constant, "constant") == 0, "constants are unchanged");

	memset(p, 1, 8 * PAGE);
	mprotect(p + PAGE, PAGE, PROT_READ);
	mprotect(p + 2 * PAGE, PAGE, PROT_NONE);
	munmap(p + 3 * PAGE, PAGE);
	for (unsigned round = 0; round < 2; round++) {
		try_word("a page", base, 1, 1, 0);
		try_word("a read-only page", base + PAGE, 1, 0, SEGV_ACCERR);
		try_word("a PROT_NONE page", base + 2 * PAGE, 0, 0, SEGV_ACCERR);
		try_word("an unmapped page", base + 3 * PAGE, 0, 0, SEGV_MAPERR);
		try_word("its neighbour", base + 4 * PAGE, 1, 1, 0);
	}
	mprotect(p + PAGE, 2 * PAGE, PROT_READ | PROT_WRITE);
	try_word("a page made writable", base + PAGE, 1, 1, 0);
	try_word("a page given back", base + 2 * PAGE, 1, 1, 0);
	check(p[2 * PAGE + 8] == 1, "its contents are still there");
	mprotect(p, PAGE, PROT_READ);
	try_word("a used page made read-only", base, 1, 0, SEGV_ACCERR);
	munmap(p, 8 * PAGE);
	try_word("a used page that was unmapped", base, 0, 0, SEGV_MAPERR);
}

static void change_in_rounds(void)
{
	static const int cycle[] = {
		PROT_READ, PROT_NONE, PROT_READ | PROT_WRITE, PROT_READ | PROT_EXEC,
		PROT_NONE, PROT_READ
	};
	uint32_t *pages = pages_new(64);
	unsigned wrong = 0;
	void *moved;

	fill_pages(pages, 64, 3);
	for (unsigned round = 0; round < 60; round++) {
		const int rights = cycle[round % COUNT(cycle)];
		const unsigned first = round % 32, count = 1 + round % 24;

		mprotect(pages + first * 1024, count * PAGE, rights);
		for (unsigned i = first ? first - 1 : 0; i < first + count + 1; i++) {
			volatile uint32_t *const word = pages + i * 1024;
			const int inside = i >= first && i < first + count;
			volatile uint32_t value = 3 + i * 1024 * 2654435761u;

			TRY(value = *word);
			wrong += (caught.number != 0) != (inside && !(rights & PROT_READ));
			wrong += value != 3 + i * 1024 * 2654435761u;
			TRY(*word = value);
			wrong += (caught.number != 0) != (inside && !(rights & PROT_WRITE));
			if (caught.number)
				wrong += caught.address != (uintptr_t)word ||
					 caught.code != SEGV_ACCERR;
		}
		mprotect(pages, 64 * PAGE, PROT_READ | PROT_WRITE);
	}
	check(wrong == 0, "60 rounds of mprotect: %u wrong", wrong);

	madvise(pages, 32 * PAGE, MADV_DONTNEED);
	for (unsigned i = 0; i < 32 * 1024; i++)
		wrong += pages[i] != 0;
	for (unsigned i = 32 * 1024; i < 64 * 1024; i++)
		wrong += pages[i] != 3 + i * 2654435761u;
	check(wrong == 0, "MADV_DONTNEED gives zeros, for its pages only");

	fill_pages(pages, 64, 9);
	moved = mremap(pages, 64 * PAGE, 512 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		       (void *)0x30040000);
	check(moved == (void *)0x30040000, "mremap");
	if (moved == MAP_FAILED)
		return;
	for (unsigned i = 0; i < 64 * 1024; i++)
		wrong += ((uint32_t *)moved)[i] != 9 + i * 2654435761u;
	TRY(wrong += *(volatile uint32_t *)pages);
	check(caught.number == SIGSEGV && wrong == 0,
	      "moved pages: %u wrong; the old ones: signal %s", wrong, signal_name(caught.number));
	munmap(moved, 512 * PAGE);
	TRY(wrong += *(volatile uint32_t *)moved);
	check(caught.number == SIGSEGV && caught.code == SEGV_MAPERR, "unmapped: signal %s",
	      signal_name(caught.number));
	/* The same address, again and again, with other pages. */
	for (uint32_t i = 0; i < 500; i++) {
		volatile uint32_t *word = mmap((void *)0x30100000, PAGE, PROT_READ | PROT_WRITE,
					       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

		wrong += *word != 0;
		*word = i;
		wrong += *word != i;
		if (i % 3 == 0)
			munmap((void *)(uintptr_t)word, PAGE);
	}
	check(wrong == 0, "500 pages at one address: %u wrong", wrong);
}

void check_protection(void)
{
	neighbours();
	change_in_rounds();
}

/* Parent and child write to the same pages at the same time, in both orders. */
static void write_on_both_sides(void)
{
	volatile uint32_t *page = pages_new(16);
	volatile uint32_t *shared =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned wrong = 0;

	for (unsigned i = 0; i < 16; i++)
		page[i * 1024] = i;
	for (unsigned round = 0; round < 20; round++) {
		const pid_t child = fork();

		if (child == 0) {
			for (unsigned i = 0; i < 16; i++) {
				if (page[i * 1024] != i + round)
					_exit(1);
				page[i * 1024] = 0xdead;
			}
			(*shared)++;
			_exit(7);
		}
		for (unsigned i = 0; i < 16; i++)
			page[i * 1024] = i + round + 1;
		wrong += child_status(child) != 7;
	}
	for (unsigned i = 0; i < 16; i++)
		wrong += page[i * 1024] != i + 20;
	check(wrong == 0 && *shared == 20, "writes on both sides of forks, %u reported: %u wrong",
	      (unsigned)*shared, wrong);
}

static void fork_twice(void)
{
	enum { PAGES = 600 };
	uint32_t *pages = pages_new(PAGES);
	uint32_t sum;
	unsigned good = 0;

	fill_pages(pages, PAGES, 1);
	sum = checksum(pages, PAGES * PAGE);
	for (unsigned round = 0; round < 6; round++) {
		const pid_t child = fork();

		if (child == 0) {
			/* A grandchild shares what its parent goes on to change. */
			const pid_t grandchild = fork();
			int status;

			for (unsigned i = round; i < PAGES; i += grandchild ? 3 : 2)
				pages[i * 1024 + round]++;
			if (grandchild == 0)
				_exit(checksum(pages, PAGES * PAGE) == sum);
			for (unsigned i = round; i < PAGES; i += 3)
				pages[i * 1024 + round]--;
			status = child_status(grandchild);
			_exit(status != 0 || checksum(pages, PAGES * PAGE) != sum);
		}
		good += child_status(child) == 0;
		if (checksum(pages, PAGES * PAGE) != sum)
			check(0, "the parent's pages changed in round %u", round);
		fill_pages(pages, PAGES, round + 2);
		sum = checksum(pages, PAGES * PAGE);
	}
	check(good == 6, "%u of 6 rounds with grandchildren", good);
}

void check_copy_on_write(void)
{
	write_on_both_sides();
	fork_twice();
}

void check_shared(void)
{
	enum { PAGES = 32, ROUNDS = 200 };
	volatile uint32_t *shared =
		mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int to[2], from[2];
	unsigned good = 0;
	char byte = 0;

	pipe_new(to);
	pipe_new(from);
	if (fork() == 0) {
		for (unsigned round = 0; round < ROUNDS; round++) {
			if (read(to[0], &byte, 1) != 1)
				_exit(1);
			for (unsigned i = 0; i < PAGES; i++)
				shared[i * 1024 + round]++;
			if (write(from[1], "x", 1) != 1)
				_exit(1);
		}
		_exit(0);
	}
	for (uint32_t round = 0; round < ROUNDS; round++) {
		unsigned same = 0;

		for (unsigned i = 0; i < PAGES; i++)
			shared[i * 1024 + round] = i ^ round;
		if (write(to[1], "x", 1) != 1 || read(from[0], &byte, 1) != 1)
			break;
		for (unsigned i = 0; i < PAGES; i++)
			same += shared[i * 1024 + round] == (i ^ round) + 1;
		good += same == PAGES;
	}
	check(child_status(-1) == 0 && good == ROUNDS, "%u rounds of two processes in shared pages",
	      good);
}

/*
 * Pages go while their process does not run: Linux flushes nothing for an address space that is not in
 * use, and the pages are somebody else's by the time it is in use again.
 */
static void pages_that_go_meanwhile(void)
{
	enum { PAGES = 64, ROUNDS = 8 };
	const int file = open("/tmp/checks.gone", O_RDWR | O_CREAT | O_TRUNC, 0600);
	uint32_t *map;
	unsigned good = 0, wrong = 0;

	check(file >= 0 && ftruncate(file, PAGES * PAGE) == 0, "a file that others shorten");
	map = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		fill_pages(map, PAGES, round + 1);
		if (fork() == 0) {
			const int gone = ftruncate(file, 0) == 0;

			fill_pages(pages_new(4 * PAGES), 4 * PAGES, 0xdead);
			_exit(gone && ftruncate(file, PAGES * PAGE) == 0 ? 0 : 1);
		}
		good += child_status(-1) == 0;
		for (unsigned i = 0; i < PAGES * PAGE / 4; i += 61)
			wrong += map[i] != 0;
	}
	check(good == ROUNDS && wrong == 0,
	      "pages that go meanwhile are new ones: %u of %u, %u wrong", good, ROUNDS, wrong);
	if (fork() == 0)
		_exit(ftruncate(file, PAGE) == 0 ? 0 : 1);
	check(child_status(-1) == 0, "shortened by a child");
	TRY(wrong = ((volatile uint32_t *)map)[1024]);
	check(caught.number == SIGBUS && caught.address == (uintptr_t)(map + 1024),
	      "the second page is gone: signal %s code %d", signal_name(caught.number),
	      caught.code);
	munmap(map, PAGES * PAGE);
	close(file);
	unlink("/tmp/checks.gone");
}

void check_files(void)
{
	enum { SIZE = 256 * 1024 };
	const int file = open("/tmp/checks.file", O_RDWR | O_CREAT | O_TRUNC, 0600);
	uint32_t *map, *private, *copy = malloc(SIZE), sum;

	check(file >= 0 && ftruncate(file, SIZE) == 0, "a file in memory");
	map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	private = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
	fill_pages(map, SIZE / PAGE, 77);
	sum = checksum(map, SIZE);
	check(pread(file, copy, SIZE, 0) == SIZE && checksum(copy, SIZE) == sum,
	      "written by mmap, read");
	check(checksum(private, SIZE) == sum, "seen by a private mapping");
	private[5] = 1;
	private[9000] = 2;
	check(checksum(map, SIZE) == sum, "whose writes stay private");
	fill_pages(copy, SIZE / PAGE, 99);
	sum = checksum(copy, SIZE);
	check(pwrite(file, copy, SIZE, 0) == SIZE && checksum(map, SIZE) == sum,
	      "written, seen by mmap");
	check(private[5] == 1 && private[9000] == 2 && private[3000] == copy[3000],
	      "private after that");
	check(ftruncate(file, PAGE) == 0, "shortened");
	TRY(sum = ((volatile uint32_t *)map)[4096]);
	check(caught.number == SIGBUS && caught.address == (uintptr_t)(map + 4096),
	      "beyond the end: signal %s code %d", signal_name(caught.number), caught.code);
	munmap(map, SIZE);
	munmap(private, SIZE);
	close(file);
	unlink("/tmp/checks.file");
	free(copy);
	pages_that_go_meanwhile();
}

/* More than half of the VM's memory, twice; with a copy of big pieces that do not begin at a page.
 */
void check_pressure(void)
{
	enum { SIZE = 60 * 1024 * 1024 };
	unsigned wrong = 0;

	for (uint32_t round = 0; round < 2; round++) {
		char *const big = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (big == MAP_FAILED) {
			check(0, "60 MiB: errno %d", errno);
			return;
		}
		for (uint32_t i = 0; i < SIZE; i += PAGE) {
			wrong += *(uint32_t *)(void *)(big + i + 64) != 0;
			*(uint32_t *)(void *)(big + i) = i ^ round;
			*(uint32_t *)(void *)(big + i + PAGE - 4) = ~i;
		}
		for (uint32_t i = 0; i < SIZE; i += PAGE)
			wrong += *(uint32_t *)(void *)(big + i) != (i ^ round) ||
				 *(uint32_t *)(void *)(big + i + PAGE - 4) != ~i;
		fill_pages((uint32_t *)(void *)big, 1024, round);
		memcpy(big + 30 * MIB + 12, big + 4, 4 * MIB - 64);
		wrong += memcmp(big + 30 * MIB + 12, big + 4, 4 * MIB - 64) != 0;
		memmove(big + 8, big + 4, 4 * MIB - 64);
		wrong += memcmp(big + 30 * MIB + 12, big + 8, 4 * MIB - 64) != 0;
		munmap(big, SIZE);
		check(wrong == 0, "60 MiB, round %u: %u wrong", round, wrong);
	}
}
