/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/remote/remote_near.h"

#include "arch/arm/user_access.h"
#include "vmm/lib/bits.h"
#include "vmm/remote/remote_card.h"
#include "vmm/remote/remote_command.h"
#include "vmm/vm.h"

/* LDR and STR of a word (ARM ARM, A5.2): rd, which is all that may differ, and rn. */
#define RD_MASK     0x0000f000u
#define RD_LOW      12u
#define RN_LOW      16u
#define PC          15u
#define PAGE_MIN    1024u /* the smallest page: what is behind it may be another one */
#define RUN_MAX     8u    /* words in a trap */
#define PC_TO_LR    8u    /* what the core adds for a data abort (ARM ARM, A2.6.6) */
#define INSN_LENGTH 4u

/** Loads or stores that follow each other and differ in their register only. */
struct run {
	struct trap_frame *frame;
	uint32_t pc;   /* of the last one that was carried out */
	uint32_t word; /* the first one */
	uint32_t used; /* bit n: register n cannot be loaded any more */
	unsigned left;
};

static unsigned rd_of(uint32_t word)
{
	return bits(word, RD_LOW + 3u, RD_LOW);
}

/**
 * The instruction that is being carried out, which fast_mmio.S has read and taken for an LDR or STR of a
 * word, with the pc in its frame: so what is in the same page can be read, too.
 */
static struct run run_begin(struct remote_window *window)
{
	struct trap_frame *const frame = &window->vm->vcpu.frame;
	const uint32_t pc = frame->exc_lr - PC_TO_LR, word = user_fetch(pc);
	const unsigned base = bits(word, RN_LOW + 3u, RN_LOW);

	return (struct run){ .frame = frame,
			     .pc = pc,
			     .word = word,
			     .used = BIT(rd_of(word)) | BIT(base) | BIT(PC),
			     .left = rd_of(word) == base ? 0 : RUN_MAX - 1u };
}

/** The register of the next instruction, if it goes on with the run; else PC. */
static unsigned run_next(struct run *run)
{
	uint32_t word;

	if (!run->left-- || (run->pc + INSN_LENGTH) % PAGE_MIN == 0)
		return PC;
	word = user_fetch(run->pc + INSN_LENGTH);
	return (word ^ run->word) & ~RD_MASK ? PC : rd_of(word);
}

/** What was carried out beside the first one is behind the guest. */
static void run_end(const struct run *run)
{
	run->frame->exc_lr = run->pc + PC_TO_LR;
}

static struct remote_window *window_of(const struct device *dev)
{
	return (struct remote_window *)(uintptr_t)dev->backend;
}

static bool is_fifo(uint32_t offset)
{
	return offset >= PL181_FIFO && offset < PL181_FIFO_END;
}

/** Loads the registers of the instructions behind this one, while there is something to load. */
static void read_run(struct remote_window *window, struct pl181_front *front)
{
	struct run run = run_begin(window);

	while (front->count) {
		const unsigned rd = run_next(&run);

		if (bit(run.used, rd))
			break;
		run.used |= BIT(rd);
		run.frame->r[rd] = pl181_front_read_fifo(front);
		run.pc += INSN_LENGTH;
	}
	run_end(&run);
}

static uint32_t near_read(struct device *dev, uint32_t offset, unsigned size)
{
	struct remote_window *const window = window_of(dev);
	struct pl181_front *const front = &window->card->front;
	uint32_t value;

	if (is_fifo(offset)) {
		value = pl181_front_read_fifo(front);
		read_run(window, front);
	} else {
		value = pl181_front_read(front, offset);
	}
	if (pl181_front_has_job(front))
		remote_queue_news(window);
	return value;
}

/** Stores those of the instructions behind this one, while there is room. */
static void write_run(struct remote_window *window, struct pl181_front *front)
{
	struct run run = run_begin(window);

	while (pl181_front_has_room(front, PL181_FIFO_WORDS / 2u)) {
		const unsigned rd = run_next(&run);

		if (rd == PC)
			break;
		pl181_front_write_fifo(front, run.frame->r[rd]);
		run.pc += INSN_LENGTH;
	}
	run_end(&run);
}

static void near_write(struct device *dev, uint32_t offset, uint32_t value, unsigned size)
{
	struct remote_window *const window = window_of(dev);
	struct pl181_front *const front = &window->card->front;

	if (is_fifo(offset)) {
		pl181_front_write_fifo(front, value);
		write_run(window, front);
	} else {
		pl181_front_write(front, offset, value);
	}
	if (pl181_front_has_job(front))
		remote_queue_news(window);
}

static const struct device_ops near_ops = { .read = near_read, .write = near_write };

/** Once it is known that there is an agent, the front end has these registers for good. */
const struct device_ops *remote_near(const struct remote_backend *backend, uint32_t offset)
{
	const struct remote_window *const window = (const struct remote_window *)backend;

	return remote_card_has(window->card, offset) ? &near_ops : NULL;
}
