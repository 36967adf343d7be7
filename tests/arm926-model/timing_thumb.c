/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The core decodes Thumb instructions into ARM ones, so their timing is that of their equivalents
 * (ARM9EJ-S TRM, table 8.3). Offsets are left out where they cost nothing. Formats by the ARM ARM
 * (DDI 0100E), A6 and A7.
 */
#include "tests/arm926-model/timing_thumb.h"

#define ALWAYS 0xe0000000u
#define SP     13u
#define LR     14u
#define PC     15u

#define RN(number) ((uint32_t)(number) << 16)
#define RD(number) ((uint32_t)(number) << 12)
#define RS(number) ((uint32_t)(number) << 8)

/* Of ARM words with the condition left out. */
#define ADD_IMMEDIATE 0x02900000u
#define ADD_REGISTER  0x00900000u
#define MOV_IMMEDIATE 0x03b00000u
#define CMP_IMMEDIATE 0x03500000u
#define MOV_REGISTER  0x01b00000u
#define SHIFT_5       0x00000080u /* LSL #1: no shift is the same for the timing */
#define SHIFT_BY_RS   0x00000010u
#define MULS          0x00100090u
#define LDR           0x05900000u
#define STR           0x05800000u
#define LDRB          0x05d00000u
#define STRB          0x05c00000u
#define LDRH          0x01d000b0u
#define STRH          0x01c000b0u
#define REGISTER_WORD 0x02000000u /* turns LDR and STR into their register forms */
#define LDM           0x08900000u
#define STM           0x08800000u
#define WRITEBACK     0x00200000u
#define BRANCH        0x0a000000u
#define BX            0x012fff10u
#define SWI           0x0f000000u
#define UNDEFINED     0x06000010u

static uint32_t low(uint16_t half, unsigned shift)
{
	return half >> shift & 7u;
}

/* Register operations, 010000: by the opcode's four bits. */
static uint32_t register_operation(uint16_t half)
{
	/* The ARM opcode of each, where it has the same operands in the same places. */
	static const uint8_t opcodes[16] = {
		0x0, 0x1, 0xd, 0xd, 0xd, 0x5, 0x6, 0xd, 0x8, 0x3, 0xa, 0xb, 0xc, 0x0, 0xe, 0xf,
	};
	const unsigned opcode = half >> 6 & 15u;
	const uint32_t rd = low(half, 0), rm = low(half, 3);

	switch (opcode) {
	case 2: /* LSL, LSR, ASR, ROR by register */
	case 3:
	case 4:
	case 7:
		return ALWAYS | MOV_REGISTER | SHIFT_BY_RS | RD(rd) | RS(rm) | rd;
	case 9: /* NEG: RSB rd, rm, #0 */
		return ALWAYS | 0x02700000u | RN(rm) | RD(rd);
	case 13: /* MUL sets the flags in Thumb state */
		return ALWAYS | MULS | RN(rd) | RS(rd) | rm;
	default:
		return ALWAYS | (uint32_t)opcodes[opcode] << 21 | 1u << 20 | RN(rd) | RD(rd) | rm;
	}
}

/* ADD, CMP and MOV with any register, and BX and BLX, 010001. */
static uint32_t high_register(uint16_t half)
{
	const uint32_t rd = low(half, 0) | (half >> 4 & 8u), rm = half >> 3 & 15u;

	switch (half >> 8 & 3u) {
	case 0:
		return ALWAYS | 0x00800000u | RN(rd) | RD(rd) | rm;
	case 1:
		return ALWAYS | 0x01500000u | RN(rd) | rm;
	case 2:
		return ALWAYS | 0x01a00000u | RD(rd) | rm;
	default:
		return ALWAYS | BX | rm;
	}
}

/* Loads and stores with a register as offset, 0101. */
static uint32_t register_transfer(uint16_t half)
{
	static const uint32_t words[8] = {
		STR | REGISTER_WORD,     0x018000b0u /* STRH */,  STRB | REGISTER_WORD,
		0x019000d0u /* LDRSB */, LDR | REGISTER_WORD,     0x019000b0u /* LDRH */,
		LDRB | REGISTER_WORD,    0x019000f0u /* LDRSH */,
	};

	return ALWAYS | words[half >> 9 & 7u] | RN(low(half, 3)) | RD(low(half, 0)) | low(half, 6);
}

