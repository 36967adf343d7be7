# SPDX-License-Identifier: Apache-2.0
# Bare-metal test guests: build/guest-tests/BOARD/NAME.elf for the bare board, NAME.hako.elf rewritten,
# NAME.zImage bundled with the VMM. Included by the top Makefile; `make -f tests/guest/guest.mk
# guest-tests-bare` works alone.

GUEST_CROSS ?= arm-none-eabi-
GUEST_BOARDS ?= integratorcp versatilepb
comma := ,
GUEST_OUT := build/guest-tests
GUEST_PYTHON ?= /usr/bin/python3

# hostile_random_N is hostile_random with seed N: together a million random words.
GUEST_RANDOM := $(addprefix hostile_random_,1 2 3 4)
# hostile_attack_N is attack N of the table in hostile_attack.c.
GUEST_ATTACKS := $(addprefix hostile_attack_,1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25)
GUEST_PROGRAMS := cpu_modes exceptions cp15 mmu_permissions mmu_faults address_spaces thumb vfp \
	irq_timer mmio isolation not_in_qemu $(GUEST_RANDOM) $(GUEST_ATTACKS)
GUEST_PROGRAMS_versatilepb := pl190
GUEST_LIB := start.S vectors.S exception.c tap.c mmu.c string.c timer.c

# Sources of a program beyond NAME.c.
GUEST_SRC_cpu_modes := cpu_modes_code.S
GUEST_SRC_exceptions := exceptions_code.S
GUEST_SRC_mmu_permissions := probe.c probe_code.S
GUEST_SRC_mmu_faults := probe.c probe_code.S mmu_faults_code.S
GUEST_SRC_address_spaces := probe.c probe_code.S address_spaces_code.S
GUEST_SRC_thumb := thumb_code.S
GUEST_SRC_vfp := vfp_code.S
GUEST_SRC_irq_timer := irq_timer_code.S
GUEST_SRC_mmio := mmio_forms.c mmio_code.S
GUEST_SRC_isolation := isolation_code.S probe.c probe_code.S
GUEST_SRC_hostile_attack := hostile_attack_code.S
GUEST_SRC_hostile_random := hostile_random_code.S
GUEST_SRC_cp15 := cp15_code.S
GUEST_SRC_not_in_qemu := cpu_modes_code.S probe.c probe_code.S

# Constants shared with the assembler carry no suffix, hence -Wno-sign-conversion.
GUEST_CFLAGS := -std=gnu11 -mcpu=arm926ej-s -marm -mfloat-abi=soft -O2 -g -ffreestanding -fno-common \
	-fno-toplevel-reorder --param=min-pagesize=0 -fno-tree-loop-distribute-patterns -Wall -Wextra -Wno-unused-parameter \
	-U__UINT32_TYPE__ -U__INT32_TYPE__ "-D__UINT32_TYPE__=unsigned int" -D__INT32_TYPE__=int \
	-Werror -Wconversion -Wno-sign-conversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wvla -I.
GUEST_ASFLAGS := -mcpu=arm926ej-s -marm -g -I.
GUEST_LDFLAGS := -mcpu=arm926ej-s -nostdlib -nostartfiles -static -Wl,--build-id=none \
	-Wl,--no-warn-rwx-segments -T tests/guest/guest.ld

# $(1) board
define GUEST_BOARD_RULES
$(GUEST_OUT)/$(1)/obj/%.o: tests/guest/%.c
	@mkdir -p $$(@D)
	$(GUEST_CROSS)gcc $(GUEST_CFLAGS) '-DGUEST_BOARD_H="tests/guest/board_$(1).h"' -MMD -MP -c -o $$@ $$<

$(GUEST_OUT)/$(1)/obj/%.o: tests/guest/%.S
	@mkdir -p $$(@D)
	$(GUEST_CROSS)gcc $(GUEST_ASFLAGS) '-DGUEST_BOARD_H="tests/guest/board_$(1).h"' -MMD -MP -c -o $$@ $$<

$(GUEST_OUT)/$(1)/%.hako.elf: $(GUEST_OUT)/$(1)/%.elf $$(wildcard guest-patches/rewrite guest-patches/hako_rewrite/*.py)
	$(GUEST_PYTHON) guest-patches/rewrite $$< -o $$@

$(GUEST_OUT)/$(1)/%.zImage: $(GUEST_OUT)/$(1)/%.hako.elf build/$(1)/vmm.bin $$(wildcard scripts/bundle scripts/hako_bundle/*.py)
	scripts/bundle --board $(1) --vmm build/$(1)/vmm.bin --guest $$< --memory 96M -o $$@

guest-tests-bare: $(patsubst %,$(GUEST_OUT)/$(1)/%.elf,$(GUEST_PROGRAMS) $(GUEST_PROGRAMS_$(1)))
guest-tests-$(1): $(patsubst %,$(GUEST_OUT)/$(1)/%.elf,$(GUEST_PROGRAMS) $(GUEST_PROGRAMS_$(1))) $(patsubst %,$(GUEST_OUT)/$(1)/%.zImage,$(GUEST_PROGRAMS) $(GUEST_PROGRAMS_$(1)))
guest-tests: guest-tests-$(1)
-include $$(wildcard $(GUEST_OUT)/$(1)/obj/*.d)
endef

# $(1) board, $(2) program, $(3) its sources, $(4) linker options
define GUEST_LINK_RULE
$(GUEST_OUT)/$(1)/$(2).elf: $(addprefix $(GUEST_OUT)/$(1)/obj/,$(addsuffix .o,$(basename \
		$(GUEST_LIB) irq_$(1).c $(3)))) tests/guest/guest.ld
	$(GUEST_CROSS)gcc $(GUEST_LDFLAGS) $(4) -o $$@ $$(filter %.o,$$^) -lgcc
endef

# $(1) board, $(2) program; a name that ends in _N is the program of the rest of the name, with number N
GUEST_NUMBER = $(if $(filter $(GUEST_RANDOM) $(GUEST_ATTACKS),$(1)),$(lastword $(subst _, ,$(1))))
GUEST_BASE = $(if $(call GUEST_NUMBER,$(1)),$(patsubst %_$(call GUEST_NUMBER,$(1)),%,$(1)),$(1))
define GUEST_PROGRAM_RULES
$(call GUEST_LINK_RULE,$(1),$(2),$(call GUEST_BASE,$(2)).c $(GUEST_SRC_$(call GUEST_BASE,$(2))),$(addprefix \
	-Wl$(comma)--defsym=hostile_seed=,$(call GUEST_NUMBER,$(2))))
endef

.PHONY: guest-tests guest-tests-bare $(GUEST_BOARDS:%=guest-tests-%)
.SECONDARY:
$(foreach b,$(GUEST_BOARDS),$(eval $(call GUEST_BOARD_RULES,$(b))))
$(foreach b,$(GUEST_BOARDS),$(foreach p,$(GUEST_PROGRAMS) $(GUEST_PROGRAMS_$(b)),$(eval $(call GUEST_PROGRAM_RULES,$(b),$(p)))))
