# SPDX-License-Identifier: Apache-2.0
"""ELF bytes in, ELF bytes out; and back. No files, no output: cli.py does that."""

import hashlib
import struct
from array import array
from typing import Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

from .appendix import (E_PHNUM, E_PHOFF, E_SHNUM, E_SHOFF, Paravirtual, append, is_rewritten,
                       read_appendix, words)
from .elf import Elf, Region
from .encodings import (COND_MASK, LOAD_BIT, NEEDS_A_LOOK, PROXY_TABLE_MAX, UNUSED_ENTRY, classify,
                        load_bit, nth_index, proxy_index, proxy_word, refusal, table_word,
                        used_entries)
from .errors import RewriteError
from .linux import Kernel, NotParavirtual
from .own_pv import find_own
from .pv_abi import PV_DACR_INDEX, PV_HC_COUNT, PV_HYPERCALL_WORD
from .pv_segment import Segment, build_segment


class Site(NamedTuple):
    """One sensitive instruction of the input."""

    region: Region
    addr: int
    offset: int
    word: int


class Rewritten(NamedTuple):
    """The result, with what a report needs. The table may have holes."""

    data: bytes
    elf: Elf
    sites: List[Site]  # those that are proxies now
    table: array
    code_words: int
    segment: Optional[Segment]
    no_pv: str  # if there is no segment: why


Code = List[Tuple[Region, array]]


