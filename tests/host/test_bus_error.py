# SPDX-License-Identifier: Apache-2.0
"""An external abort of the VMM's own access to a device (arch/arm/user_access.S): the VMM that is built is
executed from the access to the vector of data aborts and back. QEMU's boards raise none.
"""

from pathlib import Path

import pytest

from armsim import ABT, SVC, WORD, Abort
from vmm_interpreter import ROOT, VmmCpu, image, read_image  # noqa: F401 (a fixture)

DEVICE, VALUE, RESULT = 0xFFD00010, 0x12345678, 0xFFE00000
ACCESSES = [(f"bus_{what}{8 * size}", size) for what in ("load", "store") for size in (1, 2, 4)]


class Vmm(VmmCpu):
    """The VMM at work for somebody, in Supervisor mode; the bus answers with an error, or does not."""

    def __init__(self, words, symbols, is_broken):
        super().__init__(words, symbols)
        self.is_broken = is_broken
        self.accesses = []
        self.words[DEVICE] = VALUE
        self.set_cpsr(SVC | 0xC0)
        # While a guest runs, and while the VMM works for it, the other stacks are the vCPU's frame.
        self.banks[ABT][0] = self.frame

    def load(self, address, size):
        self._bus(address, size)
        return super().load(address, size)

    def store(self, address, size, value):
        self._bus(address, size)
        super().store(address, size, value)

    def _bus(self, address, size):
        if address != DEVICE:
            return
        self.accesses.append(size)
        if self.is_broken:
            raise Abort(address)

    def step(self, word=None):
        here = self.r[15]
        try:
            super().step(word)
        except Abort:
            self.enter(ABT, here + 8, self.symbols["trap_dabt"])
            self.steps += 1


@pytest.mark.parametrize("function, size", ACCESSES)
@pytest.mark.parametrize("is_broken", (False, True), ids=("answer", "error"))
def test_access(image, function, size, is_broken):  # noqa: F811
    words, symbols = image
    vmm = Vmm(words, symbols, is_broken)
    kept = list(range(0x100, 0x10A))  # r4 to r13
    vmm.r[4:13] = kept[:9]
    is_load = "load" in function
    assert vmm.call(function, DEVICE, RESULT if is_load else ~VALUE & WORD)
    assert vmm.r[0] == (not is_broken)
    assert vmm.accesses == [size]
    assert vmm.r[4:13] == kept[:9] and vmm.r[13] == vmm.frame
    assert vmm.mode == SVC and vmm.cpsr & 0xC0 == 0xC0
    mask = (1 << 8 * size) - 1
    if is_broken:
        assert RESULT not in vmm.words and vmm.words[DEVICE] == VALUE
    elif is_load:
        assert vmm.words[RESULT] == VALUE & mask
    else:
        assert vmm.words[DEVICE] == VALUE & ~mask | ~VALUE & mask


@pytest.mark.parametrize("board", ("integratorcp", "versatilepb"))
@pytest.mark.parametrize("is_load", (False, True), ids=("store", "load"))
@pytest.mark.parametrize("is_broken", (False, True), ids=("answer", "error"))
def test_fifo(board, is_load, is_broken):
    """Words that go to one address, of the image that serves devices."""
    words, symbols = read_image(Path(ROOT) / "build" / f"{board}-remote" / "vmm.elf")
    vmm = Vmm(words, symbols, is_broken)
    kept = list(range(0x100, 0x109))
    vmm.r[4:13] = kept
    given = [0x11, 0x22, 0x33]
    for n, value in enumerate(given):
        vmm.words[RESULT + 4 * n] = value
    assert vmm.call("bus_load_fifo" if is_load else "bus_store_fifo", DEVICE, RESULT, len(given))
    assert vmm.r[0] == (not is_broken)
    assert vmm.accesses == [4] * (1 if is_broken else len(given))
    assert vmm.r[4:13] == kept and vmm.r[13] == vmm.frame
    assert vmm.mode == SVC and vmm.cpsr & 0xC0 == 0xC0
    there = [vmm.words[RESULT + 4 * n] for n in range(len(given))]
    assert there == ([VALUE] * 3 if is_load and not is_broken else given)
    assert vmm.words[DEVICE] == (VALUE if is_load or is_broken else given[-1])
