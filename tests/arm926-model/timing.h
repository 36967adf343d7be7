/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What instructions cost on the ARM9EJ-S core inside the ARM926EJ-S, with every access a cache hit.
 * What waiting for memory adds is the memory system's (memsys_counts.stall_cycles).
 *
 * A cost is known when a block is translated, but for one fact: whether the block's last
 * instruction branched. That shows when the next block begins.
 *
 *     translation:   struct timing_block block;
 *                    timing_block_begin(&block);
 *                    for each instruction:
 *                            cost = timing_insn(&block, word, thumb);
 *                            add cost.cycles to the counter, inline, per instruction
 *                    keep with the block: its pc, the address after its last instruction, and
 *                            the last instruction's cost.taken
 *     execution:     cycles += timing_enter(&flow, pc, end, taken) at each block's start
 */
#ifndef TESTS_ARM926_MODEL_TIMING_H
#define TESTS_ARM926_MODEL_TIMING_H

#include <stdbool.h>
#include <stdint.h>

/** The registers of a block in the order it runs: who has to wait for whom. */
struct timing_block {
	uint32_t now;       /* cycles since the block began */
	uint32_t ready[16]; /* when a register can be read */
	uint32_t added[16]; /* when the multiplier can read it as its accumulator */
};

struct timing_cost {
	unsigned cycles; /* waiting for earlier instructions included */
	unsigned taken;  /* more, if it changes the flow; 0 for instructions that never do */
};

void timing_block_begin(struct timing_block *block);
struct timing_cost timing_insn(struct timing_block *block, uint32_t word, bool thumb);

/** Where the last block goes on if the flow does not change, and what it costs if it does. */
struct timing_flow {
	uint32_t end;
	uint32_t taken;
};

/*
 * Exception entry is three cycles (DDI 0222, table 8.2: SWI, undefined). An undefined instruction
 * and a SWI have been counted as one already; an abort and an interrupt come on top.
 */
#define TIMING_EXCEPTION      3u
#define TIMING_EXCEPTION_INSN 2u

static inline unsigned timing_exception(uint32_t pc)
{
	const uint32_t vector = pc & 0x1cu;

	return vector == 0x04 || vector == 0x08 ? TIMING_EXCEPTION_INSN : TIMING_EXCEPTION;
}

static inline bool timing_is_vector(uint32_t pc)
{
	return pc < 0x20u || pc - 0xffff0000u < 0x20u;
}

/**
 * At the start of every block: the cycles of the branch or exception that led to it.
 * @p end and @p taken are this block's, for the next call.
 */
static inline unsigned timing_enter(struct timing_flow *flow, uint32_t pc, uint32_t end,
				    uint32_t taken)
{
	const uint32_t expected = flow->end, cost = flow->taken;

	flow->end = end;
	flow->taken = taken;
	if (pc == expected)
		return 0;
	return timing_is_vector(pc) ? timing_exception(pc) : cost;
}

/**
 * After an access to a device: under icount QEMU ends the block there and goes on in another one,
 * which is no branch.
 */
static inline void timing_interrupted(struct timing_flow *flow)
{
	flow->taken = 0;
}

#endif