def arm_code(elf: Elf) -> Iterator[Tuple[Region, array]]:
    """The ARM code of a file: each region marked $a, with its words."""
    for region in elf.regions():
        if region.state != "a":
            continue
        if region.addr % 4:
            raise RewriteError(f"{elf.where(region.section, region.addr)}: ARM code at an address "
                               "that is no multiple of 4; align it in its source")
        # A tail shorter than a word holds no instruction: it is what the linker padded with.
        yield region, words(elf.data[region.offset:region.offset + region.size // 4 * 4])


def suspects(code: array) -> set:
    """The distinct words of `code` that the table of encodings must be asked about."""
    return {word for word in set(code) if NEEDS_A_LOOK[word >> 20]}


def find_sites(elf: Elf, code: Code) -> List[Site]:
    """All sensitive instructions, in the order of the file."""
    harmless, sensitive = set(), set()  # every word met so far that needed a look
    sites = []
    for region, region_words in code:
        refused = {}
        for word in suspects(region_words) - harmless - sensitive:
            reason = refusal(word)
            if reason:
                refused[word] = reason
            else:
                (sensitive if classify(word) else harmless).add(word)
        if refused:
            i, word = next((i, w) for i, w in enumerate(region_words) if w in refused)
            raise RewriteError(f"{elf.where(region.section, region.addr + 4 * i)}: cannot place "
                               f"{word:#010x}: {refused[word]}")
        sites += [Site(region, region.addr + 4 * i, region.offset + 4 * i, word)
                  for i, word in enumerate(region_words) if word in sensitive]
    sites.sort(key=lambda site: site.offset)
    return sites


WRITE_DACR, WRITE_DACR_MASK = 0xEE030F10, ~0xF000  # mcr p15, 0, rt, c3, c0, 0
REGISTERS = 16


class Indexes:
    """Which index of the proxy table a word gets: ascending for each L bit, by first use."""

    def __init__(self, pv: bool = False):
        """With `pv` some are hypercalls' and writes of DACR's (vcpu/pv_abi.h)."""
        self.pv = pv
        self.of: Dict[int, int] = {}
        self._taken = [0, 0]  # with L bit 0 and 1
        if pv:
            self.of = {PV_HYPERCALL_WORD | n: n for n in range(PV_HC_COUNT)}
            self._taken[0] = PV_HC_COUNT

    def _next(self, load: int) -> int:
        if self.pv and load == 0 and self._taken[0] == PV_DACR_INDEX:
            self._taken[0] += REGISTERS
        self._taken[load] += 1
        return nth_index(load, self._taken[load] - 1)

    def add(self, word: int, where: Callable[[], str]) -> int:
        """The index of a sensitive word. Raises RewriteError if there is none left."""
        entry = table_word(word)
        if entry in self.of:
            return self.of[entry]
        if self.pv and entry & WRITE_DACR_MASK == WRITE_DACR:
            return self.of.setdefault(entry, PV_DACR_INDEX + (entry >> 12 & 15))
        load = load_bit(entry)
        index = self._next(load)
        if index >= PROXY_TABLE_MAX:
            raise RewriteError(
                f"{where()}: cannot place {word:#010x}: "
                f"more than {self._taken[load] - 1} different sensitive instructions with bit "
                f"{LOAD_BIT} = {load}; build fewer drivers or CPU types into the guest")
        self.of[entry] = index
        return index

    def proxy(self, word: int, where: Callable[[], str]) -> int:
        """The proxy of a sensitive word."""
        return proxy_word(word & COND_MASK, self.add(word, where))


def make_table(index_of: Dict[int, int]) -> array:
    """The proxy table, as long as its highest index needs, with holes for indexes not assigned."""
    table = array("I", [UNUSED_ENTRY]) * (max(index_of.values(), default=-1) + 1)
    for word, index in index_of.items():
        table[index] = word
    return table


def rewrite(data: bytes, pv: bool = False) -> Rewritten:
    """Replaces each sensitive instruction by a proxy. Raises RewriteError.

    With `pv` a Linux kernel gets paravirtual code as well, and branches to it in place of some;
    that of a bare-metal guest is made known.
    """
    elf = Elf(data)
    if is_rewritten(elf):
        raise RewriteError("already rewritten; use the original, or --restore it first")
    code = list(arm_code(elf))
    sites = find_sites(elf, code)
    segment, no_pv, indexes = None, "switched off", Indexes()
    if pv:
        try:
            kernel = Kernel(elf, code)
            indexes = Indexes(pv=True)
            segment = build_segment(kernel, lambda word: indexes.proxy(
                word, lambda: "paravirtual code"))
        except NotParavirtual as reason:
            no_pv = str(reason)
            segment = find_own(elf)
            indexes = Indexes(pv=segment is not None)

    out = bytearray(data)
    for patch in segment.patches if segment else ():
        struct.pack_into("<I", out, patch.offset, patch.word)
    patched = {patch.offset for patch in segment.patches} if segment else set()
    sites = [site for site in sites if site.offset not in patched]
    for site in sites:
        proxy = indexes.proxy(site.word, lambda at=site: elf.where(at.region.section, at.addr))
        struct.pack_into("<I", out, site.offset, proxy)
    table = make_table(indexes.of)
    offsets = array("I", [site.offset for site in sites])
    extra = Paravirtual(segment.info, segment.paddr, segment.code,
                        [(p.offset, p.original) for p in segment.patches]) if segment else None
    return Rewritten(append(elf, out, table, offsets, extra), elf, sites, table,
                     sum(len(region_words) for _, region_words in code), segment, no_pv)


def restore(data: bytes) -> bytes:
    """The original of a rewritten ELF, bit for bit: its SHA-256 is compared. RewriteError."""
    appendix = read_appendix(Elf(data))
    out = bytearray(data[:appendix.original_size])
    header = appendix.header
    struct.pack_into("<I", out, E_PHOFF, header.phoff)
    struct.pack_into("<I", out, E_SHOFF, header.shoff)
    struct.pack_into("<H", out, E_PHNUM, header.phnum & 0xFFFF)
    struct.pack_into("<H", out, E_SHNUM, header.shnum & 0xFFFF)
    originals = dict(used_entries(appendix.table))
    for offset in appendix.sites:
        (word,) = struct.unpack_from("<I", out, offset)
        index = proxy_index(word)
        if index not in originals:
            raise RewriteError(f"damaged: file offset {offset:#x} holds {word:#010x}, no proxy of "
                               "the table; rewrite the original again")
        original = word & COND_MASK | originals[index] & ~COND_MASK
        struct.pack_into("<I", out, offset, original)
    for offset, word in appendix.pv.patches if appendix.pv else ():
        struct.pack_into("<I", out, offset, word)
    if hashlib.sha256(out).digest() != appendix.original_sha256:
        raise RewriteError("damaged: what is restored is not the original (SHA-256 differs)"
                           "; take the original from where it was built")
    return bytes(out)
