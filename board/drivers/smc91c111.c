// SPDX-License-Identifier: Apache-2.0
/*
 * SMSC LAN91C111 Ethernet: start, link, filter, interrupts; frames are smc91c111_packets.c's. Bank 2 is
 * selected but within a function.
 *
 * The chip has one address. To receive for others it is promiscuous, and what is for nobody is
 * sorted out here, by the first bytes of a frame.
 */
#include "board/drivers/drivers.h"

#include "board/drivers/regs.h"
#include "board/drivers/smc91c111.h"
#include "board/drivers/smc91c111_regs.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/crc32.h"
#include "vmm/lib/string.h"

#define GROUP      1u /* bit of the first byte: multicast and broadcast */
#define INTERRUPTS (SMC_INT_RCV | SMC_INT_TX | SMC_INT_RX_OVRN | SMC_INT_EPH)

struct smc91c111 smc;

static uint8_t own[NIC_ADDRESS];
static struct nic_filter filter;
static bool takes_frames;
static bool is_up;

static void select_bank(uint16_t bank)
{
	reg_write16(smc.regs, SMC_BANK, bank);
}

/** Which interrupts are let through. */
void smc_update_mask(void)
{
	const uint8_t wanted = takes_frames ? INTERRUPTS : INTERRUPTS & (uint8_t)~SMC_INT_RCV;

	reg_write8(smc.regs, SMC_MASK, wanted | smc.waits_for);
}

static void smc_take_frames(bool on)
{
	takes_frames = on;
	smc_update_mask();
}

/* ---- the PHY, a bit at a time (IEEE 802.3, 22.2.4.5) ------------------------------------------ */

static void mii_put(uint32_t bits_out, unsigned count)
{
	for (uint32_t n = count; n-- > 0;) {
		const uint16_t out = SMC_MGMT_MDOE | (bit(bits_out, n) ? SMC_MGMT_MDO : 0u);

		reg_write16(smc.regs, SMC_MGMT, out);
		reg_write16(smc.regs, SMC_MGMT, out | SMC_MGMT_MCLK);
	}
}

static uint32_t mii_get(unsigned count)
{
	uint32_t value = 0;

	for (; count; count--) {
		reg_write16(smc.regs, SMC_MGMT, 0);
		value = value << 1 | ((reg_read16(smc.regs, SMC_MGMT) & SMC_MGMT_MDI) != 0);
		reg_write16(smc.regs, SMC_MGMT, SMC_MGMT_MCLK);
	}
	reg_write16(smc.regs, SMC_MGMT, 0);
	return value;
}

/* Start 01, read 10 or write 01, PHY 0, the register; then turn around, and 16 bits. */
static uint16_t phy_read(unsigned number)
{
	uint16_t value;

	select_bank(3);
	mii_put(0xffffffffu, 32);
	mii_put(0x1800u | number, 14);
	value = (uint16_t)mii_get(18);
	select_bank(2);
	return value;
}

static void phy_write(unsigned number, uint16_t value)
{
	select_bank(3);
	mii_put(0xffffffffu, 32);
	mii_put(0x50020000u | number << 18 | value, 32);
	reg_write16(smc.regs, SMC_MGMT, 0);
	select_bank(2);
}

/** Link and duplex as they are now: the PHY negotiates, and the MAC has to do the same. */
static void update_link(void)
{
	const bool is_full = (phy_read(SMC_PHY_STATUS_OUTPUT) & SMC_PHY_STATUS_DPLXDET) != 0;

	select_bank(0);
	is_up = (reg_read16(smc.regs, SMC_EPH) & SMC_EPH_LINK_OK) != 0;
	/* TXENA goes away with an error, and comes back here. */
	reg_write16(smc.regs, SMC_TCR,
		    SMC_TCR_TXENA | SMC_TCR_PAD_EN | (is_full ? SMC_TCR_SWFDUP : 0u));
	(void)reg_read16(smc.regs, SMC_ECR);
	select_bank(2);
}

/* ---- the filter ------------------------------------------------------------------------------- */

static bool is_own(const uint8_t *address)
{
	return memcmp(address, own, NIC_ADDRESS) == 0;
}

/** The bit of the hash table: the upper six of the address's CRC. (8.22) */
static unsigned hash_bit(const uint8_t *address)
{
	const uint32_t crc = ~crc32(0, address, NIC_ADDRESS);
	unsigned value = 0;

	/* Ours is the reflected CRC. */
	for (unsigned n = 0; n < 6; n++)
		value = value << 1 | ((crc >> n) & 1u);
	return value;
}

static void program_filter(void)
{
	uint16_t table[4] = { 0 };
	bool all = filter.promiscuous;

	for (unsigned n = 0; n < filter.count; n++) {
		const uint8_t *const address = filter.address[n];

		if (address[0] & GROUP) {
			const unsigned at = hash_bit(address);

			table[at / 16u] = (uint16_t)(table[at / 16u] | 1u << at % 16u);
		} else if (!is_own(address)) {
			all = true;
		}
	}
	select_bank(3);
	for (unsigned n = 0; n < 4; n++)
		reg_write16(smc.regs, SMC_MT + 2 * n, table[n]);
	select_bank(0);
	reg_write16(smc.regs, SMC_RCR,
		    SMC_RCR_RXEN | SMC_RCR_STRIP_CRC | (all ? SMC_RCR_PRMS : 0u) |
			    (filter.all_groups ? SMC_RCR_ALMUL : 0u));
	select_bank(2);
}

