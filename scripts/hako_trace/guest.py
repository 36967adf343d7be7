# SPDX-License-Identifier: Apache-2.0
"""The rewritten kernel: names of its addresses, and what stands at them."""

import bisect
import re
import struct
import sys
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from .errors import TraceError

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "guest-patches"))

from hako_rewrite import encodings, pv_abi  # noqa: E402 (needs the path above)
from hako_rewrite.errors import RewriteError  # noqa: E402

PAGE_OFFSET = 0xC0000000
VECTORS = 0xFFFF0000
VECTORS_END = 0xFFFF2000
EXCEPTIONS = {0x04: "undefined", 0x08: "swi", 0x0C: "prefetch_abort", 0x10: "data_abort",
              0x18: "irq", 0x1C: "fiq"}
PV_EXCEPTIONS = {"und": "undefined", "pabt": "prefetch_abort", "dabt": "data_abort", "irq": "irq"}
PROGRAM = "(programs)"
# Of what a kernel does often (ARM926EJ-S TRM, chapter 2).
CP15_NAMES = {
    "0, c1, c0, 0": "control",
    "0, c2, c0, 0": "page tables",
    "0, c3, c0, 0": "domain access",
    "0, c5, c0, 0": "data fault status",
    "0, c5, c0, 1": "code fault status",
    "0, c6, c0, 0": "fault address",
    "0, c7, c0, 4": "wait for interrupt",
    "0, c7, c5, 0": "forget I cache",
    "0, c7, c5, 1": "forget I line",
    "0, c7, c6, 0": "forget D cache",
    "0, c7, c6, 1": "forget D line",
    "0, c7, c7, 0": "forget caches",
    "0, c7, c10, 1": "clean D line",
    "0, c7, c10, 4": "drain write buffer",
    "0, c7, c14, 1": "clean and forget D line",
    "0, c7, c14, 3": "test, clean and forget D cache",
    "0, c8, c5, 0": "forget I TLB",
    "0, c8, c5, 1": "forget I TLB entry",
    "0, c8, c6, 0": "forget D TLB",
    "0, c8, c6, 1": "forget D TLB entry",
    "0, c8, c7, 0": "forget TLB",
}
STUB_WORDS = 16  # the longest stub is shorter
SHF_EXECINSTR = 4


def hypercall_names(header=ROOT / "vcpu/pv_abi.h"):
    """{number: name} of what the guest's paravirtual code calls."""
    found = re.findall(r"^#define PV_HC_(\w+)\s+(\d+)", header.read_text(encoding="utf-8"), re.M)
    return {int(number): name.lower() for name, number in found if name != "COUNT"}


def instruction_name(word):
    """A kind of sensitive instruction for people; `word` is of the proxy table."""
    kind = encodings.classify(word & 0x0FFFFFFF | 0xE0000000)
    if kind is None:
        return f"{word:#010x}"
    if kind in ("mcr_p15", "mrc_p15"):
        register = encodings.describe_p15(word)
        name = CP15_NAMES.get(register)
        return f"{kind[:3]} p15, {register}" + (f" ({name})" if name else "")
    return kind.replace("_", " ")


