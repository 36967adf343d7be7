# SPDX-License-Identifier: Apache-2.0
"""What a board is asked to do, as commands of its U-Boot."""

import re
import zlib
from typing import Dict, NamedTuple

from .errors import FlashError

# In RAM, away from U-Boot at its end and from what it was started from.
RAM_AT = 0x02000000
SECTOR = 512
# A card has no erase blocks: as much as one of flash.
CARD_BLOCK = 0x40000


class SlotInfo(NamedTuple):
    state: str
    confirmed: bool
    attempts: int
    version: int
    digest: str


class Info(NamedTuple):
    slots: Dict[str, SlotInfo]
    next: str
    target: str
    is_found: bool


def parse_info(status, text):
    """What `slot info` prints; None if a line is not as it should be."""
    slots = {}
    for line in text.splitlines():
        match = re.fullmatch(r"slot ([ab]): (unknown|writing|valid|given-up|refused) confirmed ([01]) "
                             r"attempts (\d+) version ([0-9a-f]+) digest ([0-9a-f]{16})", line)
        if match:
            slots[match[1]] = SlotInfo(match[2], match[3] == "1", int(match[4]), int(match[5], 16),
                                       match[6])
    match = re.search(r"^slot record: sequence \d+ event \S+ [ab] next ([ab-]) target ([ab]) "
                      r"attempts \d+ marks \d+ area [01] room \d+$", text, re.M)
    if status or not match or len(slots) != 2:
        return None
    return Info(slots, match[1], match[2], "slot: no record" not in text)


class Board:
    """A board at U-Boot's prompt. Offsets are bytes from the start of its medium."""

    def __init__(self, prompt, layout):
        self.prompt, self.layout = prompt, layout
        self.block = layout.block if layout.medium == "flash" else CARD_BLOCK

    # ---- is it what we believe? ----------------------------------------------------------------

    def check(self):
        """Raises FlashError if U-Boot is of another board or build, or the medium not as it should be.
        Nothing is changed."""
        self._check_layout()
        if self.layout.medium == "flash":
            self._check_flash()
        else:
            self._check_card()

    def _check_layout(self):
        layout = self.layout
        numbers = [f"{layout.parts[f'{part}-{which}'].offset:x}" for part in ("record", "slot")
                   for which in "ab"]
        sizes = [f"{layout.parts[part].size:x}" for part in ("record-a", "slot-a")]
        expected = (f"slot layout: board {layout.board} medium {layout.medium} record "
                    f"{numbers[0]} {numbers[1]} {sizes[0]} slot {numbers[2]} {numbers[3]} {sizes[1]}")

        def parse(status, text):
            if "Unknown command" in text or (status and "slot info" in text):
                return "?"
            match = re.search(r"^slot layout: board \S+ medium \S+ record [0-9a-f ]+ slot [0-9a-f ]+$",
                              text, re.M)
            return match[0] if match else None

        # A line that has lost a digit looks like another build: it has to say so twice.
        said = {self.prompt.run("slot layout", parse=parse) for _ in range(2)}
        if expected in said:
            return
        said = said.pop()
        match = re.match(r"slot layout: board (\S+) ", said)
        if match and match[1] != layout.board:
            raise FlashError(f"this board is a {match[1]}, not a {layout.board}")
        raise FlashError("this U-Boot is another build than board/u-boot: " +
                         (f"its slots are elsewhere ({said})" if match else
                          "it has no command `slot`"))

    def _check_flash(self):
        layout = self.layout
        expected = (layout.size >> 20, layout.size // layout.block)

        def parse(status, text):
            match = re.search(r"Size: (\d+) MB in (\d+) Sectors", text)
            return (int(match[1]), int(match[2])) if match else (0, 0) if status else None

        for _ in range(3):
            found = self.prompt.run("flinfo", 30, parse)
            if found == expected:
                return
        raise FlashError("the flash is not the one of "
                         f"board/{layout.board}/layout.toml: {found[0]} MB in {found[1]} sectors")

    def _check_card(self):
        unit = {"MiB": 1, "GiB": 1024}

        def parse(status, text):
            match = re.search(r"Capacity: ([\d.]+) (MiB|GiB)", text)
            return float(match[1]) * unit[match[2]] if match else 0 if status else None

        for _ in range(3):
            mebibytes = self.prompt.run("mmc dev 0 && mmc info", 30, parse)
            if mebibytes * (1 << 20) >= self.layout.size:
                return
        raise FlashError("there is no SD card" if not mebibytes else
                         f"the SD card has {mebibytes:g} MiB; board/{self.layout.board}/layout.toml "
                         f"needs {self.layout.size >> 20}")

    # ---- the record ----------------------------------------------------------------------------

    def info(self):
        return self.prompt.run("slot info", parse=parse_info)

    def note(self, event, slot, image=None):
        """Write to the boot record. U-Boot decides whether that may be."""
        words = f"slot {event} {slot}"
        if image:
            words += f" {image.version:x} {image.digest}"

        def parse(status, text):
            if re.search(rf"^slot {slot}: noted: {event}$", text, re.M):
                return ""
            match = re.search(rf"^slot {slot}: refused: (.+)$", text, re.M)
            return match[1] if status and match else None

        return self.prompt.run(words, 60, parse)

    # ---- memory --------------------------------------------------------------------------------

    def ram_crc(self, address, length):
        return self._crc(f"crc32 {address:x} {length:x}", address, length)

    def _crc(self, command, address, length):
        pattern = re.compile(rf"^crc32 for {address:08x} \.\.\. {address + length - 1:08x} ==> "
                             r"([0-9a-f]{8})\s*$", re.M)

        def parse(status, text):
            match = pattern.search(text)
            return int(match[1], 16) if match and not status else None

        return self.prompt.run(command, 60 + length / 100000, parse)

    def crc(self, offset, length):
        """CRC-32 of what the medium holds."""
        if self.layout.medium == "flash":
            return self.ram_crc(self.layout.base + offset, length)
        # Not where an image is that is to be written.
        at, blocks = RAM_AT + self.layout.parts["slot-a"].size, -(-length // SECTOR)
        return self._crc(f"mmc read {at:x} {offset // SECTOR:x} {blocks:x} && "
                         f"crc32 {at:x} {length:x}", at, length)

    def differs(self, offset, data):
        """None if the medium has these bytes, "blank" if their block is erased, or "full"."""
        found = self.crc(offset, len(data))
        if found == zlib.crc32(data):
            return None
        if self.layout.medium == "card" or found != zlib.crc32(b"\xff" * len(data)):
            return "full"
        rest = self.block - len(data)
        if rest and self.crc(offset + len(data), rest) != zlib.crc32(b"\xff" * rest):
            return "full"
        return "blank"

    def write(self, offset, address, length, is_blank):
        """From RAM to the medium, whole blocks of it."""
        def parse(status, text):
            return None if status else text

        if self.layout.medium == "flash":
            to, room = self.layout.base + offset, -(-length // self.block) * self.block
            erase = "" if is_blank else f"erase {to:x} +{room:x} && "
            self.prompt.run(f"{erase}cp.b {address:x} {to:x} {length:x}",
                            60 + room / self.block * 90, parse)
        else:
            blocks = -(-length // SECTOR)
            self.prompt.run(f"mmc write {address:x} {offset // SECTOR:x} {blocks:x}",
                            60 + length / 10000, parse)
