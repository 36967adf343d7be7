/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running VMs: each has a thread in the VMM, a stack on which its traps are handled, and one of them
 * is running. vmm/sched.h chooses; here the CPU changes hands, and sleeps when nobody wants it.
 */
#ifndef VMM_RUN_H
#define VMM_RUN_H

#include <stdbool.h>
#include <stdint.h>

struct vm;

/** Whose thread runs. */
extern struct vm *run_vm;

/**
 * Whose memory, page tables and PV_PAGE are where their addresses say, and in the caches: run_vm's, or
 * if that one needs none (vm.needs_no_space), of who has run before; NULL: nobody's.
 */
extern const struct vm *run_space;

/** Somebody has become ready, or a time is up: run_others() has to look, which also arms the timer. */
extern bool run_due;

bool vms_any_on(void);

void run_init(void);
void run_add(struct vm *vm, void (*entry)(void));
void run_order(void);
uint64_t run_time(const struct vm *vm);
void run_begin(void) __attribute__((noreturn));
void run_set_ready(struct vm *vm, bool ready);
void run_look(void);
void run_others(void);

#endif
