# SPDX-License-Identifier: Apache-2.0
obj-y += vmm/console_key.o
obj-y += vmm/irq.o
obj-y += vmm/loader.o
obj-y += vmm/loader_read.o
obj-y += vmm/main.o
obj-y += vmm/run.o
obj-y += vmm/sched.o
obj-y += vmm/stop.o
obj-y += vmm/timer.o
obj-y += vmm/trap.o
obj-y += vmm/uart.o
obj-y += vmm/vm.o
obj-y += vmm/vm_config_common.o
obj-y += vmm/vm_devices.o

# The image for one VM: what it has instead of things that only several need.
one-y += vmm/console_one.o
one-y += vmm/events_none.o
one-y += vmm/idle_none.o
one-y += vmm/service_none.o
one-y += vmm/vm_config_one.o
one-y += vmm/vm_extras_none.o

# The image for several VMs.
vms-y += vmm/card_disk.o
vms-y += vmm/config_tree.o
vms-y += vmm/config_virtio.o
vms-y += vmm/config_vm.o
vms-y += vmm/config_window.o
vms-y += vmm/console.o
vms-y += vmm/console_mux.o
vms-y += vmm/entropy.o
vms-y += vmm/events.o
vms-y += vmm/flash_disk.o
vms-y += vmm/line_editor.o
vms-y += vmm/log_ring.o
vms-y += vmm/monitor.o
vms-y += vmm/monitor_commands.o
vms-y += vmm/monitor_reload.o
vms-y += vmm/partition.o
vms-y += vmm/receive.o
vms-y += vmm/reload.o
vms-y += vmm/reload_plan.o
vms-y += vmm/service.o
vms-y += vmm/vm_card.o
vms-y += vmm/vm_config.o
vms-y += vmm/vm_config_read.o
vms-y += vmm/vm_disk.o
vms-y += vmm/vm_extras.o
vms-y += vmm/vm_flash.o
vms-y += vmm/vm_models.o
vms-y += vmm/vm_remake.o
vms-y += vmm/vms.o
vms-y += libfdt/fdt.o libfdt/fdt_ro.o

# With a network stack, or without.
remote-y += vmm/config_station.o
remote-y += vmm/idle.o
remote-y += vmm/station.o vmm/station_wire.o
remote-y += vmm/config_remote.o vmm/config_serve.o
remote-y += vmm/monitor_peers.o
remote-y += vmm/peers.o
remote-y += vmm/remote_access.o
remote-y += vmm/remote_card.o
remote-y += vmm/remote_command.o
remote-y += vmm/remote_insn.o
remote-y += vmm/remote_memory.o
remote-y += vmm/remote_near.o
remote-y += vmm/remote_serve.o vmm/serve_memory.o
remote-y += vmm/remote_uart.o
remote-y += vmm/remote_window.o
noremote-y += vmm/idle_none.o
noremote-y += vmm/monitor_peers_none.o
noremote-y += vmm/peers_none.o
noremote-y += vmm/remote_none.o

# With STATS=1: the same objects, linked once more with hooks into these functions (vmm/stats.c).
nostats-y += vmm/stats_none.o
stats-y += arch/arm/stats.o
stats-y += vmm/stats.o
stats-y += vmm/stats_report.o
STATS_HOOKS := data_abort_trap emulate_lookup fast_call fast_call_dacr fast_interrupt fast_return \
	fast_return_dacr prefetch_abort_trap proxy_table_make pv_inject_program_abort pv_page_trap \
	trap_device trap_doorbell trap_from_guest trap_software_interrupt vcpu_inject_interrupt \
	vcpu_inject_trap

# Runs at the start and the stop, seldom, or when something is wrong: Thumb, small rather than fast.
cold-y += vmm/boot_early.o vmm/boot_params.o vmm/bundle.o vmm/config_tree.o vmm/config_vm.o
cold-y += vmm/config_serve.o vmm/config_remote.o vmm/monitor_peers.o vmm/monitor_peers_none.o vmm/peers_none.o
cold-y += vmm/config_station.o vmm/config_virtio.o vmm/config_window.o vmm/remote_none.o
cold-y += vmm/console_key.o vmm/console_mux.o vmm/console_one.o vmm/entropy.o vmm/line_editor.o
cold-y += vmm/loader_read.o vmm/log_ring.o vmm/main.o vmm/monitor.o vmm/monitor_commands.o
cold-y += vmm/partition.o vmm/stats_report.o vmm/uart.o vmm/vm.o vmm/vm_card.o vmm/vm_config.o
cold-y += vmm/vm_config_common.o vmm/vm_config_one.o vmm/vm_config_read.o vmm/vm_devices.o
cold-y += vmm/vm_disk.o vmm/vm_flash.o vmm/vms.o
cold-y += vmm/monitor_reload.o vmm/receive.o vmm/reload.o vmm/reload_plan.o vmm/vm_remake.o
# Small, too, but with instructions that Thumb does not have, or on the way from one VM to another,
# which -O2 would make larger and no shorter.
small-y += vmm/idle.o vmm/idle_none.o vmm/loader.o vmm/run.o vmm/sched.o vmm/service.o vmm/stop.o
small-y += vmm/timer.o
