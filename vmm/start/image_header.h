/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first words of the VMM's image, and so of zImage-hako: the header by which boot loaders know
 * an ARM zImage (Linux, Documentation/arch/arm/booting.rst), and behind it what our own boot code
 * and scripts/bundle need. Byte offsets; constants only, for C and assembly.
 */
#ifndef VMM_START_IMAGE_HEADER_H
#define VMM_START_IMAGE_HEADER_H

#define IMAGE_AT_ZIMAGE_MAGIC  0x24
#define IMAGE_AT_ZIMAGE_START  0x28 /* 0: runs where it was loaded */
#define IMAGE_AT_ZIMAGE_END    0x2c /* size of the file; written by scripts/bundle */
#define IMAGE_AT_ZIMAGE_ENDIAN 0x30
/* 0x34 and 0x38: a table of Linux's that we do not have */
#define IMAGE_AT_FEATURES 0x3c /* IMAGE_HAS_*, by the list of objects that was linked */

#define IMAGE_AT_MAGIC       0x40
#define IMAGE_AT_VERSION     0x44
#define IMAGE_AT_MACHINE_ID  0x48 /* of the board the VMM was built for */
#define IMAGE_AT_SIZE        0x4c /* of the VMM's image as shipped: text, rodata, data */
#define IMAGE_AT_STACK_END   0x50 /* behind the boot stack: where a bundle may start */
#define IMAGE_AT_TOTAL_SIZE  0x54 /* of the image in memory, bss included */
#define IMAGE_AT_BUNDLE      0x58 /* offset of the bundle; written by scripts/bundle */
#define IMAGE_AT_BUNDLE_SIZE 0x5c /* written by scripts/bundle */
#define IMAGE_HEADER_SIZE    0x60

#define ZIMAGE_MAGIC         0x016f2818
#define ZIMAGE_LITTLE_ENDIAN 0x04030201
#define IMAGE_MAGIC          0x4d4d5648 /* "HVMM" */
#define IMAGE_VERSION        1
#define IMAGE_HAS_NETWORK    1 /* a network stack: stations, and other boards' devices */
#define IMAGE_HAS_MARK       2 /* it marks a start in the boot record */

#endif
