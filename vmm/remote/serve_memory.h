/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of this board that another one uses: RAM that is nobody's else, zeros at the start. */
#ifndef VMM_REMOTE_SERVE_MEMORY_H
#define VMM_REMOTE_SERVE_MEMORY_H

#include "net/remote/server.h"
#include "vmm/config/vm_config.h"

struct served_memory {
	struct server_window window; /* first: the two are one pointer */
	struct server_range range;
	hpa_t at;
};

struct served_memory *serve_memory_make(const struct remote_serve_config *config, hpa_t at);

#endif
