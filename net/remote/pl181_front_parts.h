/* SPDX-License-Identifier: Apache-2.0 */
/* Between the two files of pl181_front.h: what a report changes in the registers. */
#ifndef NET_REMOTE_PL181_FRONT_PARTS_H
#define NET_REMOTE_PL181_FRONT_PARTS_H

#include "net/remote/pl181_front.h"

void pl181_front_set_lines(struct pl181_front *front);
void pl181_front_end_data(struct pl181_front *front, uint32_t why);

#endif
