# SPDX-License-Identifier: Apache-2.0
"""Putting an image onto a board: what is done, in which order, and what again after a reset."""

import zlib

from .errors import BoardReset, FlashError
from .image import pieces, runs
from .transfer import NoNetwork

RESETS_MAX = 10
PASSES = 3  # over what does not read back as it was written


class Flasher:
    """`say`: gets lines for a person; `progress`: bytes done, bytes in all."""

    def __init__(self, board, ways, say, progress, wait=10):
        self.board, self.ways = board, list(ways)
        self.say, self.progress, self.wait = say, progress, wait

    # ---- from the start, as often as the board is --------------------------------------------

    def through_resets(self, what):
        for _ in range(RESETS_MAX):
            try:
                return what()
            except BoardReset:
                self.say("the board was restarted: once again from where it was")
                for way in self.ways:
                    way.forget()
                self.board.prompt.sync(max(30, self.wait))
        raise FlashError(f"the board was restarted {RESETS_MAX} times")

    def put(self, image, slot=None):
        """Returns the slot that has the image."""
        return self.through_resets(lambda: self._put(image, slot))

    # ---- one attempt -------------------------------------------------------------------------

    def _has(self, slot, image):
        return self.board.crc(self._at(slot), len(image.data)) == image.crc

    def _at(self, slot):
        return self.board.layout.parts[f"slot-{slot}"].offset

    def _put(self, image, slot):
        self.board.check()
        info = self.board.info()
        for name, known in info.slots.items():
            if slot in (None, name) and known.digest == image.digest and \
                    known.state in ("valid", "given-up") and self._has(name, image):
                self.say(f"slot {name} has this image already" +
                         ("" if info.next == name else f"; --use {name} boots it"))
                return name
        slot = slot or info.target
        known = info.slots[slot]
        if (known.state, known.digest, known.version) == ("writing", image.digest, image.version):
            self.say(f"slot {slot}: goes on with what was begun")
        else:
            refused = self.board.note("write", slot, image)
            if refused:
                raise FlashError(f"slot {slot}: {refused}")
        self._write(image, slot)
        self._finish(image, slot)
        return slot

    def _differing(self, image, slot):
        """Offsets of blocks that are not as they should be."""
        board = self.board
        if self._has(slot, image):
            return []
        found, parts = [], pieces(image.data, board.block)
        for offset, data in parts:
            if board.crc(self._at(slot) + offset, len(data)) != zlib.crc32(data):
                found.append(offset)
        return found

    def _write(self, image, slot):
        board = self.board
        for _ in range(PASSES):
            todo = self._differing(image, slot)
            if not todo:
                return
            total = len(pieces(image.data, board.block))
            self.say(f"slot {slot}: {len(todo)} of {total} blocks differ")
            self._write_blocks(image, slot, todo)
        raise FlashError(f"slot {slot}: it does not hold what was written: is the medium worn out?")

    def _write_blocks(self, image, slot, todo):
        board, size = self.board, self.board.block
        done = 0
        self.progress(0, len(todo) * size)
        for offset, count in runs(todo, size, self._most()):
            length = min(count * size, len(image.data) - offset)
            address = self._load(image, offset, length)
            for at in range(offset, offset + length, size):
                some = min(size, len(image.data) - at)
                board.write(self._at(slot) + at, address + at - offset, some)
                done += size
                self.progress(done, len(todo) * size)

    def _most(self):
        return self.ways[0].most or 1 << 20

    def _load(self, image, offset, length):
        while True:
            way = self.ways[0]
            try:
                return way.load(self.board, image, offset, length, self.progress)
            except NoNetwork as error:
                self.ways.pop(0)
                if not self.ways:
                    raise FlashError(f"TFTP: {error}") from error
                self.say(f"TFTP: {error}; by YMODEM instead")

    def _finish(self, image, slot):
        """All of it has been read back."""
        refused = self.board.note("valid", slot, image)
        known = self.board.info().slots[slot]
        if refused and (known.state, known.digest) != ("valid", image.digest):
            raise FlashError(f"slot {slot}: {refused}")
        self.say(f"slot {slot}: written, read back, and the one to be booted next")
