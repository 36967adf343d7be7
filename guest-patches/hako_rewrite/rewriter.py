# SPDX-License-Identifier: Apache-2.0
"""ELF bytes in, ELF bytes out; and back. No files, no output: cli.py does that."""

import hashlib
import struct
from array import array
from typing import Dict, Iterator, List, NamedTuple, Tuple

from .appendix import E_SHNUM, E_SHOFF, append, is_rewritten, read_appendix, words
from .elf import Elf, Region
from .encodings import (COND_MASK, LOAD_BIT, NEEDS_A_LOOK, PROXY_TABLE_MAX, UNUSED_ENTRY, classify,
                        load_bit, nth_index, proxy_index, proxy_word, refusal, table_word,
                        used_entries)
from .errors import RewriteError


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
    sites: List[Site]
    table: array
    code_words: int


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


def find_sites(elf: Elf) -> Tuple[List[Site], int]:
    """All sensitive instructions, in the order of the file, and the number of words of code."""
    harmless, sensitive = set(), set()  # every word met so far that needed a look
    sites = []
    code_words = 0
    for region, code in arm_code(elf):
        code_words += len(code)
        refused = {}
        for word in suspects(code) - harmless - sensitive:
            reason = refusal(word)
            if reason:
                refused[word] = reason
            else:
                (sensitive if classify(word) else harmless).add(word)
        if refused:
            i, word = next((i, w) for i, w in enumerate(code) if w in refused)
            raise RewriteError(f"{elf.where(region.section, region.addr + 4 * i)}: cannot place "
                               f"{word:#010x}: {refused[word]}")
        sites += [Site(region, region.addr + 4 * i, region.offset + 4 * i, word)
                  for i, word in enumerate(code) if word in sensitive]
    sites.sort(key=lambda site: site.offset)
    return sites, code_words


def assign_indexes(elf: Elf, sites: List[Site]) -> Dict[int, int]:
    """Table word to table index, in the order of first use. Raises RewriteError if they run out."""
    index_of: Dict[int, int] = {}
    taken = [0, 0]  # indexes with L bit 0 and 1
    for site in sites:
        word = table_word(site.word)
        if word in index_of:
            continue
        load = load_bit(word)
        index = nth_index(load, taken[load])
        if index >= PROXY_TABLE_MAX:
            raise RewriteError(
                f"{elf.where(site.region.section, site.addr)}: cannot place {site.word:#010x}: "
                f"more than {taken[load]} different sensitive instructions with bit {LOAD_BIT} = "
                f"{load}; build fewer drivers or CPU types into the guest")
        taken[load] += 1
        index_of[word] = index
    return index_of


def make_table(index_of: Dict[int, int]) -> array:
    """The proxy table, as long as its highest index needs, with holes for indexes not assigned."""
    table = array("I", [UNUSED_ENTRY]) * (max(index_of.values(), default=-1) + 1)
    for word, index in index_of.items():
        table[index] = word
    return table


def rewrite(data: bytes) -> Rewritten:
    """Replaces each sensitive instruction by a proxy. Raises RewriteError."""
    elf = Elf(data)
    if is_rewritten(elf):
        raise RewriteError("already rewritten; use the original, or --restore it first")
    sites, code_words = find_sites(elf)
    index_of = assign_indexes(elf, sites)
    out = bytearray(data)
    for site in sites:
        proxy = proxy_word(site.word & COND_MASK, index_of[table_word(site.word)])
        struct.pack_into("<I", out, site.offset, proxy)
    table = make_table(index_of)
    offsets = array("I", [site.offset for site in sites])
    return Rewritten(append(elf, out, table, offsets), elf, sites, table, code_words)


def restore(data: bytes) -> bytes:
    """The original of a rewritten ELF, bit for bit: its SHA-256 is compared. RewriteError."""
    appendix = read_appendix(Elf(data))
    out = bytearray(data[:appendix.original_size])
    struct.pack_into("<I", out, E_SHOFF, appendix.original_shoff)
    struct.pack_into("<H", out, E_SHNUM, appendix.original_shnum & 0xFFFF)
    originals = dict(used_entries(appendix.table))
    for offset in appendix.sites:
        (word,) = struct.unpack_from("<I", out, offset)
        index = proxy_index(word)
        if index not in originals:
            raise RewriteError(f"damaged: file offset {offset:#x} holds {word:#010x}, no proxy of "
                               "the table; rewrite the original again")
        original = word & COND_MASK | originals[index] & ~COND_MASK
        struct.pack_into("<I", out, offset, original)
    if hashlib.sha256(out).digest() != appendix.original_sha256:
        raise RewriteError("damaged: what is restored is not the original (SHA-256 differs)"
                           "; take the original from where it was built")
    return bytes(out)
