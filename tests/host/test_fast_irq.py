# SPDX-License-Identifier: Apache-2.0
"""arch/arm/fastpath_irq.S against its counterparts in C: both are executed on the same vCPU, shadow and
page, and must leave the same, or the assembly nothing.
"""

import random

from armsim import ABT, DACR, DFSR, FAR, SVC, T_BIT, UND, USR
from hako_rewrite import pv_abi
from vmm_interpreter import C, VmmCpu, image  # noqa: F401 (a fixture)

SHADOW, PAGE, CODE, ENTRY = 0x40000000, pv_abi.PV_PAGE, 0xC0010000, 0xC0020000
RETURN_SITE, RESTART_FROM = 0xC0000140, 0xC0000120
I_BIT, F_BIT, J_BIT, PV_OPEN, I_ONLY, DACR_AT_IRQ_USR = 0x80, 0x40, 1 << 24, 1 << 24, 0x100, 8
SETTLED_WAITING, PROXY = SVC | I_BIT << 8, 0xEE010F00
PSR, PC, PAGE_DACR = PAGE + 0x18, PAGE + 0x1C, PAGE + 0x24


class Vmm(VmmCpu):
    """The page is touched while it is open; what the guest runs may be unreadable."""

    unreadable = False
    insn = 0

    def word(self, address):
        return self.insn if address == CODE else super().word(address)

    def load(self, address, size):
        if address == CODE and self.unreadable:
            raise Unreadable
        return super().load(address, size)

    def store(self, address, size, value):
        assert address & ~0xFFF != PAGE or self.p15[DACR] & PV_OPEN
        super().store(address, size, value)

    def shadow(self, name, value, size=4, offset=0):
        VmmCpu.store(self, SHADOW + C[name] + offset, size, value)

    def effect(self):
        """What has been done but for memory: DACR counts as it is in the end."""
        return self.p15[DACR], [x for x in self.operations if x[0] != DACR]


class Unreadable(Exception):
    """Another abort: the fix-up is the general path's business."""


def fill(vmm, rnd):
    for at, size in ((vmm.frame, C["VCPU_DEVICE_PAGES"]), (SHADOW, C["SHADOW_TABLE_LIST"] + 4),
                     (PAGE, 0x40)):
        for i in range(0, size, 4):
            vmm.words[at + i] = rnd.getrandbits(32)


def make_dacr(vmm, rnd, reason):
    """The guest's DACR, what it has said about it, and what has been made of that."""
    fast = vmm.frame + C["VCPU_FAST"]
    pair = reason in ("no proxy", "pair epoch") or rnd.random() < 0.5
    values = [[rnd.getrandbits(32), rnd.getrandbits(24), rnd.getrandbits(24)] for _ in range(2)]
    gates = 0
    if not pair:
        values[1][0] = values[0][0]
    now = rnd.randrange(2)
    guest, images = values[now][0], [values[now][2], values[now][1]]
    proxy = pair and reason != "no proxy" and rnd.random() < 0.8
    if reason == "pair epoch":
        proxy = True
    if pair and not proxy:
        gates = 0x10101  # open, but there is no table for it: what C finds out as well
    at_irq = pair and (proxy or reason == "no proxy")
    if proxy and reason is None and rnd.random() < 0.2:
        at_irq = False
    epoch = rnd.getrandbits(32)
    for value in values:
        value[1] |= PV_OPEN
    if pair:
        for i, word in enumerate(values[0] + values[1]):
            vmm.words[vmm.frame + C["FAST_DACR_PAIR"] + 4 * i] = word
    vmm.field("FAST_DACR_PROXY", PROXY if proxy else 0xF000)
    vmm.field("FAST_DACR_KERNEL", values[0][1] if pair else images[1] | PV_OPEN)
    vmm.field("FAST_DACR_PROGRAM", values[1][2] if pair else images[0])
    retry = rnd.random() < 0.3
    VmmCpu.store(vmm, vmm.frame + C["VCPU_RETRY"], 1, retry)
    for name, number in (("FAST_CALL_PATH", pair), ("FAST_RETURN_PATH", 4 if retry else 2 + pair)):
        vmm.field(name, vmm.word(vmm.symbols["trap_swi_paths"] + 4 * number))
    vmm.field("VCPU_PV_PAIR_EPOCH", epoch ^ (reason == "pair epoch"))
    info = vmm.frame + C["VCPU_PV_INFO"]
    vmm.words[info + 44], vmm.words[info + 48] = values[0][0], values[1][0]
    vmm.words[info + 52] = DACR_AT_IRQ_USR * at_irq | rnd.getrandbits(10) * pair & ~DACR_AT_IRQ_USR
    vmm.words[fast + 16] = vmm.words[info + 28]  # call_entry, swi_entry
    vmm.field("VCPU_DACR", guest)
    vmm.words[PAGE_DACR] = guest
    for i, word in enumerate((images[0], images[1] & ~PV_OPEN, epoch)):
        vmm.shadow("SHADOW_IMAGES", word, offset=4 * i)
    vmm.shadow("SHADOW_GATE_TABLE", 0xFFFF, 2)
    return guest, gates, images


