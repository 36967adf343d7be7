/* SPDX-License-Identifier: Apache-2.0 */
/* The node of the VMM's own station: a correct one, and every way we know in which one can be wrong. */
#include "tests/host/config_maker.h"
#include "vmm/config/config_station.h"
#include "vmm/lib/bits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define MAC     "mac = [02 48 4b 00 00 fe];"
#define ADDRESS "address = <10 0 2 9>;"
#define NETMASK "netmask = <255 255 255 0>;"
#define GOOD    MAC ADDRESS NETMASK

static struct station_config station;
static struct config_error error;

/** Reads a network with this in it. */
static bool read_network(const char *inside, bool uplink)
{
	static uint64_t bytes[CONFIG_TREE_MAX / 8];
	const struct network_config network = { .name = "lan0", .uplink = uplink };
	const struct config_tree tree = { .bytes = bytes, .error = &error };
	char source[512];

	snprintf(source, sizeof(source), "/dts-v1/; / { lan0 { %s }; };", inside);
	assert_true(tree_check(&tree, config_compile(source, bytes)));
	memset(&station, 0, sizeof(station));
	memset(&error, 0, sizeof(error));
	return config_read_station(&tree, tree_child(&tree, 0), &network, &station);
}

static void a_network_need_not_have_one(void **state)
{
	assert_true(read_network("", true));
	assert_false(station.wanted);
}

static void all_of_it_is_read(void **state)
{
	assert_true(read_network("station { " GOOD " };", true));
	assert_true(station.wanted);
	assert_false(station.snap);
	assert_memory_equal("\x02\x48\x4b\x00\x00\xfe", station.mac, 6);
	assert_int_equal(0x0a000209, station.address);
	assert_int_equal(0xffffff00, station.netmask);
	assert_true(read_network("station { snap; " GOOD " };", true));
	assert_true(station.snap);
}

static void what_is_wrong_is_refused(void **state)
{
	static const struct {
		const char *inside, *property, *text;
	} rows[] = {
		/* clang-format off */
		{ "stations { " GOOD " };", "", "not known" },
		{ "station { " GOOD " more { }; };", "", "not known" },
		{ "station { speed = <1>; " GOOD " };", "speed", "not known" },
		{ "station { " GOOD " }; station@1 { " GOOD " };", "", "not known" },
		{ "station { " ADDRESS NETMASK " };", "mac", "missing" },
		{ "station { " MAC NETMASK " };", "address", "missing" },
		{ "station { " MAC ADDRESS " };", "netmask", "missing" },
		{ "station { mac = [02 00 00 00 01]; " ADDRESS NETMASK " };", "mac", "bytes" },
		{ "station { mac = [03 00 00 00 00 01]; " ADDRESS NETMASK " };", "mac", "one device" },
		{ "station { mac = [00 00 00 00 00 00]; " ADDRESS NETMASK " };", "mac", "one device" },
		{ "station { " MAC NETMASK "address = <10 0 2>; };", "address", "number" },
		{ "station { " MAC NETMASK "address = <10 0 2 256>; };", "address", "range" },
		{ "station { " MAC NETMASK "address = <10 0 2 0>; };", "address", "one host" },
		{ "station { " MAC NETMASK "address = <10 0 2 255>; };", "address", "one host" },
		{ "station { " MAC NETMASK "address = <0 0 2 9>; };", "address", "one host" },
		{ "station { " MAC NETMASK "address = <127 0 0 1>; };", "address", "one host" },
		{ "station { " MAC NETMASK "address = <224 0 0 1>; };", "address", "one host" },
		{ "station { " MAC NETMASK "address = <255 255 255 254>; };", "address", "one host" },
		{ "station { " MAC ADDRESS "netmask = <0 0 0 0>; };", "netmask", "netmask" },
		{ "station { " MAC ADDRESS "netmask = <255 0 255 0>; };", "netmask", "netmask" },
		{ "station { " MAC ADDRESS "netmask = <255 255 255 254>; };", "netmask", "netmask" },
		{ "station { " MAC ADDRESS "netmask = <255 255 255 255>; };", "netmask", "netmask" },
		/* clang-format on */
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		if (read_network(rows[i].inside, true) ||
		    strcmp(rows[i].property, error.property) != 0 ||
		    !strstr(error.text, rows[i].text))
			fail_msg("%s: %s: %s", rows[i].inside, error.property, error.text);
	}
}

static void it_goes_with_the_boards_ethernet(void **state)
{
	assert_false(read_network("station { " GOOD " };", false));
	assert_string_equal("goes with uplink", error.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_network_need_not_have_one),
		cmocka_unit_test(all_of_it_is_read),
		cmocka_unit_test(what_is_wrong_is_refused),
		cmocka_unit_test(it_goes_with_the_boards_ethernet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
