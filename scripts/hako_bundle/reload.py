# SPDX-License-Identifier: Apache-2.0
"""scripts/reload: a description for a board that runs, over its terminal (docs/vm-config.md).

It is read, checked and laid out as for a bundle; the guests and initial RAM disks are those that the
board's bundle was made with.
"""

import argparse
import base64
import os
import re
import select
import socket
import struct
import sys
import time
import zlib
from typing import List, NamedTuple, Optional

from . import image, vms
from .board_table import read_board
from .boards import BOARDS, board_by_name
from .cli import Parser
from .description import read_description
from .errors import BundleError

# vmm/reload_plan.h
MAGIC, VERSION = 0x524B4148, 1
HEAD, ROW = struct.Struct("<4I"), struct.Struct("<4I")
TREE_MAX, SIZE_MAX = 0x4000, 0x20000
ALIGN = 8

LINE_BYTES = 57  # 76 characters of base64
CTRL_C = b"\x03"
PROMPT = rb"hako> "
DONE, REFUSED = rb"hako: reload: done: [^\r\n]*", rb"hako: reload: refused: [^\r\n]*"


def make(args: argparse.Namespace) -> bytes:
    """What the VMM gets: vmm/reload_plan.h has the form."""
    board = board_by_name(args.board)
    table = read_board(board.name)
    description = read_description(args.vms, table)
    guests = vms.named_files("guest", args.guest)
    initrds = vms.named_files("initrd", args.initrd)
    for vm in description.vms:
        for option, name, files in (("guest", vm.guest, guests), ("initrd", vm.initrd, initrds)):
            if name and name not in files:
                description.fail(vm.node, f"{option} '{name}' has no file: --{option} {name}=FILE")
    if len(description.tree) > image.CONFIG_MAX:
        description.fail("/", f"{len(description.tree)} bytes compiled; {image.CONFIG_MAX} are "
                         "possible")
    made = vms.make_all(board, table, description, args.dtb, guests, initrds)
    data = HEAD.pack(MAGIC, VERSION, len(description.tree), len(made))
    trees: List[bytes] = []
    for vm, one in zip(description.vms, made):
        parts = {part.kind: part for part in one.parts}
        tree = parts[image.DTB].data if image.DTB in parts else b""
        initrd_at = parts[image.INITRD].gpa if image.INITRD in parts else 0
        if len(tree) > TREE_MAX:
            description.fail(vm.node, f"a device tree of {len(tree)} bytes; {TREE_MAX} are possible")
        data += ROW.pack(vm.memory, one.row.dtb, len(tree), initrd_at)
        trees.append(tree)
    for piece in [description.tree] + trees:
        data += bytes(-len(data) % ALIGN) + piece
    if len(data) > SIZE_MAX:
        description.fail("/", f"{len(data)} bytes with all device trees; {SIZE_MAX} are possible")
    return data


class Line:
    """The other end of the board's terminal: a serial device, a pty, or a socket."""

    def __init__(self, where: str, seconds: float):
        self.seconds = seconds
        self.seen = b""
        try:
            if where.startswith("tcp:"):
                host, _, port = where[4:].rpartition(":")
                self.socket: Optional[socket.socket] = socket.create_connection((host, int(port)))
                self.fd = self.socket.fileno()
            elif os.path.exists(where) and os.stat(where).st_mode & 0o170000 == 0o140000:
                self.socket = socket.socket(socket.AF_UNIX)
                self.socket.connect(where)
                self.fd = self.socket.fileno()
            else:
                self.socket = None
                self.fd = os.open(where, os.O_RDWR | os.O_NOCTTY)
                _make_raw(self.fd)
        except (OSError, ValueError) as error:
            raise BundleError(f"{where}: {error}") from None

    def send(self, data: bytes) -> None:
        while data:
            data = data[os.write(self.fd, data):]

    def expect(self, *patterns: bytes) -> bytes:
        """What the first of the patterns matches, as soon as one of them does."""
        end = time.monotonic() + self.seconds
        while True:
            for pattern in patterns:
                match = re.search(pattern, self.seen)
                if match:
                    self.seen = self.seen[match.end():]
                    return match[0]
            left = end - time.monotonic()
            ready, _, _ = select.select([self.fd], [], [], max(left, 0))
            more = os.read(self.fd, 4096) if ready else b""
            if not more:
                what = "ended" if ready else f"said nothing more for {self.seconds:.0f} s"
                tail = self.seen[-200:].decode("latin-1").strip()
                raise BundleError(f"the terminal {what}; the last it said: {tail!r}")
            self.seen += more


