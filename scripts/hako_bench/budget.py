# SPDX-License-Identifier: Apache-2.0
"""Where a row's instructions are: per function, natively and in each layer under the VMM."""

import bisect
from collections import Counter

from elftools.elf.elffile import ELFFile
from hako_trace import guest as guests

# Of the VMM's side, in the order of the columns.
KERNEL, STUBS, VMM = "kernel", "stubs", "VMM"
LAYERS = (KERNEL, STUBS, VMM)
VECTORS_SIZE = 0x20
VECTOR = "(vector)"
# Lines that are left out: of less than this part of the native instructions.
SHOWN = 0.002


def elf_names(path):
    """Functions and labels of the VMM: sorted (address, name)."""
    with open(path, "rb") as stream:
        table = ELFFile(stream).get_section_by_name(".symtab")
        # Bit 0 of a function's value says that it is Thumb code.
        return sorted({symbol["st_value"] & ~1: symbol.name for symbol in table.iter_symbols()
                       if symbol["st_info"]["type"] in ("STT_FUNC", "STT_NOTYPE")
                       and symbol.name and not symbol.name.startswith("$")}.items())


class Places:
    """Layer and function of an address. The rewriter leaves the kernel's code where it was, so one
    table serves the native kernel, too."""

    def __init__(self, guest, vmm_names, vmm_range):
        self.guest = guest
        self.vmm_names = vmm_names
        self.vmm_addresses = [address for address, _ in vmm_names]
        self.vmm_range = range(*vmm_range)
        self.seen = {}

    def _find(self, pc, vectors):
        if vectors is not None:
            if 0 <= pc - vectors < VECTORS_SIZE:
                return VMM, VECTOR
            if pc in self.vmm_range:
                at = bisect.bisect_right(self.vmm_addresses, pc) - 1
                return VMM, self.vmm_names[at][1] if at >= 0 else f"{pc:#010x}"
        layer = STUBS if self.guest.in_pv(pc) else KERNEL
        return layer, self.guest.symbol(pc).removesuffix(" (paravirtual)")

    def find(self, pc, vectors=None):
        """`vectors` is where those of the VMM are; None natively."""
        key = pc, vectors
        if key not in self.seen:
            self.seen[key] = self._find(pc, vectors)
        return self.seen[key]


def vmm_vectors(code):
    """The VMM's are low, or high and the guest's own as well; then nothing is executed at 0."""
    return 0 if any(pc < VECTORS_SIZE for pc, _, _ in code) else guests.VECTORS


def by_function(code, places, vectors=None):
    """(layer, function) -> instructions per operation, of (pc, instructions, executions)."""
    found = Counter()
    for pc, insns, executions in code:
        for at in range(pc, pc + 4 * insns, 4):
            found[places.find(at, vectors)] += executions
    return found


def row_lines(name, native, vmm, places):
    """A row's functions, those first that differ most; its last line is the sum."""
    before = by_function(native.code, places)
    after = by_function(vmm.code, places, vmm_vectors(vmm.code))
    lines = []
    for function in {function for _, function in [*before, *after]}:
        columns = [before[KERNEL, function], *(after[layer, function] for layer in LAYERS)]
        lines.append((sum(columns[1:]) - columns[0], function, columns))
    lines.sort(key=lambda line: (-abs(line[0]), line[1]))
    sums = [sum(columns) for columns in zip(*(columns for _, _, columns in lines))]
    shown = [line for line in lines if abs(line[0]) >= SHOWN * sums[0]]
    shown.append((sum(sums[1:]) - sums[0], "(all)", sums))
    text = [f"{name}: instructions per operation",
            f"  {'more':>10}{'native':>12}" + "".join(f"{layer:>12}" for layer in LAYERS)]
    text += [f"  {more:+10.1f}" + "".join(f"{count:12.1f}" for count in columns) + f"  {function}"
             for more, function, columns in shown]
    return text


def format_budget(native, vmm, places):
    """All rows that were counted on both sides; each a Result by name."""
    parts = ["\n".join(row_lines(name, native[name], vmm[name], places))
             for name in native if name in vmm and native[name].code]
    return "\n\n".join(parts) + "\n"
