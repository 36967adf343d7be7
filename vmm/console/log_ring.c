/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/console/log_ring.h"

#include "vmm/lib/check.h"

/** Adds a text that is no longer than the ring; the oldest makes room for it. */
void log_ring_write(struct ring *ring, const char *text, size_t length)
{
	CHECK(length <= ring->size);
	ring_write_over(ring, text, (uint32_t)length);
}

static char at(const struct ring *ring, uint32_t position)
{
	return (char)ring->bytes[position & (ring->size - 1u)];
}

/**
 * Copies the line at @p position without its line end, cut to @p size, and moves the position behind
 * it. The position starts at ring->read; one that has been overwritten is moved to the first whole
 * line. Returns false when there is no line left.
 */
bool log_ring_line(const struct ring *ring, uint32_t *position, char *line, size_t size)
{
	size_t length = 0;
	char c;

	/* How far behind the end, so that positions may wrap. */
	if (ring->written - *position > ring_count(ring)) {
		*position = ring->read;
		while (*position != ring->written && at(ring, (*position)++) != '\n')
			;
	}
	if (*position == ring->written)
		return false;
	do {
		c = at(ring, (*position)++);
		if (c != '\n' && length < size - 1)
			line[length++] = c;
	} while (c != '\n' && *position != ring->written);
	line[length] = '\0';
	return true;
}
