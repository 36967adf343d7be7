/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/*
 * What a boot loader does with the boot record: it chooses a slot, has it checked, notes the attempt,
 * and goes on to the other slot if the check fails.
 */
#ifndef VMM_SLOTS_BOOT_SELECT_H
#define VMM_SLOTS_BOOT_SELECT_H

#include "vmm/slots/boot_record.h"

/** The boot loader's part. */
struct boot_loader {
	/**
	 * Loads a slot and checks it: digests, and the signature where one is asked for. Fills in which
	 * image it is, as far as it says; it has been zeroed.
	 */
	bool (*check)(const struct boot_loader *loader, uint32_t slot, struct boot_image *image);
	/** For the console: "slot A: WHY". */
	void (*say)(const struct boot_loader *loader, uint32_t slot, const char *why);
};

/** What was chosen. */
struct boot_selection {
	uint32_t slot; /* or BOOT_NO_SLOT */
	bool is_noted; /* as attempt record->sequence: the VMM is to be told of it */
};

struct boot_selection boot_select(struct boot_record *record, const struct boot_loader *loader);

#endif
