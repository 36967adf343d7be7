# SPDX-License-Identifier: Apache-2.0
"""Putting an image onto a board: what is done, in which order, and what again after a reset."""

from .errors import BoardReset, FlashError
from .image import pieces, runs
from .transfer import NoNetwork

RESETS_MAX = 10
PASSES = 3  # over what does not read back as it was written
AT_ONCE = 4  # blocks that are written by one command


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
        has_begun = (known.state, known.digest, known.version) == ("writing", image.digest,
                                                                   image.version)
        if has_begun:
            self.say(f"slot {slot}: goes on with what was begun")
        else:
            refused = self.board.note("write", slot, image)
            if refused:
                raise FlashError(f"slot {slot}: {refused}")
        self._write(image, slot, has_begun)
        self._finish(image, slot)
        return slot

    def _differing(self, image, slot):
        """Blocks that are not as they should be: offset, and whether it is blank or full."""
        board, found = self.board, {}
        for offset, data in pieces(image.data, board.block):
            how = board.differs(self._at(slot) + offset, data)
            if how:
                found[offset] = how
        return found

    def _write(self, image, slot, has_begun):
        """What was begun may be complete, and so is what has been written."""
        for _ in range(PASSES):
            if has_begun and self._has(slot, image):
                return
            has_begun = True
            todo = self._differing(image, slot)
            total = len(pieces(image.data, self.board.block))
            self.say(f"slot {slot}: {len(todo)} of {total} blocks differ")
            self._write_blocks(image, slot, todo)
        if not self._has(slot, image):
            raise FlashError(f"slot {slot}: it does not hold what was written: is the medium worn "
                             "out?")

    def _write_blocks(self, image, slot, todo):
        board, size = self.board, self.board.block
        done = 0
        self.progress(0, len(todo) * size)
        for first, count in runs(todo, size, self._most()):
            address = self._load(image, first, min(count * size, len(image.data) - first))
            here = [at for at in todo if first <= at < first + count * size]
            for how in ("blank", "full"):
                for offset, some in runs([at for at in here if todo[at] == how], size, AT_ONCE):
                    length = min(some * size, len(image.data) - offset)
                    board.write(self._at(slot) + offset, address + offset - first, length,
                                how == "blank")
                    done += some * size
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
