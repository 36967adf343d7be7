# SPDX-License-Identifier: Apache-2.0
vms-y += vmm/slots/boot_mark.o
vms-y += vmm/slots/boot_record.o
vms-y += vmm/slots/boot_slot.o

cold-y += vmm/slots/boot_mark.o vmm/slots/boot_record.o vmm/slots/boot_slot.o
