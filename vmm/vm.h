/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A VM: its memory map, its devices, its vCPU. Everything that belongs to one VM hangs off struct
 * vm. It is made once from the bundle and the board's description, and started as often as it asks
 * for a reset.
 */
#ifndef VMM_VM_H
#define VMM_VM_H

#include "board/board.h"
#include "devemu/backend.h"
#include "domain/shadow.h"
#include "domain/vm_mem.h"
#include "vcpu/vcpu.h"
#include "vmm/boot_info.h"
#include "vmm/bundle.h"

#include <stdbool.h>

#define VM_DEVICES_MAX 32

/** What the guest asked for with its reset button or power switch. */
enum vm_request { VM_RUN, VM_RESET, VM_POWER_OFF };

/** The board's registers behind an emulated window. */
struct vm_passthrough {
	struct reg_passthrough ops; /* first: the back end and this are one pointer */
	volatile uint32_t *regs;
};

struct vm {
	struct vcpu vcpu; /* first: frame, vCPU and VM are one pointer */
	struct shadow shadow;
	struct vm_mem mem;
	char name[BUNDLE_NAME_SIZE];

	struct device device[VM_DEVICES_MAX];
	unsigned device_count;
	struct device *sink[VM_SINK_COUNT]; /* the interrupt controllers */
	struct device *console;             /* the UART that has the keyboard */
	uint32_t cpu_inputs;                /* asserted inputs of VM_SINK_CPU */

	struct clock clock;
	uint64_t time_base; /* host time at which the VM's clock was 0 */

	const struct boot_info *boot;
	const struct bundle *bundle;
	struct proxy *proxies;

	enum vm_request request;
	unsigned starts;
};

enum status vm_create(struct vm *vm, const struct boot_info *info,
		      const struct bundle *bundle) MUST_CHECK;
void vm_start(struct vm *vm);
void vm_act_on_request(struct vm *vm);
void vm_stop_with_report(struct vm *vm, const char *trap);

#endif
