/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/timer.h"

#include "arch/arm/mmu.h"
#include "board/board.h"
#include "vmm/console.h"
#include "vmm/vm.h"

/** The counter's 32 bits last 178 s: it is looked at well before they wrap unseen. */
#define LONGEST_SLEEP ((uint64_t)60 * CLOCK_HZ)
#define CONSOLE_POLL  (CLOCK_HZ / 100)

static struct {
	volatile uint32_t *low; /* the board's counter */
	uint32_t last_low;
	uint32_t high;
} counter;

static struct vm *owner;
static struct device *waiting[VM_DEVICES_MAX]; /* the models that may have a deadline */
static unsigned waiting_count;
static uint64_t armed_for; /* host time the board's timer is set to */
static uint64_t console_at = CLOCK_NEVER;

/** Host time in ticks of CLOCK_HZ. */
uint64_t timer_now(void)
{
	const uint32_t low = *counter.low;

	if (low < counter.last_low)
		counter.high++;
	counter.last_low = low;
	return (uint64_t)counter.high << 32 | low;
}

/** Sets the board's timer for the earliest deadline. */
static void arm_next(uint64_t now)
{
	uint64_t next = now + LONGEST_SLEEP - owner->time_base;
	uint32_t ticks, us;

	for (unsigned i = 0; i < waiting_count; i++) {
		if (waiting[i]->deadline_at < next)
			next = waiting[i]->deadline_at;
	}
	next += owner->time_base;
	if (console_at < next)
		next = console_at;
	if (next == armed_for)
		return;
	armed_for = next;
	ticks = next > now ? (uint32_t)(next - now) : 0;
	/* Up to the next microsecond: a deadline noticed early has to be waited for again. */
	us = (uint32_t)(((uint64_t)(ticks + 23) * 0xaaaaaaabu) >> 36); /* / 24, exact for 32 bits */
	board.timer_driver->arm(us > 0 ? us : 1);
}

static uint64_t clock_now(const struct clock *clock)
{
	const struct vm *vm = (const struct vm *)((const char *)clock - offsetof(struct vm, clock));

	return timer_now() - vm->time_base;
}

static void clock_set_deadline(const struct clock *clock, struct device *dev, uint64_t when)
{
	dev->deadline_at = when;
	arm_next(timer_now());
}

void timer_clock_init(struct clock *clock)
{
	clock->now = clock_now;
	clock->set_deadline = clock_set_deadline;
}

void timer_cancel(struct device *dev)
{
	dev->deadline_at = CLOCK_NEVER;
}

/** Asks for console_poll() to be called soon: the guest's UART is full. */
void timer_poll_console(void)
{
	const uint64_t now = timer_now();

	console_at = now + CONSOLE_POLL;
	arm_next(now);
}

/** The board's timer has fired: calls the models whose deadline has passed. */
void timer_interrupt(void)
{
	uint64_t now = timer_now();

	board.timer_driver->ack();
	armed_for = 0;
	for (unsigned i = 0; i < waiting_count; i++) {
		struct device *dev = waiting[i];

		if (dev->deadline_at == CLOCK_NEVER || dev->deadline_at + owner->time_base > now)
			continue;
		dev->deadline_at = CLOCK_NEVER;
		dev->ops->deadline(dev);
	}
	if (console_at <= now) {
		console_at = CLOCK_NEVER;
		console_poll();
	}
	arm_next(timer_now());
}

void timer_init(void)
{
	counter.low = mmu_device_window(board.counter, 4);
	counter.last_low = *counter.low;
	board.timer_driver->init(mmu_device_window(board.timer.base, 0x20));
}

void timer_connect(struct vm *vm)
{
	owner = vm;
	waiting_count = 0;
	for (unsigned i = 0; i < vm->device_count; i++)
		if (vm->device[i].ops->deadline)
			waiting[waiting_count++] = &vm->device[i];
}
