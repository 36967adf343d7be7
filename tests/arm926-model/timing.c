/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "TRM" is the ARM9EJ-S Technical Reference Manual (ARM DDI 0222), chapter 8, Instruction Cycle
 * Times: table 8.2 has the ARM instructions, the sections after it the interlocks.
 *
 * Where a condition decides about the cost and is not known when translating, the instruction
 * counts as executed, unless it changes the flow: that shows later.
 */
#include "tests/arm926-model/timing.h"

#include "tests/arm926-model/timing_thumb.h"

#include <stddef.h>
#include <string.h>

#define SP 13u
#define PC 15u

#define COND_ALWAYS 0xeu
#define COND_NEVER  0xfu

/* Register fields of a word. */
#define N 0x1u /* 19:16 */
#define D 0x2u /* 15:12 */
#define S 0x4u /* 11:8 */
#define M 0x8u /* 3:0 */

/* How the rest of a form's cost is found. */
enum shape {
	PLAIN,       /* as the table says */
	DATA,        /* operand, shift and whether it writes the PC decide */
	PSR_WRITE,   /* the mask decides */
	SINGLE,      /* LDR, LDRB, STR, STRB */
	SINGLE_MISC, /* the halfword, signed and doubleword forms: bit 22 says what M is */
	BLOCK,       /* LDM, STM */
	COPROCESSOR, /* LDC, STC: words by coprocessor and offset */
};

/*
 * `cycles` and `interlock` (cycles that the next instruction waits if it reads what was written)
 * are those of table 8.2; `taken` is what is missing to the cycles there if the flow changes.
 */
struct form {
	uint32_t mask, value;
	enum shape shape;
	uint8_t cycles, interlock, taken;
	uint8_t reads, adds, writes; /* adds: the multiplier's accumulator */
};

/*
 * Busy-wait cycles ("b" in table 8.2) of a CP15 transfer. The TRM leaves them to the coprocessor,
 * and the ARM926EJ-S TRM (ARM DDI 0198) does not give them: one is an assumption.
 */
#define CP15_WAIT 1u

/* Unconditional space (condition field 0b1111). */
static const struct form never_forms[] = {
	{ 0xfe000000, 0xfa000000, PLAIN, 1, 0, 2, 0, 0, 0 },     /* BLX label */
	{ 0xff70f000, 0xf550f000, PLAIN, 1, 0, 0, N, 0, 0 },     /* PLD */
	{ 0xff70f010, 0xf750f000, PLAIN, 1, 0, 0, N | M, 0, 0 }, /* PLD with a register offset */
};

