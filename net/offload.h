/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a guest leaves to its network device, done in software for a port that cannot take it: the
 * checksum of TCP and UDP, and cutting one large TCP frame into those that a wire carries (TSO).
 * Between VMs none of it is done: the receiver is told that the checksum is to come and that the
 * frame stands for several.
 *
 * Pure functions of bytes. offload_check() looks at what a guest asks for; offload_next() is called
 * until offload_is_done().
 */
#ifndef NET_OFFLOAD_H
#define NET_OFFLOAD_H

#include "net/frame.h"

bool offload_check(const uint8_t *head, uint32_t head_length, uint32_t length,
		   struct frame_offload *offload);
uint32_t offload_next(struct frame *frame, uint8_t *to);
bool offload_is_done(const struct frame *frame);
void offload_divide(const struct frame *frame, uint8_t *to, uint32_t cut, uint32_t length);
uint16_t offload_sum(const uint8_t *bytes, uint32_t length, uint32_t sum);

#endif
