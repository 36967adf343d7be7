# SPDX-License-Identifier: Apache-2.0
# Decoders of loads and stores, and the executor.
insn-sources := arch/arm/insn_arm.c arch/arm/insn_thumb.c arch/arm/insn_addr.c

host-test-insn := tests/host/test_insn.c tests/host/insn_text.c $(insn-sources)
host-test-insn_capstone := tests/host/test_insn_capstone.c tests/host/insn_text.c $(insn-sources)
host-test-mem_exec := tests/host/test_mem_exec.c tests/host/fake_machine.c vcpu/mem_exec.c \
	$(insn-sources)
host-fuzz-insn := tests/host/fuzz_insn.c vcpu/mem_exec.c $(insn-sources)

# The executor against a CPU: an ARM program, run by test_mem_exec_differential.py in QEMU's user
# mode emulation.
DIFF_MEM_EXEC := tests/host/diff_mem_exec.c vcpu/mem_exec.c $(insn-sources)

build/host/arm/diff_mem_exec: $(DIFF_MEM_EXEC) vcpu/mem_exec.h arch/arm/insn.h
	@mkdir -p $(@D)
	arm-linux-gnueabi-gcc -std=gnu11 -O2 -mcpu=arm926ej-s -marm -mfloat-abi=soft -static -I. \
		$(WARNINGS) -Wno-sign-conversion -o $@ $(DIFF_MEM_EXEC)

test-host test-programs: build/host/arm/diff_mem_exec
