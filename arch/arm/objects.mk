# SPDX-License-Identifier: Apache-2.0

# Runs before the image is where it was linked for, and with the MMU off: position independent.
# (Files of vmm/lib that it uses are marked in vmm/lib/objects.mk.) No constant in these files may
# contain an address; tests/qemu/test_boot.py looks at their relocations.
boot-y := arch/arm/boot_mmu.o
boot-y += board/boot_boards.o
boot-y += board/boot_uart.o
boot-y += vmm/start/boot_early.o
boot-y += vmm/start/boot_params.o
boot-y += vmm/start/bundle.o
$(foreach o,$(boot-y),$(eval CFLAGS-$(o:.o=) := -fpie -fvisibility=hidden))

# The Makefile tells boot.S its board: BOARD_MACHINE_ID, see board/boot_boards.h.
obj-y += arch/arm/boot.o
obj-y += $(boot-y)

# A page of its own, aligned: here it leaves the smallest gap.
obj-y += arch/arm/vectors.o
obj-y += arch/arm/cache_range.o
obj-y += arch/arm/fast_mmio.o
obj-y += arch/arm/fastpath.o
obj-y += arch/arm/fastpath_dacr.o
obj-y += arch/arm/fastpath_irq.o
obj-y += arch/arm/fastpath_switch.o
obj-y += arch/arm/insn_addr.o
obj-y += arch/arm/insn_arm.o
obj-y += arch/arm/insn_thumb.o
obj-y += arch/arm/mmu.o
obj-y += arch/arm/switch.o
obj-y += arch/arm/user_access.o

# Several VMs: frames are copied.
vms-y += arch/arm/copy.o
# What arch/arm/fast_mmio.S calls may touch the guest's memory.
remote-y += arch/arm/near_access.o
remote-y += arch/arm/bus_fifo.o # vmm/remote/remote_serve.c

# Loads and stores that neither arch/arm/fast_mmio.S nor vcpu/device_page.c completes.
cold-y += arch/arm/insn_thumb.o board/boot_boards.o board/boot_uart.o board/drivers/pl011.o
small-y += arch/arm/insn_addr.o arch/arm/insn_arm.o
