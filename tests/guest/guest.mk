# SPDX-License-Identifier: Apache-2.0
# Bare-metal test guests, in build/guest-tests/BOARD/: NAME.elf for the bare board, NAME.hako.elf
# rewritten, NAME.zImage bundled with the VMM. Included by the top Makefile;
# `make -f tests/guest/guest.mk guest-tests-bare` works alone.

GUEST_CROSS ?= arm-none-eabi-
GUEST_BOARDS ?= integratorcp versatilepb
GUEST_PORTS ?= palmetto
GUEST_OUT := build/guest-tests
GUEST_PYTHON ?= /usr/bin/python3

# hostile_random_N is hostile_random with seed N: together a million random words.
# hostile_attack_N is attack N of the table in hostile_attack.c.
GUEST_RANDOM := $(addprefix hostile_random_,1 2 3 4)
GUEST_ATTACKS := $(addprefix hostile_attack_,$(shell seq 25))
# Guests with paravirtual code of their own; hostile_pv_N is attack N of hostile_pv.c.
GUEST_PV := pv_calls pv_calls_dacr pv_irq pv_dacr
GUEST_PV_ATTACKS := $(addprefix hostile_pv_,$(shell seq 25))
# What caches and TLB need, for the model of tests/arm926-model: QEMU has neither.
GUEST_CACHE := $(addprefix cache_,names code tables tlb switch fcse vectors shared emulated restart pv) \
	cache_vms_1 cache_vms_2
GUEST_PROGRAMS := cpu_modes exceptions cp15 mmu_permissions mmu_faults address_spaces thumb vfp \
	shadow_edges irq_timer idle rt mmio mmio_known ethernet copy isolation not_in_qemu restart_vfp \
	$(GUEST_CACHE) $(GUEST_RANDOM) $(GUEST_ATTACKS) \
	$(GUEST_PV) $(GUEST_PV_ATTACKS)
GUEST_PROGRAMS_versatilepb := pl190
# What is bound neither to the devices of the two nor to RAM at 0, as FCSE is and some return instructions.
GUEST_PROGRAMS_palmetto := exceptions cp15 mmu_permissions mmu_faults thumb vfp idle copy isolation
# They never end by themselves: only scripts/bundle --vms wants them.
GUEST_NEIGHBOURS := neighbour spinner hostile_vm hostile_busy remote_user

# Sources of every program, and of a program beyond NAME.c.
GUEST_LIB := start.S vectors.S exception.c tap.c mmu.c string.c
# And of each board: its UART, and its timers and interrupt controller, if not all in irq_BOARD.c.
GUEST_LIB_integratorcp := uart_pl011.c timer.c
GUEST_LIB_versatilepb := uart_pl011.c timer.c irq_vic.c
GUEST_LIB_palmetto := uart_ns16550.c irq_vic.c
GUEST_RAM_palmetto := 0x40000000
GUEST_PROBE := probe.c probe_code.S
GUEST_SRC_cpu_modes := cpu_modes_code.S returns.c
GUEST_SRC_exceptions := exceptions_code.S
GUEST_SRC_cp15 := cp15_code.S
GUEST_SRC_mmu_permissions := $(GUEST_PROBE)
GUEST_SRC_mmu_faults := $(GUEST_PROBE) mmu_faults_code.S
GUEST_SRC_address_spaces := $(GUEST_PROBE) address_spaces_code.S
GUEST_SRC_shadow_edges := $(GUEST_PROBE)
GUEST_SRC_thumb := thumb_code.S
GUEST_SRC_vfp := vfp_code.S
GUEST_SRC_irq_timer := irq_timer_code.S
GUEST_SRC_rt := rt_code.S
GUEST_SRC_mmio := mmio_forms.c mmio_code.S
GUEST_SRC_mmio_known := mmio_known_code.S $(GUEST_PROBE)
GUEST_SRC_copy := copy_code.S
GUEST_SRC_isolation := $(GUEST_PROBE) isolation_code.S
GUEST_SRC_neighbour := keys.c
GUEST_SRC_remote_user := keys.c $(GUEST_PROBE)
GUEST_BASE_spinner := neighbour
GUEST_DEFSYM_neighbour := neighbour_key=0
GUEST_DEFSYM_spinner := neighbour_key=0x73
GUEST_SRC_hostile_vm := keys.c hostile_vm_rings.c hostile_vm_net.c hostile_vm_code.S hostile_pv_code.S pv_info.S
GUEST_BASE_hostile_busy := hostile_vm
GUEST_DEFSYM_hostile_vm := hostile_busy=0
GUEST_DEFSYM_hostile_busy := hostile_busy=1
GUEST_SRC_not_in_qemu := $(GUEST_PROBE) cpu_modes_code.S returns.c
$(foreach program,$(GUEST_CACHE),$(eval GUEST_SRC_$(program) := cache_ops.c $(GUEST_PROBE)))
GUEST_SRC_cache_pv += pv_info.S cache_pv_code.S
GUEST_DEFSYM_cache_pv := pv_announces=1 pv_user_limit=0x80000000 pv_code_va=0xc0000000 \
	pv_linear_offset=0xc0000000
