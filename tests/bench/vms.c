// SPDX-License-Identifier: Apache-2.0
/*
 * The user space of scripts/bench_vms: how fast two VMs talk to each other, and how fast a disk is.
 * It is init itself, natively with its other end in a process of its own, behind the loopback
 * device, and under the VMM with its other end in another VM. Time is read from the board's 24 MHz
 * counter, which is right in both cases; guests of their own accord can be wrong (docs/benchmarks.md).
 *
 * On the console, for each time that a row was measured:
 *     VMS name bytes ticks
 *     ...
 *     BENCH end
 * What it is to do is in its environment, from the kernel's command line:
 *     vms_role=both|client|server, vms_counter=PHYSICAL-ADDRESS, vms_disk=vda,
 *     vms_rows=tcp,udp,disk (some of them; all if it is not there)
 */
#define _GNU_SOURCE /* O_DIRECT */
#include "tests/bench/markers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define STRING(x) #x
#define INSN(x)   ".inst " STRING(x)

#define KIB 1024u
#define MIB (1024u * KIB)

#define REPEATS 3 /* measured; one before them is not, but what arrives is checked */

#define PORT          5001
#define CLIENT        "10.9.0.1"
#define SERVER        "10.9.0.2"
#define LOOPBACK      "127.0.0.1"
#define TCP_BYTES     (16 * MIB)
#define TCP_MEMORY    (2 * MIB)  /* what is sent, again and again */
#define BLOCK         (16 * KIB) /* of a write */
#define SOCKET_ROOM   (512 * KIB)
#define UDP_BYTES     1472u /* what fits in an Ethernet frame */
#define UDP_COUNT     2048u
#define UDP_WINDOW    16u /* so many before an answer: nothing is lost for want of room */
#define CONNECT_TRIES 300

#define DISK_BYTES (4 * MIB)

static volatile const uint32_t *counter;

static void stop(void)
{
	fflush(stdout);
	tcdrain(STDOUT_FILENO);
	for (;;)
		pause();
}

static void require(bool ok, const char *what)
{
	if (ok)
		return;
	printf("BENCH error: %s: %s\n", what, strerror(errno));
	stop();
}

static const char *setting(const char *name)
{
	const char *value = getenv(name);

	require(value && *value, name);
	return value;
}

static bool is_wanted(const char *group)
{
	const char *rows = getenv("vms_rows");

	return !rows || strstr(rows, group);
}

/* ---- what is sent -------------------------------------------------------------------------- */

static uint32_t pattern(uint32_t at)
{
	return at * 2654435761u ^ at >> 7;
}

static void fill(uint32_t *words, uint32_t from, uint32_t bytes)
{
	for (uint32_t n = 0; n < bytes / 4; n++)
		words[n] = pattern(from / 4 + n);
}

/* All of it, or only its first word: the comparison is no part of what is measured. */
static void check(const uint32_t *words, uint32_t from, uint32_t bytes, bool all)
{
	for (uint32_t n = 0; n < (all ? bytes / 4 : 1); n++)
		require(words[n] == pattern(from / 4 + n), "what arrived is not what was sent");
}

/* ---- measuring ----------------------------------------------------------------------------- */

static uint32_t begun;

static void measure_begin(bool measured)
{
	if (measured)
		__asm__ volatile(INSN(MARK_BEGIN)::: "memory");
	begun = *counter;
}

static void measure_end(bool measured, const char *name, uint32_t bytes)
{
	const uint32_t ticks = *counter - begun;

	if (measured) {
		__asm__ volatile(INSN(MARK_END)::: "memory");
		printf("VMS %s %u %u\n", name, (unsigned)bytes, (unsigned)ticks);
		fflush(stdout);
		tcdrain(STDOUT_FILENO);
	}
	usleep(100000);
}

/* ---- network ------------------------------------------------------------------------------- */

static struct sockaddr_in address_of(const char *text)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons(PORT),
				     .sin_addr.s_addr = inet_addr(text) };
}

static void interface_up(const char *name, const char *address)
{
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in sin = address_of(address);
	struct ifreq request = { .ifr_flags = 0 };

	sin.sin_port = 0;
	strncpy(request.ifr_name, name, IFNAMSIZ - 1);
	memcpy(&request.ifr_addr, &sin, sizeof sin);
	require(fd >= 0 && !ioctl(fd, SIOCSIFADDR, &request), name);
	require(!ioctl(fd, SIOCGIFFLAGS, &request), name);
	request.ifr_flags |= IFF_UP;
	require(!ioctl(fd, SIOCSIFFLAGS, &request), name);
	close(fd);
}

