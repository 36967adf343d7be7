// SPDX-License-Identifier: Apache-2.0
/*
 * Rows of single operations: system calls, processes, memory, signals.
 */
#include "tests/bench/bench.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A system call without the C library: nothing but the trap into the kernel and back. */
static inline long raw_syscall0(long number)
{
	register long r7 __asm__("r7") = number;
	register long r0 __asm__("r0");

	__asm__ volatile("swi 0" : "=r"(r0) : "r"(r7) : "memory");
	return r0;
}

static void syscall_run(unsigned count)
{
	while (count--)
		raw_syscall0(SYS_getppid);
}

static int zero_fd;
static char buffer[PAGE_SIZE] __attribute__((aligned(4096)));

static void zero_prepare(const struct row *row, unsigned count)
{
	make_device("/dev/zero", 1, 5);
	zero_fd = open("/dev/zero", O_RDONLY);
	require(zero_fd >= 0, "/dev/zero");
}

static void zero_finish(void)
{
	close(zero_fd);
}

static void read_run(unsigned count)
{
	while (count--)
		require(read(zero_fd, buffer, 1) == 1, "read");
}

static void read4k_run(unsigned count)
{
	while (count--)
		require(read(zero_fd, buffer, PAGE_SIZE) == PAGE_SIZE, "read");
}

static int to_child[2], from_child[2];
static pid_t echo_pid;

static void pipe_prepare(const struct row *row, unsigned count)
{
	char byte;

	require(!pipe(to_child) && !pipe(from_child), "pipe");
	echo_pid = fork();
	require(echo_pid >= 0, "fork");
	if (echo_pid)
		return;
	close(to_child[1]);
	while (read(to_child[0], &byte, 1) == 1)
		if (write(from_child[1], &byte, 1) != 1)
			break;
	_exit(0);
}

static void pipe_finish(void)
{
	close(to_child[0]);
	close(to_child[1]);
	close(from_child[0]);
	close(from_child[1]);
	waitpid(echo_pid, NULL, 0);
}

static void pipe_run(unsigned count)
{
	char byte = 0;

	while (count--)
		require(write(to_child[1], &byte, 1) == 1 && read(from_child[0], &byte, 1) == 1,
			"pipe round trip");
}

static void fork_exit_run(unsigned count)
{
	while (count--) {
		const pid_t pid = fork();

		if (!pid)
			_exit(0);
		wait_for(pid);
	}
}

static void fork_exec_run(unsigned count)
{
	while (count--) {
		const pid_t pid = fork();

		if (!pid) {
			execl("/helper", "/helper", (char *)NULL);
			die("/helper");
		}
		wait_for(pid);
	}
}

static char *pages;
static unsigned page_count;

/* Page tables included: a fresh mapping for each repetition. */
static void touch_prepare(const struct row *row, unsigned count)
{
	page_count = count;
	pages = mmap(NULL, count * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		     -1, 0);
	require(pages != MAP_FAILED, "mmap");
}

static void touch_finish(void)
{
	munmap(pages, page_count * PAGE_SIZE);
}

static void touch_run(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		*(volatile char *)(pages + i * PAGE_SIZE) = 1;
}

static volatile unsigned signals_seen;

static void count_signal(int number)
{
	(void)number;
	signals_seen++;
}

static void signal_prepare(const struct row *row, unsigned count)
{
	require(signal(SIGUSR1, count_signal) != SIG_ERR, "signal");
}

static void signal_run(unsigned count)
{
	const pid_t self = getpid();
	const unsigned before = signals_seen;

	for (unsigned i = 0; i < count; i++)
		kill(self, SIGUSR1);
	require(signals_seen - before == count, "signals lost");
}

static void mprotect_prepare(const struct row *row, unsigned count)
{
	pages = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	require(pages != MAP_FAILED, "mmap");
	page_count = 1;
	*pages = 1;
}

static void mprotect_run(unsigned count)
{
	while (count--) {
		require(!mprotect(pages, PAGE_SIZE, PROT_READ), "mprotect");
		require(!mprotect(pages, PAGE_SIZE, PROT_READ | PROT_WRITE), "mprotect");
	}
}

static void cpu_run(unsigned count)
{
	unsigned value = 1;

	while (count--) {
		value = value * 1664525u + 1013904223u;
		value ^= value >> 15;
		__asm__ volatile("" : "+r"(value));
	}
}

static const struct row rows[] = {
	/*
	 * Some ten million instructions natively in each repetition: several timer ticks, so that
	 * one more or less does not show.
	 */
	{ "syscall", 60000, 5, 1, syscall_run, NULL, NULL },
	{ "read", 40000, 5, 1, read_run, zero_prepare, zero_finish },
	{ "read4k", 4000, 5, 1, read4k_run, zero_prepare, zero_finish },
	{ "pipe", 3000, 5, 1, pipe_run, pipe_prepare, pipe_finish },
	{ "fork_exit", 200, 5, 1, fork_exit_run, NULL, NULL },
	{ "fork_exec", 60, 5, 1, fork_exec_run, NULL, NULL },
	{ "first_touch", 3000, 5, 1, touch_run, touch_prepare, touch_finish },
	{ "signal", 3000, 5, 1, signal_run, signal_prepare, NULL },
	{ "mprotect", 2000, 5, 1, mprotect_run, mprotect_prepare, touch_finish },
	{ "cpu", 8000000, 5, 1, cpu_run, NULL, NULL },
};

const struct row_table basic_table = { rows, sizeof rows / sizeof rows[0] };
