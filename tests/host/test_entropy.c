/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 against published digests, and what is built of it against the same built elsewhere. */
#include "vmm/entropy.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/check.h"
#include "vmm/lib/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

void panic(const char *format, ...)
{
	fail_msg("panic: %s", format);
	abort();
}

static void assert_hex(const uint8_t *bytes, const char *expected)
{
	char text[2 * SHA256_BYTES + 1];

	for (unsigned n = 0; n < SHA256_BYTES; n++)
		snprintf(text + 2 * n, 3, "%02x", bytes[n]);
	assert_string_equal(text, expected);
}

/* "Examples with intermediate values" to FIPS 180-4, and its million of a. */
static void digests_are_the_published_ones(void **state)
{
	static const struct {
		const char *text, *digest;
	} cases[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
		{ "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnop"
		  "qklmnopqrlmnopqrsmnopqrstnopqrstu",
		  "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1" },
	};
	uint8_t digest[SHA256_BYTES];
	const size_t million = 1000000;
	char *const as = malloc(million);

	for (unsigned n = 0; n < ARRAY_SIZE(cases); n++) {
		sha256(cases[n].text, strlen(cases[n].text), digest);
		assert_hex(digest, cases[n].digest);
	}
	assert_non_null(as);
	memset(as, 'a', million);
	sha256(as, million, digest);
	assert_hex(digest, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	free(as);
}

/* All lengths around the ends of blocks, at odd addresses: a digest of digests, from hashlib. */
static void digests_of_every_length(void **state)
{
	uint8_t bytes[200], all[200 * SHA256_BYTES], digest[SHA256_BYTES];

	for (unsigned n = 0; n < sizeof(bytes); n++)
		bytes[n] = (uint8_t)(n * 37 + 1);
	for (unsigned length = 0; length < 200; length++)
		sha256(bytes + length % 3 * (length < 190), length, all + length * SHA256_BYTES);
	sha256(all, sizeof(all), digest);
	assert_hex(digest, "642d3c83ebcdbed1fc711ba2eb8bb381369678170788df68ab80f2007139f273");
}

static struct entropy_source a, b;
static uint8_t first[SHA256_BYTES], second[SHA256_BYTES];

static void fill(struct entropy_source *source, uint8_t *to)
{
	source->backend.fill(source->backend.source, to, SHA256_BYTES);
}

/* The construction of vmm/entropy.h in Python, with hashlib, gives these. */
static void outputs_are_what_the_construction_says(void **state)
{
	entropy_source_init(&a, 7);
	for (uint32_t n = 0; n < 100; n++)
		entropy_add(n * 0x01234567u + (n << 3));
	fill(&a, first);
	assert_hex(first, "da52895c868d32111c2c2691e4dfc7dadda9663690ddcf9eb2d171aac63bd1e5");
	fill(&a, first);
	assert_hex(first, "dac464b1f8a13118263607ba4810e8bbd0abbad459ad81f35352f5bc6c01e8e3");
	for (uint32_t n = 0; n < ENTROPY_RESEED; n++)
		entropy_add(n);
	fill(&a, first);
	assert_hex(first, "18edc3800b89b881d622f6f610bb53d644303382802bd5086512abafae77822f");
}

static void sources_differ_by_their_number(void **state)
{
	entropy_source_init(&a, 1);
	entropy_source_init(&b, 2);
	fill(&a, first);
	fill(&b, second);
	assert_memory_not_equal(first, second, sizeof(first));
	entropy_source_init(&b, 1); /* nothing else does: this is all there is */
	fill(&b, second);
	assert_memory_equal(first, second, sizeof(first));
}

static void samples_count_when_there_are_enough(void **state)
{
	entropy_source_init(&a, 1);
	entropy_source_init(&b, 1);
	fill(&a, first);
	fill(&b, second);
	for (unsigned n = 0; n < ENTROPY_RESEED - 1; n++)
		entropy_add(n);
	fill(&a, first);
	entropy_add(1);
	fill(&b, second);
	assert_memory_not_equal(first, second, sizeof(first));
	assert_int_equal(b.samples, a.samples + ENTROPY_RESEED);
}

static void a_refreshed_source_has_all_samples(void **state)
{
	entropy_source_init(&a, 1);
	entropy_source_init(&b, 1);
	fill(&a, first);
	fill(&b, second);
	assert_memory_equal(first, second, sizeof(first));
	entropy_refresh(&a);
	fill(&a, first);
	entropy_add(1);
	entropy_refresh(&b);
	fill(&b, second);
	assert_memory_not_equal(first, second, sizeof(first));
	/* What it was before counts, too. */
	entropy_refresh(&a);
	entropy_refresh(&b);
	fill(&a, first);
	fill(&b, second);
	assert_memory_not_equal(first, second, sizeof(first));
}

static void a_key_does_not_outlive_its_output(void **state)
{
	uint8_t key[SHA256_BYTES];

	entropy_source_init(&a, 1);
	fill(&a, first);
	memcpy(key, a.key, sizeof(key));
	fill(&a, second);
	assert_memory_not_equal(key, a.key, sizeof(key));
	assert_memory_not_equal(first, second, sizeof(first));
	/* Going on from the key gives what comes, not what was. */
	memcpy(a.key, key, sizeof(key));
	fill(&a, first);
	assert_memory_equal(first, second, sizeof(first));
}

static void a_short_request_gets_so_many_bytes(void **state)
{
	memset(first, 0xcc, sizeof(first));
	entropy_source_init(&a, 1);
	a.backend.fill(a.backend.source, first, 3);
	for (unsigned n = 3; n < sizeof(first); n++)
		assert_int_equal(first[n], 0xcc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_are_the_published_ones),
		cmocka_unit_test(digests_of_every_length),
		/* First of those that use the pool: it knows what is in it. */
		cmocka_unit_test(outputs_are_what_the_construction_says),
		cmocka_unit_test(sources_differ_by_their_number),
		cmocka_unit_test(samples_count_when_there_are_enough),
		cmocka_unit_test(a_refreshed_source_has_all_samples),
		cmocka_unit_test(a_key_does_not_outlive_its_output),
		cmocka_unit_test(a_short_request_gets_so_many_bytes),
	};

	return cmocka_run_group_tests_name("entropy", tests, NULL, NULL);
}
