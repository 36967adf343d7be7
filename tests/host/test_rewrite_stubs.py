# SPDX-License-Identifier: Apache-2.0
"""Site stubs: each has the effect of the instructions it stands for."""

import random
import re
import zlib

import pytest

from arm_interpreter import Machine
from rewrite_pv_support import Code
from rewrite_support import ROOT

from hako_rewrite import pv_abi
from hako_rewrite.arm import branch_target
from hako_rewrite.pv_abi import (PV_DACR, PV_DFSR, PV_FAR, PV_FPEXC, PV_IFSR, PV_PAGE,
                                 PV_SCTLR)
from hako_rewrite.stubs import LITERALS, make_stubs

STUBS_AT = 0xC0100000
STACK = 0xC8000000

# Supervisor mode: I clear or set, the page open; and with F set, so that it is closed.
STATES = (0x13, 0x93, 0x53, 0xD3, 0xA0000013, 0x60000093)


def mrs(rd):
    return 0xE10F0000 | rd << 12


def change(rt, rd, clear=False):
    return (0xE3C00080 if clear else 0xE3800080) | rd << 16 | rt << 12


def msr(rm):
    return 0xE121F000 | rm


def mov(rd, value):
    return 0xE3A00000 | rd << 12 | value


USER_LIMIT = 0xBF000000


def stubs_of(words, taken=(), user_limit=USER_LIMIT):
    """Proxies in them are the instructions themselves."""
    return make_stubs(Code(words), STUBS_AT, set(taken), lambda word: word, user_limit)


def run_both(words, cpsr=0x13, seed=0, copies=None, p15=None, fpexc=0, set_up=()):
    """Machines that have run `words` as they are and with their stubs, and the stubs' kinds."""
    code = Code(words)
    made = stubs_of(words)
    plain = {code.base + 4 * i: word for i, word in enumerate(words)}
    with_stubs = dict(plain)
    for stub in made.stubs:
        assert plain[stub.addr] == stub.word
        with_stubs[stub.addr] = stub.branch
    with_stubs.update({STUBS_AT + 4 * i: word for i, word in enumerate(made.code)})
    rng = random.Random(seed)
    registers = [rng.getrandbits(32) for _ in range(13)] + [STACK, 0xC0000000, code.base]
    machines = []
    for program in (plain, with_stubs):
        machine = Machine(program, registers, cpsr, copies)
        machine.p15 = p15 or {}
        machine.fpexc = fpexc
        for register, value in set_up:
            machine.r[register] = value
        machine.run(code.base + 4 * len(words))
        machines.append(machine)
    return machines[0], machines[1], [stub.kind for stub in made.stubs]


def assert_same(before, after, control_only=(), cpsr_mask=0xFFFFFFFF):
    """All but what is below sp. Of registers in `control_only` eight bits count."""
    for i in range(16):
        mask = 0xFF if i in control_only else 0xFFFFFFFF
        assert (before.r[i] ^ after.r[i]) & mask == 0, f"r{i}"
    assert (before.cpsr ^ after.cpsr) & cpsr_mask == 0
    for memory in (before.memory, after.memory):
        assert not [at for at in memory if not STACK - 4 <= at < STACK]


@pytest.mark.parametrize("cpsr", STATES)
@pytest.mark.parametrize("clear", [False, True])
def test_masking_and_unmasking(cpsr, clear):
    name = "unmask" if clear else "mask"
    for rd in (*range(13), 14):
        for rt in (*range(13), 14):
            words = [mrs(rd), change(rt, rd, clear), msr(rt)]
            before, after, kinds = run_both(words, cpsr, 16 * rd + rt)
            assert kinds == [name if rd == rt else f"save_{name}"]
            assert_same(before, after, (rd, rt))
            assert after.cpsr & 0x80 == (0 if clear else 0x80)


@pytest.mark.parametrize("cpsr", STATES)
@pytest.mark.parametrize("i_bit", [0, 0x80])
def test_restore_with_and_without_a_free_register(cpsr, i_bit):
    value = cpsr & 0x7F | i_bit
    for rm in (*range(13), 14):
        words = [mov(rm, value), msr(rm)]
        before, after, kinds = run_both(words, cpsr, rm)
        assert kinds == ["msr_spilled"]
        assert_same(before, after)
        assert after.cpsr & 0xFF == value
        for free in (*range(13), 14):
            before, after, kinds = run_both(words + [mov(free, 1)], cpsr, rm)
            assert kinds == ["msr_spilled" if free == rm else "msr"]
            assert_same(before, after)
            assert after.cpsr & 0xFF == value and bool(after.memory) == (free == rm)


