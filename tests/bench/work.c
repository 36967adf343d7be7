// SPDX-License-Identifier: Apache-2.0
/*
 * Rows of real work: programs of busybox, in a folder of the initial RAM disk's file system.
 */
#include "tests/bench/bench.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KIB     1024u
#define FOLDER  "/work/"
#define INPUT   FOLDER "input"
#define OUTPUT  FOLDER "output"
#define FETCHED FOLDER "fetched"
#define SCRIPT  FOLDER "script.sh"

/*
 * Fetches that are not measured. The first ones cost the kernel 1 % more, until its lists of free
 * pages are as later ones find them.
 */
#define FETCHES_BEFORE 6

/* QEMU's user network: its own TFTP server answers within the guest's store to the NIC. */
#define NET_GUEST  "10.0.2.15"
#define NET_SERVER "10.0.2.2"
#define LINK_UP_MS 5000   /* the driver's negotiation and the kernel's announcements are over */
#define NET_BLOCK  "1428" /* the largest that server knows; an Ethernet frame is nearly full */

static unsigned work_count;

/* The generator of "Numerical Recipes"; scripts/hako_bench/build.py has it, too. */
static uint32_t random_next(uint32_t value)
{
	return value * 1664525u + 1013904223u;
}

/* Runs a program of busybox to its end, its output in a file. */
static void busybox(const char *const *words, const char *output)
{
	const pid_t pid = fork();

	if (!pid) {
		const int out = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0644);

		require(out >= 0 && dup2(out, STDOUT_FILENO) >= 0, output);
		close(out);
		execv("/bin/busybox", (char *const *)words);
		die("/bin/busybox");
	}
	wait_for(pid);
}

static void write_all(int fd, const char *data, size_t size)
{
	require(write(fd, data, size) == (ssize_t)size, INPUT);
}

/* Text that is compressed about as well as a program's source: words, some far more often. */
static void input_write(int fd, unsigned kib)
{
	static const char *const words[] = {
		"static ", "const ",  "unsigned ", "return ", "if (",    "else ",     "for (",
		"0x",      "page",    "->",        "vcpu",    "struct ", "guest",     "_read(",
		");\n\t",  ";\n\t\t", " = ",       " & ",     "count",   "interrupt", "\n}\n\n",
	};
	const unsigned word_count = sizeof words / sizeof words[0];
	uint32_t value = 1;

	while (kib--) {
		char text[KIB + 32];
		size_t length = 0;

		while (length < KIB) {
			value = random_next(value);
			const unsigned first = (value >> 24) * word_count >> 8;

			if (value >> 16 & 1) {
				const char *word = words[first * (value >> 20 & 15) / 15];

				strcpy(text + length, word);
				length += strlen(word);
			} else {
				text[length++] = (char)('a' + (value >> 18) % 26);
			}
		}
		write_all(fd, text, KIB);
	}
}

static void input_prepare(const struct row *row, unsigned count)
{
	struct stat found;
	int fd;

	work_count = count;
	if (!stat(INPUT, &found) && found.st_size == (off_t)(count * KIB))
		return;
	fd = open(INPUT, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	require(fd >= 0, INPUT);
	input_write(fd, count);
	close(fd);
}

static void output_remove(void)
{
	require(!unlink(OUTPUT), OUTPUT);
}

static void gzip_run(unsigned count)
{
	busybox((const char *const[]){ "gzip", "-c", INPUT, NULL }, OUTPUT);
}

static void sha256_run(unsigned count)
{
	busybox((const char *const[]){ "sha256sum", INPUT, NULL }, OUTPUT);
}

#define COMMANDS_PER_ROUND 10 /* of script.sh */

static void script_prepare(const struct row *row, unsigned count)
{
	make_device("/dev/null", 1, 3);
}

static void script_run(unsigned count)
{
	char rounds[12];

	snprintf(rounds, sizeof rounds, "%u", count / COMMANDS_PER_ROUND);
	busybox((const char *const[]){ "sh", SCRIPT, rounds, NULL }, OUTPUT);
}

/* The host has a file for each size that is asked for, with the size in KiB as its name. */
static void fetch_run(unsigned count)
{
	char name[12];

	snprintf(name, sizeof name, "%u", count);
	busybox((const char *const[]){ "tftp", "-g", "-b", NET_BLOCK, "-r", name, "-l", FETCHED,
				       NET_SERVER, NULL },
		OUTPUT);
}

/* Looks at every word of the file: a fast transfer of something else is worth nothing. */
static void fetch_finish(void)
{
	const int fd = open(FETCHED, O_RDONLY);
	uint32_t words[KIB / 4], value = 1;

	require(fd >= 0, FETCHED);
	for (unsigned kib = 0; kib < work_count; kib++) {
		require(read(fd, words, KIB) == KIB, "the fetched file ends early");
		for (unsigned i = 0; i < KIB / 4; i++) {
			require(words[i] == value, "the fetched file is not the host's");
			value = random_next(value);
		}
	}
	require(read(fd, words, 1) == 0, "the fetched file is too long");
	close(fd);
	require(!unlink(FETCHED), FETCHED);
	output_remove();
}

static void fetch_prepare(const struct row *row, unsigned count)
{
	static bool is_up;

	work_count = count;
	if (is_up)
		return;
	busybox((const char *const[]){ "ifconfig", "eth0", NET_GUEST, "netmask", "255.255.255.0",
				       "up", NULL },
		OUTPUT);
	is_up = true;
	settle(LINK_UP_MS);
	for (unsigned i = 0; i < FETCHES_BEFORE; i++) {
		fetch_run(count);
		fetch_finish();
	}
}

static const struct row rows[] = {
	/* Operations are KiB and commands, so that a share of them is less of the same. */
	{ "gzip", 4096, 2, 1, gzip_run, input_prepare, output_remove },
	{ "sha256", 4096, 3, 1, sha256_run, input_prepare, output_remove },
	{ "script", 200, 3, COMMANDS_PER_ROUND, script_run, script_prepare, output_remove },
	{ "fetch", 1024, 5, 1, fetch_run, fetch_prepare, fetch_finish },
};

const struct row_table work_table = { rows, sizeof rows / sizeof rows[0] };
