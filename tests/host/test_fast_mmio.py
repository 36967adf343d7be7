# SPDX-License-Identifier: Apache-2.0
"""arch/arm/fast_mmio.S against its counterpart in C, data_abort_trap(): both are executed, from the
data abort's vector to the guest, with the same instruction, registers and device.

With the VMMs that are built. Device models are made here, and so is what neither of the two may
reach: the general way of an abort, the trap core.
"""

import random

import pytest

from armsim import ABT, DFSR, FAR, SVC, T_BIT, USR, WORD, Abort
from vmm_interpreter import C, VmmCpu, image  # noqa: F401 (a fixture)

DEVICE, OPS, READ, WRITE = 0xFF800000, 0xFF800100, 0xFF801000, 0xFF801004
CODE, VA = 0xC0010000, 0xC8123400
OFFSET = 0x3400  # of VA in its device
TRANSLATION = (5, 7)


class Vmm(VmmCpu):
    """The VMM on a core whose guest has just got a data abort."""

    def __init__(self, image, symbols, seed):
        super().__init__(image, symbols)
        self.rnd, self.log = random.Random(seed), []
        self.unreadable = self.notices = False
        self.insn = 0

    def load(self, address, size):
        if self._user and self.unreadable:
            raise Abort(address)
        return super().load(address, size)

    def word(self, address):
        return self.insn if address == CODE else super().word(address)

    def state(self):
        """All of the guest's, as the VMM has it."""
        fields = ("TF_PC", "TF_CPSR", "TF_EXC_LR", "VCPU_CTL")
        return [self.words.get(self.frame + 4 * i) for i in range(15)] + \
            [self.words.get(self.frame + C[name]) for name in fields]

    def step(self, word=None):
        here = self.r[15]
        try:
            super().step()
        except Abort:
            self._user = False
            self.enter(ABT, here + 8, self.symbols["trap_dabt"])

    # ---- what is not under test

    def _check_stack(self):
        assert 0 <= self.frame - self.r[13] < 512

    def _model(self, write):
        a, offset, x, y = self.r[0:4]
        assert a == DEVICE and self.mode in (SVC, ABT)
        self._check_stack()
        self.log.append(("write", offset, x, y) if write else ("read", offset, x))
        if self.notices:
            self.field("VCPU_ATTENTION", 1)
        for i in (0, 1, 2, 3, 12):
            self.r[i] = self.rnd.getrandbits(32)
        self.cpsr = self.cpsr & 0x0FFFFFFF | self.rnd.getrandbits(4) << 28
        self.r[15] = self.r[14]

    def _finish(self):
        """trap_finish(): only as far as it must know where to go on."""
        frame, outcome, kind = self.r[0:3]
        assert frame == self.frame and kind == C["KIND_DABT"]
        self._check_stack()
        assert outcome in (C["OUTCOME_NEXT"], C["OUTCOME_MOVED"])
        pc = self.words[frame + C["TF_PC"]] + 4 * (outcome == C["OUTCOME_NEXT"])
        self.words[frame + C["TF_PC"]] = pc
        self.log.append(("finish", pc))
        self.r[15] = self.r[14]

    def run(self, general, left):
        """From the abort to the guest: True, or False if it left for one of the addresses."""
        self.steps = 0
        while self.mode != USR:
            if self.r[15] in left:
                return False
            if self.r[15] in (READ, WRITE):
                self._model(self.r[15] == WRITE)
            elif self.r[15] == self.symbols["trap_finish"]:
                self._finish()
            elif general and self.r[15] == self.symbols["trap_device"]:
                self.r[15] = self.symbols["trap_device_general"]
            else:
                self.step()
            assert self.steps < 1000, f"endless, pc {self.r[15]:#x}"
        return True


def random_insn(rnd):
    """Mostly what takes the short way, and all that looks like it."""
    word = rnd.choice((0x05000000, 0x05000000, 0x05100000, 0x05100000, 0x05400000, 0x05500000,
                       0x07100000, 0x07000000, 0x01C000B0, 0x01D000B0, 0x05200000, 0x05B00000,
                       0x04100000, 0x04A00000, 0x08100000, 0x07100010, 0x06F000B0,
                       rnd.getrandbits(28)))
    word |= rnd.getrandbits(12) if word >> 24 in (4, 5) else rnd.getrandbits(4)
    word |= rnd.getrandbits(1) << 23 | rnd.getrandbits(4) << 16 | rnd.getrandbits(4) << 12
    return word | (rnd.getrandbits(4) if rnd.random() < 0.1 else 14) << 28


