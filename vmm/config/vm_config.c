// SPDX-License-Identifier: Apache-2.0
#include "vmm/config/vm_config.h"

#include "vmm/config/config_remote.h"
#include "vmm/config/config_station.h"
#include "vmm/config/config_tree.h"
#include "vmm/config/config_vm.h"
#include "vmm/config/config_window.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/in_steps.h"
#include "vmm/lib/string.h"
#include "vmm/disk/partition.h"

#define COMPATIBLE     "hako,system"
#define DEFAULT_ESCAPE 0x0fu /* Ctrl-O */
#define SECTOR         512u
#define PAGE           4096u

/* ---- the console --------------------------------------------------------------------------- */

struct console_node {
	uint32_t escape;
	bool prefix;
};

static const struct tree_property console_properties[] = {
	/* clang-format off */
	{ "escape", TREE_CELLS, TREE_FIELD(struct console_node, escape), .min = 1, .max = 0x1f },
	{ "prefix", TREE_FLAG,  TREE_FIELD(struct console_node, prefix) },
	/* clang-format on */
};

static bool read_console(const struct config_tree *tree, int node, struct system_config *config)
{
	struct console_node console = { .escape = DEFAULT_ESCAPE };

	if (!tree_read(tree, node, console_properties, ARRAY_SIZE(console_properties), &console,
		       NULL) ||
	    !tree_no_children(tree, node))
		return false;
	config->escape = (char)console.escape;
	config->prefix = console.prefix;
	return true;
}

/* ---- networks ------------------------------------------------------------------------------ */

static const struct tree_property network_properties[] = {
	{ "uplink", TREE_FLAG, TREE_FIELD(struct network_config, uplink) },
};

static bool read_network(const struct config_tree *tree, int node, struct system_config *config)
{
	struct network_config *const network = &config->network[config->network_count];

	if (config->network_count == CONFIG_NETWORKS_MAX)
		return tree_fail(tree, node, NULL, "more than 4 networks");
	if (!tree_name(tree, node, network->name) ||
	    !tree_read(tree, node, network_properties, ARRAY_SIZE(network_properties), network,
		       NULL) ||
	    !config_read_station(tree, node, network, &config->station))
		return false;
	for (unsigned i = 0; i < config->network_count; i++) {
		if (strcmp(config->network[i].name, network->name) == 0)
			return tree_fail(tree, node, NULL, "two networks have this name");
		if (config->network[i].uplink && network->uplink)
			return tree_fail(tree, node, "uplink",
					 "another network has it; there is one Ethernet");
	}
	if (network->uplink) {
		const unsigned row = config_find_row("ethernet");

		if (row == CONFIG_NONE)
			return tree_fail(tree, node, "uplink", "this board has no Ethernet");
		config->vmm_row[row] = true;
	}
	config->network_count++;
	return true;
}

/* ---- disks --------------------------------------------------------------------------------- */

struct disk_node {
	uint64_t offset;
	uint64_t size;
	uint32_t partition;
	bool sdcard;
	bool flash;
	bool writable;
};

enum {
	DISK_RAMDISK_SEEN,
	DISK_SDCARD_SEEN,
	DISK_FLASH_SEEN,
	DISK_OFFSET_SEEN,
	DISK_SIZE_SEEN,
	DISK_PARTITION_SEEN,
	DISK_WRITABLE_SEEN,
};

static const struct tree_property disk_properties[] = {
	/* clang-format off */
	[DISK_RAMDISK_SEEN] = { .name = "ramdisk", .type = TREE_TEXT }, /* the bundler's */
	[DISK_SDCARD_SEEN] = { "sdcard", TREE_FLAG, TREE_FIELD(struct disk_node, sdcard) },
	[DISK_FLASH_SEEN] = { "flash", TREE_FLAG, TREE_FIELD(struct disk_node, flash) },
	[DISK_OFFSET_SEEN] = { "offset", TREE_WIDE, TREE_FIELD(struct disk_node, offset) },
	[DISK_SIZE_SEEN] = { "size", TREE_WIDE, TREE_FIELD(struct disk_node, size) },
	[DISK_PARTITION_SEEN] = { "partition", TREE_CELLS,
				  TREE_FIELD(struct disk_node, partition), .min = 1,
				  .max = PARTITIONS },
	[DISK_WRITABLE_SEEN] = { "writable", TREE_FLAG,
				 TREE_FIELD(struct disk_node, writable) },
	/* clang-format on */
};

