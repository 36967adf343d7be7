# SPDX-License-Identifier: Apache-2.0
"""arm_interpreter's ARM with what a kernel's assembly needs: modes and their registers, CP15,
memory with rights, and the VMM's part of paravirtual code (vcpu/pv_abi.h).

It knows what instructions do on a real ARM926EJ-S (ARM DDI 0100I, A2 to A5) and no proxies but as
the words they stand for. Where the VMM would do more than an instruction's work, for a hypercall,
the owner says what happens.
"""

import rewrite_support  # noqa: F401 (makes hako_rewrite known)
from arm_interpreter import F_BIT, I_BIT, PV_CTL_ADDRESS, PV_I_ONLY, WORD, Machine

from hako_rewrite import pv_abi
from hako_rewrite.arm import branch_target

USR, IRQ, SVC, ABT, UND = 0x10, 0x12, 0x13, 0x17, 0x1B
T_BIT, FLAGS = 0x20, 0xF0000000

# CRn, CRm, opcode_2
SCTLR, TTBR, DACR = (1, 0, 0), (2, 0, 0), (3, 0, 0)
DFSR, IFSR, FAR = (5, 0, 0), (5, 0, 1), (6, 0, 0)
TEST_AND_CLEAN, WAIT = (7, 14, 3), (7, 0, 4)
HYPERCALL = "hypercall"

COPIES = {pv_abi.PV_PAGE + offset: register for offset, register in (
    (pv_abi.PV_SCTLR, SCTLR), (pv_abi.PV_DACR, DACR), (pv_abi.PV_DFSR, DFSR),
    (pv_abi.PV_IFSR, IFSR), (pv_abi.PV_FAR, FAR))}

VECTORS_PAGE = 0xFFFF0000  # programs may read it


class Abort(Exception):
    """Of an access; an exception fixup of the kernel may know what to do."""


