/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/stop.h"

#include "arch/arm/cache.h"
#include "arch/arm/cp15.h"
#include "vmm/console/console.h"
#include "vmm/lib/check.h"
#include "vmm/lib/crc32.h"
#include "vmm/lib/log.h"
#include "vmm/lib/printf.h"

#include <stdarg.h>

extern const char __image_start[], __data_start[];

static uint32_t image_crc;

/* The part of the image that nobody writes: code and constants. */
static uint32_t image_checksum(void)
{
	return crc32(0, __image_start, (size_t)(__data_start - __image_start));
}

/** Notes what the VMM's code and constants are, to be compared at the end. */
void stop_remember_image(void)
{
	image_crc = image_checksum();
}

/**
 * Asks a debugger or emulator to end the run: the semihosting call SYS_EXIT_EXTENDED. Without one
 * the call traps, and the trap returns (arch/arm/vectors.S).
 */
static void exit_to_debugger(int code)
{
	const uint32_t block[2] = { 0x20026, (uint32_t)code }; /* ADP_Stopped_ApplicationExit */
	register uint32_t r0 __asm__("r0") = 0x20;
	register const uint32_t *r1 __asm__("r1") = block;

	/* The vector stores four words at sp before it knows whose call it is. */
	__asm__ volatile("sub sp, sp, #16\n\tsvc 0x123456\n\tadd sp, sp, #16"
			 : "+r"(r0)
			 : "r"(r1)
			 : "lr", "memory");
}

/** No VM is left: says so, checks itself, and waits for the power to go. */
void stop_board(int code)
{
	console_last_words();
	if (image_checksum() == image_crc) {
		log_info("hako: vmm memory checksum ok\n");
	} else {
		log_error("hako: vmm memory checksum WRONG: code or constants were overwritten\n");
		code = 2;
	}
	log_info("hako: all VMs have stopped\n");
	exit_to_debugger(code);
	for (;;)
		cpu_wait_for_interrupt();
}

static void __attribute__((noreturn)) halt(void)
{
	exit_to_debugger(3);
	for (;;)
		cpu_wait_for_interrupt();
}

void panic(const char *format, ...)
{
	char text[160];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	console_last_words();
	log_error("hako: panic: %s", text);
	halt();
}

/** A trap of the VMM itself: @p where is the banked lr. Always a bug. */
void trap_from_vmm(uint32_t where, uint32_t kind, uint32_t psr, uint32_t frame)
{
	console_last_words();
	log_error("hako: panic: trap %u of the VMM itself: lr 0x%08x, psr 0x%08x, fsr 0x%x/0x%x, "
		  "far 0x%08x, frame 0x%08x\n",
		  (unsigned)kind, (unsigned)where, (unsigned)psr, (unsigned)cp15_read_dfsr(),
		  (unsigned)cp15_read_ifsr(), (unsigned)cp15_read_far(), (unsigned)frame);
	halt();
}
