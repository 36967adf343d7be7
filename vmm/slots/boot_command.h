/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/*
 * The boot loader's command `slot`, by which a person, and scripts/flash, look at the boot record and
 * write to it: docs/boot-record.md. Pure: it is given the words of the line and where to print.
 */
#ifndef VMM_SLOTS_BOOT_COMMAND_H
#define VMM_SLOTS_BOOT_COMMAND_H

#include "vmm/slots/boot_record.h"

/** What the boot loader was built for: board/<board>/layout.toml. */
struct boot_layout {
	const char *board, *medium; /* "flash" or "card" */
	uint32_t record[BOOT_AREAS], record_size;
	uint32_t slot[BOOT_SLOTS], slot_size;
};

typedef int (*boot_print)(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** @p argument: of the word `slot` and what follows. Returns whether it was done. */
bool boot_command(const struct boot_store *store, const struct boot_layout *layout, int count,
		  const char *const argument[], boot_print print);

#endif
