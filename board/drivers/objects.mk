# SPDX-License-Identifier: Apache-2.0
obj-y += board/drivers/pl011.o
obj-y += board/drivers/arm_timer.o
