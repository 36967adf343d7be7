# SPDX-License-Identifier: Apache-2.0
# Boards of PORTS: a kernel, a device tree and bundles for each. Included by the top Makefile, behind guest.mk.
#
#   build/BOARD/BOARD.dtb                 its device tree, from board/BOARD/BOARD.dts
#   build/guest/linux-VERSION-BOARD/      the default kernel and the drivers of configs/BOARD.config
#   build/BOARD/linux-VERSION-BOARD/zImage-hako
#   build/BOARD/flash.bin                 a flash that boots it: scripts/qemu --board BOARD --boot FILE

PORT_VERSION := 6.12
# Where a kernel's console is that the others have at ttyAMA0.
CONSOLE_palmetto := ttyS4,115200

comma := ,

# $(1) board, $(2) kernel
define PORT_RULES
build/$(1)/$(1).dtb: board/$(1)/$(1).dts
	@mkdir -p $$(@D)
	$$(Q)dtc -q -I dts -O dtb -o $$@ $$<

# What its drivers do not change is compiled already.
build/guest/$(2)/.built: build/guest/linux-$(PORT_VERSION)/.built configs/linux.config configs/pan-off.config \
		configs/$(1).config scripts/build_linux
	@mkdir -p $$(@D)
	@[ -d $$(@D)/obj ] || cp -a build/guest/linux-$(PORT_VERSION)/obj $$(@D)/obj
	@scripts/step "build guest $(2)" --of $(BUILD_LINES) -- scripts/build_linux \
		build/src/linux-$(PORT_VERSION) $$(@D) configs/linux.config configs/pan-off.config configs/$(1).config
	@touch $$@

build/guest/$(2)/vmlinux.hako: build/guest/$(2)/.built $(REWRITER)
	@scripts/step "rewrite $(2)" -- guest-patches/rewrite \
		build/guest/$(2)/vmlinux -o $$@ --report build/guest/$(2)/rewrite.json

# The initial RAM disk with a shell at that console; the kernel unpacks one archive over the other.
build/$(1)/rootfs/etc/inittab: tests/linux/rootfs/etc/inittab
	@mkdir -p $$(@D)
	@sed 's/^ttyAMA0:/$(firstword $(subst $(comma), ,$(CONSOLE_$(1)))):/' $$< >$$@

build/$(1)/overlay.cpio.gz: build/$(1)/rootfs/etc/inittab scripts/build_initramfs
	@scripts/build_initramfs -o $$@ --tree build/$(1)/rootfs

build/$(1)/initramfs.cpio.gz: $(INITRD) build/$(1)/overlay.cpio.gz
	@cat $$^ >$$@

build/$(1)/$(2)/zImage-hako: build/$(1)/vmm.bin build/guest/$(2)/vmlinux.hako build/$(1)/$(1).dtb \
		build/$(1)/initramfs.cpio.gz \
		scripts/bundle build/guest/vm.settings
	@mkdir -p $$(@D)
	@scripts/bundle --board $(1) --vmm $$< --guest build/guest/$(2)/vmlinux.hako --dtb build/$(1)/$(1).dtb \
		--initrd build/$(1)/initramfs.cpio.gz --memory $(VM_MEMORY) -o $$@ \
		--cmdline "$(patsubst console=ttyAMA0,console=$(CONSOLE_$(1)),$(VM_CMDLINE))"

# What the board's flash has at its start, and a flash to boot from.
build/$(1)/stub.bin: board/$(1)/stub.S board/$(1)/stub.h
	@mkdir -p $$(@D)
	$$(Q)$(CROSS)gcc $(ASFLAGS) -nostdlib -Wl,-Ttext=0 -Wl,-e,stub_start -Wl,--build-id=none \
		-o build/$(1)/stub.elf $$<
	$$(Q)$(CROSS)objcopy -O binary build/$(1)/stub.elf $$@

build/$(1)/flash.bin: build/$(1)/$(2)/zImage-hako build/$(1)/stub.bin scripts/boot_flash
	@scripts/boot_flash --board $(1) --stub build/$(1)/stub.bin --image $$< -o $$@
endef
$(foreach board,$(PORTS),$(eval $(call PORT_RULES,$(board),linux-$(PORT_VERSION)-$(board))))

.PHONY: test-ports
test-ports: $(foreach board,$(PORTS),build/$(board)/flash.bin guest-tests-$(board) build/$(board)-vms/vmm.bin) \
		build/versatilepb/vmm.bin
test-ports: ## the boards of PORTS: Linux from their flash, and their test guests
	@$(PYTHON) tests/guest/run.py $(PORTS:%=--board %)
	@$(PYTHON) -m pytest -q tests/ports

ifneq ($(filter $(BOARD),$(PORTS)),)
KERNEL := linux-$(PORT_VERSION)-$(BOARD)
GUEST_DIR := build/guest/$(KERNEL)
BUNDLE := build/$(BOARD)/$(KERNEL)/zImage-hako

.PHONY: flash
flash: build/$(BOARD)/flash.bin ## of BOARD=palmetto: a flash that boots the bundle
endif
