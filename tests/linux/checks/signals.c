/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals, and what must survive them and timer interrupts: every register, the flags, VFP, memory
 * below the stack pointer; in ARM and in Thumb state.
 */
#include "tests/linux/checks/checks.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/ucontext.h>
#include <unistd.h>

static volatile unsigned depth, deepest, ticks;
static volatile uintptr_t fault_address;
static char *guarded;
static volatile int fault_at_sp, on_other_stack;
static char *other_stack;

static void handle(int number, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags };

	sigaction(number, &action, NULL);
}

static void nest(int number, siginfo_t *info, void *context)
{
	(void)info;
	(void)context;
	depth++;
	if (depth > deepest)
		deepest = depth;
	if (depth < 40)
		raise(number == SIGUSR1 ? SIGUSR2 : SIGUSR1);
	depth--;
}

static void on_tick(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	(void)context;
	ticks++;
	/* Everything a function may change, and the flags. */
	__asm__ volatile("mov r0, #0\n\tmov r1, r0\n\tmov r2, r0\n\tmov r3, r0\n\tmov r12, r0\n\t"
			 "msr cpsr_f, r0" ::
				 : "r0", "r1", "r2", "r3", "r12", "cc");
}

/* Makes the page accessible; the instruction runs again. */
static void on_guard(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	fault_address = (uintptr_t)info->si_addr;
	depth++;
	mprotect(guarded, PAGE, PROT_READ | PROT_WRITE);
}

static void on_skip(int number, siginfo_t *info, void *context)
{
	mcontext_t *machine = &((ucontext_t *)context)->uc_mcontext;

	(void)number;
	(void)info;
	machine->arm_r0 = 0x600d;
	machine->arm_pc += machine->arm_cpsr & 0x20 ? 2 : 4;
	machine->arm_cpsr |= 0xf0000000;
}

static void on_overflow(int number, siginfo_t *info, void *context)
{
	const mcontext_t *machine = &((ucontext_t *)context)->uc_mcontext;
	volatile char here;

	(void)number;
	fault_at_sp = (uintptr_t)info->si_addr - machine->arm_sp < 2 * PAGE ||
		      machine->arm_sp - (uintptr_t)info->si_addr < 2 * PAGE;
	on_other_stack = (uintptr_t)&here - (uintptr_t)other_stack < 16 * PAGE;
	siglongjmp(try_again, 1);
}

static unsigned endless(unsigned n)
{
	volatile char local[512];

	local[0] = (char)n;
	return n == 0xffffffff ? 0 : endless(n + 1) + (unsigned)local[0];
}

static int tick_pipe;

/* Ends a read that has been restarted often enough. */
static void on_tick_that_writes(int number, siginfo_t *info, void *context)
{
	on_tick(number, info, context);
	if (ticks == 20 && write(tick_pipe, "x", 1) != 1)
		_exit(1);
}

static void interrupted_calls(void)
{
	int fds[2];
	char byte;
	long value;

	pipe_new(fds);
	handle(SIGALRM, on_tick, 0);
	every_millisecond(1);
	value = read(fds[0], &byte, 1);
	every_millisecond(0);
	check(value < 0 && errno == EINTR, "an interrupted read: %s", outcome(value));

	tick_pipe = fds[1];
	ticks = 0;
	handle(SIGALRM, on_tick_that_writes, SA_RESTART);
	every_millisecond(1);
	value = read(fds[0], &byte, 1);
	every_millisecond(0);
	check(value == 1 && byte == 'x' && ticks >= 20, "a restarted read: %s", outcome(value));
}

static void nested(void)
{
	handle(SIGUSR1, nest, SA_NODEFER);
	handle(SIGUSR2, nest, SA_NODEFER);
	raise(SIGUSR1);
	check(deepest == 40 && depth == 0, "nested %u deep", deepest);
}

/* Instructions that on_skip() steps over: it sets r0 and all flags. */
#define SKIPPED(name, word)                                                                      \
	do {                                                                                     \
		uint32_t r0, flags;                                                              \
		__asm__ volatile("mov r0, #0\n\tcmp r0, #1\n\t.word " #word "\n\tmov %0, r0\n\t" \
				 "mrs %1, cpsr"                                                  \
				 : "=r"(r0), "=r"(flags)                                         \
				 :                                                               \
				 : "r0", "cc");                                                  \
		check(r0 == 0x600d && flags >> 28 == 0xf, name ": %x %x", r0, flags >> 28);      \
	} while (0)

