/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "net/remote/mac.h"

/* The published vectors of Chaskey-12 (chaskey12.c of its author, 2015): 64 of the 128 bits. */
static const uint32_t key_words[4] = { 0x833d3433, 0x009f389f, 0x2398e64f, 0x417acf39 };
/* clang-format off */
static const struct mac_tag vectors[64] = {
	{ 0x43cb1f41, 0x51eba0c2 }, { 0xf9ac2067, 0x9c35a846 }, { 0x57da70c5, 0x2a873cb0 },
	{ 0x8c5e6ab9, 0x5035adfb }, { 0x0b2b62db, 0x1e9e3f50 }, { 0x39fa92b9, 0x1b655e4f },
	{ 0x7c814dec, 0x149f38a0 }, { 0xb7d29cb8, 0x40a2819d }, { 0x9faf57d6, 0xf4bc02cf },
	{ 0x8417124d, 0x552889a7 }, { 0xdea5ba76, 0x741d87ed }, { 0x6a888831, 0x8679ed53 },
	{ 0xc040258c, 0xf25392c0 }, { 0x7feba9c3, 0x585da8e9 }, { 0xc133c9c0, 0x55df75b5 },
	{ 0x03cfb44b, 0x283c8163 }, { 0x5dd0e2a9, 0xfb5eac8c }, { 0x8b5f6d5a, 0x202314f6 },
	{ 0x0430889e, 0xb994dc9c }, { 0x426ca8dd, 0x9da954c9 }, { 0xece3bdb9, 0x17e5a589 },
	{ 0xefddd3d7, 0xbe458309 }, { 0x440809ba, 0x87c9512b }, { 0x0b1db893, 0x05300791 },
	{ 0x9f01c148, 0xae4fc446 }, { 0x9ac00551, 0x80c778da }, { 0x3abb0b87, 0x3e0fbb0e },
	{ 0xc5cfbfff, 0x6c52ae42 }, { 0x76d1eb98, 0x8c72085a }, { 0x7cb65a88, 0x5e7c9b65 },
	{ 0xc082b077, 0x8e22ea68 }, { 0x1d3d30b1, 0x01d74fca }, { 0x77962784, 0x07c647fa },
	{ 0xd74bb867, 0x2c0dfb3a }, { 0x4cddf615, 0xef51f2f3 }, { 0x7567e1ca, 0xf2379487 },
	{ 0xa98ecb80, 0x5ef583cf }, { 0x1446e9aa, 0x1be1ec9b }, { 0x11d3a094, 0xc43d33fa },
	{ 0x3b09c785, 0x867bea15 }, { 0x155ab3ab, 0x73d51ed7 }, { 0x28e86031, 0xdceb8b32 },
	{ 0xf02660f5, 0x6eb38ff8 }, { 0x3a3806a1, 0x54161686 }, { 0x4bdfff32, 0xb258591a },
	{ 0xeedebc62, 0xe9f9de19 }, { 0xa7aebc31, 0xc10ad12e }, { 0x8494b5bc, 0x5317b7b3 },
	{ 0xf36e748b, 0x8f34677f }, { 0xf9f4055f, 0xaf76ac88 }, { 0x6f486cfd, 0x72653e7d },
	{ 0x54080fc5, 0xc9e98b24 }, { 0x4ec246aa, 0x01edaab3 }, { 0xffd828f3, 0xe8875c0c },
	{ 0x9c45cff1, 0x1a38a387 }, { 0x31c29f70, 0xd6e4dd76 }, { 0x9ab66191, 0x7daf7dff },
	{ 0x4d569cca, 0x7f53fed2 }, { 0x08ec0d1e, 0xc96855b8 }, { 0xe70dffb1, 0x74fad311 },
	{ 0xa8f07a68, 0x366fc33b }, { 0x079e0279, 0xf6c252f7 }, { 0x0f40ed0f, 0xa69bc80f },
	{ 0x2dd072e1, 0x42b89efe },
};
/* clang-format on */

static struct mac_key key;
static uint8_t message[64] __attribute__((aligned(4)));

static int set_up(void **state)
{
	uint8_t secret[MAC_KEY_BYTES];

	for (unsigned i = 0; i < sizeof(secret); i++)
		secret[i] = (uint8_t)(key_words[i / 4] >> 8 * (i % 4));
	mac_key_init(&key, secret);
	for (unsigned i = 0; i < sizeof(message); i++)
		message[i] = (uint8_t)i;
	return 0;
}

static struct mac_tag tag_of(const uint8_t *data, uint32_t length)
{
	const uint32_t blocks = length ? (length - 1) / MAC_BLOCK : 0;
	struct mac_state state;

	mac_begin(&state, &key);
	mac_blocks(&state, data, blocks);
	return mac_end(&state, &key, data + blocks * MAC_BLOCK, length - blocks * MAC_BLOCK);
}

static void tags_are_those_published(void **state)
{
	for (unsigned length = 0; length < 64; length++) {
		/* A buffer of exactly that size, for the sanitizer. */
		uint8_t *data = test_malloc(length + !length);
		struct mac_tag tag;

		memcpy(data, message, length);
		tag = tag_of(data, length);
		assert_int_equal(tag.low, vectors[length].low);
		assert_int_equal(tag.high, vectors[length].high);
		test_free(data);
	}
}

static void whole_words_have_the_same_tags_at_once(void **state)
{
	for (unsigned length = 4; length < 64; length += 4) {
		uint8_t *data = test_malloc(length);

		memcpy(data, message, length);
		assert_true(mac_tag_equal(mac_words(&key, data, length), vectors[length]));
		test_free(data);
	}
	mac_key_prefix(&key, message);
	assert_true(mac_tag_equal(mac_words(&key, message, 24), tag_of(message, 24)));
}

static void a_prefix_is_a_first_block(void **state)
{
	const struct mac_tag whole = tag_of(message, 56);

	mac_key_prefix(&key, message);
	assert_true(mac_tag_equal(whole, tag_of(message + MAC_BLOCK, 40)));
}

static void every_bit_counts(void **state)
{
	const struct mac_tag right = tag_of(message, 40);

	for (unsigned bit = 0; bit < 8 * 40; bit++) {
		message[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(mac_tag_equal(right, tag_of(message, 40)));
		message[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_true(mac_tag_equal(right, tag_of(message, 40)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(tags_are_those_published, set_up),
		cmocka_unit_test_setup(whole_words_have_the_same_tags_at_once, set_up),
		cmocka_unit_test_setup(a_prefix_is_a_first_block, set_up),
		cmocka_unit_test_setup(every_bit_counts, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
