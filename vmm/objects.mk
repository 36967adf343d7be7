# SPDX-License-Identifier: Apache-2.0
obj-y += vmm/irq.o
obj-y += vmm/main.o
obj-y += vmm/run.o
obj-y += vmm/sched.o
obj-y += vmm/stop.o
obj-y += vmm/timer.o
obj-y += vmm/trap.o
obj-y += vmm/vm.o
obj-y += vmm/vm_devices.o

# The image for one VM: what it has instead of things that only several need.
one-y += vmm/idle_none.o
one-y += vmm/service_none.o
one-y += vmm/vm_extras_none.o

# The image for several VMs.
vms-y += vmm/entropy.o
vms-y += vmm/reload.o
vms-y += vmm/reload_plan.o
vms-y += vmm/service.o
vms-y += vmm/vm_extras.o
vms-y += vmm/vm_remake.o
vms-y += vmm/vms.o
vms-y += libfdt/fdt.o libfdt/fdt_ro.o

# With a network stack, or without.
remote-y += vmm/idle.o
noremote-y += vmm/idle_none.o

# With STATS=1: the same objects, linked once more with hooks into these functions (vmm/stats.c).
nostats-y += vmm/stats_none.o
stats-y += arch/arm/stats.o
stats-y += vmm/stats.o
stats-y += vmm/stats_report.o
STATS_HOOKS := data_abort_trap emulate_lookup fast_call fast_call_dacr fast_interrupt fast_return \
	fast_return_dacr prefetch_abort_trap proxy_table_make pv_inject_program_abort pv_page_trap \
	trap_device trap_doorbell trap_from_guest trap_software_interrupt vcpu_inject_interrupt \
	vcpu_inject_trap

# cold-y, here and in the folders below: runs at the start and the stop, seldom, or when something is wrong.
# Thumb, small rather than fast.
cold-y += vmm/entropy.o
cold-y += vmm/main.o
cold-y += vmm/stats_report.o vmm/vm.o
cold-y += vmm/vm_devices.o
cold-y += vmm/vms.o
cold-y += vmm/reload.o vmm/reload_plan.o vmm/vm_remake.o
# small-y: small, too, but with instructions that Thumb does not have, or on the way from one VM to another,
# which -O2 would make larger and no shorter.
small-y += vmm/idle.o vmm/idle_none.o vmm/run.o vmm/sched.o vmm/service.o vmm/stop.o
small-y += vmm/timer.o
