/* SPDX-License-Identifier: Apache-2.0 */
/* virtio 1.1, 5.1: the network device. */
#ifndef DEVEMU_VIRTIO_NET_REGS_H
#define DEVEMU_VIRTIO_NET_REGS_H

#include "devemu/virtio.h"

#define VIRTIO_NET_QUEUE_RX 0u
#define VIRTIO_NET_QUEUE_TX 1u

/* Feature bits (5.1.3) */
#define VIRTIO_NET_F_CSUM       VIRTIO_FEATURE(0)
#define VIRTIO_NET_F_GUEST_CSUM VIRTIO_FEATURE(1)
#define VIRTIO_NET_F_MAC        VIRTIO_FEATURE(5)
#define VIRTIO_NET_F_GUEST_TSO4 VIRTIO_FEATURE(7)
#define VIRTIO_NET_F_HOST_TSO4  VIRTIO_FEATURE(11)
#define VIRTIO_NET_F_MRG_RXBUF  VIRTIO_FEATURE(15)
#define VIRTIO_NET_F_STATUS     VIRTIO_FEATURE(16)

/* Configuration space (5.1.4) */
#define VIRTIO_NET_CONFIG_MAC    0u
#define VIRTIO_NET_CONFIG_STATUS 6u
#define VIRTIO_NET_CONFIG_SIZE   8u
#define VIRTIO_NET_S_LINK_UP     1u

/* The header of each frame, little-endian (5.1.6) */
#define VIRTIO_NET_HDR_FLAGS       0u
#define VIRTIO_NET_HDR_GSO_TYPE    1u
#define VIRTIO_NET_HDR_LENGTH      2u
#define VIRTIO_NET_HDR_GSO_SIZE    4u
#define VIRTIO_NET_HDR_CSUM_START  6u
#define VIRTIO_NET_HDR_CSUM_OFFSET 8u
#define VIRTIO_NET_HDR_BUFFERS     10u

#define VIRTIO_NET_HDR_F_NEEDS_CSUM 1u
#define VIRTIO_NET_HDR_GSO_NONE     0u
#define VIRTIO_NET_HDR_GSO_TCPV4    1u

#endif