@pytest.mark.parametrize("cpsr", STATES)
@pytest.mark.parametrize("value", [0x13, 0x93])
def test_immediates(cpsr, value):
    for more, kind in (([], "msr_immediate_spilled"), ([mov(7, 1)], "msr_immediate")):
        before, after, kinds = run_both([0xE321F000 | value] + more, cpsr)
        assert kinds == [kind]
        assert_same(before, after, cpsr_mask=~0x40 & 0xFFFFFFFF)
        assert after.cpsr & 0x40 == cpsr & 0x40  # F is left alone


@pytest.mark.parametrize("cpsr", STATES)
def test_reads_of_the_cpsr(cpsr):
    for rd in (*range(13), 14):
        before, after, kinds = run_both([mrs(rd)], cpsr, rd)
        assert kinds == ["mrs"]
        assert_same(before, after, (rd,))
        assert after.r[rd] == cpsr & 0xFF


@pytest.mark.parametrize("word,kind,offset", [
    (0xEE130F10, "mrc_dacr", PV_DACR), (0xEE110F10, "mrc_sctlr", PV_SCTLR),
    (0xEE150F10, "mrc_dfsr", PV_DFSR), (0xEE150F30, "mrc_ifsr", PV_IFSR),
    (0xEE160F10, "mrc_far", PV_FAR)])
def test_reads_of_cp15(word, kind, offset):
    for rd in (*range(13), 14):
        before, after, kinds = run_both([word | rd << 12], seed=rd,
                                        copies={PV_PAGE + offset: 0x12345678},
                                        p15={word & 0x0FFF0FFF: 0x12345678})
        assert kinds == [kind] and after.r[rd] == 0x12345678
        assert_same(before, after)


FLAGS_FREE = 0xE3500000  # cmp r0, #0: the flags before are not used


@pytest.mark.parametrize("fpexc", [0, 0x40000000, 0x80000000, 0xC0000000])
def test_reads_of_fpexc(fpexc):
    """By a proxy only while EN is set."""
    for rd in (*range(13), 14):
        before, after, kinds = run_both([0xEEF80A10 | rd << 12, FLAGS_FREE], seed=rd, fpexc=fpexc,
                                        copies={PV_PAGE + PV_FPEXC: fpexc})
        assert kinds == ["fmrx_fpexc"] and after.r[rd] == fpexc
        assert_same(before, after)
        assert bool(after.system) == bool(fpexc & 0x40000000)


@pytest.mark.parametrize("fpexc", [0, 0x40000000, 0x80000000])
@pytest.mark.parametrize("value", [0, 0x40000000, 0x80000000])
def test_writes_of_fpexc(fpexc, value):
    """By a proxy, unless EN is clear and stays so and nothing else changes."""
    for rd in range(12):
        words = [0xEEE80A10 | rd << 12, mov(12, 1), FLAGS_FREE]
        before, after, kinds = run_both(words, fpexc=fpexc, copies={PV_PAGE + PV_FPEXC: fpexc},
                                        set_up=[(rd, value)])
        assert kinds == ["fmxr_fpexc"] and after.fpexc == value
        assert_same(before, after)
        assert bool(after.system) == (value != fpexc or bool(value & 0x40000000))


# ldrt r2, [r1]; ldrbt r2, [r1], #1; strt r2, [r1], #-4; strbt r2, [r1]
@pytest.mark.parametrize("word", [0xE4B12000, 0xE4F12001, 0xE4212004, 0xE4E12000])
@pytest.mark.parametrize("address", [0, 0x8000, 0xBEFFFFFC, 0xBF000000, 0xC0000000, 0xFFFF0FF0])
def test_accesses_to_programs(word, address):
    """Plain ones below the limit, proxies from there on."""
    before, after, kinds = run_both([word, FLAGS_FREE], set_up=[(1, address)])
    assert kinds == ["user"] and before.memory == after.memory and before.r == after.r
    assert before.system == [address] and after.system == ([address] if address >= USER_LIMIT else [])


def test_how_the_vmm_knows_an_access_to_programs():
    """vcpu/pv.c, pv_user_stub_site(): the access is the second word, a branch behind the site the
    third, and the site a branch to the first."""
    made = stubs_of([0xE4B12000, FLAGS_FREE, 0xE4E43001, FLAGS_FREE])
    assert [stub.kind for stub in made.stubs] == ["user"] * 2
    for stub in made.stubs:
        words = made.code[stub.target - STUBS_AT >> 2:]
        assert words[1] & 0x0FFFFFFF == stub.word & ~(1 << 21) & 0x0FFFFFFF
        assert words[2] & 0x0F000000 == 0x0A000000
        assert branch_target(words[2], stub.target + 8) == stub.addr + 4
        assert branch_target(stub.branch, stub.addr) == stub.target


