# SPDX-License-Identifier: Apache-2.0
"""Paravirtual code against what it stands for: each function of guest-patches/pv and the kernel's
own run on the same random state, and must leave the same.

With the kernels that are built: build/guest/*/vmlinux. What the VMM does in between, as
vcpu/pv_abi.h says it, is done here.
"""

import random
from pathlib import Path

import pytest

from armsim import (ABT, DACR, DFSR, FLAGS, HYPERCALL, I_BIT, IRQ, SCTLR, SVC, T_BIT,
                    TEST_AND_CLEAN, UND, USR, WAIT, WORD)
from pv_equal_support import (CALLER, PT_PSR, PT_SIZE, PV_END, PV_LOG, PV_LOG_END, PV_PC,
                              PV_PSR, PV_SVC_SP, PV_USR_LR, PV_USR_SP, STACK, SVC_DACR, TASK, Pair,
                              between, put, same_memory, same_registers, same_state)
from rewrite_support import ROOT

from hako_rewrite.pv_abi import PV_DACR_AT_RETURN, PV_DACR_AT_SWI

# Those without paravirtual code are links to the same.
VMLINUX = sorted(path for path in Path(ROOT).glob("build/guest/*/vmlinux")
                 if not path.is_symlink())
LDM_RETURN = 0xE89DFFFF  # ldmia sp, {r0 - pc}: the end of a return to kernel code

ENTRIES = {"und": (UND, "vector_und", 0), "pabt": (ABT, "vector_pabt", 4),
           "dabt": (ABT, "vector_dabt", 8), "irq": (IRQ, "vector_irq", 4)}


@pytest.fixture(scope="module", params=VMLINUX, ids=lambda path: path.parent.name)
def pair(request):
    return Pair(request.param)


def test_all_hooks_match(pair):
    assert not pair.refused


# ---- system calls

@pytest.mark.parametrize("seed", range(20))
def test_system_call(pair, seed):
    rnd, native, hako = pair.cpus(seed)
    end = pair.symbols["vector_swi"] + 4 * (19 + 2 * pair.pan)
    native.r[13] = hako.r[13] = STACK - 8
    native.set_cpsr(rnd.getrandbits(4) << 28 | USR)
    psr, program = native.cpsr, native.r[13:15]
    native.enter(SVC, 0x10004, pair.symbols["vector_swi"])
    native.run_to(end)
    for address, value in ((PV_USR_SP, program[0]), (PV_USR_LR, program[1]), (PV_PSR, psr),
                           (PV_PC, 0x10004)):
        hako.words[address] = value
    pair.change_dacr(hako, PV_DACR_AT_SWI, pair.info.call_dacr)
    hako.r[15] = pair.info.swi_entry
    hako.run_to(end)
    same_registers(native, hako, (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 14))
    same_memory(native, hako)
    same_state(native, hako, 0xFF)


def finish_return(pair, cpu):
    """What the VMM does at return_site."""
    words = cpu.words
    pair.change_dacr(cpu, PV_DACR_AT_RETURN, pair.info.return_dacr)
    cpu.r[13] = words[PV_SVC_SP]
    cpu.set_cpsr(words[PV_PSR] & FLAGS | USR)
    cpu.r[13:16] = words[PV_USR_SP], words[PV_USR_LR], words[PV_PC]


