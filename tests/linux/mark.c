/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mark COMMAND ARGUMENTS...: runs a command between the markers that scripts/trace looks for. Its
 * start and end, fork, exec and wait, belong to what is between.
 */
#include "tests/bench/markers.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define MARK(word) __asm__ volatile(".inst %c0" ::"i"(word) : "memory")

int main(int argc, char **argv)
{
	int status = 127 << 8;
	pid_t child;

	if (argc < 2) {
		fprintf(stderr, "usage: mark COMMAND ARGUMENTS...\n");
		return 2;
	}
	MARK(MARK_BEGIN);
	child = fork();
	if (child == 0) {
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	if (child > 0)
		waitpid(child, &status, 0);
	MARK(MARK_END);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 126;
}
