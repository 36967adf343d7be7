/* SPDX-License-Identifier: Apache-2.0 */
/* From the bundle into a VM: its RAM, its proxies, its name. */
#ifndef VMM_LOADER_H
#define VMM_LOADER_H

#include "domain/vm_mem.h"
#include "vcpu/proxy.h"
#include "vcpu/pv_abi.h"
#include "vmm/boot_info.h"
#include "vmm/bundle.h"
#include "vmm/lib/status.h"

#include <stdbool.h>

void loader_vm_name(const struct bundle *bundle, const struct boot_info *info,
		    char name[BUNDLE_NAME_SIZE]);
bool loader_is_linux(const struct bundle *bundle, const struct boot_info *info);
unsigned loader_proxy_count(const struct bundle *bundle, const struct boot_info *info);
enum status loader_pv_info(const struct bundle *bundle, const struct boot_info *info,
			   struct pv_info *pv) MUST_CHECK;
void loader_make_proxies(const struct bundle *bundle, const struct boot_info *info,
			 struct proxy *table);
void loader_load(const struct bundle *bundle, const struct boot_info *info,
		 const struct vm_mem *mem);

#endif
