/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's accesses to a program's memory: every alignment and size, pages that are not there
 * yet or not writable yet, copies that end in the middle, unaligned pointers in its get_user() and
 * put_user(), futex operations.
 */
#include "tests/linux/checks/checks.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static int fds[2];

static void fill(void *where, unsigned count, unsigned seed)
{
	for (unsigned i = 0; i < count; i++)
		((uint8_t *)where)[i] = (uint8_t)(seed + i * 7 + i / 64);
}

/* Both directions, every alignment of both sides, sizes around the loops of the copy routines. */
static void every_alignment(void)
{
	static uint8_t from[256] __attribute__((aligned(32))), to[256] __attribute__((aligned(32)));
	static const uint8_t sizes[] = { 1,  2,  3,  4,  5,  7,  8,  11, 15, 16, 17, 28,  31,
					 32, 33, 35, 36, 47, 63, 64, 65, 95, 96, 97, 127, 131 };
	unsigned done = 0, bad = 0;

	for (unsigned s = 0; s < 4; s++) {
		for (unsigned d = 0; d < 4; d++) {
			for (unsigned i = 0; i < COUNT(sizes); i++) {
				const unsigned size = sizes[i];

				fill(from, sizeof(from), done);
				memset(to, 0xee, sizeof(to));
				done++;
				bad += write(fds[1], from + 8 + s, size) != (int)size ||
				       read(fds[0], to + 12 + d, size) != (int)size ||
				       memcmp(from + 8 + s, to + 12 + d, size) != 0 ||
				       to[11 + d] != 0xee || to[12 + d + size] != 0xee;
			}
		}
	}
	check(bad == 0, "%u copies in and out, %u of them wrong", done, bad);
}

/* clear_user(), which has its own loops. */
static void every_clear(void)
{
	static uint8_t to[160];
	const int zero = open("/dev/zero", O_RDONLY);
	unsigned bad = 0;

	for (unsigned d = 0; d < 8; d++) {
		for (unsigned size = 1; size < 100; size++) {
			unsigned sum = 0;

			memset(to, 0xff, sizeof(to));
			bad += read(zero, to + 8 + d, size) != (int)size;
			for (unsigned i = 0; i < sizeof(to); i++)
				sum += to[i];
			bad += sum != (sizeof(to) - size) * 0xff || to[7 + d] != 0xff ||
			       to[8 + d + size] != 0xff;
		}
	}
	check(bad == 0, "clearing: %u wrong", bad);
	check(read(zero, (void *)0xc0008000, 64) < 0 && errno == EFAULT, "clearing kernel text");
	close(zero);
}

/* A copy that runs into a forbidden page: how much the kernel says it has done, and what it did. */
static void partial_copies(const char *name, int mapped)
{
	uint8_t *pages = pages_new(2), *end = pages + PAGE, buffer[160];
	uint32_t in = 0, out = 0, clear = 0, content = 0;
	const int zero = open("/dev/zero", O_RDONLY);

	if (mapped)
		mprotect(end, PAGE, PROT_NONE);
	else
		munmap(end, PAGE);
	for (unsigned room = 0; room < 70; room++) {
		for (unsigned beyond = 1; beyond < 70; beyond += 4) {
			const unsigned size = room + beyond;
			long done;

			fill(end - room, room, room);
			done = write(fds[1], end - room, size);
			in = in * 31 + (uint32_t)done;
			if (done > 0 && read(fds[0], buffer, sizeof(buffer)) == done)
				content = content * 31 +
					  (memcmp(buffer, end - room, (size_t)done) == 0);
			fill(buffer, size, beyond);
			memset(end - room, 0, room);
			done = write(fds[1], buffer, size);
			done = read(fds[0], end - room, size);
			out = out * 31 + (uint32_t)done;
			content = content * 31 + checksum(end - 128, 128);
			/* What is left after a failure. */
			if (done != (long)size)
				done = read(fds[0], buffer, sizeof(buffer));
			out = out * 31 + (uint32_t)done;
			memset(end - room, 0x5a, room);
			done = read(zero, end - room, size);
			clear = clear * 31 + (uint32_t)done;
			content = content * 31 + checksum(end - 128, 128);
		}
	}
	check(1, "copies that end in a page that is %s: in %08x out %08x clear %08x bytes %08x",
	      name, in, out, clear, content);
	close(zero);
	check(munmap(pages, 2 * PAGE) == 0, "unmapped");
}

