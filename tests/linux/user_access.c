/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel touches a program's memory with ldrt/strt only, which must check the program's rights:
 * a pointer into the kernel, the vectors, the VMM or nothing gives EFAULT, and changes nothing.
 *
 *   user_access open|closed
 *
 * open: a kernel without software PAN leaves its domain manager while programs run (DACR_INIT in
 * arch/arm/include/asm/domain.h; nothing has changed that since set_fs() went), so that programs
 * can use its memory directly, on the bare board too. Then pointers to its memory prove nothing.
 */
#include "tests/linux/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096u

/* Kernel text in physical memory, as /dev/mem shows it: 0xc0008000 is at 0x8000. */
static uint32_t kernel_word(uint32_t address)
{
	uint32_t word = 0;
	const int fd = open("/dev/mem", O_RDONLY);

	if (fd < 0 || pread(fd, &word, 4, (off_t)(address - 0xc0000000u)) != 4)
		result(0, "reading /dev/mem: %s", strerror(errno));
	close(fd);
	return word;
}

static const char *outcome(long value)
{
	static char text[32];

	if (value >= 0)
		snprintf(text, sizeof(text), "%ld", value);
	else
		snprintf(text, sizeof(text), "errno %d", errno);
	return text;
}

static int filled_pipe(int fds[2])
{
	return pipe(fds) == 0 && write(fds[1], "0123456789abcdef", 16) == 16;
}

/* System calls that read or write at a pointer, raw: the C library would touch it itself. */
static void try_pointer(const char *name, uintptr_t where)
{
	void *const p = (void *)where;
	int fds[2], count;

	if (!filled_pipe(fds)) {
		result(0, "pipe");
		return;
	}
#define EXPECT_FAULT(call)                                                                       \
	do {                                                                                     \
		const long value = (long)(call);                                                 \
		result(value < 0 && errno == EFAULT, "%s, " #call ": %s", name, outcome(value)); \
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
	printf("       %s: %d bytes left in the pipe\n", name, count);
	close(fds[0]);
	close(fds[1]);
}

/* A buffer whose second page cannot be used: what fits is copied, and only that. */
static void try_straddle(char *pages, const char *name)
{
	int fds[2];
	long value;

	if (pipe(fds) != 0)
		return;
	memset(pages, 'x', PAGE);
	value = write(fds[1], pages + PAGE - 8, 16);
	printf("       %s: write of 8 + 8 bytes: %s\n", name, outcome(value));
	value = write(fds[1], "0123456789abcdef", 16);
	value = read(fds[0], pages + PAGE - 8, 24);
	printf("       %s: read of 8 + 16 bytes: %s, then %.8s\n", name, outcome(value),
	       pages + PAGE - 8);
	close(fds[0]);
	close(fds[1]);
}

#define KERNEL_MEMORY_END 0xc8000000u

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		uintptr_t where;
	} pointers[] = {
		{ "NULL", 0 },
		{ "page 0", 0x100 },
		{ "low unmapped", 0x8000 },
		{ "modules", 0xbf000000 },
		{ "kernel start", 0xc0000000 },
		{ "kernel page table", 0xc0004000 },
		{ "kernel text", 0xc0008000 },
		{ "kernel text, unaligned", 0xc0008001 },
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
	const uint32_t before = kernel_word(0xc0008000);
	const uint32_t table = kernel_word(0xc0004000 + 0xc00 * 4);
	const int closed = argc > 1 && strcmp(argv[1], "closed") == 0;
	char *pages;

	for (unsigned i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++)
		if (closed || pointers[i].where < 0xc0000000u ||
		    pointers[i].where >= KERNEL_MEMORY_END)
			try_pointer(pointers[i].name, pointers[i].where);
	result(kernel_word(0xc0008000) == before, "kernel text is unchanged");
	result(kernel_word(0xc0004000 + 0xc00 * 4) == table, "kernel page table is unchanged");

	pages = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(pages, 'r', 4 * PAGE);

	mprotect(pages + PAGE, PAGE, PROT_NONE);
	try_pointer("PROT_NONE", (uintptr_t)pages + PAGE + 16);
	try_straddle(pages, "PROT_NONE");
	munmap(pages + PAGE, PAGE);
	try_pointer("unmapped", (uintptr_t)pages + PAGE + 16);
	try_straddle(pages, "unmapped");

	/* Read-only for the program is read-only for the kernel's strt, beside other pages. */
	mprotect(pages + 2 * PAGE, PAGE, PROT_READ);
	{
		int fds[2];
		long value = filled_pipe(fds) ? read(fds[0], pages + 2 * PAGE, 4) : 0;

		result(value < 0 && errno == EFAULT, "read into a read-only page: %s",
		       outcome(value));
		value = ioctl(fds[0], FIONREAD, pages + 2 * PAGE);
		result(value < 0 && errno == EFAULT, "FIONREAD into a read-only page: %s",
		       outcome(value));
		value = write(fds[1], pages + 2 * PAGE, 4);
		result(value == 4, "write from a read-only page: %s", outcome(value));
		result(pages[2 * PAGE] == 'r', "the read-only page is unchanged");
		value = read(fds[0], pages + 3 * PAGE, 20);
		result(value > 0 && pages[3 * PAGE] == '0', "read into its neighbour: %s",
		       outcome(value));
	}
	/* A program's own text is read-only and may be written out. */
	{
		int fds[2];
		long value = filled_pipe(fds) ? read(fds[0], (void *)(uintptr_t)&main, 4) : 0;

		result(value < 0 && errno == EFAULT, "read into own text: %s", outcome(value));
		value = write(fds[1], (void *)(uintptr_t)&main, 4);
		result(value == 4, "write from own text: %s", outcome(value));
	}
	return finish("user_access");
}
