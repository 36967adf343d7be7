/* SPDX-License-Identifier: Apache-2.0 */
/* The boot loader's command `slot` as a library, for the U-Boot that tests in Python play. */
#include "vmm/slots/boot_command.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define AREA 0x10000u

bool slot_command(const struct boot_layout *layout, uint8_t *areas, bool is_card, int count,
		  const char *const argument[], char *printed);

static uint8_t *bytes;
static char *output;

static bool read_entry(const struct boot_store *store, uint32_t area, uint32_t offset, void *entry)
{
	memcpy(entry, bytes + area * AREA + offset, BOOT_ENTRY_SIZE);
	return true;
}

static bool program(const struct boot_store *store, uint32_t area, uint32_t offset,
		    const void *entry)
{
	memcpy(bytes + area * AREA + offset, entry, BOOT_ENTRY_SIZE);
	return true;
}

static bool erase(const struct boot_store *store, uint32_t area)
{
	memset(bytes + area * AREA, 0xff, AREA);
	return true;
}

static int __attribute__((format(printf, 1, 2))) print(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	output += vsprintf(output, format, args);
	va_end(args);
	return 0;
}

/** @p areas: both of the record, of 64 KiB each; @p printed has room for what it says. */
bool slot_command(const struct boot_layout *layout, uint8_t *areas, bool is_card, int count,
		  const char *const argument[], char *printed)
{
	const struct boot_store store = { AREA, is_card ? 512 : BOOT_ENTRY_SIZE, read_entry,
					  program, erase };

	bytes = areas;
	output = printed;
	*output = 0;
	return boot_command(&store, layout, count, argument, print);
}
