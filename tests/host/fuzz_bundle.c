/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzer: a correct bundle header with words replaced, its checksum made right, parsed from a
 * buffer of exactly its size. Whatever is accepted must keep what bundle_parse() promises.
 */
#include "tests/host/bundle_maker.h"
#include "tests/host/fuzz.h"
#include "vmm/start/bundle.h"

#include <stdlib.h>
#include <string.h>

/** One change: the word at index * 4 becomes value. */
struct change {
	uint16_t index;
	uint8_t operation;
	uint8_t unused;
	uint32_t value;
};

static bool uses_guest_memory(enum bundle_kind kind)
{
	return kind == BUNDLE_GUEST || kind == BUNDLE_DTB || kind == BUNDLE_INITRD;
}

static void check_overlap(const struct bundle *bundle, unsigned index)
{
	const struct bundle_part *const a = &bundle->part[index];

	for (unsigned j = 0; j < index; j++) {
		const struct bundle_part *const b = &bundle->part[j];

		REQUIRE(a->vm != b->vm || !b->memory_size ||
			a->gpa.raw >= b->gpa.raw + b->memory_size ||
			b->gpa.raw >= a->gpa.raw + a->memory_size);
	}
}

static void check(const struct bundle *bundle, uint32_t total_size)
{
	uint32_t end = BUNDLE_HEADER_SIZE + bundle->vm_count * BUNDLE_VM_SIZE +
		       bundle->part_count * BUNDLE_PART_SIZE;
	unsigned entry_in[BUNDLE_VMS_MAX] = { 0 };
	uint64_t memory = 0;

	REQUIRE(bundle->total_size == total_size);
	REQUIRE(bundle->vm_count <= BUNDLE_VMS_MAX);
	REQUIRE(bundle->vm_count || bundle_find(bundle, BUNDLE_NO_VM, BUNDLE_CONFIG));
	REQUIRE(bundle->part_count <= BUNDLE_PARTS_MAX);
	for (unsigned i = 0; i < bundle->vm_count; i++) {
		REQUIRE(bundle->vm[i].memory);
		memory += bundle->vm[i].memory;
	}
	for (unsigned i = 0; i < bundle->part_count; i++) {
		const struct bundle_part *const a = &bundle->part[i];

		REQUIRE(memchr(a->name, 0, BUNDLE_NAME_SIZE));
		if (a->kind != BUNDLE_VMM) {
			/* The parts fill the bundle, but for less than BUNDLE_ALIGN before each. */
			REQUIRE(a->offset % BUNDLE_ALIGN == 0);
			REQUIRE(a->offset >= end && a->offset - end < BUNDLE_ALIGN);
			REQUIRE((uint64_t)a->offset + a->size <= bundle->total_size);
			end = a->offset + a->size;
		}
		REQUIRE(a->vm < bundle->vm_count || a->vm == BUNDLE_NO_VM);
		if (a->kind == BUNDLE_DISK) {
			REQUIRE(a->vm == BUNDLE_NO_VM && a->memory_size >= a->size);
			memory += a->memory_size;
		} else if (uses_guest_memory(a->kind)) {
			const struct bundle_vm *const vm = &bundle->vm[a->vm];

			REQUIRE(a->memory_size >= a->size);
			REQUIRE((uint64_t)a->gpa.raw + a->memory_size <= vm->memory);
			entry_in[a->vm] += a->kind == BUNDLE_GUEST && vm->entry.raw >= a->gpa.raw &&
					   vm->entry.raw < a->gpa.raw + a->size;
			check_overlap(bundle, i);
		} else {
			REQUIRE(!a->memory_size);
		}
	}
	REQUIRE(bundle->total_size - end < BUNDLE_ALIGN);
	REQUIRE(memory == bundle->memory && memory <= BUNDLE_MEMORY_MAX);
	REQUIRE(bundle_find(bundle, BUNDLE_NO_VM, BUNDLE_VMM));
	for (unsigned i = 0; i < bundle->vm_count; i++) {
		REQUIRE(entry_in[i] == 1);
		REQUIRE(bundle_find(bundle, i, BUNDLE_PROXIES)->size <= 4 * 4096);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct bundle bundle;
	uint8_t made[BUNDLE_TABLE_MAX];
	static void (*const make[])(uint8_t *) = { bundle_make, bundle_make_two, bundle_make_none };
	static const uint32_t made_sizes[] = { MADE_TOTAL_SIZE, TWO_TOTAL_SIZE, NONE_TOTAL_SIZE };
	const unsigned which = size ? data[size - 1] % 3u : 0;
	const uint32_t total_size = made_sizes[which];
	unsigned at_part;

	make[which](made);
	for (; size >= sizeof(struct change); size -= sizeof(struct change)) {
		struct change change;

		memcpy(&change, data, sizeof(change));
		data += sizeof(change);

		uint8_t *const word = made + 4 * (change.index % (BUNDLE_TABLE_MAX / 4));

		switch (change.operation % 3) {
		case 0:
			put_le32(word, change.value);
			break;
		case 1:
			put_le32(word, get_le32(word) + (uint32_t)(int32_t)(int8_t)change.value *
								BUNDLE_ALIGN);
			break;
		default:
			put_le32(word, get_le32(word) ^ 1u << change.value % 32);
			break;
		}
	}
	bundle_seal(made);

	/* No more bytes than the header asks for, so that the sanitizer sees a read behind them. */
	uint32_t length = get_le32(made + BUNDLE_AT_HEADER_SIZE);

	if (length > BUNDLE_TABLE_MAX)
		length = BUNDLE_TABLE_MAX;

	uint8_t *const bytes = malloc(length + 1);

	memcpy(bytes, made, length);
	if (bundle_parse(bytes, length, total_size, &bundle, &at_part) == BUNDLE_OK)
		check(&bundle, total_size);
	free(bytes);
	return 0;
}
