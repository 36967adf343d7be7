/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compares the kernel's clocks with the real-time clock chip: how much they advance between two of
 * its seconds' edges that are N seconds apart; and how long 1 s timers really take.
 *
 *   clock_check N
 */
#include <fcntl.h>
#include <linux/rtc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>

static int rtc;

static time_t rtc_seconds(void)
{
	struct rtc_time now;
	struct tm tm = { 0 };

	if (ioctl(rtc, RTC_RD_TIME, &now) != 0) {
		perror("RTC_RD_TIME");
		exit(1);
	}
	tm.tm_sec = now.tm_sec;
	tm.tm_min = now.tm_min;
	tm.tm_hour = now.tm_hour;
	tm.tm_mday = now.tm_mday;
	tm.tm_mon = now.tm_mon;
	tm.tm_year = now.tm_year;
	return timegm(&tm);
}

static int64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* Waits until the chip shows a new second, and returns it. */
static time_t wait_for_edge(void)
{
	const struct timespec pause = { 0, 500000 };
	const time_t start = rtc_seconds();
	time_t now;

	do {
		nanosleep(&pause, NULL);
		now = rtc_seconds();
	} while (now == start);
	return now;
}

int main(int argc, char **argv)
{
	const long count = argc > 1 ? atol(argv[1]) : 10;
	const struct timespec second = { 1, 0 };
	time_t begin, end;
	int64_t monotonic, realtime, timer;
	long i;

	rtc = open("/dev/rtc0", O_RDONLY);
	if (rtc < 0) {
		perror("/dev/rtc0");
		return 1;
	}

	begin = wait_for_edge();
	monotonic = now_ns(CLOCK_MONOTONIC);
	realtime = now_ns(CLOCK_REALTIME);
	/* Sleeps for most of it, then looks closely for the last edge. */
	while (rtc_seconds() < begin + count - 2)
		nanosleep(&second, NULL);
	do
		end = wait_for_edge();
	while (end < begin + count);
	monotonic = now_ns(CLOCK_MONOTONIC) - monotonic;
	realtime = now_ns(CLOCK_REALTIME) - realtime;

	/* One timer after the other: an interrupt that is late or lost adds up. */
	timer = now_ns(CLOCK_MONOTONIC);
	for (i = 0; i < count; i++)
		nanosleep(&second, NULL);
	timer = now_ns(CLOCK_MONOTONIC) - timer;

	printf("rtc_seconds %ld\n", (long)(end - begin));
	printf("monotonic_ns %lld\n", (long long)monotonic);
	printf("realtime_ns %lld\n", (long long)realtime);
	printf("timer_ns %lld\n", (long long)timer);
	return 0;
}
