# SPDX-License-Identifier: Apache-2.0
# The boot record and the slots, with the power cut at every write.
boot-record := vmm/slots/boot_slot.c vmm/slots/boot_record.c vmm/slots/boot_select.c

host-test-boot_slot := tests/host/test_boot_slot.c tests/host/boot_store_sim.c $(boot-record)
$(foreach source,vmm/slots/boot_slot vmm/slots/boot_record vmm/slots/boot_select tests/host/boot_store_sim \
	tests/host/test_boot_slot,$(eval HOST_CFLAGS-$(source) := -O2))
host-test-boot_command := tests/host/test_boot_command.c tests/host/boot_store_sim.c vmm/slots/boot_command.c \
	$(boot-record)
host-fuzz-boot_record := tests/host/fuzz_boot_record.c vmm/lib/crc32.c $(boot-record)
host-fuzz-slow-boot_record := 6
