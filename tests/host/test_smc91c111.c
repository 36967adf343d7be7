/* SPDX-License-Identifier: Apache-2.0 */
/* The driver of the Ethernet chip against a model of the chip. */
#include "tests/host/smc91c111_chip.h"

#include "board/drivers/smc91c111.c"
#include "board/drivers/smc91c111_packets.c"

/* ---- tests ------------------------------------------------------------------------------------ */

static const struct nic_driver *const nic = &smc91c111_driver;
static const uint8_t chip_address[NIC_ADDRESS] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };
static const uint8_t other[NIC_ADDRESS] = { 2, 0, 0, 0, 0, 9 };
static uint32_t words[NIC_FRAME_MAX / 4 + 1];
static uint8_t *const frame = (uint8_t *)words;

static bool is_interrupting(void)
{
	return (read_byte(SMC_INT) & chip.mask) != 0;
}

static void start(void)
{
	uint8_t address[NIC_ADDRESS] = { 0 };

	assert_true(nic->init(NULL, address));
	assert_memory_equal(address, chip_address, NIC_ADDRESS);
	assert_int_equal(chip.bank, 2);
}

static int setup(void **state)
{
	memset(&chip, 0, sizeof(chip));
	memcpy(&chip.bytes[1][SMC_IA], chip_address, NIC_ADDRESS);
	chip.bytes[0][SMC_EPH + 1] = SMC_EPH_LINK_OK >> 8;
	on_wire_count = 0;
	return 0;
}

static int setup_started(void **state)
{
	setup(state);
	start();
	return 0;
}

/** A frame arrives: @p odd_flag in the control byte as the length says, unless it is forged. */
static bool arrive(const uint8_t *bytes, uint32_t length, uint16_t status)
{
	const uint32_t even = length & ~1u, count = even + SMC_PACKET_EXTRA;

	for (uint8_t n = 0; n < PACKETS; n++) {
		uint8_t *const p = chip.memory[n];

		if (chip.allocated[n])
			continue;
		memset(p, 0xee, PACKET_SIZE);
		chip.allocated[n] = true;
		chip.rx[chip.rx_count++] = n;
		p[0] = (uint8_t)status;
		p[1] = (uint8_t)(status >> 8);
		p[2] = (uint8_t)count;
		p[3] = (uint8_t)(count >> 8);
		memcpy(p + 4, bytes, length);
		p[4 + even] = length & 1u ? bytes[even] : 0;
		p[5 + even] = length & 1u ? 0x60 : 0x40;
		return true;
	}
	chip.interrupts |= SMC_INT_RX_OVRN;
	return false;
}

static void make(uint8_t *bytes, const uint8_t *to, uint32_t length, uint8_t first)
{
	for (uint32_t n = 0; n < length; n++)
		bytes[n] = (uint8_t)(first + n * 7);
	memcpy(bytes, to, NIC_ADDRESS);
}

static void a_chip_that_is_not_there_is_noticed(void **state)
{
	uint8_t address[NIC_ADDRESS] = { 0 };

	chip.absent = true;
	assert_false(nic->init(NULL, address));
	assert_int_equal(chip.resets, 0);
}

static void it_starts_with_the_address_of_the_chip_or_the_given_one(void **state)
{
	uint8_t address[NIC_ADDRESS];

	start();
	assert_int_equal(chip.resets, 1);
	assert_int_equal(chip.mask, INTERRUPTS);
	assert_int_equal(chip.phy[SMC_PHY_CONTROL], SMC_PHY_CONTROL_ANEG);
	assert_true(nic->is_link_up());
	assert_int_equal(chip.bytes[0][SMC_TCR], SMC_TCR_TXENA | SMC_TCR_PAD_EN);
	assert_int_equal(chip.bytes[0][SMC_RCR + 1], (SMC_RCR_RXEN | SMC_RCR_STRIP_CRC) >> 8);
	assert_int_equal(chip.bytes[1][SMC_CTR + 1], SMC_CTR_AUTO_RELEASE >> 8);

	memcpy(address, other, NIC_ADDRESS);
	assert_true(nic->init(NULL, address));
	assert_memory_equal(&chip.bytes[1][SMC_IA], other, NIC_ADDRESS);
}

