/* SPDX-License-Identifier: Apache-2.0 */
/* The statistics of a VMM that counts nothing. */
#include "vmm/stats.h"

#include "vmm/lib/log.h"

void stats_report(void)
{
	log_info("hako: this VMM counts nothing; `make run STATS=1` builds one that does\n");
}

void stats_clear(void)
{
	stats_report();
}
