/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device knowledge for the PL011 UART (ARM DDI 0183): what the client's front end (pl011_front.h) and the
 * server's agent (pl011_agent.h) say to each other. The words are little-endian, in a CALL and its answer,
 * or an EVENT, of the remote-device protocol.
 *
 * The front end's *job* has the UART's settings, if they have changed, and characters to be sent. The agent
 * answers with a *report*: flags, and how much it takes. An event is a report with characters that were
 * received, which are in no answer: so they are in order. Each side says up to which character, counted
 * from the opening of the window, it has room for: there is no more on its way than that.
 */
#ifndef NET_REMOTE_PL011_H
#define NET_REMOTE_PL011_H

#include "devemu/pl011_regs.h"
#include "net/remote/remote.h"

/** What is below, the front end answers; behind are test and identification registers. */
#define PL011_FRONT_END 0x080u

/* A job's words. */
#define PL011_JOB_WHAT  0u
#define PL011_JOB_LIMIT 4u /* the front end takes the characters before this one */
#define PL011_JOB_ILPR  8u /* with PL011_SETTINGS, these */
#define PL011_JOB_IBRD  12u
#define PL011_JOB_FBRD  16u
#define PL011_JOB_LCR_H 20u
#define PL011_JOB_CR    24u
#define PL011_JOB_DATA  28u /* to be sent: a byte each, as many as there are */

#define PL011_SETTINGS 0x1u
#define PL011_DROP     0x2u /* what waits to be sent is not wanted any more */

/* A report's words. */
#define PL011_REPORT_FLAGS  0u /* as in FR; what waits to be sent, counts as if it was in the FIFO */
#define PL011_REPORT_LIMIT  4u /* the agent takes the characters before this one */
#define PL011_REPORT_SERIAL 8u /* counts reports: an event and an answer may overtake each other */
#define PL011_REPORT_DATA   12u /* of an event: received, two bytes each, with the error bits of DR */

/** Characters of a job that wait in front end or agent to be sent; a power of two. */
#define PL011_SENDING 512u
/** Characters that wait in the front end to be read; a power of two. */
#define PL011_RECEIVED 512u
/** Characters of an event. */
#define PL011_EVENT_MAX 32u

#endif
