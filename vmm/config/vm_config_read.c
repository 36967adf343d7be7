// SPDX-License-Identifier: Apache-2.0
#include "arch/arm/mmu.h"
#include "vmm/lib/log.h"
#include "vmm/config/vm_config.h"

/** What the VMM is to do, by the bundle's description; without one, as with the image for one VM. */
enum status config_read(const struct bundle *bundle, const struct boot_info *info,
			struct system_config *config)
{
	const struct bundle_part *const part = bundle_find(bundle, BUNDLE_NO_VM, BUNDLE_CONFIG);
	struct config_error error;

	if (!part && bundle->vm_count == 1) {
		config_make_one(bundle, info, config);
		return STATUS_OK;
	}
	if (!part) {
		log_error("hako: %u VMs without a description; bundle them with --vms\n",
			  bundle->vm_count);
		return STATUS_BAD_CONFIG;
	}
	if (config_parse(mmu_bundle_window(hpa(info->bundle.raw + part->offset), part->size),
			 part->size, bundle, config, &error))
		return STATUS_OK;
	log_error("hako: description: %s: %s%s%s\n", error.node, error.property,
		  error.property[0] ? ": " : "", error.text);
	return STATUS_BAD_CONFIG;
}
