/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/remote/remote_memory.h"

#include "arch/arm/cache.h"
#include "arch/arm/mmu.h"
#include "devemu/remote.h"
#include "domain/shadow_track.h"
#include "net/remote/peer.h"
#include "vmm/lib/bits.h"
#include "vmm/lib/copy.h"
#include "vmm/lib/heap.h"
#include "vmm/remote/peers.h"
#include "vmm/remote/remote_command.h"
#include "vmm/run.h"
#include "vmm/remote/station.h"
#include "vmm/vm.h"
#include "vmm/vm_devices.h"

#define PERIOD (CLOCK_HZ / 25u) /* between two collections */
#define PIECE  1368u            /* bytes of a page in one frame: it is three */

_Static_assert(PIECE % 4 == 0 && PIECE <= REMOTE_DATA_MAX, "an operation of words");

struct remote_memory {
	struct remote_memory_backend backend; /* first: the two are one pointer */
	struct mem_tracker tracker;
	struct client_window client;
	struct vm *vm;
	struct device *dev;
	struct mem_region region;
	struct remote_memory *next; /* of the same peer */
	bool is_attached;
	bool is_waited_for; /* the VM's thread sleeps until all is sent */

	uint32_t *touched; /* bit n: page n is not what it was at the start of both boards */
	uint32_t *to_send; /* bit n: ... not what the other board has */
	unsigned touched_count;
	unsigned left; /* pages to send, with that of which a part is sent */
	unsigned page; /* the one that is being sent, or after which the next one is looked for, */
	uint32_t sent; /* ... and how much of it; 0: none is */
};

static struct remote_memory *memories[CONFIG_PEERS_MAX];

static unsigned words_of(const struct remote_memory *memory)
{
	return (memory->region.size / TRACKED_PAGE + 31u) / 32u;
}

static void mark(struct remote_memory *memory, unsigned page)
{
	if (!bit(memory->to_send[page / 32], page % 32))
		memory->left++;
	memory->to_send[page / 32] |= BIT(page % 32);
}

/** Whether the other board lacks something that it will get. */
static bool has_news(const struct remote_memory *memory)
{
	if (memory->client.is_open)
		return memory->left != 0;
	/* Whatever it says instead of opening the window, it will not say anything else. */
	return memory->client.refusal == REMOTE_DOWN && memory->touched_count != 0;
}

/** Whether it may get it in this session. */
static bool is_to_come(const struct remote_memory *memory)
{
	return memory->client.peer && memory->client.peer->session.is_up && has_news(memory);
}

static void wake_vm(struct remote_memory *memory)
{
	if (!memory->is_waited_for || is_to_come(memory))
		return;
	memory->is_waited_for = false;
	run_set_ready(memory->vm, true);
}

/* ---- on the VM's thread ------------------------------------------------------------------------ */

static struct remote_memory *memory_of(struct mem_tracker *tracker)
{
	return (struct remote_memory *)((char *)tracker - offsetof(struct remote_memory, tracker));
}

/** Carries a store out, as the guest would: its line at that address must be fetched anew. */
static void store(struct remote_memory *memory, uint32_t offset, uint32_t va, unsigned size,
		  uint32_t value)
{
	const uint32_t in_page = offset % TRACKED_PAGE;
	uint8_t *const page = mmu_guest_window(hpa(memory->region.hpa.raw + (offset - in_page)));

	cache_clean_invalidate_d_line(va & ~(CACHE_LINE - 1u));
	copy_bytes(page + in_page, &value, size);
}

/**
 * A store to a page that is closed, or that the guest has no entry for; those that follow are its own.
 * Of a byte or a halfword the offset is that of its word: its place in it is that of the address found.
 */
