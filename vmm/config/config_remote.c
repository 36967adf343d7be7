/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/config/config_remote.h"

#include "devemu/inert.h"
#include "devemu/remote.h"
#include "vmm/config/config_window.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/string.h"

#define PAGE_MASK      0xfffu
#define MAC_GROUP      1u /* in the first byte: not an address of one board */
#define TIMEOUT_US     100000u
#define TIMEOUT_MIN_US 1000u
#define KEEP_ALIVE_US  1000000u
#define KEEP_ALIVE_MIN 10000u
#define LONGEST_US     60000000u
#define MEMORY_MAX     (16 * MIB)
#define KEY_SIZE_SMALL 16u
#define KEY_SIZE_LARGE 32u

/* ---- other boards -------------------------------------------------------------------------- */

struct peer_node {
	uint8_t mac[CONFIG_MAC_SIZE];
	char key[CONFIG_NAME_SIZE];
	bool insecure;
	uint32_t timeout_us;
	uint32_t keep_alive_us;
};

enum { PEER_KEY };

static const struct tree_property peer_properties[] = {
	/* clang-format off */
	[PEER_KEY] = { "key", TREE_TEXT, TREE_FIELD(struct peer_node, key) },
	{ "mac", TREE_BYTES, true, TREE_FIELD(struct peer_node, mac) },
	{ "insecure", TREE_FLAG, TREE_FIELD(struct peer_node, insecure) },
	{ "timeout-us", TREE_CELLS, TREE_FIELD(struct peer_node, timeout_us),
	  .min = TIMEOUT_MIN_US, .max = LONGEST_US },
	{ "keep-alive-us", TREE_CELLS, TREE_FIELD(struct peer_node, keep_alive_us),
	  .min = KEEP_ALIVE_MIN, .max = LONGEST_US },
	/* clang-format on */
};

/** The number of the bundle's part with this key, or CONFIG_NONE. */
static uint8_t find_key(const struct bundle *bundle, const char *name)
{
	for (unsigned i = 0; i < bundle->part_count; i++) {
		const struct bundle_part *const part = &bundle->part[i];

		if (part->kind == BUNDLE_KEY && strcmp(part->name, name) == 0 &&
		    (part->size == KEY_SIZE_SMALL || part->size == KEY_SIZE_LARGE))
			return (uint8_t)i;
	}
	return CONFIG_NONE;
}

static bool is_zero_mac(const uint8_t mac[CONFIG_MAC_SIZE])
{
	for (unsigned i = 0; i < CONFIG_MAC_SIZE; i++)
		if (mac[i])
			return false;
	return true;
}

/** Reads another board that this one talks to. */
bool config_read_peer(const struct config_tree *tree, int node, const struct bundle *bundle,
		      struct system_config *config)
{
	struct remote_peer_config *const peer = &config->peer[config->peer_count];
	struct peer_node raw = { .timeout_us = TIMEOUT_US, .keep_alive_us = KEEP_ALIVE_US };
	uint32_t seen;

	if (config->peer_count == CONFIG_PEERS_MAX)
		return tree_fail(tree, node, NULL, "more than 4 peers");
	if (!config->station.wanted)
		return tree_fail(tree, node, NULL, "needs a station on the network with uplink");
	if (!tree_name(tree, node, peer->name) || !tree_no_children(tree, node) ||
	    !tree_read(tree, node, peer_properties, ARRAY_SIZE(peer_properties), &raw, &seen))
		return false;
	if (raw.insecure == bit(seen, PEER_KEY))
		return tree_fail(tree, node, NULL, "one of key and insecure is needed");
	peer->key = raw.insecure ? CONFIG_NONE : find_key(bundle, raw.key);
	if (!raw.insecure && peer->key == CONFIG_NONE)
		return tree_fail(tree, node, "key", "the bundle has no such key of 16 or 32 bytes");
	if (raw.mac[0] & MAC_GROUP || is_zero_mac(raw.mac))
		return tree_fail(tree, node, "mac", "not the address of one board");
	if (memcmp(config->station.mac, raw.mac, CONFIG_MAC_SIZE) == 0)
		return tree_fail(tree, node, "mac", "it is that of this board's own station");
	for (unsigned i = 0; i < config->peer_count; i++) {
		if (strcmp(config->peer[i].name, peer->name) == 0)
			return tree_fail(tree, node, NULL, "two peers have this name");
		if (memcmp(config->peer[i].mac, raw.mac, CONFIG_MAC_SIZE) == 0)
			return tree_fail(tree, node, "mac", "another peer has it");
	}
	memcpy(peer->mac, raw.mac, CONFIG_MAC_SIZE);
	peer->timeout_us = raw.timeout_us;
	peer->keep_alive_us = raw.keep_alive_us;
	config->peer_count++;
	return true;
}

/** The peer of that name, or CONFIG_NONE. */
uint8_t config_find_peer(const struct system_config *config, const char *name)
{
	for (uint8_t i = 0; i < config->peer_count; i++)
		if (strcmp(config->peer[i].name, name) == 0)
			return i;
	return CONFIG_NONE;
}

