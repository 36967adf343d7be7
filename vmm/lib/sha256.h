/* SPDX-License-Identifier: Apache-2.0 */
/* The hash function SHA-256 of FIPS 180-4. */
#ifndef VMM_LIB_SHA256_H
#define VMM_LIB_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32u
#define SHA256_BLOCK 64u

void sha256_block(uint32_t hash[8], const uint8_t *block);
void sha256(const void *data, size_t length, uint8_t digest[SHA256_BYTES]);

#endif
