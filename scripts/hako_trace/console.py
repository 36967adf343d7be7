# SPDX-License-Identifier: Apache-2.0
"""A VMM's console with its reports taken out and shown as tables: `make run STATS=1`."""

import os
import subprocess

from .block import PREFIX, Reader
from .errors import TraceError

MARK = PREFIX.encode()


class Filter:
    """Passes on what a console says at once, but for the lines of reports."""

    def __init__(self, write, on_block):
        self.write = write
        self.on_block = on_block
        self.reader = Reader()
        self.held = b""        # the start of a line that may be one of a report
        self.passing = False   # in a line that is none

    def feed(self, data):
        for line in data.splitlines(keepends=True):
            self._piece(line)

    def _piece(self, piece):
        ends = piece.endswith(b"\n")
        if self.passing:
            self.write(piece)
            self.passing = not ends
            return
        self.held += piece
        if self.held.startswith(MARK):
            if ends:
                self._line(self.held.decode("ascii", "replace").rstrip("\r\n"))
                self.held = b""
        elif ends or not MARK.startswith(self.held):
            self.write(self.held)
            self.held = b""
            self.passing = not ends

    def _line(self, line):
        try:
            block = self.reader.feed(line)
            if block:
                self.on_block(block)
        except (TraceError, ValueError) as error:
            self.write(f"trace: {error}\r\n".encode())

    def close(self):
        self.write(self.held)
        self.held = b""


def run(command, on_block, out):
    """Runs a command whose output is a console's; its input and terminal are ours."""
    def write(data):
        out.write(data)
        out.flush()

    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
    except OSError as error:
        raise TraceError(f"{command[0]}: {error.strerror}") from None
    watch = Filter(write, lambda block: on_block(block, write))
    while True:
        data = os.read(process.stdout.fileno(), 65536)
        if not data:
            break
        watch.feed(data)
    watch.close()
    return process.wait()
