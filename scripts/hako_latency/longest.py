# SPDX-License-Identifier: Apache-2.0
"""The longest stretches of the VMM's instructions: from the plugin's lines to a report."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from elftools.elf.elffile import ELFFile

STRETCH = re.compile(r"stretch begin=(\d+) insns=(\d+) kind=(\w+) pc=([0-9a-f]{8})((?: \d+:\d+)*)$")
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
    pc: int
    parts: tuple  # (name, instructions), in the order in which they were entered

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
            parts = tuple((functions.names[int(index)], int(insns)) for index, insns in
                          (pair.split(":") for pair in match[5].split()))
            stretches.append(Stretch(int(match[1]), int(match[2]), match[3], int(match[4], 16),
                                     parts))
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
