// SPDX-License-Identifier: Apache-2.0
#include "devemu/inert.h"
#include "devemu/pl031.h"
#include "devemu/sp804.h"
#include "vmm/lib/bits.h"
#include "vmm/config/vm_config.h"

/** Models that a description may put anywhere (docs/vm-config.md); what they need, vm_extras.c gives. */
const struct vm_model vm_models[] = {
	/* clang-format off */
	/* name     model        parameters  size */
	{ "inert",  &inert_ops,  0,          4 * KIB },
	{ "pl031",  &pl031_ops,  0,          4 * KIB },
	{ "sp804",  &sp804_ops,  0,          4 * KIB },
	/* clang-format on */
};
const unsigned vm_model_count = ARRAY_SIZE(vm_models);
