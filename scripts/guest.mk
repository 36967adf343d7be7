# SPDX-License-Identifier: Apache-2.0
# The guests: Debian's kernel sources, built, rewritten and bundled; and what runs in them.
# Included by the top Makefile.
#
#   build/src/linux-VERSION/        the unpacked source, never edited
#   build/guest/KERNEL/             vmlinux, zImage, BOARD.dtb, vmlinux.hako of one configuration;
#                                   KERNEL-proxies is the same without paravirtual code (PV=0)
#   build/guest/*.cpio.gz           initial RAM disks
#   build/BOARD/KERNEL/zImage-hako  VMM and guest in one file to boot

GUEST_VERSIONS := 6.12 6.1
BUILT_KERNELS := $(foreach version,$(GUEST_VERSIONS),linux-$(version) linux-$(version)-pan)
KERNELS := $(BUILT_KERNELS) $(BUILT_KERNELS:%=%-proxies)
# 1: the guest gets paravirtual code. 0: proxies only, the reference.
PV ?= 1
KERNEL := $(GUEST)$(if $(filter 1,$(PAN)),-pan)$(if $(filter 0,$(PV)),-proxies)
GUEST_DIR := build/guest/$(KERNEL)
BUNDLE := build/$(BUILD)/$(KERNEL)/zImage-hako
VM_MEMORY ?= 96M
VM_CMDLINE ?= console=ttyAMA0

$(if $(filter $(BOARD),$(BOARDS) $(PORTS)),,$(error BOARD=$(BOARD): the boards are $(BOARDS) $(PORTS)))
$(if $(and $(filter $(KERNEL),$(KERNELS)),$(filter 0 1,$(PAN)),$(filter 0 1,$(PV))),,$(error \
	GUEST=$(GUEST) PAN=$(PAN) PV=$(PV): the guests are $(GUEST_VERSIONS:%=linux-%), PAN and PV \
	are 0 or 1))

# ---- kernels -------------------------------------------------------------------------------------

SOURCE_ARCHIVE = /usr/src/linux-source-$(1).tar.xz
# Lines that unpacking and building print, about, so that scripts/step can show a percentage.
UNPACK_LINES-6.12 := 92400
UNPACK_LINES-6.1 := 83700
BUILD_LINES := 1450

.PHONY: FORCE
FORCE:

# dpkg keeps the archive's old date when it upgrades it, so a date alone would not show that.
# $(1) version
define SOURCE_RULES
build/src/linux-$(1).archive: FORCE
	@mkdir -p $$(@D)
	@test -f $(call SOURCE_ARCHIVE,$(1)) || { echo "linux-$(1): $(call SOURCE_ARCHIVE,$(1)) is" \
		"missing; scripts/setup installs it where Debian has it (6.1: Debian 12)" >&2; exit 1; }
	@now=$$$$(stat -L -c '%s %Y' $(call SOURCE_ARCHIVE,$(1))); \
		[ "$$$$(cat $$@ 2>/dev/null)" = "$$$$now" ] || echo "$$$$now" >$$@

build/src/linux-$(1).unpacked: build/src/linux-$(1).archive
	@rm -rf build/src/linux-$(1) build/src/linux-source-$(1)
	@scripts/step "unpack linux-source-$(1)" --of $(UNPACK_LINES-$(1)) -- \
		tar -C build/src -xvf $(call SOURCE_ARCHIVE,$(1))
	@mv build/src/linux-source-$(1) build/src/linux-$(1)
	@touch $$@
endef
$(foreach version,$(GUEST_VERSIONS),$(eval $(call SOURCE_RULES,$(version))))

