/* SPDX-License-Identifier: Apache-2.0 */
/* What of mbedTLS is built (scripts/netstack.mk): SHA-256, with no heap, file, clock or entropy. */
#ifndef NET_MBEDTLS_MBEDTLS_CONFIG_H
#define NET_MBEDTLS_MBEDTLS_CONFIG_H

#define MBEDTLS_SHA256_C
#define MBEDTLS_SHA256_SMALLER
#define MBEDTLS_PLATFORM_NO_STD_FUNCTIONS

#endif
