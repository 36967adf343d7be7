/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/host/net_fixture.h"

#include <sanitizer/asan_interface.h>
#include <stdlib.h>
#include <string.h>

#include "tests/host/inet_checksum.h"
#include "tests/xorshift.h"
#include "vmm/lib/preempt.h"

struct net_guest guests[GUESTS];
struct vswitch net_switch;
uint64_t net_now;
void (*net_preempt)(void);
unsigned net_preempts;
uint32_t net_ram_size = GUEST_RAM;

static bool is_preempted;
static uint8_t *ram[GUESTS]; /* for all tests of a program */
static uint32_t seed;

void net_seed(uint32_t value)
{
	seed = value ? value : 1;
}

/* ---- guest memory ---------------------------------------------------------------------------- */

static struct net_guest *guest_of(const struct dma *dma)
{
	return (struct net_guest *)((uintptr_t)dma - offsetof(struct net_guest, dma));
}

/* The sanitizer knows bytes 8 at a time, from the first of them on. */
static void hide(struct net_guest *guest, uint32_t at, uint32_t length)
{
	const uint32_t start = at & ~7u, end = (at + length + 7u) & ~7u;

	ASAN_POISON_MEMORY_REGION(guest->ram + start, end - start);
}

static void show(struct net_guest *guest, uint32_t at, uint32_t length)
{
	ASAN_UNPOISON_MEMORY_REGION(guest->ram + (at & ~7u), (at & 7u) + length);
}

/** Only what is mapped can be touched. */
static void show_mapped(struct net_guest *guest)
{
	for (unsigned slot = 0; slot < DMA_SLOTS; slot++)
		if (guest->mapped[slot].length)
			show(guest, guest->mapped[slot].at, guest->mapped[slot].length);
}

static void hide_slot(struct net_guest *guest, unsigned slot)
{
	if (guest->mapped[slot].length)
		hide(guest, guest->mapped[slot].at, guest->mapped[slot].length);
	guest->mapped[slot].length = 0;
}

static void *map(const struct dma *dma, gpa_t at, uint32_t *length, bool write, enum dma_slot slot)
{
	struct net_guest *guest = guest_of(dma);
	const uint32_t offset = at.raw - RAM_BASE;
	const uint32_t left = DMA_PAGE - at.raw % DMA_PAGE;

	assert_true(*length > 0);
	if (*length > left)
		*length = left;
	hide_slot(guest, slot);
	if (offset < net_ram_size) {
		guest->mapped[slot].at = offset;
		guest->mapped[slot].length = *length;
	}
	show_mapped(guest);
	return offset < net_ram_size ? guest->ram + offset : NULL;
}

static void unmap_all(void)
{
	for (unsigned n = 0; n < GUESTS; n++)
		for (unsigned slot = 0; slot < DMA_SLOTS; slot++)
			hide_slot(&guests[n], slot);
}

void preempt_hook(void)
{
	unmap_all();
	net_preempts++;
	if (!net_preempt || is_preempted)
		return;
	is_preempted = true;
	net_preempt();
	is_preempted = false;
	unmap_all();
}

/* The guest's own accesses are not the VMM's. */
void net_poke(struct net_guest *guest, uint32_t offset, const void *bytes, uint32_t length)
{
	assert_true(offset + length <= net_ram_size);
	show(guest, offset, length);
	memcpy(guest->ram + offset, bytes, length);
	hide(guest, offset, length);
	show_mapped(guest);
}

void net_peek(struct net_guest *guest, uint32_t offset, void *bytes, uint32_t length)
{
	assert_true(offset + length <= net_ram_size);
	show(guest, offset, length);
	memcpy(bytes, guest->ram + offset, length);
	hide(guest, offset, length);
	show_mapped(guest);
}

void net_poke16(struct net_guest *guest, uint32_t offset, uint32_t value)
{
	const uint16_t half = (uint16_t)value;

	net_poke(guest, offset, &half, 2);
}

