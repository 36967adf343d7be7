/* SPDX-License-Identifier: Apache-2.0 */
/* The image for several VMs that has no network stack, and knows of no other boards. */
#include "vmm/config/config_station.h"
#include "vmm/remote/station.h"

bool config_read_station(const struct config_tree *tree, int network,
			 const struct network_config *config, struct station_config *station)
{
	const int node = tree_child(tree, network);

	if (node >= 0 && tree_is(tree, node, "station"))
		return tree_fail(tree, node, NULL,
				 "this VMM has no network stack; bundle with the one in "
				 "build/<board>-remote");
	return tree_no_children(tree, network);
}

enum status station_make(const struct system_config *config, struct vswitch *network,
			 struct uplink *uplink, int priority)
{
	return STATUS_OK;
}

void station_start(void)
{
}

int station_priority(const struct system_config *config, int vms)
{
	return vms;
}

void station_configured(int priority)
{
}