/* get_user() and put_user() are ldrt and strt; the kernel fixes their alignment up. */
static void unaligned_pointers(void)
{
	static uint8_t area[64] __attribute__((aligned(32)));
	char name[16];
	int flags;

	check(write(fds[1], "0123456789", 10) == 10, "ten bytes in a pipe");
	for (unsigned offset = 0; offset < 8; offset++) {
		uint32_t value;
		int status;

		memset(area, 0xee, sizeof(area));
		status = ioctl(fds[0], FIONREAD, area + 4 + offset);
		memcpy(&value, area + 4 + offset, 4);
		check(status == 0 && value == 10 && area[3 + offset] == 0xee &&
			      area[8 + offset] == 0xee,
		      "FIONREAD at +%u: %s, %08x", offset, outcome(status), value);
		for (unsigned on = 0; on < 2; on++) {
			memset(area, on ? 0 : 0xee, sizeof(area));
			value = on ? 0x01000000u : 0;
			memcpy(area + 4 + offset, &value, 4);
			status = ioctl(fds[0], FIONBIO, area + 4 + offset);
			flags = fcntl(fds[0], F_GETFL);
			check(status == 0 && !!(flags & O_NONBLOCK) == (int)on,
			      "FIONBIO at +%u, %u: %s, flags %x", offset, on, outcome(status),
			      (unsigned)flags & O_NONBLOCK);
		}
		fcntl(fds[0], F_SETFL, 0);
		{
			struct iovec one = { area + 40, 1 };
			struct timespec never = { 0, 0 };

			memcpy(area + offset, &one, sizeof(one));
			status = (int)writev(fds[1], (struct iovec *)(area + offset), 1);
			check(status == 1 && read(fds[0], name, 1) == 1, "iovec at +%u: %s", offset,
			      outcome(status));
			memcpy(area + offset, &never, sizeof(never));
			status = (int)syscall(SYS_nanosleep, area + offset, NULL);
			check(status == 0, "timespec at +%u: %s", offset, outcome(status));
		}
		snprintf((char *)area + offset, 16, "name-%u", offset);
		prctl(PR_SET_NAME, area + offset);
		memset(name, 0, sizeof(name));
		prctl(PR_GET_NAME, name);
		check(strcmp(name, (char *)area + offset) == 0, "name at +%u: %s", offset, name);
	}
	check(ioctl(fds[0], FIONREAD, 0xc0008001) < 0 && errno == EFAULT,
	      "FIONREAD, odd, in the kernel");
	check(ioctl(fds[0], FIONREAD, 0xbfffffff) < 0 && errno == EFAULT,
	      "FIONREAD into its start");
	/* An access in two halves, of which only the first one is allowed. */
	{
		uint8_t *pages = pages_new(2);

		memset(pages, 0x77, PAGE);
		mprotect(pages + PAGE, PAGE, PROT_READ);
		for (unsigned offset = 1; offset < 4; offset++) {
			const int status = ioctl(fds[0], FIONREAD, pages + PAGE - offset);

			check(status < 0 && errno == EFAULT,
			      "FIONREAD, %u bytes before a forbidden page: %s", offset,
			      outcome(status));
			check(ioctl(fds[0], FIONBIO, pages + PAGE - offset) == 0,
			      "FIONBIO there reads");
			fcntl(fds[0], F_SETFL, 0);
		}
		munmap(pages + PAGE, PAGE);
		check(ioctl(fds[0], FIONBIO, pages + PAGE - 1) < 0 && errno == EFAULT,
		      "FIONBIO into an unmapped page");
		munmap(pages, PAGE);
	}
	check(read(fds[0], area, 64) == 10, "the ten bytes are left");
}

