// SPDX-License-Identifier: Apache-2.0
#include "vmm/config/config_tree.h"

#include "vmm/lib/bits.h"
#include "vmm/lib/preempt.h"
#include "vmm/lib/string.h"

#include <libfdt.h>

#define DEPTH_MAX    8
#define TEXT_MAX     1024u /* a kernel's command line */
#define TEXT_AT_ONCE 64u
#define PATH_SIZE    256u

/** Nodes begin and end in pairs, up to the end of the tree. */
static bool is_balanced(const void *bytes)
{
	int at = 0, depth = 0;

	for (;;) {
		const uint32_t tag = fdt_next_tag(bytes, at, &at);

		if (at < 0 || depth > DEPTH_MAX)
			return false;
		preempt_point(); /* of vmm/reload.c; at the start there is nobody to let in */
		if (tag == FDT_END)
			return depth == 0;
		depth += tag == FDT_BEGIN_NODE;
		depth -= tag == FDT_END_NODE;
		if (depth < 1 && tag != FDT_END_NODE && tag != FDT_NOP)
			return false;
	}
}

/**
 * Is this a device tree, in @p size bytes, aligned to 8? What is in its nodes is looked at while it
 * is read.
 */
bool tree_check(const struct config_tree *tree, size_t size)
{
	/* libfdt reads whole words of the structure; ARMv5 rotates what is not aligned. */
	if (size >= sizeof(struct fdt_header) && !fdt_check_header(tree->bytes) &&
	    fdt_totalsize(tree->bytes) <= size && fdt_off_dt_struct(tree->bytes) % 4 == 0 &&
	    is_balanced(tree->bytes))
		return true;
	*tree->error = (struct config_error){ .text = "not a device tree, or a damaged one" };
	return false;
}

/**
 * The first node behind the beginning of @p node that is @p level deeper, or -1. As fdt_first_subnode()
 * and fdt_next_subnode(), which go through all properties, and all that is below a node, at once.
 */
static int find_node(const struct config_tree *tree, int node, int level)
{
	int next = node, depth = 0;

	preempt_point();
	for (;;) {
		const int at = next;
		const uint32_t tag = fdt_next_tag(tree->bytes, at, &next);

		preempt_point();
		if (next < 0 || tag == FDT_END)
			return -1;
		if (tag == FDT_END_NODE && depth-- == level)
			return -1;
		if (tag == FDT_BEGIN_NODE && depth++ == level && at != node)
			return at;
	}
}

/** The first child of a node, or -1. */
int tree_child(const struct config_tree *tree, int node)
{
	return find_node(tree, node, 1);
}

/** The child behind @p node, or -1. */
int tree_next(const struct config_tree *tree, int node)
{
	return find_node(tree, node, 0);
}

/** The path of a node, as fdt_get_path(), which goes through all nodes before it at once. */
static void find_path(const struct config_tree *tree, int node, char path[PATH_SIZE])
{
	size_t end = 0;

	memcpy(path, "/", 2);
	for (int at = 0, below = 0; at != node; at = below) {
		const char *name;
		int length;

		for (int child = tree_child(tree, at); child >= 0 && child <= node;
		     child = tree_next(tree, child))
			below = child;
		name = fdt_get_name(tree->bytes, below, &length);
		if (below == at || !name || end + 1 + (size_t)length >= PATH_SIZE)
			return;
		path[end++] = '/';
		memcpy(path + end, name, (size_t)length + 1);
		end += (size_t)length;
	}
}

static void copy_end(char *to, size_t size, const char *from)
{
	const size_t length = strlen(from);
	const char *const start = length < size ? from : from + length - (size - 1);

	memcpy(to, start, strlen(start) + 1);
}

/** Notes what is wrong with @p node; returns false, for the caller to return. */
bool tree_fail(const struct config_tree *tree, int node, const char *property, const char *text)
{
	struct config_error *const error = tree->error;
	char path[PATH_SIZE];

	find_path(tree, node, path);
	copy_end(error->node, sizeof(error->node), path);
	error->property[0] = '\0';
	if (property)
		copy_end(error->property, sizeof(error->property), property);
	error->text = text;
	return false;
}

static bool is_name_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

/** The name of a node, which becomes the name of what it describes. */
bool tree_name(const struct config_tree *tree, int node, char name[CONFIG_NAME_SIZE])
{
	int length;
	const char *const text = fdt_get_name(tree->bytes, node, &length);

	if (!text || length < 1 || length >= (int)CONFIG_NAME_SIZE)
		return tree_fail(tree, node, NULL, "a name has 1 to 15 characters");
	for (int i = 0; i < length; i++)
		if (!is_name_character(text[i]))
			return tree_fail(tree, node, NULL, "a name is of letters, digits, - and _");
	memset(name, 0, CONFIG_NAME_SIZE);
	memcpy(name, text, (size_t)length);
	return true;
}

