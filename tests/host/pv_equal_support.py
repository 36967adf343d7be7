# SPDX-License-Identifier: Apache-2.0
"""A built kernel beside its rewritten self: two CPUs in the same random state."""

import random
import struct

from armsim import ABT, DACR, DFSR, FAR, IFSR, IRQ, SCTLR, SVC, TTBR, UND, USR, Cpu

from hako_rewrite.elf import SHT_NOBITS, Elf
from hako_rewrite.hook import find_all
from hako_rewrite.hooks import HOOKS
from hako_rewrite.linux import Kernel
from hako_rewrite.pv_abi import PV_PAGE, unpack_info
from hako_rewrite.rewriter import arm_code, rewrite

PV_USR_SP, PV_USR_LR, PV_PSR, PV_PC, PV_SVC_SP = (PV_PAGE + 0x10 + 4 * i for i in range(5))
PV_LOG_END, PV_LOG, PV_END = PV_PAGE + 0x38, PV_PAGE + 0x800, PV_PAGE + 0x1000

STACK = 0xC1800000  # the end of a task's stack
TASK = 0xC1234560   # current
CALLER = 0xC00AAAA0

SCTLR_KERNEL = 0x5317F
PT_SP, PT_PSR, SVC_DACR, PT_SIZE = 52, 64, 72, 72


class File:
    """The words of an ELF by address; 0 where it has none."""

    def __init__(self, data):
        self.elf = Elf(data)
        sections = [section for section, _ in self.elf.loaded_sections()
                    if section.type != SHT_NOBITS]
        self.parts = [(section.addr, self.elf.bytes_of(section)) for section in sections]
        self.known = {}

    def __call__(self, address):
        if address not in self.known:
            self.known[address] = 0
            for start, content in self.parts:
                if start <= address <= start + len(content) - 4:
                    self.known[address] = struct.unpack_from("<I", content, address - start)[0]
        return self.known[address]


class Pair:
    """Original and rewritten kernel."""

    def __init__(self, path):
        data = path.read_bytes()
        result = rewrite(data, pv=True)
        assert result.segment, result.no_pv
        self.native_words, self.hako_words = File(data), File(result.data)
        kernel = Kernel(self.native_words.elf, list(arm_code(self.native_words.elf)))
        self.symbols = {name: value[0] for name, value in kernel.symbols.items()}
        self.fixups = kernel.fixups
        self.table = result.table
        self.refused = result.segment.refused
        self.hooks = {match.hook.name: match for match in find_all(kernel, HOOKS).found}
        elf = self.hako_words.elf
        self.info = unpack_info(elf.bytes_of(elf.section(".hako.pvinfo")))
        self.pan = self.hooks["vector_swi"].hook.target.endswith("_pan")

    def change_dacr(self, cpu, where, value):
        """What the VMM does at the places of dacr_at."""
        if self.info.dacr_at & where:
            cpu.p15[DACR] = value

    def end(self, name):
        """Behind the pattern of a hook."""
        return self.hooks[name].end

    def cpus(self, seed):
        """A random generator, a CPU with the original, and one with the rewritten kernel."""
        rnd = random.Random(seed)
        registers = [rnd.getrandbits(32) for _ in range(16)]
        banks = {mode: [rnd.getrandbits(32) & ~3 for _ in range(3)]
                 for mode in (USR, IRQ, SVC, ABT, UND)}
        p15 = {SCTLR: rnd.choice((SCTLR_KERNEL, SCTLR_KERNEL & ~2)), TTBR: 0x4000,
               DACR: rnd.choice((0x55, 0x51, 0x54)), DFSR: rnd.getrandbits(11), IFSR: 7,
               FAR: rnd.getrandbits(32)}
        native = Cpu(self.native_words, fixups=self.fixups)
        hako = Cpu(self.hako_words, self.table, self.fixups, self.info.ranges)
        hako.words[PV_LOG_END] = PV_LOG
        for cpu in (native, hako):
            cpu.r, cpu.p15, cpu.cpsr = list(registers), dict(p15), SVC | 0x80
            cpu.banks = {mode: list(values) for mode, values in banks.items()}
            cpu.words[self.symbols["cr_alignment"]] = SCTLR_KERNEL
            cpu.words[self.symbols["__current"]] = TASK
        return rnd, native, hako


def between(cpu, low, high):
    """What was written to addresses from low to high, but for the page of the VMM's."""
    return {address: value for address, value in cpu.words.items()
            if low <= address < high and address & ~0xFFF != PV_PAGE}


def put(cpu, address, values):
    for i, value in enumerate(values):
        cpu.words[address + 4 * i] = value


def same_registers(native, hako, numbers):
    different = {f"r{i}": (hex(native.r[i]), hex(hako.r[i])) for i in numbers
                 if native.r[i] != hako.r[i]}
    assert not different, f"native, rewritten: {different}"


def same_memory(native, hako, low=0, high=1 << 32):
    one, other = between(native, low, high), between(hako, low, high)
    different = {hex(address): (one.get(address), other.get(address))
                 for address in one.keys() | other.keys() if one.get(address) != other.get(address)}
    assert not different, f"native, rewritten: {different}"


def same_state(native, hako, mask=0xFFFFFFFF):
    assert native.cpsr & mask == hako.cpsr & mask
    assert native.p15 == hako.p15


