/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Constants of "Virtual I/O Device (VIRTIO) Version 1.1", OASIS, that are common to all device
 * types. Numbers in comments are its sections.
 */
#ifndef DEVEMU_VIRTIO_H
#define DEVEMU_VIRTIO_H

/* Device types (5) */
#define VIRTIO_ID_NETWORK 1u
#define VIRTIO_ID_BLOCK   2u
#define VIRTIO_ID_CONSOLE 3u
#define VIRTIO_ID_ENTROPY 4u

/* Device status (2.1) */
#define VIRTIO_STATUS_ACKNOWLEDGE 0x01u
#define VIRTIO_STATUS_DRIVER      0x02u
#define VIRTIO_STATUS_DRIVER_OK   0x04u
#define VIRTIO_STATUS_FEATURES_OK 0x08u
#define VIRTIO_STATUS_NEEDS_RESET 0x40u
#define VIRTIO_STATUS_FAILED      0x80u

/* Feature bits, as masks (6) */
#define VIRTIO_FEATURE(n)        (1ull << (n))
#define VIRTIO_F_INDIRECT_DESC   VIRTIO_FEATURE(28)
#define VIRTIO_F_EVENT_IDX       VIRTIO_FEATURE(29)
#define VIRTIO_F_VERSION_1       VIRTIO_FEATURE(32)
#define VIRTIO_F_ACCESS_PLATFORM VIRTIO_FEATURE(33)

/* A descriptor, 16 bytes: address low, address high, length, flags | next << 16 (2.6.5) */
#define VIRTQ_DESC_SIZE       16u
#define VIRTQ_DESC_F_NEXT     0x1u
#define VIRTQ_DESC_F_WRITE    0x2u
#define VIRTQ_DESC_F_INDIRECT 0x4u

/* The ring of available buffers: flags, idx, ring[size], used_event; 16 bits each (2.6.6) */
#define VIRTQ_AVAIL_FLAGS          0u
#define VIRTQ_AVAIL_IDX            2u
#define VIRTQ_AVAIL_RING(n)        (4u + 2u * (n))
#define VIRTQ_USED_EVENT(size)     VIRTQ_AVAIL_RING(size)
#define VIRTQ_AVAIL_SIZE(size)     (6u + 2u * (size))
#define VIRTQ_AVAIL_F_NO_INTERRUPT 0x1u

/* The ring of used buffers: flags, idx, ring[size] of { id, length }, avail_event (2.6.8) */
#define VIRTQ_USED_FLAGS        0u
#define VIRTQ_USED_IDX          2u
#define VIRTQ_USED_ENTRY        8u
#define VIRTQ_USED_RING(n)      (4u + VIRTQ_USED_ENTRY * (n))
#define VIRTQ_AVAIL_EVENT(size) VIRTQ_USED_RING(size)
#define VIRTQ_USED_SIZE(size)   (6u + 8u * (size))
#define VIRTQ_USED_F_NO_NOTIFY  0x1u

/* Registers of the MMIO transport, version 2 (4.2.2) */
#define VIRTIO_MMIO_MAGIC               0x000u
#define VIRTIO_MMIO_VERSION             0x004u
#define VIRTIO_MMIO_DEVICE_ID           0x008u
#define VIRTIO_MMIO_VENDOR_ID           0x00cu
#define VIRTIO_MMIO_DEVICE_FEATURES     0x010u
#define VIRTIO_MMIO_DEVICE_FEATURES_SEL 0x014u
#define VIRTIO_MMIO_DRIVER_FEATURES     0x020u
#define VIRTIO_MMIO_DRIVER_FEATURES_SEL 0x024u
#define VIRTIO_MMIO_QUEUE_SEL           0x030u
#define VIRTIO_MMIO_QUEUE_NUM_MAX       0x034u
#define VIRTIO_MMIO_QUEUE_NUM           0x038u
#define VIRTIO_MMIO_QUEUE_READY         0x044u
#define VIRTIO_MMIO_QUEUE_NOTIFY        0x050u
#define VIRTIO_MMIO_INTERRUPT_STATUS    0x060u
#define VIRTIO_MMIO_INTERRUPT_ACK       0x064u
#define VIRTIO_MMIO_STATUS              0x070u
#define VIRTIO_MMIO_QUEUE_DESC_LOW      0x080u
#define VIRTIO_MMIO_QUEUE_DESC_HIGH     0x084u
#define VIRTIO_MMIO_QUEUE_DRIVER_LOW    0x090u
#define VIRTIO_MMIO_QUEUE_DRIVER_HIGH   0x094u
#define VIRTIO_MMIO_QUEUE_DEVICE_LOW    0x0a0u
#define VIRTIO_MMIO_QUEUE_DEVICE_HIGH   0x0a4u
#define VIRTIO_MMIO_CONFIG_GENERATION   0x0fcu
#define VIRTIO_MMIO_CONFIG              0x100u

#define VIRTIO_MMIO_MAGIC_VALUE   0x74726976u /* "virt" */
#define VIRTIO_MMIO_VERSION_VALUE 2u

/* InterruptStatus and InterruptACK (4.2.2) */
#define VIRTIO_INT_USED_BUFFER 0x1u
#define VIRTIO_INT_CONFIG      0x2u

#endif