@pytest.mark.parametrize("word", [0xEEF83A10, 0xEEE83A10, 0xE4B13000])
@pytest.mark.parametrize("words,free", [
    ([FLAGS_FREE], True), ([mov(5, 1), FLAGS_FREE], True), ([0x03A05001, FLAGS_FREE], False),
    ([0x0A000000, FLAGS_FREE, FLAGS_FREE], False), ([0xE0A55005, FLAGS_FREE], False),
    ([0xE3150001, 0x03A05001, FLAGS_FREE], True),   # tst; moveq
    ([0xE3150001, 0x23A05001, FLAGS_FREE], False),  # tst; movcs
    ([0xE3150001, 0x0A000001, mov(5, 1), FLAGS_FREE, FLAGS_FREE], True),
    ([0xE3150001, 0x0A000001, mov(5, 1), FLAGS_FREE, 0x63A05001], False),
    ([0xE12FFF1E], True)])
def test_flags_that_are_in_use(word, words, free):
    made = stubs_of([word, mov(12, 1)] + words)
    assert bool(made.stubs) == free
    assert free or [name.split(": ")[1] for name in made.left] == ["flags in use"]


@pytest.mark.parametrize("word,left", [
    (0x04B13000, "user: flags in use"), (0x0EF83A10, "fmrx_fpexc: flags in use"),
    (0xE6B13002, "user: address or register"), (0xE4B11000, "user: address or register"),
    (0xE4BF3000, "user: address or register"), (0xEEF8DA10, "fmrx_fpexc: no register"),
    (0xEEE8DA10, "fmxr_fpexc: no register")])
def test_what_these_leave_to_proxies(word, left):
    made = stubs_of([word, mov(12, 1), FLAGS_FREE])
    assert made.stubs == [] and dict(made.left) == {left: 1}
    assert not stubs_of([0xE4B13000, FLAGS_FREE], user_limit=None).stubs


@pytest.mark.parametrize("words,kind", [
    ([0x010F3000], "mrs"), ([mov(3, 0x93), 0x0121F003, mov(5, 1)], "msr"),
    ([0x0321F093, mov(5, 1)], "msr_immediate"), ([mov(3, 0x93), 0x1121F003], "msr_spilled")])
@pytest.mark.parametrize("cpsr", [0x13, 0x40000013])
def test_the_condition_stays(words, kind, cpsr):
    before, after, kinds = run_both(words, cpsr)
    assert kinds == [kind]
    assert_same(before, after, (3,))


@pytest.mark.parametrize("words,left", [
    ([mrs(3), 0xE3C33040, msr(3)], "msr: changes bits other than I"),  # local_fiq_enable()
    ([mrs(3), 0xE3833040, msr(3)], "msr: changes bits other than I"),
    ([0xE321F0D3], "msr: immediate of another mode"),
    ([0xE321F0D2], "msr: immediate of another mode"),
    ([msr(13)], "msr: from sp or pc"), ([mrs(13)], "mrs: to sp or pc"),
    ([0xEE13FF10], "mrc_dacr: to sp or pc")])
def test_what_stays_a_proxy(words, left):
    made = stubs_of(words)
    assert dict(made.left) == {left: 1}
    assert [stub.kind for stub in made.stubs if stub.kind != "mrs"] == []


@pytest.mark.parametrize("words", [
    [0xE14F3000], [0xE169F003], [0xE129F003], [0xE128F003], [0xE12FFF1E], [0xE1200073],
    [0xEE030F10], [0xEE070F9A], [0xEE130F30], [0xF10F3000], [0xF121F003], [0xFE130F10]])
def test_what_is_no_pattern(words):
    made = stubs_of(words)
    assert made.stubs == [] and not made.left


@pytest.mark.parametrize("words,kinds", [
    ([0x110F3000, change(4, 3), msr(4), mov(5, 1)], ["mrs", "msr"]),
    ([mrs(3), 0x13834080, msr(4), mov(5, 1)], ["mrs", "msr"]),
    ([mrs(3), change(4, 3), 0x1121F004, mov(5, 1)], ["mrs", "msr"]),
    ([mrs(3), change(4, 2), msr(4), mov(5, 1)], ["mrs", "msr"]),
    ([mrs(3), change(4, 3), msr(3), mov(5, 1)], ["mrs", "msr"]),
    ([mrs(3), 0xE3934080, msr(4), mov(5, 1)], ["mrs", "msr"]),  # orrs
    ([mrs(3), change(4, 3)], ["mrs"])])
def test_a_sequence_that_is_almost_one(words, kinds):
    assert [stub.kind for stub in stubs_of(words).stubs] == kinds


