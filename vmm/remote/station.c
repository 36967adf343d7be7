/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/remote/station.h"

#include "board/board.h"
#include "net/stack/stack.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/check.h"
#include "vmm/lib/copy.h"
#include "vmm/lib/heap.h"
#include "vmm/lib/preempt.h"
#include "vmm/lib/printf.h"
#include "vmm/lib/string.h"
#include "vmm/run.h"
#include "vmm/remote/station_wire.h"
#include "vmm/timer.h"
#include "vmm/vm.h"

/* What the station may use of the CPU, whatever comes for it; the board's Ethernet has its own. */
#define TICKS_PER_MS (CLOCK_HZ / 1000u)
#define BUDGET       (3u * TICKS_PER_MS)
#define PERIOD       (10u * TICKS_PER_MS)

/* For how long a frame of the stack's may wait for the chip. */
#define SEND_WAIT (20u * TICKS_PER_MS)

/** Frames that wait for the thread: VMs cannot take the room of the wire, nor the other way. */
#define FROM_WIRE 4u
#define FROM_VMS  2u
/** Between two frames of VMs. */
#define VMS_PACE (TICKS_PER_MS / 2u)

struct queue {
	struct stack_frame *frame;
	unsigned size;
	unsigned first, count;
};

static struct {
	struct port port;
	struct uplink *uplink;
	struct vm *thread; /* has no guest: it is never on */
	bool is_woken;
	struct station_config config;
	struct queue from_wire, from_vms;
	uint64_t vms_at; /* when the next frame of VMs may be taken */
	uint32_t out[FRAME_WIRE_MAX / 4 + 1];
	uint32_t work[FRAME_WORK / 4];
} station;

/* ---- the port -------------------------------------------------------------------------------- */

static void wake(void)
{
	station.is_woken = true;
	run_set_ready(station.thread, true);
}

/** Takes a frame into its queue: one piece, as the port is plain. */
static enum port_result station_deliver(struct port *port, struct frame *frame)
{
	struct queue *const queue = frame->from_wire ? &station.from_wire : &station.from_vms;
	struct stack_frame *to;

	if (frame->length > FRAME_WIRE_MAX || frame->head_length != frame->length)
		return PORT_DOWN;
	if (queue->count == queue->size)
		return PORT_LATER;
	to = &queue->frame[(queue->first + queue->count) % queue->size];
	copy_bytes(stack_frame_bytes(to), frame->head, frame->length);
	to->length = frame->length;
	to->from_wire = frame->from_wire;
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

/* ---- what the stack calls ---------------------------------------------------------------------- */

/**
 * Sleeps until somebody wakes the thread, or until @p until. A deadline that is put off, as each answer
 * puts off that of sending again, is left as it is set: it comes too early once, and costs less.
 */
static void sleep(uint64_t until)
{
	struct device *const deadline = &station.thread->device[0];
	const struct clock *const clock = &station.thread->clock;

	if (station.is_woken)
		return;
	if (until < deadline->deadline_at)
		clock->set_deadline(clock, deadline, until);
	run_set_ready(station.thread, false);
	run_others();
}

/**
 * A frame of the stack's, to wherever its address is. It waits for the chip, whose memory may be full of
 * frames that have come, but for no VM: what that has no room for is lost, as on any wire.
 */
static void send(const uint8_t *bytes, uint32_t length)
{
	const uint64_t until = timer_now() + SEND_WAIT;
	struct frame frame = {
		.length = length, .head = bytes, .head_length = length, .work = station.work
	};

	frame_restart(&frame);
	for (;;) {
		station.is_woken = false;
		if (switch_send(&station.port, &frame, true))
			break;
		if (!bit(station.uplink->port.waiters, station.port.number) ||
		    timer_now() >= until) {
			switch_give_up(&station.port, &frame);
			break;
		}
		sleep(until);
	}
	station.is_woken = true; /* something else may have come meanwhile */
}

static uint32_t sum_dropped(const struct port_counters *counters)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < PORT_DROP_COUNT; i++)
		sum += counters->dropped[i];
	return sum;
}

static void let_others_in(void)
{
	preempt_point();
}

/** As snprintf(), in steps. */
static __attribute__((format(printf, 3, 4))) uint32_t print(char *text, uint32_t size,
							    const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf_in_steps(text, size, let_others_in, format, args);
	va_end(args);
	return (uint32_t)length < size ? (uint32_t)length : size - 1;
}

