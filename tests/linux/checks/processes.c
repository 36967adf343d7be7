/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes: many at once, many after each other, exec, pipes, and one that debugs another.
 */
#include "tests/linux/checks/checks.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES 40
#define LAPS      12

/*
 * A ring of processes, more than the VMM has shadow contexts; a token goes round. All have the same
 * addresses, with other contents.
 */
static int ring_process(unsigned number, int in, int out)
{
	uint32_t *own = mmap((void *)0x20000000, 16 * PAGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	uint32_t token;

	for (uint32_t i = 0; i < 16 * 1024; i++)
		own[i] = number << 20 ^ i;
	for (unsigned lap = 0; lap < LAPS; lap++) {
		if (read(in, &token, 4) != 4)
			return 1;
		for (uint32_t i = lap; i < 16 * 1024; i += 61)
			if (own[i] != (number << 20 ^ i))
				return 2;
		token = token * 31 + own[lap * 1024 + number];
		if (write(out, &token, 4) != 4)
			return 3;
	}
	return 0;
}

static void ring(void)
{
	int pipes[PROCESSES + 1][2];
	uint32_t token = 1;
	unsigned good = 0;

	for (unsigned i = 0; i <= PROCESSES; i++)
		pipe_new(pipes[i]);
	for (unsigned i = 0; i < PROCESSES; i++)
		if (fork() == 0)
			_exit(ring_process(i, pipes[i][0], pipes[i + 1][1]));
	for (unsigned lap = 0; lap < LAPS; lap++)
		if (write(pipes[0][1], &token, 4) != 4 || read(pipes[PROCESSES][0], &token, 4) != 4)
			break;
	for (unsigned i = 0; i < PROCESSES; i++)
		good += child_status(-1) == 0;
	check(good == PROCESSES, "a ring of %u processes, token %08x", good, token);
}

static void storm(void)
{
	volatile uint32_t *word = pages_new(1);
	unsigned good = 0;

	for (uint32_t i = 0; i < 300; i++) {
		pid_t child;

		*word = i;
		child = fork();
		if (child == 0) {
			const pid_t grandchild = i % 4 ? 0 : fork();
			/* Pages at addresses of its own: page tables come and go. */
			volatile uint32_t *own =
				mmap((void *)(0x10000000 + (i % 7) * 0x08000000), PAGE,
				     PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
			const int fresh = *own == 0 && *word == i;

			*own = i;
			*word = ~i;
			if (grandchild > 0 && child_status(grandchild) != (int)(i & 0x3f))
				_exit(0x7e);
			_exit(fresh && *own == i ? (int)(i & 0x3f) : 0x7f);
		}
		good += child_status(child) == (int)(i & 0x3f) && *word == i;
	}
	check(good == 300, "%u short processes, each fourth with a child", good);
}

void check_many_processes(void)
{
	storm();
	ring();
	/* All at once, in the scheduler's order. */
	for (unsigned i = 0; i < PROCESSES; i++) {
		if (fork() == 0) {
			uint32_t *pages = pages_new(8);
			uint32_t sum = 0;

			for (unsigned round = 0; round < 4; round++) {
				for (uint32_t k = 0; k < 8 * 1024; k++)
					pages[k] = (sum = sum * 5 + i + k);
				usleep(1000);
			}
			_exit(sum != 0 && pages[8 * 1024 - 1] == sum ? 0 : 1);
		}
	}
	{
		unsigned good = 0;

		for (unsigned i = 0; i < PROCESSES; i++)
			good += child_status(-1) == 0;
		check(good == PROCESSES, "%u that compute at the same time", good);
	}
}

/* ---- exec ------------------------------------------------------------------------------------ */

/* What an executed program tells about what it got: its exit status. */
int exec_echo(int argc, char **argv)
{
	unsigned length = 0;

	for (int i = 0; i < argc; i++)
		length += (unsigned)strlen(argv[i]);
	return getenv("CHECKS") ? (int)(length % 100) : 101;
}

void check_exec(void)
{
	static char long_argument[40000];
	char *const arguments[] = { "checks", "--echo", "one", long_argument, NULL };
	char *const environment[] = { "CHECKS=1", NULL };
	volatile unsigned good = 0;
	unsigned expected;

	memset(long_argument, 'a', sizeof(long_argument) - 1);
	expected = (6 + 6 + 3 + sizeof(long_argument) - 1) % 100;
	for (volatile unsigned i = 0; i < 20; i++) {
		const pid_t child = i & 1 ? vfork() : fork();

		if (child == 0) {
			execve("/proc/self/exe", arguments, environment);
			_exit(102);
		}
		good += child_status(child) == (int)expected;
	}
	check(good == 20, "%u programs executed after fork and vfork", good);
}

/* ---- pipes ----------------------------------------------------------------------------------- */

void check_pipes(void)
{
	enum { SIZE = 1024 * 1024 };
	uint32_t *data = pages_new(SIZE / PAGE + 1), *copy = pages_new(SIZE / PAGE + 1);
	int fds[2];

	pipe_new(fds);
	for (unsigned i = 0; i < SIZE / 4; i++)
		data[i] = i * 2246822519u;
	for (unsigned offset = 0; offset < 4; offset++) {
		unsigned done = 0;

		if (fork() == 0) {
			for (unsigned sent = 0; sent < SIZE;) {
				const unsigned piece = 1 + (sent * 7 + offset) % 9001;
				const long n = write(fds[1], (char *)data + sent,
						     piece < SIZE - sent ? piece : SIZE - sent);

				if (n <= 0)
					_exit(1);
				sent += (unsigned)n;
			}
			_exit(0);
		}
		while (done < SIZE) {
			const long n = read(fds[0], (char *)copy + offset + done, SIZE - done);

			if (n <= 0)
				break;
			done += (unsigned)n;
		}
		check(child_status(-1) == 0 && done == SIZE &&
			      memcmp((char *)copy + offset, data, SIZE) == 0,
		      "1 MiB through a pipe to +%u", offset);
	}
}

/* ---- ptrace ---------------------------------------------------------------------------------- */

__attribute__((noinline)) uint32_t traced(uint32_t value);
__asm__(".text\n.arm\n.global traced\ntraced:\n"
	"	add	r0, r0, #1\n"
	".global traced_break\ntraced_break:\n"
	"	add	r0, r0, #2\n"
	"	bx	lr\n");
extern const char traced_break[];

#define BREAKPOINT 0xe7f001f0

void check_ptrace(void)
{
	struct user_regs regs;
	volatile uint32_t *word = pages_new(1);
	const pid_t child = fork();
	long saved, value;
	int status;

	if (child == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		*word = 0xc0ffee;
		raise(SIGSTOP);
		status = (int)traced(40);
		_exit(status == 43 + 100 && *word == 0xbeef ? 0 : status & 0x7f);
	}
	check(waitpid(child, &status, 0) == child && WIFSTOPPED(status) &&
		      WSTOPSIG(status) == SIGSTOP,
	      "the child stops");
	value = ptrace(PTRACE_PEEKDATA, child, word, NULL);
	check(value == 0xc0ffee, "its word: %lx", value);
	check(ptrace(PTRACE_POKEDATA, child, word, 0xbeef) == 0 && *word == 0,
	      "written there only");
	saved = ptrace(PTRACE_PEEKTEXT, child, traced_break, NULL);
	check((uint32_t)saved == *(const uint32_t *)(const void *)traced_break, "its text: %08lx",
	      saved);
	check(ptrace(PTRACE_POKETEXT, child, traced_break, BREAKPOINT) == 0, "breakpoint");
	check((uint32_t)saved == *(const uint32_t *)(const void *)traced_break,
	      "not in our own text");
	ptrace(PTRACE_CONT, child, NULL, NULL);
	check(waitpid(child, &status, 0) == child && WIFSTOPPED(status) &&
		      WSTOPSIG(status) == SIGTRAP,
	      "it stops there: %s", WIFSTOPPED(status) ? signal_name(WSTOPSIG(status)) : "no");
	memset(&regs, 0, sizeof(regs));
	ptrace(PTRACE_GETREGS, child, NULL, &regs);
	check(regs.uregs[0] == 41 && regs.uregs[15] == (uintptr_t)traced_break, "r0 %lu, pc %+ld",
	      regs.uregs[0], (long)(regs.uregs[15] - (uintptr_t)traced_break));
	regs.uregs[0] = 141;
	ptrace(PTRACE_SETREGS, child, NULL, &regs);
	ptrace(PTRACE_POKETEXT, child, traced_break, saved);
	ptrace(PTRACE_CONT, child, NULL, NULL);
	status = child_status(child);
	check(status == 0, "it goes on with the new value: %d", status);
	value = ptrace(PTRACE_PEEKDATA, child, word, NULL);
	check(value == -1 && errno == ESRCH, "it is gone");
}
