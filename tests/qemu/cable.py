#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A virtual Ethernet cable between two QEMUs, good or bad, that can be watched, cut and spoken into.

It is a process of its own, so that neither a test's work nor its waiting holds a frame up:

    with Cable(folder, seed=7, capture=True) as cable:
        ... QEMU with hako_qemu.command(..., wire=cable.socket("a"))     # and "b"
        cable.faults(Faults.all_of(0.2))
        cable.cut(); cable.mend()
        cable.inject("b", frame)            # a frame that a third one sends to b
        cable.counts()["a"]["dropped"]      # of what a has sent
        pcap.read(cable.capture("b"))       # what came out at b and what b has sent

Each end is a stream socket as QEMU's `-netdev stream` wants it: a frame's length in four bytes, most
significant first, and the frame. At a third one, "tap", somebody else sits at the same cable: a frame
that a or b sends comes out there too, and what is sent there comes out at both. The tap's own frames
have no faults. QEMU may come, go and come again.

A cable without faults delivers every frame to QEMU, whose SMC91C111 then drops those that find its four
packets of memory taken, without a word: when more than four come at once, or wait while QEMU does not
run. A scenario that cannot bear a loss keeps fewer than that on their way.
"""

import argparse
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import pcap  # noqa: E402 (needs the path above)
from cable_faults import FRAME_MAX, FRAME_MIN, Faults, Line  # noqa: E402

ENDS = ("a", "b")
TAP = "tap"
# What waits for an end that does not read, in bytes: a real chip would have lost it long before.
QUEUE_MAX = 64 * 1024
READ_SIZE = 64 * 1024
LENGTH_BYTES = 4
# A length that no end sends: what follows is not understood.
LENGTH_MAX = 65536 + 64


class End:
    """A socket that somebody plugs into, and the frames that go out there."""

    def __init__(self, name, path, selector):
        self.name = name
        self.selector = selector
        self.capture = None
        self.link = None
        self.counts = {"plugged": 0, "received": 0, "overrun": 0, "unplugged": 0, "strange": 0}
        self.incoming = bytearray()
        self.outgoing = bytearray()
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(path)
        self.listener.listen(4)
        self.listener.setblocking(False)
        selector.register(self.listener, selectors.EVENT_READ, (self, "plug"))

    def plug(self):
        """Whoever comes last has the end."""
        link, _ = self.listener.accept()
        self.unplug()
        link.setblocking(False)
        link.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32 * 1024)
        self.link = link
        self.counts["plugged"] += 1
        self.selector.register(link, selectors.EVENT_READ, (self, "link"))

    def unplug(self):
        if self.link:
            self.selector.unregister(self.link)
            self.link.close()
        self.link = None
        self.incoming.clear()
        self.outgoing.clear()

    def receive(self):
        """Returns the frames that have come, each whole."""
        try:
            data = self.link.recv(READ_SIZE)
        except BlockingIOError:
            return []
        except ConnectionError:
            data = b""
        if not data:
            self.unplug()
            return []
        self.incoming += data
        frames, at = [], 0
        while len(self.incoming) - at >= LENGTH_BYTES:
            length = int.from_bytes(self.incoming[at:at + LENGTH_BYTES], "big")
            if length > LENGTH_MAX:
                self.counts["strange"] += 1
                self.unplug()
                return frames
            if len(self.incoming) - at < LENGTH_BYTES + length:
                break
            frame = bytes(self.incoming[at + LENGTH_BYTES:at + LENGTH_BYTES + length])
            at += LENGTH_BYTES + length
            if FRAME_MIN <= length <= FRAME_MAX or self.name == TAP:
                frames.append(frame)
            else:
                self.counts["strange"] += 1
        del self.incoming[:at]
        self.counts["received"] += len(frames)
        return frames

    def send(self, frame):
        if not self.link:
            self.counts["unplugged"] += 1
        elif len(self.outgoing) > QUEUE_MAX:
            self.counts["overrun"] += 1
        else:
            self.record(frame)
            self.outgoing += len(frame).to_bytes(LENGTH_BYTES, "big") + frame
            self.flush()

    def flush(self):
        while self.outgoing:
            try:
                done = self.link.send(self.outgoing)
            except BlockingIOError:
                break
            except ConnectionError:
                self.unplug()
                return
            del self.outgoing[:done]
        self.selector.modify(self.link, selectors.EVENT_READ |
                             (selectors.EVENT_WRITE if self.outgoing else 0), (self, "link"))

    def record(self, frame):
        if self.capture:
            self.capture.write(time.time_ns(), frame)


class Simulator:
    """The process: sockets on the one side, orders as lines of JSON on the other."""

    def __init__(self, folder, faults, seed, captures):
        self.selector = selectors.DefaultSelector()
        self.ends = {name: End(name, os.path.join(folder, name), self.selector)
                     for name in (*ENDS, TAP)}
        for name, path in captures.items():
            self.ends[name].capture = pcap.Writer(path)
        # By the end that sends.
        self.lines = {name: Line(faults, f"{seed}-{name}") for name in ENDS}
        self.orders = bytearray()
        os.set_blocking(0, False)
        self.selector.register(0, selectors.EVENT_READ, (None, "orders"))
        self.running = True

    def run(self):
        print(json.dumps({"ready": True}), flush=True)
        while self.running:
            times = [at for line in self.lines.values() if (at := line.next_time()) is not None]
            wait = max(0.0, min(times) - time.monotonic()) if times else None
            for key, events in self.selector.select(wait):
                self.handle(*key.data, events)
            self.deliver()

    def handle(self, end, what, events):
        if what == "orders":
            self.take_orders()
        elif what == "plug":
            end.plug()
        elif end.link:  # it may have gone in the same round
            if events & selectors.EVENT_WRITE:
                end.flush()
            if events & selectors.EVENT_READ and end.link:
                self.take_frames(end)

    def take_frames(self, end):
        for frame in end.receive():
            end.record(frame)
            if end.name == TAP:
                for name in ENDS:
                    self.ends[name].send(frame)
            else:
                self.lines[end.name].push(frame, time.monotonic())
                if self.ends[TAP].link:
                    self.ends[TAP].send(frame)

    def deliver(self):
        now = time.monotonic()
        for name, line in self.lines.items():
            to = self.ends[ENDS[1 - ENDS.index(name)]]
            for frame in line.due(now):
                to.send(frame)

    def take_orders(self):
        data = os.read(0, READ_SIZE)
        if not data:
            self.running = False
        self.orders += data
        while b"\n" in self.orders:
            line, _, rest = self.orders.partition(b"\n")
            self.orders = bytearray(rest)
            order = json.loads(line)
            answer = getattr(self, "order_" + order.pop("order"))(**order)
            print(json.dumps({"answer": answer}), flush=True)

    def order_faults(self, ends, faults):
        for name in ends:
            self.lines[name].faults = Faults(**faults)

    def order_cut(self, ends):
        for name in ends:
            self.lines[name].cut()

    def order_mend(self, ends):
        for name in ends:
            self.lines[name].mend()

    def order_inject(self, end, frames):
        for frame in frames:
            self.ends[end].send(bytes.fromhex(frame))

    def order_unplug(self, end):
        self.ends[end].unplug()

    def order_counts(self):
        return {name: end.counts | (self.lines[name].counts if name in ENDS else {}) |
                {"waiting": len(end.outgoing), "is_plugged": bool(end.link)}
                for name, end in self.ends.items()}


class Cable:
    """Such a process, started and spoken to."""

    def __init__(self, folder=None, *, faults=Faults(), seed=0, capture=False):
        """folder: for captures. The sockets have a folder of their own, since their paths are short.
        capture: True, the ends to capture at, or {end: file}."""
        self.sockets = tempfile.TemporaryDirectory(prefix="cable-")
        self.captures = {}
        if isinstance(capture, dict):
            self.captures = dict(capture)
        elif capture:
            for name in ENDS if capture is True else capture:
                self.captures[name] = str(Path(folder) / f"{name}.pcap")
        words = [sys.executable, __file__, "--folder", self.sockets.name, "--seed", str(seed),
                 "--faults", ",".join(f"{k}={v}" for k, v in faults.as_dict().items())]
        for name, path in self.captures.items():
            words += ["--capture", f"{name}={path}"]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if not json.loads(self.process.stdout.readline() or "{}").get("ready"):
            raise RuntimeError("the cable did not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.process.stdin.closed:
            return
        self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        finally:
            self.process.kill()
            self.process.stdout.close()
            self.sockets.cleanup()

    def socket(self, end):
        """Where to plug in: "a", "b" or "tap"."""
        return os.path.join(self.sockets.name, end)

    def capture(self, end):
        return self.captures[end]

    def faults(self, faults, ends=ENDS):
        """From now on, of frames that these ends send."""
        self._order("faults", ends=ends, faults=faults.as_dict())

    def cut(self, ends=ENDS):
        """What these ends send is lost."""
        self._order("cut", ends=ends)

    def mend(self, ends=ENDS):
        self._order("mend", ends=ends)

    def inject(self, end, *frames):
        """These frames come out at an end, after nothing and without faults."""
        self._order("inject", end=end, frames=[bytes(frame).hex() for frame in frames])

    def unplug(self, end):
        self._order("unplug", end=end)

    def counts(self):
        return self._order("counts")

    def _order(self, order, **rest):
        self.process.stdin.write(json.dumps({"order": order, **rest}).encode() + b"\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError("the cable has ended")
        return json.loads(answer)["answer"]


class Plug:
    """Sits at an end, as QEMU would."""

    def __init__(self, path):
        self.link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.link.connect(path)
        self.data = bytearray()

    def close(self):
        self.link.close()

    def send(self, *frames):
        self.link.sendall(b"".join(len(frame).to_bytes(LENGTH_BYTES, "big") + bytes(frame)
                                   for frame in frames))

    def receive(self, timeout=10.0):
        """The next frame, or None."""
        end = time.monotonic() + timeout
        while True:
            if len(self.data) >= LENGTH_BYTES:
                length = int.from_bytes(self.data[:LENGTH_BYTES], "big") + LENGTH_BYTES
                if len(self.data) >= length:
                    frame = bytes(self.data[LENGTH_BYTES:length])
                    del self.data[:length]
                    return frame
            left = end - time.monotonic()
            if left <= 0:
                return None
            self.link.settimeout(left)
            try:
                data = self.link.recv(READ_SIZE)
            except socket.timeout:
                return None
            if not data:
                return None
            self.data += data


def main():
    parser = argparse.ArgumentParser(description="A virtual cable: see the text of cable.py.")
    parser.add_argument("--folder", required=True, help="gets the sockets a, b and tap")
    parser.add_argument("--seed", default="0")
    parser.add_argument("--faults", default="", help="drop=0.1,delay=0.2,... or all=0.2")
    parser.add_argument("--capture", action="append", default=[], metavar="END=FILE")
    args = parser.parse_args()
    captures = dict(word.split("=", 1) for word in args.capture)
    # A terminal's Ctrl-C is for the boards; who has started this closes its input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Simulator(args.folder, Faults.of_words(args.faults), args.seed, captures).run()


if __name__ == "__main__":
    main()
