# SPDX-License-Identifier: Apache-2.0
"""What a rewritten ELF carries behind its original end; docs/guest-abi.md shows the layout.

The original file stays in place, byte for byte, but for the words that were replaced and a few
fields of the ELF header. So cutting the appendix off and undoing these gives the original back.

    original file
    (zeros up to a multiple of 4)
    .hako.proxies    the proxy table, one word each, holes included
    .hako.sites      file offset of each word that is a proxy, ascending, one word each
    .hako.note       struct NOTE: what --restore and --check need
    section names    the original ones and those of the new sections
    section headers  the original ones and those of the new sections

With paravirtual code there are also, before the note (which is a NOTE_PV then):

    .hako.patches    file offset and original word of each word that is another one, ascending
    .hako.pvinfo     struct pv_info, vcpu/pv_abi.h

and before the section names, unless the guest brought its paravirtual code itself:

    .hako.pv         the paravirtual code, at a multiple of 4 KiB; the one section that is loaded
    program headers  the original ones and that of .hako.pv
"""

import hashlib
import struct
import sys
import zlib
from array import array
from typing import List, NamedTuple, Optional, Tuple

from .elf import EHDR, PHDR, PT_LOAD, SHDR, SHF_ALLOC, SHF_EXECINSTR, SHF_WRITE, Elf
from .encodings import PROXY_TABLE_MAX
from .errors import RewriteError
from .pv_abi import PvInfo, pack_info, unpack_info

PROXIES, SITES, NOTE_NAME = ".hako.proxies", ".hako.sites", ".hako.note"
PATCHES, PV_INFO, PV_CODE = ".hako.patches", ".hako.pvinfo", ".hako.pv"

# magic, version, size of the original, its e_shoff, its e_shnum, length of the table, sites,
# CRC-32 of table and sites, SHA-256 of the original, CRC-32 of all this
NOTE = struct.Struct("<8sIIIIIII32sI")
NOTE_MAGIC = b"HAKOELF1"
NOTE_VERSION = 1
# The same with version 2, and before the last field e_phoff and e_phnum of the original. The CRC
# goes over patches and pv_info as well.
NOTE_PV = struct.Struct("<8sIIIIIII32sIII")
NOTE_VERSION_PV = 2

E_PHOFF, E_SHOFF, E_PHNUM, E_SHNUM = 0x1C, 0x20, 0x2C, 0x30  # offsets in the ELF header
SHT_PROGBITS = 1
PF_RWX = 7
PAGE = 4096
DAMAGED = "damaged: {}; rewrite the original again"


class Paravirtual(NamedTuple):
    """The paravirtual part of an appendix."""

    info: PvInfo
    paddr: int  # as in the program header
    code: bytes  # empty if it is the guest's own
    patches: List[Tuple[int, int]]  # file offset, original word


class Header(NamedTuple):
    """Fields of the original's ELF header that change."""

    phoff: int
    shoff: int
    phnum: int
    shnum: int


class Appendix(NamedTuple):
    """The appendix as read back; the numbers are checked against each other and the file."""

    original_size: int
    header: Header
    original_sha256: bytes
    table: array
    sites: array
    pv: Optional[Paravirtual]


def words(data) -> array:
    """Little-endian words of a byte string."""
    result = array("I")
    assert result.itemsize == 4
    result.frombytes(data)
    if sys.byteorder == "big":
        result.byteswap()
    return result


def word_bytes(values: array) -> bytes:
    """The reverse of words()."""
    if sys.byteorder == "big":
        values = array("I", values)
        values.byteswap()
    return values.tobytes()


def is_rewritten(elf: Elf) -> bool:
    ours = (PROXIES, SITES, PATCHES, PV_INFO, NOTE_NAME, PV_CODE)
    return any(s.name in ours for s in elf.sections)


class _Tail:
    """A file that grows: sections are appended, and the headers that describe them."""

    def __init__(self, elf: Elf, patched: bytearray):
        self.elf = elf
        self.out = bytearray(patched)
        self.names = bytearray(elf.bytes_of(elf.sections[elf.shstrndx]))
        self.headers = bytearray(elf.data[elf.shoff:elf.shoff + elf.shnum * SHDR.size])
        self.added = 0

    def align(self, to: int) -> int:
        self.out += bytes(-len(self.out) % to)
        return len(self.out)

    def section(self, name: str, content: bytes, align: int = 4, flags: int = 0,
                addr: int = 0) -> None:
        self.align(align)
        self.headers += SHDR.pack(len(self.names), SHT_PROGBITS, flags, addr, len(self.out),
                                  len(content), 0, 0, align, 0)
        self.names += name.encode() + b"\0"
        self.out += content
        self.added += 1

    def segment(self, vaddr: int, paddr: int, content: bytes) -> None:
        """A section that is loaded, and program headers that say so."""
        offset = self.align(PAGE)
        self.section(PV_CODE, content, PAGE, SHF_ALLOC | SHF_WRITE | SHF_EXECINSTR, vaddr)
        elf = self.elf
        struct.pack_into("<I", self.out, E_PHOFF, self.align(4))
        struct.pack_into("<H", self.out, E_PHNUM, elf.phnum + 1)
        self.out += elf.data[elf.phoff:elf.phoff + elf.phnum * PHDR.size]
        self.out += PHDR.pack(PT_LOAD, offset, vaddr, paddr, len(content), len(content), PF_RWX,
                              PAGE)

    def finish(self) -> bytes:
        elf = self.elf
        struct.pack_into("<II", self.headers, elf.shstrndx * SHDR.size + 16, len(self.out),
                         len(self.names))
        self.out += self.names
        struct.pack_into("<I", self.out, E_SHOFF, self.align(4))
        struct.pack_into("<H", self.out, E_SHNUM, elf.shnum + self.added)
        return bytes(self.out + self.headers)