class Return:
    """Both on their way to a program, from ret_fast_syscall or ret_to_user."""

    def __init__(self, pair, seed, slow, work):
        self.pair = pair
        rnd, self.native, self.hako = pair.cpus(seed)
        frame = [rnd.getrandbits(32) for _ in range(18)]
        frame[13] &= ~3
        frame[15] &= 0x3FFFFC
        frame[16] = rnd.getrandbits(4) << 28 | rnd.choice((USR, USR, USR, USR | T_BIT))
        symbols = pair.symbols
        self.ends = symbols["slow_work_pending"], symbols["fast_work_pending"]
        for cpu in (self.native, self.hako):
            put(cpu, STACK - 8 - PT_SIZE, frame)
            cpu.words[TASK] = work
            cpu.r[9], cpu.r[13] = TASK, STACK - 8 - PT_SIZE - (0 if slow else 8)
            cpu.r[15] = symbols["ret_to_user" if slow else "ret_fast_syscall"]
            cpu.cpsr = SVC

    def run(self, cpu, at_step=lambda step: None):
        info, step = self.pair.info, 0
        while cpu.r[15] not in self.ends and cpu.mode != USR:
            if cpu is self.hako and cpu.r[15] == info.return_site:
                finish_return(self.pair, cpu)
                return
            if cpu is self.hako and info.restart_from <= cpu.r[15] < info.return_site:
                at_step(step)
                step += 1
            cpu.step()

    def compare(self):
        native, hako = self.native, self.hako
        if native.mode == USR:
            assert not native.words[TASK] & 0xFFFF
            assert native.cpsr == hako.cpsr
            same_registers(native, hako, range(16))
            assert native.banks[SVC][0] == hako.banks[SVC][0]
        else:
            same_registers(native, hako, (0, 1, 7, 8, 9, 13, 15))
        same_state(native, hako, 0xFF)
        same_memory(native, hako)


@pytest.mark.parametrize("slow", [False, True])
@pytest.mark.parametrize("seed", range(20))
def test_return_to_a_program(pair, seed, slow):
    both = Return(pair, seed, slow, random.Random(seed).choice((0, 0, 0, 1, 0x10, 0x10000)))
    both.run(both.native)
    both.run(both.hako)
    both.compare()


@pytest.mark.parametrize("work", [0, 1])
@pytest.mark.parametrize("seed", range(20))
def test_interrupt_in_a_return_to_a_program(pair, seed, work):
    """At each instruction before return_site: it goes on at restart_from, and finds new work."""
    steps = (pair.info.return_site - pair.info.restart_from) // 4
    hits = 0
    for when in range(steps):
        both = Return(pair, seed, False, 0)
        both.native.words[TASK] = work
        both.run(both.native)
        hit = []

        def interrupt(step, both=both, hit=hit, when=when):
            if step == when and not hit:
                hit.append(step)
                both.hako.r[15] = pair.info.restart_from
                both.hako.words[TASK] = work

        both.run(both.hako, interrupt)
        if hit:
            hits += 1
            both.compare()
    assert hits


# ---- exceptions

def enter_pv(pair, cpu, name, from_kernel, psr, pc):
    """What the VMM does for an exception; cpu.r is the interrupted code's."""
    cpu.words[PV_PSR], cpu.words[PV_PC] = psr, pc
    cpu.cpsr = psr & ~0xFF | SVC | I_BIT
    entry = 4 * from_kernel + list(ENTRIES).index(name)
    cpu.r[15] = pair.info.entry[entry]
    pair.change_dacr(cpu, 1 << entry, pair.info.call_dacr)


@pytest.mark.parametrize("name", ENTRIES)
@pytest.mark.parametrize("seed", range(10))
def test_exception_from_a_program(pair, seed, name):
    rnd, native, hako = pair.cpus(seed)
    mode, vector, offset = ENTRIES[name]
    end = pair.end(f"{name}_usr") - 8  # SCTLR is compared
    pc = rnd.getrandbits(20) << 2
    native.r[13] = hako.r[13] = STACK - 8
    native.banks[mode][0] = 0xC1700000
    native.set_cpsr(USR | rnd.choice((0, T_BIT)) | rnd.getrandbits(4) << 28)
    psr, program = native.cpsr, native.r[13:15]
    native.enter(mode, pc + offset, pair.symbols[vector])
    native.run_to(end)
    hako.words[PV_USR_SP], hako.words[PV_USR_LR] = program
    enter_pv(pair, hako, name, False, psr, pc)
    hako.run_to(end)
    same_registers(native, hako, (*range(4, 12), 13))
    same_state(native, hako, 0xFF)
    same_memory(native, hako, STACK - 0x200, STACK)


