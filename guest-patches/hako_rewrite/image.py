# SPDX-License-Identifier: Apache-2.0
"""The flat image of an ELF, as `objcopy -O binary` makes it, and the trailer Hako adds.

    flat image, padded with zeros to a multiple of 4
    proxy table, one word each, holes included
    struct pv_info (vcpu/pv_abi.h), if the guest has paravirtual code: magic HAKOIMG2
    FOOTER, 32 bytes, the last of the file

A flat image has no place to look for a table but its end: read the footer first, go back from it.
"""

import struct
import zlib
from array import array
from typing import NamedTuple, Optional, Tuple

from .appendix import word_bytes, words
from .elf import Elf
from .encodings import PROXY_TABLE_MAX
from .errors import RewriteError
from .pv_abi import INFO, PvInfo, pack_info, unpack_info

# magic, size of the flat image, length of the table in words, physical address of the image's first
# byte, physical address of the entry point, CRC-32 of everything before the footer, of the footer
FOOTER = struct.Struct("<8sIIIIII")
FOOTER_MAGIC = b"HAKOIMG1"
FOOTER_MAGIC_PV = b"HAKOIMG2"
FLAT_SIZE_MAX = 128 << 20  # the RAM of the largest board


class Image(NamedTuple):
    """A flat image taken apart again."""

    flat: bytes
    table: array
    load: int
    entry: int
    pv: Optional[PvInfo]


def flatten(elf: Elf, patched: bytes) -> Tuple[bytes, int, int]:
    """The flat image of `patched`, laid out as the headers of `elf` say; load and entry address.

    Sections count, not segments, as with objcopy: a segment may begin with the ELF header.
    """
    parts = list(elf.loaded_sections())
    if not parts:
        raise RewriteError("nothing to load, so no flat image; give a linked executable")
    parts.sort(key=lambda part: part[1])
    for (section, address), (after, after_address) in zip(parts, parts[1:]):
        if address + section.size > after_address:
            raise RewriteError(f"{after_address:#010x}: sections {section.name} and {after.name} "
                               "are loaded to the same place; correct the linker script")
    load = parts[0][1]
    size = parts[-1][1] + parts[-1][0].size - load
    if size > FLAT_SIZE_MAX:
        raise RewriteError(f"the flat image would take {size} bytes, at most {FLAT_SIZE_MAX} make "
                           "sense; move the sections closer together, or use the ELF")
    flat = bytearray(size)
    for section, address in parts:
        end = section.offset + section.size
        flat[address - load:address - load + section.size] = patched[section.offset:end]
    entry = elf.physical(elf.entry)
    if entry is None:
        raise RewriteError(f"entry point {elf.entry:#010x} lies in no segment; link with ENTRY()")
    return bytes(flat), load, entry


def pack_image(flat: bytes, table: array, load: int, entry: int,
               pv: Optional[PvInfo] = None) -> bytes:
    """A flat image with its trailer."""
    body = flat + bytes(-len(flat) % 4) + word_bytes(table) + (pack_info(pv) if pv else b"")
    footer = FOOTER.pack(FOOTER_MAGIC_PV if pv else FOOTER_MAGIC, len(flat), len(table), load,
                         entry, zlib.crc32(body), 0)
    return body + footer[:-4] + struct.pack("<I", zlib.crc32(footer[:-4]))


def is_image(data: bytes) -> bool:
    return len(data) >= FOOTER.size and \
        data[-FOOTER.size:-FOOTER.size + 8] in (FOOTER_MAGIC, FOOTER_MAGIC_PV)


def unpack_image(data: bytes) -> Image:
    """Takes an image with trailer apart. Raises RewriteError if there is none or it is damaged."""
    if not is_image(data):
        raise RewriteError("no Hako trailer: not written by --image, or cut short")
    body, footer = data[:-FOOTER.size], data[-FOOTER.size:]
    magic, flat_size, table_len, load, entry, body_crc, footer_crc = FOOTER.unpack(footer)
    if zlib.crc32(footer[:-4]) != footer_crc or zlib.crc32(body) != body_crc:
        raise RewriteError("damaged: checksum of the image; write it again with --image")
    table_start = (flat_size + 3) // 4 * 4
    table_end = table_start + 4 * table_len
    pv_size = INFO.size if magic == FOOTER_MAGIC_PV else 0
    if table_len > PROXY_TABLE_MAX or table_end + pv_size != len(body):
        raise RewriteError("damaged: sizes in the footer; write the image again with --image")
    return Image(body[:flat_size], words(body[table_start:table_end]), load, entry,
                 unpack_info(body[table_end:]) if pv_size else None)


def read_image(path: str) -> Image:
    """Flat image, proxy table and addresses of a file that --image wrote. RewriteError."""
    with open(path, "rb") as file:
        return unpack_image(file.read())
