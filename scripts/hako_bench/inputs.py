# SPDX-License-Identifier: Apache-2.0
"""The kernel and the VMM to measure: where they are and what has to be read out of them."""

import re
import struct
from dataclasses import dataclass
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

import hako_qemu

from . import facts


class InputError(Exception):
    pass


def built(root, name, how):
    """The path of something that make builds, which is there."""
    path = root / name
    if not path.exists():
        raise InputError(f"{name} is missing: {how}")
    return path


@dataclass(frozen=True)
class Kernel:
    name: str
    folder: Path
    pan: bool

    def file(self, name):
        path = self.folder / name
        if not path.exists():
            raise InputError(f"{path} is missing: make guest GUEST={self.name}")
        return path


def config_has_pan(text):
    """Software PAN has a name in 6.12 and another in 6.1."""
    return re.search(r"^CONFIG_(CPU_SW_DOMAIN_PAN|ARM_PAN)=y$", text, re.MULTILINE) is not None


def find_kernel(root, name, pan, folder=None):
    """The built kernel of that name with software PAN on or off; its own configuration tells."""
    guests = root / "build/guest"
    candidates = [folder] if folder else [guests / name, *sorted(guests.glob(f"{name}-*"))]
    seen = []
    for candidate in candidates:
        config = candidate / "config"
        if not config.exists():
            continue
        if config_has_pan(config.read_text(encoding="utf-8")) == pan:
            return Kernel(name, candidate, pan)
        seen.append(str(candidate))
    wanted = f"{name} with software PAN {'on' if pan else 'off'}"
    also = f"; {', '.join(seen)} has it {'off' if pan else 'on'}" if seen else ""
    where = folder or guests
    raise InputError(f"no built {wanted} in {where}{also}: make guest GUEST={name}")


@dataclass(frozen=True)
class Entry:
    address: int  # physical
    word: int     # the instruction there


def elf_entry(path):
    """A kernel's first instruction: where it is with the MMU off, and what it is."""
    try:
        with open(path, "rb") as stream:
            elf = ELFFile(stream)
            start = elf.header.e_entry
            for segment in elf.iter_segments("PT_LOAD"):
                offset = start - segment["p_vaddr"]
                if 0 <= offset <= segment["p_filesz"] - 4:
                    word, = struct.unpack_from("<I", segment.data(), offset)
                    return Entry(start - facts.PAGE_OFFSET, word)
    except ELFError as error:
        raise InputError(f"{path}: {error}")
    raise InputError(f"{path}: no segment holds its entry point {start:#x}")


def parse_layout(text, names=("VMM_BASE", "VMM_END")):
    """Values of constants in the layout header."""
    values = []
    for name in names:
        match = re.search(rf"^#define {name}\s+(0x[0-9a-fA-F]+)$", text, re.MULTILINE)
        if not match:
            raise InputError(f"{facts.LAYOUT_HEADER}: no {name}")
        values.append(int(match[1], 16))
    return tuple(values)


def vmm_range(root):
    return parse_layout((root / facts.LAYOUT_HEADER).read_text(encoding="utf-8"))


def vmm_image(root):
    """(virtual, physical) address of the VMM's image: it is at the top of the board's RAM."""
    text = (root / facts.LAYOUT_HEADER).read_text(encoding="utf-8")
    virtual, size = parse_layout(text, ("VMM_IMAGE", "VMM_IMAGE_SIZE"))
    return virtual, (hako_qemu.MEMORY_MIB << 20) - size


def vmm_windows(root):
    """(first, end) of the virtual addresses at which the VMM sees guests and devices."""
    text = (root / facts.LAYOUT_HEADER).read_text(encoding="utf-8")
    return parse_layout(text, ("VMM_WINDOWS", "VMM_END"))


class Symbols:
    """Names for the addresses of a kernel."""

    def __init__(self, path):
        with open(path, "rb") as stream:
            table = ELFFile(stream).get_section_by_name(".symtab")
            self.entries = sorted(
                (symbol["st_value"], symbol.name) for symbol in table.iter_symbols()
                if symbol["st_info"]["type"] == "STT_FUNC") if table else []

    def name(self, address):
        low, high = 0, len(self.entries)
        while low < high:
            middle = (low + high) // 2
            if self.entries[middle][0] <= address:
                low = middle + 1
            else:
                high = middle
        if not low or address < facts.PAGE_OFFSET:
            return f"{address:#010x}"
        start, name = self.entries[low - 1]
        return f"{name}+{address - start:#x}"