/* Strings of system calls: strncpy_from_user(), and execve()'s copies. */
static void strings(void)
{
	char *pages = pages_new(2), *end = pages + PAGE;
	char *const good[] = { "x", NULL };
	char *bad[] = { "x", (char *)0xc0008000, NULL };
	static const uintptr_t places[] = { 0,          0x10,       0xbf000001, 0xc0008000,
					    0xc0008003, 0xffc00000, 0xffff1000, 0xfffffffd };

	munmap(end, PAGE);
	memset(pages, 'a', PAGE);
	for (unsigned length = 1; length < 10; length++) {
		memset(end - 16, 'a', 16);
		check(open(end - length, O_RDONLY) < 0 && errno == EFAULT,
		      "a string of %u without an end", length);
		end[-1] = 0;
		check(open(end - length, O_RDONLY) < 0 && errno == ENOENT,
		      "a string of %u with an end", length - 1);
	}
	for (unsigned i = 0; i < COUNT(places); i++) {
		char *const p = (char *)places[i];

		check(open(p, O_RDONLY) < 0 && errno == EFAULT, "open(%08lx)", (long)places[i]);
		check(execve(p, good, NULL) < 0 && errno == EFAULT, "execve(%08lx)",
		      (long)places[i]);
		/* A null pointer means an empty list. */
		if (places[i] != 0) {
			check(execve("/bin/checks", (char **)p, NULL) < 0 && errno == EFAULT,
			      "execve with arguments at %08lx", (long)places[i]);
			check(execve("/bin/checks", good, (char **)p) < 0 && errno == EFAULT,
			      "execve with environment at %08lx", (long)places[i]);
			bad[1] = p;
			check(execve("/bin/checks", bad, NULL) < 0 && errno == EFAULT,
			      "execve with an argument at %08lx", (long)places[i]);
		}
	}
	bad[1] = end - 8;
	memset(end - 8, 'a', 8);
	check(execve("/bin/checks", bad, NULL) < 0 && errno == EFAULT,
	      "execve, argument without an end");
	munmap(pages, PAGE);
}

/* Pages that the kernel is the first one to touch, or to write to. */
static void absent_pages(void)
{
	const int self = open("/proc/self/exe", O_RDONLY);
	uint8_t *file = mmap(NULL, 16 * PAGE, PROT_READ, MAP_PRIVATE, self, 0);
	uint8_t *pages = pages_new(16), got[64], expected[64];
	volatile uint8_t sink;
	unsigned bad = 0;

	for (unsigned i = 0; i < 16; i++) {
		bad += write(fds[1], file + i * PAGE + 100, 64) != 64 ||
		       read(fds[0], got, 64) != 64 ||
		       pread(self, expected, 64, (off_t)(i * PAGE + 100)) != 64 ||
		       memcmp(got, expected, 64) != 0;
	}
	check(bad == 0, "file pages first read by the kernel: %u wrong", bad);
	check(read(fds[0], file, 0) == 0 && pread(self, file, 4, 0) < 0 && errno == EFAULT,
	      "a private read-only page is not written");
	for (unsigned i = 0; i < 16; i++) {
		/* The zero page first, in every other one. */
		if (i & 1)
			sink = pages[i * PAGE];
		bad += pread(self, pages + i * PAGE + 32, 64, 256) != 64 || pages[i * PAGE] != 0 ||
		       pread(self, expected, 64, 256) != 64 ||
		       memcmp(pages + i * PAGE + 32, expected, 64) != 0;
	}
	(void)sink;
	check(bad == 0, "pages first written by the kernel: %u wrong", bad);
	munmap(pages, 16 * PAGE);
	pages = pages_new(4);
	for (unsigned i = 0; i < 4; i++) {
		struct stat info;

		sink = pages[i * PAGE];
		bad += fstat(self, (struct stat *)(pages + i * PAGE)) != 0 ||
		       fstat(self, &info) != 0 ||
		       ((struct stat *)(pages + i * PAGE))->st_size != info.st_size;
	}
	check(bad == 0, "stat into zero pages: %u wrong", bad);
	/* After a fork the page is shared and read-only: the child's system call copies it. */
	memset(pages, 0x33, PAGE);
	if (fork() == 0) {
		const int good = pread(self, pages, 64, 0) == 64 && pages[1] == 'E' &&
				 ioctl(fds[0], FIONREAD, pages + 128) == 0 && pages[128] == 0;
		_exit(good ? 0 : 1);
	}
	check(child_status(-1) == 0 && pages[0] == 0x33 && pages[128] == 0x33,
	      "a child's system call into a shared page");
	close(self);
	munmap(pages, 4 * PAGE);
	munmap(file, 16 * PAGE);
}

