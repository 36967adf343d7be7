/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From guest time, 24 MHz, to the clocks that timers count, exactly and without drift: a count is
 * always that of the whole time since the VM started, and no remainder is ever dropped. The ARM926
 * has no divide instruction, so the divisions by constants are multiplications.
 */
#ifndef DEVEMU_TIMER_RATE_H
#define DEVEMU_TIMER_RATE_H

#include <stdint.h>

enum timer_rate {
	TIMER_RATE_1MHZ,
	TIMER_RATE_25MHZ,
};

/** The upper 64 bits of the product. */
static inline uint64_t mul_high64(uint64_t a, uint64_t b)
{
	const uint32_t a0 = (uint32_t)a, a1 = (uint32_t)(a >> 32);
	const uint32_t b0 = (uint32_t)b, b1 = (uint32_t)(b >> 32);
	const uint64_t low = (uint64_t)a0 * b0;
	/* Neither sum overflows: (2^32 - 1)^2 + 2 * (2^32 - 1) = 2^64 - 1. */
	const uint64_t middle = (uint64_t)a1 * b0 + (uint32_t)(low >> 32);
	const uint64_t other = (uint64_t)a0 * b1 + (uint32_t)middle;

	return (uint64_t)a1 * b1 + (uint32_t)(middle >> 32) + (uint32_t)(other >> 32);
}

/** @p n / 24, for every n: the factor is 2^65 / 3 rounded up, its error 1/3 in 2^64. */
static inline uint64_t div24(uint64_t n)
{
	return mul_high64(n >> 3, 0xaaaaaaaaaaaaaaabu) >> 1;
}

/** @p n / 25, for n below 2^63: the factor is 2^68 / 25 rounded up. */
static inline uint64_t div25(uint64_t n)
{
	return mul_high64(n, 0xa3d70a3d70a3d70bu) >> 4;
}

/**
 * Where the last full division was made: guest time @now is exactly @us microseconds. The times of
 * the following three minutes are divided as a 32-bit distance from here. Starts as all zeroes.
 */
struct timer_anchor {
	uint64_t now;
	uint64_t us;
};

/** floor(@p now / 24), for times that are not before the anchor. */
static inline uint64_t timer_anchor_us(struct timer_anchor *anchor, uint64_t now)
{
	const uint64_t distance = now - anchor->now;

	if (distance >> 32) {
		anchor->us = div24(now);
		anchor->now = anchor->us * 24u;
		return anchor->us;
	}
	return anchor->us + (uint32_t)distance / 24u;
}

/** Periods of the timer clock in @p ticks, which are @p us microseconds and a rest. */
static inline uint64_t timer_rate_steps(enum timer_rate rate, uint64_t ticks, uint64_t us)
{
	return rate == TIMER_RATE_1MHZ ? us : ticks + us;
}

/** The same for the ticks since a whole microsecond, modulo 2^32. */
static inline uint32_t timer_rate_steps32(enum timer_rate rate, uint32_t ticks)
{
	return rate == TIMER_RATE_1MHZ ? ticks / 24u : ticks + ticks / 24u;
}

/** Periods of the timer clock that have passed at guest time @p now: floor(now * rate / 24 MHz). */
static inline uint64_t timer_rate_count(enum timer_rate rate, struct timer_anchor *anchor,
					uint64_t now)
{
	return timer_rate_steps(rate, now, timer_anchor_us(anchor, now));
}

/**
 * The first guest time at which timer_rate_count() is at least @p count, for counts below 2^58:
 * ceil(count * 24 MHz / rate).
 */
static inline uint64_t timer_rate_time(enum timer_rate rate, uint64_t count)
{
	return rate == TIMER_RATE_1MHZ ? count * 24u : count - div25(count);
}

#endif
