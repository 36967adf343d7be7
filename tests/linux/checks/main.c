/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   checks           all groups
 *   checks NAME...   some of them
 *
 * Each group is a process, so that one that dies does not take the others along.
 */
#define _GNU_SOURCE
#include "tests/linux/checks/checks.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/ucontext.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
	const char *name;
	void (*run)(void);
} groups[] = {
	{ "instructions", check_instructions },
	{ "undefined", check_undefined },
	{ "alignment", check_alignment },
	{ "faults", check_faults },
	{ "kernel_memory", check_kernel_memory },
	{ "breakpoints", check_breakpoints },
	{ "thumb", check_thumb },
	{ "bad_pointers", check_bad_pointers },
	{ "copies", check_copies },
	{ "futex", check_futex },
	{ "kuser", check_kuser },
	{ "signals", check_signals },
	{ "registers", check_registers },
	{ "vfp", check_vfp },
	{ "threads", check_threads },
	{ "layout", check_layout },
	{ "stack", check_stack },
	{ "low_pages", check_low_pages },
	{ "protection", check_protection },
	{ "copy_on_write", check_copy_on_write },
	{ "shared", check_shared },
	{ "files", check_files },
	{ "pipes", check_pipes },
	{ "exec", check_exec },
	{ "ptrace", check_ptrace },
	{ "many_processes", check_many_processes },
	{ "pressure", check_pressure },
};

/* Of all processes. */
static struct {
	unsigned count, failed;
} * results;

static const char *group_name = "";

volatile struct caught caught;
sigjmp_buf try_again;

void caught_clear(void)
{
	caught.number = 0;
	caught.code = 0;
	caught.address = 0;
}

/* One TAP line. What is in it must be the same on every run. */
void check(int good, const char *format, ...)
{
	char text[160];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	results->count++;
	if (!good)
		results->failed++;
	printf("%s %u - %s: %s\n", good ? "ok" : "not ok", results->count, group_name, text);
	fflush(stdout);
}

static void on_signal(int number, siginfo_t *info, void *context)
{
	const mcontext_t *machine = &((ucontext_t *)context)->uc_mcontext;

	caught.number = number;
	caught.code = info->si_code;
	caught.address = (uintptr_t)info->si_addr;
	for (unsigned i = 0; i < 17; i++)
		caught.regs[i] = (uint32_t)(&machine->arm_r0)[i];
	siglongjmp(try_again, 1);
}

/* From now on, a fault ends the TRY() it is in. */
void check_signals_caught(void)
{
	static const int numbers[] = { SIGILL, SIGTRAP, SIGBUS, SIGSEGV, SIGFPE, SIGALRM };
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };

	for (unsigned i = 0; i < COUNT(numbers); i++)
		sigaction(numbers[i], &action, NULL);
}

/* The result of a system call as text. */
const char *outcome(long value)
{
	static char text[32];

	if (value >= 0)
		snprintf(text, sizeof(text), "%ld", value);
	else
		snprintf(text, sizeof(text), "errno %d", errno);
	return text;
}

const char *signal_name(int number)
{
	return number == 0 ? "none" : sigabbrev_np(number);
}

/* Private memory that nobody has touched. */
void *pages_new(unsigned count)
{
	void *pages = mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);

	if (pages == MAP_FAILED) {
		check(0, "mmap of %u pages: errno %d", count, errno);
		_exit(1);
	}
	return pages;
}

void pipe_new(int fds[2])
{
	if (pipe(fds) != 0) {
		check(0, "pipe: errno %d", errno);
		_exit(1);
	}
}

/* SIGALRM, as often as the kernel's timer has it. */
void every_millisecond(int on)
{
	const struct itimerval interval = { { 0, on ? 1000 : 0 }, { 0, on ? 1000 : 0 } };

	setitimer(ITIMER_REAL, &interval, NULL);
}

/* A page that can be run, beginning with these words. */
void *code_page(const void *words, size_t size)
{
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED) {
		check(0, "mmap of a code page: errno %d", errno);
		_exit(1);
	}
	memcpy(page, words, size);
	__builtin___clear_cache(page, page + size);
	return page;
}

/* Fletcher's, over words. */
uint32_t checksum(const void *data, size_t size)
{
	const uint32_t *words = data;
	uint32_t low = 1, high = 0;

	for (size_t i = 0; i < size / 4; i++) {
		low += words[i];
		high = (high << 1 | high >> 31) + low;
	}
	return high ^ low;
}

/* Waits for a child: its exit status, or 1000 and the signal that killed it. */
int child_status(int child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void run_group(unsigned index)
{
	const pid_t child = fork();
	int status;

	group_name = groups[index].name;
	if (child == 0) {
		check_signals_caught();
		groups[index].run();
		_exit(0);
	}
	status = child_status(child);
	check(status == 0, "the group ended with %d", status);
}

static int is_named(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return 1;
	return argc == 1;
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--echo") == 0)
		return exec_echo(argc, argv);
	if (argc > 1 && strcmp(argv[1], "--frame") == 0)
		return send_frame(argc, argv);

	results = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (results == MAP_FAILED)
		return 2;
	for (unsigned i = 0; i < COUNT(groups); i++)
		if (is_named(groups[i].name, argc, argv))
			run_group(i);
	printf("1..%u\n", results->count);
	return results->failed != 0 || results->count == 0;
}