static void frames_of_every_length_go_out_as_they_are(void **state)
{
	for (uint32_t length = NIC_FRAME_MIN; length <= NIC_FRAME_MAX; length++) {
		on_wire_count = 0;
		make(frame, other, length, (uint8_t)length);
		assert_true(nic->send(frame, length));
		assert_int_equal(on_wire_count, 1);
		assert_int_equal(on_wire_length[0], length);
		assert_memory_equal(on_wire[0], frame, length);
	}
	assert_int_equal(nic->counters()->sent, NIC_FRAME_MAX - NIC_FRAME_MIN + 1);
	assert_false(is_interrupting());
}

static void frames_of_every_length_come_in_as_they_were(void **state)
{
	static uint8_t bytes[NIC_FRAME_MAX];

	for (uint32_t length = NIC_FRAME_MIN; length <= NIC_FRAME_MAX; length++) {
		make(bytes, chip_address, length, (uint8_t)length);
		assert_true(arrive(bytes, length, 0));
		assert_true(is_interrupting());
		assert_int_equal(nic->serve(), NIC_RECEIVED);
		memset(frame, 0, NIC_FRAME_MAX);
		assert_int_equal(nic->receive(frame), length);
		assert_memory_equal(frame, bytes, length);
		assert_false(is_interrupting());
	}
	assert_int_equal(nic->receive(frame), 0);
	assert_int_equal(nic->counters()->received, NIC_FRAME_MAX - NIC_FRAME_MIN + 1);
}

static void frames_go_out_from_the_middle_of_a_word(void **state)
{
	for (uint32_t count = 0; 4 * (6 + count) - 2 <= NIC_FRAME_MAX; count++) {
		const uint32_t head_count = 4 + 2 * (count % 2),
			       length = 4 * (head_count + count) - 2;

		on_wire_count = 0;
		make(frame + 2, other, length, (uint8_t)count);
		assert_true(nic->send_words(words, head_count, words + head_count, count));
		assert_int_equal(on_wire_count, 1);
		assert_int_equal(on_wire_length[0], length);
		assert_memory_equal(on_wire[0], frame + 2, length);
	}
}

static void a_frame_can_be_looked_at_and_left(void **state)
{
	static uint8_t bytes[NIC_FRAME_MAX];

	assert_int_equal(nic->look(words), 0);
	for (uint32_t length = 60; length <= NIC_FRAME_MAX; length += 2) {
		const uint32_t count = (2 + length + 3) / 4;

		make(bytes, other, length, (uint8_t)length);
		assert_true(arrive(bytes, length, 0));
		memset(words, 0, sizeof(words));
		assert_int_equal(nic->look(words), length);
		assert_memory_equal(frame + 2, bytes, length < 4 * NIC_LOOK - 2 ? length : 66);
		assert_int_equal(nic->look(words), length);
		for (uint32_t at = NIC_LOOK; at < count; at += 50)
			nic->read(words + at, at, count - at < 50 ? count - at : 50);
		assert_memory_equal(frame + 2, bytes, length);
		assert_true(is_interrupting());
		nic->drop();
		assert_false(is_interrupting());
	}
	/* It is still there for the one who takes it all. */
	make(bytes, chip_address, 61, 1);
	assert_true(arrive(bytes, 61, 0));
	assert_int_equal(nic->look(words), 60);
	assert_int_equal(nic->receive(frame), 61);
	assert_memory_equal(frame, bytes, 61);
}

static void a_length_that_cannot_be_is_not_looked_at(void **state)
{
	static const uint16_t counts[] = { 0, 4, 6, 18, 1526, 2046, 0xffff };
	uint8_t bytes[64];

	make(bytes, chip_address, sizeof(bytes), 1);
	for (unsigned n = 0; n < ARRAY_SIZE(counts); n++) {
		arrive(bytes, sizeof(bytes), 0);
		chip.memory[chip.rx[0]][2] = (uint8_t)counts[n];
		chip.memory[chip.rx[0]][3] = (uint8_t)(counts[n] >> 8);
		assert_int_equal(nic->look(words), NIC_BAD);
		assert_int_equal(nic->receive(frame), 0);
		assert_int_equal(nic->look(words), 0);
	}
}

