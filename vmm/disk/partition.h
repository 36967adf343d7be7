/* SPDX-License-Identifier: Apache-2.0 */
/* The partition table in the first sector of a disk, the Master Boot Record. Pure functions. */
#ifndef VMM_DISK_PARTITION_H
#define VMM_DISK_PARTITION_H

#include <stdint.h>

#define PARTITIONS 4u /* numbers begin with 1 */

struct partition {
	uint32_t first; /* sectors */
	uint32_t count;
};

const char *partition_find(const uint8_t table[512], unsigned number, uint64_t sectors,
			   struct partition *partition);

#endif
