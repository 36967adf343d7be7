/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes of a description, read by tables: which properties a node may have, of what form, and into
 * which field of a structure each goes. What a table does not name is refused, so that a misspelt
 * property is an error and not a default. The tree's bytes are not trusted: libfdt checks every
 * step, and the first mistake is the one that is reported.
 */
#ifndef VMM_CONFIG_CONFIG_TREE_H
#define VMM_CONFIG_CONFIG_TREE_H

#include "vmm/config/vm_config.h"

struct config_tree {
	const void *bytes;
	struct config_error *error;
};

enum tree_type {
	TREE_FLAG,   /**< bool: there or not */
	TREE_CELLS,  /**< uint32_t, one or several: each from min to max */
	TREE_WIDE,   /**< uint64_t: one cell or two */
	TREE_CHOICE, /**< uint8_t: which of the choices */
	TREE_TEXT,   /**< char[]; size 0: only looked at */
	TREE_BYTES,  /**< uint8_t[] */
};

struct tree_property {
	const char *name;
	enum tree_type type;
	bool required;
	uint16_t offset; /* of the field, and how many bytes it has */
	uint16_t size;
	uint32_t min;
	uint32_t max;
	const char *const *choices; /* ends with NULL */
};

#define TREE_FIELD(type, member) \
	.offset = offsetof(type, member), .size = sizeof(((type *)0)->member)

bool tree_check(const struct config_tree *tree, size_t size);
bool tree_fail(const struct config_tree *tree, int node, const char *property, const char *text);
bool tree_read(const struct config_tree *tree, int node, const struct tree_property *table,
	       unsigned count, void *to, uint32_t *seen);
bool tree_name(const struct config_tree *tree, int node, char name[CONFIG_NAME_SIZE]);
int tree_child(const struct config_tree *tree, int node);
int tree_next(const struct config_tree *tree, int node);
bool tree_is(const struct config_tree *tree, int node, const char *name);
bool tree_says(const struct config_tree *tree, int node, const char *property, const char *text);
bool tree_no_children(const struct config_tree *tree, int node);

#endif
