# SPDX-License-Identifier: Apache-2.0
# Hako: see README.md, or `make help`. Non-recursive; each folder contributes an objects.mk.

BOARD ?= integratorcp
BOARDS := integratorcp versatilepb
CROSS := arm-none-eabi-
OUT := build/$(BOARD)

DIRS := arch/arm vcpu domain devemu vmm vmm/lib board/drivers board/$(BOARD)
obj-y :=
-include $(addsuffix /objects.mk,$(DIRS))

WARNINGS := -Wall -Wextra -Wno-unused-parameter -Werror -Wconversion -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wundef -Wvla
# The bare-metal compiler has long for uint32_t, the workstation's int: one format string must do.
TYPES := -U__UINT32_TYPE__ -U__INT32_TYPE__ "-D__UINT32_TYPE__=unsigned int" -D__INT32_TYPE__=int
CFLAGS := -std=c11 -mcpu=arm926ej-s -marm -mfloat-abi=soft -O2 -g -ffreestanding -fno-common \
	-ffunction-sections -fdata-sections -fno-tree-loop-distribute-patterns $(WARNINGS) $(TYPES) -I.
ASFLAGS := -mcpu=arm926ej-s -marm -g -I.
LDFLAGS := -nostdlib -nostartfiles -Wl,--gc-sections -Wl,--no-warn-rwx-segments -Wl,--build-id=none

OBJS := $(addprefix $(OUT)/,$(obj-y))

.PHONY: vmm
vmm: $(OUT)/vmm.bin

$(OUT)/%.o: %.c
	@mkdir -p $(@D)
	$(CROSS)gcc $(CFLAGS) $(CFLAGS-$*) -MMD -MP -c -o $@ $<

$(OUT)/%.o: %.S
	@mkdir -p $(@D)
	$(CROSS)gcc $(ASFLAGS) -MMD -MP -c -o $@ $<

$(OUT)/vmm.ld: arch/arm/link.ld.S arch/arm/layout.h
	@mkdir -p $(@D)
	$(CROSS)gcc -E -P -x assembler-with-cpp -I. -o $@ $<

$(OUT)/vmm.elf: $(OBJS) $(OUT)/vmm.ld
	$(CROSS)gcc -mcpu=arm926ej-s $(LDFLAGS) -T $(OUT)/vmm.ld -Wl,-Map=$(OUT)/vmm.map -o $@ $(OBJS) -lgcc
	@$(CROSS)size $@

$(OUT)/vmm.bin: $(OUT)/vmm.elf
	$(CROSS)objcopy -O binary $< $@

-include $(OBJS:.o=.d)
