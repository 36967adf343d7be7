/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The board's Ethernet as a port of a switch: open, as stations are learned behind it, and plain,
 * as a wire carries neither large frames nor such without checksum.
 *
 * The board's interrupt calls uplink_interrupt(), which is short. uplink_run() takes frames out of
 * the chip and sends them on their way, with preempt points; the owner's request() asks for it to be
 * called soon, on a thread of its own, which has a priority and a budget.
 */
#ifndef NET_UPLINK_H
#define NET_UPLINK_H

#include "board/nic.h"
#include "net/switch.h"

struct uplink {
	struct port port;
	const struct nic_driver *nic;
	void (*request)(struct uplink *uplink);
	uint8_t address[NIC_ADDRESS]; /* of the chip */
	uint32_t bytes[NIC_FRAME_MAX / 4 + 1];
	uint32_t work[FRAME_WORK / 4];
};

void uplink_init(struct uplink *uplink, const char *name, const struct nic_driver *nic,
		 void (*request)(struct uplink *uplink));
enum status uplink_start(struct uplink *uplink, volatile uint32_t *regs) MUST_CHECK;
void uplink_interrupt(struct uplink *uplink);
void uplink_run(struct uplink *uplink);

#endif
