/* SPDX-License-Identifier: Apache-2.0 */
/* What other boards may use of this one: /serve. */
#include "vmm/config/config_remote.h"
#include "vmm/config/config_window.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/string.h"

#define WIDTHS_ALL  7u
#define WIDTHS_LCD  4u
#define SERVED_MAX  (16 * KIB)
#define SERVED_PAGE 4096u
#define MEMORY_MAX  (16 * MIB)

struct serve_node {
	char device[CONFIG_NAME_SIZE];
	char to[CONFIG_NAME_SIZE];
	uint32_t reg[2];
	uint32_t widths;
	bool read_only;
	uint32_t interrupts;
	uint32_t memory[2];
	char reads[CONFIG_NAME_SIZE];
};

enum {
	SERVE_REG,
	SERVE_DEVICE,
	SERVE_WIDTHS,
	SERVE_READ_ONLY,
	SERVE_INTERRUPTS,
	SERVE_MEMORY,
	SERVE_READS,
};

#define NOT_OF_LCD    (BIT(SERVE_REG) | BIT(SERVE_WIDTHS) | BIT(SERVE_READ_ONLY))
#define NOT_OF_MEMORY (NOT_OF_LCD | BIT(SERVE_DEVICE) | BIT(SERVE_INTERRUPTS) | BIT(SERVE_READS))

static const struct tree_property serve_properties[] = {
	/* clang-format off */
	[SERVE_REG] = { "reg", TREE_CELLS, TREE_FIELD(struct serve_node, reg), .max = 0xffffffff },
	[SERVE_DEVICE] = { "device", TREE_TEXT, TREE_FIELD(struct serve_node, device) },
	[SERVE_WIDTHS] = { "widths", TREE_CELLS, TREE_FIELD(struct serve_node, widths), .min = 1,
			   .max = WIDTHS_ALL },
	[SERVE_READ_ONLY] = { "read-only", TREE_FLAG, TREE_FIELD(struct serve_node, read_only) },
	[SERVE_INTERRUPTS] = { "interrupts", TREE_CELLS, TREE_FIELD(struct serve_node, interrupts),
			       .min = 1, .max = BIT(CONFIG_LINES_MAX) - 1 },
	[SERVE_MEMORY] = { "memory", TREE_CELLS, TREE_FIELD(struct serve_node, memory),
			   .max = 0xffffffff },
	[SERVE_READS] = { "reads", TREE_TEXT, TREE_FIELD(struct serve_node, reads) },
	{ "to", TREE_TEXT, true, TREE_FIELD(struct serve_node, to) },
	/* clang-format on */
};

/** How many lines of the board are that device's. */
static unsigned line_count(unsigned row)
{
	unsigned count = 0;

	for (unsigned i = 0; i < board.irq_count; i++)
		count += strcmp(board.irqs[i].window, board.windows[row].name) == 0;
	return count;
}

/** Compares two that serve registers of the same device; says what is wrong, or NULL. */
static const char *compare(const struct remote_serve_config *one,
			   const struct remote_serve_config *other, const char **property)
{
	*property = "reg";
	if (one->start < other->start + other->size && other->start < one->start + one->size &&
	    !(one->read_only && other->read_only))
		return "served already, and one of them writes";
	*property = "interrupts";
	return one->interrupts & other->interrupts ? "another one serves it" : NULL;
}

/** A PL110: it reads memory by itself, so it is served with the memory that it may read. */
static bool is_lcd(const char *device)
{
	return strcmp(device, "lcd") == 0;
}

/** The device becomes the VMM's: no VM can have it. */
static bool claim_device(const struct config_tree *tree, int node, const struct serve_node *raw,
			 struct system_config *config, struct remote_serve_config *serve)
{
	const unsigned row = config_find_row(raw->device);
	bool is_served = false;

	if (row == CONFIG_NONE || !(config_row_is_exclusive(row) || is_lcd(raw->device)))
		return tree_fail(tree, node, "device",
				 "this board has no such device to give away");
	for (unsigned i = 0; i < config->serve_count; i++)
		is_served |= config->serve[i].row == row;
	if (config->vmm_row[row] && !is_served)
		return tree_fail(tree, node, "device", "the VMM uses it: disk or uplink");
	config->vmm_row[row] = true;
	serve->row = (uint8_t)row;
	return true;
}

/** The memory that a device may read; it has been read before, and is the same peer's. */
static bool find_memory(const struct config_tree *tree, int node, const struct serve_node *raw,
			const struct system_config *config, struct remote_serve_config *serve)
{
	for (uint8_t i = 0; i < config->serve_count; i++)
		if (config->serve[i].row == CONFIG_NONE && config->serve[i].peer == serve->peer &&
		    strcmp(config->serve[i].name, raw->reads) == 0) {
			serve->memory = i;
			return true;
		}
	return tree_fail(tree, node, "reads", "no memory that is served to this peer, before here");
}

