# SPDX-License-Identifier: Apache-2.0
"""What paravirtual code needs to know about a Linux kernel, from its ELF alone."""

import struct
from array import array
from bisect import bisect_right
from typing import List, Optional, Tuple

from .appendix import words
from .elf import SHF_EXECINSTR, SHT_NOBITS, Elf, Region

# With these it is a kernel for this CPU, with its symbols.
NEEDED = ("linux_banner", "vector_swi", "cpu_arm926_set_pte_ext", "swapper_pg_dir", "stext", "_end")

PAGE_OFFSET_MASK = 0xF0000000
MODULES_SIZE = 16 << 20  # TASK_SIZE ends so far below PAGE_OFFSET; modules and kmap are between

# Written in assembler, but functions that C code calls and nobody else, and that keep to AAPCS.
LIKE_C = ("setbit.o", "clearbit.o", "changebit.o", "testsetbit.o", "testclearbit.o",
          "testchangebit.o")
# Runs with the MMU off or under two addresses, or is copied elsewhere.
NOT_IN = (".head.text", ".vectors", ".stubs")


class NotParavirtual(Exception):
    """This guest gets proxies only; the text says why."""


class Kernel:
    """A kernel's code, and where it can jump to without a branch."""

    def __init__(self, elf: Elf, code: List[Tuple[Region, array]]):
        """`code`: the regions of ARM code with their words. Raises NotParavirtual."""
        self.elf = elf
        self.symbols = elf.named()
        if "linux_banner" not in self.symbols:
            raise NotParavirtual("not a Linux kernel")
        missing = [name for name in NEEDED if name not in self.symbols]
        if missing:
            raise NotParavirtual(f"no symbol {missing[0]}; not a kernel for the ARM926EJ-S")
        files = elf.source_files()
        self._regions = sorted(code, key=lambda item: item[0].addr)
        self._starts = [region.addr for region, _ in self._regions]
        self._is_c = [_has_c(region, files.get((region.section.index, region.addr), ""))
                      for region, _ in self._regions]
        if self.is_c(self.address("vector_swi")) or not any(self._is_c):
            raise NotParavirtual("its symbols do not tell C code from assembly (no file names)")
        self.physical = elf.physical(self.address("stext"))
        self.early_map = self._find_early_map()
        if self.physical is None or self.early_map is None:
            raise NotParavirtual("what the kernel maps first (_end - 1 in .head.text) was not "
                                 "found")
        self.fixups = dict(self._table("__start___ex_table", "__stop___ex_table", "<II"))
        self.jumps = {at: to for at, to, _ in
                      self._table("__start___jump_table", "__stop___jump_table", "<III")}

    def _find_early_map(self) -> Optional[int]:
        """Where head.S has the end of what it maps before there are page tables from C."""
        section = self.elf.section(".head.text")
        if section is None or not section.in_file:
            return None
        places = [i for i, word in enumerate(words(self.elf.bytes_of(section)[:section.size & ~3]))
                  if word == self.end - 1]
        return section.addr + 4 * places[0] if len(places) == 1 else None

    def address(self, name: str) -> int:
        return self.symbols[name][0]

    @property
    def end(self) -> int:
        """The first address behind the kernel and its bss."""
        return self.address("_end")

    @property
    def page_offset(self) -> int:
        """VA minus guest physical address of the linear mapping; RAM starts at 0."""
        return self.address("swapper_pg_dir") & PAGE_OFFSET_MASK

    @property
    def user_limit(self) -> int:
        return self.page_offset - MODULES_SIZE

    def c_code(self):
        """Regions of C code with their words."""
        return [item for item, is_c in zip(self._regions, self._is_c) if is_c]

    def _find(self, addr: int) -> Optional[int]:
        i = bisect_right(self._starts, addr) - 1
        if i >= 0 and addr - self._starts[i] < 4 * len(self._regions[i][1]):
            return i
        return None

    def is_c(self, addr: int) -> bool:
        i = self._find(addr)
        return i is not None and self._is_c[i]

    def c_word(self, addr: int) -> Optional[int]:
        """The instruction at `addr`, if that is C code."""
        i = self._find(addr)
        if i is None or not self._is_c[i]:
            return None
        return self._regions[i][1][addr - self._starts[i] >> 2]

    def function_start(self, addr: int) -> int:
        """The start of the function that C code at `addr` belongs to."""
        i = self._find(addr)
        assert i is not None
        return self.elf.symbol_at(self._regions[i][0].section, addr)[1]

    def file_offset(self, addr: int, size: int = 4) -> Optional[int]:
        """Where the bytes that are loaded to a virtual address are in the file."""
        for section, _ in self.elf.loaded_sections():
            if section.addr <= addr and addr + size <= section.addr + section.size:
                return section.offset + addr - section.addr
        return None

    def word(self, addr: int) -> Optional[int]:
        """The word at `addr`, code or data."""
        offset = self.file_offset(addr)
        return None if offset is None else struct.unpack_from("<I", self.elf.data, offset)[0]

    def _table(self, start: str, stop: str, form: str):
        if start not in self.symbols or stop not in self.symbols:
            return []
        begin, size = self.address(start), self.address(stop) - self.address(start)
        if size == 0:
            return []
        offset = self.file_offset(begin, size) if size > 0 else None
        if offset is None or size % struct.calcsize(form):
            raise NotParavirtual(f"{start} and {stop} do not enclose a table")
        return list(struct.iter_unpack(form, self.elf.data[offset:offset + size]))


def _has_c(region: Region, file: str) -> bool:
    if region.section.name in NOT_IN or not region.section.flags & SHF_EXECINSTR or \
            region.section.type == SHT_NOBITS:
        return False
    return file.endswith(".c") or file in LIKE_C
