/* SPDX-License-Identifier: Apache-2.0 */
/* What the bundle says about a VM's guest: its name and kind, its proxies, its paravirtual code. */
#include "arch/arm/mmu.h"
#include "board/board.h"
#include "vcpu/guest_abi.h"
#include "vcpu/pv.h"
#include "vmm/lib/check.h"
#include "vmm/lib/heap.h"
#include "vmm/lib/log.h"
#include "vmm/lib/string.h"
#include "vmm/start/loader.h"

#define PAGE_SIZE 4096u

static hpa_t part_hpa(const struct boot_info *info, const struct bundle_part *part)
{
	return hpa(info->bundle.raw + part->offset);
}

/**
 * Copies the value of the line "@p key=..." of the bundle's information, printable characters only;
 * false if there is none.
 */
static bool info_value(const struct bundle *bundle, const struct boot_info *info, uint32_t vm,
		       const char *key, char value[BUNDLE_NAME_SIZE])
{
	const struct bundle_part *part = bundle_find(bundle, vm, BUNDLE_INFO);
	const size_t key_length = strlen(key);
	const char *text, *end;
	unsigned length = 0;

	if (!part || part->size > PAGE_SIZE)
		return false;
	text = mmu_bundle_window(part_hpa(info, part), part->size);
	end = text + part->size;
	while (text < end) {
		const char *line_end = memchr(text, '\n', (size_t)(end - text));

		if (!line_end)
			line_end = end;
		if ((size_t)(line_end - text) > key_length && text[key_length] == '=' &&
		    memcmp(text, key, key_length) == 0) {
			for (text += key_length + 1;
			     text < line_end && length < BUNDLE_NAME_SIZE - 1; text++)
				if (*text > ' ' && *text < 0x7f)
					value[length++] = *text;
			value[length] = '\0';
			return length > 0;
		}
		text = line_end + 1;
	}
	return false;
}

/** The VM's name from the bundle's information, or "vm1". */
void loader_vm_name(const struct bundle *bundle, const struct boot_info *info, uint32_t vm,
		    char name[BUNDLE_NAME_SIZE])
{
	if (!info_value(bundle, info, vm, "name", name))
		memcpy(name, "vm1", 4);
}

/** Whether the bundler found a Linux kernel. */
bool loader_is_linux(const struct bundle *bundle, const struct boot_info *info, uint32_t vm)
{
	char kind[BUNDLE_NAME_SIZE];

	return info_value(bundle, info, vm, "kind", kind) && strcmp(kind, "linux") == 0;
}

/** The guest's proxy table, which the bundler and the early boot have checked for size. */
static const uint32_t *proxy_words(const struct bundle *bundle, const struct boot_info *info,
				   uint32_t vm, unsigned *count)
{
	const struct bundle_part *part = bundle_find(bundle, vm, BUNDLE_PROXIES);

	*count = part ? part->size / 4 : 0;
	CHECK(*count <= PROXY_TABLE_MAX);
	return *count ? mmu_bundle_window(part_hpa(info, part), part->size) : 0;
}

/**
 * A table for the guest's proxies, on the heap. It has a power of two of entries, so that an index which is
 * not in it is found by a mask (vcpu_reset()), and room for what pv_dacr_proxies() adds.
 */
struct proxy *loader_make_proxies(const struct bundle *bundle, const struct boot_info *info,
				  uint32_t vm, unsigned *size)
{
	unsigned count;

	proxy_words(bundle, info, vm, &count);
	*size = PROXY_TABLE_MIN;
	while (*size < count)
		*size *= 2;
	return heap_alloc(*size * sizeof(struct proxy));
}

/**
 * Decodes entries @p first up to @p end of that table; returns how many of them are in use: it has holes
 * (docs/guest-abi.md).
 */
unsigned loader_decode(const struct bundle *bundle, const struct boot_info *info, uint32_t vm,
		       struct proxy *table, unsigned first, unsigned end)
{
	unsigned count, used = 0;
	const uint32_t *const words = proxy_words(bundle, info, vm, &count);
	const unsigned known = count < end ? count : end;

	if (known > first)
		proxy_table_make(table + first, end - first, words + first, known - first);
	else
		proxy_table_make(table + first, end - first, 0, 0);
	for (unsigned i = first; i < known; i++)
		used += words[i] != 0;
	return used;
}

/**
 * What the bundle says about paravirtual code in the guest: all zeros if there is none. A guest that
 * was rewritten for another VMM cannot run: its stubs lead to what this one does not have.
 */
enum status loader_pv_info(const struct bundle *bundle, const struct boot_info *info, uint32_t vm,
			   struct pv_info *pv)
{
	const struct bundle_part *part = bundle_find(bundle, vm, BUNDLE_PV);

	memset(pv, 0, sizeof(*pv));
	if (!part)
		return STATUS_OK;
	CHECK(part->size == sizeof(*pv));
	memcpy(pv, mmu_bundle_window(part_hpa(info, part), part->size), sizeof(*pv));
	if (pv_info_ok(pv, bundle->vm[vm].memory)) {
		pv->code_gpa += board.ram.base.raw;
		pv->linear_offset -= board.ram.base.raw;
		return STATUS_OK;
	}
	log_error("hako: the guest's paravirtual code does not fit this VMM (version %u, here %u); "
		  "rewrite and bundle it again\n",
		  (unsigned)pv->version, PV_INFO_VERSION);
	return STATUS_BAD_IMAGE;
}
