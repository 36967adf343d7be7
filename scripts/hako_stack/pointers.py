# SPDX-License-Identifier: Apache-2.0
"""Where a call by a register can go, by the image's data and debugging information.

The source line of the call names a member of a structure, a parameter or a variable. It can be

- a function that such a member of a variable is initialised with: those are read from the image;
- a function of that type whose address is elsewhere in the image, above all in code;
- if there is none, any function of that type whose address is in the image at all.
"""

import re
import struct
from collections import defaultdict
from pathlib import Path

from elftools.elf.elffile import ELFFile

THROUGH = ("DW_TAG_typedef", "DW_TAG_const_type", "DW_TAG_volatile_type")
RECORDS = ("DW_TAG_structure_type", "DW_TAG_union_type")
# What is called, and of what it is a member: a->b.name[n](
CALLED = re.compile(r"(?:\b(\w+)(?:\[[^]]*\])?(?:->|\.)|(\)->|\)\.))?\b([A-Za-z_]\w*)(?:\[[^]]*\])?\(")


def attribute(die, name, default=None):
    found = die.attributes.get(f"DW_AT_{name}")
    return found.value if found else default


def name_of(die):
    return attribute(die, "name", b"").decode()


def type_of(die):
    """Without what only gives it another name."""
    if "DW_AT_type" not in die.attributes:
        return None
    found = die.get_DIE_from_attribute("DW_AT_type")
    return type_of(found) if found.tag in THROUGH else found


def spell(die, depth=0):
    """A type as text: the same for the same type in all files."""
    if die is None:
        return "void"
    if die.tag == "DW_TAG_pointer_type":
        return spell(type_of(die), depth + 1) + "*"
    if die.tag == "DW_TAG_subroutine_type":
        return signature(die, depth + 1)
    if die.tag == "DW_TAG_array_type":
        return spell(type_of(die), depth + 1) + "[]"
    return f"{die.tag[7:]} {name_of(die)}" if name_of(die) else f"{die.tag[7:]}"


def signature(die, depth=0):
    parameters = [spell(type_of(child), depth) for child in die.iter_children()
                  if child.tag == "DW_TAG_formal_parameter"]
    return f"{spell(type_of(die), depth)}({', '.join(parameters)})"


def element(die):
    """The type of a variable, of what it points to, or of an array's elements."""
    kind = type_of(die)
    while kind is not None and kind.tag in ("DW_TAG_array_type", "DW_TAG_pointer_type"):
        kind = type_of(kind)
    return kind


def record(die):
    """A structure, by a name that is the same in all files."""
    return name_of(die) or f"@{die.offset:x}"


