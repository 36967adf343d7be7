# SPDX-License-Identifier: Apache-2.0
# The VMM's core: memory map, guest page tables, shadow page tables, the virtual CPU.
core-machine = tests/host/core_machine.c tests/host/ref_mmu.c domain/vm_mem.c domain/guest_walk.c \
	domain/shadow.c domain/shadow_announce.c domain/shadow_fill.c domain/shadow_read.c \
	domain/shadow_recycle.c domain/shadow_space.c domain/shadow_table.c \
	domain/shadow_vectors.c domain/shadow_view.c \
	vcpu/vcpu.c vcpu/inject.c vcpu/cp15.c vcpu/proxy.c vcpu/proxy_mem.c \
	vcpu/emulate.c vcpu/fault.c \
	vcpu/device_page.c vcpu/guest_mem.c vcpu/hypercall.c vcpu/mem_exec.c \
	vcpu/pv.c vcpu/pv_dacr.c vcpu/pv_entry.c vcpu/pv_page.c \
	$(insn-sources) devemu/mmio.c vmm/lib/heap.c

host-test-shadow_random = tests/host/test_shadow_random.c tests/host/shadow_guest.c \
	tests/host/guest_tables.c tests/host/shadow_invariants.c $(core-machine)
shadow-fixture = tests/host/shadow_fixture.c tests/host/shadow_invariants.c $(core-machine)
host-test-shadow = tests/host/test_shadow.c $(shadow-fixture)
host-test-shadow_track = tests/host/test_shadow_track.c domain/shadow_track.c $(shadow-fixture)
host-test-shadow_preempt = tests/host/test_shadow_preempt.c $(shadow-fixture)
host-test-shadow_announce = tests/host/test_shadow_announce.c $(shadow-fixture)
shadow-vectors = tests/host/shadow_vectors_fixture.c tests/host/shadow_invariants.c $(core-machine)
host-test-shadow_vectors = tests/host/test_shadow_vectors.c $(shadow-vectors)
host-test-shadow_vectors_copy = tests/host/test_shadow_vectors_copy.c $(shadow-vectors)
host-test-sched := tests/host/test_sched.c vmm/sched.c
host-test-vm_request := tests/host/test_vm_request.c
host-test-vm_mem := tests/host/test_vm_mem.c domain/vm_mem.c
host-test-guest_walk := tests/host/test_guest_walk.c tests/host/ref_mmu.c domain/guest_walk.c
host-test-vcpu = tests/host/test_vcpu.c $(core-machine)
host-test-inject = tests/host/test_inject.c $(core-machine)
host-test-pv = tests/host/test_pv.c tests/host/pv_fixture.c $(core-machine)
host-test-pv_retry = tests/host/test_pv_retry.c tests/host/pv_fixture.c $(core-machine)
host-test-pv_dacr = tests/host/test_pv_dacr.c tests/host/pv_fixture.c $(core-machine)
host-test-cp15_mmu = tests/host/test_cp15_mmu.c $(core-machine)
host-test-remote_block = tests/host/test_remote_block.c vmm/remote/remote_access.c vmm/remote/remote_insn.c \
	devemu/remote.c $(core-machine)
# The source under test is part of these: its table is static.
host-test-cp15 = tests/host/test_cp15.c $(filter-out vcpu/cp15.c,$(core-machine))
host-test-proxy = tests/host/test_proxy.c $(filter-out vcpu/proxy%.c,$(core-machine))
host-test-proxy_mem = tests/host/test_proxy_mem.c \
	$(filter-out vcpu/proxy_mem.c,$(core-machine))
host-test-device_page = tests/host/test_device_page.c $(core-machine)
host-test-fault = tests/host/test_fault.c $(core-machine)
host-test-fault_random = tests/host/test_fault_random.c tests/host/fault_guest.c \
	tests/host/fault_insn.c tests/host/guest_tables.c $(core-machine)