# Each is a reason to leave for the C, in the mode behind it or in both.
REASONS = {"fiq": None, "shut": None, "epoch": None, "dacr": None, "state": None, "no entry": None,
           "other mode": None, "in return": SVC, "transient": USR, "gate": USR, "no proxy": USR,
           "pair epoch": USR}


def make(image, seed, reason=None):
    """A guest with an interrupt that is due."""
    rnd = random.Random(f"{seed} {reason}")
    vmm = Vmm(*image)
    vmm.cpsr = SVC | 0xC0
    fill(vmm, rnd)
    mode = REASONS.get(reason) or rnd.choice((USR, SVC))
    guest, gates, images = make_dacr(vmm, rnd, reason)
    waiting = mode == SVC and rnd.random() < 0.5
    state = SETTLED_WAITING if waiting else USR
    epoch = rnd.getrandbits(32)
    interrupt = rnd.choice((F_BIT, I_BIT | F_BIT)) if reason == "fiq" else I_BIT
    info = vmm.frame + C["VCPU_PV_INFO"]

    vmm.field("TF_CPSR", USR | rnd.getrandbits(4) << 28 | rnd.choice((0, T_BIT, J_BIT, 0)))
    vmm.field("TF_PC", CODE + 2 * rnd.getrandbits(12))
    ctl = mode | rnd.choice((0, F_BIT)) * (interrupt == I_BIT)
    vmm.field("VCPU_CTL", ctl | (rnd.choice((0, I_BIT)) if mode == SVC else 0))
    if reason == "other mode":
        vmm.field("VCPU_CTL", rnd.choice((ABT, UND, 0x12, 0x11, 0x1F)))
    vmm.words[PAGE] = SVC
    vmm.field("VCPU_INTERRUPT", interrupt)
    vmm.field("VCPU_PV_PAGE", PAGE)
    VmmCpu.store(vmm, vmm.frame + C["VCPU_PV_SHUT"], 1, reason == "shut")
    VmmCpu.store(vmm, vmm.frame + C["VCPU_PV_READ_ONLY"], 1, waiting)
    vmm.field("FAST_CALL_FROM", 0xFFFFFFFF if waiting else USR)
    vmm.field("FAST_RETURN_LR", 1 if waiting else RETURN_SITE + 4)
    if reason == "state":
        state = rnd.choice((0, SVC, 0x12, USR | I_BIT << 8, ABT))
    for i, word in enumerate((state, epoch ^ (reason == "epoch"), guest ^ (reason == "dacr"),
                              SHADOW)):
        vmm.words[vmm.frame + C["VCPU_SETTLED"] + 4 * i] = word
    vmm.words[info + 32], vmm.words[info + 36] = RETURN_SITE, RESTART_FROM
    for i in range(8):
        vmm.words[info + 56 + 4 * i] = 0 if reason == "no entry" else ENTRY + 0x10 * i
    if reason == "in return":
        vmm.field("TF_PC", rnd.randrange(RESTART_FROM, RETURN_SITE + 4, 4))

    vmm.shadow("SHADOW_USER_SLOTS", 0xBF0)
    vmm.shadow("SHADOW_VIEW_EPOCH", epoch)
    vmm.shadow("SHADOW_PRIVILEGED", waiting or rnd.randrange(2), 1)
    vmm.shadow("SHADOW_PV_OPEN", waiting or rnd.randrange(2), 1)
    if reason == "gate":
        gates = rnd.choice((0x10000, 0x100, 1, 0x10100, 0x10001, 0x101))
    vmm.shadow("SHADOW_GATE_OPEN", gates | rnd.getrandbits(8) << 24)
    vmm.shadow("SHADOW_IMAGES", 3 * (reason == "transient"), offset=12)
    vmm.p15[DACR] = images[mode == SVC] | PV_OPEN * (mode == SVC)
    vmm.r[4:12] = [rnd.getrandbits(32) for _ in range(8)]
    return vmm


