// SPDX-License-Identifier: Apache-2.0
/*
 * The benchmark's user space: init itself, so that nothing else runs. Every row repeats one
 * operation between two markers (markers.h); the counting is done outside, by a QEMU plugin.
 *
 * On the console, in the order of the regions the plugin sees:
 *     BENCH name iterations repeats
 *     ...
 *     BENCH end
 * On the kernel's command line (init's environment): bench_rows=a,b selects rows of all tables,
 * instead of all basic ones; bench_repeats=N and bench_share=N make it shorter, for a run under a
 * slow model: N repeats of each row instead of its own, and an Nth of its iterations.
 */
#include "tests/bench/bench.h"

#include "tests/bench/markers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define STRING(x) #x
#define INSN(x)   ".inst " STRING(x)

/* Before each measurement. */
#define SETTLE_MS 100

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
void stop(void)
{
	fflush(stdout);
	tcdrain(STDOUT_FILENO);
	for (;;)
		pause();
}

void die(const char *what)
{
	printf("BENCH error: %s: %s\n", what, strerror(errno));
	stop();
}

/* Waits for a child, which must have ended well. */
void wait_for(pid_t pid)
{
	int status;

	require(pid > 0 && waitpid(pid, &status, 0) == pid, "fork or wait");
	if (status) {
		printf("BENCH error: a child ended with wait status %#x\n", (unsigned)status);
		stop();
	}
}

/* The benchmark runs without devtmpfs: it makes the device files it needs. */
void make_device(const char *path, unsigned major_number, unsigned minor_number)
{
	mkdir("/dev", 0755);
	mknod(path, S_IFCHR | 0600, makedev(major_number, minor_number));
}

static bool is_selected(const char *list, const char *name)
{
	const size_t length = strlen(name);

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

/*
 * Lets the kernel finish what came before: RCU's callbacks, delayed work. An idle machine's time
 * jumps ahead, so this takes none.
 */
void settle(unsigned milliseconds)
{
	usleep(milliseconds * 1000);
}

static void row_measure(const struct row *row)
{
	const unsigned repeats = setting("bench_repeats", row->repeats);
	const unsigned share = row->iterations / setting("bench_share", 1);
	const unsigned groups = share / row->group;
	const unsigned iterations = (groups ? groups : 1) * row->group;

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
			row->prepare(row, iterations);
		settle(SETTLE_MS);
		if (measured)
			mark_begin();
		row->run(iterations);
		if (measured)
			mark_end();
		if (row->finish)
			row->finish();
	}
}

static void table_measure(const struct row_table *table)
{
	const char *list = getenv("bench_rows");

	for (size_t i = 0; i < table->count; i++)
		if (list ? is_selected(list, table->rows[i].name) : table == &basic_table)
			row_measure(&table->rows[i]);
}

int main(void)
{
	table_measure(&basic_table);
	table_measure(&work_table);
	table_measure(&scaling_table);
	printf("BENCH end\n");
	fflush(stdout);
	tcdrain(STDOUT_FILENO);
	__asm__ volatile(INSN(MARK_DONE));
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}
