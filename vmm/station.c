/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/station.h"

#include "vmm/lib/bits.h"
#include "vmm/lib/check.h"
#include "vmm/lib/copy.h"
#include "vmm/lib/heap.h"
#include "vmm/lib/log.h"
#include "vmm/lib/preempt.h"
#include "vmm/lib/string.h"
#include "vmm/run.h"
#include "vmm/timer.h"
#include "vmm/vm.h"

/* What the station may use of the CPU, whatever comes for it: as the board's Ethernet. */
#define TICKS_PER_MS (CLOCK_HZ / 1000u)
#define BUDGET       (4u * TICKS_PER_MS)
#define PERIOD       (10u * TICKS_PER_MS)

#define ETHERTYPE  0x88b5u /* IEEE 802, local experimental 1 */
#define TYPE_AT    12u
#define LENGTH_MAX 1500u /* in place of a type: that of a frame of IEEE 802.3 */
#define SNAP_SIZE  8u

/** Of IEEE 802.2: SNAP in both service access points, unnumbered information, a type of Ethernet's. */
static const uint8_t snap_header[SNAP_SIZE] = {
	0xaa, 0xaa, 3, 0, 0, 0, ETHERTYPE >> 8, ETHERTYPE & 0xff
};

/** Frames that wait for the thread: VMs cannot take the room of the wire, nor the other way. */
#define FROM_WIRE 4u
#define FROM_VMS  2u

struct slot {
	uint32_t length;
	uint32_t bytes[FRAME_WIRE_MAX / 4 +
		       1]; /* two behind the beginning, so that payload is aligned */
};

struct queue {
	struct slot *slot;
	unsigned size;
	unsigned first, count;
};

static struct {
	struct port port;
	struct port *uplink;
	struct vm *thread; /* has no guest: it is never on */
	bool is_woken;
	bool uses_snap;
	const struct station_protocol *protocol;
	struct queue from_wire, from_vms;
	uint32_t out[FRAME_WIRE_MAX / 4 + 1];
	uint32_t work[FRAME_WORK / 4];
	uint32_t posed; /* frames of VMs for the protocol */
} station;

/* ---- the port -------------------------------------------------------------------------------- */

static uint8_t *slot_bytes(struct slot *slot)
{
	return (uint8_t *)slot->bytes + 2;
}

static void wake(void)
{
	station.is_woken = true;
	run_set_ready(station.thread, true);
}

/** Takes a frame into its queue: one piece, as the port is plain. */
static enum port_result station_deliver(struct port *port, struct frame *frame)
{
	struct queue *const queue = frame->from_wire ? &station.from_wire : &station.from_vms;
	struct slot *slot;

	if (frame->length > FRAME_WIRE_MAX || frame->head_length != frame->length)
		return PORT_DOWN;
	if (queue->count == queue->size)
		return PORT_LATER;
	slot = &queue->slot[(queue->first + queue->count) % queue->size];
	copy_bytes(slot_bytes(slot), frame->head, frame->length);
	slot->length = frame->length;
	queue->count++;
	wake();
	return PORT_TAKEN;
}

/** The uplink has room. */
static void station_resume(struct port *port)
{
	wake();
}

static const struct port_ops ops = { .deliver = station_deliver, .resume = station_resume };

/* ---- the protocol of the VMM's own ------------------------------------------------------------- */

/** Where its payload begins, or 0: the frame is another one's. @p length becomes that of the payload. */
static uint32_t find_payload(const uint8_t *bytes, uint32_t *length)
{
	const uint32_t type = get_be16(bytes + TYPE_AT);

	if (type == ETHERTYPE) {
		*length -= FRAME_HEADER;
		return FRAME_HEADER;
	}
	if (type > LENGTH_MAX || type < SNAP_SIZE || type > *length - FRAME_HEADER ||
	    memcmp(bytes + FRAME_HEADER, snap_header, SNAP_SIZE) != 0)
		return 0;
	*length = type - SNAP_SIZE;
	return FRAME_HEADER + SNAP_SIZE;
}

/* ---- the thread ------------------------------------------------------------------------------- */

static void take(struct slot *slot, bool is_from_wire)
{
	const uint8_t *const bytes = slot_bytes(slot);
	uint32_t length = slot->length;
	const uint32_t payload = find_payload(bytes, &length);

	if (payload && !is_from_wire)
		station.posed++;
	else if (payload && station.protocol)
		station.protocol->receive(bytes, bytes + payload, length);
}

