# SPDX-License-Identifier: Apache-2.0
vms-y += vmm/boot/boot_mark.o
vms-y += vmm/boot/boot_record.o
vms-y += vmm/boot/boot_slot.o

# Small rather than fast: Thumb (vmm/objects.mk).
cold-y += vmm/boot/boot_mark.o vmm/boot/boot_record.o vmm/boot/boot_slot.o
