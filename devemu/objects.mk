# SPDX-License-Identifier: Apache-2.0
obj-y += devemu/device.o
obj-y += devemu/mmio.o
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

# Drivers use these seldom: small rather than fast.
cold-y += devemu/hako_power.o devemu/icp_cpregs.o devemu/inert.o devemu/sp805.o devemu/sp810.o
cold-y += devemu/trapped.o
cold-y += devemu/vpb_sysregs.o
# The hot register of a timer is read in its header.
cold-y += devemu/arm_timer_core.o
# A byte costs far more on its line.
cold-y += devemu/pl011.o
cold-y += devemu/vpb_sic.o

# Several VMs: virtio.
vms-y += devemu/dma.o devemu/virtqueue.o devemu/virtio_mmio.o devemu/virtio_blk.o
vms-y += devemu/ram_disk.o devemu/virtio_console.o devemu/virtio_rng.o
vms-y += devemu/dma.o devemu/virtqueue.o devemu/virtio_mmio.o
vms-y += devemu/virtio_net.o

# What only an image with several VMs can give to a guest.
vms-y += devemu/pl031.o
cold-y += devemu/pl031.o