class Guest:
    def __init__(self, path):
        self.hypercalls = hypercall_names()
        self.code = []     # (address, bytes)
        self.names = []    # (address, name), sorted
        self.proxies = ()
        self.pv = None
        try:
            with open(path, "rb") as stream:
                self._read(ELFFile(stream))
        except (OSError, ELFError, RewriteError) as error:
            raise TraceError(f"{path}: {error}; make guest builds it") from None
        self.addresses = [address for address, _ in self.names]
        self.entries = self._entries()

    def _read(self, elf):
        executable = set()
        for index, section in enumerate(elf.iter_sections()):
            if section["sh_flags"] & SHF_EXECINSTR and section["sh_type"] == "SHT_PROGBITS":
                executable.add(index)
                self.code.append((section["sh_addr"], section.data()))
        proxies = elf.get_section_by_name(".hako.proxies")
        if proxies is None:
            raise TraceError("not a rewritten kernel: it has no proxy table")
        self.proxies = struct.unpack(f"<{proxies['sh_size'] // 4}I", proxies.data())
        info = elf.get_section_by_name(".hako.pvinfo")
        if info:
            self.pv = pv_abi.unpack_info(info.data())
        table = elf.get_section_by_name(".symtab")
        self.names = self._symbols(table, executable) if table else []

    @staticmethod
    def _symbols(table, executable):
        """Functions, and labels of assembly that are in none."""
        functions, labels = {}, {}
        for symbol in table.iter_symbols():
            if symbol["st_shndx"] not in executable or symbol.name.startswith((".L", "$")):
                continue
            kind = symbol["st_info"]["type"]
            if kind == "STT_FUNC":
                functions.setdefault(symbol["st_value"], (symbol.name, symbol["st_size"]))
            elif kind == "STT_NOTYPE" and symbol.name:
                labels.setdefault(symbol["st_value"], symbol.name)
        names = [(address, name) for address, (name, _) in functions.items()]
        starts = sorted(functions)
        for address, name in labels.items():
            at = bisect.bisect_right(starts, address) - 1
            if at < 0 or address >= starts[at] + functions[starts[at]][1]:
                names.append((address, name))
        return sorted({address: (address, name) for address, name in names}.values())

    def _entries(self):
        """{address: exception that the guest takes there}"""
        entries = {base + offset: name for base in (0, VECTORS)
                   for offset, name in EXCEPTIONS.items()}
        if self.pv:
            for name, address in zip(pv_abi.PV_ENTRIES, self.pv.entry):
                entries[address] = PV_EXCEPTIONS[name.partition("_")[0]]
            entries[self.pv.swi_entry] = "swi"
            entries.pop(0, None)
        return entries

    def word(self, pc):
        """The instruction at an address of the kernel, or None."""
        for start, data in self.code:
            if start <= pc <= start + len(data) - 4:
                return struct.unpack_from("<I", data, pc - start)[0]
        return None

    def in_pv(self, pc):
        return self.pv is not None and 0 <= pc - self.pv.code_va < self.pv.code_size

    def _stub_name(self, pc):
        """Paravirtual code goes back into the kernel: the first branch that does names it."""
        for at in range(pc, pc + 4 * STUB_WORDS, 4):
            word = self.word(at) if self.in_pv(at) else None
            if word is None:
                break
            if word >> 24 & 0xF == 0xA:
                offset = (word & 0xFFFFFF) - (word << 1 & 0x1000000)
                target = at + 8 + 4 * offset & 0xFFFFFFFF
                if not self.in_pv(target):
                    return f"{self.symbol(target)} (paravirtual)"
        return "(paravirtual code)"

    def symbol(self, pc):
        """The name of the function an address is in."""
        if self.in_pv(pc):
            return self._stub_name(pc)
        if VECTORS <= pc < VECTORS_END:
            return "(vectors)"
        at = bisect.bisect_right(self.addresses, pc) - 1
        if at < 0 or not any(start <= pc < start + len(data) for start, data in self.code):
            return f"{pc:#010x}" if pc >= PAGE_OFFSET else PROGRAM
        return self.names[at][1]

    def meaning(self, word):
        """What an instruction word that traps is: ("proxy" or "hypercall", name), or None."""
        index = encodings.proxy_index(word) if word is not None else None
        if index is None or index >= len(self.proxies) or not self.proxies[index]:
            return None
        return self.row(self.proxies[index])

    def row(self, word):
        """The same for a word of the proxy table."""
        if word >> 28 == 15:
            number = word & 0xFF
            return "hypercall", self.hypercalls.get(number, f"number {number}")
        return "proxy", instruction_name(word)