static bool read_memory(const struct config_tree *tree, int node, const struct serve_node *raw,
			uint32_t seen, struct remote_serve_config *serve)
{
	const uint32_t address = raw->memory[0], size = raw->memory[1];

	if (seen & NOT_OF_MEMORY)
		return tree_fail(tree, node, "memory", "goes with nothing but to");
	if ((address | size) % SERVED_PAGE || !size || size > MEMORY_MAX ||
	    address + (size - 1) < address)
		return tree_fail(tree, node, "memory", "not of whole pages, up to 16 MiB");
	serve->row = CONFIG_NONE;
	serve->start = address;
	serve->size = size;
	return true;
}

static bool read_device(const struct config_tree *tree, int node, struct serve_node *raw,
			uint32_t seen, struct system_config *config,
			struct remote_serve_config *serve)
{
	uint32_t size;

	if (!(seen & BIT(SERVE_DEVICE)))
		return tree_fail(tree, node, "device", "one of device and memory is needed");
	if (!claim_device(tree, node, raw, config, serve))
		return false;
	if (is_lcd(raw->device) && (seen & NOT_OF_LCD || !(seen & BIT(SERVE_READS))))
		return tree_fail(tree, node, "reads",
				 "needed for lcd, which goes without reg, widths and read-only");
	if (!is_lcd(raw->device) && seen & BIT(SERVE_READS))
		return tree_fail(tree, node, "reads", "goes with lcd");
	if (seen & BIT(SERVE_READS) && !find_memory(tree, node, raw, config, serve))
		return false;
	size = board.windows[serve->row].size;
	if (!(seen & BIT(SERVE_REG)))
		raw->reg[1] = size;
	if ((raw->reg[0] | raw->reg[1]) % 4 || !raw->reg[1] || raw->reg[0] > size ||
	    raw->reg[1] > size - raw->reg[0])
		return tree_fail(tree, node, "reg", "not words of the device");
	if (raw->reg[1] > SERVED_MAX)
		return tree_fail(tree, node, "reg", "more than 16 KiB");
	if (raw->interrupts >> line_count(serve->row))
		return tree_fail(tree, node, "interrupts", "the device has fewer");
	serve->start = raw->reg[0];
	serve->size = raw->reg[1];
	serve->widths = is_lcd(raw->device) ? WIDTHS_LCD : (uint8_t)raw->widths;
	serve->read_only = raw->read_only;
	serve->interrupts = (uint8_t)raw->interrupts;
	return true;
}

/** Compares it with those before it. */
static bool is_apart(const struct config_tree *tree, int node, const struct system_config *config,
		     const struct remote_serve_config *serve)
{
	for (unsigned i = 0; i < config->serve_count; i++) {
		const char *property, *wrong;

		if (strcmp(config->serve[i].name, serve->name) == 0)
			return tree_fail(tree, node, NULL, "two have this name");
		if (config->serve[i].row != serve->row || serve->row == CONFIG_NONE)
			continue;
		wrong = compare(serve, &config->serve[i], &property);
		if (wrong)
			return tree_fail(tree, node, property, wrong);
	}
	return true;
}

/** Reads what one peer may use: a device of this board, or memory. */
bool config_read_serve(const struct config_tree *tree, int node, struct system_config *config)
{
	struct remote_serve_config *const serve = &config->serve[config->serve_count];
	struct serve_node raw = { .widths = WIDTHS_ALL };
	uint32_t seen;

	if (config->serve_count == CONFIG_SERVES_MAX)
		return tree_fail(tree, node, NULL, "more than 8 windows are served");
	if (!tree_name(tree, node, serve->name) || !tree_no_children(tree, node) ||
	    !tree_read(tree, node, serve_properties, ARRAY_SIZE(serve_properties), &raw, &seen))
		return false;
	serve->memory = CONFIG_NONE;
	serve->widths = WIDTHS_ALL;
	serve->peer = config_find_peer(config, raw.to);
	if (serve->peer == CONFIG_NONE)
		return tree_fail(tree, node, "to", "there is no such peer");
	if (!(seen & BIT(SERVE_MEMORY) ? read_memory(tree, node, &raw, seen, serve)
				       : read_device(tree, node, &raw, seen, config, serve)) ||
	    !is_apart(tree, node, config, serve))
		return false;
	config->serve_count++;
	return true;
}