static void memory_write(const struct remote_memory_backend *backend, uint32_t offset,
			 unsigned size, uint32_t value)
{
	struct remote_memory *const memory = (struct remote_memory *)(uintptr_t)backend;
	const struct clock *const clock = memory->dev->clock;
	struct vcpu *const vcpu = &memory->vm->vcpu;
	struct guest_translation t = vcpu->found.t;
	const uint32_t page = offset / TRACKED_PAGE;
	const unsigned lane = vcpu->found.va & (4u - size);
	const uint32_t va = vcpu->found.va + (memory->region.base + offset + lane - t.gpa.raw);

	t.gpa = gpa(memory->region.base + offset);
	store(memory, offset + lane, va, size, value >> 8u * lane);
	memory->touched_count += !bit(memory->touched[page / 32], page % 32);
	memory->touched[page / 32] |= BIT(page % 32);
	(void)shadow_track_open(&memory->vm->shadow, &memory->tracker, va, &t);
	if (memory->dev->deadline_at == CLOCK_NEVER) /* else there is a collection soon */
		clock->set_deadline(clock, memory->dev, clock->now(clock) + PERIOD);
}

static void page_was_open(struct mem_tracker *tracker, unsigned page)
{
	mark(memory_of(tracker), page);
}

static void collect(struct remote_memory *memory)
{
	shadow_track_close(&memory->vm->shadow, &memory->tracker, page_was_open);
	if (memory->left)
		station_wake();
}

/** The next collection, once all of the last one is sent. */
static void memory_deadline(const struct remote_memory_backend *backend)
{
	struct remote_memory *const memory = (struct remote_memory *)(uintptr_t)backend;
	const struct clock *const clock = memory->dev->clock;

	if (memory->client.is_open && memory->left)
		clock->set_deadline(clock, memory->dev, clock->now(clock) + PERIOD);
	else
		collect(memory);
}

/** What is in memory stays, as over a reset of the board. */
static void memory_reset(const struct remote_memory_backend *backend)
{
	struct remote_memory *const memory = (struct remote_memory *)(uintptr_t)backend;

	memory->is_waited_for = false;
	collect(memory);
}

/**
 * Waits until the other board has what the VM has written to memory of its. Without a session there is
 * nothing to wait for: what begins with the next one waits for that itself.
 */
void remote_memory_flush(struct vm *vm, unsigned peer)
{
	for (struct remote_memory *m = memories[peer]; m; m = m->next) {
		if (m->vm != vm)
			continue;
		collect(m);
		while (is_to_come(m)) {
			m->is_waited_for = true;
			remote_access_sleep(vm);
		}
		m->is_waited_for = false;
	}
}

/* ---- on the station's thread ------------------------------------------------------------------- */

/** A new session: the other board may have begun with zeros. An old one is over. */
static void window_changed(struct client_window *client)
{
	struct remote_memory *const memory = client->owner;

	memory->left = client->is_open ? memory->touched_count : 0;
	memory->sent = 0;
	for (unsigned i = 0; i < words_of(memory); i++)
		memory->to_send[i] = client->is_open ? memory->touched[i] : 0;
	station_wake();
}

static const struct client_window_ops window_ops = { .changed = window_changed };

/** The next page to send; there is one. */
static unsigned next_page(const struct remote_memory *memory)
{
	unsigned word = memory->page / 32u;
	uint32_t bits = memory->to_send[word] & ~(BIT(memory->page % 32u) - 1u);

	while (!bits) {
		word = (word + 1u) % words_of(memory);
		bits = memory->to_send[word];
	}
	return word * 32u + (unsigned)__builtin_ctz(bits);
}

/** Sends a piece of a page; false: there is no room now. */
static bool send_piece(struct remote_memory *memory, uint64_t now)
{
	struct client_transfer transfer = { .width = 4 };
	const uint8_t *bytes;
	uint32_t length;

	if (!memory->sent)
		memory->page = next_page(memory);
	length = TRACKED_PAGE - memory->sent < PIECE ? TRACKED_PAGE - memory->sent : PIECE;
	transfer.offset = memory->page * TRACKED_PAGE + memory->sent;
	transfer.count = length / 4u;
	bytes = mmu_guest_window(hpa(memory->region.hpa.raw + memory->page * TRACKED_PAGE));
	if (client_write_multi(&memory->client, NULL, &transfer, bytes + memory->sent, now) !=
	    REMOTE_OK)
		return false;
	/* What is written from now on, is sent once more. */
	if (!memory->sent)
		memory->to_send[memory->page / 32u] &= ~BIT(memory->page % 32u);
	memory->sent += length;
	if (memory->sent == TRACKED_PAGE) {
		memory->sent = 0;
		memory->left--;
	}
	return true;
}

