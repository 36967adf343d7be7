/* SPDX-License-Identifier: Apache-2.0 */
/* The modes' names, for reports (ARM ARM, A2.2). */
#ifndef ARCH_ARM_MODE_NAME_H
#define ARCH_ARM_MODE_NAME_H

#include "arch/arm/psr.h"

#include <stdint.h>

/** The name of the mode in @p psr; "?" if there is none with its number. */
static inline const char *arm_mode_name(uint32_t psr)
{
	static const char *const names[PSR_MODE_MASK + 1] = {
		[PSR_MODE_USR] = "usr", [PSR_MODE_FIQ] = "fiq", [PSR_MODE_IRQ] = "irq",
		[PSR_MODE_SVC] = "svc", [PSR_MODE_ABT] = "abt", [PSR_MODE_UND] = "und",
		[PSR_MODE_SYS] = "sys",
	};
	const char *const name = names[psr & PSR_MODE_MASK];

	return name ? name : "?";
}

#endif
