// SPDX-License-Identifier: Apache-2.0
#include "vmm/lib/log.h"
#include "vmm/config/vm_config.h"

/** What the VMM is to do, in the image for one VM: there is nothing to read. */
enum status config_read(const struct bundle *bundle, const struct boot_info *info,
			struct system_config *config)
{
	if (bundle->vm_count != 1 || bundle_find(bundle, BUNDLE_NO_VM, BUNDLE_CONFIG)) {
		log_error(
			"hako: this VMM runs one VM, without a description; bundle with the one in "
			"build/%s-vms\n",
			board.name);
		return STATUS_BAD_CONFIG;
	}
	config_make_one(bundle, info, config);
	return STATUS_OK;
}
