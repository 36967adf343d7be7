# SPDX-License-Identifier: Apache-2.0
"""arch/arm/fastpath_switch.S against its counterpart in C, hypercall(): both are executed with the
same vCPU, shadow and page, and must leave the same and do the same to CP15, or the assembly nothing.
"""

import random

from armsim import SVC, TEST_AND_CLEAN, UND, USR
from hako_rewrite import pv_abi
from pv_equal_support import PV_LOG, PV_LOG_END
from vmm_interpreter import C, VmmCpu, image  # noqa: F401 (a fixture)

SHADOW, SPACES, TABLES = 0x40000000, 0x40010000, 0x40020000
CONTEXTS, L1 = (0x40030000, 0x40034000), 0x41000000
NONE, SWITCH_MM = 0xFFFF, 1
DIRECTORIES = 12  # page directories that are known
CHAIN = 0x4400000  # between directories of one hash chain
TLB_ALL, CACHE_I_ALL, DRAIN = (8, 7, 0), (7, 5, 0), (7, 10, 4)


class Vmm(VmmCpu):
    """In Undefined mode, where handlers of proxies are called; tables of the first level are seen."""

    def __init__(self, words, symbols, dirty):
        super().__init__(words, symbols)
        self.dirty = dirty
        self.cpsr = UND | 0xC0

    def store(self, address, size, value):
        super().store(address, size, value)
        if L1 <= address < L1 + 0x4000 and self.operations[-1] != "tables":
            self.operations.append("tables")

    def _coprocessor(self, word):
        super()._coprocessor(word)
        if self.operations and self.operations[-1][0] == TEST_AND_CLEAN and self.dirty:
            self.dirty -= 1
            self.cpsr &= ~(1 << 30)

    def shadow(self, name, value, size=4, offset=0):
        super().store(SHADOW + C[name] + offset, size, value)


def space_at(number):
    return SPACES + (number << C["SPACE_LOG2"])


def make_table(vmm, rnd, number, slot, kind):
    at = TABLES + number * C["TABLE_BYTES"]
    for i in range(0, C["TABLE_BYTES"], 4):
        vmm.words[at + i] = rnd.getrandbits(32)
    vmm.words[at + C["TABLE_LINK"]] = rnd.getrandbits(22) << 10 | 1
    VmmCpu.store(vmm, at + C["TABLE_SLOT"], 2, slot)
    VmmCpu.store(vmm, at + C["TABLE_DOMAIN"], 2, kind)
    return at


def make_spaces(vmm, rnd, directories):
    """Spaces with their tables, in hash chains; each has one for slot 0 or none. Returns the numbers
    of these."""
    chains, gates, number = {}, [], 0
    kinds = [rnd.getrandbits(4), 0x100 | rnd.getrandbits(4)]
    for i, directory in enumerate(directories):
        at, tables, slots = space_at(i), [], rnd.sample(range(1, 0xBF0), rnd.randrange(5))
        for slot in slots:
            table = make_table(vmm, rnd, number, slot, kinds[0])
            VmmCpu.store(vmm, table + C["TABLE_SIBLING"], 2, tables[-1] if tables else NONE)
            tables.append(number)
            number += rnd.randrange(1, 4)
        gates.append(NONE)
        if rnd.random() < 0.9:
            make_table(vmm, rnd, number, 0, kinds[rnd.random() < 0.1])
            gates[i] = number
            number += 1
        chain = (directory >> 14 ^ directory >> 22) & 0xFF
        vmm.words[at], vmm.words[at + C["SPACE_LAST_USED"]] = directory, rnd.getrandbits(20)
        for field, value in (("NEXT", chains.get(chain, NONE)),
                             ("TABLES", tables[-1] if tables else NONE), ("GATE_TABLE", gates[i]),
                             ("COUNT", len(tables))):
            VmmCpu.store(vmm, at + C[f"SPACE_{field}"], 2, value)
        chains[chain] = i
    for chain in range(0x100):
        vmm.shadow("SHADOW_SPACE_CHAINS", chains.get(chain, NONE), 2,
                   2 * chain)
    return gates


