/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver of a board's NOR flash: 32 bits wide, one chip or two side by side that get the same
 * commands, with the Common Flash Interface and the commands of Intel (CFI primary command set 1 or
 * 3). There is one, so it keeps its state itself. Erasing and programming take long: they are begun,
 * and then go on by steps; no step waits. Meanwhile nothing can be read: what is at each address is
 * the status of the chip. Offsets are bytes from the start of the flash.
 */
#ifndef BOARD_FLASH_H
#define BOARD_FLASH_H

#include <stdbool.h>
#include <stdint.h>

/** Words that one call of program() can have. */
#define FLASH_WORDS_MAX 128u

enum flash_result {
	FLASH_DONE,
	FLASH_BUSY,   /**< call step() again, but not before *until */
	FLASH_FAILED, /**< the chip says so */
	FLASH_LATE,   /**< it has not become ready in the time that it says it needs */
};

/** How the driver reaches the flash: 32-bit accesses, in order, none merged or left out. */
struct flash_bus {
	uint32_t (*read)(uint32_t offset);
	void (*write)(uint32_t offset, uint32_t value);
	/** Whether the board lets writes through to the flash. */
	void (*enable)(bool on);
	uint64_t (*now)(void); /* ticks of CLOCK_HZ */
};

struct flash_info {
	uint32_t size;     /* bytes, of all chips */
	uint32_t block;    /* bytes that are erased at once, of all chips */
	const char *wrong; /* why it cannot be written, or NULL: then the others are set */
};

/** Whether there is a flash, and of which kind. It is read afterwards. */
bool flash_find(const struct flash_bus *bus, struct flash_info *info);

/* What was begun before has ended. */
void flash_erase(uint32_t block);
/** Clears bits: @p words, which stay in place, are at an address aligned to their size, a power of two. */
void flash_program(uint32_t offset, const uint32_t *words, unsigned count);
/** How it ended, or FLASH_BUSY; *until is 0 if there is no reason to wait. */
enum flash_result flash_step(uint64_t *until);
/** The status of the chips, when the last step failed. */
uint32_t flash_status(void);
/** Lets the flash be read again. Returns false if it is still at something that was given up. */
bool flash_read(void);

#endif
