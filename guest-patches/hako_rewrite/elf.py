# SPDX-License-Identifier: Apache-2.0
"""Reading an ARM ELF32 file that nobody has checked: every offset and size is, here, once.

A reader of our own, because the input may be hostile (a general ELF library answers a bad offset
with whatever exception it meets first) and large (50,000 symbols in a kernel, read in one pass).
"""

import struct
from bisect import bisect_right
from typing import Dict, Iterator, List, NamedTuple, Optional, Tuple

from .errors import RewriteError

EHDR = struct.Struct("<16sHHIIIIIHHHHHH")
SHDR = struct.Struct("<10I")
PHDR = struct.Struct("<8I")
SYM = struct.Struct("<IIIBBH")

ET_REL, ET_EXEC, ET_DYN, ET_CORE = 1, 2, 3, 4
EM_ARM = 40
EF_ARM_BE8 = 0x00800000
PT_LOAD = 1
SHT_SYMTAB, SHT_NOBITS = 2, 8
SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR = 1, 2, 4
SHN_LORESERVE, SHN_ABS = 0xFF00, 0xFFF1
STB_LOCAL = 0
STT_NOTYPE, STT_OBJECT, STT_FUNC, STT_FILE = 0, 1, 2, 4

OURS = ".hako.pv"  # code that the rewriter has added, without mapping symbols
ELF_SIZE_MAX = 1 << 30  # a vmlinux with debug information is some 200 MiB
SEGMENTS_MAX = 256
NAME_MAX = 256  # of a symbol or section; longer ones are cut in messages


# value, section index, type and binding, size, name offset, string table
Symbol = Tuple[int, int, int, int, int, bytes]


class Section(NamedTuple):
    """A section header, with its name looked up."""

    index: int
    name: str
    type: int
    flags: int
    addr: int
    offset: int
    size: int
    link: int
    entsize: int

    @property
    def in_file(self) -> bool:
        return self.type != SHT_NOBITS and self.size > 0


class Segment(NamedTuple):
    """A program header of type PT_LOAD."""

    offset: int
    vaddr: int
    paddr: int
    filesz: int
    memsz: int


class Region(NamedTuple):
    """A run of bytes of one kind, from one mapping symbol to the next: "a", "t" or "d"."""

    state: str
    section: Section
    addr: int
    offset: int
    size: int