class Cpu(Machine):
    """`fetch` gives the words of the kernel's file by address; `proxies` is its proxy table."""

    def __init__(self, fetch, proxies=(), fixups=None, ranges=()):
        super().__init__({}, [0] * 16)
        self.fetch, self.proxies, self.fixups, self.ranges = fetch, proxies, fixups or {}, ranges
        self.words = {}  # that were written
        self.banks = {mode: [0, 0, 0] for mode in (USR, IRQ, SVC, ABT, UND)}  # r13, r14, SPSR
        self.p15 = {register: 0 for register in (SCTLR, TTBR, DACR, DFSR, IFSR, FAR)}
        self.operations = []  # of CP15, and hypercalls, in their order
        self.hypercall = lambda number: None
        self.user_limit = 0xBF000000
        self.user_pages = None  # the pages that programs have; None: all
        self.steps = 0
        self._user = False

    @property
    def mode(self):
        return self.cpsr & 0x1F

    def set_cpsr(self, value):
        """All of CPSR; r13 and r14 become those of its mode."""
        self.banks[self.mode][0:2] = self.r[13:15]
        self.cpsr = value
        self.r[13:15] = self.banks[self.mode][0:2]

    def enter(self, mode, return_address, vector):
        """An exception (A2.6)."""
        psr = self.cpsr
        self.set_cpsr(psr & ~0x3F | mode | I_BIT)
        self.banks[mode][2] = psr
        self.r[14:16] = return_address & WORD, vector

    # ---- memory

    def _stub_site(self, here):
        """Where the access at `here` is for the kernel, if a stub of the kind `user` has it."""
        forth = self.fetch(here + 4)
        if forth & 0x0F000000 != 0x0A000000:
            return None
        site = branch_target(forth, here + 4) - 4
        back = self.fetch(site)
        if back & 0x0F000000 == 0x0A000000 and branch_target(back, site) == here - 4:
            return site
        return None

    def _has_user_rights(self):
        here = self.r[15]
        return any(low <= here < high for low, high in self.ranges) or \
            self._stub_site(here) is not None

    def _check(self, address):
        user = self._user or self.mode == USR
        if address < self.user_limit:
            if self.user_pages is not None and address >> 12 not in self.user_pages:
                assert user or self._has_user_rights(), f"{address:#x} by pc {self.r[15]:#x}"
                raise Abort(address)
        elif user and address >> 12 != VECTORS_PAGE >> 12:
            raise Abort(address)

    def _by_bytes(self, address, size):
        """Whether it is an access for a program that is not aligned. It is done with the rights
        of User mode, natively by the kernel and here by the VMM."""
        if address % size == 0:
            return False
        assert self._user or self._stub_site(self.r[15]) is not None, \
            f"alignment: {address:#x} by pc {self.r[15]:#x}"
        self._user = True
        return True

    def word(self, address):
        """What is in memory, whoever asks."""
        if address in COPIES:
            return self.p15[COPIES[address]]
        return self.words[address] if address in self.words else self.fetch(address)

    def load(self, address, size):
        if self._by_bytes(address, size):
            return sum(self.load(address + i, 1) << 8 * i for i in range(size))
        self._check(address)
        if address == PV_CTL_ADDRESS and size == 1:
            return self.cpsr & 0xFF
        return self.word(address & ~3) >> 8 * (address & 3) & (1 << 8 * size) - 1

    def store(self, address, size, value):
        if self._by_bytes(address, size):
            for i in range(size):
                self._check(address + i)
            for i in range(size):
                self.store(address + i, 1, value >> 8 * i)
            return
        self._check(address)
        if address == PV_CTL_ADDRESS and size == 1:
            if self.cpsr & F_BIT and value & PV_I_ONLY:  # closed: the VMM emulates the store
                value = self.cpsr & ~I_BIT | value & I_BIT
            assert value & 0x3F == SVC, f"{value:#x} stored to PV_CTL"
            self.cpsr = self.cpsr & ~0xFF | value & 0xFF
            return
        at, turn, mask = address & ~3, 8 * (address & 3), (1 << 8 * size) - 1
        self.words[at] = self.word(at) & ~(mask << turn) | (value & mask) << turn

    # ---- instructions

    def step(self, word=None):
        """The instruction at pc; an abort takes its fixup, registers as before (A2.6.7)."""
        here, before = self.r[15], list(self.r)
        word = self.load(here, 4) if word is None else word
        self.steps += 1
        try:
            self._execute(word)
        except Abort as abort:
            site = self._stub_site(here) or here
            assert site in self.fixups, f"abort at {abort.args[0]:#x} by pc {here:#x}: no fixup"
            self.r = before
            self.r[15] = self.fixups[site]
        finally:
            self._user = False

    def _execute(self, word):
        here, self._jumped = self.r[15], False
        self._user = word & 0x0D200000 == 0x04200000  # ldrt and its relatives
        handler = self._handler(word) if self._condition(word >> 28) else None
        if handler is None:
            super().step(word)
            return
        handler(word)
        if not self._jumped and handler != self._proxy:
            self.r[15] = here + 4

    def _handler(self, word):
        for mask, value, handler in (
                (0x0F000FFF, 0x0E000F00, self._proxy),
                (0x0FBF0FFF, 0x010F0000, self._mrs),
                (0x0FB0F000, 0x0320F000, self._msr), (0x0FB0FFF0, 0x0120F000, self._msr),
                (0x0E5000F0, 0x005000B0, self._ldrh),
                (0x0E400000, 0x08400000, self._multiple_user),
                (0x0DF0F000, 0x01B0F000, self._movs_pc),
                (0x0F000F10, 0x0E000F10, self._coprocessor)):
            if word & mask == value:
                return handler
        return None

    def _proxy(self, word):
        word = self.proxies[word >> 12 & 0xFFF]
        if word >> 28 == 15:
            self.operations.append((HYPERCALL, word & 0xFF, *self.r[0:3]))
            self.hypercall(word & 0xFF)
            self.r[15] += 4
            return
        self._execute(word)

    def _mrs(self, word):
        self.r[word >> 12 & 15] = self.banks[self.mode][2] if word & 1 << 22 else self.cpsr

    def _msr(self, word):
        value = self._shifted(word)[0]
        mask = sum(0xFF << 8 * i for i in range(4) if word & 1 << 16 + i)
        if word & 1 << 22:
            spsr = self.banks[self.mode]
            spsr[2] = spsr[2] & ~mask | value & mask
        else:
            self.set_cpsr(self.cpsr & ~mask | value & mask & (FLAGS | 0xDF))

    def _ldrh(self, word):
        offset = (word >> 4 & 0xF0 | word & 15) if word & 1 << 22 else self.r[word & 15]
        assert word & 1 << 24 and not word & 1 << 21, f"{word:#x}"
        address = self._read(word >> 16 & 15) + (offset if word & 1 << 23 else -offset) & WORD
        self.r[word >> 12 & 15] = self.load(address, 2)

    def _multiple_user(self, word):
        """ldm and stm with ^: registers of User mode, or with pc a return from an exception."""
        if word & 0x00108000 == 0x00108000:
            self._multiple(word)
            self.set_cpsr(self.banks[self.mode][2])
            return
        assert self.mode != USR and not word & 1 << 21, f"{word:#x}"
        base, mode = self.r[word >> 16 & 15], self.mode
        self.banks[mode][0:2] = self.r[13:15]
        self.r[13:15] = self.banks[USR][0:2]
        names = word & 0xFFFF
        if word >> 16 & 15 == 13:  # the base is this mode's; the program's sp is at most stored
            assert not word & 1 << 20 or not names & 1 << 13
        start = base if word & 1 << 23 else base - 4 * bin(names).count("1")
        start += 4 * (bool(word & 1 << 24) == bool(word & 1 << 23))
        for name in (i for i in range(15) if names >> i & 1):
            if word & 1 << 20:
                self.r[name] = self.load(start, 4)
            else:
                self.store(start, 4, self.r[name])
            start += 4
        self.banks[USR][0:2] = self.r[13:15]
        self.r[13:15] = self.banks[mode][0:2]

    def _movs_pc(self, word):
        self._write(15, self._shifted(word)[0])
        self.set_cpsr(self.banks[self.mode][2])

    def _coprocessor(self, word):
        assert word & 0x00E00F00 == 0x00000F00, f"{word:#x}"
        register, rd = (word >> 16 & 15, word & 15, word >> 5 & 7), word >> 12 & 15
        if register == TEST_AND_CLEAN:
            self.cpsr |= 1 << 30
            self.operations.append((register, 0))
        elif word & 1 << 20:
            self.r[rd] = self.p15[register]
        else:
            if register in self.p15:
                self.p15[register] = self.r[rd]
            self.operations.append((register, self.r[rd]))

    def run_to(self, *until, limit=20000):
        """Until pc is one of `until`. Returns the number of instructions."""
        start = self.steps
        while self.r[15] not in until:
            self.step()
            assert self.steps - start < limit, f"endless, pc {self.r[15]:#x}"
        return self.steps - start