uint32_t net_peek16(struct net_guest *guest, uint32_t offset)
{
	uint16_t half;

	net_peek(guest, offset, &half, 2);
	return half;
}

/* ---- time and wires -------------------------------------------------------------------------- */

static uint64_t get_now(const struct clock *clock)
{
	return net_now;
}

static uint64_t board_now(void)
{
	return net_now;
}

static void set_deadline(const struct clock *clock, struct device *dev, uint64_t when)
{
	dev->deadline_at = when;
}

static const struct clock net_clock = { get_now, set_deadline };

/** Deadlines are served by the VM's own thread, which is not running when it is preempted. */
static bool serve_deadlines(void)
{
	bool served = false;

	for (unsigned n = 0; n < GUESTS; n++) {
		struct device *dev = &guests[n].dev;

		if (dev->deadline_at > net_now)
			continue;
		dev->deadline_at = CLOCK_NEVER;
		dev->ops->deadline(dev);
		unmap_all();
		served = true;
	}
	return served;
}

void net_run(uint64_t ticks)
{
	const uint64_t end = net_now + ticks;

	while (net_now <= end) {
		uint64_t next = CLOCK_NEVER;

		while (serve_deadlines())
			;
		for (unsigned n = 0; n < GUESTS; n++)
			if (guests[n].dev.deadline_at < next)
				next = guests[n].dev.deadline_at;
		if (next > end)
			break;
		net_now = next;
	}
	net_now = end;
}

static void wire(void *sink, unsigned input, bool level)
{
	struct net_guest *guest = sink;

	guest->interrupts += level && !guest->level;
	guest->level = level;
}

int net_setup(void **state)
{
	net_now = 1000;
	net_preempt = NULL;
	net_preempts = 0;
	is_preempted = false;
	net_seed(1);
	switch_init(&net_switch, "lan0", board_now);
	for (unsigned n = 0; n < GUESTS; n++) {
		struct net_guest *guest = &guests[n];

		memset(guest, 0, sizeof(*guest));
		if (!ram[n])
			ram[n] = aligned_alloc(DMA_PAGE, GUEST_RAM);
		guest->ram = ram[n];
		ASAN_UNPOISON_MEMORY_REGION(guest->ram, net_ram_size);
		memset(guest->ram, 0, net_ram_size);
		ASAN_POISON_MEMORY_REGION(guest->ram, net_ram_size);
		guest->dma = (struct dma){ .map = map };
		guest->port = (struct port){ .ops = &virtio_net_port_ops,
					     .name = "guest",
					     .owner = &guest->dev,
					     .address = { 2, 0, 0, 0, 0, (uint8_t)(n + 1) } };
		guest->backend.port = &guest->port;
		guest->dev = (struct device){ .ops = &virtio_net_ops,
					      .state = calloc(1, virtio_net_ops.state_size),
					      .irq = { { wire, guest, 0 } },
					      .clock = &net_clock,
					      .backend = &guest->backend,
					      .dma = &guest->dma,
					      .deadline_at = CLOCK_NEVER,
					      .owner = "guest" };
		guest->dev.ops->reset(&guest->dev);
		assert_int_equal(switch_attach(&net_switch, &guest->port), STATUS_OK);
	}
	return 0;
}

int net_teardown(void **state)
{
	net_preempt = NULL;
	for (unsigned n = 0; n < GUESTS; n++) {
		free(guests[n].dev.state);
	}
	return 0;
}

/* ---- the driver ------------------------------------------------------------------------------ */

void net_reset(struct net_guest *guest)
{
	guest->dma.generation++;
	guest->dev.ops->reset(&guest->dev);
	unmap_all();
}

void net_write(struct net_guest *guest, uint32_t offset, uint32_t value)
{
	guest->dev.ops->write(&guest->dev, offset, value, 4);
	unmap_all();
}

