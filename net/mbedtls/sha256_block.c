// SPDX-License-Identifier: Apache-2.0
/*
 * The part of mbedTLS's SHA-256 that takes long, which it lets others supply (MBEDTLS_SHA256_PROCESS_ALT):
 * the VMM's own, which has preempt points. It is in the image anyway, for random numbers.
 */
#include "vmm/lib/sha256.h"

#include <mbedtls/sha256.h>

/* The names of mbedTLS 2 and 3. */
#ifndef MBEDTLS_PRIVATE
#define MBEDTLS_PRIVATE(member) member
#endif

int mbedtls_internal_sha256_process(mbedtls_sha256_context *context,
				    const unsigned char block[SHA256_BLOCK])
{
	sha256_block(context->MBEDTLS_PRIVATE(state), block);
	return 0;
}