def _make_raw(fd: int) -> None:
    import termios  # pylint: disable=import-outside-toplevel
    import tty  # pylint: disable=import-outside-toplevel
    if os.isatty(fd):
        tty.setraw(fd)
        mode = termios.tcgetattr(fd)
        mode[2] |= termios.CLOCAL
        termios.tcsetattr(fd, termios.TCSANOW, mode)


class Answer(NamedTuple):
    done: bool
    text: str


def send(line: Line, data: bytes, escape: bytes, show: bool) -> Answer:
    """To the monitor, line by line, each of which it answers; returns what the VMM says in the end."""
    line.send(escape + b"m")
    line.expect(rb"hako: monitor[^\r\n]*\r\n")
    line.expect(PROMPT)
    line.send(b"reload %d %x\r" % (len(data), zlib.crc32(data)))
    answer = line.expect(rb"reload: waits[^\r\n]*\r\n", rb"reload: (?!waits)[^\r\n]*\r\n",
                         rb"no command is called[^\r\n]*\r\n")
    if b"waits" not in answer:
        return Answer(False, answer.decode("latin-1").strip())
    for at in range(0, len(data), LINE_BYTES):
        part = data[at:at + LINE_BYTES]
        line.send(base64.b64encode(part) + b"\r")
        answer = line.expect(rb"reload: (\d+) of \d+\r\n", rb"reload: line [^\r\n]*\r\n")
        if not answer.startswith(b"reload: %d of" % (at + len(part))):
            line.send(CTRL_C)
            return Answer(False, answer.decode("latin-1").strip())
        if show:
            print(f"\r{at + len(part)} of {len(data)} bytes", end="", file=sys.stderr, flush=True)
    if show:
        print(file=sys.stderr)
    line.send(b".\r")
    answer = line.expect(rb"reload: complete[^\r\n]*\r\n", rb"reload: (?!complete)[^\r\n]*\r\n")
    if b"complete" not in answer:
        return Answer(False, answer.decode("latin-1").strip())
    answer = line.expect(DONE + rb"\r\n", REFUSED + rb"\r\n")
    return Answer(answer.startswith(b"hako: reload: done"), answer.decode("latin-1").strip())


def make_parser() -> Parser:
    parser = Parser(prog="reload", description="Gives a board that runs another description of its "
                    "VMs. Guests and initrds are the files that its bundle was made with.")
    parser.add_argument("--board", required=True, choices=[board.name for board in BOARDS])
    parser.add_argument("--vms", metavar="FILE", required=True, help="the description")
    parser.add_argument("--guest", metavar="NAME=FILE", action="append")
    parser.add_argument("--initrd", metavar="NAME=FILE", action="append")
    parser.add_argument("--dtb", metavar="FILE", help="the board's device tree, for a Linux")
    parser.add_argument("--escape", metavar="CODE", default="0x0f",
                        help="the console's key, if its description has another than Ctrl-O")
    parser.add_argument("--seconds", metavar="N", type=float, default=60,
                        help="to wait for an answer; 60")
    parser.add_argument("-o", "--output", metavar="FILE", help="write what would be sent, only")
    parser.add_argument("line", nargs="?", metavar="LINE",
                        help="the terminal: a device, a pty, a Unix socket, or tcp:HOST:PORT")
    return parser


def main(argv: Optional[List[str]] = None) -> int:
    try:
        args = make_parser().parse_args(argv)
        if bool(args.line) == bool(args.output):
            raise BundleError("the terminal's LINE, or --output, is needed; see --help")
        data = make(args)
        if args.output:
            with open(args.output, "wb") as output:
                output.write(data)
            return 0
        answer = send(Line(args.line, args.seconds), data, bytes([int(args.escape, 0)]),
                      sys.stderr.isatty())
        print(answer.text)
        return 0 if answer.done else 1
    except (BundleError, OSError, ValueError) as error:
        print(f"reload: {error}", file=sys.stderr)
        return 1