class Kernel:
    """Both in kernel code that an exception leaves, on a stack that is good or has overflowed."""

    def __init__(self, pair, seed, overflow):
        self.pair = pair
        self.rnd, self.native, self.hako = pair.cpus(seed)
        self.pc = 0xC0000000 + (self.rnd.getrandbits(20) << 2)
        self.bad = pair.symbols["__bad_stack"]
        sp = 0xC1900000 + 0x400 * self.rnd.randrange(8) + 4 * self.rnd.randrange(0x300)
        if overflow:
            sp |= 0x2000
        else:
            sp = sp & ~0x2000 | 0x400
        self.psr = SVC | self.rnd.getrandbits(4) << 28 | self.rnd.choice((0, I_BIT))
        high_memory = self.rnd.choice((0xC2000000, 0xC1000000))
        for cpu in (self.native, self.hako):
            cpu.words[pair.symbols["high_memory"]] = high_memory
            cpu.r[13:15] = sp, cpu.r[3]
            cpu.cpsr = self.psr

    def enter(self, name):
        """Both into the handler of the exception `name`, from self.pc."""
        mode, vector, offset = ENTRIES[name]
        end = self.pair.end(f"{name}_svc")
        self.native.banks[mode][0] = 0xC1700000
        self.native.enter(mode, self.pc + offset, self.pair.symbols[vector])
        self.native.run_to(end, self.bad)
        enter_pv(self.pair, self.hako, name, True, self.hako.cpsr, self.pc)
        self.hako.run_to(end, self.bad)
        assert self.native.r[15] == self.hako.r[15]

    def compare(self):
        # What follows uses these; the rest is what the interrupted code had there, or not.
        same_registers(self.native, self.hako, (0, 2, 3, 4, 5, 6, 7, 9, 10, 11, 13))
        same_state(self.native, self.hako, 0xFF)

    def leave(self, name):
        """Both to the last part of the exit: the handler has changed this and that."""
        dacr = self.rnd.choice((0x51, 0x55))
        for cpu in (self.native, self.hako):
            cpu.p15[DACR] = dacr
            cpu.r[15] = self.pair.hooks[f"{name}_svc_exit"].addr
            cpu.cpsr = SVC | (I_BIT if name == "irq" else 0)


@pytest.mark.parametrize("name", ENTRIES)
@pytest.mark.parametrize("seed", range(20))
def test_exception_from_the_kernel_and_back(pair, seed, name):
    both = Kernel(pair, seed, overflow=False)
    both.enter(name)
    both.compare()
    same_memory(both.native, both.hako, 0xC1800000, 0xC1A00000)
    both.leave(name)
    calls = len(both.hako.operations)
    both.native.run_to(both.pc)
    both.hako.run_to(both.pc)
    same_registers(both.native, both.hako, range(16))
    same_state(both.native, both.hako)
    assert len(both.hako.operations) - calls <= 1  # DACR, if it was another


@pytest.mark.parametrize("psr", [USR, IRQ, SVC | T_BIT, SVC | 0x40, 0x1F])
def test_other_returns_are_the_kernels_own(pair, psr):
    both = Kernel(pair, 1, overflow=False)
    both.enter("und")
    both.leave("und")
    for cpu in (both.native, both.hako):
        cpu.words[cpu.r[13] + PT_PSR] = cpu.r[5] = psr | FLAGS
        if psr == 0x1F:
            cpu.banks[0x1F] = [0, 0, 0]
    both.native.run_to(both.pc)
    both.hako.run_to(both.pc)
    assert both.native.cpsr == both.hako.cpsr == psr | FLAGS
    same_registers(both.native, both.hako, range(16))


