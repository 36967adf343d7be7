/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys that the VMM takes from what is typed at its console, before a guest sees them: Ctrl-O, or
 * another prefix, and one more. Twice the prefix sends one to the guest. QEMU (Ctrl-A), screen, minicom and picocom
 * (Ctrl-A), tmux (Ctrl-B), tio (Ctrl-T) and telnet (Ctrl-]) use others.
 */
#ifndef VMM_CONSOLE_CONSOLE_KEY_H
#define VMM_CONSOLE_CONSOLE_KEY_H

#include <stdbool.h>
#include <stdint.h>

#define CONSOLE_KEY_PREFIX 0x0f /* Ctrl-O */
#define CONSOLE_KEY_TAKEN  (-1)

struct console_key {
	char first, last; /* a range of keys; mostly the same */
	const char *help;
	void (*act)(void *to, char key);
};

/** The keys there are, and what has been typed of one. */
struct console_keys {
	const struct console_key *keys;
	unsigned count;
	uint8_t prefix; /* a control character */
	void *to;
	bool prefixed;
};

int console_keys_take(struct console_keys *keys, uint8_t byte);

#endif
