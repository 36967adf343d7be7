// SPDX-License-Identifier: Apache-2.0
#include "vmm/start/bundle.h"

#include "vcpu/guest_abi.h"
#include "vcpu/pv_abi.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/crc32.h"
#include "vmm/lib/string.h"

/** What each kind of part may be. */
struct kind_rule {
	bool of_vm; /* belongs to one VM; the numbers are per VM then */
	uint8_t at_least;
	uint8_t at_most;
	uint8_t gpa_align; /* of its place in the guest's memory; 0: it has none */
};

static const struct kind_rule kind_rules[] = {
	/* clang-format off */
	/*                   of VM  least most              align */
	[BUNDLE_VMM]     = { false, 1,    1,                0 },
	[BUNDLE_GUEST]   = { true,  1,    BUNDLE_PARTS_MAX, 4 },
	[BUNDLE_DTB]     = { true,  0,    1,                8 },
	[BUNDLE_INITRD]  = { true,  0,    1,                8 },
	[BUNDLE_PROXIES] = { true,  1,    1,                0 },
	[BUNDLE_INFO]    = { true,  0,    1,                0 },
	[BUNDLE_PV]      = { true,  0,    1,                0 },
	[BUNDLE_CONFIG]  = { false, 0,    1,                0 },
	[BUNDLE_DISK]    = { false, 0,    BUNDLE_PARTS_MAX, 0 },
	[BUNDLE_KEY]     = { false, 0,    BUNDLE_PARTS_MAX, 0 },
	/* clang-format on */
};

/* Rows of characters, not pointers: also used where pointers in data are not yet right. */
static const char error_texts[BUNDLE_ERROR_COUNT][40] = {
	[BUNDLE_OK] = "no error",
	[BUNDLE_BAD_MAGIC] = "there is no bundle",
	[BUNDLE_BAD_VERSION] = "format version not known to this VMM",
	[BUNDLE_BAD_SIZE] = "sizes do not agree",
	[BUNDLE_BAD_CRC] = "the header is damaged",
	[BUNDLE_BAD_HEADER] = "bad header",
	[BUNDLE_BAD_VM] = "no such VM",
	[BUNDLE_BAD_KIND] = "unknown kind of part",
	[BUNDLE_BAD_NAME] = "bad part name",
	[BUNDLE_BAD_PLACE] = "a part is not where it has to be",
	[BUNDLE_BAD_MEMORY] = "a part is outside the guest's memory",
	[BUNDLE_PARTS_OVERLAP] = "two parts overlap",
	[BUNDLE_DUPLICATE] = "two parts of the same kind or name",
	[BUNDLE_MISSING] = "a part is missing",
	[BUNDLE_BAD_ENTRY] = "the entry point is in no guest part",
};

static uint32_t get_le32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

/* Nobody reads these bytes today; a later version may, and must find zeros in today's files. */
static bool is_zero(const uint8_t *bytes, size_t length)
{
	while (length--)
		if (*bytes++)
			return false;
	return true;
}

/** True when [from, from + size) lies in [0, end); no sum can overflow. */
static bool fits(uint32_t from, uint32_t size, uint32_t end)
{
	return from <= end && size <= end - from;
}

static bool ranges_overlap(uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size)
{
	return a_size && b_size && a < b + b_size && b < a + a_size;
}

static bool name_is_good(const char name[BUNDLE_NAME_SIZE])
{
	const size_t length = strnlen(name, BUNDLE_NAME_SIZE);

	if (length == 0 || length == BUNDLE_NAME_SIZE)
		return false;
	for (size_t i = 0; i < length; i++)
		if (name[i] <= ' ' || name[i] > '~')
			return false;
	return is_zero((const uint8_t *)name + length, BUNDLE_NAME_SIZE - length);
}

/** Where header and tables end. */
static uint32_t table_end(const struct bundle *bundle)
{
	return BUNDLE_HEADER_SIZE + bundle->vm_count * BUNDLE_VM_SIZE +
	       bundle->part_count * BUNDLE_PART_SIZE;
}

static enum bundle_error parse_header(const uint8_t *bytes, size_t length, uint32_t bundle_size,
				      struct bundle *bundle)
{
	static const uint8_t no_crc[4] = { 0 };

	if (length < BUNDLE_HEADER_SIZE || get_le32(bytes + BUNDLE_AT_MAGIC) != BUNDLE_MAGIC)
		return BUNDLE_BAD_MAGIC;
	if (get_le32(bytes + BUNDLE_AT_VERSION) != BUNDLE_VERSION)
		return BUNDLE_BAD_VERSION;

