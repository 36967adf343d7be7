# SPDX-License-Identifier: Apache-2.0
# The console of an image with several VMs, and its monitor.
monitor-sources := vmm/monitor_peers_none.c vmm/monitor.c vmm/monitor_commands.c vmm/monitor_reload.c vmm/receive.c

host-test-line_editor := tests/host/test_line_editor.c tests/host/device_fixture.c devemu/device.c \
	devemu/mmio.c vmm/line_editor.c
host-test-monitor := tests/host/test_monitor.c tests/host/device_fixture.c devemu/device.c \
	devemu/mmio.c $(monitor-sources) vmm/line_editor.c vmm/events.c vmm/log_ring.c \
	vmm/lib/printf.c vmm/lib/status.c
console-mux := tests/host/no_vms.c tests/host/uart_user.c tests/host/device_fixture.c \
	devemu/device.c devemu/mmio.c devemu/pl011.c vmm/console_mux.c vmm/console_key.c \
	$(monitor-sources) vmm/line_editor.c vmm/events.c vmm/log_ring.c vmm/lib/printf.c \
	vmm/lib/status.c
host-test-console_mux := tests/host/test_console_mux.c tests/host/console_fixture.c $(console-mux)
host-test-console_typed := tests/host/test_console_typed.c tests/host/console_fixture.c $(console-mux)
host-test-console := tests/host/test_console.c $(console-mux) vmm/console.c vmm/uart.c vmm/lib/heap.c
