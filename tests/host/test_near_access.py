# SPDX-License-Identifier: Apache-2.0
"""arch/arm/near_access.S where it aborts: a device's function that arch/arm/fast_mmio.S has called looks at
memory of the guest that is not there. The VMMs that are built are executed from the guest's data abort,
through that one of their own in the middle, and its fix-up, to the guest's next instruction.
"""

import random
from pathlib import Path

import pytest

from armsim import ABT, DFSR, FAR, SVC, USR, WORD, Abort
from pv_equal_support import File
from rewrite_support import ROOT
from vmm_interpreter import C, VmmCpu

DEVICE, OPS, MODEL, RETURNED = 0xFF800000, 0xFF800100, 0xFF801000, 0xFF801008
CODE, VA, OFFSET = 0xC0010000, 0xC8123400, 0x3400
MEMORY, PAGE = 0xC2000000, 0x400
BUFFER = 0xFF802000  # of the VMM
LDR, STR = 0xE5912000, 0xE5812000  # r2, [r1]
IMAGES = [Path(ROOT) / "build" / f"{board}-remote" / "vmm.elf"
          for board in ("integratorcp", "versatilepb")]


@pytest.fixture(scope="module", params=IMAGES, ids=lambda path: path.parent.name)
def image(request):
    assert request.param.exists(), f"{request.param} is missing"
    words = File(request.param.read_bytes())
    return words, {name: value[0] for name, value in words.elf.named().items()}


class Vmm(VmmCpu):
    """A guest has touched a device whose function carries out more than that: see steps()."""

    def __init__(self, words, symbols, seed, store):
        super().__init__(words, symbols)
        rnd = random.Random(seed)
        self.away = set()  # pages of the guest
        self.aborts = self.guest_accesses = 0
        self.calls = []  # (function, address, count), one after the other
        self.results = []
        self.words[CODE] = STR if store else LDR
        row = [VA >> 10, DEVICE, 5, 1, OFFSET - VA & WORD, MODEL, MODEL]
        at = (VA >> 12 ^ VA >> 19) % C["DEVICE_PAGES"] << C["DEVICE_PAGE_ROW_LOG2"]
        for i, value in enumerate(row):
            self.words[self.frame + C["VCPU_DEVICE_PAGES"] + at + 4 * i] = value
        self.words[DEVICE], self.words[OPS + 12], self.words[OPS + 16] = OPS, MODEL, MODEL
        for name, value in (("VCPU_DEVICE_EPOCH", 5), ("VCPU_DACR", 0x55), ("VCPU_CTL", SVC),
                            ("VCPU_ATTENTION", 0)):
            self.field(name, value)
        self.p15[FAR], self.p15[DFSR] = VA, 5
        self.guest = [rnd.getrandbits(32) for _ in range(15)]
        self.r[0:15] = self.guest
        self.cpsr = USR | 0x60000000
        for mode in (ABT, SVC):
            self.banks[mode][0] = self.frame
        for i in range(8):
            self.words[BUFFER + 4 * i] = 0xB000 + i
            for page in (MEMORY, MEMORY + PAGE):
                self.words[page + 4 * i] = page + i
        self.enter(ABT, CODE + 8, symbols["trap_dabt"])

    def _look(self, address):
        if MEMORY <= address < MEMORY + 2 * PAGE:
            assert self._user, "memory of the guest with the VMM's own rights"
            self.guest_accesses += 1
            if address & -PAGE in self.away:
                raise Abort(address)
        else:
            assert not self._user or address == CODE

    def load(self, address, size):
        self._look(address)
        return super().load(address, size)

    def store(self, address, size, value):
        self._look(address)
        super().store(address, size, value)

    def step(self, word=None):
        here = self.r[15]
        try:
            super().step()
        except Abort:
            self._user = False
            self.aborts += 1
            self.enter(ABT, here + 8, self.symbols["trap_dabt"])

    def _model(self):
        """The device's function begins, or goes on behind a call: the next one, or it returns."""
        if self.r[15] == MODEL:
            assert self.mode == ABT and self.r[13] == self.frame
            self.back = self.r[14]
        else:
            assert self.mode == ABT and (self.r[4:12], self.r[13]) == self.kept
            self.results.append(self.r[0])
        if self.calls:
            function, address, count = self.calls.pop(0)
            self.kept = self.r[4:12], self.r[13]
            self.r[0:4] = self.frame, address, BUFFER, count
            self.r[14:16] = RETURNED, self.symbols[function]
            return
        # As what calls them does (vmm/remote/remote_near.c): two more instructions are behind the guest.
        self.field("TF_EXC_LR", CODE + 8 + 8)
        self.field("TF_CPSR", USR | 0x90000000)
        self.r[0], self.r[14:16] = self.frame, [self.symbols["near_set_psr"]] * 2
        self.is_over = True
        self.r[14] = RETURNED

    def run(self):
        self.steps, self.is_over = 0, False
        while self.mode != USR:
            if self.r[15] == RETURNED and self.is_over:
                self.r[0], self.r[15] = 0xCAFE, self.back
            elif self.r[15] in (MODEL, RETURNED):
                self._model()
            else:
                assert self.r[15] != self.symbols["trap_from_vmm_fatal"], "nobody has fixed it up"
                self.step()
            assert self.steps < 2000, f"endless, pc {self.r[15]:#x}"


@pytest.mark.parametrize("store", (False, True), ids=("ldr", "str"))
@pytest.mark.parametrize("function", ("near_load_words", "near_store_words"))
@pytest.mark.parametrize("count", (1, 4, 8))
def test_an_abort_is_no_word_and_the_guest_goes_on(image, function, count, store):
    vmm = Vmm(*image, count, store)
    vmm.away = {MEMORY}
    vmm.calls = [(function, MEMORY, count), (function, MEMORY + PAGE, count),
                 (function, MEMORY + PAGE - 4, 1)]
    vmm.run()
    assert vmm.results == [0, 1, 0]
    assert vmm.aborts == 2 and vmm.guest_accesses == 2 + count
    loads = "load" in function
    for i in range(8):
        moved = i < count
        assert vmm.words[MEMORY + 4 * i] == MEMORY + i
        assert vmm.words[BUFFER + 4 * i] == (MEMORY + PAGE + i if loads and moved else 0xB000 + i)
        assert vmm.words[MEMORY + PAGE + 4 * i] == (0xB000 + i if not loads and moved else
                                                    MEMORY + PAGE + i)
    # As if there had been no abort, but for what the function has carried out.
    assert vmm.r[15] == CODE + 12 and vmm.cpsr == USR | 0x90000000
    guest = list(vmm.guest)
    if not store:
        guest[2] = 0xCAFE
    assert vmm.r[0:15] == guest
    assert vmm.banks[ABT][0] == vmm.frame