@pytest.mark.parametrize("name", ENTRIES)
@pytest.mark.parametrize("seed", range(20))
def test_interrupt_in_a_return_to_the_kernel(pair, seed, name):
    """At its last instruction: as if it came when that is done. The stack does not grow."""
    both = Kernel(pair, seed, overflow=False)
    both.psr &= ~I_BIT
    both.native.cpsr = both.hako.cpsr = both.psr
    both.enter(name)
    for again in range(3):
        both.leave(name if again == 0 else "irq")
        both.native.run_to(both.pc)
        while both.hako.word(both.hako.r[15]) != LDM_RETURN:
            assert again == 0 or both.hako.cpsr & I_BIT
            both.hako.step()
        assert not both.hako.cpsr & I_BIT
        pc, both.pc = both.pc, both.hako.r[15]
        end = pair.end("irq_svc")
        enter_pv(pair, both.hako, "irq", True, both.hako.cpsr, both.pc)
        both.hako.run_to(end)
        both.pc = pc
        both.native.banks[IRQ][0] = 0xC1700000
        both.native.enter(IRQ, pc + 4, pair.symbols["vector_irq"])
        both.native.run_to(end)
        both.compare()
        frame = both.native.r[13]
        same_memory(both.native, both.hako, frame, frame + SVC_DACR + 4)
    both.leave("irq")
    both.native.run_to(both.pc)
    both.hako.run_to(both.pc)
    same_registers(both.native, both.hako, range(16))
    same_state(both.native, both.hako)


@pytest.mark.parametrize("name", ENTRIES)
@pytest.mark.parametrize("seed", range(10))
def test_stack_overflow(pair, seed, name):
    both = Kernel(pair, seed, overflow=True)
    both.enter(name)
    native, hako = both.native, both.hako
    if native.r[15] != both.bad:
        both.compare()
        return
    same_registers(native, hako, (*range(1, 12), 13, 14))
    assert [native.word(native.r[0] + 4 * i) for i in range(4)] == \
        [hako.word(hako.r[0] + 4 * i) for i in range(4)]


# ---- another task, page tables, pages

@pytest.mark.parametrize("seed", range(20))
def test_switch_to(pair, seed):
    rnd, native, hako = pair.cpus(seed)
    end = pair.end("switch_to")
    next_task = [rnd.getrandbits(32) for _ in range(1024)]
    dacr, tls = rnd.choice((0x51, 0x55)), rnd.choice((0x1234, 0x5678))
    for cpu in (native, hako):
        put(cpu, 0xC1120000, next_task)
        cpu.words[0xC112000C] = dacr
        cpu.words[0xC1120044] = cpu.words[0xC1120054] = tls
        cpu.words[0xFFFF0FF0] = 0x1234
        cpu.r[0:3] = 0xC110FFFC, 0xC1110000, 0xC1120000
        cpu.r[15] = pair.symbols["__switch_to"]

    def set_tls(number):
        assert number == 5
        hako.words[0xFFFF0FF0] = hako.r[0]

    hako.hypercall = set_tls
    changes = (dacr != hako.p15[DACR]) + (tls != 0x1234)
    native.run_to(end)
    hako.run_to(end)
    same_registers(native, hako, range(16))
    same_state(native, hako, 0xFF)
    same_memory(native, hako)
    assert len(hako.operations) == changes


@pytest.mark.parametrize("seed", range(100))
def test_set_pte(pair, seed):
    rnd, native, hako = pair.cpus(seed)
    entry = 0xC1500000 + 4 * rnd.randrange(512)
    old = rnd.choice((0, 0, 0x1000AAE, 0x1000FFE))
    new = rnd.choice((0, rnd.getrandbits(32), 0x1000000 | rnd.getrandbits(10)))
    end = rnd.choice((PV_LOG, PV_LOG + 0x100, PV_END - 4))
    psr = SVC | rnd.choice((0, I_BIT, 0x40, I_BIT | 0x40))
    for cpu in (native, hako):
        cpu.words[entry + 2048] = old
        cpu.cpsr = psr
        cpu.r[0], cpu.r[1], cpu.r[14] = entry, new, CALLER
        cpu.r[15] = pair.symbols["cpu_arm926_set_pte_ext"]
    hako.words[PV_LOG_END] = end

    def log_full(number):
        assert number == 0 and hako.words[PV_LOG_END] == PV_END and hako.cpsr & I_BIT
        hako.words[PV_LOG_END] = PV_LOG

    hako.hypercall = log_full
    native.run_to(CALLER)
    hako.run_to(CALLER)
    same_memory(native, hako)
    same_state(native, hako, 0xFF)
    same_registers(native, hako, (*range(4, 12), 13))
    if old in (0, native.words[entry + 2048]):
        assert hako.words[PV_LOG_END] == end and not hako.operations
    else:
        assert hako.words[end] == entry + 2048
        assert hako.words[PV_LOG_END] == (PV_LOG if end == PV_END - 4 else end + 4)
        assert len(hako.operations) == (end == PV_END - 4)


