/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statistics of the guest's traps: what the keys of the console do. Counting is in vmm/stats.c,
 * which is linked with STATS=1 only; without it, vmm/stats_none.c says so.
 */
#ifndef VMM_STATS_H
#define VMM_STATS_H

void stats_report(void);
void stats_clear(void);

#endif
