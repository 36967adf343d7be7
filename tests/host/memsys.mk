# SPDX-License-Identifier: Apache-2.0
# The memory system of the ARM926 model.
memsys-model := $(addprefix tests/arm926-model/,bus.c cache.c memsys.c memsys_cp15.c memsys_lines.c \
	memsys_report.c memsys_translate.c tlb.c walk.c write_buffer.c)
memsys-machine := tests/host/memsys_machine.c tests/host/ref_mmu.c $(memsys-model)

host-test-memsys := tests/host/test_memsys.c $(memsys-machine)
host-test-memsys_bus := tests/host/test_memsys_bus.c $(memsys-machine)
host-test-memsys_ops := tests/host/test_memsys_ops.c $(memsys-machine)
host-test-memsys_stale_tlb := tests/host/test_memsys_stale_tlb.c $(memsys-machine)
host-test-memsys_tlb := tests/host/test_memsys_tlb.c $(memsys-machine)
host-test-memsys_walk := tests/host/test_memsys_walk.c $(memsys-machine)
host-test-memsys_random := tests/host/test_memsys_random.c tests/host/memsys_naive.c $(memsys-machine)
# A million steps each: with the compiler's help.
HOST_CFLAGS-tests/host/test_memsys_random := -O2