@pytest.mark.parametrize("seed", range(60))
def test_data_abort(pair, seed):
    """What the handler of the abort is called with. The VMM says whether it was a store."""
    rnd, native, hako = pair.cpus(seed)
    thumb = rnd.choice((0, 0, T_BIT))
    pc = 0x20000 + (rnd.randrange(0, 4096, 2) if thumb else rnd.randrange(0, 4096, 4))
    words = (rnd.getrandbits(32), 0xE5801000, 0xE5901000, 0xE1C020D0, 0xE1C020F0, 0xE8B00FF0,
             0xE8A00FF0, 0xB5F0B5F0, 0xBDF0BDF0, 0x60016001, 0x68016801)
    for cpu in (native, hako):
        cpu.words[pc & ~3] = rnd.choice(words) if cpu is native else native.words[pc & ~3]
        cpu.r[2], cpu.r[4], cpu.r[5] = STACK - 0x100, pc, USR | thumb
        cpu.r[14:16] = CALLER, pair.symbols["v5tj_early_abort"]
    handler = pair.symbols["do_DataAbort"]
    native.run_to(handler)
    hako.p15[DFSR] = hako.p15[DFSR] & 0xFF | native.r[1] & 0x800
    native.r[1] &= 0x8FF
    hako.run_to(handler)
    same_registers(native, hako, (0, 1, 2, *range(4, 12), 13, 14))
    native.p15[DFSR] = hako.p15[DFSR]
    same_state(native, hako, 0xFF)


@pytest.mark.parametrize("name", ["copy_page", "clear_page"])
def test_page(pair, name):
    rnd, native, hako = pair.cpus(name)
    to, source = 0xC1300000, 0xC1400000
    words = [rnd.getrandbits(32) for _ in range(1024)]
    for cpu in (native, hako):
        put(cpu, source, words)
        put(cpu, to, words[::-1])
        cpu.r[13], cpu.cpsr = STACK - 0x100, SVC
        cpu.r[0:3] = (64, to, source) if name == "copy_page" else (to, *cpu.r[1:3])
        cpu.r[15] = pair.hooks[name].addr
    native.run_to(pair.end(name))
    hako.run_to(pair.end(name))
    dead = {3, 4, 12, 14} if name == "copy_page" else set()
    same_registers(native, hako, set(range(16)) - dead)
    same_memory(native, hako, 0, STACK - 0x200)
    # The VMM cleans the page, at the latest before anybody else can see it: test_pv.c.
    flags = CLEAN | INVALIDATE | DRAIN | pv_abi_number("PV_CACHE_LATER")
    assert hako.operations == [(HYPERCALL, pv_abi_number("CACHE"), to, to + 4096, flags)]


# ---- caches and TLB

def pv_abi_number(name):
    """A constant of vcpu/pv_abi.h."""
    header = (Path(ROOT) / "vcpu/pv_abi.h").read_text()
    for line in header.splitlines():
        fields = line.split()
        if fields[:2] == ["#define", name] or fields[:2] == ["#define", f"PV_HC_{name}"]:
            return int(fields[2], 0)
    raise AssertionError(f"vcpu/pv_abi.h has no {name}")


ALL = "all"
CLEAN, INVALIDATE, CODE, DRAIN, CODE_ALL = (pv_abi_number(f"PV_CACHE_{name}") for name in (
    "CLEAN", "INVALIDATE", "CODE", "DRAIN", "CODE_ALL"))
LINE_OPERATIONS = {(7, 10, 1): "c", (7, 6, 1): "i", (7, 14, 1): "ci", (7, 5, 1): "x"}


