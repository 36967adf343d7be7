# SPDX-License-Identifier: Apache-2.0
# The remote-device protocol. What every access takes is ARM code at -O2, what only a session takes is
# Thumb at -Os.
remote-objects := client.o client_session.o frame.o link.o mac.o peer.o serve.o
remote-objects += pl181_agent.o pl181_front.o pl181_front_jobs.o
remote-cold := client_windows.o handshake.o keys.o pl011_agent.o pl011_front.o pl110_guard.o result.o server.o session.o
remote-y += $(addprefix net/remote/,$(remote-objects) $(remote-cold))
cold-y += $(addprefix net/remote/,$(remote-cold))
