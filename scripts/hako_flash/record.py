# SPDX-License-Identifier: Apache-2.0
"""The boot record: docs/boot-record.md. For images of whole media, and for tests; boards have their own."""

import struct
import zlib
from typing import NamedTuple, Tuple

ENTRY = struct.Struct("<4s4I" + "2I8s" * 2 + "3I")
MAGIC = b"HBR1"
PLACES_MAX = 512
STRIDE = {"flash": 64, "card": 512}

UNKNOWN, WRITING, VALID, GIVEN_UP, REFUSED = range(5)
BEGIN, WRITE, SET_VALID, ATTEMPT, MARK, GIVE_UP, REFUSE, USE, RETRY, MOVE = range(1, 11)


class Slot(NamedTuple):
    state: int = UNKNOWN
    confirmed: bool = False
    attempts: int = 0
    version: int = 0
    digest: bytes = bytes(8)


class Entry(NamedTuple):
    sequence: int
    event: int
    slot: int
    preferred: int
    slots: Tuple[Slot, Slot]
    attempts: int = 0
    marks: int = 0


def encode(entry):
    words = []
    for slot in entry.slots:
        words += [slot.state | int(slot.confirmed) << 8 | slot.attempts << 16, slot.version,
                  slot.digest]
    data = ENTRY.pack(MAGIC, entry.sequence, entry.event | entry.slot << 8 | entry.preferred << 16,
                      entry.attempts, entry.marks, *words, 0, 0, 0)[:60]
    return data + struct.pack("<I", zlib.crc32(data))


def decode(data):
    """The entry in 64 bytes, or None."""
    if data[:4] != MAGIC or struct.unpack_from("<I", data, 60)[0] != zlib.crc32(data[:60]):
        return None
    _, sequence, event, attempts, marks, *words = ENTRY.unpack(data)
    slots = tuple(Slot(words[i] & 0xFF, bool(words[i] >> 8 & 0xFF), words[i] >> 16, words[i + 1],
                       words[i + 2]) for i in (0, 3))
    return Entry(sequence, event & 0xFF, event >> 8 & 0xFF, event >> 16, slots, attempts, marks)


def area(medium, entries, size):
    """The bytes of an area that holds these entries."""
    rest = bytes(STRIDE[medium] - ENTRY.size)
    return b"".join(encode(entry) + rest for entry in entries).ljust(size, b"\xff")


def newest(medium, areas):
    """The entry that counts, in the bytes of both areas; None if there is none."""
    found = [decode(data[at:at + ENTRY.size]) for data in areas
             for at in range(0, len(data), STRIDE[medium])[:PLACES_MAX]]
    return max((entry for entry in found if entry), key=lambda entry: entry.sequence, default=None)
