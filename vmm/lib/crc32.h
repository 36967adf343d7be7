/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRC-32 as in Ethernet, zlib and PNG: reflected polynomial 0xedb88320, start and final value
 * 0xffffffff. Pieces can be chained: crc32(crc32(0, a), b) is that of a followed by b.
 * Position independent: also used before the image has been moved.
 */
#ifndef VMM_LIB_CRC32_H
#define VMM_LIB_CRC32_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32(uint32_t crc, const void *data, size_t length);

#endif