def make(image, seed, usual=False):
    """A VMM whose guest has got an abort of a known page; usually nothing is odd about it."""
    words, symbols = image
    rnd = random.Random(seed)
    vmm = Vmm(words, symbols, seed)

    def odd(probability):
        return rnd.random() < probability and not usual

    guest = [rnd.getrandbits(32) for _ in range(15)]
    epoch, dacr = rnd.getrandbits(32), 0x55 | rnd.getrandbits(2) << 30
    va = VA + (rnd.randrange(0x400) if odd(0.1) else rnd.randrange(0, 0x400, 4))
    row = row_of(vmm, va)
    known = [va >> 10, DEVICE, epoch, rnd.choice((0, 1, 4, 0x10)), OFFSET - VA & WORD, READ,
             0 if odd(0.2) else WRITE]
    if odd(0.05):
        known[0] = rnd.choice((0, WORD, known[0] ^ 1, known[0] + 0x400))
    for i, value in enumerate(known):
        vmm.words[row + 4 * i] = value
    vmm.words[DEVICE], vmm.words[OPS + 12], vmm.words[OPS + 16] = OPS, READ, WRITE
    vmm.field("VCPU_DEVICE_EPOCH", rnd.getrandbits(32) if odd(0.05) else epoch)
    vmm.field("VCPU_DACR", rnd.getrandbits(32) if odd(0.1) else dacr)
    vmm.field("VCPU_CTL", USR if odd(0.05) else rnd.choice((SVC, 0x92, 0x11, 0x17, 0x1B, 0x1F)))
    vmm.field("VCPU_ATTENTION", int(odd(0.1)))
    vmm.p15[FAR] = va
    vmm.p15[DFSR] = rnd.getrandbits(9) if odd(0.05) else \
        rnd.choice(TRANSLATION) | rnd.getrandbits(4) << 4
    vmm.insn = random_insn(rnd)
    vmm.unreadable, vmm.notices = odd(0.05), odd(0.1)
    vmm.cpsr = USR | rnd.getrandbits(4) << 28 | (T_BIT if odd(0.05) else 0)
    vmm.r[0:15] = guest
    for mode in (ABT, SVC):
        vmm.banks[mode][0] = vmm.frame
    vmm.enter(ABT, CODE + 8, symbols["trap_dabt"])
    return vmm


def row_of(vmm, va):
    at = (va >> 12 ^ va >> 19) % C["DEVICE_PAGES"]
    return vmm.frame + C["VCPU_DEVICE_PAGES"] + (at << C["DEVICE_PAGE_ROW_LOG2"])


def guest_state(vmm):
    return vmm.r[0:15], vmm.r[15], vmm.cpsr


def test_both_do_the_same(image):
    """If the assembly completes an access it did what the C does; if not, nothing."""
    symbols = image[1]
    general = {symbols["trap_device_general"], symbols["trap_data_abort"]}
    left = {symbols["data_abort"], symbols["revalidate"]}
    fast = slow = accesses = finished = 0
    for seed in range(2500):
        vmm, other = make(image, seed), make(image, seed)
        before = list(vmm.r[0:13]) + vmm.banks[USR][0:2]
        completed = vmm.run(False, general)
        done = other.run(True, left)
        assert vmm.insn == other.insn
        text = f"seed {seed}, instruction {vmm.insn:#x}"
        if completed:
            fast += 1
            assert done, text
            assert guest_state(vmm) == guest_state(other), text
            assert vmm.log == other.log, text
            accesses += sum(entry[0] != "finish" for entry in vmm.log)
            finished += vmm.log[-1][0] == "finish"
        else:
            slow += 1
            assert not vmm.log, text
            assert vmm.state()[:15] == before, text
            assert vmm.words[vmm.frame + C["TF_EXC_LR"]] == CODE + 8, text
            assert not done or vmm.r[15] == symbols["trap_device_general"], text
        assert vmm.banks[ABT][0] == vmm.frame or vmm.mode == ABT and vmm.r[13] == vmm.frame, text
    assert accesses == fast > 700 and slow > 400 and finished > 100


@pytest.mark.parametrize("word", [0xE5912010, 0xE5812010, 0xE591E000, 0xE5810ABC])
def test_the_usual_access_is_short(image, word):
    """From the abort to the guest's next instruction, without the device model."""
    vmm = make(image, 0, usual=True)
    vmm.insn = word
    assert vmm.run(False, ()) and len(vmm.log) == 1
    assert vmm.steps <= 57