/* ---- windows of VMs ------------------------------------------------------------------------- */

struct remote_node {
	char device[CONFIG_NAME_SIZE];
	uint8_t backend;
	char peer[CONFIG_NAME_SIZE];
	char remote[CONFIG_NAME_SIZE];
	uint32_t reg[2];
	uint32_t interrupt;
	bool posted;
	uint32_t timeout_us;
	uint8_t on_timeout;
	bool memory;
};

enum {
	REMOTE_DEVICE_SEEN,
	REMOTE_REG_SEEN,
	REMOTE_INTERRUPT_SEEN,
	REMOTE_TIMEOUT_SEEN,
	REMOTE_POSTED_SEEN,
	REMOTE_ON_TIMEOUT_SEEN,
};

#define NOT_OF_MEMORY                                                                      \
	(BIT(REMOTE_DEVICE_SEEN) | BIT(REMOTE_INTERRUPT_SEEN) | BIT(REMOTE_TIMEOUT_SEEN) | \
	 BIT(REMOTE_POSTED_SEEN) | BIT(REMOTE_ON_TIMEOUT_SEEN))

static const char *const backends[] = { "remote", NULL };
static const char *const timeouts[] = {
	[REMOTE_ABORT] = "abort", [REMOTE_ONES] = "ones", [REMOTE_WAIT] = "wait", NULL
};

static const struct tree_property remote_properties[] = {
	/* clang-format off */
	[REMOTE_DEVICE_SEEN] = { "device", TREE_TEXT, TREE_FIELD(struct remote_node, device) },
	[REMOTE_REG_SEEN] = { "reg", TREE_CELLS, TREE_FIELD(struct remote_node, reg),
			      .max = 0xffffffff },
	[REMOTE_INTERRUPT_SEEN] = { "interrupt", TREE_CELLS,
				    TREE_FIELD(struct remote_node, interrupt), .max = 31 },
	[REMOTE_TIMEOUT_SEEN] = { "timeout-us", TREE_CELLS,
				  TREE_FIELD(struct remote_node, timeout_us),
				  .min = TIMEOUT_MIN_US, .max = LONGEST_US },
	[REMOTE_POSTED_SEEN] = { "posted", TREE_FLAG, TREE_FIELD(struct remote_node, posted) },
	[REMOTE_ON_TIMEOUT_SEEN] = { "on-timeout", TREE_CHOICE,
				     TREE_FIELD(struct remote_node, on_timeout),
				     .choices = timeouts },
	{ "backend", TREE_CHOICE, true, TREE_FIELD(struct remote_node, backend),
	  .choices = backends },
	{ "peer", TREE_TEXT, true, TREE_FIELD(struct remote_node, peer) },
	{ "remote", TREE_TEXT, true, TREE_FIELD(struct remote_node, remote) },
	{ "memory", TREE_FLAG, TREE_FIELD(struct remote_node, memory) },
	/* clang-format on */
};

static const struct vm_model remote_model = { "remote", &remote_ops, NULL, 0 };
static const struct vm_model memory_model = { "remote memory", &remote_memory_ops, NULL, 0 };

/** Whether a window of a VM is another board's. */
bool config_is_remote(const struct config_tree *tree, int node)
{
	return tree_says(tree, node, "backend", "remote");
}

/** In the place of a device of the board: with its interrupts, and without what stood there. */
static bool take_place(const struct config_tree *tree, int node, const char *device,
		       struct vm_config *vm, struct window_config *window,
		       struct remote_window_config *remote)
{
	const unsigned row = config_find_row(device);
	unsigned lines = 0;

	if (row == CONFIG_NONE ||
	    (!config_row_is_exclusive(row) && board.windows[row].ops != &inert_ops))
		return tree_fail(tree, node, "device", "none whose place it could take");
	if (board.windows[row].ops == &inert_ops)
		vm->row[row] = ROW_ABSENT;
	window->base = board.windows[row].base;
	window->size = board.windows[row].size;
	remote->is_card = strncmp(device, "mmc", 3) == 0;
	remote->is_uart = strncmp(device, "uart", 4) == 0;
	remote->is_lcd = strcmp(device, "lcd") == 0;
	remote->is_swapped = board.windows[row].backend == VM_BACKEND_LCD_SWAPPED;
	for (unsigned i = 0; i < board.irq_count && lines < CONFIG_LINES_MAX; i++)
		if (strcmp(board.irqs[i].window, device) == 0)
			remote->wire[lines++] = (struct vm_wire){ .sink = board.irqs[i].sink,
								  .input = board.irqs[i].input };
	return true;
}

/** Where there is room for one more window of another board; NULL, and why it cannot have that one. */
static struct remote_window_config *find_room(const struct config_tree *tree, int node,
					      struct system_config *config, unsigned peer,
					      const char *name)
{
	struct remote_window_config *const remote = config->remote;
	unsigned n = 0;

	while (n < CONFIG_REMOTES_MAX && remote[n].name[0]) {
		if (remote[n].peer == peer && strcmp(remote[n].name, name) == 0) {
			tree_fail(tree, node, "remote", "another window is that one of the peer's");
			return NULL;
		}
		n++;
	}
	if (n < CONFIG_REMOTES_MAX)
		return &remote[n];
	tree_fail(tree, node, NULL, "more than 16 windows of other boards");
	return NULL;
}

