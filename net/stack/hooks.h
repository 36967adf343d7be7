/* SPDX-License-Identifier: Apache-2.0 */
/* What lwIP's sources call of ours; included by them. */
#ifndef NET_STACK_HOOKS_H
#define NET_STACK_HOOKS_H

#include <stdint.h>

struct netif;
struct pbuf;

/* An err_t: 0 takes the frame. */
int8_t stack_other(struct pbuf *pbuf, struct netif *netif);

#endif
