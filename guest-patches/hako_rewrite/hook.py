# SPDX-License-Identifier: Apache-2.0
"""Finds the places that hooks.py describes, and says which of them the kernel has."""

from typing import Callable, Dict, Iterable, List, NamedTuple, Optional, Tuple

from .arm import branch_target
from .encodings import classify
from .hooks import Hook
from .linux import Kernel

KINDS = ("function", "place", "convert", "before", "entry")
SEARCH_SIZE = 1024  # bytes behind a label that has no size

# ldrt, ldrbt, strt, strbt: P = 0 and W = 1; without W they are the plain forms (A5.2.8).
TRANSLATED_MASK, TRANSLATED = 0x0D200000, 0x04200000
W_BIT = 1 << 21


class Match(NamedTuple):
    """A hook and where it is."""

    hook: Hook
    addr: int

    @property
    def end(self) -> int:
        return self.addr + 4 * len(self.hook.pattern)


class Matches(NamedTuple):
    found: List[Match]
    refused: Dict[str, str]  # name of a hook: why it is left to proxies


def _matches_at(kernel: Kernel, pattern: tuple, addr: int) -> bool:
    for i, row in enumerate(pattern):
        word = kernel.word(addr + 4 * i)
        if word is None or (word ^ row[0]) & row[1]:
            return False
    return True


def find(kernel: Kernel, hook: Hook) -> Tuple[Optional[int], str]:
    """The address of a hook's pattern; or None, and why."""
    assert hook.kind in KINDS and hook.pattern, hook.name
    if hook.symbol not in kernel.symbols:
        return None, f"no symbol {hook.symbol}"
    start, size = kernel.symbols[hook.symbol]
    if hook.kind == "before":
        start -= 4 * len(hook.pattern)
    if hook.kind != "place":
        if _matches_at(kernel, hook.pattern, start):
            return start, ""
        return None, "code not known"
    last = start + (size or SEARCH_SIZE) - 4 * len(hook.pattern)
    places = [addr for addr in range(start, last + 1, 4)
              if _matches_at(kernel, hook.pattern, addr)]
    if len(places) == 1:
        return places[0], ""
    return None, "code there twice" if places else "code not known"


def find_all(kernel: Kernel, hooks: Iterable[Hook]) -> Matches:
    """Of each name the first hook that matches, if all names of its group have one."""
    found: Dict[str, Match] = {}
    refused: Dict[str, str] = {}
    groups: Dict[str, set] = {}
    for hook in hooks:
        if hook.group:
            groups.setdefault(hook.group, set()).add(hook.name)
        if hook.name in found:
            continue
        addr, why = find(kernel, hook)
        if addr is None:
            refused[hook.name] = why
        else:
            refused.pop(hook.name, None)
            found[hook.name] = Match(hook, addr)
    for names in groups.values():
        missing = sorted(names - found.keys())
        for name in sorted(names & found.keys()) if missing else ():
            del found[name]
            refused[name] = f"{missing[0]} is missing"
    return Matches(list(found.values()), refused)


def capture_symbols(match: Match) -> Dict[str, int]:
    """The symbols of a match's captures, and the addresses of the words they are about."""
    return {f"hook_{match.hook.name}_{row[2]}": match.addr + 4 * i
            for i, row in enumerate(match.hook.pattern) if len(row) > 2}


def captured(kernel: Kernel, addr: int, proxy: Callable[[int], int]) -> int:
    """What a captured word means; hooks.py explains it. `proxy` gives that of a sensitive word."""
    word = kernel.word(addr)
    assert word is not None
    offset = word & 0xFFF
    if word & 0x0E000000 == 0x0A000000:
        return branch_target(word, addr)
    if word & 0x0F7F0000 == 0x051F0000:  # ldr rd, [pc, #offset]
        literal = kernel.word(addr + 8 + (offset if word & 1 << 23 else -offset))
        return 0 if literal is None else literal
    if word & 0x0FFF0000 in (0x028F0000, 0x024F0000):  # add or sub rd, pc, #immediate
        value, turn = offset & 0xFF, offset >> 7 & 30
        value = (value >> turn | value << 32 - turn) & 0xFFFFFFFF
        return addr + 8 + (value if word & 1 << 23 else -value) & 0xFFFFFFFF
    return proxy(word) if classify(word) else word


def plain_form(word: int) -> Optional[int]:
    """The load or store with a privileged mode's rights for an ldrt and its relatives."""
    if word >> 28 != 15 and word & TRANSLATED_MASK == TRANSLATED and \
            not (word & 1 << 25 and word & 1 << 4):
        return word & ~W_BIT
    return None