	const uint32_t header_size = get_le32(bytes + BUNDLE_AT_HEADER_SIZE);

	/* Before anything else is believed: the checksum, and so the size it is taken over. */
	if (header_size < BUNDLE_HEADER_SIZE || header_size > BUNDLE_TABLE_MAX ||
	    header_size > length)
		return BUNDLE_BAD_SIZE;

	uint32_t crc = crc32(0, bytes, BUNDLE_AT_CRC);

	crc = crc32(crc, no_crc, sizeof(no_crc));
	crc = crc32(crc, bytes + BUNDLE_HEADER_SIZE, header_size - BUNDLE_HEADER_SIZE);
	if (crc != get_le32(bytes + BUNDLE_AT_CRC))
		return BUNDLE_BAD_CRC;

	bundle->vm_count = get_le32(bytes + BUNDLE_AT_VM_COUNT);
	bundle->part_count = get_le32(bytes + BUNDLE_AT_PART_COUNT);
	if (bundle->vm_count > BUNDLE_VMS_MAX || bundle->part_count > BUNDLE_PARTS_MAX ||
	    header_size != table_end(bundle))
		return BUNDLE_BAD_SIZE;

	bundle->total_size = get_le32(bytes + BUNDLE_AT_TOTAL_SIZE);
	if (bundle->total_size != bundle_size || bundle->total_size % BUNDLE_ALIGN ||
	    bundle->total_size < header_size)
		return BUNDLE_BAD_SIZE;

	bundle->machine_id = get_le32(bytes + BUNDLE_AT_MACHINE_ID);
	if (!is_zero(bytes + BUNDLE_AT_RESERVED, BUNDLE_AT_CRC - BUNDLE_AT_RESERVED))
		return BUNDLE_BAD_HEADER;
	return BUNDLE_OK;
}

static enum bundle_error parse_vms(const uint8_t *row, struct bundle *bundle)
{
	bundle->memory = 0;
	for (unsigned i = 0; i < bundle->vm_count; i++, row += BUNDLE_VM_SIZE) {
		struct bundle_vm *const vm = &bundle->vm[i];

		vm->memory = get_le32(row + BUNDLE_VM_AT_MEMORY);
		vm->entry = gpa(get_le32(row + BUNDLE_VM_AT_ENTRY));
		vm->dtb = gpa(get_le32(row + BUNDLE_VM_AT_DTB));
		if (!vm->memory || vm->memory % BUNDLE_MEMORY_ALIGN ||
		    !fits(bundle->memory, vm->memory, BUNDLE_MEMORY_MAX) ||
		    !is_zero(row + BUNDLE_VM_AT_RESERVED, BUNDLE_VM_SIZE - BUNDLE_VM_AT_RESERVED))
			return BUNDLE_BAD_HEADER;
		bundle->memory += vm->memory;
	}
	return BUNDLE_OK;
}

/** The part's place in RAM: the guest's, or a RAM disk's, which is added to what all need. */
static enum bundle_error check_memory(struct bundle *bundle, const struct bundle_part *part)
{
	if (kind_rules[part->kind].gpa_align)
		return part->memory_size && part->memory_size >= part->size &&
				       part->gpa.raw % kind_rules[part->kind].gpa_align == 0 &&
				       fits(part->gpa.raw, part->memory_size,
					    bundle->vm[part->vm].memory)
			       ? BUNDLE_OK
			       : BUNDLE_BAD_MEMORY;
	if (part->gpa.raw)
		return BUNDLE_BAD_MEMORY;
	if (part->kind != BUNDLE_DISK)
		return part->memory_size ? BUNDLE_BAD_MEMORY : BUNDLE_OK;
	if (!part->memory_size || part->memory_size % BUNDLE_ALIGN ||
	    part->memory_size < part->size ||
	    !fits(bundle->memory, part->memory_size, BUNDLE_MEMORY_MAX))
		return BUNDLE_BAD_MEMORY;
	bundle->memory += part->memory_size;
	return BUNDLE_OK;
}

static enum bundle_error parse_part(const uint8_t *row, struct bundle *bundle,
				    struct bundle_part *part)
{
	const uint32_t kind = get_le32(row + BUNDLE_PART_AT_KIND);

