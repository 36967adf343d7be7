/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/config/config_station.h"

#include "vmm/lib/bits.h"
#include "vmm/lib/string.h"

#define MAC_GROUP 1u /* in the first byte: not an address of one device */

struct station_node {
	uint8_t mac[CONFIG_MAC_SIZE];
	bool snap;
	uint32_t address[4];
	uint32_t netmask[4];
};

static const struct tree_property station_properties[] = {
	/* clang-format off */
	{ "mac", TREE_BYTES, true, TREE_FIELD(struct station_node, mac) },
	{ "address", TREE_CELLS, true, TREE_FIELD(struct station_node, address), .max = 255 },
	{ "netmask", TREE_CELLS, true, TREE_FIELD(struct station_node, netmask), .max = 255 },
	{ "snap", TREE_FLAG, TREE_FIELD(struct station_node, snap) },
	/* clang-format on */
};

static uint32_t number(const uint32_t part[4])
{
	return part[0] << 24 | part[1] << 16 | part[2] << 8 | part[3];
}

static bool is_one_device(const uint8_t mac[CONFIG_MAC_SIZE])
{
	uint8_t any = 0;

	for (unsigned i = 0; i < CONFIG_MAC_SIZE; i++)
		any |= mac[i];
	return any && !(mac[0] & MAC_GROUP);
}

/** Ones, then at least two zeros: there is room for two hosts. */
static bool is_netmask(uint32_t mask)
{
	return mask && (~mask & (~mask + 1u)) == 0 && ~mask >= 3u;
}

/** Not that of all or none of the hosts of its network, nor a multicast's or of this machine. */
static bool is_host(uint32_t address, uint32_t netmask)
{
	const uint32_t host = address & ~netmask;

	return host && host != ~netmask && address >> 24 != 0 && address >> 24 != 127 &&
	       address < 0xe0000000u;
}

static bool read_station(const struct config_tree *tree, int node, struct station_config *station)
{
	struct station_node raw = { .snap = false };

	if (!tree_read(tree, node, station_properties, ARRAY_SIZE(station_properties), &raw,
		       NULL) ||
	    !tree_no_children(tree, node))
		return false;
	*station = (struct station_config){ .wanted = true,
					    .snap = raw.snap,
					    .address = number(raw.address),
					    .netmask = number(raw.netmask) };
	memcpy(station->mac, raw.mac, CONFIG_MAC_SIZE);
	if (!is_one_device(raw.mac))
		return tree_fail(tree, node, "mac", "not the address of one device");
	if (!is_netmask(station->netmask))
		return tree_fail(tree, node, "netmask", "not a netmask");
	if (!is_host(station->address, station->netmask))
		return tree_fail(tree, node, "address", "not the address of one host");
	return true;
}

/** Reads what is in the node of a network: the station, if it is there. */
bool config_read_station(const struct config_tree *tree, int network,
			 const struct network_config *config, struct station_config *station)
{
	for (int node = tree_child(tree, network); node >= 0; node = tree_next(tree, node)) {
		if (!tree_is(tree, node, "station"))
			return tree_fail(tree, node, NULL, "not known here");
		if (station->wanted)
			return tree_fail(tree, node, NULL, "there twice");
		if (!config->uplink)
			return tree_fail(tree, node, NULL, "goes with uplink");
		if (!read_station(tree, node, station))
			return false;
	}
	return true;
}