void check_copies(void)
{
	pipe_new(fds);
	every_alignment();
	every_clear();
	partial_copies("PROT_NONE", 1);
	partial_copies("unmapped", 0);
	unaligned_pointers();
	strings();
	absent_pages();
}

/* ---- futex ----------------------------------------------------------------------------------- */

static long futex(void *word, int operation, uint32_t value, void *word2, uint32_t value3)
{
	const struct timespec now = { 0, 1 };

	return syscall(SYS_futex, word, operation, value,
		       (operation & 0x7f) == FUTEX_WAKE_OP ? (void *)1 : (void *)&now, word2,
		       value3);
}

void check_futex(void)
{
	static const struct {
		const char *name;
		unsigned operation;
		uint32_t result;
	} operations[] = {
		{ "set", FUTEX_OP_SET, 5 }, { "add", FUTEX_OP_ADD, 17 },
		{ "or", FUTEX_OP_OR, 13 },  { "andn", FUTEX_OP_ANDN, 8 },
		{ "xor", FUTEX_OP_XOR, 9 },
	};
	uint32_t *pages = pages_new(4);
	long value;

	for (unsigned i = 0; i < COUNT(operations); i++) {
		pages[0] = 12;
		value = futex(pages + 1, FUTEX_WAKE_OP, 1, pages,
			      FUTEX_OP(operations[i].operation, 5, FUTEX_OP_CMP_EQ, 12));
		check(value == 0 && pages[0] == operations[i].result, "wake op %s: %s, %u",
		      operations[i].name, outcome(value), pages[0]);
	}
	value = futex(pages, FUTEX_WAKE_OP, 1, pages + 1024,
		      FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_EQ, 0));
	check(value == 0 && pages[1024] == 3, "wake op on an absent page: %s, %u", outcome(value),
	      pages[1024]);
	value = futex(pages + 2048, FUTEX_WAIT, 1, NULL, 0);
	check(value < 0 && errno == EAGAIN, "wait on an absent page: %s", outcome(value));
	value = futex(pages + 2048, FUTEX_WAIT, 0, NULL, 0);
	check(value < 0 && errno == ETIMEDOUT, "wait: %s", outcome(value));
	value = futex((char *)pages + 2, FUTEX_WAIT, 0, NULL, 0);
	check(value < 0 && errno == EINVAL, "wait at an odd address: %s", outcome(value));
	mprotect(pages, PAGE, PROT_READ);
	value = futex(pages + 2048, FUTEX_WAKE_OP, 1, pages,
		      FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_EQ, 0));
	check(value < 0 && errno == EFAULT, "wake op on a read-only page: %s", outcome(value));
	value = futex((void *)0xc0008000, FUTEX_WAIT, 0, NULL, 0);
	check(value < 0 && errno == EFAULT, "wait on kernel text: %s", outcome(value));
	value = futex(pages + 2048, FUTEX_WAKE_OP, 1, (void *)0xc0008000,
		      FUTEX_OP(FUTEX_OP_SET, 3, FUTEX_OP_CMP_EQ, 0));
	check(value < 0 && errno == EFAULT, "wake op on kernel text: %s", outcome(value));
	mprotect(pages, PAGE, PROT_READ | PROT_WRITE);
	pages[0] = 0;
	value = futex(pages, FUTEX_LOCK_PI, 0, NULL, 0);
	check(value == 0 && pages[0] == (uint32_t)syscall(SYS_gettid), "lock with inheritance: %s",
	      outcome(value));
	value = futex(pages, FUTEX_UNLOCK_PI, 0, NULL, 0);
	check(value == 0 && pages[0] == 0, "unlock: %s, %u", outcome(value), pages[0]);
	value = futex((void *)0xc0008000, FUTEX_LOCK_PI, 0, NULL, 0);
	check(value < 0 && errno == EFAULT, "lock kernel text: %s", outcome(value));
}