/* The same everywhere: a kernel of its own accord takes less where it has less memory. */
static void set_room(int fd, int which)
{
	const int bytes = SOCKET_ROOM;

	require(!setsockopt(fd, SOL_SOCKET, which, &bytes, sizeof bytes), "a socket's room");
}

static int listen_tcp(void)
{
	const int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
	const struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(PORT) };

	require(fd >= 0 && !setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on),
		"SO_REUSEADDR");
	set_room(fd, SO_RCVBUFFORCE);
	require(!bind(fd, (const struct sockaddr *)&any, sizeof any) && !listen(fd, 1),
		"the server's TCP port");
	return fd;
}

/* A datagram that is lost would be waited for in vain. */
static void limit_wait(int fd)
{
	const struct timeval limit = { .tv_sec = 60 };

	require(!setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), "SO_RCVTIMEO");
}

static int open_udp(void)
{
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);
	const struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(PORT) };

	require(fd >= 0 && !bind(fd, (const struct sockaddr *)&any, sizeof any),
		"the server's UDP port");
	return fd;
}

/* Takes one connection's bytes, and says so by one of its own. */
static void serve_tcp(int listener, uint32_t *buffer, bool check_all)
{
	const int fd = accept(listener, NULL, NULL);
	uint32_t received = 0;

	require(fd >= 0, "accept");
	while (received < TCP_BYTES) {
		uint32_t in_block = 0;

		while (in_block < BLOCK) {
			const ssize_t got =
				recv(fd, (char *)buffer + in_block, BLOCK - in_block, 0);

			require(got > 0, "the connection ends early");
			in_block += (uint32_t)got;
		}
		check(buffer, received % TCP_MEMORY, BLOCK, check_all);
		received += BLOCK;
	}
	require(send(fd, "", 1, 0) == 1, "the server's answer");
	close(fd);
}

static void serve_udp(int fd, uint32_t *buffer, bool check_all)
{
	struct sockaddr_in from;

	for (uint32_t n = 0; n < UDP_COUNT; n++) {
		socklen_t length = sizeof from;

		require(recvfrom(fd, buffer, UDP_BYTES, 0, (struct sockaddr *)&from, &length) ==
				UDP_BYTES,
			"a datagram");
		check(buffer, n * 4, UDP_BYTES, check_all);
		if (n % UDP_WINDOW == UDP_WINDOW - 1)
			require(sendto(fd, "", 1, 0, (struct sockaddr *)&from, length) == 1,
				"the server's answer");
	}
}

static void serve(void)
{
	static uint32_t buffer[BLOCK / 4];
	const int tcp = listen_tcp(), udp = open_udp();

	for (unsigned n = 0; is_wanted("tcp") && n < 1 + REPEATS; n++)
		serve_tcp(tcp, buffer, n == 0);
	for (unsigned n = 0; is_wanted("udp") && n < 1 + REPEATS; n++)
		serve_udp(udp, buffer, n == 0);
}

/* The server may not be there yet. */
static int connect_tcp(const struct sockaddr_in *server)
{
	for (unsigned tries = 0; tries < CONNECT_TRIES; tries++) {
		const int fd = socket(AF_INET, SOCK_STREAM, 0);

		require(fd >= 0, "socket");
		set_room(fd, SO_SNDBUFFORCE);
		if (!connect(fd, (const struct sockaddr *)server, sizeof *server))
			return fd;
		close(fd);
		usleep(100000);
	}
	require(false, "connect");
	return -1;
}

static void send_tcp(const struct sockaddr_in *server, bool measured)
{
	static uint32_t blocks[TCP_MEMORY / 4];
	const int fd = connect_tcp(server);
	char answer;

	fill(blocks, 0, TCP_MEMORY);
	usleep(100000);
	measure_begin(measured);
	for (uint32_t sent = 0; sent < TCP_BYTES; sent += BLOCK)
		require(send(fd, (const char *)blocks + sent % TCP_MEMORY, BLOCK, 0) == BLOCK,
			"send");
	require(recv(fd, &answer, 1, 0) == 1, "the answer");
	measure_end(measured, "tcp", TCP_BYTES);
	close(fd);
}

