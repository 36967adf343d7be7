# SPDX-License-Identifier: Apache-2.0
"""Site stubs: hot sensitive instructions of C code become branches to a few words that work on the
page shared with the VMM (vcpu/pv_abi.h) and do not trap.

Only the first instruction of a pattern becomes a branch. The others stay what they are, proxies
included, so a jump into the middle of a pattern has the effect it always had.

What differs from the original: CPSR is read as its eight control bits, the others as zero. C code
of Linux looks at nothing else of it (arch/arm/include/asm/irqflags.h). Those for FPEXC and for
accesses to programs' memory change the flags, which the kernel's inline assembly declares
("cc": arch/arm/vfp/vfpinstr.h, asm/uaccess.h, asm/futex.h); where they are used all the same, the
site is left alone.
"""

from array import array
from collections import Counter
from typing import Callable, List, NamedTuple, Optional, Set, Tuple

from .arm import IP, PC, SP, branch_word
from .hook import plain_form
from .linux import Kernel
from .liveness import Scanner, pick
from .pv_abi import (PV_CTL, PV_DACR, PV_DFSR, PV_FAR, PV_FPEXC, PV_FPEXC_EN, PV_I_ONLY, PV_IFSR,
                     PV_MASKED, PV_PAGE, PV_SCTLR, PV_UNMASKED)

COND_MASK, COND_AL, COND_NV = 0xF0000000, 0xE0000000, 0xF0000000
COND_NE, COND_LO = 0x10000000, 0x30000000

MRS = 0x010F0000           # mrs rd, cpsr
SET_I = 0x03800080         # orr rd, rn, #0x80
CLEAR_I = 0x03C00080       # bic rd, rn, #0x80
MSR = 0x0121F000           # msr cpsr_c, rm
MSR_IMMEDIATE = 0x0321F000  # msr cpsr_c, #immediate
I_BIT = 0x80

MASK_I, UNMASK_I = PV_MASKED + PV_I_ONLY, PV_UNMASKED + PV_I_ONLY
LITERALS = (MASK_I, UNMASK_I, PV_MASKED, PV_PAGE)

# Reads of CP15 registers of which the page has a copy: the word without rd, name, offset.
P15_COPIES = {
    0x0E130F10: ("mrc_dacr", PV_DACR),
    0x0E110F10: ("mrc_sctlr", PV_SCTLR),
    0x0E150F10: ("mrc_dfsr", PV_DFSR),
    0x0E150F30: ("mrc_ifsr", PV_IFSR),
    0x0E160F10: ("mrc_far", PV_FAR),
}

READ_FPEXC, WRITE_FPEXC = 0x0EF80A10, 0x0EE80A10  # without rd
FPEXC_EN_IMMEDIATE = 0x101
assert PV_FPEXC_EN == 1 << 30  # 1, turned right by 2

# A pool of literals serves the stubs behind it that a load can reach it from.
REACH = 4095


class Stub(NamedTuple):
    """A site and what it becomes: `branch` at `addr`, to `target`."""

    kind: str
    addr: int
    word: int
    target: int
    branch: int


class Stubs(NamedTuple):
    stubs: List[Stub]
    code: array  # words
    left: Counter  # why: number of sites that stay proxies


class _Writer:
    """The words of the stubs, from `base` on."""

    def __init__(self, base: int):
        self.base = base
        self.words = array("I")
        self.pool = 0  # index of the pool in use

    @property
    def here(self) -> int:
        return self.base + 4 * len(self.words)

    def start(self, length: int) -> int:
        """Room for a stub of at most so many words that reach a pool; returns its address."""
        # A load sees the pc 8 further on.
        if not self.words or 4 * (len(self.words) + length - self.pool) + 8 > REACH:
            self.pool = len(self.words)
            self.words.extend(LITERALS)
        return self.here

    def add(self, word: int) -> None:
        self.words.append(word)

    def load_literal(self, rd: int, value: int) -> None:
        distance = 4 * (len(self.words) - self.pool - LITERALS.index(value)) + 8
        self.add(0xE51F0000 | rd << 12 | distance)  # ldr rd, [pc, #-distance]

    def access(self, opcode: int, rd: int, rn: int, offset: int) -> None:
        """ldr, ldrb or strb rd, [rn, #offset]."""
        up = 1 << 23 if offset >= 0 else 0
        self.add(opcode | up | rn << 16 | rd << 12 | abs(offset))

    def branch(self, target: int) -> None:
        self.add(branch_word(self.here, target))


LDR, LDRB, STRB = 0xE5100000, 0xE5500000, 0xE5400000
TST, TSTEQ, TEQ, CMP = 0xE3100000, 0x03100000, 0xE1300000, 0xE3500000
PUSH, POP = 0xE52D0004, 0xE49D0004  # str rd, [sp, #-4]!; ldr rd, [sp], #4
SPILLED = 1 << IP | 1 << 3
STUB_MAX = 6  # words, without a pool


