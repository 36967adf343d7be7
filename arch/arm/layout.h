/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the VMM lives: four 1 MiB slots of virtual addresses that Linux 6.1 and 6.12 leave free
 * (docs/memory-map.md), and the top of the board's RAM. C, assembly and linker script.
 *
 *   0xffa00000  PV_PAGE's    1 MiB  one page that VMM and guest kernel share (vcpu/pv_abi.h)
 *   0xffb00000  VMM_POOL     1 MiB  page tables of the VM that runs; not cached, because the
 *                                   table walker of the ARM926 does not look into the data cache
 *   0xffc00000  VMM_IMAGE    1 MiB  text, data, stacks, heap; cached, write-back
 *   0xffd00000  VMM_WINDOWS  1 MiB  pages mapped on demand: guest RAM, the board's devices, bundle
 *
 * Physical, from the top of RAM down: VMM_IMAGE (1 MiB), VMM_POOL (1 MiB for each VM, one at least, that
 * of the running one mapped), then the bundle, rounded to pages. The VM's RAM starts VM_RAM_OFFSET behind
 * the board's, so no address inside a VM equals its physical one.
 */
#ifndef ARCH_ARM_LAYOUT_H
#define ARCH_ARM_LAYOUT_H

#define VMM_BASE      0xffa00000
#define VMM_PV_PAGE   0xffaff000 /* PV_PAGE */
#define VMM_POOL      0xffb00000
#define VMM_POOL_SIZE 0x00100000

/* In the pool, behind the shadow tables: the guest's device tree, if it came by `reload`. */
#define VMM_POOL_DTB      0x000f9000
#define VMM_POOL_DTB_SIZE 0x00004000
/* ... and pages that are cached, at another address than this. */
#define VMM_POOL_VECTORS   0x000fd000 /* vectors, beside a part of the guest's own */
#define VMM_POOL_PV_PAGE   0x000fe000
#define VMM_POOL_VECTOR_L2 0x000ff400 /* in the first pool: of the slot of the VMM's vectors */
#define VMM_POOL_PV_L2     0x000ff800 /* the second-level table of its slot */
#define VMM_POOL_WINDOW_L2 0x000ffc00 /* ... and of VMM_WINDOWS: in the first pool, for all VMs */

#define VMM_IMAGE      0xffc00000
#define VMM_IMAGE_SIZE 0x00100000
#define VMM_WINDOWS    0xffd00000
#define VMM_END        0xffe00000

/* Pages of VMM_WINDOWS, in units of 4 KiB from its start. */
#define WINDOW_GUEST        0
#define WINDOW_GUEST_COUNT  128
#define WINDOW_DEVICE       128
#define WINDOW_DEVICE_COUNT 64
#define WINDOW_BUNDLE       192
#define WINDOW_BUNDLE_COUNT 16
#define WINDOW_VMS          208 /* WINDOW_VM_COUNT of each VM, then of the VMM's own */
#define WINDOW_VM_COUNT     5
#define WINDOW_VMS_MAX      8
#define WINDOW_DISK         248
#define WINDOW_FLASH        249
#define WINDOW_L2           255 /* the table of the windows itself */

#define VM_RAM_OFFSET 0x00100000

#endif
