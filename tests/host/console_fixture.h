/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three VMs, the monitor and the log at one terminal, which takes as much as a test says. The VMs
 * are PL011 models with somebody who reads and writes their registers.
 */
#ifndef TESTS_HOST_CONSOLE_FIXTURE_H
#define TESTS_HOST_CONSOLE_FIXTURE_H

#include "tests/host/device_fixture.h"

#include "vmm/console/console_mux.h"

#define VMS     3u /* linux, rt, small */
#define OUTPUT  64u
#define RESERVE 1024u
#define PREFIX  "\x0f"

struct terminal {
	char seen[65536];
	unsigned length, taken; /* what was shown, and how much of it the UART has sent */
	unsigned capacity;
	bool again; /* console_mux_pump() is due */
};

/** A virtio console's model has tests of its own: here it takes as much as a test says. */
struct fake_virtio {
	char got[64];
	unsigned room;
	bool live;
	const struct device *last; /* that got something */
};

extern struct terminal terminal;
extern struct fake_virtio virtio;
extern struct console_mux mux;
extern struct vm_console vm[VMS];
extern struct device uart[VMS];
extern unsigned reports; /* calls of stats_report() */

int console_setup(void **state);

void prints(unsigned n, const char *text);
const char *reads(unsigned n);
void logs(const char *text);
/** Each byte when there is room for it. */
void types(const char *text);

/** Forgets what was shown. */
void clear(void);
/** The UART has sent everything, and as long as something waits, goes on. */
void drain(void);
/** In the end exactly @p text is shown; or @p part of it all. */
void shown(const char *text);
void has(const char *part);

#endif
