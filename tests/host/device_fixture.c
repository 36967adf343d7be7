/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/host/device_fixture.h"

#include "tests/xorshift.h"
#include "vmm/lib/check.h"
#include "vmm/lib/log.h"

#include <stdlib.h>
#include <string.h>

bool wire_level[DEVICE_WIRES_MAX];
unsigned wire_changes;
uint64_t bench_now;
uint64_t bench_deadline;
unsigned deadline_calls;
unsigned power_resets, power_offs;

static uint32_t random_state = 1;

static void wire_set(void *sink, unsigned input, bool level)
{
	assert_true(input < DEVICE_WIRES_MAX);
	if (wire_level[input] != level)
		wire_changes++;
	wire_level[input] = level;
}

static uint64_t clock_now(const struct clock *clock)
{
	return bench_now;
}

static void clock_set_deadline(const struct clock *clock, struct device *dev, uint64_t when)
{
	bench_deadline = when;
}

const struct clock bench_clock = { .now = clock_now, .set_deadline = clock_set_deadline };

static void count_reset(const struct power_backend *backend)
{
	power_resets++;
}

static void count_off(const struct power_backend *backend)
{
	power_offs++;
}

const struct power_backend bench_power = { .reset = count_reset, .off = count_off };

void bench_init(struct device *dev, const struct device_ops *ops, const void *backend)
{
	memset(wire_level, 0, sizeof(wire_level));
	wire_changes = 0;
	bench_now = 0;
	bench_deadline = CLOCK_NEVER;
	deadline_calls = 0;
	power_resets = 0;
	power_offs = 0;

	*dev = (struct device){ .ops = ops, .clock = &bench_clock, .backend = backend };
	/* One byte for a model without state, so that the sanitizer sees any access to it. */
	dev->state = calloc(1, ops->state_size ? ops->state_size : 1);
	assert_non_null(dev->state);
	for (unsigned n = 0; n < DEVICE_WIRES_MAX; n++)
		dev->irq[n] = (struct irq_line){ .set = wire_set, .input = n };
	ops->reset(dev);
}

void bench_fini(struct device *dev)
{
	free(dev->state);
}

void bench_run(struct device *dev, uint64_t ticks)
{
	const uint64_t until = bench_now + ticks;

	while (bench_deadline <= until) {
		if (bench_deadline > bench_now)
			bench_now = bench_deadline;
		bench_deadline = CLOCK_NEVER;
		deadline_calls++;
		dev->ops->deadline(dev);
	}
	bench_now = until;
}

uint32_t rd(struct device *dev, uint32_t offset)
{
	return mmio_read(dev, offset, 4);
}

void wr(struct device *dev, uint32_t offset, uint32_t value)
{
	mmio_write(dev, offset, value, 4);
}

void bench_seed(uint32_t seed)
{
	random_state = seed ? seed : 1;
}

uint32_t bench_random(void)
{
	return xorshift32(&random_state);
}

void panic(const char *format, ...)
{
	fail_msg("panic: %s", format);
	abort();
}

void log_write(int level, const char *format, ...)
{
}

void log_write_own(int level, const char *format, ...)
{
}

bool log_admits(struct log_limit *limit, const char *who)
{
	return true;
}
