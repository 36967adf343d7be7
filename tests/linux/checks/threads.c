/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads, the helpers in the vector page (Documentation/arch/arm/kernel_user_helpers.rst), and
 * programs in Thumb state.
 */
#include "tests/linux/checks/checks.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define kuser_version   (*(volatile int32_t *)0xffff0ffc)
#define kuser_barrier   ((void (*)(void))0xffff0fa0)
#define kuser_get_tls   ((void *(*)(void))0xffff0fe0)
#define kuser_cmpxchg   ((int (*)(int, int, volatile int *))0xffff0fc0)
#define kuser_cmpxchg64 ((int (*)(const int64_t *, const int64_t *, volatile int64_t *))0xffff0f60)

#define THREADS 6
#define ADDS    40000

static volatile int counter;
static volatile int64_t counter64;
static __thread unsigned own[64];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn_changed = PTHREAD_COND_INITIALIZER;
static unsigned turn, locked_sum;
static volatile unsigned ticks;

static void add_one(void)
{
	int old;

	do
		old = counter;
	while (kuser_cmpxchg(old, old + 1, &counter) != 0);
}

static void on_tick(int number)
{
	(void)number;
	ticks++;
}

static void *adder(void *argument)
{
	(void)argument;
	for (unsigned i = 0; i < ADDS; i++) {
		int64_t old, new;

		add_one();
		do {
			old = counter64;
			new = old + 0x100000001ll;
		} while (kuser_cmpxchg64(&old, &new, &counter64) != 0);
	}
	return NULL;
}

void check_kuser(void)
{
	pthread_t threads[THREADS];
	int *pages = pages_new(2), sink;

	check(kuser_version >= 5, "helper version %d", (int)kuser_version);
	kuser_barrier();
	check(kuser_get_tls() == __builtin_thread_pointer(), "get_tls");
	check(kuser_cmpxchg(0, 5, pages) == 0 && pages[0] == 5, "cmpxchg on an absent page: %d",
	      pages[0]);
	check(kuser_cmpxchg(0, 6, pages) != 0 && pages[0] == 5, "cmpxchg that fails: %d", pages[0]);
	sink = *(volatile int *)(pages + 1024);
	(void)sink;
	check(kuser_cmpxchg(0, 5, pages + 1024) == 0 && pages[1024] == 5,
	      "cmpxchg on a zero page: %d", pages[1024]);
	mprotect(pages, PAGE, PROT_READ);
	TRY(kuser_cmpxchg(5, 6, pages));
	check(caught.number == SIGSEGV && caught.address == (uintptr_t)pages && pages[0] == 5,
	      "cmpxchg on a read-only page: signal %s code %d, %d", signal_name(caught.number),
	      caught.code, pages[0]);
	TRY(kuser_cmpxchg(5, 6, (volatile int *)0xffc00000));
	check(caught.number == SIGSEGV && caught.address == 0xffc00000,
	      "cmpxchg on the VMM: signal %s code %d", signal_name(caught.number), caught.code);
	TRY(__asm__ volatile("blx %0" : : "r"(0xffff0ff0) : "lr", "r0", "r1", "r2", "r3", "r12"));
	check(1, "the helpers' data is code as well: signal %s", signal_name(caught.number));

	signal(SIGALRM, on_tick);
	every_millisecond(1);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, adder, NULL);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	every_millisecond(0);
	check(counter == THREADS * ADDS && ticks > 0, "%d additions by threads", counter);
	check(counter64 == THREADS * ADDS * 0x100000001ll, "%016llx in 64 bits",
	      (long long)counter64);
}

static void *talker(void *argument)
{
	const unsigned number = (unsigned)(uintptr_t)argument;
	unsigned bad = 0;

	for (unsigned i = 0; i < COUNT(own); i++)
		own[i] = number * 1000 + i;
	for (unsigned round = 0; round < 200; round++) {
		pthread_mutex_lock(&lock);
		while (turn % THREADS != number)
			pthread_cond_wait(&turn_changed, &lock);
		turn++;
		locked_sum += own[round % COUNT(own)];
		pthread_cond_broadcast(&turn_changed);
		pthread_mutex_unlock(&lock);
		for (unsigned i = 0; i < COUNT(own); i++)
			bad += own[i] != number * 1000 + i;
		bad += kuser_get_tls() != __builtin_thread_pointer();
		errno = (int)number;
		sched_yield();
		bad += errno != (int)number;
	}
	return (void *)(uintptr_t)bad;
}

void check_threads(void)
{
	pthread_t threads[THREADS];
	uintptr_t bad = 0;

	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, talker, (void *)i);
	for (unsigned i = 0; i < THREADS; i++) {
		void *result;

		pthread_join(threads[i], &result);
		bad += (uintptr_t)result;
	}
	check(bad == 0 && turn == THREADS * 200, "%u turns, sum %u, %u wrong", turn, locked_sum,
	      (unsigned)bad);
	/* A fork in a program that has had threads. */
	if (fork() == 0)
		_exit(own[0] == 0 && kuser_get_tls() == __builtin_thread_pointer() ? 0 : 1);
	check(child_status(-1) == 0, "a fork afterwards");
}

/* ---- Thumb ----------------------------------------------------------------------------------- */

#define THUMB __attribute__((target("thumb"), noinline))

