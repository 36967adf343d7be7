/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys that the VMM takes from what is typed at its console, before a guest sees them: Ctrl-O
 * and one more. Twice Ctrl-O sends one to the guest. QEMU (Ctrl-A), screen, minicom and picocom
 * (Ctrl-A), tmux (Ctrl-B), tio (Ctrl-T) and telnet (Ctrl-]) use others.
 */
#ifndef VMM_CONSOLE_KEY_H
#define VMM_CONSOLE_KEY_H

#include <stdbool.h>
#include <stdint.h>

#define CONSOLE_KEY_PREFIX 0x0f /* Ctrl-O */
#define CONSOLE_KEY_TAKEN  (-1)

struct console_key {
	char key;
	const char *help;
	void (*act)(void);
};

/** The keys there are, and what has been typed of one. */
struct console_keys {
	const struct console_key *keys;
	unsigned count;
	bool prefixed;
};

int console_keys_take(struct console_keys *keys, uint8_t byte);

#endif
