/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the station's thread does for the windows of VMs: what there was no room for is told the other board
 * when there is some, though the guest does nothing meanwhile but wait.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "devemu/pl011_regs.h"
#include "net/remote/peer.h"
#include "vmm/lib/heap.h"
#include "vmm/remote/peers.h"
#include "vmm/remote/remote_command.h"
#include "vmm/remote/remote_memory.h"
#include "vmm/remote/remote_uart.h"
#include "vmm/remote/remote_window.h"
#include "vmm/vm.h"

#include <stdlib.h>

static struct remote_queue queue;
static struct peer peer;
static struct vm vm;
static struct device dev;
static bool has_room;
static unsigned calls;
static struct client_op *called;

/* ---- what is around it ------------------------------------------------------------------------- */

enum remote_result client_call(struct client_window *window, struct client_op *op, const void *in,
			       uint32_t length, void *out, uint32_t room, uint64_t now)
{
	if (!has_room)
		return REMOTE_BUSY;
	calls++;
	called = op;
	return REMOTE_OK;
}

void client_attach(struct peer *to, struct client_window *window)
{
	window->peer = to;
}

struct remote_queue *remote_queue_get(unsigned n)
{
	return &queue;
}

void remote_queue_news(const struct remote_window *window)
{
	queue.is_news = true;
}

void remote_memory_run(unsigned n, uint64_t now)
{
}

struct peer *peers_get(unsigned n)
{
	return &peer;
}

void *heap_alloc(size_t size)
{
	return calloc(1, size);
}

/* ---- the test ---------------------------------------------------------------------------------- */

static void a_uarts_job_is_told_when_there_is_room(void **state)
{
	static const struct window_config config;
	static const struct remote_window_config remote = { .is_uart = true };
	struct remote_window *window;

	remote_window_make(&vm, &dev, &config, &remote);
	window = queue.windows;
	assert_int_equal(remote_windows_run(0, 1), REMOTE_NEVER);
	window->client.is_open = true;
	window->client.capabilities.agent = REMOTE_AGENT_PL011;
	window->client.ops->changed(&window->client);

	/* Others have all the room. */
	for (uint64_t now = 2; now < 6; now++)
		(void)remote_windows_run(0, now);
	assert_int_equal(calls, 0);
	assert_true(remote_windows_wait(0));
	has_room = true;
	(void)remote_windows_run(0, 6);
	assert_int_equal(calls, 1);

	/* One at a time, and none when there is nothing to tell. */
	(void)remote_windows_run(0, 7);
	assert_int_equal(calls, 1);
	called->done(called, REMOTE_OK);
	(void)remote_windows_run(0, 8);
	(void)remote_windows_run(0, 9);
	assert_int_equal(calls, 1);
	assert_false(remote_windows_wait(0));
	free(window->uart);
	free(window);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_uarts_job_is_told_when_there_is_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
