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

/*
 * Without a C library: with one it would be half a megabyte, and the RAM disk of every guest holds it.
 */
#define SYS_WRITE 4
#define SYS_OPEN  5
#define SYS_MMAP2 192

#define O_RDWR       2
#define O_SYNC       04010000
#define PROT_READ    1
#define PROT_WRITE   2
#define MAP_SHARED   1
#define PAGE         4096u
#define IS_ERROR(is) ((uint32_t)(is) > (uint32_t)-4096)

static long system_call(long number, long a, long b, long c, long d, long e, long f)
{
	register long r7 __asm__("r7") = number;
	register long r0 __asm__("r0") = a;
	register long r1 __asm__("r1") = b;
	register long r2 __asm__("r2") = c;
	register long r3 __asm__("r3") = d;
	register long r4 __asm__("r4") = e;
	register long r5 __asm__("r5") = f;

	__asm__ volatile("swi 0"
			 : "+r"(r0)
			 : "r"(r7), "r"(r1), "r"(r2), "r"(r3), "r"(r4), "r"(r5)
			 : "memory");
	return r0;
}

static void say(const char *text)
{
	uint32_t length = 0;

	while (text[length])
		length++;
	system_call(SYS_WRITE, 1, (long)text, (long)length, 0, 0, 0);
}

static void say_number(uint32_t value)
{
	char text[11], *at = text + sizeof(text) - 1;

	for (*at = 0; at == text + sizeof(text) - 1 || value; value /= 10)
		*--at = (char)('0' + value % 10);
	say(at);
}

/** A number in decimal, or behind 0x; 0 if it is none. */
static uint32_t number(const char *text)
{
	const uint32_t base = text[0] == '0' && text[1] == 'x' ? 16 : 10;
	uint32_t value = 0;

	for (text += base == 16 ? 2 : 0; *text; text++) {
		const uint32_t digit = *text <= '9' ? (uint32_t)(*text - '0')
						    : (uint32_t)((*text | 0x20) - 'a') + 10;

		if (digit >= base)
			return 0;
		value = value * base + digit;
	}
	return value;
}

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
	say(what);
	say(": ");
	say_number(is);
	say(", not ");
	say_number(wanted);
	say("\n");
	return 1;
}

static int right(uint32_t count, const char *what, uint32_t total)
{
	say_number(count);
	say(what);
	say_number(total);
	say("\n");
	return 0;
}

static int count_reads(uint32_t count)
{
	const uint32_t first = get(COUNTING_COUNT);

	for (uint32_t n = 1; n < count; n++) {
		const uint32_t is = get(COUNTING_COUNT);

		if (is != first + n)
			return wrong("count", is, first + n);
	}
	return right(count, " reads, count ", first + count - 1);
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
	return right(count, " writes, count ", is);
}

static uint32_t next(uint32_t state)
{
	return state * 1664525u + 1013904223u;
}

static int copy(uint32_t count)
{
	uint32_t state = count, is;

	for (uint32_t n = 0; n < count; n += 4)
		put(n, state = next(state));
	state = count;
	for (uint32_t n = 0; n < count; n += 4) {
		is = get(n);
		state = next(state);
		if (is != state)
			return wrong("word", is, state);
	}
	return right(count, " bytes, to ", count);
}

/** @p stack is as the kernel leaves it: how many words there are, and where. */
__attribute__((used)) static int remote_count(const uint32_t *stack)
{
	const char *const *const words = (const char *const *)(stack + 1);
	const uint32_t count = stack[0] == 4 ? number(words[3]) : 0;
	long file, at;

	file = system_call(SYS_OPEN, (long)"/dev/mem", O_RDWR | O_SYNC, 0, 0, 0, 0);
	if (!count || IS_ERROR(file)) {
		say("remote_count ADDRESS read|write|copy N, with /dev/mem\n");
		return 2;
	}
	at = system_call(SYS_MMAP2, 0, MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file,
			 (long)(number(words[1]) / PAGE));
	if (IS_ERROR(at)) {
		say("remote_count: no such memory\n");
		return 2;
	}
	device = (volatile uint8_t *)at;
	switch (words[2][0]) {
	case 'r':
		return count_reads(count);
	case 'w':
		return count_writes(count);
	default:
		return copy(count);
	}
}

__asm__(".globl _start\n"
	"_start:\n"
	"	mov	r0, sp\n"
	"	bl	remote_count\n"
	"	mov	r7, #1\n" /* SYS_EXIT */
	"	swi	0\n");
