# SPDX-License-Identifier: Apache-2.0
# The remote-device protocol between two ends that are programs; REMOTE is of tests/host/remote.mk.
REMOTE_WORK := $(REMOTE) net/remote/hosted/counting.c tests/remote/faulty_wire.c \
	tests/remote/workload.c

host-test-remote_million := tests/remote/test_million.c $(REMOTE_WORK)
LIBS-host-test-remote_million := -lmbedcrypto
host-test-remote_hostile := tests/remote/test_hostile_peer.c $(REMOTE_WORK)
LIBS-host-test-remote_hostile := -lmbedcrypto
