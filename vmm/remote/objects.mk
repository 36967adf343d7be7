# SPDX-License-Identifier: Apache-2.0
remote-y += vmm/remote/station.o
remote-y += vmm/remote/station_wire.o
remote-y += vmm/remote/peers.o
remote-y += vmm/remote/other_board.o
remote-y += vmm/remote/remote_access.o
remote-y += vmm/remote/remote_card.o
remote-y += vmm/remote/remote_command.o
remote-y += vmm/remote/remote_insn.o
remote-y += vmm/remote/remote_memory.o
remote-y += vmm/remote/remote_near.o
remote-y += vmm/remote/remote_serve.o
remote-y += vmm/remote/serve_memory.o
remote-y += vmm/remote/remote_uart.o
remote-y += vmm/remote/remote_window.o
noremote-y += vmm/remote/peers_none.o
noremote-y += vmm/remote/remote_none.o

cold-y += vmm/remote/other_board.o vmm/remote/peers_none.o vmm/remote/remote_none.o
