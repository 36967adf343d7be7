/* SPDX-License-Identifier: Apache-2.0 */
/* An image without a network stack: when nobody runs, the board sleeps. */
#include "vmm/idle.h"

#include "arch/arm/cache.h"
#include "vmm/irq.h"

void idle_look(void)
{
	cpu_wait_for_interrupt();
	irq_dispatch();
}