GUEST_SRC_cache_shared += pv_info.S cache_shared_code.S
# The same for two VMs, with contents of their own.
$(foreach n,1 2,$(eval GUEST_BASE_cache_vms_$(n) := cache_vms)$(eval GUEST_DEFSYM_cache_vms_$(n) := vms_seed=$(n)))
GUEST_SRC_cache_vms := cache_ops.c $(GUEST_PROBE)
GUEST_DEFSYM_cache_shared := pv_announces=1 pv_user_limit=0x50000000 pv_code_va=0x50000000
GUEST_SRC_pv_calls := pv_info.S pv_calls_code.S $(GUEST_PROBE)
GUEST_BASE_pv_calls_dacr := pv_calls
GUEST_DEFSYM_pv_calls_dacr := pv_call_dacr=0x01 pv_return_dacr=0x05 pv_dacr_at=0x300
GUEST_SRC_pv_dacr := pv_info.S pv_dacr_code.S $(GUEST_PROBE)
GUEST_DEFSYM_pv_dacr := pv_call_dacr=0x01 pv_return_dacr=0x05
GUEST_SRC_pv_irq := pv_info.S pv_irq_code.S
GUEST_DEFSYM_hostile_pv_14 := pv_announces=1
GUEST_DEFSYM_hostile_pv_15 := pv_announces=1 pv_user_limit=0x50000000 pv_code_va=0x50000000
GUEST_DEFSYM_hostile_pv_16 := pv_announces=1 pv_user_limit=0xffffffff pv_code_va=0xffffffff
GUEST_DEFSYM_hostile_pv_17 := pv_announces=1 pv_user_limit=0x50000000 pv_code_va=0x50000000 \
	pv_linear_offset=0xffb00000
GUEST_DEFSYM_hostile_pv_18 := pv_announces=1 pv_user_limit=0x40000000 pv_code_va=0x50000000 \
	pv_linear_offset=0x1234567
GUEST_DEFSYM_hostile_pv_19 := pv_announces=1 pv_user_limit=0x50000000 pv_code_va=0xffffe000 \
	pv_code_gpa=0x10000 pv_code_size=0x1000 pv_range_count=16 pv_range_end=0xffffffff
GUEST_DEFSYM_hostile_pv_22 := pv_call_dacr=0xffffffff pv_return_dacr=0x55555555 pv_dacr_at=0xffffffff
GUEST_DEFSYM_hostile_pv_23 := pv_call_dacr=0x1 pv_return_dacr=0xfffffffd pv_dacr_at=0xffffffff
GUEST_DEFSYM_hostile_pv_24 := pv_call_dacr=0x1 pv_return_dacr=0x5 pv_dacr_at=0x200
GUEST_DEFSYM_hostile_pv_20 := $(GUEST_DEFSYM_cache_shared)
GUEST_DEFSYM_hostile_pv_21 := $(GUEST_DEFSYM_cache_shared)
GUEST_SRC_hostile_pv := hostile.c pv_info.S hostile_pv_code.S hostile_pv_vectors.c cache_shared_code.S
GUEST_SRC_hostile_random := hostile_random_code.S
GUEST_SRC_hostile_attack := hostile.c hostile_attack_code.S

GUEST_WARNINGS := -Wall -Wextra -Wno-unused-parameter -Werror -Wconversion -Wno-sign-conversion \
	-Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wvla
# Constants shared with the assembler carry no suffix, hence -Wno-sign-conversion. The bare-metal
# compiler has long for uint32_t; int is what format strings can name.
GUEST_TYPES := -U__UINT32_TYPE__ -U__INT32_TYPE__ "-D__UINT32_TYPE__=unsigned int" \
	-D__INT32_TYPE__=int
# Tests run in the order of their file, and address 0 is an address.
GUEST_CFLAGS := -std=gnu11 -mcpu=arm926ej-s -marm -mfloat-abi=soft -O2 -g -ffreestanding \
	-fno-common -fno-toplevel-reorder -fno-tree-loop-distribute-patterns \
	--param=min-pagesize=0 $(GUEST_WARNINGS) $(GUEST_TYPES) -I.
GUEST_ASFLAGS := -mcpu=arm926ej-s -marm -g -I.
GUEST_LDFLAGS := -mcpu=arm926ej-s -nostdlib -nostartfiles -static -Wl,--build-id=none \
	-Wl,--no-warn-rwx-segments -T tests/guest/guest.ld