def append(elf: Elf, patched: bytearray, table: array, sites: array,
           pv: Optional[Paravirtual] = None) -> bytes:
    """The finished file: `patched` are the bytes of `elf` with all words replaced."""
    parts = [(PROXIES, word_bytes(table)), (SITES, word_bytes(sites))]
    if pv:
        parts += [(PATCHES, b"".join(struct.pack("<II", *patch) for patch in pv.patches)),
                  (PV_INFO, pack_info(pv.info))]
    fields = [NOTE_MAGIC, NOTE_VERSION, len(elf.data), elf.shoff, elf.shnum, len(table),
              len(sites), zlib.crc32(b"".join(content for _, content in parts)),
              hashlib.sha256(elf.data).digest()]
    if pv:
        fields[1] = NOTE_VERSION_PV
        note = NOTE_PV.pack(*fields, elf.phoff, elf.phnum, 0)
    else:
        note = NOTE.pack(*fields, 0)
    note = note[:-4] + struct.pack("<I", zlib.crc32(note[:-4]))

    tail = _Tail(elf, patched)
    for name, content in parts + [(NOTE_NAME, note)]:
        tail.section(name, content)
    if pv and pv.code:
        tail.segment(pv.info.code_va, pv.paddr, pv.code)
    return tail.finish()


def read_appendix(elf: Elf) -> Appendix:
    """Reads and checks the appendix. Raises RewriteError if there is none or it is damaged."""
    proxies, sites, note = (elf.section(name) for name in (PROXIES, SITES, NOTE_NAME))
    if not (proxies and sites and note):
        raise RewriteError("not a rewritten file (no .hako.proxies); run guest-patches/rewrite")
    raw = elf.bytes_of(note)
    if len(raw) not in (NOTE.size, NOTE_PV.size) or \
            zlib.crc32(raw[:-4]) != struct.unpack("<I", raw[-4:])[0]:
        raise RewriteError(DAMAGED.format("checksum of .hako.note"))
    has_pv = len(raw) == NOTE_PV.size
    magic, version, size, shoff, shnum, table_len, site_len, crc, sha256, *rest = \
        (NOTE_PV if has_pv else NOTE).unpack(raw)
    if magic != NOTE_MAGIC or version != (NOTE_VERSION_PV if has_pv else NOTE_VERSION):
        raise RewriteError("rewritten by another version of this tool"
                           "; restore it with that one, or rewrite the original")
    parts = [proxies, sites]
    if has_pv:
        patches, info = (elf.section(name) for name in (PATCHES, PV_INFO))
        if not (patches and info):
            raise RewriteError(DAMAGED.format("no .hako.patches or no .hako.pvinfo"))
        parts += [patches, info]
    contents = [elf.bytes_of(part) for part in parts]
    if len(contents[0]) != 4 * table_len or len(contents[1]) != 4 * site_len or \
            zlib.crc32(b"".join(contents)) != crc:
        raise RewriteError(DAMAGED.format("checksum of .hako.proxies and .hako.sites"))
    if table_len > PROXY_TABLE_MAX or not EHDR.size <= size <= min(
            part.offset for part in parts + [note]):
        raise RewriteError(DAMAGED.format("numbers in .hako.note"))
    site_words = words(contents[1])
    _check_offsets(site_words, size)
    header = Header(rest[0] if has_pv else elf.phoff, shoff, rest[1] if has_pv else elf.phnum,
                    shnum)
    pv = _read_pv(elf, contents[2], contents[3], size) if has_pv else None
    return Appendix(size, header, sha256, words(contents[0]), site_words, pv)


def _check_offsets(offsets: array, size: int) -> None:
    """File offsets of words of the original, ascending."""
    for before, offset in zip(array("I", [0]) + offsets, offsets):
        if offset < EHDR.size or offset + 4 > size or offset < before + 4 and before:
            raise RewriteError(DAMAGED.format(f"site at file offset {offset:#x}"))


def _read_pv(elf: Elf, patches: bytes, info: bytes, size: int) -> Paravirtual:
    code = elf.section(PV_CODE)
    flat = words(patches[:len(patches) // 8 * 8])
    if code is None and not patches:
        return Paravirtual(unpack_info(info), 0, b"", [])
    if code is None or len(patches) % 8:
        raise RewriteError(DAMAGED.format("no .hako.pv, or size of .hako.patches"))
    _check_offsets(flat[::2], size)
    found = unpack_info(info)
    segment = next((s for s in elf.segments if s.offset == code.offset), None)
    if segment is None or code.offset < size or code.size != found.code_size or \
            (segment.vaddr, segment.filesz, segment.memsz) != \
            (found.code_va, code.size, code.size):
        raise RewriteError(DAMAGED.format(".hako.pv is not what .hako.pvinfo says"))
    return Paravirtual(found, segment.paddr, elf.bytes_of(code), list(zip(flat[::2], flat[1::2])))


def read_proxy_table(path: str) -> List[int]:
    """The proxy table of a rewritten ELF. Raises RewriteError, whose text names no file."""
    with open(path, "rb") as file:
        return list(read_appendix(Elf(file.read())).table)
