/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device model on a workbench: a clock that is turned by hand, wires that remember their level, a
 * bus with the rules of devemu/mmio.c. A test file sets up its device with bench_init() and looks
 * at wire_level, power_resets and the like.
 */
#ifndef TESTS_HOST_DEVICE_FIXTURE_H
#define TESTS_HOST_DEVICE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "devemu/backend.h"
#include "devemu/device.h"
#include "devemu/mmio.h"

/* Of the device that was set up last. */
extern bool wire_level[DEVICE_WIRES_MAX];
extern unsigned wire_changes;
extern uint64_t bench_now; /* 24 MHz ticks */
extern uint64_t bench_deadline;
extern unsigned deadline_calls;
extern unsigned power_resets, power_offs;

extern const struct clock bench_clock;
extern const struct power_backend bench_power;

void bench_init(struct device *dev, const struct device_ops *ops, const void *backend);
void bench_fini(struct device *dev);

/** Turns the clock, serving deadlines at the moment they pass. */
void bench_run(struct device *dev, uint64_t ticks);

uint32_t rd(struct device *dev, uint32_t offset);
void wr(struct device *dev, uint32_t offset, uint32_t value);

/** A small generator of our own, so that a failure can be repeated anywhere. */
uint32_t bench_random(void);
void bench_seed(uint32_t seed);

#endif
