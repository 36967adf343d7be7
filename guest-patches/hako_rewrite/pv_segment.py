# SPDX-License-Identifier: Apache-2.0
"""The paravirtual part of a rewritten kernel: a segment of code behind its bss, and the words of
the kernel that lead there.

    code_va = _end, rounded up to a page
        the blob: guest-patches/pv, linked here
        site stubs with their literals
        zeros up to a page

The bundler keeps the kernel off these pages (/memreserve/). Before the kernel has page tables of
its own it maps itself up to _end in sections of 1 MiB; the one literal that says so is changed to
the end of this segment.
"""

import struct
from typing import Callable, Dict, List, NamedTuple, Optional

from . import blob as pv_blob
from .arm import branch_word
from .appendix import PAGE, word_bytes, words
from .encodings import classify
from .errors import RewriteError
from .hook import Match, capture_symbols, captured, find_all, plain_form
from .hooks import CALL_DACR, HOOKS, RETURN_DACR
from .linux import Kernel
from .pv_abi import FIELDS, PV_ENTRIES, PvInfo
from .stubs import Stubs, make_stubs

KNOWS_STORES = "data_abort"  # the hook by which an abort handler reads PV_DFSR_STORE
INFO_PREFIX = "pv_info_"  # labels of the blob that go into struct pv_info
CONVERTED = ("convert", "before")  # kinds of hooks


class Patch(NamedTuple):
    """A word of the original that becomes another one, and why."""

    kind: str
    offset: int  # in the file
    addr: int
    original: int
    word: int


class Segment(NamedTuple):
    info: PvInfo
    paddr: int
    code: bytes
    blob_size: int
    patches: List[Patch]  # in the order of the file
    stubs: Stubs
    hooks: List[Match]
    refused: Dict[str, str]


def _page_up(value: int) -> int:
    return (value + PAGE - 1) // PAGE * PAGE


class _Builder:
    def __init__(self, kernel: Kernel, proxy: Callable[[int], int]):
        self.kernel = kernel
        self.proxy = proxy
        self.patches: Dict[int, Patch] = {}
        self.base = _page_up(kernel.end)

    def patch(self, kind: str, addr: int, word: int) -> None:
        offset, original = self.kernel.file_offset(addr), self.kernel.word(addr)
        assert offset is not None and original is not None and offset not in self.patches
        self.patches[offset] = Patch(kind, offset, addr, original, word)

    def _blob(self, matches: List[Match]) -> pv_blob.Blob:
        captures: Dict[str, int] = {}  # symbol: address of the word
        for match in matches:
            captures.update(capture_symbols(match))
        starts = {f"hook_{match.hook.name}": match.addr for match in matches}

        def lookup(name: str) -> Optional[int]:
            if name in starts:
                return starts[name]
            if name in captures:
                return captured(self.kernel, captures[name], self.proxy)
            return self.kernel.symbols.get(name, (None,))[0]

        roots = [match.hook.target for match in matches
                 if match.hook.target and (match.hook.kind != "entry" or
                                           match.hook.target not in self.kernel.symbols)]
        return pv_blob.build(self.base, sorted(set(roots)), lookup)

    def _blob_code(self, blob: pv_blob.Blob) -> bytearray:
        """Its bytes; sensitive instructions in it are proxies, as everywhere."""
        code = bytearray(blob.data)
        for region in blob.elf.regions() if blob.elf else ():
            if region.state != "a":
                continue
            start = region.addr - blob.base
            for i, word in enumerate(words(bytes(code[start:start + region.size // 4 * 4]))):
                if classify(word):
                    struct.pack_into("<I", code, start + 4 * i, self.proxy(word))
        return code + bytes(-len(code) % 4)

    def _apply(self, match: Match, blob: pv_blob.Blob) -> None:
        if match.hook.kind == "entry":
            return
        start = match.addr
        if match.hook.target:
            self.patch(match.hook.name, start,
                       branch_word(start, blob.symbols[match.hook.target]))
            start += 4
        if match.hook.kind not in CONVERTED:
            return
        for addr in range(start, match.end, 4):
            plain = plain_form(self.kernel.word(addr) or 0)
            if plain is not None:
                self.patch(match.hook.name, addr, plain)

    def _info(self, matches: List[Match], blob: pv_blob.Blob, size: int) -> PvInfo:
        kernel = self.kernel
        fields = {name[len(INFO_PREFIX):]: value for name, value in blob.symbols.items()
                  if name.startswith(INFO_PREFIX)}
        for match in matches:
            if match.hook.info:
                target = match.hook.target
                fields[match.hook.info] = blob.symbols.get(target, kernel.symbols.get(
                    target, (0, 0))[0])
            fields["dacr_at"] = fields.get("dacr_at", 0) | match.hook.dacr_at
        if fields.get("dacr_at"):
            fields.update(call_dacr=CALL_DACR, return_dacr=RETURN_DACR)
        entry = tuple(fields.pop(name, 0) for name in PV_ENTRIES)
        unknown = sorted(fields.keys() - set(PvInfo._fields[:FIELDS]))
        if unknown:
            raise RewriteError(f"struct pv_info has no field {unknown[0]}; correct hooks.py or "
                               "guest-patches/pv")
        ranges = [(match.addr, match.end) for match in matches if match.hook.kind in CONVERTED]
        user = (blob.symbols.get(pv_blob.USER_START, 0), blob.symbols.get(pv_blob.USER_END, 0))
        if user[0] < user[1]:
            ranges.append(user)
        return PvInfo(self.base, self.base - kernel.page_offset, size, kernel.page_offset,
                      kernel.user_limit, entry=entry, ranges=tuple(sorted(ranges)), **fields)

    def build(self) -> Segment:
        kernel = self.kernel
        matches, refused = find_all(kernel, HOOKS)
        blob = self._blob(matches)
        for match in matches:
            self._apply(match, blob)
        code = self._blob_code(blob)
        blob_size = len(code)
        taken = {patch.addr for patch in self.patches.values()}
        knows_stores = any(match.hook.name == KNOWS_STORES for match in matches)
        stubs = make_stubs(kernel, self.base + len(code), taken, self.proxy,
                           kernel.user_limit if knows_stores else None)
        for stub in stubs.stubs:
            self.patch(stub.kind, stub.addr, stub.branch)
        code += word_bytes(stubs.code)
        code += bytes(-len(code) % PAGE)
        self.patch("early_map", kernel.early_map, self.base + len(code) - 1)
        return Segment(self._info(matches, blob, len(code)),
                       self.base - kernel.address("stext") + kernel.physical, bytes(code),
                       blob_size, [self.patches[offset] for offset in sorted(self.patches)], stubs,
                       matches, refused)


def build_segment(kernel: Kernel, proxy: Callable[[int], int]) -> Segment:
    """Everything paravirtual about a kernel. `proxy` gives the proxy of a sensitive word."""
    return _Builder(kernel, proxy).build()
