/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/console/console_key.h"

#include "vmm/lib/log.h"

static void help(const struct console_keys *keys)
{
	log_info("hako: Ctrl-%c and one of these keys; twice sends it to the guest\n",
		 keys->prefix + '@');
	for (unsigned i = 0; i < keys->count; i++)
		log_info("hako:   %c  %s\n", keys->keys[i].first, keys->keys[i].help);
}

/**
 * Takes a byte that was typed. Returns what of it is the guest's: the byte, or CONSOLE_KEY_TAKEN. A key
 * that is not in the table shows those that are.
 */
int console_keys_take(struct console_keys *keys, uint8_t byte)
{
	if (!keys->prefixed) {
		keys->prefixed = byte == keys->prefix;
		return keys->prefixed ? CONSOLE_KEY_TAKEN : byte;
	}
	keys->prefixed = false;
	if (byte == keys->prefix)
		return byte;
	for (unsigned i = 0; i < keys->count; i++) {
		if ((uint8_t)keys->keys[i].first <= byte && byte <= (uint8_t)keys->keys[i].last) {
			keys->keys[i].act(keys->to, (char)byte);
			return CONSOLE_KEY_TAKEN;
		}
	}
	help(keys);
	return CONSOLE_KEY_TAKEN;
}
