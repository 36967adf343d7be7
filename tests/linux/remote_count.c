// SPDX-License-Identifier: Apache-2.0
/*
 * Accesses to a counting device (net/remote/hosted/counting.h) that somebody far away has:
 *
 *	remote_count ADDRESS read N        N reads of COUNT, each one more than the one before
 *	remote_count ADDRESS write N       N writes to SEQUENCE, of 1, 2 and 4 bytes; then GAPS
 *	remote_count ADDRESS copy N        N bytes to the memory at ADDRESS and back
 *
 * Prints what was counted; status 1 and a word if something is not right.
 */
#include "net/remote/hosted/counting.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static volatile uint8_t *device;

static uint32_t get(uint32_t offset)
{
	return *(volatile uint32_t *)(device + offset);
}

static void put(uint32_t offset, uint32_t value)
{
	*(volatile uint32_t *)(device + offset) = value;
}

static int wrong(const char *what, uint32_t is, uint32_t wanted)
{
	printf("%s: %u, not %u\n", what, is, wanted);
	return 1;
}

static int count_reads(uint32_t count)
{
	const uint32_t first = get(COUNTING_COUNT);

	for (uint32_t n = 1; n < count; n++) {
		const uint32_t is = get(COUNTING_COUNT);

		if (is != first + n)
			return wrong("count", is, first + n);
	}
	printf("%u reads, count %u\n", count, first + count - 1);
	return 0;
}

static int count_writes(uint32_t count)
{
	const uint32_t first = get(COUNTING_COUNT), gaps = get(COUNTING_GAPS);
	uint32_t sequence = get(COUNTING_SEQUENCE), is;

	for (uint32_t n = 0; n < count; n++) {
		const uint32_t next = sequence + 1;

		/* The bytes that a narrow write leaves alone stay. */
		switch (n % 3) {
		case 0:
			put(COUNTING_SEQUENCE, next);
			sequence = next;
			break;
		case 1:
			*(volatile uint16_t *)(device + COUNTING_SEQUENCE) = (uint16_t)next;
			sequence = (sequence & ~0xffffu) | (next & 0xffffu);
			break;
		default:
			device[COUNTING_SEQUENCE] = (uint8_t)next;
			sequence = (sequence & ~0xffu) | (next & 0xffu);
			break;
		}
	}
	is = get(COUNTING_SEQUENCE);
	if (is != sequence)
		return wrong("sequence", is, sequence);
	is = get(COUNTING_GAPS);
	if (is != gaps)
		return wrong("gaps", is, gaps);
	/* Three reads before, and these three behind. */
	is = get(COUNTING_COUNT);
	if (is != first + count + 5)
		return wrong("count", is, first + count + 5);
	printf("%u writes, count %u\n", count, is);
	return 0;
}

static int copy(uint32_t count)
{
	uint32_t *const words = malloc(count);
	uint32_t state = count | 1u;

	for (uint32_t n = 0; n < count / 4; n++) {
		state = state * 1664525u + 1013904223u;
		words[n] = state;
		put(4 * n, state);
	}
	for (uint32_t n = 0; n < count / 4; n++)
		if (get(4 * n) != words[n])
			return wrong("word", n, n);
	printf("%u bytes\n", count);
	return 0;
}

int main(int argc, char **argv)
{
	const uint32_t count = argc == 4 ? (uint32_t)strtoul(argv[3], NULL, 0) : 0;
	const int file = open("/dev/mem", O_RDWR | O_SYNC);

	if (!count || file < 0) {
		printf("remote_count ADDRESS read|write|copy N, with /dev/mem\n");
		return 2;
	}
	device = mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file,
		      (off_t)strtoul(argv[1], NULL, 0));
	if (device == MAP_FAILED) {
		printf("remote_count: no such memory\n");
		return 2;
	}
	if (strcmp(argv[2], "read") == 0)
		return count_reads(count);
	if (strcmp(argv[2], "write") == 0)
		return count_writes(count);
	return copy(count);
}
