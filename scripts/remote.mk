# SPDX-License-Identifier: Apache-2.0
# Devices of another board: the server for a PC, and what tests the protocol as a whole.
# Included by the top Makefile, behind scripts/tests.mk.

REMOTE_SERVER := build/host/remote-server
REMOTE_CLIENT := build/host/remote-client
# The protocol and the wire of a PC; main.c and the client each make a program of it.
REMOTE_HOSTED := $(REMOTE) $(filter-out %/main.c,$(wildcard net/remote/hosted/*.c))
REMOTE_MAIN := net/remote/hosted/main.c
REMOTE_CLIENT_MAIN := tests/remote/client.c tests/remote/workload.c
remote_objects = $(patsubst %.c,build/host/tool/%.o,$(1))
TOOL_CFLAGS := -std=gnu11 -g -O2 -I. -DHOST_TEST $(WARNINGS) -Wno-sign-conversion

build/host/tool/%.o: %.c
	@mkdir -p $(@D)
	$(Q)gcc $(TOOL_CFLAGS) -MMD -MP -c -o $@ $<

$(REMOTE_SERVER): $(call remote_objects,$(REMOTE_HOSTED) $(REMOTE_MAIN))
	$(Q)gcc -o $@ $^ -lmbedcrypto

$(REMOTE_CLIENT): $(call remote_objects,$(REMOTE_HOSTED) $(REMOTE_CLIENT_MAIN))
	$(Q)gcc -o $@ $^ -lmbedcrypto

-include $(patsubst %.o,%.d,$(call remote_objects,$(REMOTE_HOSTED) $(REMOTE_MAIN) \
	$(REMOTE_CLIENT_MAIN)))

# Of the host tests those of the protocol; test-host runs them, too.
REMOTE_TESTS := $(filter build/host/test-remote_% build/host/fuzz-remote%,$(HOST_PROGRAMS))
REMOTE_FUZZ_RUNS ?= 3000000

.PHONY: remote-server test-remote test-remote-short test-remote-host test-remote-models
.PHONY: test-remote-hosted test-remote-boards
remote-server: $(REMOTE_SERVER) ## the server of the remote-device protocol for a PC

# Scenarios have it at the other end of a cable.
test-linux test-programs: $(REMOTE_SERVER)

test-remote-short: $(REMOTE_SERVER) $(REMOTE_CLIENT) ## models of the remote-device protocol; its server
	@scripts/spin
	@$(PYTHON) -m pytest -q -n 2 tests/remote

# All that a cable, a peer and a cut of the power can do, and how long that took.
test-remote: ## all of it: longer models, fuzzing and faults, 200 power-offs, and scenarios
	+@scripts/run_tests test-remote-host test-remote-models test-remote-hosted test-remote-boards

test-remote-host: $(REMOTE_TESTS)
	@scripts/run_host_tests $(filter build/host/test-%,$(REMOTE_TESTS)) \
		$(patsubst %,%=$(REMOTE_FUZZ_RUNS),$(filter-out build/host/test-%,$(REMOTE_TESTS)))

test-remote-models:
	@scripts/spin --long

test-remote-hosted: $(REMOTE_SERVER) $(REMOTE_CLIENT)
	@$(PYTHON) -m pytest -q -n 2 tests/remote

test-remote-boards: $(REMOTE_SERVER) $(TEST_BUNDLES_VMS)
	@HAKO_KERNELS="$(TEST_KERNELS)" HAKO_REMOTE_LONG=1 $(PYTHON) -m pytest -q -n 2 --durations=10 \
		tests/qemu -k "remote or cable"
