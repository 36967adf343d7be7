/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A flash of two chips of 16 bits, or of one, on a workbench, as the data sheets have them: programming
 * clears bits only, erasing takes blocks, both take time and may fail; what is read meanwhile is the
 * status. A command that makes no sense fails the test.
 */
#ifndef TESTS_HOST_FLASH_CHIP_H
#define TESTS_HOST_FLASH_CHIP_H

#include "board/flash.h"

#include <stdint.h>

#define CHIP_BLOCK  0x4000u /* of all chips */
#define CHIP_BLOCKS 16u
#define CHIP_SIZE   (CHIP_BLOCKS * CHIP_BLOCK)

/** What the next flash_chip_init() makes. */
struct chip_kind {
	unsigned chips;
	unsigned buffer; /* bytes of each, as an exponent; 0: none */
	bool locks;      /* its blocks are locked until they are unlocked */
};

extern uint32_t chip_words[CHIP_SIZE / 4];
extern uint8_t chip_query[0x50];
extern uint64_t chip_now;
extern uint32_t chip_busy_ticks;              /* what an operation takes */
extern unsigned chip_erased, chip_programmed; /* blocks; words */
extern unsigned chip_pieces;                  /* program commands */
extern bool chip_enabled;
extern unsigned chip_bad_block;     /* fails to be erased; CHIP_BLOCKS: none */
extern unsigned chip_bad_word;      /* does not get its bits to 0, and says nothing */
extern uint32_t chip_program_error; /* status bits that the next programming ends with */
extern const struct flash_bus chip_bus;

void flash_chip_init(const struct chip_kind *kind);
/** Whether what is read is data: nothing is under way, and it was told to. */
bool flash_chip_is_readable(void);

#endif
