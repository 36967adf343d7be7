# SPDX-License-Identifier: Apache-2.0
"""Two boards, each in its QEMU, on one cable.

    with Pair(folder, ("integratorcp", "two-linux"), ("versatilepb", "two-linux")) as pair:
        pair.a.vm("first").wait_for_shell()
        pair.cable.cut()
        pair.power_off("b"); pair.power_on("b")
"""

import json
import socket
from pathlib import Path

from cable import ENDS, Cable
from vms import Vms

# Of the boards' chips: locally administered.
ADDRESSES = {"a": "02:48:41:4b:00:0a", "b": "02:48:41:4b:00:0b"}


class Qmp:
    """QEMU's orders, as lines of JSON."""

    def __init__(self, path):
        self.link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.link.settimeout(30)
        self.link.connect(str(path))
        self.file = self.link.makefile("rw", encoding="utf-8")
        self.file.readline()
        self.order("qmp_capabilities")

    def order(self, name, **arguments):
        json.dump({"execute": name, "arguments": arguments}, self.file)
        self.file.write("\n")
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline())
            if "error" in answer:
                raise RuntimeError(f"QEMU, {name}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def monitor(self, line):
        """A line of QEMU's monitor for people; returns what it prints."""
        return self.order("human-monitor-command", **{"command-line": line})

    def close(self):
        self.file.close()
        self.link.close()


class Pair:
    """.a and .b are Vms; .cable is the cable between them."""

    def __init__(self, folder, a, b, *, name="pair", cable=None, kernel="linux-6.12", **options):
        """a, b: (board, description) or (board, description, {options of one board only}); folder:
        for logs and captures; cable, options: see Cable and hako_qemu.command."""
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.kernel = kernel
        self.options = options
        self.what = {"a": a, "b": b}
        self.starts = dict.fromkeys(ENDS, 0)
        self.boards = dict.fromkeys(ENDS)
        self.cable = Cable(self.folder, **(cable or {}))
        try:
            # A busy workstation may start one long before the other, and the guest of the first would
            # look in vain for what the other one serves: the VMM of b is there before a begins.
            self.power_on("b").expect(r"hako: \S+ on ")
            self.power_on("a")
        except BaseException:
            self.__exit__()
            raise

    a = property(lambda self: self.boards["a"])
    b = property(lambda self: self.boards["b"])

    def power_on(self, end):
        """Start the board at an end; returns it. Each start has a log of its own."""
        board, description, *more = self.what[end]
        start = self.starts[end]
        log = self.folder / f"{self.name}-{end}{f'-{start}' if start else ''}.log"
        self.starts[end] += 1
        self.boards[end] = Vms(board, description, log, kernel=self.kernel,
                               wire=self.cable.socket(end), mac=ADDRESSES[end],
                               qmp=self.qmp_path(end), **self.options | (more[0] if more else {}))
        return self.boards[end]

    def power_off(self, end):
        """Like pulling the plug: nothing is told anybody."""
        board, self.boards[end] = self.boards[end], None
        if board:
            board.__exit__()

    def qmp_path(self, end):
        return self.cable.socket(f"qmp-{end}-{self.starts[end]}")

    def qmp(self, end):
        """To QEMU at an end, as it is now."""
        return Qmp(self.qmp_path(end))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for end in ENDS:
            self.power_off(end)
        self.cable.close()
