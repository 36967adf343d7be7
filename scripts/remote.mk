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
REMOTE_FUZZERS := $(patsubst build/host/fuzz-%,%,$(filter build/host/fuzz-%,$(REMOTE_TESTS)))
# Of each target: so many as a core can in that time, from the same seed. A bad input is kept, and its
# name is said.
REMOTE_FUZZ_SECONDS ?= 180

# The scenarios with a cable, a part each; the power-offs are one for each pair, as they take longest.
REMOTE_PAIRS := versatilepb-integratorcp integratorcp-versatilepb
REMOTE_SCENARIOS := $(filter-out remote_power,$(patsubst tests/qemu/test_%.py,%,$(wildcard \
	tests/qemu/test_remote_*.py tests/qemu/test_cable*.py)))
REMOTE_POWER_PARTS := $(REMOTE_PAIRS:%=test-remote-power-%)
REMOTE_SCENARIO_PARTS := $(REMOTE_SCENARIOS:%=test-scenario-%)
REMOTE_FUZZ_PARTS := $(REMOTE_FUZZERS:%=test-fuzz-%)
# Each keeps one core busy. Those that take longest go first: 20 minutes the first three of them.
REMOTE_PARTS := $(REMOTE_POWER_PARTS) test-scenario-remote_pc \
	$(filter-out %-remote_pc,$(REMOTE_SCENARIO_PARTS)) test-remote-models \
	$(REMOTE_FUZZ_PARTS) test-remote-hosted test-remote-host

.PHONY: remote-server test-remote test-remote-short test-remote-host test-remote-models
.PHONY: test-remote-hosted $(REMOTE_POWER_PARTS) $(REMOTE_SCENARIO_PARTS) $(REMOTE_FUZZ_PARTS)
remote-server: $(REMOTE_SERVER) ## the server of the remote-device protocol for a PC

# Scenarios have it at the other end of a cable.
test-linux test-programs: $(REMOTE_SERVER)

test-remote-short: $(REMOTE_SERVER) $(REMOTE_CLIENT) ## models of the remote-device protocol; its server
	@scripts/spin
	@$(PYTHON) -m pytest -q -n 2 tests/remote

# All that a cable, a peer and a cut of the power can do, and how long that took.
test-remote: ## all of it, an hour on two cores: longer models, fuzzing, 200 power-offs, scenarios
	+@scripts/run_tests --at-once $(JOBS) $(REMOTE_PARTS)

test-remote-host: $(REMOTE_TESTS)
	@JOBS=1 scripts/run_host_tests $(filter build/host/test-%,$(REMOTE_TESTS))

$(REMOTE_FUZZ_PARTS): test-fuzz-%: build/host/fuzz-%
	@scripts/run_host_tests $<=$(REMOTE_FUZZ_SECONDS)s

test-remote-models:
	@scripts/spin --long

test-remote-hosted: $(REMOTE_SERVER) $(REMOTE_CLIENT)
	@$(PYTHON) -m pytest -v tests/remote

remote_scenarios = HAKO_KERNELS="$(TEST_KERNELS)" HAKO_REMOTE_LONG=1 $(PYTHON) -u -m pytest -v -s \
	'tests/qemu/test_$(1)'
$(REMOTE_SCENARIO_PARTS): test-scenario-%: $(REMOTE_SERVER) $(TEST_BUNDLES_VMS)
	@$(call remote_scenarios,$*.py)

$(REMOTE_POWER_PARTS): test-remote-power-%: $(TEST_BUNDLES_VMS)
	@$(call remote_scenarios,remote_power.py::test_power_off[$*])
