# SPDX-License-Identifier: Apache-2.0
# Decoders of loads and stores, and the executor.
insn-sources := arch/arm/insn_arm.c arch/arm/insn_thumb.c arch/arm/insn_addr.c

host-test-insn := tests/host/test_insn.c tests/host/insn_text.c $(insn-sources)
host-test-insn_capstone := tests/host/test_insn_capstone.c tests/host/insn_text.c $(insn-sources)
host-test-mem_exec := tests/host/test_mem_exec.c tests/host/fake_machine.c vcpu/mem_exec.c \
	$(insn-sources)
host-fuzz-insn := tests/host/fuzz_insn.c vcpu/mem_exec.c $(insn-sources)
