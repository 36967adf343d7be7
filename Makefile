# SPDX-License-Identifier: Apache-2.0
# Hako: see README.md, or `make help`. Non-recursive; each folder contributes an objects.mk.
#
#   BOARD=integratorcp|versatilepb|palmetto   the board to build for and to run (default integratorcp)
#   GUEST=linux-6.12|linux-6.1       the guest kernel (default linux-6.12)
#   PAN=0|1                          the guest kernel's software PAN (default 0)
#   PV=1|0                           paravirtual code in the guest, or proxies only (default 1)
#   STATS=0|1                        a VMM that counts its traps: docs/statistics.md (default 0)
#   V=1                              print the compilers' commands
#   JOBS=n                           how many at once (default: all cores)
#   VMS=name                         several VMs, by configs/NAME.dts (docs/vm-config.md)
#   LOCKED=0|1                       make image: signed, for a U-Boot that starts nothing else (default 0)
#   VM_MEMORY=size                   RAM of the VM (default 96M)
#   VM_CMDLINE=text                  its kernel's command line (default console=ttyAMA0)
#   MODEL=1|sdram-100|sram           make bench: cycles, too, by the ARM926 model (its memory)

BOARD ?= integratorcp
GUEST ?= linux-6.12
PAN ?= 0
STATS ?= 0
# The boards of all tests and measurements, and those that bring a test of their own.
BOARDS := integratorcp versatilepb
PORTS := palmetto
PYTHON := /usr/bin/python3
SHELL := /bin/bash
Q := $(if $(V),,@)

# Nobody should have to remember -j.
JOBS ?= $(shell nproc)
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(JOBS)
endif
MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL := all

# ---- the VMM, once per board for one VM, once for several, and once with statistics ---------------
#
# The same objects, linked with other lists: obj-y and
#   build/BOARD        one-y, nostats-y   one VM: small
#   build/BOARD-stats  one-y, stats-y     the same, counting its traps
#   build/BOARD-vms    vms-y, noremote-y, nostats-y   several VMs, as a description says: VMS=NAME
#   build/BOARD-remote vms-y, remote-y, nostats-y     the same with a network stack of the VMM's own,
#                      for descriptions with a station: VMS=NAME finds out which of the two

CROSS := arm-none-eabi-
DIRS := arch/arm vcpu domain devemu net net/remote vmm $(addprefix vmm/,config console disk lib remote slots start) board board/drivers
# What an image may have of text, rodata and data: the assertion in arch/arm/link.ld.S.
IMAGE_LIMIT := 98304
IMAGE_LIMIT-stats := 106496
IMAGE_LIMIT-vms := 196608
# That, 24 KiB of lwIP and SHA-256, and 48 KiB for what speaks to other boards.
IMAGE_LIMIT-remote := 270336
# What an image can do: a word of its header (vmm/start/image_header.h), which scripts/bundle looks at.
IMAGE_FEATURES-vms := 2
IMAGE_FEATURES-remote := 3
obj-y :=
cold-y :=
small-y :=
stats-y :=
nostats-y :=
one-y :=
vms-y :=
remote-y :=
noremote-y :=
-include $(addsuffix /objects.mk,$(DIRS))
include scripts/netstack.mk
obj-common := $(obj-y)
# Small ARM code, and what hardly ever runs: Thumb, a third smaller still.
$(foreach o,$(small-y),$(eval CFLAGS-$(o:.o=) += -Os))
$(foreach o,$(cold-y),$(eval CFLAGS-$(o:.o=) += -Os -mthumb))

WARNINGS := -Wall -Wextra -Wno-unused-parameter -Werror -Wconversion -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wundef -Wvla
# The bare-metal compiler has long for uint32_t, the workstation's int: one format string must do.
TYPES := -U__UINT32_TYPE__ -U__INT32_TYPE__ "-D__UINT32_TYPE__=unsigned int" -D__INT32_TYPE__=int
CFLAGS := -std=c11 -mcpu=arm926ej-s -marm -mfloat-abi=soft -O2 -g -ffreestanding -fno-common \
	-ffunction-sections -fdata-sections -fno-tree-loop-distribute-patterns $(WARNINGS) $(TYPES) -I.
ASFLAGS := -mcpu=arm926ej-s -marm -g -I.
LDFLAGS := -nostdlib -nostartfiles -Wl,--use-blx -Wl,--gc-sections -Wl,--no-warn-rwx-segments -Wl,--build-id=none

# $(1) board, $(2) folder of the image
LINK = -T build/$(1)/vmm.ld -Wl,-Map=build/$(2)/vmm.map \
	-Wl,--defsym=__image_limit=$(IMAGE_LIMIT$(patsubst $(1)%,%,$(2))) \
	-Wl,--defsym=__image_features=$(or $(IMAGE_FEATURES$(patsubst $(1)%,%,$(2))),0)

.SECONDEXPANSION:
# $(1) board
define VMM_RULES
obj-y := $(obj-common)
-include board/$(1)/objects.mk
OBJS-$(1) := $$(addprefix build/$(1)/,$$(obj-y) $(one-y) $(nostats-y))
OBJS-$(1)-stats := $$(addprefix build/$(1)/,$$(obj-y) $(one-y) $(stats-y))
OBJS-$(1)-vms := $$(addprefix build/$(1)/,$$(obj-y) $(vms-y) $(noremote-y) $(nostats-y))
OBJS-$(1)-remote := $$(addprefix build/$(1)/,$$(obj-y) $(vms-y) $(remote-y) $(nostats-y))