static void without_memory_sending_waits_for_the_interrupt(void **state)
{
	uint8_t bytes[64];

	make(bytes, chip_address, sizeof(bytes), 1);
	for (unsigned n = 0; n < PACKETS; n++)
		assert_true(arrive(bytes, sizeof(bytes), 0));
	make(frame, other, 60, 2);
	assert_false(nic->send(frame, 60));
	assert_false(nic->send(frame, 60));
	assert_int_equal(nic->serve(), NIC_RECEIVED);

	assert_int_equal(nic->receive(on_wire[3]), 64);
	assert_int_equal(nic->serve(), NIC_RECEIVED | NIC_ROOM);
	assert_int_equal(chip.mask, INTERRUPTS);
	assert_true(nic->send(frame, 60));
	assert_int_equal(on_wire_count, 1);
	assert_memory_equal(on_wire[0], frame, 60);

	/* And all of it is given back. */
	for (unsigned n = 1; n < PACKETS; n++)
		assert_int_equal(nic->receive(NULL), 0);
	for (unsigned n = 0; n < PACKETS; n++)
		assert_false(chip.allocated[n]);
}

static void sending_leaves_two_packets_to_receive(void **state)
{
	uint8_t bytes[64];

	chip.tx_slow = true;
	make(bytes, chip_address, sizeof(bytes), 1);
	make(frame, other, 60, 2);
	assert_true(nic->send(frame, 60));
	assert_true(nic->send(frame, 60));
	assert_false(nic->send(frame, 60));
	assert_false(nic->send(frame, 60));
	assert_false(is_interrupting());
	for (unsigned n = 0; n < 2; n++)
		assert_true(arrive(bytes, sizeof(bytes), 0));
	assert_int_equal(nic->serve(), NIC_RECEIVED);

	send_waiting();
	assert_int_equal(nic->serve(), NIC_RECEIVED | NIC_ROOM);
	assert_int_equal(chip.mask, INTERRUPTS);
	assert_true(nic->send(frame, 60));
	assert_true(nic->send(frame, 60));
	assert_false(nic->send(frame, 60));
	send_waiting();
	assert_int_equal(on_wire_count, 4);
}

static void frames_that_may_wait_do_not_interrupt(void **state)
{
	uint8_t bytes[64];

	make(bytes, chip_address, sizeof(bytes), 1);
	assert_true(arrive(bytes, sizeof(bytes), 0));
	assert_true(is_interrupting());
	nic->take_frames(false);
	assert_false(is_interrupting());
	/* Also while it waits for memory, and after. */
	for (unsigned n = 1; n < PACKETS; n++)
		assert_true(arrive(bytes, sizeof(bytes), 0));
	make(frame, other, 60, 2);
	assert_false(nic->send(frame, 60));
	assert_false(is_interrupting());
	assert_int_equal(nic->receive(frame), 64);
	assert_true(is_interrupting());
	assert_true(nic->serve() & NIC_ROOM);
	assert_false(is_interrupting());
	nic->take_frames(true);
	assert_true(is_interrupting());
}

static void a_packet_that_cannot_be_sent_is_counted_and_sending_goes_on(void **state)
{
	make(frame, other, 60, 1);
	chip.tx_fails = true;
	assert_true(nic->send(frame, 60));
	assert_true(is_interrupting());
	chip.tx_fails = false;
	assert_int_equal(nic->serve(), 0);
	assert_int_equal(nic->counters()->tx_errors, 1);
	assert_false(is_interrupting());
	assert_false(chip.allocated[0]);
	assert_true(nic->send(frame, 60));
	assert_int_equal(on_wire_count, 1);
}

static void bad_frames_are_counted_and_skipped(void **state)
{
	static const uint16_t bad[] = { SMC_STATUS_ALGN, SMC_STATUS_BADCRC, SMC_STATUS_TOOLONG };
	uint8_t bytes[64];

	make(bytes, chip_address, sizeof(bytes), 1);
	for (unsigned n = 0; n < 3; n++)
		arrive(bytes, sizeof(bytes), bad[n]);
	arrive(bytes, sizeof(bytes), 0);
	assert_int_equal(nic->receive(frame), 64);
	assert_int_equal(nic->counters()->rx_bad, 3);
	assert_false(is_interrupting());
}

