# SPDX-License-Identifier: Apache-2.0
"""A report of the VMM itself: the lines "hako: stats ..." of its console (vmm/stats_report.c)."""

from dataclasses import dataclass, field

from .errors import TraceError
from .guest import PAGE_OFFSET, PROGRAM
from .summary import KINDS, Summary

PREFIX = "hako: stats "
VERSION = 1
TICKS_PER_US = 24
PROGRAM_PC = 1
# Numbers of fields after the word; "place lost N" is one more.
GROUPS = {"trap": 2, "injected": 2, "shadow": 2, "row": 3, "place": 3, "recent": 5}


@dataclass(frozen=True)
class Recent:
    begin: int
    length: int
    pc: int
    kind: str
    name: str


@dataclass
class Block:
    board: str
    vm: str
    ticks: int
    lines: dict = field(default_factory=lambda: {group: [] for group in GROUPS})
    lost: int = 0


class Reader:
    """Collects a block from lines as they come."""

    def __init__(self):
        self.block = None

    def feed(self, line):
        """Takes a line without its end; returns the Block that it completes, or None."""
        words = line[len(PREFIX):].split()
        if not words:
            raise TraceError(f"a line of a report is cut: {line!r}")
        if words[0] == "begin":
            self.block = self._begin(words, line)
            return None
        if self.block is None:
            raise TraceError(f"a report without its beginning: {line!r}")
        if words == ["end"]:
            done, self.block = self.block, None
            return done
        if words[:2] == ["place", "lost"]:
            self.block.lost = int(words[2])
        elif words[0] not in GROUPS or len(words) != 1 + GROUPS[words[0]]:
            raise TraceError(f"not a line of a report: {line!r}")
        else:
            self.block.lines[words[0]].append(words[1:])
        return None

    @staticmethod
    def _begin(words, line):
        if len(words) != 5 or int(words[1]) != VERSION:
            raise TraceError(f"a report of another version than {VERSION}: {line!r}")
        return Block(board=words[2], vm=words[3], ticks=int(words[4]))


def read_log(text):
    """All complete reports of a console's log."""
    reader, blocks = Reader(), []
    for line in text.splitlines():
        if line.startswith(PREFIX):
            block = reader.feed(line)
            if block:
                blocks.append(block)
    return blocks


def _symbol(guest, pc):
    if pc == PROGRAM_PC:
        return PROGRAM
    # The kernel before it has its MMU on, if low.
    return guest.symbol(pc if pc >= PAGE_OFFSET else pc + PAGE_OFFSET)


def summarise(guest, block):
    """(Summary, [Recent])"""
    seconds = block.ticks / TICKS_PER_US / 1e6
    summary = Summary(f"{block.vm} on {block.board}, {seconds:.3f} s after the start", "console",
                      lost=block.lost)
    for kind, count in block.lines["trap"]:
        if kind not in KINDS:
            raise TraceError(f"a report with a kind of trap that is not known: {kind}")
        summary.kinds[kind].add(int(count))
    words = {}
    for index, word, count in block.lines["row"]:
        words[index] = int(word, 16)
        kind, name = guest.row(words[index])
        (summary.hypercalls if kind == "hypercall" else summary.instructions)[name].add(int(count))
    for pc, kind, count in block.lines["place"]:
        summary.places[_symbol(guest, int(pc, 16)), kind].add(int(count))
    summary.injected = {name: int(count) for name, count in block.lines["injected"]
                        if int(count)}
    summary.shadow = {name: int(count) for name, count in block.lines["shadow"]}
    recent = [Recent(int(begin), int(length), int(pc, 16), kind,
                     guest.row(words[row])[1] if kind in ("proxy", "hypercall") and row in words
                     else "")
              for begin, length, pc, kind, row in block.lines["recent"]]
    return summary, recent