/* The first form that matches decides. */
static const struct form forms[] = {
	/* Multiplies: those that set flags cannot interlock. Rd is in the field N. */
	{ 0x0ff000f0, 0x00000090, PLAIN, 2, 1, 0, S | M, 0, N },         /* MUL */
	{ 0x0ff000f0, 0x00100090, PLAIN, 4, 0, 0, S | M, 0, N },         /* MULS */
	{ 0x0ff000f0, 0x00200090, PLAIN, 2, 1, 0, S | M, D, N },         /* MLA */
	{ 0x0ff000f0, 0x00300090, PLAIN, 4, 0, 0, S | M, D, N },         /* MLAS */
	{ 0x0fb000f0, 0x00800090, PLAIN, 3, 1, 0, S | M, 0, N | D },     /* UMULL, SMULL */
	{ 0x0fb000f0, 0x00900090, PLAIN, 5, 0, 0, S | M, 0, N | D },     /* UMULLS, SMULLS */
	{ 0x0fb000f0, 0x00a00090, PLAIN, 3, 1, 0, S | M, N | D, N | D }, /* UMLAL, SMLAL */
	{ 0x0fb000f0, 0x00b00090, PLAIN, 5, 0, 0, S | M, N | D, N | D }, /* UMLALS, SMLALS */
	{ 0x0ff00090, 0x01000080, PLAIN, 1, 1, 0, S | M, D, N },         /* SMLAxy */
	{ 0x0ff000b0, 0x01200080, PLAIN, 1, 1, 0, S | M, D, N },         /* SMLAWy */
	{ 0x0ff000b0, 0x012000a0, PLAIN, 1, 1, 0, S | M, 0, N },         /* SMULWy */
	{ 0x0ff00090, 0x01400080, PLAIN, 2, 1, 0, S | M, N | D, N | D }, /* SMLALxy */
	{ 0x0ff00090, 0x01600080, PLAIN, 1, 1, 0, S | M, 0, N },         /* SMULxy */
	/* QADD, QSUB, QDADD, QDSUB */
	{ 0x0f9000f0, 0x01000050, PLAIN, 1, 1, 0, N | M, 0, D },
	/* SWP has its word a cycle before it ends, SWPB its byte at the end */
	{ 0x0ff000f0, 0x01000090, PLAIN, 2, 0, 0, N | M, 0, D },
	{ 0x0ff000f0, 0x01400090, PLAIN, 2, 1, 0, N | M, 0, D },
	/* Loads, but of whole words, go through the rotator in the Write stage */
	{ 0x0e1000f0, 0x000000b0, SINGLE_MISC, 1, 0, 0, N | M, D, 0 }, /* STRH */
	{ 0x0e1000f0, 0x000000d0, SINGLE_MISC, 2, 1, 0, N | M, 0, D }, /* LDRD */
	{ 0x0e1000f0, 0x000000f0, SINGLE_MISC, 2, 0, 0, N | M, D, 0 }, /* STRD */
	{ 0x0e1000f0, 0x001000b0, SINGLE_MISC, 1, 2, 0, N | M, 0, D }, /* LDRH */
	{ 0x0e1000d0, 0x001000d0, SINGLE_MISC, 1, 2, 0, N | M, 0, D }, /* LDRSB, LDRSH */
	/* BX, BLX register, and BXJ, which this core takes as BX */
	{ 0x0ffffff0, 0x012fff10, PLAIN, 1, 0, 2, M, 0, 0 },
	{ 0x0ffffff0, 0x012fff20, PLAIN, 1, 0, 2, M, 0, 0 },
	{ 0x0ffffff0, 0x012fff30, PLAIN, 1, 0, 2, M, 0, 0 },
	{ 0x0ff000f0, 0x01200070, PLAIN, 1, 0, 0, 0, 0, 0 }, /* BKPT: a prefetch abort */
	{ 0x0fff0ff0, 0x016f0f10, PLAIN, 1, 0, 0, M, 0, D }, /* CLZ */
	/* PSR transfers */
	{ 0x0fbf0fff, 0x010f0000, PLAIN, 2, 0, 0, 0, 0, D },     /* MRS */
	{ 0x0fb0fff0, 0x0120f000, PSR_WRITE, 3, 0, 0, M, 0, 0 }, /* MSR register */
	{ 0x0fb0f000, 0x0320f000, PSR_WRITE, 3, 0, 0, 0, 0, 0 }, /* MSR immediate */
	{ 0x0c000000, 0x00000000, DATA, 1, 0, 0, 0, 0, 0 },
	{ 0x0e000010, 0x06000010, PLAIN, 1, 0, 0, 0, 0, 0 }, /* undefined */
	{ 0x0c000000, 0x04000000, SINGLE, 1, 1, 0, N, 0, 0 },
	{ 0x0e000000, 0x08000000, BLOCK, 0, 0, 0, N, 0, 0 },
	{ 0x0e000000, 0x0a000000, PLAIN, 1, 0, 2, 0, 0, 0 }, /* B, BL */
	/* Coprocessors */
	{ 0x0ff00000, 0x0c400000, PLAIN, 2, 0, 0, N | D, 0, 0 }, /* MCRR */
	{ 0x0ff00000, 0x0c500000, PLAIN, 2, 1, 0, 0, 0, N | D }, /* MRRC */
	{ 0x0e000000, 0x0c000000, COPROCESSOR, 0, 0, 0, N, 0, 0 },
	{ 0x0f000010, 0x0e000000, PLAIN, 1, 0, 0, 0, 0, 0 },             /* CDP */
	{ 0x0f100010, 0x0e000010, PLAIN, 1 + CP15_WAIT, 0, 0, D, 0, 0 }, /* MCR */
	{ 0x0f100010, 0x0e100010, PLAIN, 1 + CP15_WAIT, 1, 0, 0, 0, D }, /* MRC */
	{ 0x0f000000, 0x0f000000, PLAIN, 1, 0, 2, 0, 0, 0 },             /* SWI */
};