#define AVAIL_AT(queue) (RING_AT(queue) + 0x1000u)
#define USED_AT(queue)  (RING_AT(queue) + 0x2000u)

void net_start(struct net_guest *guest, uint64_t features)
{
	static const uint8_t zeros[0x3000];

	net_write(guest, VIRTIO_MMIO_STATUS, 0);
	net_write(guest, VIRTIO_MMIO_STATUS, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
	for (unsigned half = 0; half < 2; half++) {
		net_write(guest, VIRTIO_MMIO_DRIVER_FEATURES_SEL, half);
		net_write(guest, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)(features >> 32 * half));
	}
	net_write(guest, VIRTIO_MMIO_STATUS,
		  VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_FEATURES_OK);
	for (unsigned queue = 0; queue < 2; queue++) {
		net_poke(guest, RING_AT(queue), zeros, sizeof(zeros));
		guest->avail[queue] = 0;
		guest->used_seen[queue] = 0;
		net_write(guest, VIRTIO_MMIO_QUEUE_SEL, queue);
		net_write(guest, VIRTIO_MMIO_QUEUE_NUM, QUEUE_MAX);
		net_write(guest, VIRTIO_MMIO_QUEUE_DESC_LOW, RAM_BASE + RING_AT(queue));
		net_write(guest, VIRTIO_MMIO_QUEUE_DRIVER_LOW, RAM_BASE + AVAIL_AT(queue));
		net_write(guest, VIRTIO_MMIO_QUEUE_DEVICE_LOW, RAM_BASE + USED_AT(queue));
		net_write(guest, VIRTIO_MMIO_QUEUE_READY, 1);
	}
	net_write(guest, VIRTIO_MMIO_STATUS,
		  VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_FEATURES_OK |
			  VIRTIO_STATUS_DRIVER_OK);
	guest->interrupts = 0;
}

void net_start_all(void)
{
	for (unsigned n = 0; n < GUESTS; n++)
		net_start(&guests[n], FEATURES_ALL);
}

uint32_t net_status(struct net_guest *guest)
{
	return guest->dev.ops->read(&guest->dev, VIRTIO_MMIO_STATUS, 4);
}

void net_descriptor(struct net_guest *guest, unsigned queue, unsigned n, uint32_t at,
		    uint32_t length, uint32_t flags, uint32_t next)
{
	const uint32_t words[4] = { at, 0, length, flags | next << 16 };

	net_poke(guest, RING_AT(queue) + n * VIRTQ_DESC_SIZE, words, sizeof(words));
}

void net_offer(struct net_guest *guest, unsigned queue, unsigned head)
{
	const uint32_t entry = guest->avail[queue]++ % QUEUE_MAX;

	net_poke16(guest, AVAIL_AT(queue) + VIRTQ_AVAIL_RING(entry), head);
	net_poke16(guest, AVAIL_AT(queue) + VIRTQ_AVAIL_IDX, guest->avail[queue]);
}

void net_kick(struct net_guest *guest, unsigned queue)
{
	net_write(guest, VIRTIO_MMIO_QUEUE_NOTIFY, queue);
}

bool net_used(struct net_guest *guest, unsigned queue, uint32_t *head, uint32_t *length)
{
	const uint32_t entry = guest->used_seen[queue] % QUEUE_MAX;

	if (net_peek16(guest, USED_AT(queue) + VIRTQ_USED_IDX) == guest->used_seen[queue])
		return false;
	guest->used_seen[queue]++;
	/* used_event: tell of the next one */
	net_poke16(guest, AVAIL_AT(queue) + VIRTQ_USED_EVENT(QUEUE_MAX), guest->used_seen[queue]);
	net_peek(guest, USED_AT(queue) + VIRTQ_USED_RING(entry), head, 4);
	net_peek(guest, USED_AT(queue) + VIRTQ_USED_RING(entry) + 4, length, 4);
	return true;
}

