/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "net/remote/keys.h"

/* RFC 5869, appendix A: the first 32 bytes of what is made. */
static const struct {
	uint8_t secret[22];
	uint32_t salt_length, info_length;
	uint8_t salt[13], info[10];
	uint8_t key[KEYS_BYTES];
} vectors[] = {
	{
		.secret = { 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b,
			    0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b },
		.salt_length = 13,
		.salt = { 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b,
			  0x0c },
		.info_length = 10,
		.info = { 0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9 },
		.key = { 0x3c, 0xb2, 0x5f, 0x25, 0xfa, 0xac, 0xd5, 0x7a, 0x90, 0x43, 0x4f,
			 0x64, 0xd0, 0x36, 0x2f, 0x2a, 0x2d, 0x2d, 0x0a, 0x90, 0xcf, 0x1a,
			 0x5a, 0x4c, 0x5d, 0xb0, 0x2d, 0x56, 0xec, 0xc4, 0xc5, 0xbf },
	},
	{
		.secret = { 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b,
			    0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b },
		.key = { 0x8d, 0xa4, 0xe7, 0x75, 0xa5, 0x63, 0xc1, 0x8f, 0x71, 0x5f, 0x80,
			 0x2a, 0x06, 0x3c, 0x5a, 0x31, 0xb8, 0xa1, 0x1f, 0x5c, 0x5e, 0xe1,
			 0x87, 0x9e, 0xc3, 0x45, 0x4e, 0x5f, 0x3c, 0x73, 0x8d, 0x2d },
	},
};

static void keys_are_those_of_the_rfc(void **state)
{
	for (unsigned i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct keys keys;
		struct keys_job job;
		unsigned steps = 1;

		keys_init(&keys, vectors[i].secret, sizeof(vectors[i].secret), vectors[i].salt,
			  vectors[i].salt_length);
		/* Twice: the states of the key are not used up. */
		for (unsigned n = 0; n < 2; n++, steps = 1) {
			keys_begin(&job, vectors[i].info, vectors[i].info_length);
			assert_int_not_equal(job.step, 0);
			while (!keys_step(&job, &keys))
				steps++;
			assert_int_equal(steps, 3); /* two blocks, and what they were for */
			assert_int_equal(job.step, 0);
			assert_memory_equal(job.key, vectors[i].key, KEYS_BYTES);
		}
	}
}

static void the_longest_info_is_one_block(void **state)
{
	uint8_t info[KEYS_INFO_MAX] = { 1, 2, 3 };
	uint8_t before[KEYS_BYTES];
	struct keys keys;
	struct keys_job job;

	keys_init(&keys, info, 32, info, 13);
	keys_begin(&job, info, sizeof(info));
	while (!keys_step(&job, &keys))
		;
	memcpy(before, job.key, sizeof(before));
	info[KEYS_INFO_MAX - 1] ^= 1;
	keys_begin(&job, info, sizeof(info));
	while (!keys_step(&job, &keys))
		;
	assert_memory_not_equal(before, job.key, sizeof(before));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_those_of_the_rfc),
		cmocka_unit_test(the_longest_info_is_one_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
