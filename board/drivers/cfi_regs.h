/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Common Flash Interface (JEDEC JESD68.01), and the commands of Intel's flash (28FxxxJ3, K3, P30 data
 * sheets). Numbers of the query are addresses of the chip, of a word each.
 */
#ifndef BOARD_DRIVERS_CFI_REGS_H
#define BOARD_DRIVERS_CFI_REGS_H

/* Commands */
#define CFI_WORD_PROGRAM   0x40u
#define CFI_BLOCK_ERASE    0x20u
#define CFI_CLEAR_STATUS   0x50u
#define CFI_LOCK_SETUP     0x60u
#define CFI_READ_STATUS    0x70u
#define CFI_QUERY          0x98u
#define CFI_CONFIRM        0xd0u /* also: unlock */
#define CFI_BUFFER_PROGRAM 0xe8u
#define CFI_READ_ARRAY     0xffu

/* Status */
#define CFI_READY         0x80u
#define CFI_ERASE_ERROR   0x20u
#define CFI_PROGRAM_ERROR 0x10u
#define CFI_VOLTAGE_ERROR 0x08u
#define CFI_LOCKED        0x02u
#define CFI_ERRORS        (CFI_ERASE_ERROR | CFI_PROGRAM_ERROR | CFI_VOLTAGE_ERROR | CFI_LOCKED)

/* Query */
#define CFI_QUERY_AT       0x55u
#define CFI_QRY            0x10u
#define CFI_COMMAND_SET    0x13u
#define CFI_EXTENDED_AT    0x15u
#define CFI_WORD_TIME      0x1fu /* 2^n us; typical */
#define CFI_BUFFER_TIME    0x20u
#define CFI_ERASE_TIME     0x21u /* 2^n ms */
#define CFI_WORD_TIMES     0x23u /* the longest: 2^n times that */
#define CFI_BUFFER_TIMES   0x24u
#define CFI_ERASE_TIMES    0x25u
#define CFI_SIZE           0x27u /* 2^n bytes */
#define CFI_BUFFER_SIZE    0x2au /* the same */
#define CFI_REGIONS        0x2cu
#define CFI_REGION_BLOCKS  0x2du /* less 1 */
#define CFI_REGION_SIZE    0x2fu /* in units of 256 bytes */
#define CFI_SET_INTEL      1u
#define CFI_SET_INTEL_ONLY 3u

/* Intel's extended query, from where CFI_EXTENDED_AT says */
#define CFI_EXT_FEATURES     5u
#define CFI_EXT_INSTANT_LOCK 0x20u /* blocks are locked after a reset, and unlocked one by one */

#endif
