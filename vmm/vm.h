/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A VM: its memory map, its devices, its vCPU. Everything that belongs to one VM hangs off struct
 * vm. It is made once from the bundle and the board's description, and started as often as it asks
 * for a reset. What happens to it happens on its own thread (vmm/run.h); others ask.
 */
#ifndef VMM_VM_H
#define VMM_VM_H

#include "arch/arm/mmu.h"
#include "arch/arm/thread.h"
#include "arch/arm/user_access.h"
#include "board/board.h"
#include "devemu/backend.h"
#include "devemu/dma.h"
#include "domain/shadow.h"
#include "domain/vm_mem.h"
#include "vcpu/vcpu.h"
#include "vmm/start/boot_info.h"
#include "vmm/start/bundle.h"
#include "vmm/lib/log.h"
#include "vmm/sched.h"
#include "vmm/config/vm_config.h"
#include "vmm/vm_request.h"

#include <stdbool.h>

#define VMS_MAX        BUNDLE_VMS_MAX
#define VM_DEVICES_MAX 32 /* bits of vm.work: any of them may have deadlines */

enum vm_state { VM_OFF, VM_RUNNING, VM_PAUSED };

struct vm {
	struct vcpu vcpu; /* first: frame, vCPU and VM are one pointer */
	struct shadow shadow;
	struct vm_mem mem;
	unsigned number; /* its row in the bundle's table of VMs */
	char name[BUNDLE_NAME_SIZE];

	/* While another VM runs: vmm/run.c. */
	struct thread thread;
	struct mmu_state mmu;
	struct vfp_state vfp;
	struct sched_entity sched;
	bool needs_no_space; /* a thread of the VMM's, to which nobody's memory means anything */
	bool waiting;        /* until an input of the vCPU is asserted */
	uint32_t work; /* bit n: the deadline of timer[n] has passed, for its own thread to serve */
	uint32_t switches, waits; /* times it got the CPU from another, and gave it up */

	struct device *sink[VM_SINK_COUNT]; /* the interrupt controllers */
	struct device *console;             /* the UART that has the keyboard */
	uint32_t cpu_inputs;                /* asserted inputs of VM_SINK_CPU */
	struct irq_refresh lines;           /* of the board, that are shown to it: vmm/irq.c */
	struct power_backend power;
	struct screen_backend screen; /* another board's */
	struct dma dma;               /* of the image for several VMs: vmm/vm_extras.c */
	struct rtc_backend rtc;

	/* Its time: vmm/timer.c. */
	struct clock clock;
	uint64_t time_base;  /* host time at which the VM's clock was 0 */
	uint64_t deadline;   /* host time of the first of its models' */
	uint64_t stopped_at; /* host time at which its time stood still, if it does */
	bool stands_still;
	uint8_t timer_next; /* whose deadline that is */
	unsigned timer_count;

	const struct boot_info *boot;
	const struct bundle *bundle;
	const struct vm_config *config;

	enum vm_state state;
	unsigned request;     /* of enum vm_request, all that have not been carried out */
	unsigned proxy_words; /* of its guest, for messages */
	unsigned starts;
	unsigned deaths; /* stops with a report */
	bool is_dead;    /* off because of the last one */
	struct log_limit log;
	bool is_remade; /* off, and cannot start: vmm/vm_remake.c is at it */

	/* Last: what is far away takes more instructions to reach. */
	struct device *timer[VM_DEVICES_MAX]; /* the models that may have a deadline */
	struct device device[VM_DEVICES_MAX];
	unsigned device_count;
	/* Bytes of the VMM's that are there for this VM, without its shadow tables, and those. */
	uint32_t own_memory, shadow_memory;
};

/** A VM and the stack of its thread, which ends where the frame begins. */
struct vm_room {
	uint32_t stack[THREAD_STACK_SIZE / 4];
	struct vm vm;
};

static inline struct vm_room *vm_room(struct vm *vm)
{
	return (struct vm_room *)((char *)vm - offsetof(struct vm_room, vm));
}

_Static_assert(offsetof(struct vm_room, vm) == THREAD_STACK_SIZE, "frame and stack are adjacent");

enum status vm_make(struct vm *vm, unsigned number, hpa_t ram, const struct system_config *config,
		    const struct boot_info *info, const struct bundle *bundle) MUST_CHECK;
enum status vm_create(struct vm *vm, unsigned number, const struct system_config *config,
		      const struct boot_info *info, const struct bundle *bundle) MUST_CHECK;
struct shadow_size vm_shadow_size(const struct vm_config *config);
void vm_schedule(struct vm *vm);
void vm_thread(void);
struct vm *vm_get(unsigned number);
void vm_ask(struct vm *vm, enum vm_request what);
void vm_act_on_request(struct vm *vm);
void vm_leave_work(struct vm *vm, unsigned n);
void vm_do_work(struct vm *vm);
void vm_stop_with_report(struct vm *vm, const char *trap);

#endif
