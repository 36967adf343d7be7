/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver of a board's memory card. There is one, so it keeps its state itself. The card does one
 * command at a time, and takes long: a command is begun, and then goes on by steps. Whoever calls
 * step() need not be who began; between two steps anything may happen, as nothing is left halfway in
 * anybody's registers or stack. A step is at most about 500 instructions, or one call of the
 * caller's function. No step waits; each command ends after a bounded number of them, card or no
 * card.
 */
#ifndef BOARD_CARD_H
#define BOARD_CARD_H

#include <stdbool.h>
#include <stdint.h>

#define CARD_SECTOR 512u

enum card_result {
	CARD_DONE,
	CARD_BUSY,    /**< call step() again */
	CARD_ABSENT,  /**< nothing answers */
	CARD_UNKNOWN, /**< it is not an SD card, or one that we cannot use */
	CARD_LATE,    /**< step() came too late for the data: try again */
	CARD_FAILED,  /**< check sequence, time limit, or the card says so */
	CARD_STOPPED, /**< the caller's function said so */
};

/** What the caller's function says of a sector. */
enum card_next {
	CARD_NEXT_MORE, /**< call it again: it has done a part of its work */
	CARD_NEXT_DONE,
	CARD_NEXT_STOP, /**< the command is to be given up */
};

struct card_info {
	uint64_t sectors;
	bool read_only;
};

/** Sectors to be moved by one command; stays in place until step() has said how it ended. */
struct card_transfer {
	uint32_t sector;
	uint32_t count; /* 1 to 127 */
	bool to_card;
	/**
	 * Fills @p words, a sector, with what is to be written next, or takes what was read. Only at
	 * the end of the command it is known that all went well.
	 */
	enum card_next (*next)(struct card_transfer *transfer, uint32_t *words);
};

struct card_driver {
	/** Finds out what is there and prepares it for commands. Waits, as no VM runs yet. */
	enum card_result (*init)(volatile uint32_t *regs, struct card_info *info);
	/** The card must have nothing else to do. */
	void (*begin)(struct card_transfer *transfer);
	/** How the command has ended, or CARD_BUSY. */
	enum card_result (*step)(void);
};

#endif
