/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every test guest is built on: the memory it may use, exceptions as values, and code run in a
 * mode of the test's choice. start.S and vectors.S hold the assembly half.
 *
 * A test states what should happen, lets it happen with run_code(), and compares:
 *
 *	run_code(PSR_MODE_USR, user_swi, 1, 0);
 *	EXPECT_EQ(KIND_SWI, seen.kind);
 *	EXPECT_EQ(addr(user_swi) + 4, seen.lr);
 *
 * The constants are shared with assembly.
 */
#ifndef TESTS_GUEST_GUEST_H
#define TESTS_GUEST_GUEST_H

#include "arch/arm/psr.h"
#include "arch/arm/trap_frame.h"

#include GUEST_BOARD_H

/* RAM that no program occupies: 2 MiB in two whole sections. */
#define GUEST_SCRATCH      (BOARD_RAM + 0x00200000)
#define GUEST_SCRATCH_SIZE 0x00200000

/* Interrupts masked: what a test runs with unless it says otherwise. */
#define PSR_MASKED (PSR_I | PSR_F)

/* The SWI that ends code started by run_code(); no test uses the number for itself. */
#define SWI_RETURN 0x7e57

/* Bytes of struct exception, and of one mode's stack. */
#define EXCEPTION_SIZE 80
#define STACK_SIZE     4096

#ifdef __ASSEMBLER__
/* clang-format off */

/* One instruction in ARM state, for run_code(). */
	.macro CODE name, text:vararg
	.global	\name
\name:
	\text
	bx	lr
	.endm

/* Two values that should be the same: r1 counts those that are not. */
	.macro SAME value, expected
	cmp	\value, \expected
	addne	r1, r1, #1
	.endm

/* clang-format on */
#else

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** KIND_ value of code that came back by itself, without an exception of its own. */
#define KIND_RETURNED 0

/** An exception as the handler found it. vectors.S knows the layout. */
struct exception {
	uint32_t r[13]; /* r0-r12 */
	uint32_t lr;    /* banked lr, as the CPU set it */
	uint32_t spsr;
	uint32_t cpsr;   /* inside the handler */
	uint32_t kind;   /* KIND_UNDEF ... KIND_FIQ, KIND_RETURNED */
	uint32_t usr_sp; /* User bank */
	uint32_t usr_lr;
	uint32_t unused;
};

_Static_assert(sizeof(struct exception) == EXCEPTION_SIZE, "EXCEPTION_SIZE");

/**
 * Handles an exception. It may change r, lr and spsr of @p e, which the return restores. Returns
 * false to give up on the code that was running: run_code() then returns.
 */
typedef bool (*exception_hook)(struct exception *e);

/** The first exception that ended the code run_code() started; what tests compare. */
extern struct exception seen;

/** How many exceptions of each kind there were since the test began. */
extern unsigned exception_count[TRAP_KIND_COUNT];

void uart_init(void);
void uart_put(char c);
void uart_drain(void);

void exception_set_hook(unsigned kind, exception_hook hook);
void exception_reset(void);
void run_code4(uint32_t psr, uint32_t pc, const uint32_t args[4]);

/** Address of a function, of a label in assembly, or of an object, as a register holds it. */
#define addr(object)  ((uint32_t)(uintptr_t)(object))

/** Runs the code at @p code in the mode, state and masks of @p psr; fills seen. */
#define run_code(psr, code, a, b) \
	run_code4((psr), addr(code), (const uint32_t[4]){ (a), (b), 0, 0 })

/** Assembly labels: code or data, no type of their own. */
typedef const uint32_t label[];

static inline uint32_t read32(uint32_t at)
{
	return *(volatile uint32_t *)(uintptr_t)at;
}

static inline void write32(uint32_t at, uint32_t value)
{
	*(volatile uint32_t *)(uintptr_t)at = value;
}

static inline uint32_t cpsr_read(void)
{
	uint32_t value;

	__asm__ volatile("mrs %0, cpsr" : "=r"(value) : : "memory");
	return value;
}

/** Writes the control field. The mode must stay SVC: r13 and r14 are banked. */
static inline void cpsr_write_control(uint32_t value)
{
	__asm__ volatile("msr cpsr_c, %0" : : "r"(value) : "memory", "cc");
}

static inline void interrupts_unmask(uint32_t bits)
{
	cpsr_write_control(cpsr_read() & ~bits);
}

static inline void interrupts_mask(void)
{
	cpsr_write_control(cpsr_read() | (uint32_t)PSR_MASKED);
}

#endif
#endif