void net_post(struct net_guest *guest, unsigned n, uint32_t size)
{
	net_descriptor(guest, VIRTIO_NET_QUEUE_RX, n, RAM_BASE + BUFFERS_AT + n * 4096u, size,
		       VIRTQ_DESC_F_WRITE, 0);
	net_offer(guest, VIRTIO_NET_QUEUE_RX, n);
}

void net_post_many(struct net_guest *guest, unsigned count, uint32_t size)
{
	for (unsigned n = 0; n < count; n++)
		net_post(guest, n, size);
	net_kick(guest, VIRTIO_NET_QUEUE_RX);
}

void net_send(struct net_guest *guest, const uint8_t *header, const uint8_t *frame, uint32_t length,
	      uint32_t piece)
{
	uint32_t at = net_ram_size / 2 + 2; /* as Linux has it, so that IP is at a multiple of 4 */
	unsigned n = 0;

	net_poke(guest, at, header, VIRTIO_NET_HEADER);
	net_poke(guest, at + VIRTIO_NET_HEADER, frame, length);
	length += VIRTIO_NET_HEADER;
	for (; length; n++) {
		const uint32_t part = length < piece ? length : piece;

		length -= part;
		net_descriptor(guest, VIRTIO_NET_QUEUE_TX, n, RAM_BASE + at, part,
			       length ? VIRTQ_DESC_F_NEXT : 0, n + 1);
		at += part;
	}
	assert_true(n <= QUEUE_MAX);
	net_offer(guest, VIRTIO_NET_QUEUE_TX, 0);
	net_kick(guest, VIRTIO_NET_QUEUE_TX);
}

bool net_is_sent(struct net_guest *guest)
{
	uint32_t head, length;

	return net_used(guest, VIRTIO_NET_QUEUE_TX, &head, &length);
}

uint32_t net_receive(struct net_guest *guest, uint8_t *header, uint8_t *frame)
{
	uint32_t head, length, total, size;

	if (!net_used(guest, VIRTIO_NET_QUEUE_RX, &head, &length))
		return 0;
	assert_true(length > VIRTIO_NET_HEADER);
	net_peek(guest, BUFFERS_AT + head * 4096u, header, VIRTIO_NET_HEADER);
	total = length - VIRTIO_NET_HEADER;
	net_peek(guest, BUFFERS_AT + head * 4096u + VIRTIO_NET_HEADER, frame, total);
	for (unsigned more = header[VIRTIO_NET_HDR_BUFFERS]; more > 1; more--) {
		net_peek(guest, RING_AT(VIRTIO_NET_QUEUE_RX) + head * VIRTQ_DESC_SIZE + 8, &size,
			 sizeof(size));
		assert_int_equal(length, size);
		assert_true(net_used(guest, VIRTIO_NET_QUEUE_RX, &head, &length));
		net_peek(guest, BUFFERS_AT + head * 4096u, frame + total, length);
		total += length;
	}
	return total;
}

/* ---- frames ---------------------------------------------------------------------------------- */

void net_make(uint8_t *frame, uint32_t length, unsigned from, unsigned to)
{
	for (uint32_t n = 0; n < length; n++)
		frame[n] = (uint8_t)xorshift32(&seed);
	memcpy(frame, guests[to].port.address, MAC_LENGTH);
	memcpy(frame + 6, guests[from].port.address, MAC_LENGTH);
	put_be16(frame + 12, 0x88b5); /* for experiments */
}

