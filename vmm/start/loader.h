/* SPDX-License-Identifier: Apache-2.0 */
/* From the bundle into a VM: its RAM, its proxies, its name. */
#ifndef VMM_START_LOADER_H
#define VMM_START_LOADER_H

#include "domain/vm_mem.h"
#include "vcpu/proxy.h"
#include "vcpu/pv_abi.h"
#include "vmm/start/boot_info.h"
#include "vmm/start/bundle.h"
#include "vmm/lib/status.h"

#include <stdbool.h>

/* @p vm is a VM's row in the bundle's table. */
void loader_vm_name(const struct bundle *bundle, const struct boot_info *info, uint32_t vm,
		    char name[BUNDLE_NAME_SIZE]);
bool loader_is_linux(const struct bundle *bundle, const struct boot_info *info, uint32_t vm);
enum status loader_pv_info(const struct bundle *bundle, const struct boot_info *info, uint32_t vm,
			   struct pv_info *pv) MUST_CHECK;
struct proxy *loader_make_proxies(const struct bundle *bundle, const struct boot_info *info,
				  uint32_t vm, unsigned *size);
unsigned loader_decode(const struct bundle *bundle, const struct boot_info *info, uint32_t vm,
		       struct proxy *table, unsigned first, unsigned end);
void loader_load(const struct bundle *bundle, const struct boot_info *info, uint32_t vm,
		 const struct vm_mem *mem);

#endif
