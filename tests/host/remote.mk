# SPDX-License-Identifier: Apache-2.0
# Host tests of the remote-device protocol. Its SHA-256 is the workstation's libmbedcrypto.
REMOTE := $(addprefix net/remote/,client.c client_session.c client_windows.c frame.c handshake.c \
	keys.c link.c mac.c peer.c result.c serve.c server.c session.c)
REMOTE_WIRE := tests/host/remote_fixture.c $(REMOTE)
REMOTE_AGENT_WIRE := tests/host/remote_agent_fixture.c $(REMOTE_WIRE)

host-test-remote_mac := tests/host/test_remote_mac.c net/remote/mac.c
# But here it is what the image has.
host-test-remote_keys := tests/host/test_remote_keys.c net/remote/keys.c net/mbedtls/sha256_block.c \
	vmm/lib/sha256.c $(MBEDTLS_HOST)
host-test-remote_session := tests/host/test_remote_session.c $(REMOTE_WIRE)
host-test-remote_access := tests/host/test_remote_access.c $(REMOTE_WIRE)
host-test-remote_faults := tests/host/test_remote_faults.c $(REMOTE_WIRE)
host-test-remote_agents := tests/host/test_remote_agents.c $(REMOTE_WIRE)
host-test-remote_trusted := tests/host/test_remote_trusted.c $(REMOTE_WIRE)
PL181_FRONT := net/remote/pl181_front.c net/remote/pl181_front_jobs.c
host-test-remote_pl181 := tests/host/test_remote_pl181.c tests/host/pl181_model.c \
	net/remote/pl181_agent.c $(PL181_FRONT) $(REMOTE_AGENT_WIRE)
host-test-remote_card := tests/host/test_remote_card.c vmm/remote/remote_card.c \
	$(PL181_FRONT) $(REMOTE_AGENT_WIRE)
host-test-remote_pl011 := tests/host/test_remote_pl011.c net/remote/pl011_agent.c \
	net/remote/pl011_front.c $(REMOTE_AGENT_WIRE)
host-test-remote_pl181_wrong := tests/host/test_remote_pl181_wrong.c $(PL181_FRONT)
host-test-remote_memory := tests/host/test_remote_memory.c vmm/remote/remote_memory.c devemu/remote.c \
	vmm/lib/heap.c $(REMOTE_WIRE)
# What else a window may be is not there: a call of it would end the test.
host-test-remote_window := tests/host/test_remote_window.c vmm/remote/remote_window.c vmm/remote/remote_uart.c \
	net/remote/pl011_front.c net/remote/frame.c
LIBS-host-test-remote_window := -no-pie -Wl,--unresolved-symbols=ignore-in-object-files
host-test-remote_near := tests/host/test_remote_near.c vmm/remote/remote_near.c
host-test-remote_pl110 := tests/host/test_remote_pl110.c net/remote/pl110_guard.c
host-test-remote_pl110_lines := tests/host/test_remote_pl110_lines.c vmm/remote/remote_serve.c \
	net/remote/pl110_guard.c net/remote/pl011_agent.c net/remote/pl181_agent.c $(REMOTE_WIRE)
host-test-remote_vectors := tests/host/test_remote_vectors.c $(REMOTE_WIRE)
$(foreach name,session access agents card faults memory trusted pl011 pl110_lines pl181 vectors, \
	$(eval LIBS-host-test-remote_$(name) := -lmbedcrypto))

host-fuzz-remote_frame := tests/host/fuzz_remote_frame.c net/remote/frame.c
host-fuzz-remote := tests/host/fuzz_remote.c $(REMOTE)
LIBS-host-fuzz-remote := -lmbedcrypto
host-fuzz-remote_pl181 := tests/host/fuzz_remote_pl181.c tests/host/fuzz_remote_agent.c \
	net/remote/pl181_agent.c $(PL181_FRONT)
host-fuzz-remote_pl011 := tests/host/fuzz_remote_pl011.c tests/host/fuzz_remote_agent.c \
	net/remote/pl011_agent.c net/remote/pl011_front.c
host-fuzz-remote_pl110 := tests/host/fuzz_remote_pl110.c net/remote/pl110_guard.c
