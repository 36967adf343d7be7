# SPDX-License-Identifier: Apache-2.0
obj-y += board/drivers/ns16550.o
obj-y += board/drivers/pl011.o
obj-y += board/drivers/arm_timer.o

# Several VMs: the board's Ethernet is a port of their switch, the SD card holds their disks.
vms-y += board/drivers/board_card.o
vms-y += board/drivers/board_nic.o
vms-y += board/drivers/cfi_flash.o
vms-y += board/drivers/pl181.o
vms-y += board/drivers/smc91c111.o
vms-y += board/drivers/smc91c111_packets.o