def effects(operations, start=0, end=1 << 32):
    """What happens to lines from start to end: {"c", "i": data cache, "x": instructions, "drain"}.

    Lines, or ALL.
    """
    lines = {}
    for number, *arguments in operations:
        if number == HYPERCALL:
            assert arguments[0] == pv_abi_number("CACHE")
            first, last, flags = arguments[1:]
            touched = {ALL} if last - first > 0x4000 else set(range(first & ~31, last, 32))
            for flag, kind in ((CLEAN, "c"), (INVALIDATE, "i"), (CODE, "x")):
                if flags & flag:
                    lines.setdefault(kind, set()).update(touched)
            for flag, kind in ((CODE_ALL, "x"), (DRAIN, "drain")):
                if flags & flag:
                    lines.setdefault(kind, set()).add(ALL)
        elif number == TEST_AND_CLEAN:
            for kind in "ci":
                lines.setdefault(kind, set()).add(ALL)
        elif number in ((7, 5, 0), (7, 10, 4)):
            lines.setdefault("x" if number == (7, 5, 0) else "drain", set()).add(ALL)
        else:
            line = arguments[0] & ~31
            for kind in LINE_OPERATIONS[number]:
                if start <= line + 31 and line < end:
                    lines.setdefault(kind, set()).add(line)
    return lines


@pytest.mark.parametrize("name, size_given", [
    ("arm926_flush_user_cache_range", False), ("arm926_coherent_kern_range", False),
    ("arm926_coherent_user_range", False), ("arm926_flush_kern_dcache_area", True),
    ("arm926_dma_inv_range", False), ("arm926_dma_clean_range", False),
    ("arm926_dma_flush_range", False), ("arm926_flush_kern_cache_all", False),
    ("arm926_flush_user_cache_all", False)])
@pytest.mark.parametrize("seed", range(20))
def test_caches(pair, name, size_given, seed):
    rnd, native, hako = pair.cpus(seed)
    start = 0xC1300000 + rnd.choice((0, 32, 0x7E0, rnd.randrange(4096)))
    size = rnd.choice((1, 32, 4096, 0x4000, 0x5000, rnd.randrange(1, 9000)))
    if name not in ("arm926_flush_user_cache_range",):
        size = min(size, 0x4000)
    flags = rnd.choice((0, 4))
    for cpu in (native, hako):
        cpu.r[0:3] = start, size if size_given else start + size, flags
        cpu.r[14:16] = CALLER, pair.symbols[name]
    native.run_to(CALLER)
    hako.run_to(CALLER)
    want, got = effects(native.operations, start, start + size), effects(hako.operations)
    if name == "arm926_dma_inv_range":
        want["c"] = want["i"]  # the VMM must not throw away what shares a line
    assert want.keys() == got.keys()
    for kind, lines in want.items():
        assert ALL in got[kind] or lines <= got[kind], kind
        assert ALL not in lines or got[kind] == {ALL}
    assert len(hako.operations) == 1
    same_registers(native, hako, (*range(4, 12), 13))
    same_memory(native, hako)
    if "coherent" in name:
        assert hako.r[0] == native.r[0] == 0


@pytest.mark.parametrize("name, symbol, arguments", [
    ("SWITCH_MM", "cpu_arm926_switch_mm", 1),
    ("FLUSH_RANGE", "v4wbi_flush_user_tlb_range", 2),
    ("FLUSH_RANGE", "v4wbi_flush_kern_tlb_range", 2),
    ("TABLE_CLEAN", "cpu_arm926_dcache_clean_area", 2)])
def test_page_tables_and_tlb(pair, name, symbol, arguments):
    """These are one hypercall with the arguments of the function."""
    _, _, hako = pair.cpus(symbol)
    area, space = 0xC1222000, 0xC1223000
    before = hako.r[0:3] = 0x20000, 0x28000, area
    hako.words[area + 8] = space
    put(hako, TASK, [space] * 384)  # whatever the task's is
    hako.r[14:16] = CALLER, pair.symbols[symbol]
    hako.run_to(CALLER)
    assert [call[:2 + arguments] for call in hako.operations] == \
        [(HYPERCALL, pv_abi_number(name), *before[:arguments])]


