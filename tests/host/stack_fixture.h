/* SPDX-License-Identifier: Apache-2.0 */
/* The one stack there is, with what it sends and hands over; and a host that speaks to it. */
#ifndef TESTS_HOST_STACK_FIXTURE_H
#define TESTS_HOST_STACK_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/stack/stack.h"
#include "tests/host/inet_checksum.h"

#define STACK_SENT_MAX 16u

extern const uint8_t stack_station_mac[6], stack_station_ip[4], stack_host_mac[6], stack_host_ip[4];
extern uint64_t stack_now;

/* Frames that were sent: the first ones, and how many in all. */
extern uint8_t stack_sent[STACK_SENT_MAX][STACK_FRAME_MAX];
extern uint32_t stack_sent_length[STACK_SENT_MAX];
extern unsigned stack_sent_count;
/* What was handed over of the other protocol. */
extern uint8_t stack_received[STACK_FRAME_MAX];
extern uint32_t stack_received_length;
extern unsigned stack_received_count;
/** What the stack sent when it began. */
extern unsigned stack_sent_first;

/** Begins, the first time; afterwards lets it forget what it has learned. */
void stack_fixture_start(void);
/** A frame has come. What is behind its end must not be read. */
void stack_come(const uint8_t *frame, uint32_t length, bool from_wire);
/** ARP of the host: 1 asks for the station, 2 answers it. */
void stack_come_arp(unsigned operation, bool to_all);
/** A ping of the host with @p size bytes; its checksum is off by @p wrong. */
void stack_come_echo(uint32_t size, uint32_t wrong);

#endif