/** What is known of it: where partitions are is on the card. */
static bool ranges_meet(const struct disk_config *a, const struct disk_config *b)
{
	if (a->partition || b->partition)
		return a->partition == b->partition;
	return a->kind == b->kind && a->kind != DISK_RAM && a->offset < b->offset + b->size &&
	       b->offset < a->offset + a->size;
}

/** A RAM disk is a part of the bundle, which the early boot has found room for. */
static bool find_ram_disk(const struct config_tree *tree, int node, const struct bundle *bundle,
			  struct disk_config *disk)
{
	const struct bundle_part *const part = bundle_find_disk(bundle, disk->name);

	if (disk->offset)
		return tree_fail(tree, node, "offset", "a RAM disk has none");
	if (disk->size % PAGE)
		return tree_fail(tree, node, "size", "not a multiple of 4096");
	if (!part || part->memory_size != disk->size)
		return tree_fail(tree, node, NULL, "the bundle has no RAM disk of this size");
	disk->part = (uint8_t)(part - bundle->part);
	return true;
}

/** A part of a device of the board, which the VMM drives then. */
static bool claim_disk_device(const struct config_tree *tree, int node,
			      const struct disk_config *disk, struct system_config *config)
{
	const bool card = disk->kind == DISK_SDCARD;
	const unsigned row = card ? config_find_card() : config_find_row("flash");

	if (row == CONFIG_NONE)
		return tree_fail(tree, node, NULL, "this board has no such device");
	if (disk->offset + disk->size < disk->size ||
	    (!card && disk->offset + disk->size > board.windows[row].size))
		return tree_fail(tree, node, "size", "more than the device has");
	config->vmm_row[row] = true;
	return true;
}

static bool read_disk(const struct config_tree *tree, int node, const struct bundle *bundle,
		      struct system_config *config)
{
	struct disk_config *const disk = &config->disk[config->disk_count];
	struct disk_node raw = { 0 };
	uint32_t seen;

	if (config->disk_count == CONFIG_DISKS_MAX)
		return tree_fail(tree, node, NULL, "more than 16 disks");
	if (!tree_name(tree, node, disk->name) || !tree_no_children(tree, node) ||
	    !tree_read(tree, node, disk_properties, ARRAY_SIZE(disk_properties), &raw, &seen))
		return false;
	if (raw.sdcard + raw.flash + bit(seen, DISK_RAMDISK_SEEN) != 1)
		return tree_fail(tree, node, NULL, "one of ramdisk, sdcard and flash is needed");
	if (raw.partition && (!raw.sdcard || seen & (BIT(DISK_OFFSET_SEEN) | BIT(DISK_SIZE_SEEN))))
		return tree_fail(tree, node, "partition",
				 "goes with sdcard, and no offset and size");
	if (!raw.partition && !(seen & BIT(DISK_SIZE_SEEN)))
		return tree_fail(tree, node, "size", "missing");
	if (!raw.partition && (!raw.size || raw.size % SECTOR || raw.offset % SECTOR))
		return tree_fail(tree, node, raw.offset % SECTOR ? "offset" : "size",
				 "not a multiple of 512, or 0");
	if (raw.writable && !raw.flash)
		return tree_fail(tree, node, "writable", "goes with flash");
	if (raw.writable && (raw.size | raw.offset) % CONFIG_FLASH_BLOCK)
		return tree_fail(tree, node, raw.offset % CONFIG_FLASH_BLOCK ? "offset" : "size",
				 "of flash that is written: not a multiple of 262144");
	disk->kind = raw.sdcard ? DISK_SDCARD : raw.flash ? DISK_FLASH : DISK_RAM;
	disk->writable = raw.writable;
	disk->partition = (uint8_t)raw.partition;
	disk->offset = raw.offset;
	disk->size = raw.size;
	if (disk->kind == DISK_RAM ? !find_ram_disk(tree, node, bundle, disk)
				   : !claim_disk_device(tree, node, disk, config))
		return false;
	for (unsigned i = 0; i < config->disk_count; i++) {
		if (strcmp(config->disk[i].name, disk->name) == 0)
			return tree_fail(tree, node, NULL, "two disks have this name");
		if (ranges_meet(&config->disk[i], disk))
			return tree_fail(tree, node, "offset", "another disk is there");
	}
	config->disk_count++;
	return true;
}

