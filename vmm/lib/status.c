// SPDX-License-Identifier: Apache-2.0
#include "vmm/lib/status.h"

#include "vmm/lib/bits.h"

static const char *const names[] = {
	[STATUS_OK] = "no error",
	[STATUS_NO_MEMORY] = "out of memory",
	[STATUS_BAD_CONFIG] = "bad configuration",
	[STATUS_BAD_IMAGE] = "bad image",
	[STATUS_OVERLAP] = "overlapping addresses",
	[STATUS_NOT_FOUND] = "not found",
};

/** The name of @p status for a message. */
const char *status_name(enum status status)
{
	return (unsigned)status < ARRAY_SIZE(names) && names[status] ? names[status] : "unknown";
}
