// SPDX-License-Identifier: Apache-2.0
#include "vmm/start/boot_params.h"

#include "vmm/lib/string.h"

/* ATAGs: word count and kind, then the contents (Linux, Documentation/arch/arm/booting.rst). */
#define ATAG_NONE 0u
#define ATAG_CORE 0x54410001u
#define ATAG_MEM  0x54410002u
#define ATAG_HAKO 0x48414b01u /* ours: where the boot record is */

/* Flattened device tree (Devicetree Specification, chapter 5); big-endian. */
#define FDT_MAGIC       0xd00dfeedu
#define FDT_HEADER_SIZE 40u
#define FDT_BEGIN_NODE  1u
#define FDT_END_NODE    2u
#define FDT_PROP        3u
#define FDT_NOP         4u
#define FDT_END         9u

/** ATAGs, and how far they have been read. */
struct tags {
	const uint8_t *bytes;
	size_t length;
	size_t at;
};

/** The structure block of a device tree, and how far it has been read. */
struct fdt {
	const uint8_t *structs;
	uint32_t size;
	uint32_t at;
	const uint8_t *strings;
	uint32_t strings_size;
	unsigned depth;   /* of the node that is being read: 1 is the root */
	const char *node; /* the child of the root that it is, or is in */
};

struct fdt_token {
	uint32_t kind;
	const char *name;    /* of a node or property: terminated */
	const uint8_t *data; /* of a property */
	uint32_t length;
};

static uint32_t get_le32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

static uint32_t get_be32(const uint8_t *bytes)
{
	return (uint32_t)bytes[3] | (uint32_t)bytes[2] << 8 | (uint32_t)bytes[1] << 16 |
	       (uint32_t)bytes[0] << 24;
}

/** How much RAM there is from @p ram_base on, when the bank [start, start + size) holds it. */
static bool bank_holds(uint64_t start, uint64_t bank_size, uint32_t ram_base, uint32_t *size)
{
	if (ram_base < start || ram_base - start >= bank_size)
		return false;

	const uint64_t rest = bank_size - (ram_base - start);

	*size = rest > 0xffffffffu ? 0xffffffffu : (uint32_t)rest;
	return true;
}

/** The next tag: where its contents are, and how many words; NULL at the end, and for what is none. */
static const uint8_t *next_tag(struct tags *tags, uint32_t *kind, uint32_t *words)
{
	const uint8_t *const tag = tags->bytes + tags->at;
	const size_t left = tags->length - tags->at;

	if (left < 8)
		return NULL;
	*words = get_le32(tag);
	*kind = get_le32(tag + 4);
	if ((tags->at == 0 && *kind != ATAG_CORE) || *kind == ATAG_NONE || *words < 2 ||
	    *words > left / 4)
		return NULL;
	tags->at += (size_t)*words * 4;
	*words -= 2;
	return tag + 8;
}

static bool atags_memory(struct tags tags, uint32_t ram_base, uint32_t *size)
{
	const uint8_t *data;
	uint32_t kind, words;

	while ((data = next_tag(&tags, &kind, &words)))
		if (kind == ATAG_MEM && words >= 2 &&
		    bank_holds(get_le32(data + 4), get_le32(data), ram_base, size))
			return true;
	return false;
}

static bool fdt_open(struct fdt *fdt, const uint8_t *bytes, size_t length)
{
	if (length < FDT_HEADER_SIZE || get_be32(bytes) != FDT_MAGIC)
		return false;

	const uint32_t total = get_be32(bytes + 4);
	const uint32_t structs = get_be32(bytes + 8);
	const uint32_t strings = get_be32(bytes + 12);
	const uint32_t version = get_be32(bytes + 20);

	fdt->strings_size = get_be32(bytes + 32);
	fdt->size = get_be32(bytes + 36);
	if (total > length || version < 17 || structs % 4 || structs > total ||
	    fdt->size > total - structs || strings > total || fdt->strings_size > total - strings)
		return false;
	fdt->structs = bytes + structs;
	fdt->strings = bytes + strings;
	fdt->at = 0;
	fdt->depth = 0;
	return true;
}

/** The terminated string at @p at of a block, or NULL. */
static const char *fdt_string(const uint8_t *block, uint32_t size, uint32_t at)
{
	if (at >= size || !memchr(block + at, 0, size - at))
		return NULL;
	return (const char *)block + at;
}

/** Reads the next token; false at the end, and for everything that is not well formed. */
static bool fdt_next(struct fdt *fdt, struct fdt_token *token)
{
	do {
		if (fdt->size - fdt->at < 4)
			return false;
		token->kind = get_be32(fdt->structs + fdt->at);
		fdt->at += 4;
	} while (token->kind == FDT_NOP);

	uint32_t used = 0;

	if (token->kind == FDT_BEGIN_NODE) {
		token->name = fdt_string(fdt->structs, fdt->size, fdt->at);
		if (!token->name)
			return false;
		used = (uint32_t)strlen(token->name) + 1;
	} else if (token->kind == FDT_PROP) {
		if (fdt->size - fdt->at < 8)
			return false;
		token->length = get_be32(fdt->structs + fdt->at);
		token->name = fdt_string(fdt->strings, fdt->strings_size,
					 get_be32(fdt->structs + fdt->at + 4));
		fdt->at += 8;
		if (!token->name || token->length > fdt->size - fdt->at)
			return false;
		token->data = fdt->structs + fdt->at;
		used = token->length;
	} else if (token->kind != FDT_END_NODE) {
		return false;
	}

	/* Tokens are aligned; padding that the block does not contain ends the tree. */
	used = (used + 3) & ~3u;
	if (used > fdt->size - fdt->at)
		return false;
	fdt->at += used;
	return true;
}

