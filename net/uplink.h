/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The board's Ethernet as a port of a switch: open, as stations are learned behind it, and plain,
 * as a wire carries neither large frames nor such without checksum.
 *
 * The board's interrupt calls uplink_interrupt(), which is short: it takes one frame out of the
 * chip, into a ring. uplink_run() sends what is in the ring on its way, with preempt points; the
 * owner's request() asks for it to be called soon.
 */
#ifndef NET_UPLINK_H
#define NET_UPLINK_H

#include "board/nic.h"
#include "net/switch.h"

#define UPLINK_RING 8u /* frames */

struct uplink {
	struct port port;
	const struct nic_driver *nic;
	void (*request)(struct uplink *uplink);
	uint8_t address[NIC_ADDRESS]; /* of the chip */
	bool is_running;
	unsigned first, count;
	uint32_t lost; /* frames for which the ring had no room */
	struct {
		uint32_t length;
		uint32_t bytes[NIC_FRAME_MAX / 4 + 1];
	} ring[UPLINK_RING];
	uint32_t work[FRAME_WORK / 4];
};

void uplink_init(struct uplink *uplink, const char *name, const struct nic_driver *nic,
		 void (*request)(struct uplink *uplink));
enum status uplink_start(struct uplink *uplink, volatile uint32_t *regs) MUST_CHECK;
void uplink_interrupt(struct uplink *uplink);
void uplink_run(struct uplink *uplink);

#endif