THUMB static long thumb_syscall(long number, long a, long b, long c)
{
	register long r0 __asm__("r0") = a, r1 __asm__("r1") = b, r2 __asm__("r2") = c;

	__asm__ volatile("push {r7}\n\tmov r7, %1\n\tswi 0\n\tpop {r7}"
			 : "+r"(r0)
			 : "r"(number), "r"(r1), "r"(r2)
			 : "memory");
	return r0;
}

THUMB static uint32_t thumb_load(const uint32_t *p)
{
	return *(const volatile uint32_t *)p;
}

THUMB static void thumb_store(uint32_t *p, uint32_t value)
{
	*(volatile uint32_t *)p = value;
}

THUMB static uint32_t thumb_sort(uint32_t *values, unsigned count)
{
	for (unsigned i = 1; i < count; i++) {
		const uint32_t value = values[i];
		unsigned at = i;

		for (; at > 0 && values[at - 1] > value; at--)
			values[at] = values[at - 1];
		values[at] = value;
	}
	return checksum(values, count * 4);
}

static volatile unsigned thumb_signals, thumb_wrong;

THUMB static void on_thumb_signal(int number)
{
	thumb_signals += (unsigned)number == SIGUSR1;
}

static void try_thumb(const char *name, uint16_t half, uintptr_t base, int number, int offset)
{
	const uint16_t halves[] = { half, 0x4770 }; /* bx lr */
	char *code = code_page(halves, sizeof(halves));

	TRY(((void (*)(uintptr_t))((uintptr_t)code | 1))(base));
	check(caught.number == number &&
		      (number != SIGSEGV ||
		       (caught.address == base + (unsigned)offset &&
			caught.regs[15] == (uintptr_t)code && caught.regs[0] == base)) &&
		      (number == 0 || caught.regs[16] & 0x20),
	      "thumb %s: signal %s code %d at +%d", name, signal_name(caught.number), caught.code,
	      number == SIGSEGV ? (int)(caught.address - base) : 0);
	munmap(code, PAGE);
}

void check_thumb(void)
{
	/* Two pages for BL, whose two halves are on either side. */
	uint16_t *code = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t *values = pages_new(2), value = 0;
	char *gone = pages_new(2);
	int fds[2];

	check(thumb_syscall(20, 0, 0, 0) == getpid(), "getpid from Thumb");
	check(thumb_syscall(4, 1, 0x10, 4) == -EFAULT, "write with a bad pointer from Thumb");
	check(pipe(fds) == 0 && thumb_syscall(4, fds[1], (long)(uintptr_t) "thumb", 5) == 5 &&
		      thumb_syscall(3, fds[0], (long)(uintptr_t)gone, 5) == 5 &&
		      memcmp(gone, "thumb", 5) == 0,
	      "a pipe from Thumb, onto an absent page");
	munmap(gone, 2 * PAGE);
	check(thumb_load(pages_new(1)) == 0, "absent page read from Thumb");
	thumb_store(values + 1024, 0x1234);
	check(thumb_load(values + 1024) == 0x1234, "absent page written from Thumb");
	for (unsigned i = 0; i < 1000; i++)
		values[i] = i * 0x9e3779b1u;
	value = thumb_sort(values, 1000);
	check(value != 0, "sorted in Thumb: %08x", value);

	signal(SIGUSR1, on_thumb_signal);
	for (unsigned i = 0; i < 50; i++)
		thumb_syscall(37, getpid(), SIGUSR1, 0);
	check(thumb_signals == 50, "%u signals of a Thumb handler", thumb_signals);

	try_thumb("ldr r1, [r0, #8]", 0x6881, 0x1000, SIGSEGV, 8);
	try_thumb("str r1, [r0, #8]", 0x6081, 0xffa00000, SIGSEGV, 8);
	try_thumb("ldmia r0!, {r1-r3}", 0xc80e, 0x1000, SIGSEGV, 0);
	try_thumb("stmia r0!, {r1-r3}", 0xc00e, 0x1000, SIGSEGV, 0);
	try_thumb("strh r1, [r0, #6]", 0x80c1, 0x1000, SIGSEGV, 6);
	try_thumb("ldrb r1, [r0, #3]", 0x78c1, 0xffc00000, SIGSEGV, 3);
	try_thumb("undefined de00", 0xde00, 0, SIGILL, 0);
	try_thumb("undefined b800", 0xb800, 0, SIGILL, 0);

	code[2047] = 0xf000; /* bl: to code[2057] */
	code[2048] = 0xf808;
	code[2049] = 0xbd00; /* pop {pc} */
	code[2046] = 0xb500; /* push {lr} */
	code[2057] = 0x3007; /* add r0, #7 */
	code[2058] = 0x4770; /* bx lr */
	__builtin___clear_cache((char *)code, (char *)code + 2 * PAGE);
	TRY(value = ((uint32_t(*)(uint32_t))((uintptr_t)(code + 2046) | 1))(3));
	check(caught.number == 0 && value == 10, "bl across two pages: signal %s, %u",
	      signal_name(caught.number), value);
	mprotect((char *)code + PAGE, PAGE, PROT_NONE);
	TRY(((uint32_t(*)(uint32_t))((uintptr_t)(code + 2046) | 1))(3));
	check(caught.number == SIGSEGV && caught.address == (uintptr_t)code + PAGE,
	      "its second half is forbidden: signal %s code %d at %+d", signal_name(caught.number),
	      caught.code, (int)(caught.address - (uintptr_t)code - PAGE));
}