/* ---- all of it ----------------------------------------------------------------------------- */

enum section {
	SECTION_CONSOLE,
	SECTION_NETWORK,
	SECTION_DISKS,
	SECTION_PEERS,
	SECTION_SERVE,
	SECTION_VMS,
	SECTION_COUNT,
};

static const char *const section_names[SECTION_COUNT] = { "console", "network", "disks",
							  "peers",   "serve",   "vms" };

struct root_node {
	char compatible[sizeof(COMPATIBLE)];
};

static const struct tree_property root_properties[] = {
	{ "compatible", TREE_TEXT, true, TREE_FIELD(struct root_node, compatible) },
};

/** Checks the root, and finds the node of each section; -1 for those that are not there. */
static bool read_root(const struct config_tree *tree, int section[SECTION_COUNT])
{
	struct root_node root = { "" };

	if (!tree_read(tree, 0, root_properties, ARRAY_SIZE(root_properties), &root, NULL))
		return false;
	if (strcmp(root.compatible, COMPATIBLE) != 0)
		return tree_fail(tree, 0, "compatible", "not \"" COMPATIBLE "\"");
	for (unsigned i = 0; i < SECTION_COUNT; i++)
		section[i] = -1;
	for (int node = tree_child(tree, 0); node >= 0; node = tree_next(tree, node)) {
		unsigned i = 0;

		while (i < SECTION_COUNT && !tree_is(tree, node, section_names[i]))
			i++;
		if (i == SECTION_COUNT || section[i] >= 0)
			return tree_fail(tree, node, NULL,
					 i < SECTION_COUNT ? "there twice" : "not known here");
		section[i] = node;
	}
	return true;
}

/** A node that has children and nothing of its own. */
static bool is_list(const struct config_tree *tree, int node)
{
	return node < 0 || tree_read(tree, node, NULL, 0, NULL, NULL);
}

static bool read_one(const struct config_tree *tree, int node, enum section section,
		     const struct bundle *bundle, struct system_config *config)
{
	switch (section) {
	case SECTION_NETWORK:
		return read_network(tree, node, config);
	case SECTION_DISKS:
		return read_disk(tree, node, bundle, config);
	case SECTION_PEERS:
		return config_read_peer(tree, node, bundle, config);
	case SECTION_SERVE:
		return config_read_serve(tree, node, config);
	default:
		return config_read_vm(tree, node, bundle, config);
	}
}

static bool read_sections(const struct config_tree *tree, const struct bundle *bundle,
			  struct system_config *config)
{
	int section[SECTION_COUNT], at;

	if (!read_root(tree, section) || (section[SECTION_CONSOLE] >= 0 &&
					  !read_console(tree, section[SECTION_CONSOLE], config)))
		return false;
	for (unsigned i = SECTION_NETWORK; i < SECTION_COUNT; i++) {
		if (!is_list(tree, section[i]))
			return false;
		at = section[i] < 0 ? -1 : tree_child(tree, section[i]);
		for (; at >= 0; at = tree_next(tree, at))
			if (!read_one(tree, at, (enum section)i, bundle, config))
				return false;
	}
	at = section[SECTION_VMS] < 0 ? 0 : section[SECTION_VMS];
	if (config->vm_count != bundle->vm_count)
		return tree_fail(tree, at, NULL, "not as many VMs as the bundle was made with");
	/* A board without a VM is there for others. */
	return config->vm_count || config->serve_count ||
	       tree_fail(tree, at, NULL, "there is no VM, and nothing is served");
}

/**
 * Reads a description of @p size bytes and checks it, as if nobody had before: by itself, against
 * the board's table of windows, and against @p bundle, whose VMs it describes. On a mistake returns
 * false and says what it is in @p error; @p config must not be used then.
 */
bool config_parse(const void *bytes, size_t size, const struct bundle *bundle,
		  struct system_config *config, struct config_error *error)
{
	const struct config_tree tree = { .bytes = bytes, .error = error };

	clear_in_steps(config, sizeof(*config)); /* of vmm/reload.c */
	config->escape = (char)DEFAULT_ESCAPE;
	return tree_check(&tree, size) && read_sections(&tree, bundle, config);
}