build/$(1)/%.o: %.c
	@mkdir -p $$(@D)
	$$(Q)$(CROSS)gcc $(CFLAGS) -DBOARD_COUNTER_H='"board/$(1)/counter.h"' $$(CFLAGS-$$*) -MMD -MP -c -o $$@ $$<

build/$(1)/%.o: %.S
	@mkdir -p $$(@D)
	$$(Q)$(CROSS)gcc $(ASFLAGS) -DBOARD_MACHINE_ID=MACHINE_ID_$(1) -MMD -MP -c -o $$@ $$<

build/$(1)/vmm.ld: arch/arm/link.ld.S arch/arm/layout.h
	@mkdir -p $$(@D)
	$$(Q)$(CROSS)gcc -E -P -x assembler-with-cpp -I. -o $$@ $$<

build/$(1)/vmm.elf build/$(1)-vms/vmm.elf build/$(1)-remote/vmm.elf: build/%/vmm.elf: $$$$(OBJS-$$$$*) build/$(1)/vmm.ld
	@mkdir -p $$(@D)
	$$(Q)$(CROSS)gcc -mcpu=arm926ej-s $(LDFLAGS) $$(call LINK,$(1),$$*) -o $$@ $$(OBJS-$$*) -lgcc
	@$(CROSS)size $$@

build/$(1)-stats/vmm.elf: $$(OBJS-$(1)-stats) build/$(1)/vmm.ld scripts/check_hooks
	@mkdir -p $$(@D)
	$$(Q)$(CROSS)gcc -mcpu=arm926ej-s $(LDFLAGS) $(STATS_HOOKS:%=-Wl,--wrap=%) \
		$$(call LINK,$(1),$(1)-stats) -o $$@ $$(OBJS-$(1)-stats) -lgcc
	@scripts/check_hooks $(CROSS)nm $$@ $(STATS_HOOKS)
	@$(CROSS)size $$@

$(patsubst %,build/$(1)%/vmm.bin,-stats -vms -remote) build/$(1)/vmm.bin: %.bin: %.elf
	$$(Q)$(CROSS)objcopy -O binary $$< $$@

-include $$(patsubst %.o,%.d,$$(sort $$(foreach image,$(1) $(1)-stats $(1)-vms $(1)-remote, \
	$$(OBJS-$$(image)))))
endef
$(foreach board,$(BOARDS) $(PORTS),$(eval $(call VMM_RULES,$(board))))

$(if $(filter 0 1,$(STATS)),,$(error STATS=$(STATS): it is 0 or 1))
# Descriptions of VMs; those that need the image with a network stack.
VMS_SOURCES := $(wildcard configs/*.dts tests/qemu/vms/*.dts)
REMOTE_SOURCES := $(shell grep -lE '^[[:space:]]*(station|peers|serve)[[:space:]]*\{' $(VMS_SOURCES))
# $(1) description
vms_image = $(if $(filter $(1),$(REMOTE_SOURCES)),remote,vms)
VMS ?=
VMS_SOURCE := $(filter %/$(VMS).dts,$(VMS_SOURCES))
BUILD := $(BOARD)$(if $(filter 1,$(STATS)),-stats,$(if $(VMS),-$(call vms_image,$(VMS_SOURCE))))

.PHONY: vmm
vmm: build/$(BUILD)/vmm.bin ## build the VMM of BOARD

include scripts/guest.mk
include scripts/ports.mk
include scripts/libfdt.mk
include scripts/tests.mk
include scripts/remote.mk
include scripts/uboot.mk
include scripts/model.mk

# ---- what a person asks for ----------------------------------------------------------------------

.PHONY: all run run-native bench rt-latency clean help
all: bundle ## build VMM, guest kernel and initramfs of BOARD, GUEST and PAN: zImage-hako

run: bundle ## boot it in QEMU, console on this terminal (leave with Ctrl-a x)
	@$(if $(filter 1,$(STATS)),scripts/trace console --out build/$(BUILD) --guest $(GUEST_DIR)/vmlinux.hako -- )\
		scripts/qemu --board $(BOARD) --kernel $(BUNDLE)

run-native: $(GUEST_DIR)/.built $(INITRD) ## boot the unmodified kernel on the bare board, to compare
	@scripts/qemu --board $(BOARD) --kernel $(GUEST_DIR)/zImage --dtb $(GUEST_DIR)/$(BOARD).dtb \
		--initrd $(INITRD)

# PAN off and on, with the columns beside each other.
bench: ## measure the guest under the VMM against native
bench: build/guest/$(GUEST)/vmlinux.hako build/guest/$(GUEST)-pan/vmlinux.hako \
		$(BOARDS:%=build/%/vmm.bin)
	@scripts/bench --kernel $(GUEST) --pan both \
		$(if $(filter-out 0,$(MODEL)),--model $(filter-out 1,$(MODEL)))

rt-latency: build/guest-tests/$(BOARD)/rt.elf build/$(BOARD)-vms/vmm.bin \
		build/guest/$(GUEST)/vmlinux.hako $(INITRD_STRESS)
rt-latency: ## how late is a real-time guest beside Linux under load?
	@scripts/rt_latency --board $(BOARD) --kernel $(GUEST) --check

clean: ## remove everything that was built
	rm -rf build

help: ## this list
	@sed -n 's/^#   \([A-Z_]*=\)/    \1/p' Makefile
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
