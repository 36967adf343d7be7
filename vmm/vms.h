/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The VMs of the board, as the monitor sees and steers them. Requests are carried out by the VM's own
 * thread, soon after; nothing here waits.
 */
#ifndef VMM_VMS_H
#define VMM_VMS_H

#include "vmm/lib/addr.h"
#include "vmm/lib/status.h"

#include <stdbool.h>
#include <stdint.h>

struct vm;

enum vms_state {
	VMS_STATE_STOPPED, /**< never started, stopped by command, or powered off */
	VMS_STATE_READY,   /**< would run if the CPU were free */
	VMS_STATE_RUNNING, /**< the one on the CPU */
	VMS_STATE_WAITING, /**< for an interrupt */
	VMS_STATE_PAUSED,
	VMS_STATE_DEAD,     /**< stopped with a report */
	VMS_STATE_CHANGING, /**< off, and made anew by `reload` */
	VMS_STATES,
};

enum vms_request { VMS_ASK_START, VMS_ASK_STOP, VMS_ASK_PAUSE, VMS_ASK_RESUME, VMS_ASK_RESET };

/** What is counted of a VM. */
enum vms_counter {
	VMS_COUNT_SWITCHES,        /**< times it got the CPU from another */
	VMS_COUNT_WAITS,           /**< times it waited for an interrupt */
	VMS_COUNT_SHADOW_FILLS,    /**< entries made in its page tables */
	VMS_COUNT_SHADOW_CONTEXTS, /**< page tables made */
	VMS_COUNT_DEVICE_ERRORS, /**< accesses to registers that its devices have not, since it started */
	VMS_COUNT_CONSOLE_LOST,   /**< bytes it printed that nobody will see */
	VMS_COUNT_FRAMES_OUT,     /**< frames that it has sent, .. */
	VMS_COUNT_FRAMES_DROPPED, /**< .. of which nobody got these, */
	VMS_COUNT_FRAMES_COPIES,  /**< .. and several got those: one for each but the first */
	VMS_COUNT_FRAMES_IN,      /**< frames that it has got */
	VMS_COUNT_MEMORY,         /**< bytes of the VMM's that are there for it, without .. */
	VMS_COUNT_SHADOW_MEMORY,  /**< .. those for its shadow page tables */
	VMS_COUNTERS,
};

struct vms_info {
	uint32_t memory; /* bytes */
	unsigned priority;
	uint32_t budget_us, period_us; /* period 0: no limit */
	unsigned starts, deaths;
	uint64_t cpu_ticks; /* of CLOCK_HZ, since the board's start */
	uint32_t count[VMS_COUNTERS];

	/* The virtual CPU. */
	uint32_t r[16]; /* r15: the next instruction */
	uint32_t cpsr, spsr, sctlr, ttbr, dacr;
	const char *mode;
};

unsigned vms_count(void);
struct vm *vms_get(unsigned n);
uint64_t vms_now(void); /* in ticks of CLOCK_HZ */

const char *vms_name(const struct vm *vm);
enum vms_state vms_state(const struct vm *vm);
/* STATUS_NOT_FOUND: there is no such thing in the state that it is in. */
enum status vms_ask(struct vm *vm, enum vms_request what) MUST_CHECK;
void vms_get_info(const struct vm *vm, struct vms_info *info);
/* False, and nothing read, if not all of it is RAM of the VM. @p from is aligned to a word. */
bool vms_read_words(const struct vm *vm, gpa_t from, uint32_t *words, unsigned count);

#endif
