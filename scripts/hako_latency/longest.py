# SPDX-License-Identifier: Apache-2.0
"""The longest stretches of the VMM's instructions: from the plugin's lines to a report."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from elftools.elf.elffile import ELFFile

STRETCH = re.compile(r"stretch begin=(\d+) insns=(\d+) kind=(\w+) end=(\w+) pc=([0-9a-f]{8})"
                     r"((?: \d+:\d+)*)$")
# vmm/run.c: what only a change from one VM to another runs, and what empties the caches for it.
SWITCH, POINTS = "thread_switch", ("preempt_look", "idle_look")
# The VMM's work for a guest that may be long, and so has preempt points.
WORK = re.compile("shadow_|guest_copy|virtio_|vq_|loader_")
# What an interrupt costs a VM with or without a switch: the models of devices, which have a folder of
# their own, with their clock (vmm/timer.c), and the entry to its vector.
MODELS, CLOCK = "devemu/", {"meet_deadline", "find_deadline", "clock_now", "clock_set_deadline"}
ENTRY = {"vcpu_inject_interrupt", "vcpu_inject_trap", "pv_inject"}
TOTAL = re.compile(r"kind=(\w+) count=(\d+) sum=(\d+) max=(\d+)$")


class LongestError(Exception):
    """The report cannot be made; the text says why."""


class Functions:
    """The VMM's functions and labels of code: ascending addresses, each with a name."""

    def __init__(self, elf_path):
        with open(elf_path, "rb") as stream:
            elf = ELFFile(stream)
            table = elf.get_section_by_name(".symtab")
            code = {index for index, section in enumerate(elf.iter_sections())
                    if section["sh_flags"] & 4}  # SHF_EXECINSTR
            found = {}
            for symbol in table.iter_symbols() if table else ():
                if symbol["st_shndx"] in code and symbol.name and symbol.name[0] not in "$.":
                    address = symbol["st_value"] & ~1  # bit 0 is Thumb
                    # A function's own name rather than that of a label at the same place.
                    if symbol["st_info"]["type"] == "STT_FUNC" or address not in found:
                        found[address] = symbol.name
            if not found:
                raise LongestError(f"{elf_path} has no symbols of code")
            self.addresses = sorted(found)
            self.names = [found[address] for address in self.addresses]
            self.files = list(self._files(elf))

    def _files(self, elf):
        """The source of each, as the compiler was told it; "": unknown."""
        dwarf = elf.get_dwarf_info() if elf.has_dwarf_info() else None
        ranges = dwarf.get_aranges() if dwarf else None
        for address in self.addresses:
            offset = ranges.cu_offset_at_addr(address) if ranges else None
            unit = dwarf.get_CU_at(offset) if offset is not None else None
            yield unit.get_top_DIE().attributes["DW_AT_name"].value.decode() if unit else ""

    def write(self, path):
        Path(path).write_text("".join(f"{address:x}\n" for address in self.addresses),
                              encoding="ascii")

    def address(self, name):
        for address, known in zip(self.addresses, self.names):
            if known == name:
                return address
        return None


@dataclass(frozen=True)
class Stretch:
    begin: int
    insns: int
    kind: str
    end: str
    pc: int
    parts: tuple  # (name, instructions), in the order in which they were entered
    models: int   # of the instructions, those of models of devices

    @property
    def way(self):
        """What stretches of one cause have in common: kind, and functions with a share of it."""
        return self.kind, tuple(name for name, insns in self.parts if insns * 20 >= self.insns)


@dataclass
class Cause:
    """Stretches that go the same way."""

    longest: Stretch
    insns: list = field(default_factory=list)


