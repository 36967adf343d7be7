/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The VMM's driver of the Ethernet chip, on the chip: it talks to the gateway of QEMU's user
 * network. In a VM the chip's window is direct, so the same happens there.
 */
#include "tests/guest/guest.h"
#include "tests/guest/tap.h"

#include "net/frame.h"

/* The guest's library has none of these files. */
#include "board/drivers/smc91c111.c"
#include "board/drivers/smc91c111_packets.c"
#include "vmm/lib/crc32.c"

/* As long as an answer may take: that of a program on the same machine. */
#define POLLS_MAX 4000000u

#define ARP_LENGTH  42u
#define ECHO_HEADER 42u /* Ethernet, IPv4, ICMP */

static const uint8_t own_ip[4] = { 10, 0, 2, 15 };
static const uint8_t gateway_ip[4] = { 10, 0, 2, 2 };
static uint8_t own_address[NIC_ADDRESS], gateway[NIC_ADDRESS];
static uint32_t sent_words[NIC_FRAME_MAX / 4 + 1], got_words[NIC_FRAME_MAX / 4 + 1];
static uint8_t *const sent = (uint8_t *)sent_words;
static uint8_t *const got = (uint8_t *)got_words;

static uint32_t receive(void)
{
	for (unsigned n = 0; n < POLLS_MAX; n++)
		if (smc91c111_driver.serve() & NIC_RECEIVED) {
			const uint32_t length = smc91c111_driver.receive(got);

			if (length)
				return length;
		}
	return 0;
}

static bool send(uint32_t length)
{
	for (unsigned n = 0; n < POLLS_MAX; n++) {
		if (smc91c111_driver.send(sent, length))
			return true;
		smc91c111_driver.serve();
	}
	return false;
}

static void fill_header(const uint8_t *to, uint32_t type)
{
	memcpy(sent, to, NIC_ADDRESS);
	memcpy(sent + NIC_ADDRESS, own_address, NIC_ADDRESS);
	put_be16(sent + 12, type);
}

GUEST_TEST(the_chip_is_there_and_has_an_address)
{
	memset(own_address, 0, NIC_ADDRESS);
	EXPECT_EQ(true, smc91c111_driver.init((volatile uint32_t *)BOARD_ETHERNET, own_address));
	EXPECT_EQ(true, smc91c111_driver.is_link_up());
	/* QEMU's. */
	EXPECT_EQ(0x52540012u, get_be32(own_address));
}

GUEST_TEST(the_gateway_answers_arp)
{
	static const uint8_t broadcast[NIC_ADDRESS] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	memset(sent, 0, ARP_LENGTH);
	fill_header(broadcast, 0x0806);
	put_be32(sent + 14, 0x00010800);
	put_be32(sent + 18, 0x06040001);
	memcpy(sent + 22, own_address, NIC_ADDRESS);
	memcpy(sent + 28, own_ip, 4);
	memcpy(sent + 38, gateway_ip, 4);
	EXPECT_EQ(true, send(ARP_LENGTH));
	EXPECT_EQ(true, receive() >= ARP_LENGTH);
	EXPECT_EQ(0x0806u, get_be16(got + 12));
	EXPECT_EQ(2u, get_be16(got + 20));
	EXPECT_EQ(get_be32(gateway_ip), get_be32(got + 28));
	memcpy(gateway, got + 22, NIC_ADDRESS);
}

static uint32_t sum_of(const uint8_t *bytes, uint32_t length)
{
	uint32_t sum = 0;

	for (uint32_t n = 0; n < length; n++)
		sum += n & 1u ? bytes[n] : (uint32_t)bytes[n] << 8;
	while (sum >> 16)
		sum = (sum & 0xffffu) + (sum >> 16);
	return sum ^ 0xffffu;
}

static void make_echo(uint32_t length)
{
	memset(sent, 0, ECHO_HEADER);
	fill_header(gateway, 0x0800);
	sent[14] = 0x45;
	put_be16(sent + 16, length - 14);
	sent[22] = 64;
	sent[23] = 1;
	memcpy(sent + 26, own_ip, 4);
	memcpy(sent + 30, gateway_ip, 4);
	put_be16(sent + 24, sum_of(sent + 14, 20));
	sent[34] = 8;
	put_be16(sent + 40, length);
	for (uint32_t n = ECHO_HEADER; n < length; n++)
		sent[n] = (uint8_t)(n * 7 + length);
	put_be16(sent + 36, sum_of(sent + 34, length - 34));
}

GUEST_TEST(echoes_of_even_and_odd_lengths_come_back_as_they_were)
{
	unsigned good = 0;

	/* Shorter ones come back padded. */
	for (uint32_t length = 64; length <= 1514; length += length < 90 ? 1 : 89) {
		make_echo(length);
		if (!send(length) || receive() != length)
			continue;
		good += get_be16(got + 40) == length &&
			memcmp(got + ECHO_HEADER, sent + ECHO_HEADER, length - ECHO_HEADER) == 0;
	}
	EXPECT_EQ(26u + 17u, good);
	EXPECT_EQ(0u, smc91c111_driver.counters()->rx_bad + smc91c111_driver.counters()->rx_length);
}

/* Answers fill the chip's memory while more is sent: sending waits, nothing is lost or mixed up. */
GUEST_TEST(a_burst_waits_for_the_chips_memory_and_goes_on)
{
	unsigned sent_count = 0, received = 0, polls = 0;

	while (received < 64 && polls++ < POLLS_MAX) {
		const unsigned events = smc91c111_driver.serve();

		if (sent_count < 64) {
			make_echo(1000 + sent_count);
			sent_count += smc91c111_driver.send(sent, 1000 + sent_count);
		}
		if ((events & NIC_RECEIVED) && smc91c111_driver.receive(got))
			received += get_be16(got + 40) == 1000 + received;
	}
	EXPECT_EQ(64u, sent_count);
	EXPECT_EQ(64u, received);
	smc91c111_driver.stop();
}