def test_taken_addresses_are_left_alone():
    words = [mrs(3), change(4, 3), msr(4), mrs(5)]
    made = stubs_of(words, [0xC0010000, 0xC001000C])
    assert [stub.kind for stub in made.stubs] == ["msr"]


def test_every_stub_reaches_its_literals():
    """So many that there are several pools: the whole run has the same effect."""
    rng = random.Random(1)
    words = []
    for _ in range(3000):
        rd, rt, rm = (rng.randrange(13) for _ in range(3))
        words += rng.choice(([mrs(rd), change(rt, rd), msr(rt)],
                             [mrs(rd), change(rt, rd, True), msr(rt)],
                             [mov(rm, rng.choice((0x13, 0x93))), msr(rm)],
                             [0xE321F013, mov(rm, 2)]))
    code = Code(words)
    made = stubs_of(words)
    assert len(made.code) > 3 * 4096 // 4
    assert [list(made.code).count(value) > 3 for value in LITERALS[:3]] == [True] * 3
    program = {code.base + 4 * i: word for i, word in enumerate(words)}
    program.update({stub.addr: stub.branch for stub in made.stubs})
    program.update({STUBS_AT + 4 * i: word for i, word in enumerate(made.code)})
    machine = Machine(program, [0] * 13 + [STACK, 0, code.base])
    for start in range(len(words)):
        addr = code.base + 4 * start
        if machine.r[15] != addr:
            continue
        stop = addr + 4
        sequence = words[start] & ~0xF000 == 0xE10F0000
        machine.run(addr + 12 if sequence else stop, 20)
        if sequence:
            clear = words[start + 1] & 0x00400000
            assert machine.cpsr == (0x13 if clear else 0x93)
        elif words[start] & ~0xF == 0xE121F000:
            assert machine.cpsr == machine.r[words[start] & 15]
        elif words[start] == 0xE321F013:
            assert machine.cpsr == 0x13
    assert machine.r[15] == code.base + 4 * len(words)


def header():
    with open(f"{ROOT}/vcpu/pv_abi.h", encoding="ascii") as file:
        return file.read()


# What test_version_is_raised_with_the_contract makes of vcpu/pv_abi.h, by version.
CONTRACTS = {3: 0x0bd68422}


def test_version_is_raised_with_the_contract():
    text = re.sub(r"/\*.*?\*/|#define PV_INFO_VERSION [^\n]*", "", header(), flags=re.S)
    contract = zlib.crc32(" ".join(text.split()).encode())
    version = pv_abi.PV_INFO_VERSION
    assert CONTRACTS.get(version) == contract, \
        f"vcpu/pv_abi.h has changed: {contract:#010x} is not what version {version} was. Raise " \
        "PV_INFO_VERSION there and in guest-patches/hako_rewrite/pv_abi.py, and note it here"


def test_numbers_are_those_of_the_header():
    text = header()
    numbers = dict(re.findall(r"^#define (PV_\w+)\s+(0x[0-9a-f]+|\d+)\b", text, re.M))
    for name in ("PV_PAGE", "PV_CTL", "PV_I_ONLY", "PV_SCTLR", "PV_DACR", "PV_DFSR", "PV_IFSR",
                 "PV_FAR", "PV_FPEXC", "PV_FPEXC_EN", "PV_HYPERCALL_WORD", "PV_HC_COUNT",
                 "PV_DACR_INDEX", "PV_INFO_MAGIC", "PV_INFO_VERSION", "PV_RANGES_MAX"):
        assert getattr(pv_abi, name) == int(numbers[name], 0), name
    assert f"PV_MASKED   (PV_PAGE + {pv_abi.PV_MASKED - PV_PAGE:#x})" in text
    assert f"PV_UNMASKED (PV_PAGE + {pv_abi.PV_UNMASKED - PV_PAGE:#x})" in text
    entries = re.findall(r"\bPV_ENTRY_(\w+),", text)
    assert tuple(name.lower() for name in entries) == pv_abi.PV_ENTRIES + ("count",)
    struct = text[text.index("struct pv_info {"):]
    fields = re.findall(r"uint32_t\s+(\w+)(?:\[(\w+)\])?(?:\[2\])?;", struct)
    names = [name for name, _ in fields]
    assert names[2:2 + pv_abi.FIELDS] == list(pv_abi.PvInfo._fields[:pv_abi.FIELDS])
    assert names[:2] == ["magic", "version"]
    assert names[2 + pv_abi.FIELDS:] == ["entry", "range_count", "range"]
    assert pv_abi.INFO.size == 4 * (len(fields) - 2 + len(pv_abi.PV_ENTRIES) +
                                    2 * pv_abi.PV_RANGES_MAX)
