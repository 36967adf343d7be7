/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The description of the VMs (docs/vm-config.md), read from the bundle and checked: what each VM
 * is given, and what all of them share. A structure of its own, with no pointers into the device
 * tree it came from; whoever makes a VM has nothing to check again.
 *
 * The board's table of windows decides what there is to give: a VM has a use for each row. What a
 * VM has beyond the board - models at other addresses, virtio devices - is listed behind that.
 *
 * Without a description, one VM owns every row: config_make_one(). config_read() finds out which
 * of the two it is; the image for one VM has a smaller one of its own (vm_config_one.c).
 */
#ifndef VMM_CONFIG_VM_CONFIG_H
#define VMM_CONFIG_VM_CONFIG_H

#include "board/board.h"
#include "vmm/start/boot_info.h"
#include "vmm/start/bundle.h"
#include "vmm/lib/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_NAME_SIZE    BUNDLE_NAME_SIZE
#define CONFIG_TEXT_SIZE    32u /* of what the bundler calls a guest or an initrd */
#define CONFIG_ROWS_MAX     VM_MEM_REGIONS_MAX
#define CONFIG_WINDOWS_MAX  8 /* models of one VM that the board does not have */
#define CONFIG_VIRTIO_MAX   VM_VIRTIO_MAX
#define CONFIG_NETWORKS_MAX 4
#define CONFIG_DISKS_MAX    16
#define CONFIG_PEERS_MAX    4
#define CONFIG_SERVES_MAX   8
#define CONFIG_REMOTES_MAX  16 /* windows of other boards that all VMs have */
#define CONFIG_LINES_MAX    4  /* interrupts of a device, in the order of board.irqs */
#define CONFIG_MAC_SIZE     6
#define CONFIG_PRIORITY     10 /* of a VM that does not say */
#define CONFIG_PRIORITY_MAX 255
#define CONFIG_TABLES_MIN   16 /* shadow tables */
#define CONFIG_CONTEXTS_MIN 2
#define CONFIG_NONE         0xffu /* no network, disk, row, VM or interrupt */

/** What a VM has of a row of board.windows. */
enum row_use {
	ROW_ABSENT, /**< nothing: an access is an external abort */
	ROW_INERT,  /**< a direct row that the VMM needs itself, without a description: zeros */
	ROW_OWNED,  /**< what the board's table says: the model, or the device mapped into the VM */
	ROW_TRAPPED, /**< of a direct row: each access is emulated, with the board's registers behind */
	ROW_LOGGED, /**< the same, and written to the VMM's log */
};

/** What becomes of an access to a window of another board that is not answered in time. */
enum remote_timeout { REMOTE_ABORT, REMOTE_ONES, REMOTE_WAIT };

/** Registers of a device of another board, in the place of a model's; or memory of it. */
struct remote_window_config {
	char name[CONFIG_NAME_SIZE]; /* as the peer calls it */
	uint8_t peer;                /* its place in system_config.peer */
	bool posted;                 /* stores do not wait for an answer */
	bool is_card;                /* takes the place of a card controller */
	bool is_uart;                /* ... of a UART */
	bool is_lcd;                 /* ... of an LCD controller */
	bool is_swapped;             /* takes the place of a PL110 as the Versatile/PB has it */
	uint8_t on_timeout;          /* enum remote_timeout */
	uint32_t timeout_us;
	struct vm_wire wire[CONFIG_LINES_MAX]; /* where its interrupts end */
};

/** A model that the board does not have, or not there. */
struct window_config {
	const struct vm_model *model; /* a row of vm_models */
	uint32_t base;                /* GPA; 4 KiB aligned, and so is its size */
	uint32_t size;
	uint8_t interrupt; /* input of the primary controller, or CONFIG_NONE */
	uint8_t remote;    /* of another board: its place in system_config.remote, or CONFIG_NONE */
	bool is_memory; /* ... of which it is no registers: RAM of the VM, sent as it is written */
};

enum virtio_type { VIRTIO_NETWORK, VIRTIO_BLOCK, VIRTIO_CONSOLE, VIRTIO_ENTROPY };

/** One virtio device; its place in the list is that of its window and its interrupt. */
struct virtio_config {
	enum virtio_type type;
	uint8_t network; /* NETWORK: its place in system_config.network */
	uint8_t disk;    /* BLOCK: its place in system_config.disk */
	bool read_only;  /* BLOCK */
	bool has_mac;    /* NETWORK: else the VMM chooses one */
	uint8_t mac[CONFIG_MAC_SIZE];
};

enum vm_on_death { ON_DEATH_STOP, ON_DEATH_RESTART };

struct vm_config {
	char name[CONFIG_NAME_SIZE];
	uint32_t memory;  /* bytes from GPA 0, as in the bundle's table */
	uint8_t priority; /* the higher runs */
	bool autostart;
	bool time_runs_in_pause; /* else the guest's time stops with it */
	enum vm_on_death on_death;
	uint32_t restarts;  /* after deaths; CONFIG_NO_LIMIT */
	uint32_t budget_us; /* of each period; 0: no limit */
	uint32_t period_us;
	uint16_t shadow_tables;   /* 0: the VMM's choice, by memory */
	uint16_t shadow_contexts; /* the same */
	char guest[CONFIG_TEXT_SIZE], initrd[CONFIG_TEXT_SIZE];
	uint8_t uart_row; /* row whose UART its UART 0 is; CONFIG_NONE: the console */