class Elf:
    """A checked ELF. The constructor raises RewriteError for anything this tool cannot handle."""

    def __init__(self, data: bytes):
        self.data = data
        self._read_header()
        self.sections = self._read_sections()
        self.segments = self._read_segments()
        self._symbols_read: Optional[List[Symbol]] = None
        self._functions: Dict[int, Tuple[List[int], List[str]]] = {}

    def _read_header(self) -> None:
        data = self.data
        if len(data) < 4 or data[:4] != b"\x7fELF":
            raise RewriteError("not an ELF file; give the linked ELF (vmlinux), not an image")
        if len(data) > ELF_SIZE_MAX:
            raise RewriteError("larger than 1 GiB; strip the debug information (strip -g)")
        if len(data) < EHDR.size:
            raise RewriteError("truncated: the file ends inside its ELF header; build it again")
        ident = data[:16]
        if ident[4] != 1:
            raise RewriteError("not a 32-bit ELF; Hako runs ARMv5 guests")
        if ident[5] != 1:
            raise RewriteError("big endian; build the guest little endian")
        if ident[6] != 1:
            raise RewriteError(f"unknown ELF version {ident[6]}; the file is damaged")
        (_, self.type, machine, version, self.entry, self.phoff, self.shoff, flags, ehsize,
         phentsize, self.phnum, shentsize, self.shnum, self.shstrndx) = EHDR.unpack_from(data)
        if machine != EM_ARM:
            raise RewriteError(f"wrong architecture: machine {machine}, ARM is {EM_ARM}"
                               "; build the guest for ARMv5")
        if version != 1 or ehsize != EHDR.size:
            raise RewriteError("damaged ELF header (version or header size)")
        if flags & EF_ARM_BE8:
            raise RewriteError("big endian (BE8); build the guest little endian")
        if self.type != ET_EXEC:
            what = {ET_REL: "relocatable object or module", ET_DYN: "shared object or PIE",
                    ET_CORE: "core dump"}.get(self.type, f"ELF of type {self.type}")
            raise RewriteError(f"{what}, not an executable; link it to fixed addresses first")
        if self.phnum and phentsize != PHDR.size:
            raise RewriteError("damaged ELF header (size of program headers)")
        if self.phnum > SEGMENTS_MAX:
            raise RewriteError(f"damaged ELF header ({self.phnum} program headers)")
        if self.shnum == 0 or self.shoff == 0:
            raise RewriteError("no section headers; give the ELF as the linker wrote it")
        if shentsize != SHDR.size or self.shnum >= SHN_LORESERVE:
            raise RewriteError("damaged ELF header (size or number of section headers)")
        self._inside(self.phoff, self.phnum * PHDR.size, "program header table")
        self._inside(self.shoff, self.shnum * SHDR.size, "section header table")
        if not 0 < self.shstrndx < self.shnum:
            raise RewriteError("damaged ELF header (no section name table)")

    def _inside(self, offset: int, size: int, what: str) -> None:
        if offset + size > len(self.data):
            raise RewriteError(f"truncated or damaged: {what} ends at offset {offset + size:#x}, "
                               f"the file at {len(self.data):#x}; build it again")

    def _read_sections(self) -> List[Section]:
        headers = list(SHDR.iter_unpack(
            self.data[self.shoff:self.shoff + self.shnum * SHDR.size]))
        names_header = headers[self.shstrndx]
        self._inside(names_header[4], names_header[5], "section name table")
        names = self.data[names_header[4]:names_header[4] + names_header[5]]
        sections = []
        for i, (name, kind, flags, addr, offset, size, link, _, _, entsize) in enumerate(headers):
            text = _string(names, name)
            if kind not in (0, SHT_NOBITS):
                self._inside(offset, size, f"section {i} ({text})")
            if flags & SHF_ALLOC and addr + size > 1 << 32:
                raise RewriteError(f"damaged: section {i} ({text}) ends above 4 GiB")
            sections.append(Section(i, text, kind, flags, addr, offset, size, link, entsize))
        return sections

    def _read_segments(self) -> List[Segment]:
        table = self.data[self.phoff:self.phoff + self.phnum * PHDR.size]
        segments = []
        for i, (kind, offset, vaddr, paddr, filesz, memsz, _, _) in enumerate(
                PHDR.iter_unpack(table)):
            if kind != PT_LOAD:
                continue
            self._inside(offset, filesz, f"segment {i}")
            if memsz < filesz or vaddr + memsz > 1 << 32 or paddr + memsz > 1 << 32:
                raise RewriteError(f"damaged: size of segment {i}")
            segments.append(Segment(offset, vaddr, paddr, filesz, memsz))
        return segments

    def section(self, name: str) -> Optional[Section]:
        """The first section of that name."""
        return next((s for s in self.sections if s.name == name), None)

    def bytes_of(self, section: Section) -> bytes:
        return self.data[section.offset:section.offset + section.size]

    def _symbols(self) -> List[Symbol]:
        """All of them, in file order."""
        if self._symbols_read is not None:
            return self._symbols_read
        symbols = []
        tables = [section for section in self.sections if section.type == SHT_SYMTAB]
        if len(tables) > 1:
            raise RewriteError("damaged: more than one symbol table")
        for section in tables:
            if section.entsize != SYM.size or section.size % SYM.size:
                raise RewriteError(f"damaged: entry size of section {section.name}")
            if section.link >= self.shnum or not self.sections[section.link].in_file:
                raise RewriteError(f"damaged: {section.name} has no string table")
            strings = self.bytes_of(self.sections[section.link])
            for name, value, size, info, _, shndx in SYM.iter_unpack(self.bytes_of(section)):
                if 0 < shndx < self.shnum or shndx == SHN_ABS:
                    symbols.append((value, shndx, info, size, name, strings))
        self._symbols_read = symbols
        return symbols

    def mapping_symbols(self) -> Dict[int, Dict[int, str]]:
        """By section index: address to state. Of two at one address the later one counts."""
        found: Dict[int, Dict[int, str]] = {}
        for value, shndx, info, _, name, strings in self._symbols():
            if _is_mapping(info, name, strings):
                found.setdefault(shndx, {})[value] = chr(strings[name + 1])
        return found

    def source_files(self) -> Dict[Tuple[int, int], str]:
        """Section index and address of each run of ARM code to the file it was built from.

        The linker puts the name of an object's source before its local symbols, of one without (an
        assembled one) that of the object. "" where two files claim the same address.
        """
        found: Dict[Tuple[int, int], str] = {}
        current = ""
        for value, shndx, info, _, name, strings in self._symbols():
            if info & 15 == STT_FILE:
                current = _string(strings, name)
            elif _is_mapping(info, name, strings) and strings[name + 1:name + 2] == b"a":
                known = found.setdefault((shndx, value), current)
                if known != current:
                    found[shndx, value] = ""
        return found

    def named(self) -> Dict[str, Tuple[int, int]]:
        """Name to address and size. A global symbol goes before local ones; of several local ones
        with the same name there is none."""
        found: Dict[str, Tuple[int, int]] = {}
        ambiguous, is_global = set(), set()
        for value, _, info, size, name, strings in self._symbols():
            if info & 15 > STT_FUNC or strings[name:name + 1] in (b"$", b"\0", b""):
                continue
            text = _string(strings, name)
            if info >> 4 != STB_LOCAL:
                is_global.add(text)
                found[text] = (value, size)
            elif text not in is_global:
                if text in found:
                    ambiguous.add(text)
                found[text] = (value, size)
        for text in ambiguous - is_global:
            del found[text]
        return found

    def regions(self) -> List[Region]:
        """Everything the mapping symbols say about sections that are loaded from the file.

        Raises RewriteError if they leave open what a part of an executable section is.
        """
        mapping = self.mapping_symbols()
        if not any("a" in m.values() or "t" in m.values() for m in mapping.values()):
            raise RewriteError("no mapping symbols ($a, $t, $d), code cannot be told from data"
                               "; give the ELF before it was stripped")
        regions = []
        for section in self.sections:
            if not section.flags & SHF_ALLOC or not section.in_file or section.name == OURS:
                continue
            states = sorted(mapping.get(section.index, {}).items())
            if section.flags & SHF_EXECINSTR:
                self._check_start(section, states)
            end = section.addr + section.size
            for (addr, state), (after, _) in zip(states, states[1:] + [(end, "")]):
                if not section.addr <= addr <= end:
                    raise RewriteError(f"damaged: mapping symbol at {addr:#x} lies outside of "
                                       f"its section {section.name}")
                if after > addr:
                    regions.append(Region(state, section, addr,
                                          section.offset + addr - section.addr, after - addr))
        _check_overlap(regions)
        return regions

    def _check_start(self, section: Section, states: List[Tuple[int, str]]) -> None:
        first = states[0][0] if states else section.addr + section.size
        unknown = self.data[section.offset:section.offset + max(0, first - section.addr)]
        if unknown.strip(b"\0"):
            raise RewriteError(f"{section.addr:#010x}: executable section {section.name} starts "
                               "without a mapping symbol, code cannot be told from data"
                               "; link objects that were not stripped")

    def _functions_of(self, shndx: int) -> Tuple[List[int], List[str]]:
        if not self._functions:
            best: Dict[int, Dict[int, Tuple[int, int, bytes]]] = {}
            for value, index, info, _, name, strings in self._symbols():
                kind = info & 15
                if kind > STT_FUNC or strings[name:name + 1] in (b"$", b"\0", b""):
                    continue
                # Of several names for an address a function's is the most telling.
                rank = 0 if kind == STT_FUNC else 1
                known = best.setdefault(index, {}).get(value)
                if known is None or rank < known[0]:
                    best[index][value] = (rank, name, strings)
            for index, names in best.items():
                addresses = sorted(names)
                self._functions[index] = (addresses, [
                    _string(names[a][2], names[a][1]) for a in addresses])
        return self._functions.get(shndx, ([], []))

    def symbol_at(self, section: Section, addr: int) -> Tuple[str, int]:
        """Name and address of the function, or other label, that addr belongs to."""
        addresses, names = self._functions_of(section.index)
        i = bisect_right(addresses, addr) - 1
        return (names[i], addresses[i]) if i >= 0 else (section.name, section.addr)

    def where(self, section: Section, addr: int) -> str:
        """An address for a person: "0xc0008010 (stext+0x10)"."""
        name, start = self.symbol_at(section, addr)
        return f"{addr:#010x} ({name}+{addr - start:#x})"

    def loaded_sections(self) -> Iterator[Tuple[Section, int]]:
        """Sections that are loaded from the file, with the physical address they are loaded to."""
        for section in self.sections:
            if not section.flags & SHF_ALLOC or not section.in_file:
                continue
            for segment in self.segments:
                into = section.offset - segment.offset
                if into >= 0 and into + section.size <= segment.filesz:
                    yield section, segment.paddr + into
                    break

    def physical(self, vaddr: int) -> Optional[int]:
        """Physical address of a virtual one, by the program headers."""
        for segment in self.segments:
            if segment.vaddr <= vaddr < segment.vaddr + segment.memsz:
                return segment.paddr + vaddr - segment.vaddr
        return None


def _string(strings: bytes, offset: int) -> str:
    """A name as it can be printed: whatever a hostile file has there, on one line."""
    raw = strings[offset:offset + NAME_MAX].split(b"\0", 1)[0]
    return "".join(c if c.isprintable() else "?" for c in raw.decode("utf-8", "replace"))


def _is_mapping(info: int, name: int, strings: bytes) -> bool:
    """$a, $t or $d, alone or followed by a dot and anything (AAELF32, 4.6.5.1)."""
    return info & 15 == STT_NOTYPE and strings[name:name + 1] == b"$" and \
        strings[name + 1:name + 2] in (b"a", b"t", b"d") and \
        strings[name + 2:name + 3] in (b"\0", b".")


def _check_overlap(regions: List[Region]) -> None:
    """Two regions that share bytes of the file could disagree about what they are."""
    by_offset = sorted(regions, key=lambda region: region.offset)
    for region, after in zip(by_offset, by_offset[1:]):
        if region.offset + region.size > after.offset:
            raise RewriteError(f"damaged: sections {region.section.name} and {after.section.name} "
                               f"share file offset {after.offset:#x}")