	if (kind >= ARRAY_SIZE(kind_rules) || !kind_rules[kind].at_most)
		return BUNDLE_BAD_KIND;
	part->kind = (enum bundle_kind)kind;

	memcpy(part->name, row + BUNDLE_PART_AT_NAME, BUNDLE_NAME_SIZE);
	if (!name_is_good(part->name))
		return BUNDLE_BAD_NAME;

	part->offset = get_le32(row + BUNDLE_PART_AT_OFFSET);
	part->size = get_le32(row + BUNDLE_PART_AT_SIZE);
	part->gpa = gpa(get_le32(row + BUNDLE_PART_AT_GPA));
	part->memory_size = get_le32(row + BUNDLE_PART_AT_MEMORY_SIZE);
	part->crc = get_le32(row + BUNDLE_PART_AT_CRC);
	part->vm = get_le32(row + BUNDLE_PART_AT_VM);
	if (!is_zero(row + BUNDLE_PART_AT_RESERVED, BUNDLE_PART_SIZE - BUNDLE_PART_AT_RESERVED))
		return BUNDLE_BAD_HEADER;
	if (kind_rules[kind].of_vm ? part->vm >= bundle->vm_count : part->vm != BUNDLE_NO_VM)
		return BUNDLE_BAD_VM;

	/* The VMM's image stands before the bundle; boot_early.c checks its size. */
	if (part->kind == BUNDLE_VMM) {
		if (part->offset || !part->size)
			return BUNDLE_BAD_PLACE;
	} else if (!fits(part->offset, part->size, bundle->total_size)) {
		return BUNDLE_BAD_PLACE;
	}
	if (part->kind == BUNDLE_PROXIES && (part->size % 4 || part->size > 4 * PROXY_TABLE_MAX))
		return BUNDLE_BAD_PLACE;
	if (part->kind == BUNDLE_INFO && part->size > BUNDLE_INFO_MAX)
		return BUNDLE_BAD_PLACE;
	if (part->kind == BUNDLE_PV && part->size != sizeof(struct pv_info))
		return BUNDLE_BAD_PLACE;

	if (part->kind == BUNDLE_CONFIG && part->size > BUNDLE_CONFIG_MAX)
		return BUNDLE_BAD_PLACE;
	return check_memory(bundle, part);
}

/**
 * Where part @p index has to start, or the bundle to end: behind the table and the parts before it,
 * which fit into the bundle, at a multiple of BUNDLE_ALIGN.
 */
static uint32_t next_offset(const struct bundle *bundle, unsigned index)
{
	uint32_t end = table_end(bundle);

	for (unsigned i = 0; i < index; i++)
		if (bundle->part[i].kind != BUNDLE_VMM)
			end = bundle->part[i].offset + bundle->part[i].size;
	return align_up(end, BUNDLE_ALIGN);
}

/** Compares part @p index with all of the same owner before it: names are unique per VM. */
static enum bundle_error check_against_others(const struct bundle *bundle, unsigned index)
{
	const struct bundle_part *const part = &bundle->part[index];
	unsigned same_kind = 0;

	for (unsigned i = 0; i < index; i++) {
		const struct bundle_part *const other = &bundle->part[i];

		if (part->vm != other->vm)
			continue;
		if (!strcmp(part->name, other->name))
			return BUNDLE_DUPLICATE;
		same_kind += part->kind == other->kind;
		if (kind_rules[part->kind].of_vm &&
		    ranges_overlap(part->gpa.raw, part->memory_size, other->gpa.raw,
				   other->memory_size))
			return BUNDLE_PARTS_OVERLAP;
	}
	if (same_kind >= kind_rules[part->kind].at_most)
		return BUNDLE_DUPLICATE;
	if (part->kind != BUNDLE_VMM && part->offset != next_offset(bundle, index))
		return BUNDLE_BAD_PLACE;
	return BUNDLE_OK;
}

static bool entry_is_good(const struct bundle *bundle, uint32_t vm)
{
	const gpa_t entry = bundle->vm[vm].entry;

	for (unsigned i = 0; i < bundle->part_count; i++) {
		const struct bundle_part *const part = &bundle->part[i];

		if (part->kind == BUNDLE_GUEST && part->vm == vm && entry.raw % 4 == 0 &&
		    entry.raw >= part->gpa.raw && entry.raw - part->gpa.raw < part->size)
			return true;
	}
	return false;
}