static void send_udp(const struct sockaddr_in *server, bool measured)
{
	static uint32_t datagrams[UDP_COUNT][UDP_BYTES / 4];
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);
	char answer;

	require(fd >= 0 && !connect(fd, (const struct sockaddr *)server, sizeof *server), "UDP");
	limit_wait(fd);
	for (uint32_t n = 0; n < UDP_COUNT; n++)
		fill(datagrams[n], n * 4, UDP_BYTES);
	measure_begin(measured);
	for (uint32_t n = 0; n < UDP_COUNT; n++) {
		require(send(fd, datagrams[n], UDP_BYTES, 0) == UDP_BYTES, "send");
		if (n % UDP_WINDOW == UDP_WINDOW - 1)
			require(recv(fd, &answer, 1, 0) == 1, "the answer");
	}
	measure_end(measured, "udp", UDP_COUNT * UDP_BYTES);
	close(fd);
}

static void measure_network(const char *server_address)
{
	const struct sockaddr_in server = address_of(server_address);

	for (unsigned n = 0; is_wanted("tcp") && n < 1 + REPEATS; n++)
		send_tcp(&server, n > 0);
	for (unsigned n = 0; is_wanted("udp") && n < 1 + REPEATS; n++)
		send_udp(&server, n > 0);
}

/* ---- disk ---------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	uint32_t block;
	bool is_write, direct;
} disk_rows[] = {
	/* clang-format off */
	{ "direct_write_64k", 64 * KIB, true,  true },
	{ "direct_read_64k",  64 * KIB, false, true },
	{ "direct_write_1m",  MIB,      true,  true },
	{ "direct_read_1m",   MIB,      false, true },
	{ "write_64k",        64 * KIB, true,  false },
	{ "read_64k",         64 * KIB, false, false },
	{ "write_1m",         MIB,      true,  false },
	{ "read_1m",          MIB,      false, false },
	/* clang-format on */
};

static void transfer(int fd, char *memory, uint32_t block, bool is_write)
{
	require(lseek(fd, 0, SEEK_SET) == 0, "seek");
	for (uint32_t at = 0; at < DISK_BYTES; at += block)
		require((is_write ? write(fd, memory + at, block) : read(fd, memory + at, block)) ==
				(ssize_t)block,
			"the disk");
	if (is_write)
		require(!fsync(fd), "fsync");
}

/* Without O_DIRECT through the page cache, which is empty before. */
static void measure_disk(const char *path)
{
	char *const memory =
		mmap(NULL, DISK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	require(memory != MAP_FAILED, "memory");
	for (unsigned row = 0; row < sizeof disk_rows / sizeof disk_rows[0]; row++) {
		const bool is_write = disk_rows[row].is_write;

		for (unsigned n = 0; n < 1 + REPEATS; n++) {
			const int fd = open(path, O_RDWR | (disk_rows[row].direct ? O_DIRECT : 0));

			require(fd >= 0, path);
			if (is_write)
				fill((uint32_t *)memory, row, DISK_BYTES);
			else
				memset(memory, 0, DISK_BYTES);
			posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
			measure_begin(n > 0);
			transfer(fd, memory, disk_rows[row].block, is_write);
			measure_end(n > 0, disk_rows[row].name, DISK_BYTES);
			if (!is_write) /* what the row before it has written */
				check((const uint32_t *)memory, (row - 1) / 4 * 4, DISK_BYTES,
				      true);
			close(fd);
		}
	}
}

/* ---- init ---------------------------------------------------------------------------------- */

static void open_counter(void)
{
	const uint32_t at = (uint32_t)strtoul(setting("vms_counter"), NULL, 0);
	const int fd = open("/dev/mem", O_RDONLY | O_SYNC);
	const char *page;

	require(fd >= 0, "/dev/mem");
	page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, (off_t)(at & ~4095u));
	require(page != MAP_FAILED, "the counter");
	counter = (volatile const uint32_t *)(const void *)(page + (at & 4095u));
}

int main(void)
{
	const char *const role = setting("vms_role");
	const bool both = !strcmp(role, "both");
	char disk[32];

	mkdir("/dev", 0755);
	require(!mount("dev", "/dev", "devtmpfs", 0, NULL) || errno == EBUSY, "devtmpfs");
	open_counter();
	interface_up("lo", LOOPBACK);
	if (!strcmp(role, "server")) {
		interface_up("eth0", SERVER);
		serve();
		stop();
	}
	if (!both)
		interface_up("eth0", CLIENT);
	else if (!fork()) {
		serve();
		_exit(0);
	}
	measure_network(both ? LOOPBACK : SERVER);
	snprintf(disk, sizeof disk, "/dev/%s", setting("vms_disk"));
	if (is_wanted("disk"))
		measure_disk(disk);
	printf("BENCH end\n");
	fflush(stdout);
	tcdrain(STDOUT_FILENO);
	__asm__ volatile(INSN(MARK_DONE));
	stop();
}