def deliver(image, seed, reason=None):
    """The assembly's run, and whether it has done nothing."""
    vmm, before = (make(image, seed, reason) for _ in range(2))
    assert vmm.call("fast_interrupt", vmm.frame)
    assert vmm.r[4:12] == before.r[4:12] and vmm.r[13] == vmm.frame
    if not vmm.r[0]:
        assert not vmm.operations
        assert vmm.left_in_memory(before) == before.left_in_memory(vmm)
    return vmm, not vmm.r[0]


def test_both_deliver_the_same(image):
    """If the assembly delivers an interrupt the state is that of vcpu_inject_interrupt() and
    pv_settle()."""
    done = {USR: 0, SVC: 0}
    followed = 0
    for seed in range(300):
        vmm, left = deliver(image, seed)
        if left:
            continue
        other = make(image, seed)
        mode, dacr = other.get("VCPU_CTL") & 0x1F, other.get("VCPU_DACR")
        assert other.call("vcpu_inject_interrupt", other.frame)
        assert other.call("pv_settle", other.frame)
        assert vmm.left_in_memory(other) == other.left_in_memory(vmm), f"seed {seed}"
        assert vmm.effect() == other.effect(), f"seed {seed}"
        assert vmm.word(PAGE) & 0xFF == SVC | I_BIT and vmm.get("TF_PC") >= ENTRY
        done[mode] += 1
        followed += vmm.get("VCPU_DACR") != dacr
        assert vmm.steps <= 105
    assert min(done.values()) > 100 and followed > 10


def test_each_reason_not_to_deliver_is_seen(image):
    for reason in REASONS:
        for seed in range(12):
            assert deliver(image, seed, reason)[1], f"{reason}, seed {seed}"


# ---- the store that unmasks

DOORBELL_REASONS = ("status", "mode", "thumb", "no interrupt", "fiq", "attention", "shut", "value",
                    "load", "word", "other base", "write-back", "pc", "never", "unreadable")