void net_make_tcp(uint8_t *header, uint8_t *frame, uint32_t length, unsigned from, unsigned to,
		  uint32_t segment_size)
{
	net_make(frame, length, from, to);
	put_be16(frame + 12, 0x0800);
	frame[14] = 0x45;
	put_be16(frame + 16, length - 14);
	put_be16(frame + 20, 0x4000);
	frame[23] = 6;
	frame[46] = 0x50;
	memset(header, 0, VIRTIO_NET_HEADER);
	header[VIRTIO_NET_HDR_FLAGS] = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	header[VIRTIO_NET_HDR_GSO_TYPE] = segment_size ? VIRTIO_NET_HDR_GSO_TCPV4 : 0;
	header[VIRTIO_NET_HDR_LENGTH] = 54;
	header[VIRTIO_NET_HDR_GSO_SIZE] = (uint8_t)segment_size;
	header[VIRTIO_NET_HDR_GSO_SIZE + 1] = (uint8_t)(segment_size >> 8);
	header[VIRTIO_NET_HDR_CSUM_START] = 34;
	header[VIRTIO_NET_HDR_CSUM_OFFSET] = 16;
}

const uint8_t net_plain[VIRTIO_NET_HEADER];
uint8_t net_header[VIRTIO_NET_HEADER], net_sent[FRAME_TSO_MAX], net_got[FRAME_TSO_MAX];

static unsigned number_of(const struct net_guest *guest)
{
	return (unsigned)(guest - guests);
}

/** Headers of the piece of `net_sent` with @p length bytes of payload from @p cut on. */
static void check_piece(const uint8_t *got, uint32_t cut, uint32_t length, uint32_t flags)
{
	assert_memory_equal(got, net_sent, 16);
	assert_int_equal(get_be16(got + 16), 40 + length);
	assert_int_equal(get_be16(got + 18), (uint16_t)(get_be16(net_sent + 18) + (cut != 0)));
	assert_memory_equal(got + 20, net_sent + 20, 4);
	assert_int_equal(inet_checksum(got + 14, 20, 0), 0);
	assert_memory_equal(got + 26, net_sent + 26, 12);
	assert_int_equal(get_be32(got + 38), (uint32_t)(get_be32(net_sent + 38) + cut));
	assert_memory_equal(got + 42, net_sent + 42, 5);
	assert_int_equal(got[47], net_sent[47] & flags);
	assert_memory_equal(got + 48, net_sent + 48, 2);
	assert_int_equal(get_be16(got + 50), tcp_pseudo_sum(net_sent + 14, 20 + length));
	assert_memory_equal(got + 52, net_sent + 52, 2);
	assert_memory_equal(got + 54, net_sent + 54 + cut, length);
}

#define TCP_CWR     0x80u
#define TCP_FIN_PSH 0x09u

uint32_t net_receive_divided(struct net_guest *guest, uint32_t length)
{
	static const uint8_t of_lead[VIRTIO_NET_HEADER] = { [VIRTIO_NET_HDR_FLAGS] =
								    VIRTIO_NET_HDR_F_NEEDS_CSUM,
							    [VIRTIO_NET_HDR_CSUM_START] = 34,
							    [VIRTIO_NET_HDR_CSUM_OFFSET] = 16,
							    [VIRTIO_NET_HDR_BUFFERS] = 1 };
	const uint32_t lead = net_receive(guest, net_header, net_got) - 54;

	assert_in_range(lead, 1, 3);
	assert_memory_equal(net_header, of_lead, sizeof(of_lead));
	check_piece(net_got, 0, lead, ~TCP_FIN_PSH);
	assert_int_equal(net_receive(guest, net_header, net_got), length - lead);
	check_piece(net_got, lead, length - 54 - lead, ~TCP_CWR);
	return lead;
}

void net_send_plain(struct net_guest *from, struct net_guest *to, uint32_t length)
{
	net_make(net_sent, length, number_of(from), number_of(to));
	net_send(from, net_plain, net_sent, length, 4096);
}

void net_send_tcp(struct net_guest *from, struct net_guest *to, uint32_t length,
		  uint32_t segment_size)
{
	net_make_tcp(net_header, net_sent, length, number_of(from), number_of(to), segment_size);
	net_send(from, net_header, net_sent, length, 4096);
}
