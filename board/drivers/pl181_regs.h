/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ARM PrimeCell Multimedia Card Interface PL180 (ARM DDI 0172A, chapter 3) and PL181 (ARM DDI 0205),
 * and what of the SD Physical Layer Simplified Specification 2.00 a driver needs.
 */
#ifndef BOARD_DRIVERS_PL181_REGS_H
#define BOARD_DRIVERS_PL181_REGS_H

#define MCI_POWER       0x00
#define MCI_CLOCK       0x04
#define MCI_ARGUMENT    0x08
#define MCI_COMMAND     0x0c
#define MCI_RESPONSE    0x14 /* four: the first has the uppermost bits */
#define MCI_DATA_TIMER  0x24
#define MCI_DATA_LENGTH 0x28
#define MCI_DATA_CTRL   0x2c
#define MCI_STATUS      0x34
#define MCI_CLEAR       0x38
#define MCI_MASK0       0x3c
#define MCI_MASK1       0x40
#define MCI_FIFO        0x80
#define MCI_PERIPH_ID0  0xfe0
#define MCI_PERIPH_ID1  0xfe4

#define MCI_FIFO_WORDS 16u

#define MCI_POWER_UP       0x02u
#define MCI_POWER_ON       0x03u
#define MCI_POWER_OPEN     0x40u /* open-drain command line: not for SD */
#define MCI_CLOCK_ENABLE   0x100u
#define MCI_COMMAND_REPLY  0x040u
#define MCI_COMMAND_LONG   0x080u
#define MCI_COMMAND_ENABLE 0x400u

#define MCI_DATA_ENABLE    0x1u
#define MCI_DATA_FROM_CARD 0x2u
#define MCI_DATA_BLOCK_512 0x90u

#define MCI_CMD_CRC_FAIL  0x000001u
#define MCI_DATA_CRC_FAIL 0x000002u
#define MCI_CMD_TIMEOUT   0x000004u
#define MCI_DATA_TIMEOUT  0x000008u
#define MCI_TX_UNDERRUN   0x000010u
#define MCI_RX_OVERRUN    0x000020u
#define MCI_CMD_RESP_END  0x000040u
#define MCI_CMD_SENT      0x000080u
#define MCI_DATA_END      0x000100u
#define MCI_START_BIT_ERR 0x000200u
#define MCI_TX_HALF_EMPTY 0x004000u
#define MCI_RX_HALF_FULL  0x008000u
#define MCI_RX_FULL       0x020000u
#define MCI_TX_EMPTY      0x040000u
#define MCI_RX_AVAILABLE  0x200000u
#define MCI_CLEAR_ALL     0x0007ffu

/* Commands; ACMDs follow an APP_CMD. */
#define SD_GO_IDLE       0u
#define SD_ALL_SEND_CID  2u
#define SD_SEND_ADDRESS  3u
#define SD_SELECT        7u
#define SD_SEND_IF_COND  8u
#define SD_SEND_CSD      9u
#define SD_STOP          12u
#define SD_SEND_STATUS   13u
#define SD_SET_BLOCKLEN  16u
#define SD_READ          17u
#define SD_READ_SEVERAL  18u
#define SD_WRITE         24u
#define SD_WRITE_SEVERAL 25u
#define SD_APP_SEND_OCR  41u
#define SD_APP_CMD       55u

#define SD_IF_COND   0x1aau      /* 2.7 to 3.6 V, and a pattern that comes back */
#define SD_OCR_3V3   0x00300000u /* 3.2 to 3.4 V */
#define SD_OCR_HIGH  0x40000000u /* the host can do high capacity; the card has it */
#define SD_OCR_READY 0x80000000u

/* Card status (4.10.1). */
#define SD_STATUS_RANGE   0x80000000u
#define SD_STATUS_ERRORS  0xfdf90008u
#define SD_STATUS_STATE   12, 9
#define SD_STATUS_READY   0x100u
#define SD_STATE_TRANSFER 4u

/* Fields of the CSD (5.3): uppermost bit, lowest bit. */
#define SD_CSD_STRUCTURE  127, 126
#define SD_CSD_BLOCK_LEN  83, 80
#define SD_CSD_SIZE       73, 62
#define SD_CSD_MULTIPLIER 49, 47
#define SD_CSD_SIZE_V2    69, 48
#define SD_CSD_PROTECTED  13, 12

#endif
