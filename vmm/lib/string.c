// SPDX-License-Identifier: Apache-2.0
#include "vmm/lib/string.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Word copies: an ARMv5 load or store of an unaligned word does not move that word, so words are
 * used only when both pointers have the same offset within one. The type may alias anything.
 */
typedef uint32_t __attribute__((may_alias)) word_t;

#define WORD      sizeof(word_t)
#define WORD_MASK (WORD - 1)

static bool same_offset_in_word(const void *a, const void *b)
{
	return (((uintptr_t)a ^ (uintptr_t)b) & WORD_MASK) == 0;
}

static void copy_up(uint8_t *to, const uint8_t *from, size_t length)
{
	if (same_offset_in_word(to, from)) {
		for (; length && ((uintptr_t)to & WORD_MASK); length--)
			*to++ = *from++;

		word_t *wide_to = (word_t *)(void *)to;
		const word_t *wide_from = (const word_t *)(const void *)from;

		/* Every load of a group precedes its stores: the source lies above the target. */
		for (; length >= 4 * WORD; length -= 4 * WORD) {
			const word_t a = wide_from[0];
			const word_t b = wide_from[1];
			const word_t c = wide_from[2];
			const word_t d = wide_from[3];

			wide_to[0] = a;
			wide_to[1] = b;
			wide_to[2] = c;
			wide_to[3] = d;
			wide_to += 4;
			wide_from += 4;
		}
		for (; length >= WORD; length -= WORD)
			*wide_to++ = *wide_from++;
		to = (uint8_t *)wide_to;
		from = (const uint8_t *)wide_from;
	}
	while (length--)
		*to++ = *from++;
}

static void copy_down(uint8_t *to, const uint8_t *from, size_t length)
{
	to += length;
	from += length;
	if (same_offset_in_word(to, from)) {
		for (; length && ((uintptr_t)to & WORD_MASK); length--)
			*--to = *--from;

		word_t *wide_to = (word_t *)(void *)to;
		const word_t *wide_from = (const word_t *)(const void *)from;

		for (; length >= 4 * WORD; length -= 4 * WORD) {
			wide_to -= 4;
			wide_from -= 4;

			const word_t a = wide_from[0];
			const word_t b = wide_from[1];
			const word_t c = wide_from[2];
			const word_t d = wide_from[3];

			wide_to[3] = d;
			wide_to[2] = c;
			wide_to[1] = b;
			wide_to[0] = a;
		}
		for (; length >= WORD; length -= WORD)
			*--wide_to = *--wide_from;
		to = (uint8_t *)wide_to;
		from = (const uint8_t *)wide_from;
	}
	while (length--)
		*--to = *--from;
}

/** Copied with load and store multiple; the largest that GCC does not make a call of. */
typedef struct {
	uint32_t word[16];
} __attribute__((may_alias)) block_t;

/** Words onto words; returns what is left, less than a word. */
static size_t copy_words(word_t *to, const word_t *from, size_t length)
{
	for (; length >= sizeof(block_t); length -= sizeof(block_t)) {
		*(block_t *)to = *(const block_t *)from;
		to += sizeof(block_t) / WORD;
		from += sizeof(block_t) / WORD;
	}
	for (; length >= WORD; length -= WORD)
		*to++ = *from++;
	return length;
}

/**
 * Words out of the middle of words; the boards are little-endian. @p from is @p at bytes, 1 to 3,
 * into its word, and only words that lie in the source as a whole are read. Returns what is left.
 */
static size_t copy_shifted(word_t *to, const uint8_t *from, unsigned at, size_t length)
{
	const unsigned low = 8u * at;
	const unsigned high = 32u - low;
	const word_t *word;
	uint32_t carry = 0;

	for (unsigned n = 4; n-- > at;)
		carry = carry << 8 | from[n - at];
	word = (const word_t *)(const void *)(from + (WORD - at));

	for (; length >= 2 * WORD; length -= WORD) {
		const uint32_t next = *word++;

		*to++ = carry | next << high;
		carry = next >> low;
	}
	return length;
}

void *memcpy(void *restrict to, const void *restrict from, size_t length)
{
	uint8_t *byte_to = to;
	const uint8_t *byte_from = from;

	if (length >= 4 * WORD) {
		size_t left, done;
		unsigned at;

		for (; (uintptr_t)byte_to & WORD_MASK; length--)
			*byte_to++ = *byte_from++;
		at = (uintptr_t)byte_from & WORD_MASK;
		if (at)
			left = copy_shifted((word_t *)(void *)byte_to, byte_from, at, length);
		else
			left = copy_words((word_t *)(void *)byte_to,
					  (const word_t *)(const void *)byte_from, length);
		done = length - left;
		byte_to += done;
		byte_from += done;
		length = left;
	}
	while (length--)
		*byte_to++ = *byte_from++;
	return to;
}

__attribute__((cold)) void *memmove(void *to, const void *from, size_t length)
{
	if ((uintptr_t)to <= (uintptr_t)from || (uintptr_t)to - (uintptr_t)from >= length)
		copy_up(to, from, length);
	else
		copy_down(to, from, length);
	return to;
}

void *memset(void *to, int value, size_t length)
{
	uint8_t *byte = to;
	const uint8_t fill = (uint8_t)value;
	const word_t wide_fill = fill * 0x01010101u;

	for (; length && ((uintptr_t)byte & WORD_MASK); length--)
		*byte++ = fill;

	word_t *wide = (word_t *)(void *)byte;

	for (; length >= 4 * WORD; length -= 4 * WORD) {
		wide[0] = wide_fill;
		wide[1] = wide_fill;
		wide[2] = wide_fill;
		wide[3] = wide_fill;
		wide += 4;
	}
	for (; length >= WORD; length -= WORD)
		*wide++ = wide_fill;
	for (byte = (uint8_t *)wide; length; length--)
		*byte++ = fill;
	return to;
}

int memcmp(const void *a, const void *b, size_t length)
{
	const uint8_t *left = a;
	const uint8_t *right = b;

	for (; length; length--, left++, right++)
		if (*left != *right)
			return *left - *right;
	return 0;
}

void *memchr(const void *in, int value, size_t length)
{
	const uint8_t *byte = in;

	for (; length; length--, byte++)
		if (*byte == (uint8_t)value)
			return (void *)(uintptr_t)byte;
	return NULL;
}

size_t strlen(const char *text)
{
	size_t length = 0;

	while (text[length])
		length++;
	return length;
}

size_t strnlen(const char *text, size_t limit)
{
	size_t length = 0;

	while (length < limit && text[length])
		length++;
	return length;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t limit)
{
	for (; limit; limit--, a++, b++) {
		if (*a != *b)
			return (unsigned char)*a - (unsigned char)*b;
		if (!*a)
			break;
	}
	return 0;
}

char *strrchr(const char *in, int c)
{
	const char *last = NULL;

	do {
		if (*in == (char)c)
			last = in;
	} while (*in++);
	return (char *)(uintptr_t)last;
}