def parse(text, functions):
    """(stretches, totals by kind) of the plugin's file."""
    stretches, totals = [], {}
    for line in text.splitlines():
        match = STRETCH.match(line)
        if match:
            pairs = [tuple(map(int, pair.split(":"))) for pair in match[6].split()]
            parts = tuple((functions.names[index], insns) for index, insns in pairs)
            models = sum(insns for index, insns in pairs
                         if functions.files[index].startswith(MODELS) or
                         functions.names[index] in CLOCK)
            stretches.append(Stretch(int(match[1]), int(match[2]), match[3], match[4],
                                     int(match[5], 16), parts, models))
            continue
        match = TOTAL.match(line)
        if not match:
            raise LongestError(f"the plugin's file has a line that is none of its own: {line!r}")
        totals[match[1]] = tuple(int(value) for value in match.groups()[1:])
    if not totals:
        raise LongestError("the plugin's file has no end: QEMU was killed, or never ran the VMM")
    return stretches, totals


def causes(stretches):
    """Stretches by what they have in common, the longest first."""
    found = {}
    for one in stretches:
        cause = found.setdefault(one.way, Cause(one))
        cause.insns.append(one.insns)
        if one.insns > cause.longest.insns:
            cause.longest = one
    return sorted(found.values(), key=lambda cause: -cause.longest.insns)


@dataclass(frozen=True)
class Switch:
    """From a trap, or the end of the board's sleep, to the first instruction of another VM."""

    stretch: Stretch
    entry: int  # of the instructions, those of the entry to an interrupt's vector

    @property
    def own(self):
        return self.stretch.insns - self.stretch.models - self.entry


def switches(stretches):
    """The switches by what they began with: {kind: [switch]}.

    Where a VM had been left in the middle of the VMM's work for it, the way to its first
    instruction is that work's: those are not among them. Nor is what empties the caches: in QEMU
    that is over at once.
    """
    found = {}
    for one in stretches:
        names = {name for name, _ in one.parts}
        if one.end == "guest" and SWITCH in names and not any(map(WORK.match, names)):
            entry = sum(insns for name, insns in one.parts if name in ENTRY)
            found.setdefault(one.kind, []).append(Switch(one, entry))
    return found


def longest_switch(found):
    return max((one for of in found.values() for one in of), key=lambda one: one.own)


def report_switches(found):
    lines = [f"{'from':6} {'switches':>9} {'median':>7} {'longest':>8} {'with an interrupt':>18}"]
    for kind, of in found.items():
        own = sorted(one.own for one in of)
        lines.append(f"{kind:6} {len(of):9} {own[len(own) // 2]:7} {own[-1]:8} "
                     f"{max(one.stretch.insns for one in of):18}")
    if found:
        lines += ["", "The longest: " + describe(longest_switch(found).stretch)]
    return "\n".join(lines) + "\n"


def describe(stretch, share=0.02):
    """Functions with their instructions, without those that have less than a share of them."""
    return ", ".join(f"{name} {insns}" for name, insns in
                     sorted(stretch.parts, key=lambda part: -part[1])
                     if insns >= share * stretch.insns)


def report(stretches, totals, over, top=20):
    lines = [f"{'from':6} {'count':>10} {'mean':>7} {'longest':>9}"]
    for kind, (count, insns, longest) in totals.items():
        lines.append(f"{kind:6} {count:10} {insns / count:7.0f} {longest:9}")
    lines += ["", f"The {top} longest stretches:"]
    for one in sorted(stretches, key=lambda one: -one.insns)[:top]:
        lines.append(f"{one.insns:9} {one.kind:5} guest pc {one.pc:08x} at {one.begin}: "
                     + describe(one))
    lines += ["", f"Ways of more than {over} instructions: how often, median, longest; functions "
              "of the longest"]
    for cause in causes(stretches):
        ordered = sorted(cause.insns)
        lines.append(f"{len(ordered):7} {ordered[len(ordered) // 2]:8} {ordered[-1]:9} "
                     f"{cause.longest.kind:5} {describe(cause.longest)}")
        lines.append(f"{'':26} order: " + " > ".join(name for name, _ in cause.longest.parts))
    return "\n".join(lines) + "\n"
