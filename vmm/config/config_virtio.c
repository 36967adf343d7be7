/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/config/config_virtio.h"

#include "vmm/config/config_window.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/preempt.h"
#include "vmm/lib/string.h"

#define MAC_GROUP 1u /* in the first byte: not an address of one device */

struct virtio_node {
	uint8_t type;
	char network[CONFIG_NAME_SIZE];
	char disk[CONFIG_NAME_SIZE];
	bool read_only;
	uint8_t mac[CONFIG_MAC_SIZE];
};

enum { VIRTIO_TYPE, VIRTIO_OF_NETWORK, VIRTIO_MAC, VIRTIO_OF_DISK, VIRTIO_READ_ONLY };

static const char *const virtio_types[] = {
	[VIRTIO_NETWORK] = "network",
	[VIRTIO_BLOCK] = "block",
	[VIRTIO_CONSOLE] = "console",
	[VIRTIO_ENTROPY] = "entropy",
	NULL,
};

static const struct tree_property virtio_properties[] = {
	/* clang-format off */
	[VIRTIO_TYPE] = { "type", TREE_CHOICE, true, TREE_FIELD(struct virtio_node, type),
			  .choices = virtio_types },
	[VIRTIO_OF_NETWORK] = { "network", TREE_TEXT, TREE_FIELD(struct virtio_node, network) },
	[VIRTIO_MAC] = { "mac", TREE_BYTES, TREE_FIELD(struct virtio_node, mac) },
	[VIRTIO_OF_DISK] = { "disk", TREE_TEXT, TREE_FIELD(struct virtio_node, disk) },
	[VIRTIO_READ_ONLY] = { "read-only", TREE_FLAG, TREE_FIELD(struct virtio_node, read_only) },
	/* clang-format on */
};

/* What each type may have beside its type, and what it must. */
static const struct {
	uint32_t may;
	uint32_t must;
} virtio_rules[] = {
	[VIRTIO_NETWORK] = { BIT(VIRTIO_OF_NETWORK) | BIT(VIRTIO_MAC), BIT(VIRTIO_OF_NETWORK) },
	[VIRTIO_BLOCK] = { BIT(VIRTIO_OF_DISK) | BIT(VIRTIO_READ_ONLY), BIT(VIRTIO_OF_DISK) },
	[VIRTIO_CONSOLE] = { 0, 0 },
	[VIRTIO_ENTROPY] = { 0, 0 },
};

static bool is_zero_mac(const uint8_t mac[CONFIG_MAC_SIZE])
{
	for (unsigned i = 0; i < CONFIG_MAC_SIZE; i++)
		if (mac[i])
			return false;
	return true;
}

/** Compares a virtio device with one that is there already; returns what is wrong, or NULL. */
static const char *compare(const struct virtio_config *device, const struct virtio_config *other)
{
	if (device->type != other->type)
		return NULL;
	if (device->type == VIRTIO_NETWORK && device->has_mac && other->has_mac &&
	    memcmp(device->mac, other->mac, CONFIG_MAC_SIZE) == 0)
		return "another device has this MAC address";
	if (device->type == VIRTIO_BLOCK && device->disk == other->disk && !device->read_only &&
	    !other->read_only)
		return "two devices write to this disk; make all but one read-only";
	return NULL;
}

static const char *compare_with_all(const struct system_config *config, const struct vm_config *vm,
				    const struct virtio_config *device)
{
	const char *wrong = NULL;

	/* @p vm is the one behind those that are counted. */
	for (const struct vm_config *other = config->vm; other <= vm; other++) {
		preempt_point();
		for (unsigned i = 0; i < other->virtio_count && !wrong; i++)
			wrong = compare(device, &other->virtio[i]);
	}
	return wrong;
}

static bool find_network(const struct config_tree *tree, int node, const char *name,
			 const struct system_config *config, struct virtio_config *device)
{
	for (uint8_t i = 0; i < config->network_count; i++)
		if (strcmp(config->network[i].name, name) == 0) {
			device->network = i;
			return true;
		}
	return tree_fail(tree, node, "network", "there is no such network");
}

