/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/reload_plan.h"

#include "net/switch.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/preempt.h"
#include "vmm/lib/printf.h"
#include "vmm/lib/string.h"
#include "vmm/console/receive.h"

#include <stdarg.h>

#define GUEST_ALIGN 8u  /* of device trees and initial RAM disks */
#define PIECE       32u /* bytes of a checksum between two preempt points */
#define FREE        0xffu

/** Says why not; returns false, for the caller to return. */
bool reload_plan_refuse(struct reload_plan *plan, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(plan->wrong, sizeof(plan->wrong), format, args);
	va_end(args);
	return false;
}

/** @p bundle and @p config are in force from the board's start. */
void reload_now_init(struct reload_now *now, struct bundle *bundle, struct system_config *config)
{
	now->first = *bundle;
	now->bundle = bundle;
	now->config = config;
	for (unsigned n = 0; n < config->vm_count; n++) {
		memcpy(now->guest[n], config->vm[n].guest, CONFIG_TEXT_SIZE);
		memcpy(now->initrd[n], config->vm[n].initrd, CONFIG_TEXT_SIZE);
		now->image[n] = (uint8_t)n;
		now->ramdisk[n] = bundle_find(bundle, n, BUNDLE_INITRD) ? (uint8_t)n : CONFIG_NONE;
	}
}

/* ---- what came ------------------------------------------------------------------------------- */

/** What the head says about a VM, in the order of the description. */
struct asked {
	uint32_t memory, tree_at, tree_size, initrd_at;
	uint32_t tree; /* offset */
};

static uint32_t word(const uint8_t *bytes, uint32_t at)
{
	uint32_t value;

	memcpy(&value, bytes + at, sizeof(value));
	return value;
}

/** The next piece, of @p length bytes, in the @p size that there are; returns where it is, or 0. */
static uint32_t next_piece(uint32_t *end, uint32_t length, uint32_t size)
{
	const uint32_t at = align_up(*end, 8);

	if (at > size || length > size - at)
		return 0;
	*end = at + length;
	return at;
}

/** Reads the head; returns where the description is, or 0. */
static uint32_t read_head(struct reload_plan *plan, const struct reload_now *now,
			  const uint8_t *bytes, uint32_t size, struct asked *asked)
{
	const unsigned count = now->first.vm_count;
	uint32_t end = RELOAD_HEADER + count * RELOAD_VM, config;

	if (size < RELOAD_MIN || word(bytes, 0) != RELOAD_MAGIC ||
	    word(bytes, 4) != RELOAD_VERSION) {
		reload_plan_refuse(plan, "not what scripts/reload of this version sends");
		return 0;
	}
	if (word(bytes, 12) != count || size < end) {
		reload_plan_refuse(plan,
				   "%u VMs; the bundle was made with %u, and they stay that many",
				   (unsigned)word(bytes, 12), count);
		return 0;
	}
	config = next_piece(&end, word(bytes, 8), size);
	for (unsigned i = 0; i < count && config; i++) {
		const uint32_t at = RELOAD_HEADER + i * RELOAD_VM;

		asked[i] = (struct asked){ .memory = word(bytes, at),
					   .tree_at = word(bytes, at + 4),
					   .tree_size = word(bytes, at + 8),
					   .initrd_at = word(bytes, at + 12) };
		asked[i].tree = next_piece(&end, asked[i].tree_size, size);
		if (!asked[i].tree)
			config = 0;
	}
	if (!config || word(bytes, 8) > BUNDLE_CONFIG_MAX || end != size) {
		reload_plan_refuse(plan, "its lengths do not agree");
		return 0;
	}
	return config;
}

/* ---- what is the same ------------------------------------------------------------------------ */

