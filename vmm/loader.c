/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/loader.h"

#include "arch/arm/cache.h"
#include "arch/arm/layout.h"
#include "arch/arm/mmu.h"
#include "vcpu/guest_abi.h"
#include "vcpu/pv.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/check.h"
#include "vmm/lib/heap.h"
#include "vmm/lib/log.h"
#include "vmm/lib/preempt.h"
#include "vmm/lib/string.h"

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

/** Entries of the proxy table that are in use: it has holes (docs/guest-abi.md). */
unsigned loader_proxy_count(const struct bundle *bundle, const struct boot_info *info, uint32_t vm)
{
	unsigned count, used = 0;
	const uint32_t *const words = proxy_words(bundle, info, vm, &count);

	for (unsigned i = 0; i < count; i++)
		used += words[i] != 0;
	return used;
}

/**
 * Decodes the guest's proxy table, on the heap. It has a power of two of entries, so that an index
 * which is not in it is found by a mask (vcpu_reset()), and room for what pv_dacr_proxies() adds.
 */
struct proxy *loader_make_proxies(const struct bundle *bundle, const struct boot_info *info,
				  uint32_t vm, unsigned *size)
{
	unsigned count;
	const uint32_t *const words = proxy_words(bundle, info, vm, &count);
	struct proxy *table;

	*size = PROXY_TABLE_MIN;
	while (*size < count)
		*size *= 2;
	table = heap_alloc(*size * sizeof(*table));
	proxy_table_make(table, *size, words, count);
	return table;
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
	if (pv_info_ok(pv, bundle->vm[vm].memory))
		return STATUS_OK;
	log_error("hako: the guest's paravirtual code does not fit this VMM (version %u, here %u); "
		  "rewrite and bundle it again\n",
		  (unsigned)pv->version, PV_INFO_VERSION);
	return STATUS_BAD_IMAGE;
}

/** Copies or clears up to the end of a page of guest RAM; @p from NULL means zeros. */
static uint32_t fill_page(const struct vm_mem *mem, uint32_t at, hpa_t from, uint32_t left,
			  bool zero)
{
	const uint32_t in_page = at & (PAGE_SIZE - 1);
	const uint32_t length = left < PAGE_SIZE - in_page ? left : PAGE_SIZE - in_page;
	const struct mem_region *region = vm_mem_find(mem, gpa(at));
	uint8_t *page;

	CHECK(region && region->kind == MEM_RAM);
	page = mmu_guest_window(mem_region_hpa(region, gpa(at - in_page)));
	if (zero)
		memset(page + in_page, 0, length);
	else
		memcpy(page + in_page, mmu_bundle_window(from, length), length);
	return length;
}

/**
 * Places every part of the guest in its RAM. The windows are uncached, so what is written is in
 * memory; the caches are emptied first, because lines of an earlier run must not be written over it
 * later, nor be found by the new one.
 */
void loader_load(const struct bundle *bundle, const struct boot_info *info, uint32_t vm,
		 const struct vm_mem *mem)
{
	cache_flush_all();
	for (unsigned i = 0; i < bundle->part_count; i++) {
		const struct bundle_part *part = &bundle->part[i];
		uint32_t done = 0;

		if (part->vm != vm || (part->kind != BUNDLE_GUEST && part->kind != BUNDLE_DTB &&
				       part->kind != BUNDLE_INITRD))
			continue;
		while (done < part->size) {
			done += fill_page(mem, part->gpa.raw + done,
					  hpa(part_hpa(info, part).raw + done), part->size - done,
					  false);
			preempt_point();
		}
		while (done < part->memory_size) {
			done += fill_page(mem, part->gpa.raw + done, hpa(0),
					  part->memory_size - done, true);
			preempt_point();
		}
	}
}
