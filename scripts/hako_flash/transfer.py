# SPDX-License-Identifier: Apache-2.0
"""Ways for bytes into a board's RAM: TFTP, where there is a network, or YMODEM over the same line."""

import os
import re
import shutil
import tempfile
import zlib

from .board import RAM_AT
from .errors import FlashError

TRIES = 4
READY = re.compile(rb"## Ready for binary \(ymodem\) download")
CANCEL = b"\x18" * 8 + b"\x03"


class NoNetwork(Exception):
    """TFTP is not possible; the message says why."""


class Tftp:
    """All of the image at once, by a server that has `folder`."""

    most = None  # blocks in one piece

    def __init__(self, folder, server):
        self.folder, self.server = folder, server
        self.is_there = False  # in the board's RAM

    def load(self, board, image, offset, length, progress):
        """Returns where in RAM the bytes from `offset` on are."""
        if not self.is_there:
            self._load_all(board, image)
            self.is_there = True
        return RAM_AT + offset

    def forget(self):
        """The board was restarted."""
        self.is_there = False

    def _load_all(self, board, image):
        # A name of its own: somebody else may flash the same image to another board.
        try:
            handle, path = tempfile.mkstemp(".fit", f"hako-{image.digest}-", self.folder)
        except OSError as error:
            raise NoNetwork(f"{self.folder}: {error.strerror}") from error
        try:
            with open(handle, "wb") as file:
                os.fchmod(handle, 0o644)  # the server may be another user
                file.write(image.data)
            self._ask(board, os.path.basename(path), len(image.data))
            if board.ram_crc(RAM_AT, len(image.data)) != image.crc:
                raise NoNetwork("what arrives is not what was sent")
        except OSError as error:
            raise NoNetwork(f"{path}: {error.strerror}") from error
        finally:
            os.unlink(path)

    def _ask(self, board, name, size):
        """An address that is set already is used; DHCP is asked if that leads nowhere."""
        def parse(status, text):
            return (status == 0, text)

        get = f"tftpboot {RAM_AT:x} {self.server}:{name}"
        board.prompt.run("setenv autoload no; setenv netretry no")
        for command, seconds in ((get, 120 + size / 20000), (f"dhcp && {get}", 180 + size / 20000)):
            done, text = board.prompt.run(command, seconds, parse)
            if done:
                return
        lines = [line for line in text.splitlines() if line.strip()]
        raise NoNetwork(lines[-1] if lines else "no answer")


class Ymodem:
    """Piece by piece, by `sb` of lrzsz."""

    most = 4

    def __init__(self):
        self.program = shutil.which("sb") or shutil.which("lsb")
        if not self.program:
            raise FlashError("without a network, `sb` of the package lrzsz is needed")

    def forget(self):
        pass

    def load(self, board, image, offset, length, progress):
        data = image.data[offset:offset + length]
        line = board.prompt.line
        with tempfile.NamedTemporaryFile(prefix="hako-") as file:
            file.write(data)
            file.flush()

            def send():
                # 115200 baud are 11 KB a second; one that is much slower is stuck.
                if line.lend([self.program, "-q", "-k", file.name], 60 + length / 5000) != 0:
                    line.write(CANCEL)

            for _ in range(TRIES):
                board.prompt.run(f"loady {RAM_AT:x}", 150 + length / 5000, lambda *_: True,
                                 (READY, send))
                if board.ram_crc(RAM_AT, len(data)) == zlib.crc32(data):
                    return RAM_AT
        raise FlashError(f"{line.path}: YMODEM failed {TRIES} times: the line loses too much")