/**
 * Sends what there is room for, a piece at a time: others come in between. The VM need not wait any more
 * if the session is over, which a window that was not open is not told.
 */
void remote_memory_run(unsigned peer, uint64_t now)
{
	for (struct remote_memory *m = memories[peer]; m; m = m->next) {
		if (!m->is_attached) {
			client_attach(peers_get(peer), &m->client);
			m->is_attached = true;
		}
		if (m->client.is_open && m->left && send_piece(m, now)) {
			if (m->left)
				station_wake();
			else
				client_push(m->client.peer, now);
		}
		wake_vm(m);
	}
}

/** Whether the VM has written what is not sent yet: a register that waited for a session goes on waiting. */
bool remote_memory_waits(const struct vm *vm, unsigned peer)
{
	for (const struct remote_memory *m = memories[peer]; m; m = m->next)
		if (m->vm == vm && has_news(m))
			return true;
	return false;
}

/* ---- making them ------------------------------------------------------------------------------- */

static uint32_t bits_size(unsigned pages)
{
	return align_up((pages + 31u) / 32u * 4u, HEAP_ALIGN);
}

/** What remote_memory_make() takes. */
uint32_t remote_memory_heap_size(const struct window_config *place)
{
	const unsigned pages = place->size / TRACKED_PAGE;

	return align_up((uint32_t)sizeof(struct remote_memory), HEAP_ALIGN) +
	       3u * bits_size(pages) + align_up(pages * 4u, HEAP_ALIGN);
}

/** Makes the last part of the VM's memory another board's window. */
bool remote_memory_make(struct vm *vm, const struct window_config *place,
			const struct remote_window_config *config)
{
	struct remote_memory *const memory = heap_alloc(sizeof(*memory));
	struct mem_region *const ram = &vm->mem.region[vm->mem.ram];
	const unsigned pages = place->size / TRACKED_PAGE;

	memory->backend = (struct remote_memory_backend){ .write = memory_write,
							  .reset = memory_reset,
							  .deadline = memory_deadline };
	memory->tracker = (struct mem_tracker){ .region = &memory->region,
						.open = heap_alloc(bits_size(pages)),
						.writer = heap_alloc(pages * 4u) };
	memory->touched = heap_alloc(bits_size(pages));
	memory->to_send = heap_alloc(bits_size(pages));
	memory->client =
		(struct client_window){ .name = config->name, .ops = &window_ops, .owner = memory };
	memory->vm = vm;
	memory->region = (struct mem_region){ .base = place->base,
					      .size = place->size,
					      .kind = MEM_READ_DIRECT,
					      .hpa = mem_region_hpa(ram, gpa(place->base)) };
	ram->size = place->base - ram->base;
	memory->dev = vm_device_add_memory(vm, &remote_memory_ops, &memory->region);
	if (!memory->dev)
		return false;
	memory->dev->backend = &memory->backend;
	memory->dev->dma = &vm->dma; /* its deadline is the VM's own work */
	memory->next = memories[config->peer];
	memories[config->peer] = memory;
	return true;
}

/** The VM, which is off, is taken apart. */
void remote_memory_detach(const struct vm *vm)
{
	for (unsigned n = 0; n < CONFIG_PEERS_MAX; n++) {
		struct remote_memory **at = &memories[n];

		while (*at) {
			struct remote_memory *const memory = *at;

			if (memory->vm != vm) {
				at = &memory->next;
				continue;
			}
			if (memory->is_attached)
				client_detach(&memory->client);
			*at = memory->next;
		}
	}
}
