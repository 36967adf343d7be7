/* SPDX-License-Identifier: Apache-2.0 */
/* The Internet checksum (RFC 1071), byte by byte: what the tests hold net/offload.c against. */
#ifndef TESTS_HOST_INET_CHECKSUM_H
#define TESTS_HOST_INET_CHECKSUM_H

#include <stdint.h>

/** Goes on from @p sum; 0 if @p bytes contain their own, right checksum. */
static inline uint32_t inet_checksum(const uint8_t *bytes, uint32_t length, uint32_t sum)
{
	for (uint32_t n = 0; n < length; n++)
		sum += n & 1u ? bytes[n] : (uint32_t)bytes[n] << 8;
	while (sum >> 16)
		sum = (sum & 0xffffu) + (sum >> 16);
	return sum ^ 0xffffu;
}

/** The sum of TCP's pseudo header: addresses of the IPv4 header at @p ip; @p length from TCP on. */
static inline uint32_t tcp_pseudo_sum(const uint8_t *ip, uint32_t length)
{
	return inet_checksum(ip + 12, 8, 6 + length) ^ 0xffffu;
}

#endif
