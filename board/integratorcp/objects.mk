# SPDX-License-Identifier: Apache-2.0
obj-y += board/integratorcp/board.o
obj-y += board/drivers/icp_pic.o
