/* SPDX-License-Identifier: Apache-2.0 */
/* What session, link and peer call of the two halves, and the halves of each other. */
#ifndef NET_REMOTE_HALVES_H
#define NET_REMOTE_HALVES_H

#include "net/remote/link.h"
#include "net/remote/remote.h"

struct peer;
struct client_op;
struct client_window;
struct server_use;
struct server_window;

void client_begin(struct peer *peer, uint64_t now);
void client_end(struct peer *peer);
void client_pend(struct peer *peer, struct client_op *op, struct client_window *window,
		 unsigned kind, void *to, uint32_t room);
void client_reply(struct peer *peer, unsigned slot, const uint8_t *payload, uint32_t length);
void client_room(struct peer *peer, uint64_t now);
void client_tick(struct peer *peer, uint64_t now);
uint64_t client_deadline(const struct peer *peer);
uint8_t *client_reserve(struct peer *peer, uint32_t bytes, uint32_t reply, uint64_t now);
void client_gather(struct peer *peer);
void client_set_levels(struct client_window *window, uint32_t levels);
void client_run_errands(struct peer *peer, uint64_t now);
void client_line_state(struct peer *peer, unsigned id, unsigned levels, unsigned serial);
void client_event(struct peer *peer, unsigned id, uint32_t turn, const uint8_t *data,
		  uint32_t length);

unsigned server_window_count(const struct peer *peer);
const struct server_window *server_window_of(const struct peer *peer, unsigned id);
void server_use(struct peer *peer, unsigned id, bool in_use);
void server_sample(struct peer *peer, unsigned id, uint32_t also);
void server_put_lines(uint8_t *at, unsigned id, struct server_use *use);
void server_agents(struct peer *peer, uint64_t now);
void server_begin(struct peer *peer);
void server_end(struct peer *peer);
void server_serve(struct peer *peer, const uint8_t *payload, uint32_t length);
void server_work(struct peer *peer, unsigned budget);
void server_tell(struct peer *peer, uint64_t now);

#endif