static void a_length_that_cannot_be_is_not_believed(void **state)
{
	static const uint16_t counts[] = { 0, 4, 6, 18, 1526, 2046, 0xffff };
	uint8_t bytes[64];

	make(bytes, chip_address, sizeof(bytes), 1);
	for (unsigned n = 0; n < ARRAY_SIZE(counts); n++) {
		arrive(bytes, sizeof(bytes), 0);
		chip.memory[chip.rx[0]][2] = (uint8_t)counts[n];
		chip.memory[chip.rx[0]][3] = (uint8_t)(counts[n] >> 8);
		assert_int_equal(nic->receive(frame), 0);
		assert_int_equal(nic->counters()->rx_length, n + 1);
	}
	/* The longest, and one byte more by the control byte. */
	arrive(bytes, sizeof(bytes), 0);
	chip.memory[chip.rx[0]][2] = (uint8_t)(NIC_FRAME_MAX + 6);
	chip.memory[chip.rx[0]][3] = (uint8_t)((NIC_FRAME_MAX + 6) >> 8);
	chip.memory[chip.rx[0]][NIC_FRAME_MAX + 5] = SMC_CONTROL_ODD;
	assert_int_equal(nic->receive(frame), 0);
	assert_int_equal(nic->counters()->rx_length, ARRAY_SIZE(counts) + 1);
}

static bool is_received(const uint8_t *to)
{
	uint8_t bytes[64];

	make(bytes, to, sizeof(bytes), 1);
	arrive(bytes, sizeof(bytes), 0);
	return nic->receive(frame) != 0;
}

