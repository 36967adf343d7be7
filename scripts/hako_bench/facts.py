# SPDX-License-Identifier: Apache-2.0
"""What the benchmark knows about boards, kernels and rows, as tables."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Board:
    name: str   # QEMU's machine, and the VMM's board
    uart: int   # its first PL011
    counter: int  # by which the VMM knows the time, 24 MHz
    ram_alias: int = 0  # physical address where the RAM at 0 is seen once more

    @property
    def dtb(self):
        """In a kernel's folder, where scripts/build_linux puts it."""
        return f"{self.name}.dtb"


BOARDS = {
    board.name: board
    for board in (
        Board("integratorcp", 0x16000000, 0x10000028, ram_alias=0x80000000),
        Board("versatilepb", 0x101f1000, 0x1000005C),
    )
}

KERNELS = ("linux-6.12", "linux-6.1")

# Where the kernel's virtual addresses begin; guest-physical RAM begins at 0 on both boards.
PAGE_OFFSET = 0xC0000000

# Has VMM_BASE and VMM_END, the VMM's virtual addresses.
LAYOUT_HEADER = "arch/arm/layout.h"

GUEST_MEMORY_MIB = 96
# Of the guest, natively and under the VMM.
COMMAND_LINE = f"console=ttyAMA0 mem={GUEST_MEMORY_MIB}M"

# 2^3 = 8 ns of virtual time for each instruction.
ICOUNT_SHIFT = 3


# Of the row "fetch": tests/bench/work.c has its iterations, which are KiB.
FETCH_KIB = 1024


@dataclass(frozen=True)
class Mode:
    """How the kernel that runs under the VMM was made ready."""

    name: str
    title: str
    label: str             # of its files in build/bench
    rewrite: tuple = ()    # options of the rewriter
    prefix: str = "vmm_"   # of its numbers in results.json
    ratio: str = "ratio"


MODES = {
    mode.name: mode
    for mode in (
        Mode("pv", "VMM", "vmm"),
        Mode("proxies", "proxies only", "proxies", ("--no-pv",), "proxies_", "proxies_ratio"),
    )
}


@dataclass(frozen=True)
class Row:
    name: str        # in results.json and in the guest's output
    title: str       # for people
    published: float | None = None  # SIVARM against native, under icount
    group: str = "basic"
    processes: int = 0              # of a row in the group "scaling"; its name ends with it


GROUPS = ("basic", "work", "scaling")
# Kinds of scaling rows, by their names without the number of processes.
SCALING = {"pipe": "pipe round trip", "switch": "context switch"}
PROCESSES = (2, 8, 32, 96)

ROWS = {
    row.name: row
    for row in (
        Row("syscall", "null system call", 8.29),
        Row("read", "read 1 byte"),
        Row("read4k", "read 4 KiB"),
        Row("pipe", "pipe round trip", 4.77),
        Row("fork_exit", "fork + exit", 26.56),
        Row("fork_exec", "fork + exec", 18.43),
        Row("first_touch", "first touch of a page"),
        Row("signal", "signal to self"),
        Row("mprotect", "2x mprotect"),
        Row("cpu", "CPU loop, one round"),
        Row("boot", "boot, kernel to init"),
        Row("gzip", "gzip of 4 MiB, 1 KiB", group="work"),
        Row("sha256", "sha256sum of 4 MiB, 1 KiB", group="work"),
        Row("script", "shell script, 1 command", group="work"),
        Row("fetch", "1 MiB by TFTP, 1 KiB", group="work"),
        *(Row(f"{kind}_{count}", f"{title}, {count} proc.", group="scaling", processes=count)
          for kind, title in SCALING.items() for count in PROCESSES),
    )
}


@dataclass(frozen=True)
class TrapRow:
    name: str                  # in tests/bench/trapcost.S
    title: str
    is_register: bool = True   # an emulated register access, which has a limit
    vector: str = "und"


TRAP_ROWS = {
    row.name: row
    for row in (
        TrapRow("mrs_cpsr", "mrs rd, cpsr"),
        TrapRow("msr_cpsr", "msr cpsr_c, rm"),
        TrapRow("msr_cpsr_imm", "msr cpsr_c, #imm"),
        TrapRow("mrs_spsr", "mrs rd, spsr"),
        TrapRow("msr_spsr", "msr spsr_cxsf, rm"),
        TrapRow("mrc_id", "mrc c0 (main ID)"),
        TrapRow("mrc_control", "mrc c1 (control)"),
        TrapRow("mrc_dacr", "mrc c3 (DACR)"),
        TrapRow("mcr_dacr", "mcr c3 (DACR)"),
        TrapRow("mrc_fsr", "mrc c5 (FSR)"),
        TrapRow("mcr_far", "mcr c6 (FAR)"),
        TrapRow("drain_wb", "mcr c7 (drain write buffer)", is_register=False),
        TrapRow("clean_d_line", "mcr c7 (clean D line)", is_register=False),
        TrapRow("inv_tlb_entry", "mcr c8 (TLB entry)", is_register=False),
        TrapRow("ldr_device", "ldr (UART register)", vector="dabt"),
        TrapRow("str_device", "str (UART register)", vector="dabt"),
    )
}
# The loop of trapcost.S without a trap.
TRAP_BASELINE = "nop"