/** All that @p vm, or BUNDLE_NO_VM, must have is there. */
static bool is_complete(const struct bundle *bundle, uint32_t vm)
{
	for (unsigned kind = 0; kind < ARRAY_SIZE(kind_rules); kind++)
		if (kind_rules[kind].at_least && kind_rules[kind].of_vm == (vm != BUNDLE_NO_VM) &&
		    !bundle_find(bundle, vm, (enum bundle_kind)kind))
			return false;
	return true;
}

static enum bundle_error check_whole(const struct bundle *bundle)
{
	/* Without VMs there is something to do only if a description says what. */
	if (!is_complete(bundle, BUNDLE_NO_VM) ||
	    (!bundle->vm_count && !bundle_find(bundle, BUNDLE_NO_VM, BUNDLE_CONFIG)))
		return BUNDLE_MISSING;
	for (unsigned i = 0; i < bundle->vm_count; i++) {
		const struct bundle_part *const dtb = bundle_find(bundle, i, BUNDLE_DTB);

		if (!is_complete(bundle, i))
			return BUNDLE_MISSING;
		if (bundle->vm[i].dtb.raw != (dtb ? dtb->gpa.raw : 0))
			return BUNDLE_BAD_HEADER;
		if (!entry_is_good(bundle, i))
			return BUNDLE_BAD_ENTRY;
	}
	return bundle->total_size == next_offset(bundle, bundle->part_count) ? BUNDLE_OK
									     : BUNDLE_BAD_SIZE;
}

/**
 * Parses the header and both tables in the first @p length bytes of a bundle.
 *
 * @p length needs to be BUNDLE_TABLE_MAX at most. @p bundle_size is the size of the whole bundle
 * as its carrier knows it; the header must agree. The bytes of the parts are not looked at.
 * When BUNDLE_OK is returned, the parts fill the bundle, in order, without overlap or gap;
 * those for a guest lie inside its memory without overlap; kinds, names, entry and device tree
 * are consistent; VMs and RAM disks need no more than BUNDLE_MEMORY_MAX in all. Otherwise @p at_part is the number of the part that was being looked at, or
 * BUNDLE_PARTS_MAX for the header, and @p bundle must not be used.
 */
enum bundle_error bundle_parse(const void *bytes, size_t length, uint32_t bundle_size,
			       struct bundle *bundle, unsigned *at_part)
{
	*at_part = BUNDLE_PARTS_MAX;

	enum bundle_error error = parse_header(bytes, length, bundle_size, bundle);

	const uint8_t *row = (const uint8_t *)bytes + BUNDLE_HEADER_SIZE;

	if (error == BUNDLE_OK)
		error = parse_vms(row, bundle);
	if (error != BUNDLE_OK)
		return error;

	row += bundle->vm_count * BUNDLE_VM_SIZE;
	for (unsigned i = 0; i < bundle->part_count; i++, row += BUNDLE_PART_SIZE) {
		*at_part = i;
		error = parse_part(row, bundle, &bundle->part[i]);
		if (error == BUNDLE_OK)
			error = check_against_others(bundle, i);
		if (error != BUNDLE_OK)
			return error;
	}

	*at_part = BUNDLE_PARTS_MAX;
	return check_whole(bundle);
}

/** What @p error means, for a message that starts with "bundle: ". */
const char *bundle_error_text(enum bundle_error error)
{
	return error_texts[(unsigned)error < BUNDLE_ERROR_COUNT ? error : BUNDLE_BAD_HEADER];
}

/** The first part of @p kind that belongs to @p vm, or NULL. */
const struct bundle_part *bundle_find(const struct bundle *bundle, uint32_t vm,
				      enum bundle_kind kind)
{
	for (unsigned i = 0; i < bundle->part_count; i++)
		if (bundle->part[i].kind == kind && bundle->part[i].vm == vm)
			return &bundle->part[i];
	return NULL;
}

/** The RAM disk of that name, or NULL. */
const struct bundle_part *bundle_find_disk(const struct bundle *bundle, const char *name)
{
	for (unsigned i = 0; i < bundle->part_count; i++)
		if (bundle->part[i].kind == BUNDLE_DISK && !strcmp(bundle->part[i].name, name))
			return &bundle->part[i];
	return NULL;
}

/** Compares @p bytes, all of @p part, with its checksum; leaves the one found in @p crc. */
bool bundle_check_part(const struct bundle_part *part, const void *bytes, uint32_t *crc)
{
	*crc = crc32(0, bytes, part->size);
	return *crc == part->crc;
}