/** How the station is, for who asks over UDP. */
static uint32_t describe(char *text, uint32_t size)
{
	const struct port_counters *const own = &station.port.counters;
	const struct port_counters *const wire = &station.uplink->port.counters;
	const struct nic_counters *const chip = station.uplink->nic->counters();
	struct stack_counters lost;

	stack_counters(&lost);
	return print(text, size,
		     "hako on %s, up %u s\n"
		     "chip: %u frames in, %u out, %u bad, %u of others, %u overruns, %u not sent\n"
		     "wire: %u frames in, %u out, %u dropped\n"
		     "station: %u frames in, %u out, %u dropped\n"
		     "not answered: link %u, IP %u, ICMP %u, UDP %u, other %u, posed %u, "
		     "no memory %u\n",
		     board.name, (unsigned)(timer_now() / CLOCK_HZ), chip->received, chip->sent,
		     chip->rx_bad + chip->rx_length, chip->rx_filtered, chip->rx_overruns,
		     chip->tx_errors, wire->in, wire->out, sum_dropped(wire), own->out, own->in,
		     sum_dropped(own), lost.link, lost.ip, lost.icmp, lost.udp, lost.other,
		     lost.posed, lost.no_memory);
}

/* ---- the thread ------------------------------------------------------------------------------- */

/** Handles the first frame that waits, and lets those come that find no room. */
static void take(struct queue *queue)
{
	stack_input(&queue->frame[queue->first]);
	queue->first = (queue->first + 1) % queue->size;
	queue->count--;
	switch_port_ready(&station.port);
	preempt_point();
}

/**
 * One frame of VMs at a time, and the next one only later: what they send does not take the time that
 * is for the wire. Returns when that is.
 */
static uint64_t take_from_vms(uint64_t now)
{
	if (station.from_vms.count && now >= station.vms_at) {
		take(&station.from_vms);
		station.vms_at = now + VMS_PACE;
	}
	return station.from_vms.count ? station.vms_at : CLOCK_NEVER;
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

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void thread_main(void)
{
	struct stack_config config = { .address = station.config.address,
				       .netmask = station.config.netmask,
				       .send = send,
				       .describe = describe };

	memcpy(config.mac, station.port.address, MAC_LENGTH);
	stack_start(&config, timer_now());
	for (;;) {
		uint64_t until;

		station.is_woken = false;
		until = stack_run(timer_now());
		while (station.from_wire.count)
			take(&station.from_wire);
		until = earlier(until, take_from_vms(timer_now()));
		sleep(until);
	}
}

static void thread_make(int priority)
{
	struct vm_room *const room = heap_alloc(sizeof(*room));
	struct vm *const thread = &room->vm;

	station.thread = thread;
	memcpy(thread->name, "station", sizeof("station"));
	thread->sched = (struct sched_entity){
		.priority = priority, .budget = BUDGET, .period = PERIOD, .takes_rest = true
	};
	timer_clock_init(&thread->clock);
	thread->device[0] = (struct device){ .ops = &deadline_ops, .clock = &thread->clock };
	station_wire_connect(thread, &thread->device[1]);
	thread->device_count = 2;
	timer_connect(thread);
	timer_add(thread);
	run_add(thread, thread_main);
}

/* ---- what others call ------------------------------------------------------------------------- */

static void queue_make(struct queue *queue, unsigned size)
{
	queue->frame = heap_alloc(size * sizeof(*queue->frame));
	queue->size = size;
}

/**
 * The priority of uplink and station, where VMs of priority @p vms at most are on their network: one above,
 * as who is on another board waits for an answer while a VM here only has its turn. A VM that is
 * there already keeps its place, as it may be one that has to be in time: then it is the same.
 */
int station_priority(const struct system_config *config, int vms)
{
	if (!config->station.wanted)
		return vms;
	for (unsigned i = 0; i < config->vm_count; i++)
		if (config->vm[i].priority == vms + 1)
			return vms;
	return vms + 1;
}

/** Makes the station that the description asks for, if it does, before there are ports of VMs. */
enum status station_make(const struct system_config *config, struct vswitch *network,
			 struct uplink *uplink, int priority)
{
	if (!config->station.wanted)
		return STATUS_OK;
	station.port = (struct port){ .ops = &ops, .name = "station", .plain = true };
	memcpy(station.port.address, config->station.mac, MAC_LENGTH);
	station.uplink = uplink;
	station.config = config->station;
	station_wire_init(&station.port, uplink, config->station.snap);
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

/** The board's Ethernet runs: the station says on the network that it is there. */
void station_start(void)
{
	if (station.thread)
		wake();
}