# Each of them is a reason to leave for the C.
REASONS = ("user", "irq mode", "system", "interrupt", "shut", "unsettled", "epoch", "dacr", "log",
           "log broken", "context", "no common", "unknown", "same space", "many tables")
TABLES_MAX = 160  # of both spaces; more are for the C, which has preempt points


def make(image, seed, reason=None, usual=False):
    """A guest in its switch_mm(), with several address spaces."""
    rnd = random.Random(seed)
    vmm = Vmm(*image, rnd.randrange(3))
    first = rnd.getrandbits(18) << 14
    # Some in one chain with others.
    directories = [first + i * 0x4000 + rnd.randrange(2) * CHAIN & 0xFFFFC000
                   for i in range(DIRECTORIES)]
    directories = list(dict.fromkeys(directories))
    for i in range(0, C["VCPU_DEVICE_PAGES"], 4):
        vmm.words[vmm.frame + i] = rnd.getrandbits(32)
    for i in range(0, SHADOW_WORDS, 4):
        vmm.words[SHADOW + i] = rnd.getrandbits(32)
    gates = make_spaces(vmm, rnd, directories)
    now, then = rnd.sample(range(len(directories)), 2)
    if usual:
        now, then = [i for i in range(len(gates)) if gates[i] != NONE][:2]
    if reason == "same space":
        then = now
    target = directories[then]
    if reason == "unknown":
        target = directories[0] + (DIRECTORIES + 1) * 0x4000 & 0xFFFFC000
    epoch, dacr, high = rnd.getrandbits(32), rnd.getrandbits(32), rnd.random() < 0.2 and not usual
    mode = {"user": USR, "irq mode": 0x12, "system": 0x1F}.get(reason, SVC)

    if reason in ("many tables", "as many as may be"):
        count = rnd.randrange(TABLES_MAX + 1)
        for space, tables in ((now, count), (then, TABLES_MAX - count + (reason == "many tables"))):
            VmmCpu.store(vmm, space_at(space) + C["SPACE_COUNT"], 2, tables)
    vmm.words[vmm.frame] = target | rnd.getrandbits(14)
    vmm.field("VCPU_CTL", mode | rnd.getrandbits(2) << 6)
    vmm.field("VCPU_INTERRUPT", rnd.choice((0x40, 0x80, 0xC0)) if reason == "interrupt" else 0)
    vmm.field("VCPU_ATTENTION", 0)
    vmm.field("VCPU_PV_PAGE", pv_abi.PV_PAGE)
    VmmCpu.store(vmm, vmm.frame + C["VCPU_PV_SHUT"], 1, reason == "shut")
    settled = rnd.choice((0, SVC, 0x12, SVC | 0x8000)) if reason == "unsettled" else USR
    vmm.field("VCPU_SETTLED", settled)
    for i, value in enumerate((epoch ^ (reason == "epoch"), dacr ^ (reason == "dacr"), SHADOW)):
        vmm.words[vmm.frame + C["VCPU_SETTLED"] + 4 + 4 * i] = value
    vmm.words[vmm.frame + C["VCPU_PV_INFO"] + 40] = 1  # announces
    mmu = vmm.frame + C["VCPU_TTBR"] - 4
    for i, value in enumerate((1, directories[now], dacr, 0)):
        vmm.words[mmu + 4 * i] = value
    vmm.words[PV_LOG_END] = PV_LOG + {"log": 4 * rnd.randrange(1, 0x200),
                                      "log broken": rnd.getrandbits(32)}.get(reason, 0) & 0xFFFFFFFF

    vmm.shadow("SHADOW_MMU", mmu)
    vmm.shadow("SHADOW_VIEW_EPOCH", epoch)
    vmm.shadow("SHADOW_PRIVILEGED", rnd.randrange(2), 1)
    vmm.shadow("SHADOW_PV_OPEN", rnd.randrange(2), 1)
    vmm.shadow("SHADOW_VECTORS_HIGH", high, 1)
    vmm.shadow("SHADOW_GATE_OPEN", rnd.randrange(2), 1)
    vmm.shadow("SHADOW_GATE_TABLE", NONE if high else gates[now], 2)
    vmm.shadow("SHADOW_USER_SLOTS", 0xBF0)
    vmm.shadow("SHADOW_TABLE_LIST", TABLES)
    for name in (0, 1):
        vmm.shadow("SHADOW_TLB_STALE", rnd.randrange(2), 1, name)
    common = 0 if reason == "no common" else CONTEXTS[0]
    current = CONTEXTS[1] if reason in ("context", "no common") else CONTEXTS[0]
    for i, value in enumerate((current, common, SPACES, space_at(now), rnd.getrandbits(31))):
        vmm.shadow("SHADOW_CURRENT", value, offset=4 * i)
    vmm.words[CONTEXTS[0]], vmm.words[CONTEXTS[1]] = L1, L1 + 0x10000
    for slot in range(0x1000):
        vmm.words[L1 + 4 * slot] = rnd.getrandbits(32) if slot >= 0xBF0 else 0
    vmm.r[4:12] = [rnd.getrandbits(32) for _ in range(8)]
    return vmm