static uint32_t immediate_transfer(uint16_t half)
{
	static const uint32_t words[8] = { STR, LDR, STRB, LDRB, STRH, LDRH };
	const unsigned kind = (half >> 11) - 0x0cu;

	return ALWAYS | words[kind & 7u] | RN(low(half, 3)) | RD(low(half, 0));
}

/* 1011: stack adjustment, PUSH, POP; the rest is BKPT or undefined. */
static uint32_t miscellaneous(uint16_t half)
{
	const uint32_t list = half & 0xffu, extra = half >> 8 & 1u;

	switch (half >> 8 & 15u) {
	case 0x0:
		return ALWAYS | ADD_IMMEDIATE | RN(SP) | RD(SP);
	case 0x4:
	case 0x5:
		return ALWAYS | STM | WRITEBACK | RN(SP) | list | extra << LR;
	case 0xc:
	case 0xd:
		return ALWAYS | LDM | WRITEBACK | RN(SP) | list | extra << PC;
	default:
		return ALWAYS | UNDEFINED;
	}
}

/* 110 and 111: multiples, conditional branches, SWI, branches and the two halves of BL and BLX. */
static uint32_t multiple_or_branch(uint16_t half)
{
	const uint32_t condition = half >> 8 & 15u;

	switch (half >> 11) {
	case 0x18:
		return ALWAYS | STM | WRITEBACK | RN(low(half, 8)) | (half & 0xffu);
	case 0x19:
		return ALWAYS | LDM | WRITEBACK | RN(low(half, 8)) | (half & 0xffu);
	case 0x1a:
	case 0x1b:
		if (condition == 15)
			return ALWAYS | SWI;
		return condition == 14 ? ALWAYS | UNDEFINED : condition << 28 | BRANCH;
	case 0x1e: /* the first half puts the upper part of the offset into LR */
		return ALWAYS | ADD_IMMEDIATE | RN(PC) | RD(LR);
	default: /* B, and the second half, which adds to LR */
		return ALWAYS | BRANCH;
	}
}

uint32_t timing_thumb_as_arm(uint16_t half)
{
	const uint32_t rd8 = low(half, 8);

	switch (half >> 12) {
	case 0x0:
		return ALWAYS | MOV_REGISTER | SHIFT_5 | RD(low(half, 0)) | low(half, 3);
	case 0x1:
		if ((half & 0x1800) != 0x1800) /* ASR #n */
			return ALWAYS | MOV_REGISTER | SHIFT_5 | RD(low(half, 0)) | low(half, 3);
		if (half & 0x0400) /* ADD, SUB of three bits */
			return ALWAYS | ADD_IMMEDIATE | RN(low(half, 3)) | RD(low(half, 0));
		return ALWAYS | ADD_REGISTER | RN(low(half, 3)) | RD(low(half, 0)) | low(half, 6);
	case 0x2:
		return ALWAYS | (half & 0x0800 ? CMP_IMMEDIATE | RN(rd8) : MOV_IMMEDIATE | RD(rd8));
	case 0x3:
		return ALWAYS | ADD_IMMEDIATE | RN(rd8) | RD(rd8);
	case 0x4:
		if (half & 0x0800) /* LDR from the literal pool */
			return ALWAYS | LDR | RN(PC) | RD(rd8);
		return half & 0x0400 ? high_register(half) : register_operation(half);
	case 0x5:
		return register_transfer(half);
	case 0x6:
	case 0x7:
	case 0x8:
		return immediate_transfer(half);
	case 0x9:
		return ALWAYS | (half & 0x0800 ? LDR : STR) | RN(SP) | RD(rd8);
	case 0xa:
		return ALWAYS | ADD_IMMEDIATE | RN(half & 0x0800 ? SP : PC) | RD(rd8);
	case 0xb:
		return miscellaneous(half);
	default:
		return multiple_or_branch(half);
	}
}
