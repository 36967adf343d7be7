/* SPDX-License-Identifier: Apache-2.0 */
/* The boot flash of palmetto, from its start: stub.S, then zImage-hako. scripts/boot_flash lays it out. */
#ifndef BOARD_PALMETTO_STUB_H
#define BOARD_PALMETTO_STUB_H

#define STUB_SIZE     0x1000     /* the image starts here, on a sector of its own */
#define STUB_LOAD_AT  0x40100000 /* in RAM; the VMM moves itself from there */
#define STUB_LOAD_MAX 0x02000000 /* as large as the largest flash on this board */

#endif
