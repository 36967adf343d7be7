/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model of the PL181 with an SD card behind it: what DDI 0172 and the SD specification say about
 * registers, replies, states, FIFO and data. It refuses what they leave undefined: a FIFO read while
 * empty or written while full, a command while one is under way, data in a state that has none.
 */
#ifndef TESTS_HOST_PL181_MODEL_H
#define TESTS_HOST_PL181_MODEL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "board/card.h"
#include "board/drivers/pl181_regs.h"

#define SECTORS 64u

/* In the order of the card's status. */
enum sd_state {
	STATE_IDLE,
	STATE_READY,
	STATE_IDENT,
	STATE_STANDBY,
	STATE_TRANSFER,
	STATE_SENDING,
	STATE_RECEIVING,
	STATE_PROGRAMMING
};

struct sd_card {
	bool inserted, version1, high, mmc, app;
	enum sd_state state;
	unsigned starts;      /* ACMD41s until it is ready */
	unsigned programming; /* CMD13s until it has written */
	uint32_t errors;      /* of the status, until they are told */
	uint32_t csd[4], reply[4];
	bool several;
	uint32_t at; /* sector */
	uint8_t content[SECTORS][CARD_SECTOR];
	unsigned gone_after; /* commands until somebody pulls it out; 0: never */
};

struct mci {
	uint32_t power, clock, argument, status, data_length, data_ctrl, data_timer;
	uint32_t fifo[MCI_FIFO_WORDS];
	unsigned fifo_count;
	uint32_t count;       /* words that are still to be moved to or from the card */
	uint32_t sector_word; /* of the sector at card.at */
	unsigned delay;       /* reads of status until a command ends */
	uint32_t ends;        /* status then */
	bool dead;            /* nothing ever happens */
	bool absent;          /* there is no such device */
	/* what goes wrong, once, in sector @ref fail_at of a transfer */
	uint32_t fail;
	uint32_t fail_at;
	unsigned slowness; /* more reads of status until a command ends */
	bool keeps_words;  /* the FIFO's, when the data path ends, as QEMU's does */
	bool may_interrupt;
	uint32_t mask[2];
	unsigned commands[64];
	unsigned accesses;
};

extern struct sd_card card;
extern struct mci mci;

void card_set_csd(unsigned high, unsigned low, uint32_t value);
uint32_t mci_read(uint32_t offset);
void mci_write(uint32_t offset, uint32_t value);

#endif
