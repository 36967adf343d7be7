# SPDX-License-Identifier: Apache-2.0
"""
Which operations a workload comes across at all: a mutant of the others needs not run it.

QEMU lists the instructions it translates (-d in_asm), and the VMM's debug information says which of
them an operation is. When in doubt the answer is yes.
"""

import re

from elftools.dwarf.descriptions import describe_form_class
from elftools.elf.elffile import ELFFile

from . import symbols

# Assembly that runs before the VMM is at its place, wherever a loader has put it. To what comes
# later it is always the same; what it finds is the loaders' affair.
EARLY = "arch/arm/boot.S"


def qemu_words(root, log):
    """More words for QEMU: `log` gets the instructions of the VMM, at both of its addresses."""
    base, size = symbols.vmm_image(root)
    places = (base, base + symbols.vmm_moved(root) & 0xffffffff)
    return ["-d", "in_asm", "-D", str(log), "-dfilter",
            ",".join(f"{place:#x}+{size:#x}" for place in places)]


def read_executed(root, log):
    """The addresses, all of them where the VMM is linked to; empty: nothing is known."""
    base, size = symbols.vmm_image(root)
    moved = symbols.vmm_moved(root)
    found = {int(match, 16) for match in re.findall(
        r"^0x([0-9a-f]{8}):", log.read_text(encoding="ascii", errors="replace"), re.MULTILINE)}
    return {at if at - base in range(size) else at - moved & 0xffffffff for at in found}


class Places:
    """The instructions of a line of the sources; paths are those make gives the compiler."""

    def __init__(self, elf):
        self.lines = {}     # (path, line): addresses where its code starts
        self.calls = {}     # (path, line): [first, end) of the functions inlined there
        with open(elf, "rb") as stream:
            dwarf = ELFFile(stream).get_dwarf_info()
            for unit in dwarf.iter_CUs():
                self._read_unit(dwarf, unit)

    def _read_unit(self, dwarf, unit):
        program = dwarf.line_program_for_CU(unit)
        version = program["version"]
        names = [entry.name.decode() for entry in program["file_entry"]]
        folders = [entry.decode() if isinstance(entry, bytes) else entry
                   for entry in program["include_directory"]]

        def path(index):
            index -= version < 5
            folder = program["file_entry"][index].dir_index - (version < 5)
            prefix = folders[folder] if 0 <= folder < len(folders) else ""
            return "/".join(part for part in (prefix, names[index]) if part not in ("", "."))

        for entry in program.get_entries():
            state = entry.state
            if state and not state.end_sequence:
                self.lines.setdefault((path(state.file), state.line), set()).add(state.address)
        ranges = dwarf.range_lists()
        base = unit.get_top_DIE().attributes.get("DW_AT_low_pc")
        for die in unit.iter_DIEs():
            if die.tag == "DW_TAG_inlined_subroutine" and "DW_AT_call_line" in die.attributes:
                where = (path(die.attributes["DW_AT_call_file"].value),
                         die.attributes["DW_AT_call_line"].value)
                self.calls.setdefault(where, []).extend(
                    _ranges(die, ranges, unit, base.value if base else 0))

    def are_executed(self, path, line, executed):
        """Whether a line has been executed; True as well if its code cannot be told."""
        key = (path, line)
        if not executed or not (key in self.lines or key in self.calls):
            return True
        if self.lines.get(key, set()) & executed:
            return True
        return any(first <= at < end for first, end in self.calls.get(key, ()) for at in executed)


def _ranges(die, lists, unit, base):
    """[first, end) of the code of an entry."""
    low, high = die.attributes.get("DW_AT_low_pc"), die.attributes.get("DW_AT_high_pc")
    if low and high:
        is_size = describe_form_class(high.form) == "constant"
        yield low.value, high.value + (low.value if is_size else 0)
    where = die.attributes.get("DW_AT_ranges")
    if not where:
        return
    for entry in lists.get_range_list_at_offset(where.value, cu=unit):
        if hasattr(entry, "base_address"):
            base = entry.base_address
        elif getattr(entry, "is_absolute", False):
            yield entry.begin_offset, entry.end_offset
        else:
            yield base + entry.begin_offset, base + entry.end_offset
