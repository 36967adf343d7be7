# SPDX-License-Identifier: Apache-2.0
"""armsim's ARM with what the VMM itself needs: its assembly and what the compiler makes of its C are
executed from the VMMs that are built, in a state that a test makes up.
"""

import re
from pathlib import Path

import pytest

from armsim import USR, WORD, Cpu
from pv_equal_support import File
from rewrite_support import ROOT

IMAGES = [Path(ROOT) / "build" / board / "vmm.elf" for board in ("integratorcp", "versatilepb")]


def constants(*headers):
    """The numbers in headers."""
    found = {}
    for header in headers:
        for line in (Path(ROOT) / header).read_text().splitlines():
            match = re.match(r"#define (\w+)\s+(\(?[\w +]+\)?)", line)
            if match:
                found[match[1]] = eval(match[2], {}, found)  # pylint: disable=eval-used
    return found


STACK = 4096
BACK = 0xDEAD0000  # where a function returns to
C = constants("arch/arm/trap_frame.h", "domain/shadow_offsets.h")


def read_image(path):
    """What there is of an image, and its symbols."""
    assert path.exists(), f"{path} is missing: run `make vmm BOARD=...`"
    words = File(path.read_bytes())
    return words, {name: value[0] for name, value in words.elf.named().items()}


@pytest.fixture(scope="module", params=IMAGES, ids=lambda path: path.parent.name)
def image(request):
    return read_image(request.param)


class VmmCpu(Cpu):
    """The VMM with one VM: `frame` is where its vCPU is."""

    def __init__(self, words, symbols):
        super().__init__(words)
        self.symbols = symbols
        self.frame = symbols["vmm_stack_top"] + 0x10000 & ~31

    def field(self, name, value):
        """A word of the vCPU."""
        self.words[self.frame + C[name]] = value

    def get(self, name):
        return self.word(self.frame + C[name])

    def word(self, address):
        return self.words[address] if address in self.words else self.fetch(address)

    def load(self, address, size):
        assert address % size == 0, f"{address:#x} by pc {self.r[15]:#x}"
        return self.word(address & ~3) >> 8 * (address & 3) & (1 << 8 * size) - 1

    def store(self, address, size, value):
        assert address % size == 0, f"{address:#x} by pc {self.r[15]:#x}"
        at, turn, mask = address & ~3, 8 * (address & 3), (1 << 8 * size) - 1
        self.words[at] = self.word(at) & ~(mask << turn) | (value & mask) << turn

    def call(self, function, *arguments, until=()):
        """Calls a function of the VMM. False if it gets to one of the addresses instead."""
        self.r[0:len(arguments)] = arguments
        self.r[13:16] = self.frame, BACK, self.symbols[function]
        self.steps = 0
        while self.r[15] != BACK:
            if self.r[15] in until:
                return False
            self.step()
            assert self.steps < 5000, f"endless, pc {self.r[15]:#x}"
        return True

    def left_in_memory(self, other):
        """What is in memory, but for the stack, where this one or the other has written."""
        return {at: self.word(at) for at in sorted({*self.words, *other.words})
                if not 0 < self.frame - at <= STACK}

    def step(self, word=None):
        self._jumped = False
        self._execute(self.fetch(self.r[15]))
        self.steps += 1

    def _handler(self, word):
        if word & 0x0E50FFFF in (0x08507FFF, 0x08407FFF) and word >> 16 & 15 == 13:
            return self._whole_bank
        if word & 0x0FFFFFF0 in (0x012FFF30, 0x012FFF10):
            return self._branch
        if word & 0x0FFFF000 == 0x025EF000:
            return self._subs_pc_lr
        if word & 0x0E0000F0 == 0x000000B0:
            return self._halfword
        if word & 0x0FFF0FF0 == 0x016F0F10:
            return self._clz
        if word & 0x0FB00000 == 0x03200000 or word & 0x0FB00FF0 == 0x01200000:
            return self._msr
        return super()._handler(word)

    def _whole_bank(self, word):
        """stmia sp, {r0 - r14}^ and ldmia."""
        base, mode = self.r[13], self.mode
        user = self.r[0:13] + self.banks[USR][0:2]
        for i in range(15):
            if word & 1 << 20:
                user[i] = self.load(base + 4 * i, 4)
            else:
                self.store(base + 4 * i, 4, user[i])
        assert mode != USR
        self.r[0:13], self.banks[USR][0:2] = user[0:13], user[13:15]

    def _branch(self, word):
        target = self.r[word & 15]
        if word & 0x20:
            self.r[14] = self.r[15] + 4
        self._write(15, target)

    def _subs_pc_lr(self, word):
        self._write(15, self.r[14] - (word & 0xFF) & WORD)
        self.set_cpsr(self.banks[self.mode][2])

    def _halfword(self, word):
        """ldrh and strh with an offset."""
        assert word & 1 << 24 and not word & 1 << 21, f"{word:#x}"
        offset = (word >> 4 & 0xF0 | word & 15) if word & 1 << 22 else self.r[word & 15]
        address = self._read(word >> 16 & 15) + (offset if word & 1 << 23 else -offset) & WORD
        if word & 1 << 20:
            self.r[word >> 12 & 15] = self.load(address, 2)
        else:
            self.store(address, 2, self.r[word >> 12 & 15])

    def _clz(self, word):
        self.r[word >> 12 & 15] = 32 - self.r[word & 15].bit_length()
