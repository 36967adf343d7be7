/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What waiting for memory costs, by the profile of the memory. Time is the cycles of the
 * instructions issued and the cycles waited so far: it tells which part of a transfer in the
 * background is over when the next one is wanted.
 */
#ifndef TESTS_ARM926_MODEL_BUS_H
#define TESTS_ARM926_MODEL_BUS_H

#include "tests/arm926-model/write_buffer.h"

struct bus {
	const struct memory_profile *profile;
	const uint64_t *issued;                     /* the core's cycles without waiting */
	uint64_t insns;                             /* what `issued` is if nobody knows better */
	uint64_t stalled;                           /* cycles waited */
	uint64_t line_end;                          /* when the line being filled is complete */
	uint64_t writes_end;                        /* when the last buffered write is in memory */
	uint64_t write_back_end;                    /* when the write-back buffer is empty */
	uint64_t store_end[WRITE_BUFFER_ADDRESSES]; /* when each address is free, in a ring */
	unsigned store_next;

	/* What one instruction stores is one request, as long as its addresses are in a row. */
	uint32_t request_pc, request_end;
	uint64_t request_issued;
	unsigned request_words;
};

void bus_read_line(struct bus *bus);
void bus_read_words(struct bus *bus, unsigned words);
void bus_write_words(struct bus *bus, unsigned words);
void bus_request(struct bus *bus, uint32_t pc, uint32_t va, unsigned size);
void bus_store(struct bus *bus, unsigned words);
void bus_write_back(struct bus *bus, unsigned halves);
void bus_drain(struct bus *bus);
void bus_device(struct bus *bus, bool is_write);
void bus_wait(struct bus *bus, unsigned cycles);

#endif
