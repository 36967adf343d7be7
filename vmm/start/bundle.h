/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bundle: everything the VMM is given at start, one block of bytes behind its own image in
 * zImage-hako. docs/bundle.md describes the format, scripts/bundle writes it.
 *
 * bundle_parse() turns the header and the two tables into a struct bundle, and accepts nothing that
 * a loader would have to check again; bundle_check_part() compares the bytes of one part with its
 * checksum. Both are pure and position independent: boot_early.c runs them before the image has
 * been moved, the VMM again through its bundle window, tests on the workstation.
 */
#ifndef VMM_START_BUNDLE_H
#define VMM_START_BUNDLE_H

#include "vmm/lib/addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUNDLE_MAGIC   0x4f4b4148u /* "HAKO" */
#define BUNDLE_VERSION 2u

/* Sizes and offsets of the file format, in bytes; all words are little-endian. */
#define BUNDLE_ALIGN       4096u /* of the bundle in the file, and of each part in the bundle */
#define BUNDLE_HEADER_SIZE 64u
#define BUNDLE_VM_SIZE     32u
#define BUNDLE_PART_SIZE   48u
#define BUNDLE_VMS_MAX     8u
#define BUNDLE_PARTS_MAX   64u
#define BUNDLE_NAME_SIZE   16u /* with the terminating 0 */
#define BUNDLE_TABLE_MAX \
	(BUNDLE_HEADER_SIZE + BUNDLE_VMS_MAX * BUNDLE_VM_SIZE + BUNDLE_PARTS_MAX * BUNDLE_PART_SIZE)

/* Offsets in the header. */
#define BUNDLE_AT_MAGIC       0
#define BUNDLE_AT_VERSION     4
#define BUNDLE_AT_HEADER_SIZE 8  /* header and both tables */
#define BUNDLE_AT_TOTAL_SIZE  12 /* header, tables and parts; a multiple of BUNDLE_ALIGN */
#define BUNDLE_AT_PART_COUNT  16
#define BUNDLE_AT_MACHINE_ID  20
#define BUNDLE_AT_VM_COUNT    24
#define BUNDLE_AT_RESERVED    28 /* zero */
#define BUNDLE_AT_CRC         60 /* of BUNDLE_AT_HEADER_SIZE bytes, taken with this word as 0 */

/* Offsets in a row of the table of VMs, which follows the header. */
#define BUNDLE_VM_AT_MEMORY   0
#define BUNDLE_VM_AT_ENTRY    4
#define BUNDLE_VM_AT_DTB      8  /* 0 when the guest gets none */
#define BUNDLE_VM_AT_RESERVED 12 /* zero */

/* Offsets in a row of the part table. */
#define BUNDLE_PART_AT_KIND        0
#define BUNDLE_PART_AT_NAME        4
#define BUNDLE_PART_AT_OFFSET      20
#define BUNDLE_PART_AT_SIZE        24
#define BUNDLE_PART_AT_GPA         28
#define BUNDLE_PART_AT_MEMORY_SIZE 32
#define BUNDLE_PART_AT_CRC         36
#define BUNDLE_PART_AT_VM          40 /* its row in the table of VMs, or BUNDLE_NO_VM */
#define BUNDLE_PART_AT_RESERVED    44 /* zero */

#define BUNDLE_NO_VM 0xffffffffu /* the part belongs to all of them, or to none */

/*
 * A VM's RAM starts at GPA 0 and ends below the devices of both boards. No board has more for all
 * VMs and RAM disks together.
 */
#define BUNDLE_MEMORY_ALIGN 0x00100000u
#define BUNDLE_MEMORY_MAX   0x10000000u

#define BUNDLE_INFO_MAX   4096u  /* bytes of BUNDLE_INFO */
#define BUNDLE_CONFIG_MAX 16384u /* ... and of BUNDLE_CONFIG */

/** What a part is. The numbers are the file format. */
enum bundle_kind {
	BUNDLE_VMM = 1,     /**< the VMM's image, as shipped; offset 0 is the image's first byte */
	BUNDLE_GUEST = 2,   /**< a piece of the guest's image: copied to gpa, zero filled */
	BUNDLE_DTB = 3,     /**< the guest's device tree */
	BUNDLE_INITRD = 4,  /**< its initial RAM disk */
	BUNDLE_PROXIES = 5, /**< its proxy table: words (vcpu/guest_abi.h) */
	BUNDLE_INFO = 6,    /**< text: lines of key=value; "name" is the VM's name */
	BUNDLE_PV = 7,      /**< where its paravirtual code is: struct pv_info (vcpu/pv_abi.h) */
	BUNDLE_CONFIG = 8,  /**< the description of the VMs: a device tree (docs/vm-config.md) */
	BUNDLE_DISK = 9,    /**< a RAM disk and what is on it, by the disk's name */
	BUNDLE_KEY = 10,    /**< a key that is shared with another board, 16 or 32 bytes */
};

struct bundle_part {
	enum bundle_kind kind;
	char name[BUNDLE_NAME_SIZE];
	uint32_t offset;      /* of the part in the bundle; see BUNDLE_VMM */
	uint32_t size;        /* bytes in the bundle */
	gpa_t gpa;            /* GUEST, DTB, INITRD: where it goes, inside the guest's memory */
	uint32_t memory_size; /* ... and what it, or DISK, occupies; zero filled behind its size */
	uint32_t crc;         /* crc32() of size bytes */
	uint32_t vm;          /* the guest's VM, or BUNDLE_NO_VM */
};

struct bundle_vm {
	uint32_t memory; /* bytes from GPA 0 */
	gpa_t entry;
	gpa_t dtb; /* raw 0: none */
};

struct bundle {
	uint32_t total_size;
	uint32_t machine_id;
	uint32_t memory; /* of all VMs and RAM disks */
	unsigned vm_count;
	struct bundle_vm vm[BUNDLE_VMS_MAX];
	unsigned part_count;
	struct bundle_part part[BUNDLE_PARTS_MAX];
};

enum bundle_error {
	BUNDLE_OK,
	BUNDLE_BAD_MAGIC,
	BUNDLE_BAD_VERSION,
	BUNDLE_BAD_SIZE,
	BUNDLE_BAD_CRC,
	BUNDLE_BAD_HEADER,
	BUNDLE_BAD_VM,
	BUNDLE_BAD_KIND,
	BUNDLE_BAD_NAME,
	BUNDLE_BAD_PLACE,
	BUNDLE_BAD_MEMORY,
	BUNDLE_PARTS_OVERLAP,
	BUNDLE_DUPLICATE,
	BUNDLE_MISSING,
	BUNDLE_BAD_ENTRY,
	BUNDLE_ERROR_COUNT,
};

enum bundle_error bundle_parse(const void *bytes, size_t length, uint32_t bundle_size,
			       struct bundle *bundle, unsigned *at_part);
const char *bundle_error_text(enum bundle_error error);

const struct bundle_part *bundle_find(const struct bundle *bundle, uint32_t vm,
				      enum bundle_kind kind);
const struct bundle_part *bundle_find_disk(const struct bundle *bundle, const char *name);
bool bundle_check_part(const struct bundle_part *part, const void *bytes, uint32_t *crc);

#endif