	uint8_t row[CONFIG_ROWS_MAX]; /* enum row_use of each row of board.windows */
	unsigned window_count;
	struct window_config window[CONFIG_WINDOWS_MAX];
	unsigned virtio_count;
	struct virtio_config virtio[CONFIG_VIRTIO_MAX];
};

#define CONFIG_NO_LIMIT 0xffffffffu

/** What disks in flash that are written are aligned to: the erase blocks of both boards. */
#define CONFIG_FLASH_BLOCK 0x40000u

enum disk_kind { DISK_RAM, DISK_SDCARD, DISK_FLASH };

struct disk_config {
	char name[CONFIG_NAME_SIZE];
	enum disk_kind kind;
	uint8_t part;      /* RAM: the number of its part in the bundle */
	bool writable;     /* FLASH: of whole erase blocks */
	uint8_t partition; /* SDCARD: its number, from 1, instead of the next two; 0: none */
	uint64_t offset;   /* SDCARD, FLASH: of its first byte on the device, a multiple of 512 */
	uint64_t size;     /* bytes, a multiple of 512; RAM: of 4096 */
};

struct network_config {
	char name[CONFIG_NAME_SIZE];
	bool uplink; /* the board's Ethernet is a port of this switch */
};

/** The VMM's own station on the network with the uplink: docs/network.md. Numbers as 10.0.2.9 is read. */
struct station_config {
	bool wanted;
	bool snap; /* its own protocols in frames with LLC and SNAP, instead of an EtherType */
	uint8_t mac[CONFIG_MAC_SIZE];
	uint32_t address;
	uint32_t netmask;
};

/** Another board. */
struct remote_peer_config {
	char name[CONFIG_NAME_SIZE];
	uint8_t mac[CONFIG_MAC_SIZE];
	uint8_t key; /* the number of its part in the bundle; CONFIG_NONE: nothing is secured */
	uint32_t timeout_us; /* of windows that say nothing else */
	uint32_t keep_alive_us;
};

/** Registers of a device of this board that a peer may use; or memory, which is the VMM's until then. */
struct remote_serve_config {
	char name[CONFIG_NAME_SIZE];
	uint8_t row;    /* CONFIG_NONE: memory */
	uint8_t memory; /* of a device that reads memory: the place in system_config.serve of that */
	uint8_t peer;
	uint8_t widths; /* of 1, 2 and 4 bytes: their sum */
	bool read_only;
	uint8_t interrupts; /* bit n: its n-th of board.irqs */
	uint32_t start;     /* in the row; of memory: its address for the peer's devices */
	uint32_t size;
};

struct system_config {
	char escape;                      /* the console's key before a command */
	bool prefix;                      /* each line of output starts with the VM's name */
	uint8_t vmm_row[CONFIG_ROWS_MAX]; /* not 0: the VMM drives this device itself */
	unsigned network_count;
	struct network_config network[CONFIG_NETWORKS_MAX];
	struct station_config station;
	unsigned disk_count;
	struct disk_config disk[CONFIG_DISKS_MAX];
	unsigned vm_count; /* as in the bundle, in the same order; 0 only with something served */
	struct vm_config vm[BUNDLE_VMS_MAX];
	unsigned peer_count;
	struct remote_peer_config peer[CONFIG_PEERS_MAX];
	unsigned serve_count;
	struct remote_serve_config serve[CONFIG_SERVES_MAX];
	/* What VMs have of other boards; without a name: free. One that a VM has stays in its place. */
	struct remote_window_config remote[CONFIG_REMOTES_MAX];
};

/** What is wrong with a description: "NODE: PROPERTY: TEXT". */
struct config_error {
	char node[64];     /* path; the end of it if it is longer */
	char property[32]; /* or "" */
	const char *text;
};

/** A model for windows of "model = ...". */
struct vm_model {
	const char *name;
	const struct device_ops *ops;
	const void *params;
	uint32_t size; /* of its window */
};

extern const struct vm_model vm_models[];
extern const unsigned vm_model_count;

/** How much of a VM's memory is no window of another board, which is the end of it. */
static inline uint32_t config_ram_size(const struct vm_config *vm)
{
	for (unsigned i = 0; i < vm->window_count; i++)
		if (vm->window[i].is_memory)
			return vm->window[i].base - board.ram.base.raw;
	return vm->memory;
}

bool config_parse(const void *tree, size_t size, const struct bundle *bundle,
		  struct system_config *config, struct config_error *error);
void config_make_one(const struct bundle *bundle, const struct boot_info *info,
		     struct system_config *config);
enum status config_read(const struct bundle *bundle, const struct boot_info *info,
			struct system_config *config) MUST_CHECK;
void config_address(const struct vm_config *vm, unsigned number, unsigned n,
		    uint8_t address[CONFIG_MAC_SIZE]);
int config_highest_priority(const struct system_config *config,
			    bool (*is)(const struct system_config *config,
				       const struct virtio_config *device));
unsigned config_line_owner(const struct system_config *config, const struct board_irq *line);

#endif
