/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the two files of the LAN91C111's driver: smc91c111.c, the chip, and smc91c111_packets.c,
 * the frames in its memory. What begins with smc_ and is not said here is of struct nic_driver.
 */
#ifndef BOARD_DRIVERS_SMC91C111_H
#define BOARD_DRIVERS_SMC91C111_H

#include "board/nic.h"

#include <stdbool.h>
#include <stdint.h>

struct smc91c111 {
	volatile uint32_t *regs;
	struct nic_counters counters;
	/**
	 * The interrupt after which send() may be called again, or 0: ALLOC, when an allocation has
	 * not been served yet, or TX_EMPTY, when it has packets enough.
	 */
	uint8_t waits_for;
};

extern struct smc91c111 smc;

void smc_update_mask(void);
bool smc_is_wanted(const uint8_t *to);

void smc_packets_reset(void);
bool smc_found_room(uint8_t status);
void smc_tx_failed(void);
bool smc_send(const uint8_t *frame, uint32_t length);
bool smc_send_words(const uint32_t *head, uint32_t head_count, const uint32_t *words,
		    uint32_t count);
uint32_t smc_receive(uint8_t *frame);
uint32_t smc_look(uint32_t *words);
void smc_read(uint32_t *words, uint32_t at, uint32_t count);
void smc_drop(void);

#endif
