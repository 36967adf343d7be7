/* SPDX-License-Identifier: Apache-2.0 */
/* The node of the VMM's own station, in that of its network: used by vm_config.c. */
#ifndef VMM_CONFIG_CONFIG_STATION_H
#define VMM_CONFIG_CONFIG_STATION_H

#include "vmm/config/config_tree.h"

bool config_read_station(const struct config_tree *tree, int network,
			 const struct network_config *config, struct station_config *station);

#endif