static bool find_disk(const struct config_tree *tree, int node, const char *name,
		      const struct system_config *config, struct virtio_config *device)
{
	for (uint8_t i = 0; i < config->disk_count; i++)
		if (strcmp(config->disk[i].name, name) == 0) {
			device->disk = i;
			return true;
		}
	return tree_fail(tree, node, "disk", "there is no such disk");
}

static bool read_virtio_device(const struct config_tree *tree, int node,
			       const struct system_config *config, struct vm_config *vm)
{
	struct virtio_config *const device = &vm->virtio[vm->virtio_count];
	struct virtio_node raw = { .type = 0 };
	uint32_t seen;
	const char *wrong;

	if (vm->virtio_count == CONFIG_VIRTIO_MAX)
		return tree_fail(tree, node, NULL, "more than 8 virtio devices");
	if (!tree_read(tree, node, virtio_properties, ARRAY_SIZE(virtio_properties), &raw, &seen) ||
	    !tree_no_children(tree, node))
		return false;
	seen &= ~BIT(VIRTIO_TYPE);
	if (seen & ~virtio_rules[raw.type].may || virtio_rules[raw.type].must & ~seen)
		return tree_fail(tree, node, "type", "not with these properties");
	*device = (struct virtio_config){
		.type = (enum virtio_type)raw.type,
		.network = CONFIG_NONE,
		.disk = CONFIG_NONE,
		.read_only = raw.read_only,
		.has_mac = bit(seen, VIRTIO_MAC),
	};
	memcpy(device->mac, raw.mac, CONFIG_MAC_SIZE);
	if ((seen & BIT(VIRTIO_OF_NETWORK) &&
	     !find_network(tree, node, raw.network, config, device)) ||
	    (seen & BIT(VIRTIO_OF_DISK) && !find_disk(tree, node, raw.disk, config, device)))
		return false;
	if (device->disk != CONFIG_NONE && !device->read_only &&
	    config->disk[device->disk].kind == DISK_FLASH && !config->disk[device->disk].writable)
		return tree_fail(tree, node, "read-only",
				 "needed, as the disk is flash without `writable`");
	if (device->has_mac && (raw.mac[0] & MAC_GROUP || is_zero_mac(raw.mac)))
		return tree_fail(tree, node, "mac", "not the address of one device");
	wrong = compare_with_all(config, vm, device);
	if (wrong)
		return tree_fail(tree, node, NULL, wrong);
	if (config_used_inputs(config, vm) & BIT(board.virtio_input[vm->virtio_count]))
		return tree_fail(tree, node, NULL,
				 "its interrupt is taken by a device of the board");
	vm->virtio_count++;
	return true;
}

/** Reads the virtio devices; the VM's devices of the board have been read. */
bool config_read_virtio(const struct config_tree *tree, int list,
			const struct system_config *config, struct vm_config *vm)
{
	if (list < 0)
		return true;
	if (!tree_read(tree, list, NULL, 0, NULL, NULL))
		return false;
	for (int node = tree_child(tree, list); node >= 0; node = tree_next(tree, node))
		if (!read_virtio_device(tree, node, config, vm))
			return false;
	return true;
}

/**
 * The address of network device @p n of VM @p number: that of its description, or one of the locally
 * administered kind, the same for the same VM and device each time.
 */
void config_address(const struct vm_config *vm, unsigned number, unsigned n,
		    uint8_t address[CONFIG_MAC_SIZE])
{
	const uint8_t chosen[CONFIG_MAC_SIZE] = { 0x02,      'H', 'K', 0, (uint8_t)(number + 1),
						  (uint8_t)n };

	memcpy(address, vm->virtio[n].has_mac ? vm->virtio[n].mac : chosen, CONFIG_MAC_SIZE);
}

/** The highest priority of those VMs that have a device of which @p is says so; 0 if none has. */
int config_highest_priority(const struct system_config *config,
			    bool (*is)(const struct system_config *config,
				       const struct virtio_config *device))
{
	int priority = 0;

	for (unsigned i = 0; i < config->vm_count; i++) {
		const struct vm_config *const vm = &config->vm[i];

		for (unsigned n = 0; n < vm->virtio_count; n++)
			if (vm->priority > priority && is(config, &vm->virtio[n]))
				priority = vm->priority;
	}
	return priority;
}
