/* SPDX-License-Identifier: Apache-2.0 */
/* The driver of the card slot that both boards have, in images that drive it themselves. */
#include "board/board.h"
#include "board/drivers/drivers.h"

const struct card_driver *const board_card = &pl181_driver;