/** Reads on to the next property of a node; false as above. */
static bool fdt_next_property(struct fdt *fdt, struct fdt_token *property)
{
	while (fdt_next(fdt, property)) {
		if (property->kind == FDT_PROP)
			return true;
		if (property->kind == FDT_END_NODE && (fdt->depth == 0 || --fdt->depth == 0))
			return false;
		if (property->kind == FDT_BEGIN_NODE && ++fdt->depth == 2)
			fdt->node = property->name;
	}
	return false;
}

static uint64_t get_cells(const uint8_t *bytes, uint32_t cells)
{
	uint64_t value = 0;

	for (; cells; cells--, bytes += 4)
		value = value << 32 | get_be32(bytes);
	return value;
}

static bool is_memory_node(const char *name)
{
	return !strcmp(name, "memory") || !strncmp(name, "memory@", 7);
}

static bool fdt_memory(const uint8_t *bytes, size_t length, uint32_t ram_base, uint32_t *size)
{
	struct fdt fdt;
	struct fdt_token property;
	uint32_t address_cells = 2; /* the specification's defaults (2.3.5) */
	uint32_t size_cells = 1;

	if (!fdt_open(&fdt, bytes, length))
		return false;
	while (fdt_next_property(&fdt, &property)) {
		if (fdt.depth == 1 && property.length == 4) {
			if (!strcmp(property.name, "#address-cells"))
				address_cells = get_be32(property.data);
			if (!strcmp(property.name, "#size-cells"))
				size_cells = get_be32(property.data);
		} else if (fdt.depth == 2 && is_memory_node(fdt.node) &&
			   !strcmp(property.name, "reg")) {
			if (address_cells - 1 > 1 || size_cells - 1 > 1)
				return false;

			const uint32_t row = 4 * (address_cells + size_cells);

			for (uint32_t at = 0; property.length - at >= row; at += row)
				if (bank_holds(get_cells(property.data + at, address_cells),
					       get_cells(property.data + at + 4 * address_cells,
							 size_cells),
					       ram_base, size))
					return true;
		}
	}
	return false;
}

/**
 * Finds out how much RAM starts at @p ram_base, from the ATAGs or the device tree in the @p length
 * bytes at @p params. Returns false when these are neither, or do not say.
 */
bool boot_params_memory(const void *params, size_t length, uint32_t ram_base, uint32_t *size)
{
	return fdt_memory(params, length, ram_base, size) ||
	       atags_memory((struct tags){ params, length, 0 }, ram_base, size);
}

/**
 * True when the @p length bytes at @p params are a device tree whose root is compatible with
 * @p board.
 */
bool boot_params_compatible(const void *params, size_t length, const char *board)
{
	struct fdt fdt;
	struct fdt_token property;

	if (!fdt_open(&fdt, params, length))
		return false;
	while (fdt_next_property(&fdt, &property) && fdt.depth == 1) {
		if (strcmp(property.name, "compatible") != 0)
			continue;
		for (uint32_t at = 0; at < property.length;) {
			const char *const text = fdt_string(property.data, property.length, at);

			if (!text)
				return false;
			if (!strcmp(text, board))
				return true;
			at += (uint32_t)strlen(text) + 1;
		}
		return false;
	}
	return false;
}

static bool atags_record(struct tags tags, uint32_t *record)
{
	const uint8_t *data;
	uint32_t kind, words;

	while ((data = next_tag(&tags, &kind, &words))) {
		if (kind != ATAG_HAKO || words != BOOT_PARAMS_RECORD_WORDS)
			continue;
		for (uint32_t n = 0; n < words; n++)
			record[n] = get_le32(data + 4 * n);
		return true;
	}
	return false;
}

static bool fdt_record(const uint8_t *bytes, size_t length, uint32_t *record)
{
	struct fdt fdt;
	struct fdt_token property;

	if (!fdt_open(&fdt, bytes, length))
		return false;
	while (fdt_next_property(&fdt, &property)) {
		if (fdt.depth != 2 || strcmp(fdt.node, "chosen") != 0 ||
		    property.length != 4 * BOOT_PARAMS_RECORD_WORDS ||
		    strcmp(property.name, "hako,boot-record") != 0)
			continue;
		for (uint32_t n = 0; n < BOOT_PARAMS_RECORD_WORDS; n++)
			record[n] = get_be32(property.data + 4 * n);
		return true;
	}
	return false;
}

/**
 * What a boot loader says of its boot record. Returns false when it says nothing: then it has none, or has
 * not counted this start.
 */
bool boot_params_record(const void *params, size_t length, uint32_t words[BOOT_PARAMS_RECORD_WORDS])
{
	return fdt_record(params, length, words) ||
	       atags_record((struct tags){ params, length, 0 }, words);
}
