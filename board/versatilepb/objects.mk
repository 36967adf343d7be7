# SPDX-License-Identifier: Apache-2.0
obj-y += board/versatilepb/board.o
obj-y += board/drivers/pl190.o