/** The window is none of the VM's yet. */
static bool check_place(const struct config_tree *tree, int node,
			const struct system_config *config, const struct vm_config *vm,
			const struct window_config *window)
{
	const struct vm_wire *const wire = config->remote[window->remote].wire;
	const uint32_t used = config_used_inputs(config, vm);
	const char *overlaps;

	if ((window->base | window->size) & PAGE_MASK || !window->size ||
	    window->base + (window->size - 1) < window->base)
		return tree_fail(tree, node, "reg", "not of whole pages of 4096 bytes");
	overlaps = config_what_is_at(vm, window->base, window->size);
	if (overlaps)
		return tree_fail(tree, node, "reg", overlaps);
	for (unsigned n = 0; n < CONFIG_LINES_MAX; n++)
		if (wire[n].sink == VM_SINK_PRIMARY && used & BIT(wire[n].input))
			return tree_fail(tree, node, "interrupt", "another device has this input");
	return true;
}

/** It is the end of the VM's memory: what comes before it is one piece. */
static bool check_memory(const struct config_tree *tree, int node, uint32_t seen,
			 const struct vm_config *vm, const struct window_config *window)
{
	const uint32_t at = window->base - board.ram.base.raw;

	if (seen & NOT_OF_MEMORY)
		return tree_fail(tree, node, "memory", "goes with peer, remote and reg only");
	if (config_ram_size(vm) != vm->memory)
		return tree_fail(tree, node, "memory", "the VM has one already");
	if (window->base % MIB || !at || !window->size || window->size > MEMORY_MAX ||
	    at >= vm->memory || window->size != vm->memory - at)
		return tree_fail(tree, node, "reg",
				 "not the last of the VM's memory, whole MiB, at most 16");
	return true;
}

/** Reads a window that is another board's; all others of the VM have been read. */
bool config_read_remote(const struct config_tree *tree, int node, struct system_config *config,
			struct vm_config *vm)
{
	struct window_config *const window = &vm->window[vm->window_count];
	struct remote_node raw = { .on_timeout = REMOTE_ABORT };
	struct remote_window_config *remote;
	uint32_t seen;
	uint8_t peer;

	if (!tree_read(tree, node, remote_properties, ARRAY_SIZE(remote_properties), &raw, &seen) ||
	    !tree_no_children(tree, node))
		return false;
	if (vm->window_count == CONFIG_WINDOWS_MAX)
		return tree_fail(tree, node, NULL,
				 "more than 8 models and windows of other boards");
	if (bit(seen, REMOTE_DEVICE_SEEN) == bit(seen, REMOTE_REG_SEEN))
		return tree_fail(tree, node, "device", "one of device and reg says where it is");
	if (seen & BIT(REMOTE_DEVICE_SEEN) && seen & BIT(REMOTE_INTERRUPT_SEEN))
		return tree_fail(tree, node, "interrupt", "it is that of the device");
	if (seen & BIT(REMOTE_TIMEOUT_SEEN) && raw.on_timeout == REMOTE_WAIT)
		return tree_fail(tree, node, "timeout-us", "not with on-timeout = \"wait\"");
	peer = config_find_peer(config, raw.peer);
	if (peer == CONFIG_NONE)
		return tree_fail(tree, node, "peer", "there is no such peer");
	if (!raw.remote[0])
		return tree_fail(tree, node, "remote", "no name");
	remote = find_room(tree, node, config, peer, raw.remote);
	if (!remote)
		return false;
	*window = (struct window_config){ .model = raw.memory ? &memory_model : &remote_model,
					  .base = raw.reg[0],
					  .size = raw.reg[1],
					  .interrupt = CONFIG_NONE,
					  .remote = (uint8_t)(remote - config->remote) };
	memcpy(remote->name, raw.remote, CONFIG_NAME_SIZE);
	remote->peer = peer;
	remote->posted = raw.posted;
	remote->on_timeout = raw.on_timeout;
	remote->timeout_us =
		seen & BIT(REMOTE_TIMEOUT_SEEN) ? raw.timeout_us : config->peer[peer].timeout_us;
	if (seen & BIT(REMOTE_INTERRUPT_SEEN))
		remote->wire[0] = (struct vm_wire){ .sink = VM_SINK_PRIMARY,
						    .input = (uint8_t)raw.interrupt };
	if (seen & BIT(REMOTE_DEVICE_SEEN) &&
	    !take_place(tree, node, raw.device, vm, window, remote))
		return false;
	if (raw.memory ? !check_memory(tree, node, seen, vm, window)
		       : !check_place(tree, node, config, vm, window))
		return false;
	window->is_memory = raw.memory;
	vm->window_count++;
	return true;
}