/** Whether a frame is for us: the chip's hash table and promiscuous mode let more through. */
bool smc_is_wanted(const uint8_t *to)
{
	static const uint8_t broadcast[NIC_ADDRESS] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	if (filter.promiscuous || is_own(to) || (filter.all_groups && (to[0] & GROUP)) ||
	    memcmp(to, broadcast, NIC_ADDRESS) == 0)
		return true;
	for (unsigned n = 0; n < filter.count; n++)
		if (memcmp(to, filter.address[n], NIC_ADDRESS) == 0)
			return true;
	return false;
}

static void smc_set_filter(const struct nic_filter *wanted)
{
	filter = *wanted;
	if (filter.count > NIC_ADDRESSES_MAX)
		filter.count = NIC_ADDRESSES_MAX;
	program_filter();
}

/* ---- start and stop --------------------------------------------------------------------------- */

static void set_address(uint8_t address[NIC_ADDRESS])
{
	static const uint8_t none[NIC_ADDRESS];

	select_bank(1);
	if (memcmp(address, none, NIC_ADDRESS) == 0)
		for (unsigned n = 0; n < NIC_ADDRESS; n++)
			address[n] = reg_read8(smc.regs, SMC_IA + n);
	else
		for (unsigned n = 0; n < NIC_ADDRESS; n++)
			reg_write8(smc.regs, SMC_IA + n, address[n]);
	memcpy(own, address, NIC_ADDRESS);
}

static void reset(void)
{
	select_bank(2);
	reg_write8(smc.regs, SMC_MASK, 0);
	select_bank(0);
	reg_write16(smc.regs, SMC_RCR, SMC_RCR_SOFT_RST);
	/* A microsecond is enough. */
	for (unsigned n = 0; n < 16; n++)
		(void)reg_read16(smc.regs, SMC_BANK);
	reg_write16(smc.regs, SMC_RCR, 0);
	reg_write16(smc.regs, SMC_TCR, 0);
	select_bank(2);
	smc_packets_reset();
	takes_frames = true;
}

static bool smc_init(volatile uint32_t *base, uint8_t address[NIC_ADDRESS])
{
	uint16_t control;

	smc.regs = base;
	if ((reg_read16(smc.regs, SMC_BANK) & SMC_BANK_MASK) != SMC_BANK_PATTERN)
		return false;
	reset();
	smc.counters = (struct nic_counters){ .received = 0 };
	filter = (struct nic_filter){ .count = 0 };
	set_address(address);
	reg_write16(smc.regs, SMC_CONFIG, SMC_CONFIG_EPH_POWER_EN | SMC_CONFIG_NO_WAIT);
	control = reg_read16(smc.regs, SMC_CTR);
	reg_write16(smc.regs, SMC_CTR, control | SMC_CTR_AUTO_RELEASE | SMC_CTR_LE_ENABLE);
	select_bank(0);
	reg_write16(smc.regs, SMC_RPCR, SMC_RPCR_ANEG | SMC_RPCR_LED_B_TRAFFIC);
	phy_write(SMC_PHY_CONTROL, SMC_PHY_CONTROL_ANEG);
	program_filter();
	update_link();
	smc_update_mask();
	return true;
}

static void smc_stop(void)
{
	reset();
}

/* ---- interrupts ------------------------------------------------------------------------------- */

/** The transition is acknowledged by switching its enable off and on. (8.10) */
static void serve_link(void)
{
	uint16_t control;

	select_bank(1);
	control = reg_read16(smc.regs, SMC_CTR);
	reg_write16(smc.regs, SMC_CTR, control & (uint16_t)~SMC_CTR_LE_ENABLE);
	reg_write16(smc.regs, SMC_CTR, control | SMC_CTR_LE_ENABLE);
	update_link();
}

static unsigned smc_serve(void)
{
	const uint8_t status = reg_read8(smc.regs, SMC_INT);
	unsigned events = 0;

	if (status & SMC_INT_RX_OVRN) {
		smc.counters.rx_overruns++;
		reg_write8(smc.regs, SMC_INT, SMC_INT_RX_OVRN);
	}
	if (status & SMC_INT_TX) {
		smc_tx_failed();
		update_link();
	}
	if (smc_found_room(status))
		events |= NIC_ROOM;
	if (status & SMC_INT_EPH) {
		serve_link();
		events |= NIC_LINK;
	}
	if (status & SMC_INT_RCV)
		events |= NIC_RECEIVED;
	return events;
}

static bool smc_is_link_up(void)
{
	return is_up;
}

static const struct nic_counters *smc_counters(void)
{
	return &smc.counters;
}

const struct nic_driver smc91c111_driver = {
	.init = smc_init,
	.stop = smc_stop,
	.set_filter = smc_set_filter,
	.serve = smc_serve,
	.take_frames = smc_take_frames,
	.receive = smc_receive,
	.send = smc_send,
	.look = smc_look,
	.read = smc_read,
	.drop = smc_drop,
	.send_words = smc_send_words,
	.is_link_up = smc_is_link_up,
	.counters = smc_counters,
};