GUEST_REWRITER := $(wildcard guest-patches/rewrite guest-patches/hako_rewrite/*.py)
GUEST_BUNDLER := $(wildcard scripts/bundle scripts/hako_bundle/*.py)
guest_comma := ,

# $(1) board
guest_programs = $(if $(filter $(1),$(GUEST_PORTS)),,$(GUEST_PROGRAMS)) $(GUEST_PROGRAMS_$(1))
guest_files = $(addprefix $(GUEST_OUT)/$(1)/,$(addsuffix .$(2),$(guest_programs)))

define GUEST_BOARD_RULES
$(GUEST_OUT)/$(1)/obj/%.o: GUEST_BOARD_H := '-DGUEST_BOARD_H="tests/guest/board_$(1).h"'

$(GUEST_OUT)/$(1)/obj/%.o: tests/guest/%.c
	@mkdir -p $$(@D)
	$$(Q)$(GUEST_CROSS)gcc $(GUEST_CFLAGS) $$(GUEST_BOARD_H) -MMD -MP -c -o $$@ $$<

$(GUEST_OUT)/$(1)/obj/%.o: tests/guest/%.S
	@mkdir -p $$(@D)
	$$(Q)$(GUEST_CROSS)gcc $(GUEST_ASFLAGS) $$(GUEST_BOARD_H) -MMD -MP -c -o $$@ $$<

$(GUEST_OUT)/$(1)/%.hako.elf: $(GUEST_OUT)/$(1)/%.elf $(GUEST_REWRITER)
	$$(Q)$(GUEST_PYTHON) guest-patches/rewrite $$< -o $$@ >$$@.log || { cat $$@.log; exit 1; }

$(GUEST_OUT)/$(1)/%.zImage: $(GUEST_OUT)/$(1)/%.hako.elf build/$(1)/vmm.bin $(GUEST_BUNDLER)
	$$(Q)scripts/bundle --board $(1) --vmm build/$(1)/vmm.bin --guest $$< --memory 96M -o $$@ \
		>$$@.log || { cat $$@.log; exit 1; }

guest-tests-$(1): $(call guest_files,$(1),elf) $(call guest_files,$(1),zImage)
-include $$(wildcard $(GUEST_OUT)/$(1)/obj/*.d)
endef

# $(1) board, $(2) program, $(3) its sources, $(4) linker options
define GUEST_LINK_RULE
$(GUEST_OUT)/$(1)/$(2).elf: $(addprefix $(GUEST_OUT)/$(1)/obj/,$(addsuffix .o,$(basename \
		$(GUEST_LIB) $(GUEST_LIB_$(1)) irq_$(1).c $(3)))) tests/guest/guest.ld
	$$(Q)$(GUEST_CROSS)gcc $(GUEST_LDFLAGS) -Wl,--defsym=guest_ram=$(or $(GUEST_RAM_$(1)),0) $(4) -o $$@ $$(filter %.o,$$^) -lgcc
endef

# $(1) program: N of a name that ends in _N, and the name without it or that of the sources.
guest_number = $(if $(filter $(GUEST_RANDOM) $(GUEST_ATTACKS) $(GUEST_PV_ATTACKS),$(1)),$(lastword \
	$(subst _, ,$(1))))
guest_base = $(or $(GUEST_BASE_$(1)),$(if $(guest_number),$(patsubst %_$(guest_number),%,$(1)),$(1)))
guest_defsym = $(addprefix -Wl$(guest_comma)--defsym=,$(addprefix hostile_seed=,$(guest_number)) \
	$(GUEST_DEFSYM_$(1)))

# $(1) board, $(2) program
guest_program_rule = $(call GUEST_LINK_RULE,$(1),$(2),$(call guest_base,$(2)).c \
	$(GUEST_SRC_$(call guest_base,$(2))),$(call guest_defsym,$(2)))

guest-tests: $(GUEST_BOARDS:%=guest-tests-%)
guest-tests-bare: $(foreach b,$(GUEST_BOARDS),$(call guest_files,$(b),elf))

# A flash with the vectors, for a board that has flash at 0.
$(GUEST_OUT)/palmetto/flash.bin: $(GUEST_OUT)/palmetto/obj/vectors_in_flash.o
	$(Q)$(GUEST_CROSS)objcopy -O binary $< $@ && truncate -s 32M $@
guest-tests-palmetto: $(GUEST_OUT)/palmetto/flash.bin

.PHONY: guest-tests guest-tests-bare $(GUEST_BOARDS:%=guest-tests-%) $(GUEST_PORTS:%=guest-tests-%)
.SECONDARY:
$(foreach b,$(GUEST_BOARDS) $(GUEST_PORTS),$(eval $(call GUEST_BOARD_RULES,$(b))))
$(foreach b,$(GUEST_PORTS),$(foreach p,$(call guest_programs,$(b)),$(eval $(call guest_program_rule,$(b),$(p)))))
$(foreach b,$(GUEST_BOARDS),$(foreach p,$(call guest_programs,$(b)) $(GUEST_NEIGHBOURS),\
	$(eval $(call guest_program_rule,$(b),$(p)))))
