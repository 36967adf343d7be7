/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of lwIP is built (scripts/netstack.mk): Ethernet, ARP, IPv4 without fragments, ICMP echo and
 * UDP, on one thread, without an operating system and with memory of fixed size. Constants only.
 */
#ifndef NET_STACK_LWIPOPTS_H
#define NET_STACK_LWIPOPTS_H

#define NO_SYS               1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN         0
#define LWIP_SOCKET          0
#define LWIP_SINGLE_NETIF    1
#define LWIP_NETIF_API       0
#define LWIP_IPV4            1
#define LWIP_IPV6            0
#define LWIP_ARP             1
#define LWIP_ETHERNET        1
#define LWIP_ICMP            1
#define LWIP_RAW             0
#define LWIP_UDP             1
#define LWIP_TCP             0
#define LWIP_DHCP            0
#define LWIP_AUTOIP          0
#define LWIP_IGMP            0
#define LWIP_DNS             0
#define IP_FORWARD           0
#define IP_REASSEMBLY        0
#define IP_FRAG              0
#define IP_OPTIONS_ALLOWED   0
#define LWIP_BROADCAST_PING  0
#define LWIP_MULTICAST_PING  0
#define LWIP_NETIF_LOOPBACK  0
#define LWIP_HAVE_LOOPIF     0

/* The one timer that is left is ARP's: stack_run() calls it, and only when there is something to age. */
#define LWIP_TIMERS 0

/* A frame that waits for an address, an answer of our own, and ARP: each from the small heap. */
#define MEM_ALIGNMENT            __SIZEOF_POINTER__ /* a workstation tests it, too */
#define MEM_SIZE                 4096
#define MEMP_NUM_PBUF            4
#define PBUF_POOL_SIZE           0
#define MEMP_NUM_UDP_PCB         2
#define LWIP_SUPPORT_CUSTOM_PBUF 1
#define ARP_TABLE_SIZE           8
#define ARP_QUEUEING             0

/* What is behind the Ethernet header is aligned: the CPU does not load from odd addresses. */
#define ETH_PAD_SIZE 2

/* All are checked and made; a sum over a large frame has a preempt point beside it. */
#define LWIP_CHKSUM stack_sum
unsigned short stack_sum(const void *bytes, int length);

/* Frames of other protocols: the VMM's own is one of them. */
#define LWIP_HOOK_FILENAME                          "net/stack/hooks.h"
#define LWIP_HOOK_UNKNOWN_ETH_PROTOCOL(pbuf, netif) stack_other(pbuf, netif)

/* What was wrong with frames is counted. */
#define LWIP_STATS         1
#define LWIP_STATS_DISPLAY 0
#define LINK_STATS         0
#define ETHARP_STATS       1
#define IP_STATS           1
#define IPFRAG_STATS       0
#define ICMP_STATS         1
#define UDP_STATS          1
#define MEM_STATS          1
#define MEMP_STATS         0
#define SYS_STATS          0
#define LWIP_STATS_LARGE   1

#endif