def _control(value: int) -> int:
    """Offset from a register that holds a literal to the control byte."""
    return PV_PAGE + PV_CTL - value


def immediate(value: int) -> Optional[int]:
    """The field of a data processing instruction for a constant, if it has one (A5.1.3)."""
    for turn in range(0, 32, 2):
        byte = (value << turn | value >> 32 - turn) & 0xFFFFFFFF
        if byte < 256:
            return turn << 7 | byte
    return None


def match_sequence(code: array, i: int) -> Optional[Tuple[str, int, int]]:
    """mrs rd, cpsr; orr or bic rt, rd, #0x80; msr cpsr_c, rt, all unconditional: kind, rd, rt."""
    if i + 2 >= len(code) or code[i] & ~0xF000 != COND_AL | MRS:
        return None
    rd, rt = code[i] >> 12 & 15, code[i + 1] >> 12 & 15
    if code[i + 2] != COND_AL | MSR | rt or PC in (rd, rt) or SP in (rd, rt):
        return None
    change = code[i + 1] & ~0xF000
    if change == COND_AL | SET_I | rd << 16:
        return ("mask" if rd == rt else "save_mask"), rd, rt
    if change == COND_AL | CLEAR_I | rd << 16:
        return ("unmask" if rd == rt else "save_unmask"), rd, rt
    return None


def changes_other_bits(code: array, i: int) -> bool:
    """Whether the register of the msr at `i` was just given bits other than I: local_fiq_*()."""
    rm = code[i] & 15
    if i == 0 or code[i - 1] & 0x0E000000 != 0x02000000:
        return False
    opcode = code[i - 1] >> 21 & 15
    return code[i - 1] >> 12 & 15 == rm and opcode in (12, 14) and code[i - 1] & 0xFFF != I_BIT