REWRITER := guest-patches/rewrite $(wildcard guest-patches/hako_rewrite/*.py guest-patches/pv/*) \
	vcpu/pv_abi.h

# $(1) kernel, $(2) version, $(3) off or on
define KERNEL_RULES
build/guest/$(1)/.built: build/src/linux-$(2).unpacked configs/linux.config configs/pan-$(3).config \
		scripts/build_linux
	@scripts/step "build guest $(1)" --of $(BUILD_LINES) -- scripts/build_linux \
		build/src/linux-$(2) build/guest/$(1) configs/linux.config configs/pan-$(3).config
	@touch $$@

build/guest/$(1)/vmlinux build/guest/$(1)/zImage: build/guest/$(1)/.built ;

build/guest/$(1)/vmlinux.hako: build/guest/$(1)/.built $(REWRITER)
	@scripts/step "rewrite $(1)" -- guest-patches/rewrite \
		build/guest/$(1)/vmlinux -o $$@ --report build/guest/$(1)/rewrite.json

build/guest/$(1)-proxies/vmlinux.hako: build/guest/$(1)/.built $(REWRITER)
	@mkdir -p $$(@D)
	@ln -sf ../$(1)/vmlinux ../$(1)/zImage $(BOARDS:%=../$(1)/%.dtb) $$(@D)
	@scripts/step "rewrite $(1)-proxies" -- guest-patches/rewrite --no-pv \
		build/guest/$(1)/vmlinux -o $$@ --report $$(@D)/rewrite.json
endef
$(foreach version,$(GUEST_VERSIONS), \
	$(eval $(call KERNEL_RULES,linux-$(version),$(version),off)) \
	$(eval $(call KERNEL_RULES,linux-$(version)-pan,$(version),on)))

# A guest with a screen: the default kernel and a driver for it, which no other one has, as all that is
# measured is measured without.
#
# On an Integrator/CP Linux's driver looks for a module IM-PD1, and if there is none forgets the core module
# that it has found (drivers/gpu/drm/pl111/pl111_versatile.c, np): here the core module is both. What the
# driver writes to it is a counter's address, which ignores that.
SCREEN_VERSION := 6.12
SCREEN := build/guest/linux-$(SCREEN_VERSION)-screen

$(SCREEN)/linux.config: configs/linux.config configs/screen.config
	@mkdir -p $(@D)
	@sed -n 's/^\(CONFIG_[A-Z0-9_]*\)=.*/\/^# \1 is not set\/d/p' configs/screen.config | \
		sed -f - configs/linux.config >$@

# What the driver does not change is compiled already.
$(SCREEN)/.built: build/guest/linux-$(SCREEN_VERSION)/.built $(SCREEN)/linux.config configs/screen.config \
		configs/pan-off.config scripts/build_linux
	@[ -d $(SCREEN)/obj ] || cp -a build/guest/linux-$(SCREEN_VERSION)/obj $(SCREEN)/obj
	@scripts/step "build guest linux-$(SCREEN_VERSION)-screen" --of $(BUILD_LINES) -- scripts/build_linux \
		build/src/linux-$(SCREEN_VERSION) $(SCREEN) $(SCREEN)/linux.config configs/pan-off.config \
		configs/screen.config
	@fdtput -t s $(SCREEN)/integratorcp.dtb /core-module@10000000 compatible \
		arm,core-module-integrator syscon simple-mfd arm,im-pd1-syscon
	@touch $@

$(SCREEN)/vmlinux.hako: $(SCREEN)/.built $(REWRITER)
	@scripts/step "rewrite linux-$(SCREEN_VERSION)-screen" -- guest-patches/rewrite \
		$(SCREEN)/vmlinux -o $@ --report $(SCREEN)/rewrite.json

# ---- initial RAM disks ---------------------------------------------------------------------------

# For a person and for the scenarios; the second one adds stress-ng and its shared libraries.
INITRD := build/guest/initramfs.cpio.gz
INITRD_STRESS := build/guest/stress.cpio.gz

PROGRAM_CC := arm-linux-gnueabi-gcc
# The programs pass null pointers to functions that the C library declares to take none.
PROGRAM_CFLAGS := -std=gnu11 -O2 -g0 -static -march=armv5te -marm -Wall -Wextra -Werror -I. \
	-fno-delete-null-pointer-checks
PROGRAMS := $(patsubst tests/linux/%.c,build/guest/bin/%,$(wildcard tests/linux/*.c)) \
	build/guest/bin/checks
CHECKS := $(wildcard tests/linux/checks/*.c)

# Every program is in memory twice while a guest starts: this one does without a C library.
PROGRAM_CFLAGS-remote_count := -nostdlib -ffreestanding -lgcc

build/guest/bin/%: tests/linux/%.c
	@mkdir -p $(@D)
	$(Q)$(PROGRAM_CC) $(PROGRAM_CFLAGS) -o $@ $< $(PROGRAM_CFLAGS-$*)

build/guest/bin/checks: $(CHECKS) tests/linux/checks/checks.h
	@mkdir -p $(@D)
	$(Q)$(PROGRAM_CC) $(PROGRAM_CFLAGS) -pthread -o $@ $(CHECKS)

build/guest/busybox.fetched: scripts/fetch_armel
	@scripts/step "fetch busybox for armel" -- scripts/fetch_armel build/deb build/guest/busybox \
		busybox-static busybox
	@touch $@

# After busybox: one apt at a time.
build/guest/stress-ng.fetched: scripts/fetch_armel | build/guest/busybox.fetched
	@scripts/step "fetch stress-ng for armel" -- scripts/fetch_armel build/deb \
		build/guest/stress-ng stress-ng stress-ng
	@touch $@

$(INITRD): build/guest/busybox.fetched scripts/build_initramfs $(PROGRAMS) \
		$(shell find tests/linux/rootfs -type f)
	@scripts/build_initramfs -o $@ --busybox build/guest/busybox/bin/busybox \
		--tree tests/linux/rootfs $(addprefix --program ,$(PROGRAMS))

build/guest/stress-ng.cpio.gz: build/guest/stress-ng.fetched scripts/build_initramfs
	@scripts/build_initramfs -o $@ --tree build/guest/stress-ng

# The kernel unpacks archives that follow each other, one over the other.
$(INITRD_STRESS): $(INITRD) build/guest/stress-ng.cpio.gz
	@cat $^ >$@

.PHONY: initramfs
initramfs: $(INITRD)

# ---- bundles -------------------------------------------------------------------------------------

# A bundle made for another memory size or command line is out of date.
build/guest/vm.settings: FORCE
	@mkdir -p $(@D)
	@echo '$(VM_MEMORY) $(VM_CMDLINE)' | cmp -s - $@ || echo '$(VM_MEMORY) $(VM_CMDLINE)' >$@

# $(1) folder of the VMM: BOARD or BOARD-stats, $(2) kernel, $(3) suffix of the bundle, $(4) initial
# RAM disk
define BUNDLE_RULES
build/$(1)/$(2)/zImage-hako$(3): build/$(1)/vmm.bin build/guest/$(2)/vmlinux.hako $(4) \
		scripts/bundle build/guest/vm.settings
	@mkdir -p $$(@D)
	@scripts/bundle --board $(firstword $(subst -, ,$(1))) --vmm build/$(1)/vmm.bin --guest build/guest/$(2)/vmlinux.hako \
		--dtb build/guest/$(2)/$(firstword $(subst -, ,$(1))).dtb --initrd $(4) --cmdline "$(VM_CMDLINE)" \
		--memory $(VM_MEMORY) -o $$@
endef
$(foreach board,$(BOARDS),$(foreach kernel,$(KERNELS), \
	$(eval $(call BUNDLE_RULES,$(board),$(kernel),,$(INITRD))) \
	$(eval $(call BUNDLE_RULES,$(board)-stats,$(kernel),,$(INITRD))) \
	$(eval $(call BUNDLE_RULES,$(board)-vms,$(kernel),,$(INITRD))) \
	$(eval $(call BUNDLE_RULES,$(board),$(kernel),-stress,$(INITRD_STRESS)))))

# Several VMs: VMS=NAME for configs/NAME.dts, or that of a scenario. Of the guests that it names, linux
# is the kernel of GUEST, PAN and PV with the initial RAM disk of a person, screen the one with a driver for
# a screen, and any other one a bare-metal test guest. VMS_DISKS=NAME=FILE ... is what is on its RAM disks. Keys that it names are in
# VMS_KEYS; one that is not there is made, so two boards whose bundles are made here share it.
VMS_DISKS ?=
VMS_KEYS ?= build/keys
VMS_VMM ?= build/$(BOARD)-$(call vms_image,$(VMS_SOURCE))/vmm.bin
# $(1) property of a VM, $(2) source
vms_names = $(sort $(shell sed -n 's/.*\<$(1) = "\([^"]*\)".*/\1/p' $(2)))
# $(1) board, $(2) kernel, $(3) name of a guest
vms_guest = $(or $(if $(filter linux,$(3)),build/guest/$(2)/vmlinux.hako),$(if $(filter \
	screen,$(3)),$(SCREEN)/vmlinux.hako),build/guest-tests/$(1)/$(3).hako.elf)

$(VMS_KEYS)/%.key:
	@mkdir -p $(@D)
	@umask 077 && head -c 32 /dev/urandom > $@

# $(1) board, $(2) kernel, $(3) source, $(4) VMM, $(5) guests, $(6) initial RAM disks, $(7) disks, $(8) keys
define VMS_RULE
$(if $(filter-out linux,$(6)),$(error $(3): the initrd that is built is 'linux'))
build/$(1)-$(call vms_image,$(3))/$(2)/$(basename $(notdir $(3)))/zImage-hako: $(4) $(3) \
		$(foreach guest,$(5),$(call vms_guest,$(1),$(2),$(guest))) $(if $(6),$(INITRD)) \
		$(foreach disk,$(7),$(lastword $(subst =, ,$(disk)))) $(8:%=$(VMS_KEYS)/%.key) \
		build/guest/$(2)/.built scripts/bundle $(wildcard scripts/hako_bundle/*.py)
	@mkdir -p $$(@D)
	@scripts/bundle --board $(1) --vmm $(4) --vms $(3) \
		$(foreach guest,$(5),--guest $(guest)=$(call vms_guest,$(1),$(2),$(guest))) \
		$(foreach initrd,$(6),--initrd $(initrd)=$(INITRD)) \
		$(7:%=--disk %) $(foreach key,$(8),--key $(key)=$(VMS_KEYS)/$(key).key) --dtb $(if \
		$(filter screen,$(5)),$(SCREEN),build/guest/$(2))/$(1).dtb -o $$@
endef
# $(1) board, $(2) kernel, $(3) source, $(4) VMM, $(5) disks
vms_rule = $(call VMS_RULE,$(1),$(2),$(3),$(4),$(call vms_names,guest,$(3)),$(call \
	vms_names,initrd,$(3)),$(5),$(call vms_names,key,$(3)))

ifneq ($(VMS),)
$(if $(VMS_SOURCE),,$(error VMS=$(VMS): there is no configs/$(VMS).dts; there are \
	$(basename $(notdir $(VMS_SOURCES)))))
BUNDLE := build/$(BOARD)-$(call vms_image,$(VMS_SOURCE))/$(KERNEL)/$(VMS)/zImage-hako
$(eval $(call vms_rule,$(BOARD),$(KERNEL),$(VMS_SOURCE),$(VMS_VMM),$(VMS_DISKS)))
endif

.PHONY: guest bundle
guest: $$(GUEST_DIR)/vmlinux.hako ## build the guest kernel of GUEST and PAN, and rewrite it
bundle: $$(BUNDLE) ## bundle it with the VMM of BOARD: build/BOARD/zImage-hako
	@$(if $(VMS),,ln -sf $(KERNEL)/zImage-hako build/$(BUILD)/zImage-hako)
