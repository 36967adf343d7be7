/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person can ask the station over UDP: port 7 sends back what it gets (RFC 862), port 34997
 * (0x88B5) says how the station is, as text. Neither answers what was sent to everybody, nor a port
 * that may be such a service itself, so that no two of them talk for ever.
 */
#ifndef NET_STACK_UDP_H
#define NET_STACK_UDP_H

#include <stdint.h>

#define STACK_ECHO_PORT     7u
#define STACK_DESCRIBE_PORT 34997u
#define STACK_TEXT_MAX      512u

void stack_udp_start(uint32_t (*describe)(char *text, uint32_t size));

#endif
