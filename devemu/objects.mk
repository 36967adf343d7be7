# SPDX-License-Identifier: Apache-2.0
obj-y += devemu/device.o
obj-y += devemu/mmio.o
obj-y += devemu/ast2400_scu.o
obj-y += devemu/ast2400_timer.o
obj-y += devemu/ast2400_vic.o
obj-y += devemu/ast2400_wdt.o
obj-y += devemu/ns16550.o
obj-y += devemu/pl011.o
obj-y += devemu/icp_ic.o
obj-y += devemu/icp_pic.o
obj-y += devemu/pl190.o
obj-y += devemu/vpb_sic.o
obj-y += devemu/arm_timer_core.o
obj-y += devemu/icp_timer.o
obj-y += devemu/sp804.o
obj-y += devemu/sp805.o
obj-y += devemu/sp810.o
obj-y += devemu/icp_cm.o
obj-y += devemu/icp_cpregs.o
obj-y += devemu/vpb_sysregs.o
obj-y += devemu/inert.o
obj-y += devemu/trapped.o
obj-y += devemu/hako_power.o

# The image for several VMs: what the board does not have.
vms-y += devemu/dma.o
vms-y += devemu/pl031.o
vms-y += devemu/ram_disk.o
vms-y += devemu/virtio_blk.o
vms-y += devemu/virtio_console.o
vms-y += devemu/virtio_mmio.o
vms-y += devemu/virtio_net.o
vms-y += devemu/virtio_net_receive.o
vms-y += devemu/virtio_net_send.o
vms-y += devemu/virtio_rng.o
vms-y += devemu/virtqueue.o

# The image that knows of other boards.
remote-y += devemu/remote.o

# Drivers use these seldom, or a byte costs far more on its line: small rather than fast. (The hot
# register of a timer is read in its header.)
cold-y += devemu/hako_power.o devemu/icp_cpregs.o devemu/inert.o devemu/pl031.o devemu/sp805.o
cold-y += devemu/sp810.o devemu/trapped.o devemu/virtio_console.o devemu/virtio_rng.o
cold-y += devemu/ast2400_scu.o devemu/ast2400_wdt.o devemu/vpb_sysregs.o
small-y += devemu/ast2400_timer.o devemu/ast2400_vic.o devemu/ns16550.o
small-y += devemu/arm_timer_core.o devemu/device.o devemu/icp_timer.o devemu/pl011.o devemu/pl190.o devemu/sp804.o devemu/vpb_sic.o