SHADOW_WORDS = C["SHADOW_TABLE_LIST"] + 4


def run(image, seed, reason=None, usual=False):
    """The assembly's run and what was before it; whether it has left."""
    vmm, before = (make(image, seed, reason, usual) for _ in range(2))
    left = not vmm.call("fast_switch_mm", vmm.frame, SWITCH_MM,
                        until={vmm.symbols["hypercall"]})
    assert vmm.r[4:12] == before.r[4:12] and vmm.r[13] == vmm.frame
    if left:
        assert vmm.r[0:2] == [vmm.frame, SWITCH_MM]
        assert not vmm.operations
        assert vmm.left_in_memory(before) == before.left_in_memory(vmm)
    return vmm, left


def test_both_do_the_same(image):
    """If the assembly completes a switch it did what the C does; if not, nothing."""
    fast = gates = high = 0
    for seed in range(150):
        vmm, left = run(image, seed)
        if left:
            continue
        other = make(image, seed)
        before = other.word(SHADOW + C["SHADOW_GATE_TABLE"])
        assert other.call("hypercall", other.frame, SWITCH_MM)
        assert vmm.r[0] == other.r[0] == C["OUTCOME_NEXT"]
        assert vmm.left_in_memory(other) == other.left_in_memory(vmm), f"seed {seed}"
        assert vmm.operations == other.operations, f"seed {seed}"
        assert [x if x == "tables" else x[0] for x in vmm.operations if x[0] != TEST_AND_CLEAN] in \
            ([CACHE_I_ALL, DRAIN, "tables", TLB_ALL], [CACHE_I_ALL, DRAIN, TLB_ALL])
        fast += 1
        gates += vmm.word(SHADOW + C["SHADOW_GATE_TABLE"]) != before
        high += vmm.load(SHADOW + C["SHADOW_VECTORS_HIGH"], 1)
    assert fast > 100 and gates > 50 and high > 10 and fast < 150


def test_each_reason_to_leave_is_seen(image):
    """With nothing done, whatever else there is."""
    for reason in REASONS:
        for seed in range(5):
            assert run(image, seed, reason)[1], f"{reason}, seed {seed}"
    for seed in range(5):
        assert not run(image, seed, "as many as may be", usual=True)[1]


def test_gates_of_different_kinds_leave(image):
    """Of which at most one is there, or that are of different domains or classes."""
    for kind in (0x001, 0x100, 0x008):
        vmm = make(image, 1, usual=True)
        at = TABLES + vmm.load(SHADOW + C["SHADOW_GATE_TABLE"], 2) * C["TABLE_BYTES"]
        at += C["TABLE_DOMAIN"]
        VmmCpu.store(vmm, at, 2, vmm.load(at, 2) ^ kind)
        assert not vmm.call("fast_switch_mm", vmm.frame, SWITCH_MM,
                            until={vmm.symbols["hypercall"]})
        assert not vmm.operations
    vmm = make(image, 1, usual=True)
    vmm.shadow("SHADOW_GATE_TABLE", NONE, 2)
    assert not vmm.call("fast_switch_mm", vmm.frame, SWITCH_MM, until={vmm.symbols["hypercall"]})


def test_the_usual_switch_is_short(image):
    """Without the loops over the tables of both spaces, and the cache."""
    vmm, left = run(image, 1, usual=True)
    assert not left and vmm.steps <= 170
