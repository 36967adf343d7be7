/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The block of registers that every interrupt controller of the Integrator/CP is made of: inputs, a
 * software interrupt, an enable mask for IRQ and one for FIQ. It drives no wires; its user does,
 * with icp_ic_irq() and icp_ic_fiq().
 */
#ifndef DEVEMU_ICP_IC_H
#define DEVEMU_ICP_IC_H

#include "vmm/lib/bits.h"

#include <stdbool.h>
#include <stdint.h>

struct icp_ic {
	uint32_t lines; /* levels of the inputs */
	uint32_t soft;  /* bit 0: the software interrupt */
	uint32_t irq_enable;
	uint32_t fiq_enable;
};

void icp_ic_reset(struct icp_ic *ic);
bool icp_ic_read(const struct icp_ic *ic, uint32_t offset, uint32_t *value);
bool icp_ic_write(struct icp_ic *ic, uint32_t offset, uint32_t value);

static inline void icp_ic_set_line(struct icp_ic *ic, unsigned input, bool level)
{
	const uint32_t line = BIT(input & 31u);

	ic->lines = level ? ic->lines | line : ic->lines & ~line;
}

static inline uint32_t icp_ic_raw(const struct icp_ic *ic)
{
	return ic->lines | ic->soft;
}

static inline uint32_t icp_ic_irq_status(const struct icp_ic *ic)
{
	return icp_ic_raw(ic) & ic->irq_enable;
}

static inline bool icp_ic_irq(const struct icp_ic *ic)
{
	return icp_ic_irq_status(ic) != 0;
}

static inline bool icp_ic_fiq(const struct icp_ic *ic)
{
	return (icp_ic_raw(ic) & ic->fiq_enable) != 0;
}

#endif
