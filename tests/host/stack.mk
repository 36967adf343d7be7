# SPDX-License-Identifier: Apache-2.0
# The station's stack, with lwIP as Debian has it.
STACK := net/stack/stack.c net/stack/udp.c net/offload.c net/frame.c devemu/dma.c devemu/virtqueue.c \
	tests/host/stack_fixture.c $(LWIP_HOST)

host-test-stack := tests/host/test_stack.c $(STACK)
host-fuzz-stack := tests/host/fuzz_stack.c $(STACK)

# Its node in the description.
host-test-config_station := tests/host/test_config_station.c tests/host/config_maker.c vmm/config/config_station.c \
	vmm/config/config_tree.c vmm/start/bundle.c vmm/lib/crc32.c $(LIBFDT_SOURCES:%=$(LIBFDT)/%)

# Between the uplink and the chip.
host-test-station_wire := tests/host/test_station_wire.c vmm/remote/station_wire.c
