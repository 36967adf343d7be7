/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/remote/remote_near.h"

#include "arch/arm/psr.h"
#include "arch/arm/user_access.h"
#include "vmm/lib/bits.h"
#include "vmm/remote/remote_card.h"
#include "vmm/remote/remote_command.h"
#include "vmm/vm.h"

/*
 * LDR and STR of a word (ARM ARM, A5.2): rd, which is all that may differ, and rn. And what a loop of them
 * has beside them: a count (SUBS), memory (LDMIA, STMIA with write-back), and the way back (BPL).
 */
#define RD_MASK     0x0000f000u
#define RD_LOW      12u
#define RN_LOW      16u
#define PC          15u
#define SUBS_MASK   0xfff00f00u
#define SUBS        0xe2500000u
#define MEMORY_MASK 0xfff00000u
#define LDMIA       0xe8b00000u
#define STMIA       0xe8a00000u
#define BPL_MASK    0xff000000u
#define BPL         0x5a000000u
#define PAGE_MIN    1024u /* the smallest page: what is behind it may be another one */
#define WORDS_MAX   8u    /* in a trap, in which nobody else is let in */
#define STEPS_MAX   14u   /* of a loop, beside them; each register of an LDM or STM is one, too */
#define LIST_MAX    8u    /* registers of an LDM or STM */
#define CODE_WORDS  12u   /* read at once: a loop, from a little before its first load or store */
#define CODE_BEFORE 4u
#define PC_TO_LR    8u /* what the core adds for a data abort (ARM ARM, A2.6.6) */
#define INSN_LENGTH 4u

/** Loads or stores that follow each other and differ in their register only, and the loop they are in. */
struct run {
	struct trap_frame *frame;
	uint32_t pc;   /* of the last one that was carried out */
	uint32_t word; /* the first one */
	unsigned base; /* its address's register: none that is loaded */
	unsigned steps;
	bool has_psr;  /* the frame's flags are the ones that count */
	uint32_t from; /* where the code begins that is here; in the page of the first one */
	unsigned code_count;
	uint32_t code[CODE_WORDS];
	uint32_t value[WORDS_MAX]; /* that go to the FIFO */
};

static unsigned rd_of(uint32_t word)
{
	return bits(word, RD_LOW + 3u, RD_LOW);
}

static unsigned rn_of(uint32_t word)
{
	return bits(word, RN_LOW + 3u, RN_LOW);
}

/** An instruction word of the page. */
static uint32_t fetch(const struct run *run, uint32_t pc)
{
	const uint32_t n = (pc - run->from) / INSN_LENGTH;

	return n < run->code_count ? run->code[n] : user_fetch(pc);
}

/**
 * The instruction that is being carried out, which fast_mmio.S has read and taken for an LDR or STR of a
 * word, with the pc in its frame: so what is in the same page can be read, too.
 */
static void run_begin(struct run *run, struct remote_window *window)
{
	struct trap_frame *const frame = &window->vm->vcpu.frame;
	const uint32_t pc = frame->exc_lr - PC_TO_LR;
	const uint32_t before = pc % PAGE_MIN / INSN_LENGTH;
	const uint32_t left = (PAGE_MIN - pc % PAGE_MIN) / INSN_LENGTH;

	run->frame = frame;
	run->pc = pc;
	run->steps = 0;
	run->from = pc - INSN_LENGTH * (before < CODE_BEFORE ? before : CODE_BEFORE);
	run->code_count = (pc - run->from) / INSN_LENGTH + left;
	if (run->code_count > CODE_WORDS)
		run->code_count = CODE_WORDS;
	run->has_psr = !near_load_words(frame, run->from, run->code, run->code_count);
	if (run->has_psr)
		run->code_count = 0;
	run->word = fetch(run, pc);
	run->base = rn_of(run->word);
}

/** SUBS rd, rn, #n (ARM ARM, A4.1.106). */
static bool step_count(struct run *run, uint32_t word)
{
	const uint32_t a = run->frame->r[rn_of(word)], b = word & 0xffu, result = a - b;
	uint32_t flags = result & PSR_N;

	if (rd_of(word) == PC || rn_of(word) == PC || rd_of(word) == run->base)
		return false;
	flags |= result ? 0 : PSR_Z;
	flags |= a >= b ? PSR_C : 0;
	flags |= (a & ~result) >> 31 ? PSR_V : 0;
	run->frame->r[rd_of(word)] = result;
	run->frame->cpsr = (run->frame->cpsr & ~(PSR_N | PSR_Z | PSR_C | PSR_V)) | flags;
	return true;
}

/** LDMIA or STMIA rn!, as the guest would: false if it would be aborted, and nothing was done. */
static bool step_memory(struct run *run, uint32_t word, bool is_load)
{
	uint32_t *const r = run->frame->r, at = r[rn_of(word)], value[LIST_MAX], *v = value;
	const uint32_t list = word & 0xffffu;
	unsigned count = 0;

	if (bit(list, PC) || bit(list, rn_of(word)) || rn_of(word) == PC ||
	    rn_of(word) == run->base || (is_load && bit(list, run->base)))
		return false;
	for (uint32_t left = list; left; left &= left - 1u)
		count++;
	run->steps += count;
	if (!count || count > LIST_MAX || run->steps > STEPS_MAX || at % 4u ||
	    at % PAGE_MIN + 4u * count > PAGE_MIN)
		return false;
	if (is_load) {
		if (!near_load_words(run->frame, at, value, count))
			return false;
		for (uint32_t left = list; left; left &= left - 1u)
			r[__builtin_ctz(left)] = *v++;
	} else {
		for (uint32_t left = list; left; left &= left - 1u)
			*v++ = r[__builtin_ctz(left)];
		if (!near_store_words(run->frame, at, value, count))
			return false;
	}
	r[rn_of(word)] = at + 4u * count;
	return true;
}

