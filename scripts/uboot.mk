# SPDX-License-Identifier: Apache-2.0
# The boot loader, and what is put onto a board with it (docs/boot.md). Included by the top Makefile.
#
#   build/uboot/BOARD/u-boot.bin   our port (board/u-boot) of Debian's U-Boot
#   build/uboot/BOARD/u-boot-locked.bin   the same, for images that are signed with build/keys/boot.key
#   build/uboot/stock/u-boot       that U-Boot as it is: a loader that knows little about the board
#   build/BOARD/KERNEL/hako.fit    zImage-hako as U-Boot's `bootm` takes it
#   build/BOARD/KERNEL/BOARD.img   the board's flash, or its SD card
#   .../hako-signed.fit, .../BOARD-locked.img   the same, signed, and for the locked U-Boot
#
# No other target depends on it: where U-Boot's source cannot be had, all the rest is built and
# tested. There the U-Boot tests fail; they make what they need themselves.

# Lines that fetching and building print, about, for scripts/step.
UBOOT_LINES := 470
UBOOT_PATCHES := board/u-boot/patches
UBOOT_SOURCES := $(wildcard $(UBOOT_PATCHES)-*/*.patch vmm/slots/boot_*.c vmm/slots/boot_*.h)
IMAGE_SCRIPTS := scripts/image scripts/hako_layout.py

build/uboot/stock/u-boot: configs/uboot.config scripts/build_uboot
	@scripts/step "build stock U-Boot" --of $(UBOOT_LINES) -- scripts/build_uboot build/uboot \
		$(@D) --stock integratorcp_cm926ejs_defconfig configs/uboot.config

# $(1) board
define UBOOT_RULES
build/uboot/$(1)/layout.config: board/$(1)/layout.toml scripts/layout scripts/hako_layout.py
	@mkdir -p $$(@D)
	@scripts/layout --board $(1) --uboot-config >$$@

build/uboot/$(1)/u-boot.bin: board/u-boot/common.config board/u-boot/$(1).config \
		build/uboot/$(1)/layout.config $(UBOOT_SOURCES) scripts/build_uboot
	@scripts/step "build U-Boot for $(1)" --of $(UBOOT_LINES) -- scripts/build_uboot build/uboot \
		$$(@D) --patches $(UBOOT_PATCHES) board/u-boot/common.config board/u-boot/$(1).config \
		build/uboot/$(1)/layout.config

build/uboot/$(1)/u-boot-locked.bin: build/uboot/$(1)/u-boot.bin build/keys/boot.crt $(IMAGE_SCRIPTS)
	@scripts/image lock --board $(1) --mkimage $$(@D)/mkimage --keys build/keys --uboot $$(@D) -o $$@
endef
$(foreach board,$(BOARDS),$(eval $(call UBOOT_RULES,$(board))))

# Made once: what was signed with another one does not start any more.
build/keys/boot.crt:
	@mkdir -p $(@D)
	@scripts/step "make a key for images" -- openssl req -new -x509 -newkey rsa:2048 -noenc -batch \
		-subj /CN=hako -days 36500 -keyout build/keys/boot.key -out $@

# $(1) board, $(2) folder of the VMM
define IMAGE_RULES
build/$(2)/%/hako.fit: build/$(2)/%/zImage-hako build/uboot/$(1)/u-boot.bin $(IMAGE_SCRIPTS)
	@scripts/image fit --board $(1) --mkimage build/uboot/$(1)/mkimage --bundle $$< -o $$@

build/$(2)/%/hako-signed.fit: build/$(2)/%/zImage-hako build/uboot/$(1)/u-boot.bin \
		build/keys/boot.crt $(IMAGE_SCRIPTS)
	@scripts/image fit --board $(1) --mkimage build/uboot/$(1)/mkimage --keys build/keys --bundle $$< \
		-o $$@

build/$(2)/%/$(1).img: build/$(2)/%/hako.fit build/uboot/$(1)/u-boot.bin $(IMAGE_SCRIPTS)
	@scripts/image medium --board $(1) --uboot build/uboot/$(1)/u-boot.bin \
		--environment build/uboot/$(1)/u-boot-initial-env --fit $$< -o $$@

build/$(2)/%/$(1)-locked.img: build/$(2)/%/hako-signed.fit build/uboot/$(1)/u-boot-locked.bin \
		$(IMAGE_SCRIPTS)
	@scripts/image medium --board $(1) --uboot build/uboot/$(1)/u-boot-locked.bin \
		--environment build/uboot/$(1)/u-boot-initial-env --fit $$< -o $$@
endef
$(foreach board,$(BOARDS),$(foreach kind,$(board) $(board)-stats $(board)-vms $(board)-remote, \
	$(eval $(call IMAGE_RULES,$(board),$(kind)))))

.PHONY: uboot image run-image test-uboot test-flash
uboot: build/uboot/$(BOARD)/u-boot.bin ## build U-Boot for BOARD from Debian's source

# LOCKED=1: signed, for a U-Boot that starts nothing else.
LOCKED ?= 0
$(if $(filter 0 1,$(LOCKED)),,$(error LOCKED=$(LOCKED): it is 0 or 1))
LOCKED_SUFFIX := $(if $(filter 1,$(LOCKED)),-locked)
# The small VMM for one VM leaves the boot record alone; that for several can run one, too.
IMAGE := $(if $(VMS),$(dir $(BUNDLE)),build/$(BOARD)-vms/$(KERNEL)/)$(BOARD)$(LOCKED_SUFFIX).img
image: $(IMAGE) ## flash or SD card of BOARD: boot loader and zImage-hako (LOCKED=1: signed)

run-image: $(IMAGE) ## start it in QEMU as from power-on (it can write into the image)
	@scripts/qemu --board $(BOARD) --boot $(IMAGE) \
		--uboot build/uboot/$(BOARD)/u-boot$(LOCKED_SUFFIX).bin

test-uboot: build/uboot/stock/u-boot $(BOARDS:%=build/%/$(KERNEL)/zImage-hako)
test-uboot: $(BOARDS:%=build/%-vms/$(KERNEL)/zImage-hako) ## only the tests that use it
	@HAKO_KERNELS="$(KERNEL)" $(PYTHON) -m pytest -q tests/qemu/test_uboot.py tests/qemu/test_uboot_port.py

# From power-on, in parts that keep one core busy each, those that take longest first. The scenarios in their
# long form: 100 power cuts in updates, 200 flipped bits on each board.
FLASH_HOST_TESTS := build/host/test-boot_slot build/host/test-boot_command build/host/test-flash_disk
FLASH_FUZZERS := build/host/fuzz-boot_record
FLASH_LONG_PARTS := $(foreach kind,cuts flips,$(BOARDS:%=test-flash-$(kind)-%))
FLASH_SCENARIOS := flash uboot_port boot_record
FLASH_PARTS := test-flash-media $(FLASH_LONG_PARTS) $(FLASH_SCENARIOS:%=test-scenario-%) test-flash-numbers \
	test-flash-host test-ports

.PHONY: test-flash-media test-flash-host test-flash-numbers $(FLASH_LONG_PARTS) $(FLASH_SCENARIOS:%=test-scenario-%)
test-flash: ## from power-on: update, roll-back, power cuts, flipped bits, bad input, numbers; PORTS
	+@scripts/run_tests --at-once $(JOBS) $(FLASH_PARTS)

flash_scenarios = HAKO_KERNELS="$(KERNEL)" HAKO_FLASH_LONG=1 $(PYTHON) -u -m pytest -v -s tests/qemu/test_$(1)
FLASH_MEDIA := $(foreach board,$(BOARDS),build/$(board)-vms/vmm.bin build/$(board)-vms/$(KERNEL)/zImage-hako \
	build/uboot/$(board)/u-boot-locked.bin)
test-flash-media: $(FLASH_MEDIA)
$(FLASH_LONG_PARTS) $(FLASH_SCENARIOS:%=test-scenario-%) test-flash-numbers: test-flash-media

$(BOARDS:%=test-flash-cuts-%): test-flash-cuts-%:
	@$(call flash_scenarios,flash_cuts.py::test_power_cuts[$*])

$(BOARDS:%=test-flash-flips-%): test-flash-flips-%:
	@$(call flash_scenarios,flash_flips.py -k $*)

$(FLASH_SCENARIOS:%=test-scenario-%): test-scenario-%:
	@$(call flash_scenarios,$*.py)

test-flash-numbers:
	@scripts/bench_boot_path --check --kernel $(KERNEL)

test-flash-host: $(FLASH_HOST_TESTS) $(FLASH_FUZZERS)
	@JOBS=1 scripts/run_host_tests $(FLASH_HOST_TESTS) $(FLASH_FUZZERS)=$(FUZZ_RUNS)
	@$(PYTHON) -m pytest -v tests/host/test_flash_script.py tests/host/test_layout.py
