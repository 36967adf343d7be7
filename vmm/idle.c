/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/idle.h"

#include "arch/arm/cache.h"
#include "vmm/irq.h"
#include "vmm/run.h"

const struct idle_work *idle_work;
bool idle_now;

/**
 * A step of what is done instead of sleeping; or the sleep, up to the first interrupt. scripts/longest
 * knows it by its name.
 */
void idle_look(void)
{
	idle_now = true;
	if (!idle_work || !idle_work->work()) {
		cpu_wait_for_interrupt();
		irq_dispatch();
	}
	idle_now = false;
	if (run_due && idle_work)
		idle_work->end();
}
