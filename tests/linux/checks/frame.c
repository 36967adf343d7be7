/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checks --frame INTERFACE HEX: no check, but a tool of scenarios, where a program of its own would
 * take half a megabyte. Sends a frame as it stands: with any source, type and length.
 */
#include "tests/linux/checks/checks.h"

#include <net/if.h>
#include <netpacket/packet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define FRAME_MAX 1518u

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int send_frame(int argc, char **argv)
{
	static uint8_t frame[FRAME_MAX];
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_halen = 6 };
	struct ifreq request = { .ifr_flags = 0 };
	unsigned length = 0;
	int link;

	if (argc != 4 || strlen(argv[3]) > 2 * sizeof(frame) || strlen(argv[2]) >= IFNAMSIZ)
		return 2;
	for (const char *at = argv[3]; at[0] && at[1]; at += 2, length++) {
		if (digit(at[0]) < 0 || digit(at[1]) < 0)
			return 2;
		frame[length] = (uint8_t)(digit(at[0]) << 4 | digit(at[1]));
	}
	strcpy(request.ifr_name, argv[2]);
	link = socket(AF_PACKET, SOCK_RAW, 0);
	if (link < 0 || ioctl(link, SIOCGIFINDEX, &request) < 0) {
		perror(argv[2]);
		return 1;
	}
	to.sll_ifindex = request.ifr_ifindex;
	if (sendto(link, frame, length, 0, (struct sockaddr *)&to, sizeof(to)) != (int)length) {
		perror("sendto");
		return 1;
	}
	return 0;
}