/** The way back, in the same page: false if there is none. */
static bool step_back(struct run *run, uint32_t word)
{
	const uint32_t offset = (word & 0x00ffffffu) << 2 | (bit(word, 23) ? 0xfc000000u : 0u);
	const uint32_t to = run->pc + INSN_LENGTH + PC_TO_LR + offset;

	if (run->frame->cpsr & PSR_N || (to ^ run->pc) >= PAGE_MIN)
		return false;
	run->pc = to - 2u * INSN_LENGTH;
	return true;
}

/** Carries out an instruction of the loop that is no load or store of the FIFO's. */
static bool step(struct run *run, uint32_t word)
{
	if (run->steps >= STEPS_MAX)
		return false;
	run->steps++;
	if ((word & SUBS_MASK) == SUBS)
		return step_count(run, word);
	if ((word & MEMORY_MASK) == LDMIA || (word & MEMORY_MASK) == STMIA)
		return step_memory(run, word, (word & MEMORY_MASK) == LDMIA);
	return (word & BPL_MASK) == BPL && step_back(run, word);
}

static bool is_same(const struct run *run, uint32_t word)
{
	return !((word ^ run->word) & ~RD_MASK);
}

/** The same, where @p word is before it: what of the loop comes first is carried out. */
static unsigned run_on(struct run *run, uint32_t word)
{
	while (step(run, word)) {
		run->pc += INSN_LENGTH;
		if ((run->pc + INSN_LENGTH) % PAGE_MIN == 0)
			return PC;
		word = fetch(run, run->pc + INSN_LENGTH);
		if (is_same(run, word))
			return rd_of(word);
	}
	return PC;
}

/** The register of the next load or store; or PC: the run is over. */
static inline unsigned run_next(struct run *run)
{
	uint32_t word;

	if ((run->pc + INSN_LENGTH) % PAGE_MIN == 0)
		return PC;
	word = fetch(run, run->pc + INSN_LENGTH);
	return is_same(run, word) ? rd_of(word) : run_on(run, word);
}

/** What was carried out beside the first one is behind the guest, and so are its flags. */
static void run_end(const struct run *run)
{
	run->frame->exc_lr = run->pc + PC_TO_LR;
	if (run->has_psr || run->steps)
		near_set_psr(run->frame);
}

static struct remote_window *window_of(const struct device *dev)
{
	return (struct remote_window *)(uintptr_t)dev->backend;
}

static bool is_fifo(uint32_t offset)
{
	return offset >= PL181_FIFO && offset < PL181_FIFO_END;
}

/** Loads what this instruction and those behind it load, while there is something. */
static uint32_t read_run(struct remote_window *window, struct pl181_front *front)
{
	const uint32_t first = pl181_front_peek(front, 0);
	struct run run;
	unsigned n = 1;

	run_begin(&run, window);
	if (rd_of(run.word) != run.base) {
		/* It is fast_mmio.S that sets it; but the loop may store it before. */
		run.frame->r[rd_of(run.word)] = first;
		for (; n < WORDS_MAX && n < front->count; n++) {
			const unsigned rd = run_next(&run);

			if (rd == run.base || rd == PC)
				break;
			run.frame->r[rd] = pl181_front_peek(front, n);
			run.pc += INSN_LENGTH;
		}
	}
	pl181_front_take(front, n);
	run_end(&run);
	return rd_of(run.word) == run.base ? first : run.frame->r[rd_of(run.word)];
}

static uint32_t near_read(struct device *dev, uint32_t offset, unsigned size)
{
	struct remote_window *const window = window_of(dev);
	struct pl181_front *const front = &window->card->front;
	uint32_t value;

	if (is_fifo(offset) && front->count) {
		value = read_run(window, front);
	} else {
		value = pl181_front_read(front, offset);
	}
	if (pl181_front_has_job(front))
		remote_queue_news(window);
	return value;
}

/** Stores what this instruction and those behind it store, while there is room. */
static void write_run(struct remote_window *window, struct pl181_front *front, uint32_t value)
{
	/* Then the other board is to be told, before there is none left that the guest knows of. */
	uint32_t room =
		pl181_front_has_room(front, PL181_FIFO_WORDS / 2u + 1u)
			? (PL181_DATA_MAX - front->gathered) / 4u - PL181_FIFO_WORDS / 2u + 1u
			: 1u;
	struct run run;
	unsigned n = 1;

	run_begin(&run, window);
	run.value[0] = value;
	for (room = room < WORDS_MAX ? room : WORDS_MAX; n < room; n++) {
		const unsigned rd = run_next(&run);

		if (rd == PC)
			break;
		run.value[n] = run.frame->r[rd];
		run.pc += INSN_LENGTH;
	}
	pl181_front_put(front, run.value, n);
	run_end(&run);
}

static void near_write(struct device *dev, uint32_t offset, uint32_t value, unsigned size)
{
	struct remote_window *const window = window_of(dev);
	struct pl181_front *const front = &window->card->front;

	if (is_fifo(offset)) {
		write_run(window, front, value);
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
