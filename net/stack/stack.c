/* SPDX-License-Identifier: Apache-2.0 */
#include "net/stack/stack.h"

#include "devemu/clock.h"
#include "net/frame.h"
#include "net/offload.h"
#include "net/stack/hooks.h"
#include "net/stack/udp.h"
#include "vmm/lib/check.h"
#include "vmm/lib/copy.h"
#include "vmm/lib/preempt.h"
#include "vmm/lib/string.h"

#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/netif.h>
#include <lwip/pbuf.h>
#include <lwip/stats.h>
#include <netif/ethernet.h>

#define ADDRESS    6u
#define TYPE_AT    12u
#define LENGTH_MAX 1500u /* in place of a type: that of a frame of IEEE 802.3 */
#define SNAP_SIZE  8u
#define FRAME_MIN  60u /* on a wire: shorter ones are padded */

/** Of IEEE 802.2: SNAP in both service access points, unnumbered information, a type of Ethernet's. */
static const uint8_t snap_header[SNAP_SIZE] = {
	0xaa, 0xaa, 3, 0, 0, 0, STACK_ETHERTYPE >> 8, STACK_ETHERTYPE & 0xff
};

/** Where ARP's request says what it is, and what that is. */
#define ARP_TYPE      0x0806u
#define ARP_OPCODE_AT (FRAME_HEADER + 6u)
#define ARP_REQUEST   1u
/** Seconds for which one that was not answered is of interest: lwIP gives up after five. */
#define ARP_WAIT 6u
/** Seconds after which lwIP has forgotten all that it was told (ARP_MAXAGE), and some. */
#define ARP_FORGOTTEN 310u

_Static_assert(STACK_FRAME_MAX == FRAME_WIRE_MAX, "a frame of the wire fits");
_Static_assert(sizeof(struct pbuf_custom) <= sizeof(((struct stack_frame *)0)->room),
	       "its own fits");
_Static_assert(offsetof(struct stack_frame, words) == sizeof(((struct stack_frame *)0)->room),
	       "the bytes are behind it");

static struct netif netif;
static struct stack_config config;
static struct stack_counters counters;
static const struct stack_frame *current; /* in stack_input() */
static uint32_t out[STACK_FRAME_MAX / 4 + 1];
static uint64_t arp_at;     /* lwIP's clock for ARP: to the second */
static unsigned arp_asking; /* seconds for which it has to go on by itself */

/* ---- what lwIP calls -------------------------------------------------------------------------- */

/** RFC 1071, not complemented. Over a large frame this is long enough. */
unsigned short stack_sum(const void *bytes, int length)
{
	const uint16_t sum = (uint16_t)~offload_sum(bytes, (uint32_t)length, 0);

	preempt_point();
	return sum;
}

/**
 * Where the payload of the other protocol begins, in a frame of @p length bytes, which becomes the
 * payload's; or 0: it is not one of its frames.
 */
uint32_t stack_find_payload(const uint8_t *bytes, uint32_t *length)
{
	const uint32_t type = get_be16(bytes + TYPE_AT);

	if (type == STACK_ETHERTYPE) {
		*length -= FRAME_HEADER;
		return FRAME_HEADER;
	}
	/* The length says where the payload ends; behind it is padding. */
	if (type > LENGTH_MAX || type < SNAP_SIZE || type > *length - FRAME_HEADER ||
	    memcmp(bytes + FRAME_HEADER, snap_header, SNAP_SIZE) != 0)
		return 0;
	*length = type - SNAP_SIZE;
	return FRAME_HEADER + SNAP_SIZE;
}

/** A frame that is neither ARP nor IP. The caller frees what is not taken. */
int8_t stack_other(struct pbuf *pbuf, struct netif *from)
{
	const uint8_t *const bytes = (const uint8_t *)pbuf->payload + ETH_PAD_SIZE;
	uint32_t length = pbuf->len - ETH_PAD_SIZE;
	const uint32_t payload = stack_find_payload(bytes, &length);

	if (payload && !current->from_wire)
		counters.posed++;
	else if (payload && config.receive)
		config.receive(bytes, bytes + payload, length);
	else
		counters.other++;
	pbuf_free(pbuf);
	return ERR_OK;
}

