/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's memory and the VMM's, which are not a program's: neither by its own loads, stores and
 * jumps, nor by a system call with a pointer there. The kernel touches a program's memory with
 * ldrt/strt only, which must check the program's rights.
 */
#include "tests/linux/checks/checks.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define KERNEL_RAM     0xc0000000u
#define KERNEL_RAM_END 0xc8000000u
#define KERNEL_TEXT    0xc0008000u
#define KERNEL_TABLE   0xc0004000u

/*
 * A kernel without software PAN gives its domain manager rights for good, so programs reach its RAM,
 * on the bare board too (DACR_INIT in arch/arm/include/asm/domain.h): there is nothing to be tried
 * in there, writes least of all.
 */
static int kernel_is_open(void)
{
	TRY(run_word(0xe5901000, (char *)KERNEL_RAM)); /* ldr r1, [r0] */
	return caught.number == 0;
}

static int in_kernel_ram(uintptr_t where)
{
	return where >= KERNEL_RAM && where < KERNEL_RAM_END;
}

/* ---- a program's own accesses ---------------------------------------------------------------- */

static void try_place(uintptr_t where)
{
	static const struct {
		const char *name;
		uint32_t word;
		unsigned alignment;
	} accesses[] = {
		{ "ldr", 0xe5901000, 4 },   { "str", 0xe5801000, 4 },  { "ldrb", 0xe5d01000, 1 },
		{ "strb", 0xe5c01000, 1 },  { "ldrh", 0xe1d010b0, 2 }, { "strh", 0xe1c010b0, 2 },
		{ "ldrd", 0xe1c020d0, 8 },  { "strd", 0xe1c020f0, 8 }, { "ldmia", 0xe8900006, 4 },
		{ "stmia", 0xe8800006, 4 }, { "swp", 0xe1001092, 4 },  { "ldrt", 0xe4b01000, 4 },
		{ "strt", 0xe4a01000, 4 },  { "jump", 0xe12fff10, 4 },
	};
	const int unmapped = where < KERNEL_RAM; /* else the code depends on what is there */

	for (volatile unsigned i = 0; i < COUNT(accesses); i++) {
		if (where % accesses[i].alignment != 0)
			continue;
		TRY(run_word(accesses[i].word, (char *)where));
		check(caught.number == SIGSEGV && caught.address == where &&
			      (!unmapped || caught.code == SEGV_MAPERR),
		      "%s at %08lx: signal %s code %d", accesses[i].name, (long)where,
		      signal_name(caught.number), caught.code);
	}
}

/* Programs that read an open kernel get what is there, and it goes on at its own speed. */
static void read_open_kernel(void)
{
	volatile unsigned reads = 0;

	for (volatile unsigned round = 0; round < 50; round++) {
		for (volatile uintptr_t at = KERNEL_TEXT; at < KERNEL_RAM + MIB; at += 0x10000) {
			TRY((void)*(volatile uint32_t *)at);
			reads += caught.number == 0;
		}
		sched_yield();
	}
	check(reads == 50 * 16, "%u loads from kernel memory", reads);
}

void check_kernel_memory(void)
{
	static const uintptr_t places[] = { 0,          0xffc,      0xbf000000, 0xc0000000,
					    0xc0008008, 0xc5f00000, 0xc8000000, 0xc8800000,
					    0xf0000000, 0xffa00000, 0xffb00000, 0xffc00000,
					    0xffcffffc, 0xffd00000, 0xffdffffc, 0xffe00000,
					    0xffefffe0, 0xfff00000, 0xffff1000, 0xfffffffc };
	const int open = kernel_is_open();

	check(1, "the kernel's memory is %s to programs", open ? "open" : "closed");
	for (unsigned i = 0; i < COUNT(places); i++)
		if (!open || !in_kernel_ram(places[i]))
			try_place(places[i]);
	if (open)
		read_open_kernel();
	/* The vector page: readable for its helpers, never writable. */
	TRY((void)*(volatile uint32_t *)0xffff0ffc);
	check(caught.number == 0, "ldr in the vector page: signal %s", signal_name(caught.number));
	TRY(*(volatile uint32_t *)0xffff0ffc = 0);
	check(caught.number == SIGSEGV, "str to the vector page: signal %s",
	      signal_name(caught.number));
}

/* ---- pointers for the kernel ----------------------------------------------------------------- */

/* As /dev/mem shows it: the kernel's memory begins with physical memory, at 0. */
static uint32_t kernel_word(uint32_t address)
{
	uint32_t word = 0;
	const int fd = open("/dev/mem", O_RDONLY);

	if (fd < 0 || pread(fd, &word, 4, (off_t)(address - KERNEL_RAM)) != 4)
		check(0, "reading /dev/mem: errno %d", errno);
	close(fd);
	return word;
}

