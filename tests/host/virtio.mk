# SPDX-License-Identifier: Apache-2.0
# virtio: rings, transport and device types against drivers, of which some are hostile.
virtio-fixture = tests/host/virtio_fixture.c $(DEVICE_FIXTURE) devemu/dma.c devemu/virtqueue.c \
	devemu/virtio_mmio.c

host-test-virtqueue = tests/host/test_virtqueue.c tests/host/virtqueue_fixture.c $(virtio-fixture)
host-test-virtqueue_used = tests/host/test_virtqueue_used.c tests/host/virtqueue_fixture.c \
	$(virtio-fixture)
host-test-virtio_mmio = tests/host/test_virtio_mmio.c $(virtio-fixture)
host-test-virtio_blk = tests/host/test_virtio_blk.c $(virtio-fixture) devemu/virtio_blk.c \
	devemu/ram_disk.c
host-test-virtio_console = tests/host/test_virtio_console.c $(virtio-fixture) \
	devemu/virtio_console.c
host-test-virtio_rng = tests/host/test_virtio_rng.c $(virtio-fixture) devemu/virtio_rng.c
host-test-entropy := tests/host/test_entropy.c vmm/entropy.c vmm/lib/sha256.c
host-fuzz-virtio := tests/host/fuzz_virtio.c devemu/device.c devemu/mmio.c devemu/dma.c \
	devemu/virtqueue.c devemu/virtio_mmio.c devemu/virtio_blk.c devemu/ram_disk.c \
	devemu/virtio_console.c devemu/virtio_rng.c

# Here preempt points do happen, and make pointers into guest memory void.
$(foreach source,devemu/ram_disk devemu/virtio_blk devemu/virtio_console devemu/virtio_rng \
	tests/host/virtio_fixture tests/host/fuzz_virtio,$(eval HOST_CFLAGS-$(source) := -DPREEMPT_HOOK))