static void changed_contexts(void)
{
	uint32_t r0;

	handle(SIGILL, on_skip, 0);
	SKIPPED("a handler changes the context", 0xe7f000f0);
	SKIPPED("after a proxy word", 0xee000f00);
	__asm__ volatile("mov r0, #0\n\tadr r1, 1f + 1\n\tbx r1\n\t.thumb\n1:\t.short 0xde00\n\t"
			 "bx pc\n\tnop\n\t.arm\n\tmov %0, r0"
			 : "=r"(r0)
			 :
			 : "r0", "r1", "cc");
	check(r0 == 0x600d, "in Thumb state: %x", r0);
}

/* Instructions that run again after the handler; each must have its effect once. */
static void repeated_instructions(void)
{
	uint32_t *const pages = pages_new(2), *const base = pages + (PAGE - 16) / 4;

	for (unsigned i = 0; i < 2 * PAGE / 4; i++)
		pages[i] = i;
	guarded = (char *)pages + PAGE;
	depth = 0;
	handle(SIGSEGV, on_guard, 0);
	for (unsigned i = 0; i < 100; i++) {
		uint32_t *moved = base;

		mprotect(guarded, PAGE, i & 1 ? PROT_NONE : PROT_READ);
		__asm__ volatile("ldmia %0, {r4-r11}\n\tadd r4, r4, #1\n\tadd r11, r11, #1\n\t"
				 "stmia %0!, {r4-r11}"
				 : "+r"(moved)
				 :
				 : "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "memory");
		if (moved != base + 8)
			check(0, "base after stm: %+d", (int)(moved - base) * 4);
	}
	check(depth == 100 && fault_address == (uintptr_t)guarded && base[0] == 1020 + 100 &&
		      base[7] == 1027 + 100,
	      "ldm and stm across a page that comes and goes: %u faults, %08x", depth,
	      checksum(base, 32));
}

static void overflow(void)
{
	const stack_t other = { .ss_sp = pages_new(16), .ss_size = 16 * PAGE };
	const struct rlimit small = { 256 * 1024, RLIM_INFINITY };

	other_stack = other.ss_sp;
	setrlimit(RLIMIT_STACK, &small);
	sigaltstack(&other, NULL);
	handle(SIGSEGV, on_overflow, SA_ONSTACK);
	for (volatile unsigned i = 0; i < 3; i++) {
		fault_at_sp = on_other_stack = 0;
		if (sigsetjmp(try_again, 1) == 0)
			endless(1);
		check(fault_at_sp && on_other_stack,
		      "stack overflow, handled on the other stack: %d %d", fault_at_sp,
		      on_other_stack);
	}
}

void check_signals(void)
{
	nested();
	changed_contexts();
	repeated_instructions();
	overflow();
	interrupted_calls();
}

/* ---- registers ------------------------------------------------------------------------------- */

#define ROUNDS 400000u

/* r1-r12, lr and the flags hold patterns all the time. Returns the rounds left: 0 if all were kept.
 */
uint32_t loop_arm(uint32_t rounds);
__asm__(".text\n.arm\n.global loop_arm\nloop_arm:\n"
	"	push	{r4-r12, lr}\n"
	"	mvn	r1, #0x10\n	mvn	r2, #0x20\n	mvn	r3, #0x30\n	mvn	r4, #0x40\n"
	"	mvn	r5, #0x50\n	mvn	r6, #0x60\n	mvn	r7, #0x70\n	mvn	r8, #0x80\n"
	"	mvn	r9, #0x90\n	mvn	r10, #0xa0\n	mvn	r11, #0xb0\n	mvn	r12, #0xc0\n"
	/* N Z C V Q from the round number, and kept in lr. */
	"1:	mov	lr, r0, lsl #27\n"
	"	msr	cpsr_f, lr\n"
	"	add	r0, r0, #0\n	add	r0, r0, #0\n	add	r0, r0, #0\n	add	r0, r0, #0\n"
	"	add	r0, r0, #0\n	add	r0, r0, #0\n	add	r0, r0, #0\n	add	r0, r0, #0\n"
	"	push	{r1}\n"
	"	mrs	r1, cpsr\n"
	"	mov	r1, r1, lsr #27\n"
	"	teq	r1, lr, lsr #27\n"
	"	pop	{r1}\n"
	"	bne	2f\n"
	"	cmn	r1, #0x11\n	cmneq	r2, #0x21\n	cmneq	r3, #0x31\n	cmneq	r4, #0x41\n"
	"	cmneq	r5, #0x51\n	cmneq	r6, #0x61\n	cmneq	r7, #0x71\n	cmneq	r8, #0x81\n"
	"	cmneq	r9, #0x91\n	cmneq	r10, #0xa1\n	cmneq	r11, #0xb1\n	cmneq	r12, #0xc1\n"
	"	bne	2f\n"
	"	subs	r0, r0, #1\n"
	"	bne	1b\n"
	"2:	pop	{r4-r12, pc}\n");

uint32_t loop_thumb(uint32_t rounds);
__asm__(".text\n.thumb\n.thumb_func\n.global loop_thumb\nloop_thumb:\n"
	"	push	{r4-r7, lr}\n"
	"	mov	r1, #0x11\n	mov	r2, #0x22\n	mov	r3, #0x33\n	mov	r4, #0x44\n"
	"	mov	r5, #0x55\n	mov	r6, #0x66\n"
	"	mov	r12, r0\n"
	/* Carry and sign through a long way: 0x80000000 + 0x80000000 leaves C and V. */
	"1:	mov	r7, #1\n	lsl	r7, r7, #31\n	add	r7, r7, r7\n"
	"	nop\n	nop\n	nop\n	nop\n	nop\n	nop\n	nop\n	nop\n"
	"	bcc	2f\n	bvc	2f\n	bne	2f\n	bmi	2f\n"
	"	cmp	r1, #0x11\n	bne	2f\n	cmp	r2, #0x22\n	bne	2f\n"
	"	cmp	r3, #0x33\n	bne	2f\n	cmp	r4, #0x44\n	bne	2f\n"
	"	cmp	r5, #0x55\n	bne	2f\n	cmp	r6, #0x66\n	bne	2f\n"
	"	mov	r7, r12\n	sub	r7, #1\n	mov	r12, r7\n"
	"	cmp	r7, #0\n	bne	1b\n"
	"2:	mov	r0, r12\n"
	"	pop	{r4-r7, pc}\n"
	".arm\n");

void check_registers(void)
{
	unsigned bad = 0;

	handle(SIGALRM, on_tick, SA_RESTART);
	for (unsigned with_signals = 0; with_signals < 2; with_signals++) {
		unsigned rounds = 0;

		every_millisecond((int)with_signals);
		ticks = 0;
		/* As long as it takes to be interrupted often. */
		do {
			bad += loop_arm(ROUNDS) != 0;
			bad += loop_thumb(ROUNDS) != 0;
			rounds++;
		} while (rounds < 10 || (with_signals && ticks < 300 && rounds < 2000));
		every_millisecond(0);
		check(bad == 0 && (!with_signals || ticks >= 300),
		      "registers and flags %s: %u wrong",
		      with_signals ? "under 300 signals" : "under interrupts", bad);
	}
	/* An interrupt is not a signal: it does not use the program's stack. */
	for (unsigned round = 1; round < 500; round++) {
		uint32_t lost = 0;

		__asm__ volatile(
			"sub	r3, sp, #256\n"
			"1:	str	%1, [r3], #4\n	cmp	r3, sp\n	bne	1b\n"
			"	mov	r2, #0xc000\n"
			"2:	subs	r2, r2, #1\n	bne	2b\n"
			"	sub	r3, sp, #256\n"
			"3:	ldr	r2, [r3], #4\n	cmp	r2, %1\n	addne	%0, %0, #1\n"
			"	cmp	r3, sp\n	bne	3b\n"
			: "+&r"(lost)
			: "r"(round)
			: "r2", "r3", "cc", "memory");
		bad += lost;
	}
	check(bad == 0, "words below the stack pointer: %u lost", bad);
}

/* ---- VFP ------------------------------------------------------------------------------------- */

/* Fills d0-d15 from a seed, and tells whether they still are so. */
static void vfp_set(uint32_t seed)
{
	uint32_t words[32];

	for (unsigned i = 0; i < 32; i++)
		words[i] = (seed << 16 | i << 4) & 0x3fffffff;
	__asm__ volatile(".fpu vfpv2\n\tfldmiad %0, {d0-d15}" : : "r"(words) : "memory");
}

static int vfp_is(uint32_t seed)
{
	uint32_t words[32];
	int good = 1;

	__asm__ volatile(".fpu vfpv2\n\tfstmiad %0, {d0-d15}" : : "r"(words) : "memory");
	for (unsigned i = 0; i < 32; i++)
		good &= words[i] == ((seed << 16 | i << 4) & 0x3fffffff);
	return good;
}

/* Newton's method for the square root of 2, in double precision. */
static uint64_t vfp_root(unsigned steps)
{
	const double start[3] = { 1.0, 2.0, 0.5 };
	uint64_t bits;

	__asm__ volatile(
		".fpu vfpv2\n\tfldmiad %1, {d0-d2}\n"
		"1:	fdivd	d3, d1, d0\n	faddd	d3, d3, d0\n	fmuld	d0, d3, d2\n"
		"	subs	%0, %0, #1\n	bne	1b\n"
		"	fstmiad	%2, {d0}"
		: "+r"(steps)
		: "r"(start), "r"(&bits)
		: "cc", "memory");
	return bits;
}

/* x = 3.9999 x (1 - x), a chaotic sequence: its result depends on every bit of every step. */
static uint64_t vfp_chaos(double x, unsigned steps)
{
	const double start[3] = { x, 3.9999, 1.0 };
	uint64_t bits;

	__asm__ volatile(
		".fpu vfpv2\n\tfldmiad %1, {d0-d2}\n"
		"1:	fsubd	d3, d2, d0\n	fmuld	d0, d0, d1\n	fmuld	d0, d0, d3\n"
		"	subs	%0, %0, #1\n	bne	1b\n"
		"	fstmiad	%2, {d0}"
		: "+r"(steps)
		: "r"(start), "r"(&bits)
		: "cc", "memory");
	return bits;
}

static void set_fpscr(uint32_t value)
{
	__asm__ volatile(".fpu vfpv2\n\tfmxr fpscr, %0" : : "r"(value));
}

static uint32_t fpscr(void)
{
	uint32_t value;

	__asm__ volatile(".fpu vfpv2\n\tfmrx %0, fpscr" : "=r"(value));
	return value;
}

static void on_vfp_tick(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	(void)context;
	ticks++;
	vfp_set(0x7777 + ticks);
}

static int vfp_process(unsigned number)
{
	const uint32_t seed = 0x100 * (number + 1), rounding = number << 22;
	const double start = 0.1 * (number + 1);
	const uint64_t chaos = vfp_chaos(start, 4000);
	int good = 1;

	handle(SIGALRM, on_vfp_tick, SA_RESTART);
	every_millisecond(1);
	for (unsigned i = 0; i < 300; i++) {
		vfp_set(seed + i);
		set_fpscr(rounding);
		sched_yield();
		for (volatile unsigned wait = 0; wait < 2000; wait++)
			;
		good &= vfp_is(seed + i) && (fpscr() & 3u << 22) == rounding;
		set_fpscr(0);
		good &= vfp_chaos(start, 4000) == chaos;
	}
	every_millisecond(0);
	return good;
}

void check_vfp(void)
{
	const uint32_t all_modes = 0x03c00000; /* flush to zero, default NaN, round to zero */
	unsigned good = 0;
	int child;

	check(1, "the root of 2: %016llx", (unsigned long long)vfp_root(20));
	check(1, "a chaotic sequence: %016llx", (unsigned long long)vfp_chaos(0.4, 400000));
	set_fpscr(all_modes);
	check(fpscr() == all_modes, "fpscr %08x", fpscr());
	/* A child starts with its parent's registers. */
	vfp_set(0x55);
	child = (int)fork();
	if (child == 0)
		_exit(vfp_is(0x55) && fpscr() == all_modes ? 0 : 1);
	check(child_status(child) == 0, "registers of a child");
	set_fpscr(0);
	for (unsigned i = 0; i < 4; i++)
		if (fork() == 0)
			_exit(vfp_process(i) ? 0 : 1);
	for (unsigned i = 0; i < 4; i++)
		good += child_status(-1) == 0;
	check(good == 4, "four processes and their signal handlers: %u are right", good);
	TRY(__asm__ volatile(".fpu vfpv2\n\tfmxr fpexc, %0" : : "r"(0)));
	check(caught.number == SIGILL, "fpexc belongs to the kernel: signal %s",
	      signal_name(caught.number));
}