def make_doorbell(image, seed, reason=None):
    """A guest whose store to PV_CTL has just aborted."""
    rnd = random.Random(f"{seed} {reason}")
    vmm = make(image, seed)
    words, ctl = vmm.words, SVC | rnd.choice((0, I_BIT, F_BIT))
    rn, rd = rnd.sample(range(15), 2)
    offset, up = rnd.choice((0, 0, rnd.getrandbits(12))), rnd.getrandbits(1)
    guest = [rnd.getrandbits(32) for _ in range(15)]
    value = rnd.choice((0xFFAFF013, 0xFFAFF093, 0x13, 0x93)) | ctl & F_BIT
    if rnd.random() < 0.3:
        value = rnd.getrandbits(32) | I_ONLY
    if reason == "value":
        value = rnd.choice((value ^ F_BIT, value & ~0x1F | rnd.choice((USR, 0x12, ABT)))) & ~I_ONLY
    guest[rd] = value
    guest[rn] = PAGE + (-offset if up else offset) + 4 * (reason == "other base") & 0xFFFFFFFF
    vmm.insn = (rnd.randrange(14) | 1) << 28 | 0x05400000 | up << 23 | rn << 16 | rd << 12 | offset
    vmm.insn ^= {"load": 1 << 20, "word": 1 << 22, "write-back": 1 << 21}.get(reason, 0)
    if reason == "pc":
        vmm.insn |= rnd.choice((0xF000, 0xF0000))
    if reason == "never":
        vmm.insn |= 0xF0000000
    vmm.unreadable = reason == "unreadable"
    vmm.field("VCPU_CTL", rnd.choice((0x12, 0x1F, ABT)) if reason == "mode" else ctl)
    vmm.field("VCPU_INTERRUPT", {"no interrupt": 0, "fiq": I_BIT | F_BIT}.get(reason, I_BIT))
    vmm.field("VCPU_ATTENTION", int(reason == "attention"))
    VmmCpu.store(vmm, vmm.frame + C["VCPU_PV_SHUT"], 1, reason == "shut")
    for row in range(C["DEVICE_PAGES"]):
        words[vmm.frame + C["VCPU_DEVICE_PAGES"] + (row << C["DEVICE_PAGE_ROW_LOG2"])] = 0xFFFFFFFF
    words[PAGE] = rnd.getrandbits(24) << 8 | SVC | I_BIT
    vmm.p15[DACR] |= PV_OPEN
    vmm.p15[FAR] = PAGE
    vmm.p15[DFSR] = 0xCF if reason != "status" else rnd.choice((0xC7, 0xC5, 0xCD, 0xC1, 0xC8))
    vmm.cpsr = USR | rnd.getrandbits(4) << 28 | (T_BIT if reason == "thumb" else 0)
    vmm.r[0:15] = guest
    for mode in (ABT, SVC):
        vmm.banks[mode][0] = vmm.frame
    vmm.enter(ABT, CODE + 8, vmm.symbols["trap_dabt"])
    return vmm


def run_doorbell(vmm, general):
    """Until trap_finish(): True, with the pc that it will make; or until the general path."""
    vmm.steps = 0
    while vmm.r[15] != vmm.symbols["trap_finish"]:
        if vmm.r[15] == vmm.symbols["trap_doorbell"] and general:
            vmm.r[15] = vmm.symbols["trap_device_general"]
        if vmm.r[15] == vmm.symbols["trap_device_general"] and not general:
            return False
        try:
            vmm.step()
        except Unreadable:
            return False
        assert vmm.steps < 2000
    frame, outcome, kind = vmm.r[0:3]
    assert frame == vmm.frame and kind == C["KIND_DABT"] and vmm.mode == SVC
    vmm.words[frame + C["TF_PC"]] += 4 * (outcome != C["OUTCOME_MOVED"])
    return True


def test_both_take_the_store_that_unmasks(image):
    """As far as trap_finish(), which is the same for both."""
    steps = set()
    for seed in range(150):
        vmm, other = (make_doorbell(image, seed) for _ in range(2))
        text = f"seed {seed}, instruction {vmm.insn:#x}"
        assert run_doorbell(vmm, False) and run_doorbell(other, True), text
        assert vmm.get("TF_PC") == CODE + 4, text
        assert vmm.left_in_memory(other) == other.left_in_memory(vmm), text
        assert vmm.banks[USR] == other.banks[USR] and not vmm.operations, text
        steps.add(vmm.steps)
    assert max(steps) <= 80


def test_each_reason_not_to_take_the_store_is_seen(image):
    for reason in DOORBELL_REASONS:
        for seed in range(8):
            vmm, before = (make_doorbell(image, seed, reason) for _ in range(2))
            guest = vmm.r[0:13] + vmm.banks[USR][0:2]
            assert not run_doorbell(vmm, False), f"{reason}, seed {seed}"
            assert [vmm.words[vmm.frame + 4 * i] for i in range(15)] == guest
            for i in (*range(15), C["TF_CPSR"] // 4, C["TF_EXC_LR"] // 4):
                before.words[before.frame + 4 * i] = vmm.words[vmm.frame + 4 * i]
            assert vmm.left_in_memory(before) == before.left_in_memory(vmm), reason
