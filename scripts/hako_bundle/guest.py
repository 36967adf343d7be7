# SPDX-License-Identifier: Apache-2.0
"""A rewritten guest: the pieces to load, where they go, the entry point, the proxy table, and what
is said about its paravirtual code."""

import os
import sys
from typing import List, NamedTuple, Optional, Tuple

_REWRITER = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../guest-patches")
sys.path.insert(0, _REWRITER)

from hako_rewrite.appendix import read_appendix, word_bytes  # noqa: E402 (needs the path above)
from hako_rewrite.elf import Elf  # noqa: E402
from hako_rewrite.errors import RewriteError  # noqa: E402
from hako_rewrite.image import is_image, unpack_image  # noqa: E402
from hako_rewrite.pv_abi import PvInfo, pack_info  # noqa: E402

from .errors import BundleError  # noqa: E402

# Linux is linked with its virtual addresses as physical ones: RAM is where its page offset
# is (0xc0000000 unless configured otherwise; always in the upper three quarters).
LINUX_PAGE_OFFSET = 0xC0000000
PAGE_OFFSET_MASK = 0xF0000000

# Segments with less than this between them are one piece of the bundle.
GAP_MAX = 64 << 10
PAGE = 4096


class Piece(NamedTuple):
    gpa: int
    data: bytes
    memory_size: int

    @property
    def end(self) -> int:
        return self.gpa + self.memory_size


class Guest(NamedTuple):
    pieces: List[Piece]
    entry: int
    proxies: bytes  # words; 0 where the table has a hole
    is_linux: bool
    pv: Optional[PvInfo] = None

    @property
    def pv_info(self) -> bytes:
        """struct pv_info; b"" without paravirtual code."""
        return pack_info(self.pv) if self.pv else b""

    @property
    def proxy_count(self) -> int:
        """Entries of the proxy table that are in use."""
        return sum(any(self.proxies[i:i + 4]) for i in range(0, len(self.proxies), 4))

    @property
    def end(self) -> int:
        return max(piece.end for piece in self.pieces)


def _merge(pieces: List[Piece]) -> List[Piece]:
    """Sorted, and neighbours put together."""
    merged: List[Piece] = []
    for piece in sorted(pieces):
        before = merged[-1] if merged else None
        if before and piece.gpa < before.end:
            raise BundleError(f"two segments overlap at {piece.gpa:#010x}")
        if before and piece.gpa - before.end < GAP_MAX:
            gap = piece.gpa - before.gpa - len(before.data)
            data = before.data + bytes(gap) + piece.data if piece.data else before.data
            merged[-1] = Piece(before.gpa, data, piece.end - before.gpa)
        else:
            merged.append(piece)
    return merged


Parts = Tuple[List[Piece], int, bytes, bool, Optional[PvInfo]]


def _from_elf(data: bytes) -> Parts:
    elf = Elf(data)
    appendix = read_appendix(elf)
    pieces = [Piece(s.paddr, data[s.offset:s.offset + s.filesz], s.memsz)
              for s in elf.segments if s.memsz]
    if not pieces:
        raise BundleError("nothing to load; link it with program headers")
    entry = elf.physical(elf.entry)
    if entry is None:
        raise BundleError(f"the entry point {elf.entry:#010x} lies in no segment")
    return (pieces, entry, word_bytes(appendix.table), b"\0linux_banner\0" in data,
            appendix.pv.info if appendix.pv else None)


def _from_image(data: bytes) -> Parts:
    image = unpack_image(data)
    if not image.flat:
        raise BundleError("the image is empty")
    return ([Piece(image.load, image.flat, len(image.flat))], image.entry,
            word_bytes(image.table), b"Linux version " in image.flat, image.pv)


def _check_pv(pv: PvInfo, pieces: List[Piece]) -> None:
    """Its code has to be where it says, or the kernel would use the pages for something else."""
    if pv.code_size == 0:
        return  # a bare-metal guest's, among its own
    if pv.code_gpa % PAGE or pv.code_size % PAGE or not any(
            piece.gpa <= pv.code_gpa and
            pv.code_gpa + pv.code_size <= piece.gpa + len(piece.data) for piece in pieces):
        raise BundleError(f"its paravirtual code is not at {pv.code_gpa:#010x}; rewrite the "
                          "original again")


def _in_ram(pieces: List[Piece], entry: int, pv: Optional[PvInfo],
            ram_base: int) -> Tuple[List[Piece], int, Optional[PvInfo]]:
    """What is linked for RAM at `ram_base`, for RAM at 0."""
    if pv:
        gpa = pv.code_gpa - ram_base if pv.code_size else pv.code_gpa
        pv = pv._replace(code_gpa=gpa % (1 << 32),
                         linear_offset=(pv.linear_offset + ram_base) % (1 << 32))
    return ([piece._replace(gpa=piece.gpa - ram_base) for piece in pieces], entry - ram_base, pv)


def read_guest(data: bytes, ram_base: int = 0) -> Guest:
    """Takes a guest apart; its addresses become those in a VM whose RAM, at `ram_base`, were at 0."""
    try:
        if data[:4] == b"\x7fELF":
            pieces, entry, proxies, is_linux, pv = _from_elf(data)
        elif is_image(data):
            pieces, entry, proxies, is_linux, pv = _from_image(data)
        else:
            raise BundleError("neither an ELF nor an image with Hako's trailer; run "
                              "guest-patches/rewrite, and give what it writes")
    except RewriteError as error:
        raise BundleError(str(error)) from error

    lowest = min(piece.gpa for piece in pieces)
    if is_linux or lowest >= LINUX_PAGE_OFFSET:
        offset = lowest & PAGE_OFFSET_MASK
        pieces = [piece._replace(gpa=piece.gpa - offset) for piece in pieces]
        entry -= offset
    else:
        pieces, entry, pv = _in_ram(pieces, entry, pv, ram_base)
    if any(piece.gpa < 0 or piece.end > PAGE_OFFSET_MASK for piece in pieces):
        raise BundleError(f"its segments are too far apart ({lowest:#010x} and others)")
    if entry % 4:
        raise BundleError(f"the entry point {entry:#010x} is Thumb code; start in ARM state")
    pieces = _merge(pieces)
    if pv:
        _check_pv(pv, pieces)
    return Guest(pieces, entry, proxies, is_linux, pv)
