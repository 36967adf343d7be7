# SPDX-License-Identifier: Apache-2.0
# The console of an image with several VMs, and its monitor.
monitor-sources := vmm/console/monitor_peers_none.c vmm/console/monitor.c vmm/console/monitor_commands.c vmm/console/monitor_reload.c vmm/console/receive.c

host-test-line_editor := tests/host/test_line_editor.c tests/host/device_fixture.c devemu/device.c \
	devemu/mmio.c vmm/console/line_editor.c
host-test-monitor := tests/host/test_monitor.c tests/host/device_fixture.c devemu/device.c \
	devemu/mmio.c $(monitor-sources) vmm/console/line_editor.c vmm/console/events.c vmm/console/log_ring.c \
	vmm/lib/printf.c vmm/lib/status.c
console-mux := tests/host/no_vms.c tests/host/uart_user.c tests/host/device_fixture.c \
	devemu/device.c devemu/mmio.c devemu/pl011.c vmm/console/console_mux.c vmm/console/console_key.c \
	$(monitor-sources) vmm/console/line_editor.c vmm/console/events.c vmm/console/log_ring.c vmm/lib/printf.c \
	vmm/lib/status.c
host-test-console_mux := tests/host/test_console_mux.c tests/host/console_fixture.c $(console-mux)
host-test-console_typed := tests/host/test_console_typed.c tests/host/console_fixture.c $(console-mux)
host-test-console := tests/host/test_console.c $(console-mux) vmm/console/console.c vmm/console/uart.c vmm/lib/heap.c