/** A frame of lwIP's, with two bytes of nothing before it. */
static err_t transmit(struct netif *to, struct pbuf *pbuf)
{
	uint8_t *const bytes = (uint8_t *)out;
	const uint32_t length = pbuf->tot_len - ETH_PAD_SIZE;

	CHECK(pbuf->tot_len > ETH_PAD_SIZE + FRAME_HEADER && length <= STACK_FRAME_MAX);
	preempt_point();
	pbuf_copy_partial(pbuf, bytes, (u16_t)length, ETH_PAD_SIZE);
	preempt_point();
	if (get_be16(bytes + TYPE_AT) == ARP_TYPE && get_be16(bytes + ARP_OPCODE_AT) == ARP_REQUEST)
		arp_asking = ARP_WAIT;
	config.send(bytes, length);
	return ERR_OK;
}

static err_t init(struct netif *this)
{
	this->name[0] = 'e';
	this->name[1] = 'n';
	this->hwaddr_len = ADDRESS;
	memcpy(this->hwaddr, config.mac, ADDRESS);
	this->mtu = LENGTH_MAX;
	this->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
	this->linkoutput = transmit;
	this->output = etharp_output;
	return ERR_OK;
}

/** The frame's memory is its owner's. */
static void keep(struct pbuf *pbuf)
{
}

/* ---- what is called from outside -------------------------------------------------------------- */

/** Begins; says on the network that its address is in use here. */
void stack_start(const struct stack_config *wanted, uint64_t now)
{
	ip4_addr_t address, netmask, none;

	config = *wanted;
	arp_at = now;
	address.addr = lwip_htonl(config.address);
	netmask.addr = lwip_htonl(config.netmask);
	none.addr = 0;
	lwip_init();
	netif_add(&netif, &address, &netmask, &none, NULL, init, ethernet_input);
	netif_set_default(&netif);
	netif_set_link_up(&netif);
	stack_udp_start(config.describe);
	netif_set_up(&netif);
}

/**
 * What depends on time; to be called before frames are handed over, too. lwIP's only clock is that of
 * ARP's table, in seconds: it is brought up to date here, so that nobody has to wake for it. Returns
 * until when it need not be called, which matters only while an address is being asked for.
 */
uint64_t stack_run(uint64_t now)
{
	uint64_t seconds = (now - arp_at) / CLOCK_HZ;

	arp_at += seconds * CLOCK_HZ;
	if (seconds > ARP_FORGOTTEN)
		seconds = ARP_FORGOTTEN;
	for (; seconds; seconds--) {
		if (arp_asking)
			arp_asking--;
		etharp_tmr();
		preempt_point();
	}
	return arp_asking ? arp_at + CLOCK_HZ : CLOCK_NEVER;
}

/** A frame that has come. Its memory is free again afterwards. */
void stack_input(struct stack_frame *frame)
{
	struct pbuf_custom *const room = (struct pbuf_custom *)(void *)frame->room;
	struct pbuf *pbuf;

	CHECK(frame->length <= STACK_FRAME_MAX);
	/* As a wire does. lwIP looks at an IP header before it asks whether all of it is there. */
	if (frame->length < FRAME_MIN) {
		memset(stack_frame_bytes(frame) + frame->length, 0, FRAME_MIN - frame->length);
		frame->length = FRAME_MIN;
	}
	memset(room, 0, sizeof(*room));
	room->custom_free_function = keep;
	/* Answers are made in place; what has to wait for an address is copied, as it is "volatile". */
	pbuf = pbuf_alloced_custom(PBUF_RAW, (u16_t)(frame->length + ETH_PAD_SIZE),
				   (pbuf_type)(PBUF_REF | PBUF_TYPE_FLAG_STRUCT_DATA_CONTIGUOUS),
				   room, frame->words, sizeof(frame->words));
	current = frame;
	(void)netif.input(pbuf, &netif);
	current = NULL;
}

/**
 * The type of a frame of the other protocol, or length and what goes with it, behind its addresses: for
 * a payload of @p length bytes. Returns where that begins.
 */
uint32_t stack_put_type(uint8_t *bytes, uint32_t length, bool snap)
{
	put_be16(bytes + TYPE_AT, snap ? SNAP_SIZE + length : STACK_ETHERTYPE);
	if (!snap)
		return FRAME_HEADER;
	memcpy(bytes + FRAME_HEADER, snap_header, SNAP_SIZE);
	return FRAME_HEADER + SNAP_SIZE;
}

/** What was dropped so far. */
void stack_counters(struct stack_counters *to)
{
	const struct stats_ *const s = &lwip_stats;

	*to = counters;
	to->link = s->etharp.proterr + s->etharp.lenerr;
	to->ip = s->ip.drop;
	to->icmp = s->icmp.chkerr + s->icmp.lenerr + s->icmp.proterr + s->icmp.err;
	to->udp = s->udp.drop;
	to->no_memory = s->mem.err + s->etharp.memerr;
}
