/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzer: a correct description with words and bytes replaced, parsed from a buffer of exactly its
 * size. Whatever is accepted must keep what config_parse() promises.
 */
#include "devemu/inert.h"
#include "tests/host/config_maker.h"
#include "tests/host/fuzz.h"
#include "vmm/lib/bits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** One change of the tree, at a byte of it. */
struct change {
	uint16_t at;
	uint8_t operation;
	uint8_t value;
};

/* One with VMs and one without; their bundles. */
static struct {
	uint8_t tree[CONFIG_TREE_MAX];
	size_t size;
	struct bundle bundle;
} made[2];

static struct bundle bundle; /* the present one */

static void check_name(const char name[CONFIG_NAME_SIZE])
{
	REQUIRE(name[0] && memchr(name, 0, CONFIG_NAME_SIZE));
}

static bool is_remote(const struct window_config *window)
{
	return window->remote != CONFIG_NONE;
}

static void check_remote(const struct system_config *config, const struct window_config *window)
{
	const struct remote_window_config *const remote = &config->remote[window->remote];

	REQUIRE(window->remote < CONFIG_REMOTES_MAX);
	check_name(remote->name);
	REQUIRE(remote->peer < config->peer_count && remote->on_timeout <= REMOTE_WAIT);
	REQUIRE(remote->timeout_us > 0);
	REQUIRE(window->size && window->size % 4096 == 0);
	for (unsigned n = 0; n < CONFIG_LINES_MAX; n++)
		REQUIRE(remote->wire[n].sink < VM_SINK_COUNT && remote->wire[n].input < 32);
}

static void check_windows(const struct system_config *config, const struct vm_config *vm)
{
	REQUIRE(vm->window_count <= CONFIG_WINDOWS_MAX);
	for (unsigned i = 0; i < vm->window_count; i++) {
		const struct window_config *const a = &vm->window[i];

		if (is_remote(a)) {
			check_remote(config, a);
		} else {
			REQUIRE(a->model >= vm_models && a->model < vm_models + vm_model_count);
			REQUIRE(a->size == a->model->size);
		}
		REQUIRE(a->base % 4096 == 0);
		if (a->is_memory)
			REQUIRE(a->base && a->size && a->base < vm->memory &&
				a->size == vm->memory - a->base && config_ram_size(vm) == a->base);
		else
			REQUIRE(a->base >= vm->memory);
		REQUIRE(a->interrupt < 32 || a->interrupt == CONFIG_NONE);
		for (unsigned j = 0; j < i; j++)
			REQUIRE(a->base + (a->size - 1) < vm->window[j].base ||
				vm->window[j].base + (vm->window[j].size - 1) < a->base);
		for (unsigned row = 0; row < board.window_count; row++)
			REQUIRE(vm->row[row] == ROW_ABSENT ||
				a->base + (a->size - 1) < board.windows[row].base ||
				board.windows[row].base + (board.windows[row].size - 1) < a->base);
	}
}

static void check_virtio(const struct system_config *config, const struct vm_config *vm)
{
	REQUIRE(vm->virtio_count <= CONFIG_VIRTIO_MAX);
	for (unsigned i = 0; i < vm->virtio_count; i++) {
		const struct virtio_config *const device = &vm->virtio[i];

		REQUIRE(device->type <= VIRTIO_ENTROPY);
		REQUIRE(device->type != VIRTIO_NETWORK || device->network < config->network_count);
		REQUIRE(device->type != VIRTIO_BLOCK || device->disk < config->disk_count);
	}
}

/** Whether a window of another board is in the place of a row that is no device. */
static bool is_replaced(const struct vm_config *vm, unsigned row)
{
	for (unsigned i = 0; i < vm->window_count; i++)
		if (is_remote(&vm->window[i]) && vm->window[i].base == board.windows[row].base &&
		    board.windows[row].ops == &inert_ops)
			return true;
	return false;
}

static void check_peers(const struct system_config *config)
{
	REQUIRE(config->peer_count <= CONFIG_PEERS_MAX && config->serve_count <= CONFIG_SERVES_MAX);
	REQUIRE(!config->peer_count || config->station.wanted);
	for (unsigned i = 0; i < config->peer_count; i++) {
		const struct remote_peer_config *const peer = &config->peer[i];

		check_name(peer->name);
		REQUIRE(peer->key == CONFIG_NONE || bundle.part[peer->key].kind == BUNDLE_KEY);
		REQUIRE(!(peer->mac[0] & 1) && peer->timeout_us && peer->keep_alive_us);
	}
	for (unsigned i = 0; i < config->serve_count; i++) {
		const struct remote_serve_config *const a = &config->serve[i];

		check_name(a->name);
		REQUIRE(a->peer < config->peer_count && a->widths && a->widths <= 7);
		if (a->row == CONFIG_NONE) {
			REQUIRE(a->memory == CONFIG_NONE && a->size && a->size <= 16 * MIB);
			REQUIRE(!((a->start | a->size) % 4096) &&
				a->start + (a->size - 1) >= a->start);
			continue;
		}
		/* What reads memory by itself is nobody's without memory that it may read. */
		if (strcmp(board.windows[a->row].name, "lcd") == 0) {
			REQUIRE(a->memory < i && config->serve[a->memory].row == CONFIG_NONE);
			REQUIRE(config->serve[a->memory].peer == a->peer && !a->read_only);
			REQUIRE(a->widths == 4 && a->start == 0);
		} else {
			REQUIRE(a->memory == CONFIG_NONE);
			REQUIRE(board.windows[a->row].kind == MEM_DIRECT);
		}
		REQUIRE(config->vmm_row[a->row]);
		REQUIRE(a->size && a->start + a->size > a->start &&
			a->start + a->size <= board.windows[a->row].size);
		for (unsigned j = 0; j < i; j++) {
			const struct remote_serve_config *const b = &config->serve[j];

			REQUIRE(a->row != b->row || (a->read_only && b->read_only) ||
				a->start + a->size <= b->start || b->start + b->size <= a->start);
			REQUIRE(a->row != b->row || !(a->interrupts & b->interrupts));
		}
	}
}

