/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the rows of the benchmark are made of. A row repeats one operation between two markers;
 * basic.c, work.c and scaling.c have tables of them, bench.c goes through the tables.
 */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PAGE_SIZE 4096u

struct row {
	const char *name;
	unsigned iterations;
	unsigned repeats;
	unsigned group; /* operations that belong together: iterations are a multiple of it */
	void (*run)(unsigned count);
	void (*prepare)(const struct row *row, unsigned count); /* or NULL */
	void (*finish)(void);                                   /* or NULL */
};

struct row_table {
	const struct row *rows;
	size_t count;
};

extern const struct row_table basic_table, work_table, scaling_table;

void stop(void) __attribute__((noreturn));
void die(const char *what) __attribute__((noreturn));
void wait_for(pid_t pid);
void settle(unsigned milliseconds);

static inline void require(bool ok, const char *what)
{
	if (!ok)
		die(what);
}
void make_device(const char *path, unsigned major_number, unsigned minor_number);

#endif
