/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What programs expect of the CPU: VFP and integer registers survive context switches and signals,
 * the kernel's helpers work, and so do swp, Thumb and accesses that cross pages.
 */
#include "tests/linux/check.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define VFP __attribute__((noinline)) /* the file is compiled for VFP: PROGRAM_CFLAGS-cpu */

/* An iteration whose result depends on every bit of every step. */
VFP static double logistic(double x, unsigned steps)
{
	for (unsigned i = 0; i < steps; i++)
		x = 3.9999 * x * (1.0 - x);
	return x;
}

static volatile sig_atomic_t ticks;

VFP static void on_tick(int number)
{
	volatile double other = logistic(0.7, 50);

	(void)number;
	(void)other;
	ticks++;
}

static uint64_t bits_of(double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

static uint32_t fpscr(void)
{
	uint32_t value;

	__asm__ volatile("fmrx %0, fpscr" : "=r"(value));
	return value;
}

static void set_fpscr(uint32_t value)
{
	__asm__ volatile("fmxr fpscr, %0" : : "r"(value));
}

static void vfp(void)
{
	const struct itimerval tick = { { 0, 3000 }, { 0, 3000 } }, off = { 0 };
	static const double start[4] = { 0.1, 0.2, 0.3, 0.4 };
	uint64_t expected[4];
	int status, good = 1;

	for (unsigned i = 0; i < 4; i++)
		expected[i] = bits_of(logistic(start[i], 400000));

	/* Four processes that compute side by side, each disturbed by its own signals. */
	for (unsigned i = 0; i < 4; i++) {
		if (fork() != 0)
			continue;
		signal(SIGALRM, on_tick);
		setitimer(ITIMER_REAL, &tick, NULL);
		for (unsigned round = 0; round < 5; round++) {
			const uint32_t mode = i << 22; /* its own rounding mode between rounds */

			set_fpscr(0);
			good &= bits_of(logistic(start[i], 400000)) == expected[i];
			set_fpscr(mode);
			for (volatile unsigned wait = 0; wait < 100000; wait++)
				;
			good &= (fpscr() & 0x00c00000) == mode;
		}
		set_fpscr(0);
		setitimer(ITIMER_REAL, &off, NULL);
		_exit(good && ticks > 0 ? 0 : 1);
	}
	for (unsigned i = 0; i < 4; i++)
		good &= wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
	result(good, "VFP in four processes with signals: %016llx",
	       (unsigned long long)expected[0]);
	result(bits_of(1.0 / 3.0) == 0x3fd5555555555555ull, "1/3");
}

static void integer_registers(void)
{
	const struct itimerval tick = { { 0, 1000 }, { 0, 1000 } }, off = { 0 };
	uint32_t sum = 0;

	ticks = 0;
	signal(SIGALRM, on_tick);
	setitimer(ITIMER_REAL, &tick, NULL);
	while (ticks < 100) {
		uint32_t value;

		/* r4-r11 and flags live across a stretch that a signal is likely to hit. */
		__asm__ volatile("mov r4, #1\n\tmov r5, #2\n\tmov r6, #3\n\tmov r7, #4\n\t"
				 "mov r8, #5\n\tmov r9, #6\n\tmov r10, #7\n\t"
				 "mov r3, #2000\n"
				 "1:\tsubs r3, r3, #1\n\tbne 1b\n\t"
				 "addeq %0, r4, r5\n\taddeq %0, %0, r6\n\taddeq %0, %0, r7\n\t"
				 "add %0, %0, r8\n\tadd %0, %0, r9\n\tadd %0, %0, r10"
				 : "=&r"(value)
				 :
				 : "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "cc");
		sum |= value ^ 28u;
	}
	setitimer(ITIMER_REAL, &off, NULL);
	result(sum == 0, "integer registers and flags across 100 signals");
}

/* The helpers of the vector page: Documentation/arch/arm/kernel_user_helpers.rst. */
static void kernel_helpers(void)
{
	int (*const cmpxchg)(int, int, volatile int *) = (void *)0xffff0fc0;
	uintptr_t (*const get_tls)(void) = (void *)0xffff0fe0;
	void (*const barrier)(void) = (void *)0xffff0fa0;
	volatile int value = 5;
	int status = 0, first, second;

	first = cmpxchg(5, 6, &value);
	second = cmpxchg(5, 7, &value);
	barrier();
	result(first == 0 && second != 0 && value == 6, "cmpxchg helper: %d %d", first, value);
	result(get_tls() != 0, "TLS helper");
	if (fork() == 0) {
		const uintptr_t tls = get_tls();

		for (unsigned i = 0; i < 200; i++) {
			usleep(10);
			if (get_tls() != tls)
				_exit(1);
		}
		_exit(0);
	}
	for (unsigned i = 0; i < 200; i++)
		usleep(10);
	wait(&status);
	result(status == 0, "TLS helper across context switches");
}

static void memory_forms(void)
{
	char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t old, low, high, a, b, c, d;

	/* The second page is touched for the first time in the middle of an instruction. */
	memset(p, 0, 4096);
	{
		uint32_t *base = (uint32_t *)(p + 4096 - 8);

		__asm__ volatile("mov r4, #1\n\tmov r5, #2\n\tmov r6, #3\n\tmov r7, #4\n\t"
				 "stmia %0!, {r4-r7}"
				 : "+r"(base)
				 :
				 : "r4", "r5", "r6", "r7", "memory");
		result((char *)base == p + 4096 + 8, "stm over a page end: base moves once");
		base -= 4;
		__asm__ volatile("ldmia %4, {r4-r7}\n\t"
				 "mov %0, r4\n\tmov %1, r5\n\tmov %2, r6\n\tmov %3, r7"
				 : "=&r"(a), "=&r"(b), "=&r"(c), "=&r"(d)
				 : "r"(base)
				 : "r4", "r5", "r6", "r7");
		result(a == 1 && b == 2 && c == 3 && d == 4, "ldm over a page end: %u %u %u %u",
		       (unsigned)a, (unsigned)b, (unsigned)c, (unsigned)d);
	}
	{
		uint32_t word = 0x11223344;

		__asm__ volatile("swp %0, %2, [%1]"
				 : "=&r"(old)
				 : "r"(&word), "r"(0x55667788)
				 : "memory");
		result(old == 0x11223344 && word == 0x55667788, "swp: %08x %08x", (unsigned)old,
		       (unsigned)word);
		__asm__ volatile("swpb %0, %2, [%1]"
				 : "=&r"(old)
				 : "r"(&word), "r"(0x99)
				 : "memory");
		result(old == 0x88 && word == 0x55667799, "swpb: %02x %08x", (unsigned)old,
		       (unsigned)word);
	}
	{
		uint64_t pair = 0x0123456789abcdefull;
		register uint32_t r2 __asm__("r2");
		register uint32_t r3 __asm__("r3");

		__asm__ volatile("ldrd r2, r3, [%2]" : "=r"(r2), "=r"(r3) : "r"(&pair));
		low = r2;
		high = r3;
		result(low == 0x89abcdef && high == 0x01234567, "ldrd: %08x %08x", (unsigned)low,
		       (unsigned)high);
	}
}

__attribute__((target("thumb"), noinline)) static unsigned thumb_sum(const unsigned char *p,
								     unsigned n)
{
	unsigned sum = 0;

	while (n-- != 0)
		sum = sum * 31 + *p++;
	return sum;
}

static void thumb(void)
{
	unsigned char *page =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long pid;

	/* Aborts and system calls from Thumb state. */
	result(thumb_sum(page, 4096) == 0, "Thumb code on a fresh page");
	__asm__ volatile("adr r3, 1f\n\torr r3, r3, #1\n\tbx r3\n\t"
			 ".thumb\n"
			 "1:\tmovs r7, #20\n\tswi 0\n\t"
			 "adr r3, 2f\n\tbx r3\n\t"
			 ".balign 4\n\t.arm\n"
			 "2:\tmov %0, r0"
			 : "=r"(pid)
			 :
			 : "r0", "r3", "r7", "memory");
	result(pid == getpid(), "a system call from Thumb state");
}

int main(void)
{
	integer_registers();
	vfp();
	kernel_helpers();
	memory_forms();
	thumb();
	return finish("cpu");
}
