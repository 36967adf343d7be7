/* SPDX-License-Identifier: Apache-2.0 */
/* The driver of the Ethernet that both boards have, in images that drive it themselves. */
#include "board/board.h"
#include "board/drivers/drivers.h"

const struct nic_driver *const board_nic = &smc91c111_driver;
