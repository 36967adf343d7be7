// SPDX-License-Identifier: Apache-2.0
/*
 * Rows whose cost must not depend on how many processes there are.
 *
 * pipe_N: the round trip of the row "pipe", with each of N - 1 other processes in turn.
 * switch_N: N processes in a ring pass a token, and each touches memory of its own when it has it.
 *           One operation is a hop: a write, a context switch and a read.
 */
/* For SCHED_BATCH. */
#define _GNU_SOURCE

#include "tests/bench/bench.h"

#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#define PROCESSES_MAX 96
#define TOUCHED_PAGES 8

enum { TOKEN_GO, TOKEN_STOP };

static unsigned process_count;
static pid_t children[PROCESSES_MAX]; /* of this process, which is number 0 */
static int links[PROCESSES_MAX][2];   /* the pipe process N reads from */
static int answers[PROCESSES_MAX][2]; /* of pipe_N only: the pipe process N writes to */
static char touched[TOUCHED_PAGES * PAGE_SIZE];

static void write_token(int fd, char token)
{
	require(write(fd, &token, 1) == 1, "write of a token");
}

static char read_token(int fd)
{
	char token;

	require(read(fd, &token, 1) == 1, "read of a token");
	return token;
}

static void touch_own_memory(void)
{
	for (unsigned i = 0; i < TOUCHED_PAGES; i++)
		((volatile char *)touched)[i * PAGE_SIZE]++;
}

/* Passes the token on until it says stop. */
static void process_run(int in, int out, bool touches)
{
	char token;

	do {
		token = read_token(in);
		if (touches)
			touch_own_memory();
		write_token(out, token);
	} while (token != TOKEN_STOP);
	_exit(0);
}

static void pipes_open(const struct row *row, int (*pipes)[2])
{
	process_count = row->group;
	require(process_count <= PROCESSES_MAX, "number of processes");
	for (unsigned i = 0; i < process_count; i++)
		require(!pipe(pipes[i]), "pipe");
}

static void pipes_close(int (*pipes)[2])
{
	for (unsigned i = 0; i < process_count; i++) {
		close(pipes[i][0]);
		close(pipes[i][1]);
	}
}

static void children_start(int (*outputs)[2], unsigned output_offset, bool touches)
{
	for (unsigned i = 1; i < process_count; i++) {
		children[i] = fork();
		require(children[i] >= 0, "fork");
		if (!children[i])
			process_run(links[i][0], outputs[(i + output_offset) % process_count][1],
				    touches);
	}
}

static void children_wait(void)
{
	for (unsigned i = 1; i < process_count; i++)
		wait_for(children[i]);
}

static void star_run(unsigned count)
{
	unsigned partner = 0;

	while (count--) {
		partner = partner % (process_count - 1) + 1;
		write_token(links[partner][1], TOKEN_GO);
		read_token(answers[partner][0]);
	}
}

static void ring_run(unsigned count)
{
	for (unsigned rounds = count / process_count; rounds; rounds--) {
		touch_own_memory();
		write_token(links[1][1], TOKEN_GO);
		read_token(links[0][0]);
	}
}

/*
 * A batch process does not preempt another one when it wakes up. For others the scheduler decides
 * that by what each has used before, differently in every repeat.
 */
static void policy_set(int policy)
{
	const struct sched_param none = { 0 };

	require(!sched_setscheduler(0, policy, &none), "sched_setscheduler");
}

/* Both start with rounds that are not measured: every process has then copied what it writes to. */
static void star_prepare(const struct row *row, unsigned count)
{
	pipes_open(row, links);
	pipes_open(row, answers);
	policy_set(SCHED_BATCH);
	children_start(answers, 0, false);
	star_run(3 * process_count);
}

static void star_finish(void)
{
	for (unsigned i = 1; i < process_count; i++)
		write_token(links[i][1], TOKEN_STOP);
	children_wait();
	policy_set(SCHED_OTHER);
	pipes_close(links);
	pipes_close(answers);
}

static void ring_prepare(const struct row *row, unsigned count)
{
	pipes_open(row, links);
	policy_set(SCHED_BATCH);
	children_start(links, 1, true);
	ring_run(3 * process_count);
}

static void ring_finish(void)
{
	write_token(links[1][1], TOKEN_STOP);
	read_token(links[0][0]);
	children_wait();
	policy_set(SCHED_OTHER);
	pipes_close(links);
}

#define PIPE_ROW(n)                                                         \
	{                                                                   \
		"pipe_" #n, 1440, 5, n, star_run, star_prepare, star_finish \
	}
#define SWITCH_ROW(n)                                                         \
	{                                                                     \
		"switch_" #n, 2880, 5, n, ring_run, ring_prepare, ring_finish \
	}

static const struct row rows[] = {
	PIPE_ROW(2),   PIPE_ROW(8),   PIPE_ROW(32),   PIPE_ROW(96),
	SWITCH_ROW(2), SWITCH_ROW(8), SWITCH_ROW(32), SWITCH_ROW(96),
};

const struct row_table scaling_table = { rows, sizeof rows / sizeof rows[0] };
