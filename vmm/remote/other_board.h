/* SPDX-License-Identifier: Apache-2.0 */
/* One of the other boards of vmm/remote/peers.c: how it is made of the description, and what the log says of it. */
#ifndef VMM_REMOTE_OTHER_BOARD_H
#define VMM_REMOTE_OTHER_BOARD_H

#include "net/switch.h"
#include "net/remote/peer.h"
#include "vmm/start/boot_info.h"
#include "vmm/start/bundle.h"
#include "vmm/lib/log.h"
#include "vmm/config/vm_config.h"

/** Another board. */
struct other_board {
	struct peer peer; /* first: the two are one pointer */
	struct peer_config config;
	const struct remote_peer_config *description;
	const struct server_window *served[REMOTE_WINDOWS];
	struct mac mac; /* its address */
	struct log_limit log;
	bool was_up;          /* the log says so */
	bool has_ended;       /* since then */
	enum session_end end; /* why */
	uint8_t key[REMOTE_KEY_BYTES];
};

struct other_board *other_board_make(unsigned n, const struct system_config *config,
				     const struct boot_info *info, const struct bundle *bundle,
				     const struct peer_ops *ops);
void other_boards_stir(const struct boot_info *info);
void other_board_tell_log(struct other_board *board_of);

#endif
