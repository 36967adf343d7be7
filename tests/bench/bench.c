// SPDX-License-Identifier: Apache-2.0
/*
 * The benchmark's user space: init itself, so that nothing else runs. Every row repeats one
 * operation between two markers (markers.h); the counting is done outside, by a QEMU plugin.
 *
 * On the console, in the order of the regions the plugin sees:
 *     BENCH name iterations repeats
 *     ...
 *     BENCH end
 * On the kernel's command line (init's environment), bench_rows=a,b selects rows; bench_repeats=N
 * and bench_share=N make it shorter, for a run under a slow model: N repeats of each row instead of
 * REPEATS, and an Nth of its iterations.
 */
#include "tests/bench/markers.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define STRING(x) #x
#define INSN(x)   ".inst " STRING(x)

#define REPEATS   5
#define PAGE_SIZE 4096u

/* init's first instruction, before the C library's start-up code. */
__asm__(".globl bench_entry\n"
	"bench_entry:\n\t" INSN(MARK_INIT) "\n\t"
					   "b _start\n");

static inline void mark_begin(void)
{
	__asm__ volatile(INSN(MARK_BEGIN)::: "memory");
}

static inline void mark_end(void)
{
	__asm__ volatile(INSN(MARK_END)::: "memory");
}

/* Does not return: the kernel panics without init, and the runner would take that for the cause. */
static void stop(void)
{
	fflush(stdout);
	tcdrain(STDOUT_FILENO);
	for (;;)
		pause();
}

static void die(const char *what)
{
	printf("BENCH error: %s: %s\n", what, strerror(errno));
	stop();
}

static void require(bool ok, const char *what)
{
	if (!ok)
		die(what);
}

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

static void zero_prepare(unsigned count)
{
	mkdir("/dev", 0755);
	mknod("/dev/zero", S_IFCHR | 0600, makedev(1, 5));
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

static void pipe_prepare(unsigned count)
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

static void wait_for(pid_t pid)
{
	int status;

	require(pid > 0 && waitpid(pid, &status, 0) == pid, "fork or wait");
	if (status) {
		printf("BENCH error: a child ended with wait status %#x\n", (unsigned)status);
		stop();
	}
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
static void touch_prepare(unsigned count)
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

static void signal_prepare(unsigned count)
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

static void mprotect_prepare(unsigned count)
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

static const struct row {
	const char *name;
	unsigned iterations;
	void (*run)(unsigned count);
	void (*prepare)(unsigned count);
	void (*finish)(void);
} rows[] = {
	/*
	 * Some ten million instructions natively in each repetition: several timer ticks, so that
	 * one more or less does not show.
	 */
	{ "syscall", 60000, syscall_run, NULL, NULL },
	{ "read", 40000, read_run, zero_prepare, zero_finish },
	{ "read4k", 4000, read4k_run, zero_prepare, zero_finish },
	{ "pipe", 3000, pipe_run, pipe_prepare, pipe_finish },
	{ "fork_exit", 200, fork_exit_run, NULL, NULL },
	{ "fork_exec", 60, fork_exec_run, NULL, NULL },
	{ "first_touch", 3000, touch_run, touch_prepare, touch_finish },
	{ "signal", 3000, signal_run, signal_prepare, NULL },
	{ "mprotect", 2000, mprotect_run, mprotect_prepare, touch_finish },
	{ "cpu", 8000000, cpu_run, NULL, NULL },
};

static bool is_selected(const char *name)
{
	const char *list = getenv("bench_rows");
	const size_t length = strlen(name);

	if (!list)
		return true;
	for (;;) {
		if (!strncmp(list, name, length) && (list[length] == ',' || !list[length]))
			return true;
		list = strchr(list, ',');
		if (!list)
			return false;
		list++;
	}
}

/* A number of at least 1 from the environment. */
static unsigned setting(const char *name, unsigned otherwise)
{
	const char *text = getenv(name);
	const long value = text ? strtol(text, NULL, 10) : (long)otherwise;

	if (value < 1 || value > 1000)
		die(name);
	return (unsigned)value;
}

static void row_measure(const struct row *row)
{
	const unsigned repeats = setting("bench_repeats", REPEATS);
	const unsigned share = row->iterations / setting("bench_share", 1);
	const unsigned iterations = share ? share : 1;

	/* Everything is on its way out of the UART before the counting starts. */
	printf("BENCH %s %u %u\n", row->name, iterations, repeats);
	fflush(stdout);
	tcdrain(STDOUT_FILENO);

	for (unsigned i = 0; i < repeats + 1; i++) {
		/*
		 * The first time is not measured: it faults in the program and leaves the kernel's
		 * allocators as every later time finds them.
		 */
		const bool measured = i > 0;

		if (row->prepare)
			row->prepare(iterations);
		if (measured)
			mark_begin();
		row->run(iterations);
		if (measured)
			mark_end();
		if (row->finish)
			row->finish();
	}
}

int main(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (is_selected(rows[i].name))
			row_measure(&rows[i]);
	printf("BENCH end\n");
	fflush(stdout);
	tcdrain(STDOUT_FILENO);
	__asm__ volatile(INSN(MARK_DONE));
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}
