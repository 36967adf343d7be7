# SPDX-License-Identifier: Apache-2.0
"""What a rewritten ELF carries behind its original end; docs/guest-abi.md shows the layout.

The original file stays in place, byte for byte, but for the proxies and two fields of the ELF
header. So cutting the appendix off and undoing the sites gives the original back.

    original file
    (zeros up to a multiple of 4)
    .hako.proxies    the proxy table, one word each, holes included
    .hako.sites      file offset of each replaced word, ascending, one word each
    .hako.note       struct NOTE: what --restore and --check need
    section names    the original ones and those of the three sections
    section headers  the original ones and those of the three sections
"""

import hashlib
import struct
import sys
import zlib
from array import array
from typing import List, NamedTuple

from .elf import EHDR, SHDR, Elf
from .encodings import PROXY_TABLE_MAX
from .errors import RewriteError

PROXIES, SITES, NOTE_NAME = ".hako.proxies", ".hako.sites", ".hako.note"

# magic, version, size of the original, its e_shoff, its e_shnum, length of the table, sites,
# CRC-32 of table and sites, SHA-256 of the original, CRC-32 of all this
NOTE = struct.Struct("<8sIIIIIII32sI")
NOTE_MAGIC = b"HAKOELF1"
NOTE_VERSION = 1

E_SHOFF, E_SHNUM = 0x20, 0x30  # offsets in the ELF header
SHT_PROGBITS = 1


class Appendix(NamedTuple):
    """The appendix as read back; the numbers are checked against each other and the file."""

    original_size: int
    original_shoff: int
    original_shnum: int
    original_sha256: bytes
    table: array
    sites: array


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
    return any(s.name in (PROXIES, SITES, NOTE_NAME) for s in elf.sections)


def append(elf: Elf, patched: bytearray, table: array, sites: array) -> bytes:
    """The finished file: `patched` are the bytes of `elf` with the proxies in place."""
    table_bytes, site_bytes = word_bytes(table), word_bytes(sites)
    note = NOTE.pack(NOTE_MAGIC, NOTE_VERSION, len(elf.data), elf.shoff, elf.shnum, len(table),
                     len(sites), zlib.crc32(table_bytes + site_bytes),
                     hashlib.sha256(elf.data).digest(), 0)
    note = note[:-4] + struct.pack("<I", zlib.crc32(note[:-4]))

    names = elf.sections[elf.shstrndx]
    name_bytes = bytearray(elf.bytes_of(names))
    headers = bytearray(elf.data[elf.shoff:elf.shoff + elf.shnum * SHDR.size])
    out = bytearray(patched)
    out += bytes(-len(out) % 4)
    for name, content in ((PROXIES, table_bytes), (SITES, site_bytes), (NOTE_NAME, note)):
        headers += SHDR.pack(len(name_bytes), SHT_PROGBITS, 0, 0, len(out), len(content),
                             0, 0, 4, 0)
        name_bytes += name.encode() + b"\0"
        out += content
    struct.pack_into("<II", headers, elf.shstrndx * SHDR.size + 16, len(out), len(name_bytes))
    out += name_bytes
    out += bytes(-len(out) % 4)
    struct.pack_into("<I", out, E_SHOFF, len(out))
    struct.pack_into("<H", out, E_SHNUM, elf.shnum + 3)
    return bytes(out + headers)


def read_appendix(elf: Elf) -> Appendix:
    """Reads and checks the appendix. Raises RewriteError if there is none or it is damaged."""
    proxies, sites, note = (elf.section(name) for name in (PROXIES, SITES, NOTE_NAME))
    if not (proxies and sites and note):
        raise RewriteError("not a rewritten file (no .hako.proxies); run guest-patches/rewrite")
    raw = elf.bytes_of(note)
    if len(raw) != NOTE.size or zlib.crc32(raw[:-4]) != struct.unpack("<I", raw[-4:])[0]:
        raise RewriteError("damaged: checksum of .hako.note; rewrite the original again")
    magic, version, size, shoff, shnum, table_len, site_len, crc, sha256, _ = NOTE.unpack(raw)
    if magic != NOTE_MAGIC or version != NOTE_VERSION:
        raise RewriteError("rewritten by another version of this tool"
                           "; restore it with that one, or rewrite the original")
    table_bytes, site_bytes = elf.bytes_of(proxies), elf.bytes_of(sites)
    if len(table_bytes) != 4 * table_len or len(site_bytes) != 4 * site_len or \
            zlib.crc32(table_bytes + site_bytes) != crc:
        raise RewriteError("damaged: checksum of .hako.proxies and .hako.sites"
                           "; rewrite the original again")
    if table_len > PROXY_TABLE_MAX or not EHDR.size <= size <= min(
            proxies.offset, sites.offset, note.offset):
        raise RewriteError("damaged: numbers in .hako.note; rewrite the original again")
    site_words = words(site_bytes)
    for before, site in zip(array("I", [0]) + site_words, site_words):
        if site < EHDR.size or site + 4 > size or site < before + 4 and before:
            raise RewriteError(f"damaged: site at file offset {site:#x}"
                               "; rewrite the original again")
    return Appendix(size, shoff, shnum, sha256, words(table_bytes), site_words)


def read_proxy_table(path: str) -> List[int]:
    """The proxy table of a rewritten ELF. Raises RewriteError, whose text names no file."""
    with open(path, "rb") as file:
        return list(read_appendix(Elf(file.read())).table)
