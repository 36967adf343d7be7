/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The short way of the station's protocol to the wire and back. It is between the uplink and the
 * chip's driver: a frame of the protocol's for the station is handled on the uplink's thread where the
 * chip's bytes were put, and one of its own goes to the chip at once, from any thread. Neither passes
 * the switch, so no VM's frame can come this way, and none of these reaches a VM.
 */
#ifndef VMM_REMOTE_STATION_WIRE_H
#define VMM_REMOTE_STATION_WIRE_H

#include "vmm/remote/station.h"

struct vm;

void station_wire_init(struct port *station, struct uplink *uplink, bool snap);
void station_wire_connect(struct vm *thread, struct device *deadline);

#endif
