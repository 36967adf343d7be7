# SPDX-License-Identifier: Apache-2.0
vms-y += net/frame.o
vms-y += net/offload.o
vms-y += net/switch.o
vms-y += net/uplink.o
remote-y += net/mbedtls/sha256_block.o
remote-y += net/stack/stack.o
remote-y += net/stack/udp.o