static void check(const struct system_config *config)
{
	unsigned writers[CONFIG_DISKS_MAX] = { 0 }, uplinks = 0;
	double shares = 0;

	REQUIRE(config->vm_count == bundle.vm_count);
	REQUIRE(config->vm_count || config->serve_count);
	for (unsigned i = 0; i < config->disk_count; i++) {
		const struct disk_config *const disk = &config->disk[i];

		check_name(disk->name);
		REQUIRE(disk->offset % 512 == 0 && disk->size % 512 == 0);
		REQUIRE(disk->partition ? disk->kind == DISK_SDCARD && disk->partition <= 4 &&
						  !disk->offset && !disk->size
					: disk->size > 0);
		REQUIRE(!disk->writable ||
			(disk->kind == DISK_FLASH && disk->offset % CONFIG_FLASH_BLOCK == 0 &&
			 disk->size % CONFIG_FLASH_BLOCK == 0));
		REQUIRE(config->disk[i].kind != DISK_RAM ||
			bundle.part[config->disk[i].part].memory_size == config->disk[i].size);
	}
	for (unsigned i = 0; i < config->network_count; i++) {
		check_name(config->network[i].name);
		uplinks += config->network[i].uplink;
	}
	REQUIRE(uplinks <= 1);
	check_peers(config);
	for (unsigned row = 0; row < board.window_count; row++) {
		unsigned owners = config->vmm_row[row];

		for (unsigned i = 0; i < config->vm_count; i++)
			owners += config->vm[i].row[row] != ROW_ABSENT ||
				  is_replaced(&config->vm[i], row);
		if (board.windows[row].ops == &inert_ops) /* every VM has one, served or not */
			owners -= config->vmm_row[row];
		REQUIRE(board.windows[row].kind == MEM_DIRECT ? owners <= 1
							      : owners == config->vm_count);
	}
	for (unsigned i = 0; i < config->vm_count; i++) {
		const struct vm_config *const vm = &config->vm[i];

		check_name(vm->name);
		REQUIRE(vm->memory == bundle.vm[i].memory);
		REQUIRE(vm->budget_us <= vm->period_us);
		shares += vm->budget_us ? (double)vm->budget_us / vm->period_us : 0;
		REQUIRE(vm->uart_row == CONFIG_NONE || config->vmm_row[vm->uart_row]);
		check_windows(config, vm);
		check_virtio(config, vm);
		for (unsigned j = 0; j < vm->virtio_count; j++) {
			const struct virtio_config *const device = &vm->virtio[j];

			if (device->type != VIRTIO_BLOCK || device->read_only)
				continue;
			REQUIRE(config->disk[device->disk].kind != DISK_FLASH ||
				config->disk[device->disk].writable);
			writers[device->disk]++;
		}
	}
	REQUIRE(shares <= 1.000001);
	for (unsigned i = 0; i < CONFIG_DISKS_MAX; i++)
		REQUIRE(writers[i] <= 1);
}

static void make_both(void)
{
	static char source[8192];
	const size_t length = (size_t)(strstr(config_source, "  vms {") - config_source);

	made[0].size = config_compile(config_source, made[0].tree);
	config_bundle(&made[0].bundle);
	snprintf(source, sizeof(source), "%.*s};", (int)length, config_source);
	made[1].size = config_compile(source, made[1].tree);
	made[1].bundle = made[0].bundle;
	made[1].bundle.vm_count = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct system_config config;
	const unsigned which = size && data[size - 1] % 4 == 3;
	const uint8_t *const tree = made[which].tree;
	struct config_error error;
	size_t made_size;
	uint8_t *bytes;

	if (!made[0].size)
		make_both();
	bundle = made[which].bundle;
	made_size = made[which].size;
	/* Large blocks of malloc() are aligned to 8, as the bundle's parts are. */
	bytes = malloc(made_size);
	memcpy(bytes, tree, made_size);
	for (; size >= sizeof(struct change); size -= sizeof(struct change)) {
		struct change change;
		uint8_t *at;

		memcpy(&change, data, sizeof(change));
		data += sizeof(change);
		at = bytes + change.at % made_size;
		switch (change.operation % 4) {
		case 0:
			*at = change.value;
			break;
		case 1:
			*at ^= (uint8_t)(1u << change.value % 8);
			break;
		case 2: /* a word from elsewhere: tokens and offsets of the tree's own */
			memcpy(bytes + change.at % (made_size / 4) * 4,
			       tree + change.value * 16u % (made_size - 4) / 4 * 4, 4);
			break;
		default:
			*at = (uint8_t)(*at + change.value);
			break;
		}
	}
	if (config_parse(bytes, made_size, &bundle, &config, &error)) {
		check(&config);
	} else {
		REQUIRE(memchr(error.node, 0, sizeof(error.node)));
		REQUIRE(memchr(error.property, 0, sizeof(error.property)));
		REQUIRE(error.text && error.text[0]);
	}
	free(bytes);
	return 0;
}
