# SPDX-License-Identifier: Apache-2.0
# A real boot loader to start zImage-hako with: tests/qemu/test_uboot.py. Included by the top
# Makefile.
#
# No other target depends on it: where U-Boot's source cannot be had, all the rest is built and
# tested. There the U-Boot test fails; it makes build/uboot/u-boot itself.

UBOOT := build/uboot/u-boot
# Lines that fetching and building print, about, for scripts/step.
UBOOT_LINES := 470

$(UBOOT): configs/uboot.config scripts/build_uboot
	@scripts/step "build U-Boot" --of $(UBOOT_LINES) -- \
		scripts/build_uboot build/uboot configs/uboot.config

.PHONY: uboot test-uboot
uboot: $(UBOOT) ## build U-Boot for the Integrator/CP from Debian's source

test-uboot: $(UBOOT) build/integratorcp/$(KERNEL)/zImage-hako ## only the test that uses it
	@HAKO_KERNELS="$(KERNEL)" $(PYTHON) -m pytest -q tests/qemu/test_uboot.py
