# SPDX-License-Identifier: Apache-2.0
"""What the plugin wants to know of ELF files: names for addresses, where the VMM keeps things."""

import re

import hako_qemu
from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from .errors import ModelError

# Of symbols without a size, in assembly: up to the next symbol, but no further than this.
UNSIZED_MAX = 0x1000
RAM_SIZE = hako_qemu.MEMORY_MIB << 20


def _code_symbols(elf):
    """(address, size, name) of what is code; of several names for one address the first."""
    table = elf.get_section_by_name(".symtab")
    if not table:
        return []
    executable = {index for index, section in enumerate(elf.iter_sections())
                  if section["sh_flags"] & 4}
    found = {}
    for symbol in table.iter_symbols():
        kind = symbol["st_info"]["type"]
        if kind not in ("STT_FUNC", "STT_NOTYPE") or symbol["st_shndx"] not in executable:
            continue
        # $a, $d: what follows is code or data; .L: of the compiler.
        if not symbol.name or symbol.name[0] == "$" or symbol.name.startswith(".L"):
            continue
        address = symbol["st_value"] & ~1  # bit 0 is Thumb
        if address not in found or kind == "STT_FUNC":
            found[address] = (symbol["st_size"], symbol.name)
    return [(address, *found[address]) for address in sorted(found)]


def _without_overlap(symbols):
    """A symbol ends where the next one begins."""
    for index, (address, size, name) in enumerate(symbols):
        limit = symbols[index + 1][0] - address if index + 1 < len(symbols) else UNSIZED_MAX
        yield address, min(size or UNSIZED_MAX, limit), name


def write_symbols(path, target, moved=0):
    """The names of an ELF file as the plugin reads them; `moved` is added to the addresses."""
    try:
        with open(path, "rb") as stream:
            symbols = list(_without_overlap(_code_symbols(ELFFile(stream))))
    except (OSError, ELFError) as error:
        raise ModelError(f"{path}: {error}")
    target.write_text("".join(f"{(address + moved) & 0xffffffff:08x} {size:x} {name}\n"
                              for address, size, name in symbols), encoding="ascii")
    return target


def addresses(path, *names):
    """Of symbols of an ELF file."""
    with open(path, "rb") as stream:
        table = ELFFile(stream).get_section_by_name(".symtab")
        found = [table.get_symbol_by_name(name) for name in names]
    missing = [name for name, symbol in zip(names, found) if not symbol]
    if missing:
        raise ModelError(f"{path}: no {', '.join(missing)} in it")
    return [symbol[0]["st_value"] for symbol in found]


def vmm_image(root):
    """Where the VMM is linked to, and how much room it has."""
    text = (root / "arch/arm/layout.h").read_text(encoding="utf-8")
    found = dict(re.findall(r"^#define (VMM_IMAGE\w*)\s+(0x[0-9a-fA-F]+)$", text, re.MULTILINE))
    try:
        return int(found["VMM_IMAGE"], 16), int(found["VMM_IMAGE_SIZE"], 16)
    except KeyError as error:
        raise ModelError(f"arch/arm/layout.h: no {error.args[0]}")


def vmm_moved(root):
    """What to add to an address of the VMM to get its physical one: it is at the top of RAM."""
    base, size = vmm_image(root)
    return RAM_SIZE - size - base


def _member_offset(elf, structure, member):
    for unit in elf.get_dwarf_info().iter_CUs():
        for entry in unit.iter_DIEs():
            name = entry.attributes.get("DW_AT_name")
            if entry.tag != "DW_TAG_structure_type" or not entry.has_children or not name \
                    or name.value != structure.encode():
                continue
            for child in entry.iter_children():
                if child.attributes["DW_AT_name"].value == member.encode():
                    return child.attributes["DW_AT_data_member_location"].value
    return None


def virtual_mode(root, vmm_elf):
    """
    The plugin's argument `mode`: where the VMM keeps the virtual CPU's mode. The pointer to the VM
    that runs is a variable of vmm/run.c; the vCPU is the first thing in a VM, its control bits a
    member of it.
    """
    with open(vmm_elf, "rb") as stream:
        elf = ELFFile(stream)
        pointers = elf.get_section_by_name(".symtab").get_symbol_by_name("run_vm")
        offset = _member_offset(elf, "vcpu", "ctl")
    if not pointers or offset is None:
        raise ModelError(f"{vmm_elf}: no run_vm (vmm/run.c) or no vcpu.ctl (vcpu/vcpu.h) in it; "
                         "scripts/hako_model/symbols.py has to follow the VMM")
    moved = vmm_moved(root)
    return f"{pointers[0]['st_value'] + moved:#x}:{-moved & 0xffffffff:#x}:{offset:#x}"