static void filled_pipe(int fds[2])
{
	pipe_new(fds);
	if (write(fds[1], "0123456789abcdef", 16) != 16)
		check(0, "writing to a pipe: errno %d", errno);
}

/* System calls that read or write at a pointer, raw: the C library would touch it itself. */
static void try_pointer(const char *name, uintptr_t where)
{
	void *const p = (void *)where;
	int fds[2], count;

	filled_pipe(fds);
#define EXPECT_FAULT(call)                                                                      \
	do {                                                                                    \
		const long value = (long)(call);                                                \
		check(value < 0 && errno == EFAULT, "%s, " #call ": %s", name, outcome(value)); \
	} while (0)
	EXPECT_FAULT(ioctl(fds[0], FIONREAD, p));
	EXPECT_FAULT(read(fds[0], p, 1));
	EXPECT_FAULT(write(fds[1], p, 4));
	EXPECT_FAULT(syscall(SYS_uname, p));
	EXPECT_FAULT(syscall(SYS_stat64, p, p));
	EXPECT_FAULT(syscall(SYS_nanosleep, p, NULL));
	EXPECT_FAULT(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, p));
	EXPECT_FAULT(syscall(SYS_rt_sigpending, p, 8));
	EXPECT_FAULT(syscall(SYS_getcwd, p, 4096));
	EXPECT_FAULT(syscall(SYS_futex, where & ~3u, 0, 1, NULL, NULL, 0));
	if (ioctl(fds[0], FIONREAD, &count) != 0)
		count = -1;
	check(count == 16, "%s: %d bytes left in the pipe", name, count);
	close(fds[0]);
	close(fds[1]);
}

/* Read-only for the program is read-only for the kernel's strt; its own text, too. */
static void try_read_only(const char *name, char *page)
{
	const char before = page[0];
	int fds[2];
	long value;

	filled_pipe(fds);
	value = read(fds[0], page, 4);
	check(value < 0 && errno == EFAULT, "read into %s: %s", name, outcome(value));
	value = ioctl(fds[0], FIONREAD, page);
	check(value < 0 && errno == EFAULT, "FIONREAD into %s: %s", name, outcome(value));
	value = write(fds[1], page, 4);
	check(value == 4, "write from %s: %s", name, outcome(value));
	check(page[0] == before, "%s is unchanged", name);
	close(fds[0]);
	close(fds[1]);
}

static void try_neighbour(char *page)
{
	int fds[2];
	long value;

	filled_pipe(fds);
	value = read(fds[0], page, 16);
	check(value == 16 && memcmp(page, "0123456789abcdef", 16) == 0,
	      "read into the neighbour of a read-only page: %s", outcome(value));
	close(fds[0]);
	close(fds[1]);
}

void check_bad_pointers(void)
{
	static const struct {
		const char *name;
		uintptr_t where;
	} places[] = {
		{ "NULL", 0 },
		{ "page 0", 0x100 },
		{ "low unmapped", 0x8000 },
		{ "modules", 0xbf000000 },
		{ "kernel start", KERNEL_RAM },
		{ "kernel page table", KERNEL_TABLE },
		{ "kernel text", KERNEL_TEXT },
		{ "kernel text, unaligned", KERNEL_TEXT + 1 },
		{ "vmalloc", 0xc8800000 },
		{ "VMM 1", 0xffa00000 },
		{ "VMM 2", 0xffb00010 },
		{ "VMM 3", 0xffc00000 },
		{ "VMM 4", 0xffd00ffc },
		{ "fixmap", 0xffe00000 },
		{ "vectors", 0xffff0000 },
		{ "vector stubs", 0xffff1000 },
		{ "last word", 0xfffffffc },
		{ "last byte", 0xffffffff },
	};
	const uint32_t text = kernel_word(KERNEL_TEXT);
	const uint32_t table = kernel_word(KERNEL_TABLE + 0xc00 * 4);
	const int open = kernel_is_open();
	char *pages = pages_new(4);

	for (unsigned i = 0; i < COUNT(places); i++)
		if (!open || !in_kernel_ram(places[i].where))
			try_pointer(places[i].name, places[i].where);
	check(kernel_word(KERNEL_TEXT) == text, "kernel text is unchanged");
	check(kernel_word(KERNEL_TABLE + 0xc00 * 4) == table, "kernel page table is unchanged");

	memset(pages, 'r', 4 * PAGE);
	mprotect(pages + PAGE, PAGE, PROT_NONE);
	try_pointer("PROT_NONE", (uintptr_t)pages + PAGE + 16);
	munmap(pages + PAGE, PAGE);
	try_pointer("unmapped", (uintptr_t)pages + PAGE + 16);
	/* Beside pages that are neither. */
	mprotect(pages + 2 * PAGE, PAGE, PROT_READ);
	try_read_only("a read-only page", pages + 2 * PAGE);
	try_read_only("own text", (char *)(uintptr_t)&check_bad_pointers);
	try_neighbour(pages + 3 * PAGE);
}