/** Whether a node has this name, without a unit address. */
bool tree_is(const struct config_tree *tree, int node, const char *name)
{
	const char *const has = fdt_get_name(tree->bytes, node, NULL);

	preempt_point();

	return has && strcmp(has, name) == 0;
}

/** Whether a node has this property, and it is this text. */
bool tree_says(const struct config_tree *tree, int node, const char *property, const char *text)
{
	int length;
	const void *const value = fdt_getprop(tree->bytes, node, property, &length);

	return value && length == (int)strlen(text) + 1 && memcmp(value, text, (size_t)length) == 0;
}

/** False, and a message, if a node has nodes in it: none is known there. */
bool tree_no_children(const struct config_tree *tree, int node)
{
	const int child = tree_child(tree, node);

	return child < 0 || tree_fail(tree, child, NULL, "not known here");
}

static uint32_t cell(const uint8_t *value, unsigned n)
{
	const uint8_t *const at = value + 4 * n;

	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/** @p value is one string, whole and printable. */
static bool is_text(const uint8_t *value, unsigned length)
{
	if (!length || length > TEXT_MAX || value[length - 1])
		return false;
	for (unsigned i = 0; i < length - 1; i++) {
		if (value[i] < ' ' || value[i] > '~')
			return false;
		if (i % TEXT_AT_ONCE == 0)
			preempt_point();
	}
	return true;
}

/** Stores one property; returns what is wrong with it, or NULL. */
static const char *store(const struct tree_property *row, const uint8_t *value, unsigned length,
			 uint8_t *to)
{
	uint64_t wide;

	switch (row->type) {
	case TREE_FLAG:
		*(bool *)to = true;
		return length ? "a flag: it has no value" : NULL;
	case TREE_CELLS:
		if (length != row->size)
			return "the wrong number of values";
		for (unsigned i = 0; i < length / 4; i++) {
			const uint32_t number = cell(value, i);

			if (number < row->min || number > row->max)
				return "out of range";
			memcpy(to + 4 * i, &number, 4);
		}
		return NULL;
	case TREE_WIDE:
		if (length != 4 && length != 8)
			return "the wrong number of values";
		wide = length == 4 ? cell(value, 0)
				   : (uint64_t)cell(value, 0) << 32 | cell(value, 1);
		memcpy(to, &wide, sizeof(wide));
		return NULL;
	case TREE_CHOICE:
		if (!is_text(value, length))
			return "not one text";
		for (uint8_t i = 0; row->choices[i]; i++)
			if (strcmp(row->choices[i], (const char *)value) == 0) {
				*to = i;
				return NULL;
			}
		return "not one of the possible words";
	case TREE_TEXT:
		if (!is_text(value, length))
			return "not one text";
		if (row->size && length > row->size)
			return "too long";
		if (row->size)
			memcpy(to, value, length);
		return NULL;
	case TREE_BYTES:
		if (length != row->size)
			return "the wrong number of bytes";
		memcpy(to, value, length);
		return NULL;
	}
	return "not known here";
}

/**
 * Reads the properties of @p node into the structure at @p to, as @p table says. Bit n of @p seen,
 * which may be NULL, says that row n of the table was there. Fields of others are left alone.
 */
bool tree_read(const struct config_tree *tree, int node, const struct tree_property *table,
	       unsigned count, void *to, uint32_t *seen)
{
	uint32_t found = 0;
	int at;

	preempt_point();
	fdt_for_each_property_offset(at, tree->bytes, node)
	{
		const char *name, *wrong;
		unsigned n = 0;
		int length;

		preempt_point();

		const void *const value = fdt_getprop_by_offset(tree->bytes, at, &name, &length);

		if (!value || length < 0)
			return tree_fail(tree, node, NULL, "a damaged property");
		while (n < count && strcmp(table[n].name, name) != 0)
			n++;
		if (n == count)
			return tree_fail(tree, node, name, "not known here");
		if (found & BIT(n))
			return tree_fail(tree, node, name, "there twice");
		found |= BIT(n);
		wrong = store(&table[n], value, (unsigned)length, (uint8_t *)to + table[n].offset);
		if (wrong)
			return tree_fail(tree, node, name, wrong);
		preempt_point();
	}
	for (unsigned n = 0; n < count; n++)
		if (table[n].required && !(found & BIT(n)))
			return tree_fail(tree, node, table[n].name, "missing");
	if (seen)
		*seen = found;
	return true;
}
