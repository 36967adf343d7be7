# SPDX-License-Identifier: Apache-2.0
# The remote-device protocol between two ends that are programs, and its server for a PC.
REMOTE_PROTOCOL := $(wildcard net/remote/*.c)
REMOTE_WIRE := $(REMOTE_PROTOCOL) net/remote/hosted/counting.c tests/remote/faulty_wire.c \
	tests/remote/workload.c

host-test-remote_million := tests/remote/test_million.c $(REMOTE_WIRE)
LIBS-host-test-remote_million := -lmbedcrypto
host-test-remote_hostile := tests/remote/test_hostile_peer.c $(REMOTE_WORK)
LIBS-host-test-remote_hostile := -lmbedcrypto
