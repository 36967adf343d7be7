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

.PHONY: remote-server
remote-server: $(REMOTE_SERVER) ## the hosted server of the remote-device protocol
