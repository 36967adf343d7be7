/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMSC LAN91C111 (data sheet, chapter 8): registers as (bank, offset), in four banks of 16 bytes.
 * Shared by the driver and its test.
 */
#ifndef BOARD_DRIVERS_SMC91C111_REGS_H
#define BOARD_DRIVERS_SMC91C111_REGS_H

/* All banks */
#define SMC_BANK         14u /* number in bits 2 to 0; the upper byte reads as 0x33 */
#define SMC_BANK_MASK    0xff00u
#define SMC_BANK_PATTERN 0x3300u

/* Bank 0 */
#define SMC_TCR                0u
#define SMC_TCR_TXENA          0x0001u
#define SMC_TCR_PAD_EN         0x0080u
#define SMC_TCR_SWFDUP         0x8000u
#define SMC_EPH                2u
#define SMC_EPH_TX_SUC         0x0001u
#define SMC_EPH_LINK_OK        0x4000u
#define SMC_RCR                4u
#define SMC_RCR_PRMS           0x0002u
#define SMC_RCR_ALMUL          0x0004u
#define SMC_RCR_RXEN           0x0100u
#define SMC_RCR_STRIP_CRC      0x0200u
#define SMC_RCR_SOFT_RST       0x8000u
#define SMC_ECR                6u /* counters; reading clears them */
#define SMC_RPCR               10u
#define SMC_RPCR_ANEG          0x0800u
#define SMC_RPCR_LED_B_TRAFFIC (4u << 2)

/* Bank 1 */
#define SMC_CONFIG              0u
#define SMC_CONFIG_EPH_POWER_EN 0x8000u
#define SMC_CONFIG_NO_WAIT      0x1000u
#define SMC_IA                  4u /* six bytes */
#define SMC_CTR                 12u
#define SMC_CTR_LE_ENABLE       0x0080u
#define SMC_CTR_AUTO_RELEASE    0x0800u

/* Bank 2 */
#define SMC_MMU                0u
#define SMC_MMU_BUSY           0x0001u
#define SMC_MMU_ALLOC          0x0020u
#define SMC_MMU_RESET          0x0040u
#define SMC_MMU_REMOVE_RELEASE 0x0080u /* the first of the receive FIFO */
#define SMC_MMU_RELEASE        0x00a0u /* the one in SMC_PNR */
#define SMC_MMU_ENQUEUE        0x00c0u /* the same, to be sent */
#define SMC_PNR                2u      /* byte */
#define SMC_ARR                3u      /* byte */
#define SMC_FIFO_TX            4u      /* byte */
#define SMC_FIFO_RX            5u      /* byte */
#define SMC_NONE               0x80u   /* in these three */
#define SMC_PTR                6u
#define SMC_PTR_RCV            0x8000u
#define SMC_PTR_AUTO_INCR      0x4000u
#define SMC_PTR_READ           0x2000u
#define SMC_PTR_NOT_EMPTY      0x0800u
#define SMC_DATA               8u
#define SMC_INT                12u /* byte: status; writing acknowledges */
#define SMC_MASK               13u /* byte */
#define SMC_INT_RCV            0x01u
#define SMC_INT_TX             0x02u
#define SMC_INT_TX_EMPTY       0x04u
#define SMC_INT_ALLOC          0x08u
#define SMC_INT_RX_OVRN        0x10u
#define SMC_INT_EPH            0x20u

/* Bank 3 */
#define SMC_MT        0u /* eight bytes: multicast hash table */
#define SMC_MGMT      8u
#define SMC_MGMT_MDO  0x0001u
#define SMC_MGMT_MDI  0x0002u
#define SMC_MGMT_MCLK 0x0004u
#define SMC_MGMT_MDOE 0x0008u

/* A packet in the chip's memory: status word, byte count of all of it, data, control (7.1). */
#define SMC_PACKET_COUNT    2u /* where it is */
#define SMC_PACKET_EXTRA    6u
#define SMC_COUNT_MASK      0x07ffu
#define SMC_CONTROL_ODD     0x20u /* the byte before it is data */
#define SMC_STATUS_ALGN     0x8000u
#define SMC_STATUS_BADCRC   0x2000u
#define SMC_STATUS_TOOLONG  0x0800u
#define SMC_STATUS_TOOSHORT 0x0400u

/* The PHY (9), at address 0 */
#define SMC_PHY_CONTROL        0u
#define SMC_PHY_CONTROL_ANEG   0x1200u /* negotiate, from now on; and not isolated */
#define SMC_PHY_STATUS_OUTPUT  18u
#define SMC_PHY_STATUS_DPLXDET 0x0040u

#endif
