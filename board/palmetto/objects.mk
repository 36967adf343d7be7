# SPDX-License-Identifier: Apache-2.0
obj-y += board/palmetto/board.o
obj-y += board/drivers/ast2400_timer.o
obj-y += board/drivers/ast2400_vic.o