/* What one instruction takes and gives, as sets of registers. */
struct use {
	unsigned cycles, interlock, taken;
	uint16_t reads;  /* in its first cycle */
	uint16_t adds;   /* the accumulator, which a multiplier's result reaches at once */
	uint16_t stores; /* one each cycle, lowest first */
	uint16_t writes; /* at its end, and `interlock` later */
	uint16_t loads;  /* one each cycle, lowest first */
	uint16_t base;   /* written back in the first cycle */
	bool multiplies; /* what it writes comes out of the multiplier */
};

static unsigned field(uint32_t word, unsigned shift)
{
	return word >> shift & 15u;
}

static uint16_t reg(unsigned number)
{
	return (uint16_t)(1u << number);
}

static uint16_t field_registers(uint32_t word, unsigned fields)
{
	return (uint16_t)((fields & N ? 1u << field(word, 16) : 0) |
			  (fields & D ? 1u << field(word, 12) : 0) |
			  (fields & S ? 1u << field(word, 8) : 0) |
			  (fields & M ? 1u << field(word, 0) : 0));
}

static unsigned register_count(uint16_t registers)
{
	return (unsigned)__builtin_popcount(registers);
}

static bool bit(uint32_t word, unsigned number)
{
	return word >> number & 1u;
}

/*
 * Data operations: one cycle, one more for a shift by register. With the PC as
 * destination three for a plain arithmetic operation, else four: the result of a logical one and a
 * shifted operand take longer to reach the fetch address.
 */
static void data_use(struct use *use, uint32_t word)
{
	static const uint16_t arithmetic = 1u << 2 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 6;
	const unsigned opcode = field(word, 21);
	const bool compares = (opcode & 0xc) == 0x8, moves = (opcode & 0xd) == 0xd;
	const bool immediate = bit(word, 25), by_register = !immediate && bit(word, 4);
	const bool shifted = !immediate && (by_register || (word & 0xff0));

	if (!moves)
		use->reads |= reg(field(word, 16));
	if (!immediate)
		use->reads |= reg(field(word, 0));
	if (by_register) {
		use->reads |= reg(field(word, 8));
		use->cycles++;
	}
	if (compares)
		return;
	if (field(word, 12) != PC)
		use->writes = reg(field(word, 12));
	else
		use->taken = (arithmetic >> opcode & 1u && !shifted ? 3u : 4u) - use->cycles;
}

/* MSR of the flags alone is one cycle, of anything else three (TRM, table 8.2). */
static void psr_use(struct use *use, uint32_t word)
{
	if (field(word, 16) == 0x8)
		use->cycles = 1;
}

/* A shifted offset is a cycle more; the PC is there after five (TRM, table 8.2). */
static void single_use(struct use *use, uint32_t word)
{
	const bool byte = bit(word, 22);

	if (bit(word, 25)) {
		use->reads |= reg(field(word, 0));
		if (word & 0xff0)
			use->cycles++;
	}
	if (!bit(word, 24) || bit(word, 21))
		use->base = reg(field(word, 16));
	if (!bit(word, 20)) {
		use->stores = reg(field(word, 12));
	} else if (field(word, 12) == PC) {
		use->taken = 4;
	} else {
		use->writes = reg(field(word, 12));
		use->interlock = byte ? 2 : 1;
	}
}

/* The table's registers, but for an immediate's low half, and the doubleword's second one. */
static void single_misc_use(struct use *use, uint32_t word)
{
	const unsigned rd = field(word, 12);
	const bool is_double = !bit(word, 20) && bit(word, 6);

	if (bit(word, 22))
		use->reads &= (uint16_t)~reg(field(word, 0)) | reg(field(word, 16));
	if (!bit(word, 24) || bit(word, 21))
		use->base = reg(field(word, 16));
	if (use->adds) {
		use->adds = 0;
		use->stores = (uint16_t)(reg(rd) | (is_double ? reg((rd + 1) & 15) : 0));
	} else if (is_double) {
		use->writes = 0;
		use->loads = (uint16_t)(reg(rd) | reg((rd + 1) & 15));
	}
}

/*
 * A cycle for each word, at least two; four more if the PC is loaded, which alone takes five.
 */
static void block_use(struct use *use, uint32_t word)
{
	const uint16_t list = (uint16_t)word, others = list & (uint16_t)~reg(PC);
	const unsigned count = register_count(list);
	const bool loads = bit(word, 20);

	use->cycles = count > 1 ? count : 2;
	if (bit(word, 21))
		use->base = reg(field(word, 16));
	if (!loads) {
		use->stores = list;
	} else {
		use->loads = others;
		if (list != others) {
			use->cycles = count ? count : 1;
			use->taken = 4;
		}
	}
}

