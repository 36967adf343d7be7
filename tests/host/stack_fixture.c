/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/host/stack_fixture.h"

#include <sanitizer/asan_interface.h>
#include <stdlib.h>
#include <string.h>

#include "devemu/clock.h"
#include "net/frame.h"
#include "vmm/lib/check.h"

const uint8_t stack_station_mac[6] = { 2, 0x48, 0x4b, 0, 0, 0xfe };
const uint8_t stack_station_ip[4] = { 10, 0, 2, 9 };
const uint8_t stack_host_mac[6] = { 2, 0x48, 0x45, 0x52, 0, 1 };
const uint8_t stack_host_ip[4] = { 10, 0, 2, 77 };
uint64_t stack_now = 1;
uint8_t stack_sent[STACK_SENT_MAX][STACK_FRAME_MAX];
uint32_t stack_sent_length[STACK_SENT_MAX];
unsigned stack_sent_count;
uint8_t stack_received[STACK_FRAME_MAX];
uint32_t stack_received_length;
unsigned stack_received_count;
unsigned stack_sent_first;

void panic(const char *format, ...)
{
	abort();
}

static void send(const uint8_t *frame, uint32_t length)
{
	CHECK((uintptr_t)frame % 4 == 0 && length > FRAME_HEADER && length <= STACK_FRAME_MAX);
	if (stack_sent_count < STACK_SENT_MAX) {
		memcpy(stack_sent[stack_sent_count], frame, length);
		stack_sent_length[stack_sent_count] = length;
	}
	stack_sent_count++;
}

static void receive(const uint8_t *header, const uint8_t *payload, uint32_t length)
{
	CHECK((uintptr_t)payload % 2 == 0 && length <= STACK_FRAME_MAX - FRAME_HEADER);
	memcpy(stack_received, payload, length);
	stack_received_length = length;
	stack_received_count++;
}

static uint32_t describe(char *text, uint32_t size)
{
	memset(text, 't', size);
	return size;
}

void stack_fixture_start(void)
{
	static bool has_begun;
	struct stack_config config = { .address = get_be32(stack_station_ip),
				       .netmask = 0xffffff00u,
				       .send = send,
				       .receive = receive,
				       .describe = describe };

	memcpy(config.mac, stack_station_mac, sizeof(config.mac));
	if (!has_begun) {
		stack_start(&config, stack_now);
		stack_sent_first = stack_sent_count;
	}
	has_begun = true;
	stack_now += 1000ull * CLOCK_HZ;
	CHECK(stack_run(stack_now) == CLOCK_NEVER);
	stack_received_count = 0;
	stack_sent_count = 0;
}

void stack_come(const uint8_t *frame, uint32_t length, bool from_wire)
{
	struct stack_frame *const come = calloc(1, sizeof(*come));
	const size_t end = sizeof(come->words);

	come->length = length;
	come->from_wire = from_wire;
	memcpy(stack_frame_bytes(come), frame, length);
	/* What was in its memory before, which does not count. */
	if (length >= 60)
		ASAN_POISON_MEMORY_REGION((uint8_t *)come->words + 2 + length, end - 2 - length);
	else
		memset((uint8_t *)come->words + 2 + length, 0xaa, end - 2 - length);
	stack_input(come);
	ASAN_UNPOISON_MEMORY_REGION(come->words, end);
	free(come);
}

void stack_come_arp(unsigned operation, bool to_all)
{
	uint8_t frame[60] = { 0 };

	memset(frame, 0xff, 6);
	if (!to_all)
		memcpy(frame, stack_station_mac, 6);
	memcpy(frame + 6, stack_host_mac, 6);
	memcpy(frame + 12, "\x08\x06\x00\x01\x08\x00\x06\x04", 8);
	put_be16(frame + 20, operation);
	memcpy(frame + 22, stack_host_mac, 6);
	memcpy(frame + 28, stack_host_ip, 4);
	memcpy(frame + 32, stack_station_mac, 6);
	memcpy(frame + 38, stack_station_ip, 4);
	stack_come(frame, sizeof(frame), true);
}

void stack_come_echo(uint32_t size, uint32_t wrong)
{
	static uint8_t frame[STACK_FRAME_MAX];
	uint8_t *const ip = frame + 14, *const icmp = ip + 20;

	memset(frame, 0, sizeof(frame));
	memcpy(frame, stack_station_mac, 6);
	memcpy(frame + 6, stack_host_mac, 6);
	put_be16(frame + 12, 0x0800);
	ip[0] = 0x45;
	put_be16(ip + 2, 28 + size);
	ip[8] = 64;
	ip[9] = 1;
	memcpy(ip + 12, stack_host_ip, 4);
	memcpy(ip + 16, stack_station_ip, 4);
	put_be16(ip + 10, inet_checksum(ip, 20, 0));
	icmp[0] = 8;
	for (uint32_t n = 0; n < size; n++)
		icmp[8 + n] = (uint8_t)n;
	put_be16(icmp + 2, inet_checksum(icmp, 8 + size, 0) ^ wrong);
	stack_come(frame, 42 + size, true);
}
