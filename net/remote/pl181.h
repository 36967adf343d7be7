/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device knowledge for the PL181 card controller (ARM DDI 0205): its registers, and what the client's
 * front end (pl181_front.h) and the server's agent (pl181_agent.h) say to each other. The words are
 * little-endian, in a CALL and its answer, or an EVENT, of the remote-device protocol.
 *
 * The front end sends a *job*: a command, the data path's set-up, data for the card, all in one. The
 * agent answers with a *report*: what the controller's status was since the last one, the card's
 * response, data from the card. If it takes longer than a few looks at the controller, the answer says
 * that it is not done, and an event with another report follows, unless another job comes before it.
 *
 * Several jobs may be under way. The agent has room for data that the card does not take yet, and the
 * front end for data that the guest has not read yet; neither is sent more than it has room for.
 */
#ifndef NET_REMOTE_PL181_H
#define NET_REMOTE_PL181_H

#include "net/remote/remote.h"

#define PL181_POWER        0x00u
#define PL181_CLOCK        0x04u
#define PL181_ARGUMENT     0x08u
#define PL181_COMMAND      0x0cu
#define PL181_RESP_COMMAND 0x10u
#define PL181_RESPONSE     0x14u /* four */
#define PL181_DATA_TIMER   0x24u
#define PL181_DATA_LENGTH  0x28u
#define PL181_DATA_CTRL    0x2cu
#define PL181_DATA_COUNT   0x30u
#define PL181_STATUS       0x34u
#define PL181_CLEAR        0x38u
#define PL181_MASK0        0x3cu
#define PL181_MASK1        0x40u
#define PL181_FIFO_COUNT   0x48u
#define PL181_FIFO         0x80u
#define PL181_FIFO_END     0xc0u
/** What is below, the front end answers: a KiB, the smallest page. Behind are identification registers. */
#define PL181_FRONT_END 0x400u

#define PL181_FIFO_WORDS 16u

#define PL181_COMMAND_REPLY  0x040u
#define PL181_COMMAND_ENABLE 0x400u
#define PL181_DATA_ENABLE    0x1u
#define PL181_DATA_FROM_CARD 0x2u

#define PL181_CMD_CRC_FAIL  0x000001u
#define PL181_DATA_CRC_FAIL 0x000002u
#define PL181_CMD_TIMEOUT   0x000004u
#define PL181_DATA_TIMEOUT  0x000008u
#define PL181_TX_UNDERRUN   0x000010u
#define PL181_RX_OVERRUN    0x000020u
#define PL181_CMD_RESP_END  0x000040u
#define PL181_CMD_SENT      0x000080u
#define PL181_DATA_END      0x000100u
#define PL181_START_ERROR   0x000200u
#define PL181_BLOCK_END     0x000400u
#define PL181_LATCHED       0x0007ffu /* stay until they are cleared; the others show what is */
#define PL181_CMD_ACTIVE    0x000800u
#define PL181_TX_ACTIVE     0x001000u
#define PL181_RX_ACTIVE     0x002000u
#define PL181_TX_HALF_EMPTY 0x004000u
#define PL181_RX_HALF_FULL  0x008000u
#define PL181_TX_FULL       0x010000u
#define PL181_RX_FULL       0x020000u
#define PL181_TX_EMPTY      0x040000u
#define PL181_RX_EMPTY      0x080000u
#define PL181_TX_AVAILABLE  0x100000u
#define PL181_RX_AVAILABLE  0x200000u

#define PL181_CMD_ENDS \
	(PL181_CMD_CRC_FAIL | PL181_CMD_TIMEOUT | PL181_CMD_RESP_END | PL181_CMD_SENT)
#define PL181_DATA_ERRORS                                                                  \
	(PL181_DATA_CRC_FAIL | PL181_DATA_TIMEOUT | PL181_TX_UNDERRUN | PL181_RX_OVERRUN | \
	 PL181_START_ERROR)

/* A job's words. What its first one does not name is not looked at. */
#define PL181_JOB_WHAT     0u
#define PL181_JOB_COMMAND  4u
#define PL181_JOB_ARGUMENT 8u
#define PL181_JOB_TIMER    12u
#define PL181_JOB_LENGTH   16u
#define PL181_JOB_CTRL     20u
#define PL181_JOB_POWER    24u
#define PL181_JOB_CLOCK    28u
#define PL181_JOB_NUMBER   32u /* reports name it */
#define PL181_JOB_DATA     36u /* for the card: as much as there is */

#define PL181_SUPPLY 0x1u  /* power and clock */
#define PL181_ABORT  0x2u  /* what the data path does is not wanted any more */
#define PL181_PATH   0x4u  /* the data path: timer, length, control */
#define PL181_SEND   0x8u  /* a command */
#define PL181_FETCH  0x10u /* there is data for the card; or room for PL181_DATA_MAX more of it */
#define PL181_LOOK   0x20u /* only to be told what there is */

/* A report's words. */
#define PL181_REPORT_STATUS   0u /* latched bits that were seen since the last one */
#define PL181_REPORT_BUSY     4u /* PL181_BUSY_*: an event follows */
#define PL181_REPORT_RESPONSE 8u /* four */
#define PL181_REPORT_RESP_CMD 24u
#define PL181_REPORT_SERIAL   28u /* counts reports: an event and an answer may overtake each other */
#define PL181_REPORT_NUMBER   32u /* of the last job that was begun before */
#define PL181_REPORT_TAKEN    36u /* bytes for the card that its FIFO has got, of this data path */
#define PL181_REPORT_DATA     40u /* from the card: as much as there is */

#define PL181_BUSY_COMMAND 0x1u
#define PL181_BUSY_DATA    0x2u

/** Data of a job or a report. */
#define PL181_DATA_MAX ((REMOTE_DATA_MAX - PL181_REPORT_DATA) & ~3u)
/** Jobs under way: one less than requests, so that there is one for other windows. */
#define PL181_JOBS 3u
/** Data for the card that the agent has room for; and whole blocks, so that none is begun in part. */
#define PL181_CARD_ROOM 8192u

#endif