static void frames_for_others_are_sorted_out(void **state)
{
	static const uint8_t broadcast[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	static const uint8_t group[] = { 1, 0, 0x5e, 0, 0, 1 };
	static const uint8_t group2[] = { 1, 0, 0x5e, 0, 0, 2 };
	struct nic_filter wanted = { .count = 0 };

	assert_true(is_received(chip_address) && is_received(broadcast));
	assert_false(is_received(other) || is_received(group));
	assert_int_equal(nic->counters()->rx_filtered, 2);

	wanted.count = 2;
	memcpy(wanted.address[0], other, NIC_ADDRESS);
	memcpy(wanted.address[1], group, NIC_ADDRESS);
	nic->set_filter(&wanted);
	assert_true(is_received(chip_address) && is_received(other) && is_received(group));
	assert_false(is_received(group2));
	/* One address is not the chip's own: promiscuous. */
	assert_int_equal(chip.bytes[0][SMC_RCR], SMC_RCR_PRMS);

	wanted.all_groups = true;
	wanted.count = 0;
	nic->set_filter(&wanted);
	assert_int_equal(chip.bytes[0][SMC_RCR], SMC_RCR_ALMUL);
	assert_true(is_received(group2));
	assert_false(is_received(other));

	wanted.promiscuous = true;
	nic->set_filter(&wanted);
	assert_true(is_received(other));
}

/** The upper six bits of the CRC, computed bit by bit as IEEE 802.3, 3.2.9 has it. */
static unsigned slow_hash(const uint8_t *address)
{
	uint32_t crc = 0xffffffffu;

	for (unsigned n = 0; n < 48; n++) {
		const bool one = (address[n / 8] >> n % 8 & 1u) != (crc >> 31);

		crc = crc << 1 ^ (one ? 0x04c11db7u : 0u);
	}
	return crc >> 26;
}

static void the_hash_table_has_the_bits_of_the_groups(void **state)
{
	for (unsigned run = 0; run < 200; run++) {
		struct nic_filter wanted = { .count = 1 };
		uint64_t table = 0;

		for (unsigned n = 0; n < NIC_ADDRESS; n++)
			wanted.address[0][n] = (uint8_t)((run + 3) * (n + 11) * 37);
		wanted.address[0][0] |= 1;
		nic->set_filter(&wanted);
		for (unsigned n = 0; n < 8; n++)
			table |= (uint64_t)chip.bytes[3][SMC_MT + n] << 8 * n;
		assert_true(table == 1ull << slow_hash(wanted.address[0]));
	}
}

static void many_frames_for_others_do_not_take_long(void **state)
{
	uint8_t bytes[64];

	make(bytes, other, sizeof(bytes), 1);
	for (unsigned n = 0; n < PACKETS; n++)
		arrive(bytes, sizeof(bytes), 0);
	assert_int_equal(nic->receive(frame), 0);
	assert_int_equal(nic->counters()->rx_filtered, SKIP_MAX);
}

static void an_overrun_is_counted(void **state)
{
	uint8_t bytes[64];

	make(bytes, chip_address, sizeof(bytes), 1);
	for (unsigned n = 0; n < PACKETS; n++)
		assert_true(arrive(bytes, sizeof(bytes), 0));
	assert_false(arrive(bytes, sizeof(bytes), 0));
	assert_int_equal(nic->serve(), NIC_RECEIVED);
	assert_int_equal(nic->counters()->rx_overruns, 1);
	assert_int_equal(chip.interrupts & SMC_INT_RX_OVRN, 0);
}

static void link_and_duplex_follow_the_phy(void **state)
{
	chip.phy[SMC_PHY_STATUS_OUTPUT] = SMC_PHY_STATUS_DPLXDET;
	chip.bytes[0][SMC_EPH + 1] = 0;
	chip.interrupts |= SMC_INT_EPH;
	assert_int_equal(nic->serve(), NIC_LINK);
	assert_false(nic->is_link_up());
	assert_false(is_interrupting());
	assert_int_equal(chip.bytes[0][SMC_TCR + 1], SMC_TCR_SWFDUP >> 8);

	chip.phy[SMC_PHY_STATUS_OUTPUT] = 0;
	chip.bytes[0][SMC_EPH + 1] = SMC_EPH_LINK_OK >> 8;
	chip.interrupts |= SMC_INT_EPH;
	assert_int_equal(nic->serve(), NIC_LINK);
	assert_true(nic->is_link_up());
	assert_int_equal(chip.bytes[0][SMC_TCR + 1], 0);
	assert_true(chip.bytes[1][SMC_CTR] & SMC_CTR_LE_ENABLE);
}

static void a_stopped_chip_is_silent(void **state)
{
	uint8_t bytes[64];

	nic->stop();
	make(bytes, chip_address, sizeof(bytes), 1);
	arrive(bytes, sizeof(bytes), 0);
	assert_false(is_interrupting());
	assert_int_equal(chip.bytes[0][SMC_RCR + 1], 0);
	assert_int_equal(chip.bytes[0][SMC_TCR], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_chip_that_is_not_there_is_noticed, setup),
		cmocka_unit_test_setup(it_starts_with_the_address_of_the_chip_or_the_given_one,
				       setup),
		cmocka_unit_test_setup(frames_of_every_length_go_out_as_they_are, setup_started),
		cmocka_unit_test_setup(frames_of_every_length_come_in_as_they_were, setup_started),
		cmocka_unit_test_setup(frames_go_out_from_the_middle_of_a_word, setup_started),
		cmocka_unit_test_setup(a_frame_can_be_looked_at_and_left, setup_started),
		cmocka_unit_test_setup(a_length_that_cannot_be_is_not_looked_at, setup_started),
		cmocka_unit_test_setup(without_memory_sending_waits_for_the_interrupt,
				       setup_started),
		cmocka_unit_test_setup(sending_leaves_two_packets_to_receive, setup_started),
		cmocka_unit_test_setup(frames_that_may_wait_do_not_interrupt, setup_started),
		cmocka_unit_test_setup(a_packet_that_cannot_be_sent_is_counted_and_sending_goes_on,
				       setup_started),
		cmocka_unit_test_setup(bad_frames_are_counted_and_skipped, setup_started),
		cmocka_unit_test_setup(a_length_that_cannot_be_is_not_believed, setup_started),
		cmocka_unit_test_setup(frames_for_others_are_sorted_out, setup_started),
		cmocka_unit_test_setup(the_hash_table_has_the_bits_of_the_groups, setup_started),
		cmocka_unit_test_setup(many_frames_for_others_do_not_take_long, setup_started),
		cmocka_unit_test_setup(an_overrun_is_counted, setup_started),
		cmocka_unit_test_setup(link_and_duplex_follow_the_phy, setup_started),
		cmocka_unit_test_setup(a_stopped_chip_is_silent, setup_started),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
