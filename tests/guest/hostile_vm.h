/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the hostile neighbour share: random numbers that a seed decides, virtio registers. */
#ifndef TESTS_GUEST_HOSTILE_VM_H
#define TESTS_GUEST_HOSTILE_VM_H

#include "tests/guest/guest.h"

#include "devemu/virtio.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define RAM_END      (GUEST_SCRATCH + GUEST_SCRATCH_SIZE) /* as tests/qemu/vms/hostile.dts has it */

/* virtio devices of the VM (docs/virtio.md); behind the last one there is nothing. */
#define VIRTIO_BASE    0xf0010000u
#define VIRTIO_STEP    0x1000u
#define VIRTIO_DEVICES 8u

/* Random numbers: hostile_vm.c. */
uint32_t any(void);
uint32_t below(uint32_t limit);
bool one_in(uint32_t n);
uint32_t any_value(void);
uint32_t any_target(void);

/* Rings and buffers: hostile_vm_rings.c. */
bool virtio_is_there(unsigned device);
uint32_t virtio_read(unsigned device, uint32_t offset);
void virtio_write(unsigned device, uint32_t offset, uint32_t value);
void virtio_begin(unsigned device, bool sound);
void virtio_place_queue(unsigned device, unsigned queue, uint32_t size, const uint32_t at[3]);
void descriptor_put(uint32_t table, unsigned n, const uint32_t words[4]);
void virtio_all_off(void);
void rings(uint32_t rounds);

/* Frames: hostile_vm_net.c. */
void frames(uint32_t count);

#endif