class Pointers:
    def __init__(self, elf, root):
        self.root = root
        self.lines = {}
        self.signatures = {}            # function: signature
        self.unit_of = {}               # function: number of its file
        self.names = defaultdict(set)   # (file, name of a member, ...): structures, signatures
        self.stored = defaultdict(set)  # (structure, member): functions in the image's data
        self.endless = set()            # functions that do not return
        self.null = set()               # (structure, member) that has none
        with open(elf, "rb") as stream:
            file = ELFFile(stream)
            self.sections = [(s["sh_addr"], s.data()) for s in file.iter_sections()
                             if s["sh_type"] == "SHT_PROGBITS" and s["sh_addr"]]
            symbols = {s["st_value"]: s.name
                       for s in file.get_section_by_name(".symtab").iter_symbols()
                       if s["st_info"]["type"] == "STT_FUNC"}
            variables = []
            for number, unit in enumerate(file.get_dwarf_info().iter_CUs()):
                for die in unit.iter_DIEs():
                    self._note(number, die, variables)
            explained = set()
            for address, die in variables:
                self._read(address, type_of(die), ("", name_of(die)), explained)
        # A Thumb function's address is odd.
        self.entries = {value: value & ~1 for value in symbols}
        self.elsewhere = set()
        for start, data in self.sections:
            for at in range(0, len(data) - 3, 4):
                value, = struct.unpack_from("<I", data, at)
                if value in self.entries and start + at not in explained:
                    self.elsewhere.add(value & ~1)

    def _note(self, unit, die, variables):
        if die.tag == "DW_TAG_subprogram" and "DW_AT_low_pc" in die.attributes:
            origin = die
            while "DW_AT_abstract_origin" in origin.attributes:
                origin = origin.get_DIE_from_attribute("DW_AT_abstract_origin")
            self.signatures[attribute(die, "low_pc") & ~1] = signature(origin)
            self.unit_of[attribute(die, "low_pc") & ~1] = unit
        if die.tag == "DW_TAG_subprogram" and attribute(die, "noreturn"):
            self.endless.add(name_of(die))
        if die.tag in ("DW_TAG_member", "DW_TAG_formal_parameter", "DW_TAG_variable"):
            kind = element(die)
            if kind is not None and kind.tag in RECORDS:
                self.names[unit, name_of(die)].add(record(kind))
            elif kind is not None and kind.tag == "DW_TAG_subroutine_type":
                of = record(die.get_parent()) if die.tag == "DW_TAG_member" else ""
                self.names[unit, name_of(die)].add(("call", of, signature(kind)))
        if die.tag == "DW_TAG_variable":
            where = attribute(die, "location")
            if isinstance(where, list) and len(where) == 5 and where[0] == 3:  # DW_OP_addr
                origin = die
                while "DW_AT_type" not in origin.attributes and (
                        "DW_AT_specification" in origin.attributes
                        or "DW_AT_abstract_origin" in origin.attributes):
                    origin = origin.get_DIE_from_attribute(
                        "DW_AT_specification" if "DW_AT_specification" in origin.attributes
                        else "DW_AT_abstract_origin")
                variables.append((int.from_bytes(bytes(where[1:]), "little"), origin))

    def _word(self, address):
        for start, data in self.sections:
            if start <= address <= start + len(data) - 4:
                return struct.unpack_from("<I", data, address - start)[0]
        return None  # zeros at the start

    def _read(self, address, kind, slot, explained):
        """Functions in a variable's initial value."""
        if kind is None:
            return
        if kind.tag == "DW_TAG_array_type":
            part = type_of(kind)
            size = attribute(part, "byte_size") if part is not None else None
            count = 1
            for child in kind.iter_children():
                if child.tag == "DW_TAG_subrange_type":
                    bound = attribute(child, "upper_bound")
                    count *= bound + 1 if isinstance(bound, int) else attribute(child, "count", 0)
            for n in range(count if size else 0):
                self._read(address + n * size, part, slot, explained)
        elif kind.tag in RECORDS:
            for child in kind.iter_children():
                if child.tag == "DW_TAG_member":
                    self._read(address + attribute(child, "data_member_location", 0),
                               type_of(child), (record(kind), name_of(child)), explained)
        elif kind.tag == "DW_TAG_pointer_type":
            target = type_of(kind)
            if target is not None and target.tag == "DW_TAG_subroutine_type":
                value = self._word(address)
                explained.add(address)
                if not value:
                    self.null.add(slot)
                else:
                    self.stored[slot].add(value & ~1)

    def line(self, place):
        path, _, number = place.rpartition(":")
        parts = Path(path).parts
        for n in range(len(parts)):
            file = self.root.joinpath(*parts[n:]) if n else Path("/nonexistent")
            if file.is_file():
                lines = self.lines.setdefault(file, file.read_text(encoding="utf-8").splitlines())
                return lines[int(number) - 1] if int(number) <= len(lines) else ""
        return ""

    def called(self, entry, place):
        """What a line calls that is a pointer: {(structure or "", name, signature)}."""
        unit = self.unit_of.get(entry)
        found = set()
        for owner, bracket, name in CALLED.findall(self.line(place)):
            calls = {kind for kind in self.names.get((unit, name), ())
                     if kind[0] == "call" and bool(kind[1]) == bool(owner or bracket)}
            owners = self.names.get((unit, owner), ())
            exact = {kind for kind in calls if kind[1] in owners} if owner else set()
            found |= {(of, name, kind) for _, of, kind in exact or calls}
        return found

    def named(self, name):
        """The same for all members of that name, for assembly."""
        return {(of, name, kind) for (_, one), kinds in self.names.items() if one == name
                for call, of, kind in (k for k in kinds if k[0] == "call")}

    def targets(self, called):
        found = set()
        for of, name, kind in called:
            stored = self.stored.get((of, name), set())
            here = stored | {at for at in self.elsewhere if self.signatures.get(at) == kind}
            if not here:
                here = {at for slot in self.stored.values() for at in slot
                         if self.signatures.get(at) == kind}
            found |= here
        return found