def test_idle(pair):
    """Both wait once, and leave control register, CPSR and r4 to r13 as they were."""
    for seed in range(20):
        _, native, hako = pair.cpus(seed)
        for cpu in (native, hako):
            cpu.set_cpsr(SVC | I_BIT)
            cpu.r[14:16] = CALLER, pair.symbols["cpu_arm926_do_idle"]
        control = native.p15[SCTLR]
        native.run_to(CALLER)
        hako.run_to(CALLER)
        waits = [operation for operation in native.operations if operation[0] == WAIT]
        assert hako.operations == waits and len(waits) == 1
        assert native.p15[SCTLR] == hako.p15[SCTLR] == control
        assert native.r[0] == hako.r[0] == 0
        same_registers(native, hako, (*range(4, 12), 13))
        same_memory(native, hako)
        same_state(native, hako, 0xFF)


# ---- the kernel in programs' memory

USER_PAGES = (0x20, 0x21, 0xBEFFF)
LIMIT = 0xBF000000
EDGES = range(LIMIT - 16, LIMIT + 9)
ANYWHERE = (0x20000, 0x21000, 0x21FF0, 0x1FFF8, 0x20FF0, LIMIT - 16, LIMIT - 1, LIMIT, 0xC1300000,
            0xFFFFFFF0)


def user_addresses(seed):
    rnd = random.Random(seed)
    return [*EDGES, *(rnd.choice(ANYWHERE) + rnd.randrange(17) & WORD for _ in range(60))]


def user_cpus(pair, seed, name):
    rnd, native, hako = pair.cpus(seed)
    for cpu in (native, hako):
        cpu.user_pages = set(USER_PAGES)
        for page in USER_PAGES:
            put(cpu, page << 12, ((page << 12) + 0x07070707 * i & WORD for i in range(1024)))
        put(cpu, 0xC1300000, (0x5A5A0000 + 0x10203 * i & WORD for i in range(2048)))
        cpu.r[13:16] = STACK - 0x100, CALLER, pair.symbols[name]
        cpu.p15[DACR], cpu.cpsr = 0x55, SVC
    return rnd, native, hako


@pytest.mark.parametrize("name", ["arm_copy_from_user", "arm_copy_to_user", "arm_clear_user",
                                  "csum_partial_copy_from_user"])
def test_copy(pair, name):
    for seed, user in enumerate(user_addresses(name)):
        rnd, native, hako = user_cpus(pair, seed, name)
        kernel = 0xC1300000 + rnd.randrange(64)
        size = rnd.choice((0, 1, 2, 3, 4, 7, 16, 32, 33, 100, 256))
        arguments = {"arm_copy_from_user": (kernel, user, size),
                     "arm_clear_user": (user, size, 0)}.get(name, (user, kernel, size))
        for cpu in (native, hako):
            cpu.r[0:3] = arguments
        before = list(hako.r)
        hako.run_to(CALLER)
        assert hako.r[4:12] == before[4:12] and hako.r[13] == before[13]
        if user + size <= LIMIT:
            native.run_to(CALLER)
            assert native.r[0] == hako.r[0], hex(user)
            same_memory(native, hako, 0, STACK - 0x200)
        else:  # fails as a whole
            assert hako.r[0] == (0 if "csum" in name else size), hex(user)
            assert between(hako, 0, STACK - 0x200) == between(native, 0, STACK - 0x200)


@pytest.mark.parametrize("size", [1, 2, 4, 8])
@pytest.mark.parametrize("what", ["get", "put"])
def test_get_user_and_put_user(pair, what, size):
    name = f"__{what}_user_{size}"
    for seed, user in enumerate(user_addresses(name)):
        _, native, hako = user_cpus(pair, seed, name)
        native.r[0:2] = hako.r[0:2] = user, LIMIT - 1
        before = list(hako.r)
        native.run_to(CALLER)
        hako.run_to(CALLER)
        kept = {1, *range(4, 12), 13} | ({2, 3} if what == "put" else set())
        assert [hako.r[i] for i in kept] == [before[i] for i in kept]
        same_registers(native, hako, range(13))
        same_memory(native, hako)
