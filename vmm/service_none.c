/* SPDX-License-Identifier: Apache-2.0 */
/* The image for one VM, which has the board's own devices. */
#include "vmm/service.h"

enum status service_make(struct system_config *config, const struct boot_info *info,
			 struct bundle *bundle)
{
	return STATUS_OK;
}

enum status service_start(void)
{
	return STATUS_OK;
}

bool service_settle(struct vm *waits)
{
	return true;
}

bool service_interrupt(unsigned irq)
{
	return false;
}
