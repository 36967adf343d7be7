# SPDX-License-Identifier: Apache-2.0
vms-y += vmm/disk/card_disk.o
vms-y += vmm/disk/flash_disk.o
vms-y += vmm/disk/partition.o
vms-y += vmm/disk/vm_card.o
vms-y += vmm/disk/vm_disk.o
vms-y += vmm/disk/vm_flash.o

cold-y += vmm/disk/partition.o vmm/disk/vm_card.o vmm/disk/vm_disk.o vmm/disk/vm_flash.o
