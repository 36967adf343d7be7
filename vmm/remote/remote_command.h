/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What guests do to windows of other boards, on its way from the VM's thread (vmm/remote/remote_access.c) to the
 * protocol (vmm/remote/remote_command.c): one access of each window that a VM waits for, and a queue of each
 * other board's, in order. For these two and vmm/remote/remote_window.c, which makes the windows.
 */
#ifndef VMM_REMOTE_REMOTE_COMMAND_H
#define VMM_REMOTE_REMOTE_COMMAND_H

#include "devemu/remote.h"
#include "net/remote/client.h"
#include "vmm/config/vm_config.h"

#define REMOTE_COMMANDS  128u /* of VMs for one other board; a power of two */
#define REMOTE_BLOCK_MAX 16u  /* words of an LDM or STM */

/** How far the access is that a VM waits for. */
enum remote_progress {
	REMOTE_FREE,  /* there is none */
	REMOTE_ASKED, /* in the queue */
	REMOTE_HELD,  /* there is no session now: it waits for one */
	REMOTE_BEGUN, /* the protocol has it */
	REMOTE_DONE,  /* there is a result */
};

/** What a guest has done to a window. */
struct remote_command {
	struct remote_window *window;
	uint32_t offset;
	uint32_t value;
	uint8_t size;
	uint8_t words; /* 0: one access of that size; else of words in window->block */
	bool is_write;
	bool is_posted; /* nobody waits */
};

/**
 * An LDM or STM, or its words in one page, of which a model sees word by word: how many, and how many
 * are to come. It is known by the guest's address of its first word.
 */
struct remote_block {
	uint32_t va;
	uint32_t next; /* offset */
	uint8_t words, left;
	uint32_t value[REMOTE_BLOCK_MAX];
};

struct vm;

struct remote_window {
	struct remote_backend backend; /* first: the two are one pointer */
	struct client_window client;
	struct client_op op;
	struct remote_card *card; /* what is known of it, or NULL */
	struct remote_uart *uart; /* the same */
	struct vm *vm;
	struct device *dev;
	const struct remote_window_config *config;
	uint32_t base;              /* GPA */
	struct remote_window *next; /* of the same peer */

	/* The VM's thread and the station's. */
	enum remote_progress progress;
	struct remote_command command; /* what it waits for */
	struct remote_block block;
	uint64_t deadline; /* of that */
	enum remote_result result;
	bool is_void;               /* the VM has begun anew: nobody waits any more */
	bool wants_room;            /* in the queue */
	bool is_attached;           /* the protocol knows of it */
	volatile uint32_t *display; /* what is behind it here, and the guest reads; or NULL */
	uint8_t colours;            /* of an LCD controller: how they lie, */
	bool wants_colours;         /* ... which is to be told */
	bool wants_lines;           /* the VM has begun anew: their levels are to be told again */
};

/** What VMs have done to windows of one other board, in order. */
struct remote_queue {
	struct remote_command *command;
	uint32_t first, count;
	struct remote_window *windows;
	bool is_news;  /* about one of the windows: look_after() */
	uint32_t lost; /* posted writes for which there was no session */
};

void remote_queues_init(unsigned peer_count);
struct remote_queue *remote_queue_of(const struct remote_window *window);
struct remote_queue *remote_queue_get(unsigned peer);
void remote_queue_news(const struct remote_window *window);
void remote_queue_empty(struct remote_queue *queue, uint64_t now);
bool remote_command_begin(struct remote_window *window, const struct remote_command *command,
			  uint64_t now);
void remote_command_finish(struct remote_window *window, enum remote_result result);

/* What guests do. */
void remote_access_sleep(struct vm *vm);
uint32_t remote_access_read(const struct remote_backend *backend, uint32_t offset, unsigned size);
void remote_access_write(const struct remote_backend *backend, uint32_t offset, unsigned size,
			 uint32_t value);
uint32_t remote_access_read_lcd(const struct remote_backend *backend, uint32_t offset,
				unsigned size);
void remote_access_write_lcd(const struct remote_backend *backend, uint32_t offset, unsigned size,
			     uint32_t value);

#endif
