/* SPDX-License-Identifier: Apache-2.0 */
/* Results of operations that can fail for reasons outside the VMM's control. */
#ifndef VMM_LIB_STATUS_H
#define VMM_LIB_STATUS_H

enum status {
	STATUS_OK = 0,
	STATUS_NO_MEMORY,
	STATUS_BAD_CONFIG,
	STATUS_BAD_IMAGE,
	STATUS_OVERLAP,
	STATUS_NOT_FOUND,
};

#define MUST_CHECK __attribute__((warn_unused_result))

const char *status_name(enum status status);

#endif