/** Handles the frames that wait, and lets those come that find no room. */
static void empty(struct queue *queue, bool is_from_wire)
{
	while (queue->count) {
		take(&queue->slot[queue->first], is_from_wire);
		queue->first = (queue->first + 1) % queue->size;
		queue->count--;
		switch_port_ready(&station.port);
		preempt_point();
	}
}

/** The thread's deadline: all the board knows of time is models'. */
static void time_is_up(struct device *dev)
{
	wake();
}

static void no_reset(struct device *dev)
{
}

static const struct device_ops deadline_ops = {
	.name = "station",
	.reset = no_reset,
	.deadline = time_is_up,
};

static void thread_main(void)
{
	struct device *const deadline = &run_vm->device[0];
	const struct clock *const clock = &run_vm->clock;

	for (;;) {
		uint64_t until = CLOCK_NEVER;

		station.is_woken = false;
		empty(&station.from_wire, true);
		empty(&station.from_vms, false);
		if (station.protocol)
			until = station.protocol->run(timer_now());
		if (station.is_woken)
			continue;
		clock->set_deadline(clock, deadline, until);
		run_set_ready(station.thread, false);
		run_others();
	}
}

static void thread_make(int priority)
{
	struct vm_room *const room = heap_alloc(sizeof(*room));
	struct vm *const thread = &room->vm;

	station.thread = thread;
	memcpy(thread->name, "station", sizeof("station"));
	thread->sched =
		(struct sched_entity){ .priority = priority, .budget = BUDGET, .period = PERIOD };
	timer_clock_init(&thread->clock);
	thread->device[0] = (struct device){ .ops = &deadline_ops, .clock = &thread->clock };
	thread->device_count = 1;
	timer_connect(thread);
	timer_add(thread);
	run_add(thread, thread_main);
}

/* ---- what others call ------------------------------------------------------------------------- */

static void queue_make(struct queue *queue, unsigned size)
{
	queue->slot = heap_alloc(size * sizeof(*queue->slot));
	queue->size = size;
}

/** Makes the station that the description asks for, if it does, before there are ports of VMs. */
enum status station_make(const struct station_config *config, struct vswitch *network,
			 struct port *uplink, int priority)
{
	if (!config->wanted)
		return STATUS_OK;
	station.port = (struct port){ .ops = &ops, .name = "station", .plain = true };
	memcpy(station.port.address, config->mac, MAC_LENGTH);
	station.uplink = uplink;
	station.uses_snap = config->snap;
	queue_make(&station.from_wire, FROM_WIRE);
	queue_make(&station.from_vms, FROM_VMS);
	thread_make(priority);
	return switch_attach(network, &station.port);
}

/** Another description is in force, with the same station. */
void station_configured(int priority)
{
	if (station.thread)
		station.thread->sched.priority = priority;
}

bool station_is_there(void)
{
	return station.thread != NULL;
}

/** Its MAC address. */
const uint8_t *station_address(void)
{
	return station.port.address;
}

/** From now on what comes for it is @p protocol's; before anything runs. */
void station_set_protocol(const struct station_protocol *protocol)
{
	CHECK(station.thread && !station.protocol);
	station.protocol = protocol;
}

/** The protocol's run() is to be called soon. From anywhere. */
void station_wake(void)
{
	wake();
}

/**
 * Sends a payload of the protocol's to a station on the wire, in one frame. False: the uplink has no
 * room; run() is called when it has. What cannot be sent at all, as the cable is out, is lost, and
 * that is true, too. Only on the station's thread.
 */
bool station_send(const uint8_t destination[MAC_LENGTH], const void *payload, uint32_t length)
{
	uint8_t *const bytes = (uint8_t *)station.out;
	uint32_t at = FRAME_HEADER;

	CHECK(length <= STATION_PAYLOAD_MAX);
	memcpy(bytes, destination, MAC_LENGTH);
	memcpy(bytes + MAC_LENGTH, station.port.address, MAC_LENGTH);
	put_be16(bytes + TYPE_AT, station.uses_snap ? SNAP_SIZE + length : ETHERTYPE);
	if (station.uses_snap) {
		memcpy(bytes + at, snap_header, SNAP_SIZE);
		at += SNAP_SIZE;
	}
	copy_bytes(bytes + at, payload, length);

	struct frame frame = { .length = at + length,
			       .head = bytes,
			       .head_length = at + length,
			       .work = station.work };

	frame_restart(&frame);
	return switch_send_to(&station.port, station.uplink, &frame, true);
}
