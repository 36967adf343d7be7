/* SPDX-License-Identifier: Apache-2.0 */
#include "net/stack/udp.h"

#include "vmm/lib/check.h"

#include <stdbool.h>

#include <lwip/ip.h>
#include <lwip/netif.h>
#include <lwip/pbuf.h>
#include <lwip/udp.h>

#define PORTS_OF_SERVICES 1024u

/** Whether a datagram may be answered at all. */
static bool is_answered(u16_t port)
{
	return port >= PORTS_OF_SERVICES && port != STACK_DESCRIBE_PORT &&
	       !ip4_addr_isbroadcast(ip4_current_dest_addr(), ip_current_netif());
}

static void echo(void *owner, struct udp_pcb *pcb, struct pbuf *pbuf, const ip_addr_t *from,
		 u16_t port)
{
	if (is_answered(port))
		(void)udp_sendto(pcb, pbuf, from, port);
	pbuf_free(pbuf);
}

static uint32_t (*describe)(char *text, uint32_t size);

/** The text takes the question's place. */
static void answer(void *owner, struct udp_pcb *pcb, struct pbuf *pbuf, const ip_addr_t *from,
		   u16_t port)
{
	struct pbuf *text;

	pbuf_free(pbuf);
	if (!is_answered(port))
		return;
	text = pbuf_alloc(PBUF_TRANSPORT, STACK_TEXT_MAX, PBUF_RAM);
	if (!text)
		return;
	pbuf_realloc(text, (u16_t)describe(text->payload, STACK_TEXT_MAX));
	(void)udp_sendto(pcb, text, from, port);
	pbuf_free(text);
}

static void listen(unsigned port, udp_recv_fn receive)
{
	struct udp_pcb *const pcb = udp_new();

	CHECK(pcb && udp_bind(pcb, IP4_ADDR_ANY, (u16_t)port) == ERR_OK);
	udp_recv(pcb, receive, NULL);
}

/** Listens to both ports. @p how writes the text, and returns its length. */
void stack_udp_start(uint32_t (*how)(char *text, uint32_t size))
{
	describe = how;
	listen(STACK_ECHO_PORT, echo);
	listen(STACK_DESCRIBE_PORT, answer);
}
