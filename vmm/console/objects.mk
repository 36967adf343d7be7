# SPDX-License-Identifier: Apache-2.0
obj-y += vmm/console/console_key.o
obj-y += vmm/console/uart.o
one-y += vmm/console/console_one.o
one-y += vmm/console/events_none.o
vms-y += vmm/console/console.o
vms-y += vmm/console/console_mux.o
vms-y += vmm/console/events.o
vms-y += vmm/console/line_editor.o
vms-y += vmm/console/log_ring.o
vms-y += vmm/console/monitor.o
vms-y += vmm/console/monitor_commands.o
vms-y += vmm/console/monitor_reload.o
vms-y += vmm/console/receive.o
remote-y += vmm/console/monitor_peers.o
noremote-y += vmm/console/monitor_peers_none.o

cold-y += vmm/console/console_key.o vmm/console/console_mux.o vmm/console/console_one.o
cold-y += vmm/console/line_editor.o vmm/console/log_ring.o vmm/console/monitor.o
cold-y += vmm/console/monitor_commands.o vmm/console/monitor_peers.o
cold-y += vmm/console/monitor_peers_none.o vmm/console/monitor_reload.o vmm/console/receive.o
cold-y += vmm/console/uart.o