static bool same_name(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/** Disks and networks hold what VMs that go on use: they stay. */
static bool check_shared(struct reload_plan *plan, const struct system_config *old)
{
	const struct system_config *const new = &plan->config;
	bool same = new->network_count == old->network_count;

	for (unsigned i = 0; same && i < old->network_count; i++)
		same = same_name(new->network[i].name, old->network[i].name) &&
		       new->network[i].uplink == old->network[i].uplink;
	same = same && memcmp(&new->station, &old->station, sizeof(old->station)) == 0;
	if (!same)
		return reload_plan_refuse(plan, "/network: must stay as it is; restart the board");
	same = new->disk_count == old->disk_count;
	for (unsigned i = 0; same && i < old->disk_count; i++) {
		const struct disk_config *const a = &new->disk[i], *const b = &old->disk[i];

		same = same_name(a->name, b->name) && a->kind == b->kind && a->part == b->part &&
		       a->partition == b->partition && a->offset == b->offset &&
		       a->size == b->size && a->writable == b->writable;
	}
	return same || reload_plan_refuse(plan, "/disks: must stay as it is; restart the board");
}

/** What is asked of other boards, and what they may use: sessions that go on need it. */
static bool check_boards(struct reload_plan *plan, const struct system_config *old)
{
	const struct system_config *const new = &plan->config;

	return (new->peer_count == old->peer_count &&new->serve_count ==
			old->serve_count &&memcmp(new->peer, old->peer, sizeof(old->peer)) == 0 &&
		memcmp(new->serve, old->serve, sizeof(old->serve)) == 0) ||
	       reload_plan_refuse(plan, "/peers, /serve: must stay as they are; restart the board");
}

static bool same_remote(const struct remote_window_config *a, const struct remote_window_config *b)
{
	return same_name(a->name, b->name) && a->peer == b->peer && a->posted == b->posted &&
	       a->on_timeout == b->on_timeout && a->timeout_us == b->timeout_us &&
	       memcmp(a->wire, b->wire, sizeof(a->wire)) == 0;
}

/** Windows of two descriptions; where in the table of their remote windows theirs are is no difference. */
static bool same_window(const struct system_config *new, const struct window_config *a,
			const struct system_config *old, const struct window_config *b)
{
	if (a->model != b->model || a->base != b->base || a->size != b->size ||
	    a->interrupt != b->interrupt || a->is_memory != b->is_memory)
		return false;
	if (a->remote == CONFIG_NONE || b->remote == CONFIG_NONE)
		return a->remote == b->remote;
	return same_remote(&new->remote[a->remote], &old->remote[b->remote]);
}

static bool same_devices(const struct system_config *new, const struct vm_config *a,
			 const struct system_config *old, const struct vm_config *b)
{
	if (memcmp(a->row, b->row, sizeof(a->row)) != 0 || a->window_count != b->window_count ||
	    a->virtio_count != b->virtio_count)
		return false;
	for (unsigned i = 0; i < a->window_count; i++)
		if (!same_window(new, &a->window[i], old, &b->window[i]))
			return false;
	for (unsigned i = 0; i < a->virtio_count; i++) {
		const struct virtio_config *const x = &a->virtio[i], *const y = &b->virtio[i];

		if (x->type != y->type || x->network != y->network || x->disk != y->disk ||
		    x->read_only != y->read_only || x->has_mac != y->has_mac ||
		    memcmp(x->mac, y->mac, CONFIG_MAC_SIZE) != 0)
			return false;
	}
	return true;
}

/** By what the description says; whether a VM starts with the board is no difference any more. */
static bool same_vm(const struct system_config *new, const struct system_config *old, unsigned n)
{
	const struct vm_config *const a = &new->vm[n], *const b = &old->vm[n];

	return same_name(a->name, b->name) && a->memory == b->memory &&
	       a->priority == b->priority && a->time_runs_in_pause == b->time_runs_in_pause &&
	       a->on_death == b->on_death && a->restarts == b->restarts &&
	       a->budget_us == b->budget_us && a->period_us == b->period_us &&
	       a->shadow_tables == b->shadow_tables && a->shadow_contexts == b->shadow_contexts &&
	       a->uart_row == b->uart_row && same_devices(new, a, old, b);
}

static bool same_tree(const struct reload_tree *tree, const struct bundle_part *part)
{
	if (!part || !tree->size)
		return !part && !tree->size;
	return part->size == tree->size && part->crc == tree->crc && part->gpa.raw == tree->at;
}

/** By what it is loaded with. */
static bool same_parts(const struct reload_plan *plan, const struct reload_now *now, unsigned n)
{
	const struct bundle_part *const initrd = bundle_find(now->bundle, n, BUNDLE_INITRD);

	return plan->image[n] == now->image[n] && plan->ramdisk[n] == now->ramdisk[n] &&
	       (!initrd || initrd->gpa.raw == plan->initrd_at[n]) &&
	       same_tree(&plan->tree[n], bundle_find(now->bundle, n, BUNDLE_DTB));
}

/* ---- VMs and their numbers ------------------------------------------------------------------- */

static unsigned find_name(const struct system_config *config, const char *name)
{
	for (unsigned n = 0; n < config->vm_count; n++)
		if (same_name(config->vm[n].name, name))
			return n;
	return FREE;
}

/** The number of each VM of the new description, which is in the order of that so far. */
static void give_numbers(const struct reload_plan *plan, const struct system_config *old,
			 uint8_t number[BUNDLE_VMS_MAX])
{
	unsigned next = 0;

	for (unsigned i = 0; i < plan->config.vm_count; i++)
		number[i] = (uint8_t)find_name(old, plan->config.vm[i].name);
	for (unsigned i = 0; i < plan->config.vm_count; i++) {
		if (number[i] != FREE)
			continue;
		while (find_name(&plan->config, old->vm[next].name) != FREE)
			next++;
		number[i] = (uint8_t)next++;
	}
}

/* ---- windows of other boards, and their places ----------------------------------------------- */

static void move_windows(struct reload_plan *plan, const struct system_config *old, unsigned n)
{
	struct vm_config *const vm = &plan->config.vm[n];
	struct remote_window_config *const remote = plan->config.remote;
	const bool stays = !bit(plan->changed, n);
	unsigned to = 0;

	for (unsigned i = 0; i < vm->window_count; i++) {
		const unsigned from = vm->window[i].remote;

		if (from == CONFIG_NONE)
			continue;
		if (stays)
			to = old->vm[n].window[i].remote;
		while (!stays && remote[to].name[0])
			to++;
		remote[to] = plan->remote[from];
		vm->window[i].remote = (uint8_t)to;
	}
}

/**
 * VMs that stay go on looking at what is theirs: it is where it was. Others get what is left; there are no
 * more windows than places.
 */
static void give_places(struct reload_plan *plan, const struct system_config *old)
{
	memcpy(plan->remote, plan->config.remote, sizeof(plan->remote));
	memset(plan->config.remote, 0, sizeof(plan->config.remote));
	for (unsigned last = 0; last < 2; last++)
		for (unsigned n = 0; n < plan->config.vm_count; n++) {
			preempt_point();
			if (bit(plan->changed, n) == last)
				move_windows(plan, old, n);
		}
}

/* ---- what VMs are loaded with ---------------------------------------------------------------- */

/** Which VM of the bundle has what is called so: VM @p mine if it can be, else the first. */
static unsigned find_image(const char names[][CONFIG_TEXT_SIZE], unsigned count, unsigned mine,
			   const char *name)
{
	if (mine < count && same_name(names[mine], name))
		return mine;
	for (unsigned n = 0; n < count; n++)
		if (same_name(names[n], name))
			return n;
	return FREE;
}

static bool find_images(struct reload_plan *plan, const struct reload_now *now, unsigned n)
{
	const struct vm_config *const vm = &plan->vm[n];
	const unsigned count = now->first.vm_count;
	unsigned found = find_image(now->guest, count, now->image[n], vm->guest);

	if (found == FREE)
		return reload_plan_refuse(plan, "%s: guest '%s' is not in the bundle", vm->name,
					  vm->guest);
	plan->image[n] = (uint8_t)found;
	plan->ramdisk[n] = CONFIG_NONE;
	if (!vm->initrd[0] || !now->first.vm[found].dtb.raw)
		return true; /* who has no device tree cannot be told of it */
	found = find_image(now->initrd, count, now->ramdisk[n], vm->initrd);
	if (found == FREE || !bundle_find(&now->first, found, BUNDLE_INITRD))
		return reload_plan_refuse(plan, "%s: initrd '%s' is not in the bundle", vm->name,
					  vm->initrd);
	plan->ramdisk[n] = (uint8_t)found;
	return true;
}

static uint32_t checksum(const uint8_t *bytes, uint32_t size)
{
	uint32_t crc = 0;

	for (uint32_t i = 0; i < size; i++) {
		crc = receive_crc(crc, bytes[i]);
		if (i % PIECE == 0)
			preempt_point();
	}
	return crc;
}

static bool take_vm(struct reload_plan *plan, const struct reload_now *now, const uint8_t *bytes,
		    const struct asked *asked, unsigned n)
{
	const char *const name = plan->vm[n].name;

	if (plan->vm[n].uart_row != now->config->vm[n].uart_row)
		return reload_plan_refuse(plan, "%s: uart: must stay that of %s; restart the board",
					  name, now->config->vm[n].name);
	if (!find_images(plan, now, n))
		return false;
	if (!asked->tree_size != !now->first.vm[plan->image[n]].dtb.raw ||
	    asked->tree_size > now->tree_max)
		return reload_plan_refuse(plan, "%s: a device tree of %u bytes; %s", name,
					  (unsigned)asked->tree_size,
					  asked->tree_size > now->tree_max
						  ? "that is too much"
						  : "a Linux has one, other guests have none");
	plan->initrd_at[n] = asked->initrd_at;
	plan->tree[n] =
		(struct reload_tree){ .bytes = bytes + asked->tree,
				      .size = asked->tree_size,
				      .crc = checksum(bytes + asked->tree, asked->tree_size),
				      .at = asked->tree_at };
	return true;
}

/* ---- the bundle's table ---------------------------------------------------------------------- */

/** Entries of VMs that stay are where they were: others may be looking at them. */
static bool add_part(struct reload_plan *plan, const struct bundle_part *part, unsigned n)
{
	struct bundle *const bundle = &plan->bundle;
	unsigned at = 0;

	while (at < bundle->part_count && bundle->part[at].kind)
		at++;
	if (at == BUNDLE_PARTS_MAX)
		return reload_plan_refuse(plan, "%s: more than 64 parts in all", plan->vm[n].name);
	if (at == bundle->part_count)
		bundle->part_count++;
	bundle->part[at] = *part;
	bundle->part[at].vm = n;
	preempt_point();
	return true;
}

/** All parts of VM @p n are in its memory, and none is over another. */
static bool check_places(struct reload_plan *plan, unsigned n)
{
	const struct bundle *const bundle = &plan->bundle;
	const uint32_t memory = config_ram_size(&plan->vm[n]);

	for (unsigned i = 0; i < bundle->part_count; i++) {
		const struct bundle_part *const a = &bundle->part[i];

		preempt_point();
		if (!a->kind || a->vm != n || !a->memory_size)
			continue;
		if (a->gpa.raw > memory || a->memory_size > memory - a->gpa.raw ||
		    (a->kind != BUNDLE_GUEST && a->gpa.raw % GUEST_ALIGN))
			return reload_plan_refuse(plan, "%s: %s is outside its memory",
						  plan->vm[n].name, a->name);
		for (unsigned j = 0; j < i; j++) {
			const struct bundle_part *const b = &bundle->part[j];

			if (b->kind && b->vm == n && b->memory_size &&
			    a->gpa.raw < b->gpa.raw + b->memory_size &&
			    b->gpa.raw < a->gpa.raw + a->memory_size)
				return reload_plan_refuse(plan, "%s: %s and %s overlap",
							  plan->vm[n].name, a->name, b->name);
		}
	}
	return true;
}

/** What VM @p n is loaded with from now on. */
static bool make_parts(struct reload_plan *plan, const struct reload_now *now, unsigned n)
{
	const struct bundle *const first = &now->first;
	const struct reload_tree *const tree = &plan->tree[n];
	struct bundle_part part;

	for (unsigned i = 0; i < plan->bundle.part_count; i++)
		if (plan->bundle.part[i].vm == n)
			plan->bundle.part[i] = (struct bundle_part){ .vm = BUNDLE_NO_VM };
	for (unsigned i = 0; i < first->part_count; i++) {
		part = first->part[i];
		if (part.kind == BUNDLE_DTB ||
		    part.vm != (part.kind == BUNDLE_INITRD ? plan->ramdisk[n] : plan->image[n]))
			continue;
		if (part.kind == BUNDLE_INITRD)
			part.gpa = gpa(plan->initrd_at[n]);
		if (!add_part(plan, &part, n))
			return false;
	}
	part = (struct bundle_part){ .kind = BUNDLE_DTB,
				     .name = "dtb",
				     .offset = now->trees + n * now->tree_step,
				     .size = tree->size,
				     .gpa = gpa(tree->at),
				     .memory_size = tree->size,
				     .crc = tree->crc };
	if (tree->size && !add_part(plan, &part, n))
		return false;
	plan->bundle.vm[n] = (struct bundle_vm){ .memory = plan->vm[n].memory,
						 .entry = first->vm[plan->image[n]].entry,
						 .dtb = gpa(tree->size ? tree->at : 0) };
	if (tree->size && !tree->at)
		return reload_plan_refuse(plan, "%s: its device tree is at address 0",
					  plan->vm[n].name);
	return check_places(plan, n);
}

/* ---- all of it ------------------------------------------------------------------------------- */

/** What the switches would refuse: an address twice, or too many ports. */
static bool check_network(struct reload_plan *plan, unsigned network)
{
	static uint8_t taken[SWITCH_PORTS_MAX][CONFIG_MAC_SIZE];
	const struct system_config *const config = &plan->config;
	unsigned count = config->network[network].uplink;

	if (count) {
		memset(taken[0], 0, CONFIG_MAC_SIZE);
		if (config->station.wanted)
			memcpy(taken[count++], config->station.mac, CONFIG_MAC_SIZE);
	}
	for (unsigned n = 0; n < config->vm_count; n++) {
		const struct vm_config *const vm = &config->vm[n];

		preempt_point();
		for (unsigned i = 0; i < vm->virtio_count; i++) {
			uint8_t address[CONFIG_MAC_SIZE];

			if (vm->virtio[i].type != VIRTIO_NETWORK ||
			    vm->virtio[i].network != network)
				continue;
			config_address(vm, n, i, address);
			for (unsigned k = 0; k < count; k++)
				if (memcmp(taken[k], address, CONFIG_MAC_SIZE) == 0)
					return reload_plan_refuse(
						plan,
						"%s: another device has the address of device %u",
						vm->name, i);
			if (count == SWITCH_PORTS_MAX)
				return reload_plan_refuse(plan, "%s: its network has no port left",
							  vm->name);
			memcpy(taken[count++], address, CONFIG_MAC_SIZE);
		}
	}
	return true;
}

static bool read_config(struct reload_plan *plan, const struct reload_now *now, const uint8_t *tree,
			uint32_t size, const struct asked *asked)
{
	static struct config_error error;

	preempt_point();
	plan->bundle = *now->bundle;
	preempt_point();
	for (unsigned i = 0; i < plan->bundle.vm_count; i++) {
		plan->bundle.vm[i].memory = asked[i].memory;
		if (!asked[i].memory || asked[i].memory % BUNDLE_MEMORY_ALIGN ||
		    asked[i].memory > BUNDLE_MEMORY_MAX)
			return reload_plan_refuse(plan, "memory of VM %u: not whole MiB", i + 1);
	}
	return config_parse(tree, size, &plan->bundle, &plan->config, &error) ||
	       reload_plan_refuse(plan, "%.40s: %s%s%s", error.node, error.property,
				  error.property[0] ? ": " : "", error.text);
}

/**
 * Reads @p size bytes at @p bytes, which are aligned to 8, and compares them with what is in force.
 * False: it cannot be, and the plan says why. There are preempt points in it.
 */
bool reload_plan_make(struct reload_plan *plan, const struct reload_now *now, const uint8_t *bytes,
		      uint32_t size)
{
	struct asked asked[BUNDLE_VMS_MAX];
	uint8_t number[BUNDLE_VMS_MAX];
	const uint32_t config = read_head(plan, now, bytes, size, asked);

	plan->changed = 0;
	if (!config || !read_config(plan, now, bytes + config, word(bytes, 8), asked) ||
	    !check_shared(plan, now->config) || !check_boards(plan, now->config))
		return false;
	preempt_point();
	give_numbers(plan, now->config, number);
	preempt_point();
	for (unsigned i = 0; i < plan->config.vm_count; i++)
		plan->vm[number[i]] = plan->config.vm[i];
	preempt_point();
	memcpy(plan->config.vm, plan->vm, plan->config.vm_count * sizeof(plan->vm[0]));
	preempt_point();
	plan->bundle = *now->bundle;
	for (unsigned i = 0; i < plan->config.vm_count; i++) {
		const unsigned n = number[i];

		preempt_point();
		if (!take_vm(plan, now, bytes, &asked[i], n))
			return false;
		preempt_point();
		if (same_vm(&plan->config, now->config, n) && same_parts(plan, now, n))
			continue;
		plan->changed |= BIT(n);
	}
	give_places(plan, now->config);
	for (unsigned n = 0; n < plan->config.vm_count; n++)
		if (bit(plan->changed, n) && !make_parts(plan, now, n))
			return false;
	for (unsigned i = 0; i < plan->config.network_count; i++)
		if (!check_network(plan, i))
			return false;
	return true;
}