class _Finder:
    """Goes through C code and writes a stub for each site it can serve."""

    def __init__(self, kernel: Kernel, base: int, taken: Set[int], proxy: Callable[[int], int],
                 user_limit: Optional[int]):
        self.kernel = kernel
        self.taken = taken
        self.proxy = proxy
        self.user_limit = immediate(user_limit) if user_limit else None
        self.scanner = Scanner(kernel)
        self.writer = _Writer(base)
        self.found: List[Stub] = []
        self.left: Counter = Counter()

    def _stub(self, kind: str, addr: int, word: int, length: int, body) -> int:
        target = self.writer.start(STUB_MAX)
        body()
        self.writer.branch(addr + 4 * length)
        self.found.append(Stub(kind, addr, word, target,
                               branch_word(addr, target, word & COND_MASK)))
        return length

    def sequence(self, code: array, i: int, addr: int) -> int:
        kind, rd, rt = match_sequence(code, i)
        value = UNMASK_I if "unmask" in kind else MASK_I
        write = self.writer

        def body():
            write.load_literal(rt, value)
            if rd == rt:
                write.access(STRB, rt, rt, _control(value))
                write.access(LDRB, rt, rt, _control(value))
            else:
                write.access(LDRB, rd, rt, _control(value))
                write.access(STRB, rt, rt, _control(value))
                write.add(code[i + 1])

        return self._stub(kind, addr, code[i], 3, body)

    def read(self, code: array, i: int, addr: int, kind: str, offset: int) -> int:
        rd = code[i] >> 12 & 15
        if rd in (SP, PC):
            self.left[f"{kind}: to sp or pc"] += 1
            return 1
        write = self.writer

        def body():
            if kind == "mrs":
                write.load_literal(rd, PV_MASKED)
                write.access(LDRB, rd, rd, _control(PV_MASKED))
            else:
                write.load_literal(rd, PV_PAGE)
                write.access(LDR, rd, rd, offset)

        return self._stub(kind, addr, code[i], 1, body)

    def write_control(self, code: array, i: int, addr: int) -> int:
        word = code[i]
        value = None  # of the immediate form
        used = 0
        if word & ~COND_MASK & ~0xFFF == MSR_IMMEDIATE:
            # I only: where F is set it stays, so that the value saved before is not stored to an
            # open page (bitops of Linux; FIQs are nobody's there).
            value = {0x93: MASK_I, 0x13: UNMASK_I}.get(word & 0xFFF)
            if value is None:
                self.left["msr: immediate of another mode"] += 1
                return 1
        elif changes_other_bits(code, i):
            self.left["msr: changes bits other than I"] += 1
            return 1
        else:
            used = 1 << (word & 15)
            if used & (1 << SP | 1 << PC):
                self.left["msr: from sp or pc"] += 1
                return 1
        free = self.scanner.free_registers(addr + 4) & ~used
        rx = pick(free) if free else pick(SPILLED & ~used)
        write = self.writer

        def body():
            # Below sp there is nothing (AAPCS, 5.2.1), and an interrupt between leaves sp alone.
            if not free:
                write.add(PUSH | rx << 12)
            write.load_literal(rx, PV_MASKED if value is None else value)
            write.access(STRB, rx if value is not None else word & 15, rx,
                         _control(PV_MASKED if value is None else value))
            if not free:
                write.add(POP | rx << 12)

        kind = "msr" if value is None else "msr_immediate"
        return self._stub(kind if free else f"{kind}_spilled", addr, word, 1, body)

    def fpexc(self, code: array, i: int, addr: int) -> int:
        """Nothing but a proxy changes FPEXC while its EN is clear, so a copy serves then."""
        word = code[i]
        rd, write = word >> 12 & 15, self.writer
        is_read = word & ~COND_MASK & ~0xF000 == READ_FPEXC
        kind = "fmrx_fpexc" if is_read else "fmxr_fpexc"
        free = self.scanner.free_registers(addr + 4) & ~(1 << rd)
        if rd in (SP, PC) or not (is_read or free):
            self.left[f"{kind}: no register"] += 1
            return 1
        if word & COND_MASK != COND_AL or not self.scanner.flags_free(addr + 4):
            self.left[f"{kind}: flags in use"] += 1
            return 1
        copy = rd if is_read else pick(free)

        def body():
            write.load_literal(copy, PV_PAGE)
            write.access(LDR, copy, copy, PV_FPEXC)
            if is_read:
                write.add(TST | rd << 16 | FPEXC_EN_IMMEDIATE)
            else:
                write.add(TEQ | rd << 16 | copy)
                write.add(TSTEQ | rd << 16 | FPEXC_EN_IMMEDIATE)
            write.add(self.proxy(word & ~COND_MASK | COND_NE))

        return self._stub(kind, addr, word, 1, body)

    def user(self, code: array, i: int, addr: int) -> int:
        """ldrt, strt: below the limit a plain access does, which the VMM gives User rights. An abort
        of it is one at the site: the VMM knows this stub by its words (vcpu/pv.c)."""
        word, plain = code[i], plain_form(code[i])
        rn, rd = word >> 16 & 15, word >> 12 & 15
        if self.user_limit is None:
            self.left["user: no hook data_abort, or limit"] += 1
        elif plain is None or word & 1 << 25 or PC in (rn, rd) or rn == rd:
            self.left["user: address or register"] += 1
        elif word & COND_MASK != COND_AL or not self.scanner.flags_free(addr + 4):
            self.left["user: flags in use"] += 1
        else:
            def body():
                self.writer.add(CMP | rn << 16 | self.user_limit)
                self.writer.add(plain & ~COND_MASK | COND_LO)
                self.writer.add(branch_word(self.writer.here, addr + 4, COND_LO))
                self.writer.add(self.proxy(word))

            return self._stub("user", addr, word, 1, body)
        return 1

    def site(self, code: array, i: int, addr: int) -> int:
        """Looks at the word at `i`; returns how many words it has dealt with."""
        word = code[i]
        if word & COND_MASK == COND_NV:
            return 1
        plain = word & ~COND_MASK
        if plain & ~0xF000 == MRS:
            if match_sequence(code, i):
                return self.sequence(code, i, addr)
            return self.read(code, i, addr, "mrs", PV_CTL)
        if plain & ~0xF == MSR or plain & ~0xFFF == MSR_IMMEDIATE:
            return self.write_control(code, i, addr)
        if plain & ~0xF000 in (READ_FPEXC, WRITE_FPEXC):
            return self.fpexc(code, i, addr)
        if plain_form(word) is not None:
            return self.user(code, i, addr)
        copy = P15_COPIES.get(plain & ~0xF000)
        return self.read(code, i, addr, *copy) if copy else 1

    def run(self) -> Stubs:
        for region, code in self.kernel.c_code():
            i = 0
            while i < len(code):
                # Cheap first: MRS and MSR; MRC and MCR; LDRT and STRT.
                if code[i] & 0x0D900000 == 0x01000000 or code[i] & 0x0F000000 == 0x0E000000 or \
                        code[i] & 0x0D200000 == 0x04200000:
                    addr = region.addr + 4 * i
                    i += 1 if addr in self.taken else self.site(code, i, addr)
                else:
                    i += 1
        return Stubs(self.found, self.writer.words, self.left)


def make_stubs(kernel: Kernel, base: int, taken: Set[int], proxy: Callable[[int], int],
               user_limit: Optional[int]) -> Stubs:
    """Stubs for all sites of C code, from address `base` on. `taken` addresses are left alone.

    `proxy` gives the proxy of a sensitive word. With `user_limit` the kernel's abort handler takes
    from PV_DFSR whether it was a store; without one, accesses to programs' memory stay proxies: it
    would look for the L bit in the branch to the stub.
    """
    return _Finder(kernel, base, taken, proxy, user_limit).run()
