/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of mbedTLS is built (scripts/netstack.mk): SHA-256, with no heap, file, clock or entropy. A block
 * of it is computed by net/mbedtls/sha256_block.c, which lets others in.
 */
#ifndef NET_MBEDTLS_MBEDTLS_CONFIG_H
#define NET_MBEDTLS_MBEDTLS_CONFIG_H

#define MBEDTLS_SHA256_C
#define MBEDTLS_SHA256_PROCESS_ALT
#define MBEDTLS_PLATFORM_NO_STD_FUNCTIONS

#endif
