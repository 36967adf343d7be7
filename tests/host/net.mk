# SPDX-License-Identifier: Apache-2.0
# Host tests of the network: switch, offloads, the virtio device, the board's chip and its port.
NET_FRAME := net/frame.c net/offload.c devemu/dma.c devemu/virtqueue.c
NET := $(NET_FRAME) net/switch.c

host-test-switch := tests/host/test_switch.c $(NET)
host-test-offload := tests/host/test_offload.c $(NET_FRAME)
NET_DEVICE := $(NET) tests/host/net_fixture.c devemu/device.c devemu/virtio_mmio.c \
	devemu/virtio_net.c devemu/virtio_net_receive.c devemu/virtio_net_send.c vmm/lib/log.c vmm/lib/printf.c
host-test-virtio_net := tests/host/test_virtio_net.c $(NET_DEVICE)
host-test-virtio_net_copy := tests/host/test_virtio_net_copy.c $(NET_DEVICE)
host-test-virtio_net_wait := tests/host/test_virtio_net_wait.c $(NET_DEVICE)
host-test-uplink := tests/host/test_uplink.c net/uplink.c $(NET_DEVICE)
# The driver's source is included: its accessors are the model's.
host-test-smc91c111 := tests/host/test_smc91c111.c vmm/lib/crc32.c

host-fuzz-virtio_net := tests/host/fuzz_virtio_net.c $(NET_DEVICE)
LIBS-host-fuzz-virtio_net := -lcmocka
host-fuzz-slow-virtio_net := 4

# Here, too, preempt points do happen.
$(foreach source,devemu/virtio_net net/switch net/uplink tests/host/net_fixture \
	tests/host/test_switch,$(eval HOST_CFLAGS-$(source) := -DPREEMPT_HOOK))