/* b + n cycles (TRM, table 8.2); how many words is the coprocessor's affair but for VFP. */
static void coprocessor_use(struct use *use, uint32_t word)
{
	const unsigned coprocessor = field(word, 8);
	const bool vfp = coprocessor == 10 || coprocessor == 11;
	const bool multiple = vfp && (!bit(word, 24) || bit(word, 21));

	use->cycles = multiple ? word & 0xff : vfp ? coprocessor - 9 : 1;
	if (!use->cycles)
		use->cycles = 1;
	if (bit(word, 21))
		use->base = reg(field(word, 16));
}

static const struct form *form_find(const struct form *table, size_t count, uint32_t word)
{
	for (size_t i = 0; i < count; i++)
		if ((word & table[i].mask) == table[i].value)
			return &table[i];
	return NULL;
}

static struct use insn_use(uint32_t word)
{
	static const struct form unknown = { 0, 0, PLAIN, 1, 0, 0, 0, 0, 0 };
	const bool never = word >> 28 == COND_NEVER;
	const struct form *form =
		never ? form_find(never_forms, sizeof never_forms / sizeof never_forms[0], word)
		      : form_find(forms, sizeof forms / sizeof forms[0], word);
	struct use use;

	if (!form)
		form = &unknown;
	use = (struct use){
		.cycles = form->cycles,
		.interlock = form->interlock,
		.taken = form->taken,
		.reads = field_registers(word, form->reads),
		.adds = field_registers(word, form->adds),
		.writes = field_registers(word, form->writes),
		.multiplies = form->shape == PLAIN && form->reads == (S | M),
	};
	switch (form->shape) {
	case PLAIN:
		break;
	case DATA:
		data_use(&use, word);
		break;
	case PSR_WRITE:
		psr_use(&use, word);
		break;
	case SINGLE:
		single_use(&use, word);
		break;
	case SINGLE_MISC:
		single_misc_use(&use, word);
		break;
	case BLOCK:
		block_use(&use, word);
		break;
	case COPROCESSOR:
		coprocessor_use(&use, word);
		break;
	}
	/* What fails its condition takes one cycle; what changes the flow has passed it. */
	if (use.taken && word >> 28 < COND_ALWAYS) {
		use.taken += use.cycles - 1;
		use.cycles = 1;
	}
	return use;
}

static uint32_t latest(uint32_t start, uint32_t ready)
{
	return ready > start ? ready : start;
}

/* When the instruction can begin, which is at once or when what it reads is there. */
static uint32_t use_start(const struct timing_block *block, const struct use *use)
{
	uint32_t start = block->now;
	unsigned position = 0;

	for (unsigned i = 0; i < PC; i++) {
		if (use->reads & reg(i))
			start = latest(start, block->ready[i]);
		if (use->adds & reg(i))
			start = latest(start, block->added[i]);
		if (use->stores & reg(i)) {
			if (block->ready[i] > position)
				start = latest(start, block->ready[i] - position);
			position++;
		}
	}
	return start;
}

static void use_finish(struct timing_block *block, const struct use *use, uint32_t start)
{
	unsigned position = 0;

	block->now = start + use->cycles;
	for (unsigned i = 0; i < PC; i++) {
		if (use->base & reg(i))
			block->ready[i] = block->added[i] = start + 1;
		if (use->writes & reg(i)) {
			block->ready[i] = block->now + use->interlock;
			block->added[i] = use->multiplies ? block->now : block->ready[i];
		}
		if (use->loads & reg(i)) {
			/* Memory stage in the next cycle, and there at its end. */
			block->ready[i] = block->added[i] = start + position + 2;
			position++;
		}
	}
}

void timing_block_begin(struct timing_block *block)
{
	memset(block, 0, sizeof *block);
}

/**
 * The next instruction of the block. @p word is an ARM instruction, or a Thumb one in the low half.
 */
struct timing_cost timing_insn(struct timing_block *block, uint32_t word, bool thumb)
{
	const struct use use = insn_use(thumb ? timing_thumb_as_arm((uint16_t)word) : word);
	const uint32_t start = use_start(block, &use);
	const struct timing_cost cost = {
		.cycles = start - block->now + use.cycles,
		.taken = use.taken,
	};

	use_finish(block, &use, start);
	return cost;
}
