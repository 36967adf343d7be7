/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks of a program's view of CPU and kernel. They print TAP with nothing in it that depends on
 * time or place, so that the lines of the bare board and those under the VMM can be compared.
 */
#ifndef TESTS_LINUX_CHECKS_CHECKS_H
#define TESTS_LINUX_CHECKS_CHECKS_H

#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE     4096u
#define MIB      (1024u * 1024u)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define BX_LR 0xe12fff1eu

/* What the last TRY() ran into; number 0: nothing. regs: r0 to r15 and CPSR at that moment. */
struct caught {
	int number;
	int code;
	uintptr_t address;
	uint32_t regs[17];
};

extern volatile struct caught caught;
extern sigjmp_buf try_again;

void caught_clear(void);

#define TRY(...)                                    \
	do {                                        \
		caught_clear();                     \
		if (sigsetjmp(try_again, 1) == 0) { \
			__VA_ARGS__;                \
		}                                   \
	} while (0)

__attribute__((format(printf, 2, 3))) void check(int good, const char *format, ...);
void check_signals_caught(void);
const char *outcome(long value);
const char *signal_name(int number);

void *pages_new(unsigned count);
void pipe_new(int fds[2]);
void every_millisecond(int on);
void *code_page(const void *words, size_t size);
uint32_t run_word(uint32_t word, char *base);
uint32_t checksum(const void *data, size_t size);
int child_status(int child);

void check_alignment(void);
void check_bad_pointers(void);
void check_breakpoints(void);
void check_copies(void);
void check_copy_on_write(void);
void check_exec(void);
void check_faults(void);
void check_files(void);
void check_futex(void);
void check_instructions(void);
void check_kernel_memory(void);
void check_kuser(void);
void check_layout(void);
void check_low_pages(void);
void check_many_processes(void);
void check_pipes(void);
void check_pressure(void);
void check_protection(void);
void check_ptrace(void);
void check_registers(void);
void check_shared(void);
void check_signals(void);
void check_stack(void);
void check_threads(void);
void check_thumb(void);
void check_undefined(void);
void check_vfp(void);

int exec_echo(int argc, char **argv);
int send_frame(int argc, char **argv);

#endif
