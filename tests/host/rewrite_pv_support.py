# SPDX-License-Identifier: Apache-2.0
"""A kernel that is just Linux enough for paravirtual code, and code without a file around it."""

import subprocess
from array import array

from rewrite_support import CROSS, assemble

from hako_rewrite.elf import Elf, Region, Section
from hako_rewrite.linux import Kernel
from hako_rewrite.rewriter import arm_code

PAGE_OFFSET = 0xC0000000

HEAD = """
	.section .head.text, "ax"
	.arm
	.global stext
	.type stext, %function
stext:
	msr	cpsr_c, #0xd3
	mrs	r9, cpsr
	ldr	r6, =(_end - 1)
	b	start_kernel
	.ltorg
"""

ENTRY = """
	.text
	.arm
	.global vector_swi, cpu_arm926_set_pte_ext, asm_helper
	.type vector_swi, %function
vector_swi:
	mrs	r8, cpsr
	orr	r9, r8, #128
	msr	cpsr_c, r9
	movs	pc, lr
	.size vector_swi, . - vector_swi
	.type cpu_arm926_set_pte_ext, %function
cpu_arm926_set_pte_ext:
	str	r1, [r0], #-2048
	mcr	p15, 0, r0, c7, c10, 1
	mcr	p15, 0, r0, c7, c10, 4
	ldr	r2, =some_word
	ldr	r2, [r2]
	bl	asm_helper
	adr	r3, cpu_arm926_set_pte_ext
	mov	pc, lr
	.ltorg
	.size cpu_arm926_set_pte_ext, . - cpu_arm926_set_pte_ext
	.type asm_helper, %function
asm_helper:
	mov	pc, lr
	.size asm_helper, . - asm_helper
	.global copy_in
	.type copy_in, %function
copy_in:
	mov	r3, r0
	ldrt	r2, [r1], #4
	ldrbt	r12, [r1], #1
	strt	r2, [r0], r3
	strbt	r12, [r0], #1
	mov	pc, lr
	.size copy_in, . - copy_in
"""

# What C code of Linux does with CPSR and CP15: arch/arm/include/asm/irqflags.h, domain.h, cp15.h.
CODE = r"""
const char linux_banner[] = "Linux version 6";
unsigned some_word = 0x12345678, counter;

static inline unsigned save(void)
{
	unsigned flags, temp;
	asm volatile("mrs %0, cpsr\norr %1, %0, #128\nmsr cpsr_c, %1"
		     : "=r"(flags), "=r"(temp) :: "memory", "cc");
	return flags;
}
static inline void restore(unsigned flags)
{
	asm volatile("msr cpsr_c, %0" :: "r"(flags) : "memory", "cc");
}
void add(unsigned *to, unsigned by) { unsigned flags = save(); *to += by; restore(flags); }
void disable(void)
{
	unsigned temp;
	asm volatile("mrs %0, cpsr\norr %0, %0, #128\nmsr cpsr_c, %0" : "=r"(temp) :: "memory");
}
void enable(void)
{
	unsigned temp;
	asm volatile("mrs %0, cpsr\nbic %0, %0, #128\nmsr cpsr_c, %0" : "=r"(temp) :: "memory");
}
void enable_fiq(void)
{
	unsigned temp;
	asm volatile("mrs %0, cpsr\nbic %0, %0, #64\nmsr cpsr_c, %0" : "=r"(temp) :: "memory");
}
unsigned flags(void) { unsigned value; asm volatile("mrs %0, cpsr" : "=r"(value)); return value; }
unsigned dacr(void)
{
	unsigned value;
	asm volatile("mrc p15, 0, %0, c3, c0, 0" : "=r"(value));
	return value;
}
void start_kernel(void)
{
	asm volatile("msr cpsr_c, #0xd2");
	asm volatile("msr cpsr_c, #0x93");
	add(&counter, 1);
	enable();
	for (;;)
		disable();
}
"""

SCRIPT = """
ENTRY(stext)
PHDRS {{ text PT_LOAD; data PT_LOAD; }}
swapper_pg_dir = 0xc0004000;
SECTIONS {{
    .head.text 0xc0008000 : AT(0xc0008000) {{ *(.head.text) }} :text
    .text 0xc0009000 : AT(0xc0009000) {{ *(.text .text.*) }} :text
    .rodata : {{ *(.rodata .rodata.*) }} :text
    .data 0xc0010000 : AT(0xc0010000) {{ *(.data) }} :data
    .bss : {{ *(.bss) . += {bss}; }} :data
    _end = .;
    /DISCARD/ : {{ *(.ARM.attributes .comment .ARM.exidx*) }}
}}
"""


def make_linux(folder, bss=0x2000, entry=ENTRY, code=CODE, head=HEAD):
    """The kernel above as an ELF, as vmlinux would be. Returns its path."""
    script = folder / "linux.ld"
    script.write_text(SCRIPT.format(bss=bss))
    source = folder / "code.c"
    source.write_text(code)
    subprocess.run([CROSS + "gcc", "-c", "-O2", "-marm", "-mcpu=arm926ej-s", "-ffreestanding",
                    "-o", folder / "code.o", source], check=True)
    output = folder / "vmlinux"
    subprocess.run([CROSS + "ld", "-n", "--no-warn-rwx-segments", "-T", script, "-o", output,
                    assemble(folder, head, "head"), assemble(folder, entry, "entry"),
                    folder / "code.o"], check=True)
    return output


def read_kernel(path):
    elf = Elf(path.read_bytes())
    return Kernel(elf, list(arm_code(elf)))


SECTION = Section(1, ".text", 1, 6, 0, 0, 0, 0, 0)


class Code:
    """Words at an address, all of them C code of one function: what Scanner and stubs ask for."""

    def __init__(self, words, base=0xC0010000):
        self.base = base
        self.words = array("I", words)
        self.fixups, self.jumps = {}, {}
        self.functions = {base}  # starts of C functions; a bl to another place leaves C code

    def c_code(self):
        return [(Region("a", SECTION, self.base, 0, 4 * len(self.words)), self.words)]

    def is_c(self, addr):
        return addr in self.functions or self.c_word(addr) is not None

    def c_word(self, addr):
        i = addr - self.base >> 2
        return self.words[i] if 0 <= i < len(self.words) else None

    def function_start(self, _addr):
        return self.base
