/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/arm926-model/bus.h"

#define WORDS_TO_ADDRESS (WRITE_BUFFER_WORDS / WRITE_BUFFER_ADDRESSES)

static uint64_t now(const struct bus *bus)
{
	return *bus->issued + bus->stalled;
}

static void wait_until(struct bus *bus, uint64_t time)
{
	if (time > now(bus))
		bus->stalled += time - now(bus);
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/** Cycles in which nothing else happens. */
void bus_wait(struct bus *bus, unsigned cycles)
{
	bus->stalled += cycles;
}

/** Buffered writes yield to a read that takes @p cycles. */
static void delay_writes(struct bus *bus, unsigned cycles)
{
	if (bus->writes_end <= now(bus))
		return;
	bus->writes_end += cycles;
	bus->write_back_end += cycles;
	for (unsigned i = 0; i < WRITE_BUFFER_ADDRESSES; i++)
		bus->store_end[i] += cycles;
}

/* A burst of one, four or eight words: the first word, and each of the others. */
static int burst_cycles(const struct memory_profile *profile, unsigned words)
{
	const unsigned each = (profile->write_back - profile->write_word) / 3;

	return words ? (int)(profile->write_word + (words - 1) * each) : 0;
}

/* Bursts of eight and of four words, and single words (TRM, 6.2.2). */
static int request_cycles(const struct memory_profile *profile, unsigned words)
{
	return (int)(words / 8) * burst_cycles(profile, 8) +
	       (int)(words % 8 / 4) * burst_cycles(profile, 4) +
	       (int)(words % 4) * burst_cycles(profile, 1);
}

/*
 * What @p words more make a request longer: less than nothing if they make single words a burst.
 * The model learns of an instruction's words one by one.
 */
static int request_extend(struct bus *bus, unsigned words)
{
	const int before = request_cycles(bus->profile, bus->request_words);

	bus->request_words += words;
	return request_cycles(bus->profile, bus->request_words) - before;
}

/** Before a store goes to the bus: does it continue the request of the one before? */
void bus_request(struct bus *bus, uint32_t pc, uint32_t va, unsigned size)
{
	/* The same instruction once more, in a loop, has been fetched once more. */
	if (pc != bus->request_pc || va != bus->request_end || *bus->issued != bus->request_issued)
		bus->request_words = 0;
	bus->request_pc = pc;
	bus->request_end = va + size;
	bus->request_issued = *bus->issued;
}

/** A line fill: the core goes on when the word it wants is there (TRM, 4.1). */
void bus_read_line(struct bus *bus)
{
	wait_until(bus, bus->line_end);
	delay_writes(bus, bus->profile->line_fill);
	bus->line_end = now(bus) + bus->profile->line_fill;
	bus->stalled += bus->profile->critical_word;
}

/** Uncached reads, and those of table walks. */
void bus_read_words(struct bus *bus, unsigned words)
{
	const unsigned cycles = words * bus->profile->read_word;

	wait_until(bus, bus->line_end);
	delay_writes(bus, cycles);
	bus->stalled += cycles;
}

/** A store that is not buffered: what is buffered goes first. */
void bus_write_words(struct bus *bus, unsigned words)
{
	bus_drain(bus);
	wait_until(bus, bus->line_end);
	bus->stalled += (uint64_t)(int64_t)request_extend(bus, words);
}

static uint64_t queue_write(struct bus *bus, unsigned cycles)
{
	const uint64_t start = later(later(bus->writes_end, bus->line_end), now(bus));

	bus->writes_end = start + cycles;
	return bus->writes_end;
}

/*
 * A buffered store: a request waits for an address if all are taken, and for another one with each
 * four words: there is room for four to each (TRM, 4.2).
 */
void bus_store(struct bus *bus, unsigned words)
{
	const bool is_first = !bus->request_words;
	const bool has_room = !is_first && bus->request_words % WORDS_TO_ADDRESS;
	const int cycles = request_extend(bus, words);

	if (!has_room) {
		bus->store_next = (bus->store_next + 1) % WRITE_BUFFER_ADDRESSES;
		wait_until(bus, bus->store_end[bus->store_next]);
	}
	if (is_first)
		queue_write(bus, (unsigned)cycles);
	else
		bus->writes_end += (uint64_t)(int64_t)cycles;
	bus->store_end[bus->store_next] = bus->writes_end;
}

/** Halves of a dirty line: waits for the line before. */
void bus_write_back(struct bus *bus, unsigned halves)
{
	wait_until(bus, bus->write_back_end);
	bus->write_back_end = queue_write(bus, (unsigned)burst_cycles(bus->profile, 4 * halves));
}

void bus_drain(struct bus *bus)
{
	wait_until(bus, bus->writes_end);
}

void bus_device(struct bus *bus, bool is_write)
{
	bus_drain(bus);
	wait_until(bus, bus->line_end);
	bus->stalled += is_write ? bus->profile->device_write : bus->profile->device_read;
}
