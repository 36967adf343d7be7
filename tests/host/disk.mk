# SPDX-License-Identifier: Apache-2.0
# Host tests of disks on the board's own devices.
# The driver's source is included: its accessors are the model's.
host-test-pl181 := tests/host/test_pl181.c tests/host/pl181_model.c
host-test-partition := tests/host/test_partition.c vmm/disk/partition.c
host-test-card_disk = tests/host/test_card_disk.c $(virtio-fixture) devemu/virtio_blk.c \
	vmm/disk/card_disk.c
# Of what makes VMs anew, whether one can be.
host-test-vm_flash := tests/host/test_vm_flash.c vmm/disk/vm_flash.c vmm/vm_remake.c
HOST_CFLAGS-vmm/vm_remake := -ffunction-sections
HOST_CFLAGS-vmm/disk/vm_flash := -ffunction-sections
LIBS-host-test-vm_flash := -Wl,--gc-sections
host-test-flash_disk = tests/host/test_flash_disk.c tests/host/flash_chip.c $(virtio-fixture) \
	devemu/virtio_blk.c board/drivers/cfi_flash.c vmm/disk/flash_disk.c
