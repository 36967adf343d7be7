# SPDX-License-Identifier: Apache-2.0
"""The records of tests/bench/plugin/count.c: which trap each of them is, and their sum."""

import struct
from dataclasses import dataclass
from functools import lru_cache

from .errors import TraceError
from .guest import PAGE_OFFSET
from .summary import Summary

RECORD = struct.Struct("=QIIII")
PABT = 3
VECTORS = {1: "und", 2: "swi", 3: "pabt", 4: "dabt", 6: "irq", 7: "fiq"}
ENTRY, BEGIN, END = 16, 17, 18
NEXT_NONE = 1  # of `next`: the guest executed nothing before the next trap

# What a scenario shows, as (first marker, last marker).
PHASES = {"boot": (ENTRY, BEGIN), "run": (BEGIN, END)}


@dataclass(frozen=True)
class Event:
    begin: int
    length: int
    kind: str
    name: str        # of a proxy or hypercall; otherwise empty
    place: int       # address in the guest
    program: bool    # it was a program that trapped
    to_program: bool


def read(data, phase, complete=True):
    """(first instruction, last instruction, [(begin, insns, pc, next, vector)]) of a phase.

    Without `complete` it may lack its end.
    """
    first, last = PHASES[phase]
    if len(data) % RECORD.size:
        data = data[:-(len(data) % RECORD.size)]  # QEMU was stopped in the middle of one
    start, end, rows = None, None, []
    for row in RECORD.iter_unpack(data):
        vector = row[4]
        if vector == first and start is None:
            start = row[0]
        elif vector == last and start is not None:
            end = row[0]
            break
        elif vector in VECTORS and start is not None:
            rows.append(row)
    if end is None and rows and not complete:
        end = rows[-1][0] + rows[-1][1]
    if end is None:
        raise TraceError(f"the trace has no {phase}: the guest did not get that far")
    return start, end, rows


class Classifier:
    """Which kind of trap a record is: by its vector, the instruction, and where the guest goes on."""

    def __init__(self, guest):
        self.guest = guest
        self.meaning = lru_cache(maxsize=None)(lambda pc: guest.meaning(guest.word(pc)))
        pv = guest.pv
        self.return_site = pv.return_site if pv and pv.return_site else None

    def event(self, row):
        begin, insns, pc, after, vector = row
        taken = self.guest.entries.get(after)
        kind, name, place = self._kind(VECTORS[vector], pc, after, taken)
        program = place < PAGE_OFFSET
        to_program = program if after == NEXT_NONE else after < PAGE_OFFSET and not taken
        return Event(begin, insns, kind, name, place, program, to_program), taken

    def _kind(self, vector, pc, after, taken):
        if vector == "und":
            found = self.meaning(pc) if pc >= PAGE_OFFSET else None
            return *(found or ("undefined", "")), pc
        if vector == "swi":
            if pc == self.return_site:
                return "system_return", "", pc
            return "system_call" if taken == "swi" else "swi", "", pc
        if vector == "pabt":
            if taken == "prefetch_abort":
                return "guest_prefetch_abort", "", pc
            return "fill_code", "", after if not taken else pc
        if vector == "dabt":
            if taken == "data_abort":
                return "guest_data_abort", "", pc
            if after == pc:
                return "fill_data", "", pc
            return "doorbell" if self.guest.in_pv(pc) else "emulated", "", pc
        return "interrupt" if vector == "irq" else "fast_interrupt", "", pc


def _followed(guest, rows):
    """The same records; before a fetch that was put right, that is where the guest was to go on."""
    for row, after in zip(rows, rows[1:] + [None]):
        if row[3] == NEXT_NONE and after and after[4] == PABT and \
                after[3] not in guest.entries:
            row = (*row[:3], after[3], row[4])
        yield row


def linear(row):
    """A record of the kernel before it has its MMU on, at the addresses it will have then."""
    begin, insns, pc, after, vector = row
    return begin, insns, pc + PAGE_OFFSET, after + PAGE_OFFSET, vector


def summarise(guest, title, start, end, rows, early=False):
    """(Summary, [Event]); `early`: the rows begin with the kernel's first instruction."""
    summary = Summary(title, "plugin", total_insns=end - start)
    classifier = Classifier(guest)
    symbol = lru_cache(maxsize=None)(guest.symbol)
    events = []
    for row in _followed(guest, rows):
        early = early and row[2] < PAGE_OFFSET
        event, taken = classifier.event(linear(row) if early else row)
        events.append(event)
        summary.kinds[event.kind].add(1, event.length)
        summary.places[symbol(event.place), event.kind].add(1, event.length)
        if event.kind == "proxy":
            summary.instructions[event.name].add(1, event.length)
        elif event.kind == "hypercall":
            summary.hypercalls[event.name].add(1, event.length)
        if taken:
            summary.injected[taken] = summary.injected.get(taken, 0) + 1
    return summary, events
