# SPDX-License-Identifier: Apache-2.0
"""A board whose Linux has a counting device and memory of a PC: of scripts/remote-server, which sits at
the other end of the cable."""

import os
import random
import re
import signal
import subprocess
import time

import pytest

import pcap
from cable import Cable, Plug
from cable_faults import Faults
from guest import ROOT
from pair_of_boards import ADDRESSES

BOARD = "02:48:41:4b:10:0a"  # of the station in tests/qemu/vms/remote-pc.dts
SERVER = ROOT / "build/host/remote-server"
KEY = ROOT / "build/keys/pair.key"
COUNTING, MEMORY = 0xE1000000, 0xE1010000
ERROR = 0x18  # a register that answers with a bus error
LEVEL_COUNT = f"devmem {COUNTING:#x} 32"
ALL_ONES = "0xFFFFFFFF"
ICOUNT = "shift=3"
LONG = bool(os.environ.get("HAKO_REMOTE_LONG"))


class Pc:
    """The server at end b, which may be ended and started again."""

    def __init__(self, cable):
        self.cable = cable
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            [SERVER, "--wire", f"qemu:{self.cable.socket('b')}", "--peer", f"{BOARD},{KEY}"],
            stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "remote-server: ready\n"

    def kill(self):
        """As when its plug is pulled."""
        self.process.kill()
        self.process.communicate()

    def end(self):
        """Returns (accesses, {counter: number})."""
        self.process.send_signal(signal.SIGTERM)
        text, _ = self.process.communicate(timeout=60)
        peer = re.search(r"peer 0: (.*)", text)[1].split()
        return (int(re.search(r"device: (\d+) accesses", text)[1]),
                dict(zip(peer[0::2], map(int, peer[1::2]))))


@pytest.fixture
def pc(request, start_vms, tmp_path):
    """(board, Linux on it, server, cable)"""
    board, options = request.param
    with Cable(tmp_path, seed=5, capture=True) as cable:
        server = Pc(cable)
        server.start()
        vms = start_vms(board, "remote-pc", wire=cable.socket("a"),
                        mac=ADDRESSES["a"], **options)
        linux = vms.vm("linux")
        linux.wait_for_shell()
        linux.check(f"until [ $({LEVEL_COUNT}) != {ALL_ONES} ]; do sleep 1; done")
        yield vms, linux, server, cable
        if server.process.poll() is None:
            server.kill()


def on(*boards, **options):
    return pytest.mark.parametrize("pc", [(board, options) for board in boards], indirect=True,
                                   ids=boards)


both_boards = on("integratorcp", "versatilepb")
one_board = on("versatilepb")
# "Back to back" is a matter of the guest's time, whatever the workstation does meanwhile.
counted = on("versatilepb", icount=ICOUNT)


def count(linux, what, number, address=COUNTING):
    """Has the guest do so many accesses, each checked."""
    text = linux.says(f"remote_count {address:#x} {what} {number}")
    assert re.match(rf"{number} (reads|writes|bytes)", text), text
    return text


@both_boards
def test_accesses(pc):
    """Each access of the guest arrives once; memory keeps what is written."""
    _, linux, server, cable = pc
    count(linux, "read", 500)
    total = int(count(linux, "write", 5000).split()[-1])
    count(linux, "copy", 16384, MEMORY)
    # An error of the far end's bus is a data abort here: of a program, which is killed by SIGBUS.
    linux.send(f"devmem {COUNTING + ERROR:#x} 32")
    status, _ = linux.end()
    assert status == 128 + signal.SIGBUS
    accesses, peer = server.end()
    assert accesses == total + 1
    assert peer["bus_errors"] == 1
    assert peer["forged"] == peer["replayed"] == peer["malformed"] == peer["refused"] == 0


@counted
def test_posted_writes_share_frames(pc):
    """At least 64 accesses in a frame, when the guest makes them back to back."""
    _, linux, server, cable = pc
    before = len(requests(cable))
    count(linux, "write", 12800)
    after = requests(cable)
    assert len({packet.frame[26:28] for packet in after[before:]}) <= 12800 / 64 + 10


def requests(cable):
    return [packet for packet in pcap.read(cable.capture("a"))
            if packet.ether_type == 0x88B5 and packet.source == bytes.fromhex(BOARD.replace(":", ""))
            and packet.frame[15] == 6]


@both_boards
def test_faults(pc):
    """A fifth of all frames each: what arrives is the same, only later."""
    _, linux, server, cable = pc
    cable.faults(Faults.all_of(0.2, delay_seconds=0.01, reorder_seconds=0.002))
    count(linux, "read", 2000 if LONG else 100)
    total = int(count(linux, "write", 20000 if LONG else 1000).split()[-1])
    cable.faults(Faults())
    accesses, peer = server.end()
    assert accesses == total
    assert peer["sessions"] == 1
    assert peer["duplicates"] and peer["forged"] and peer["replayed"]


def mutations(genuine, chance):
    """What somebody without the key makes of captured frames."""
    while True:
        frame = bytearray(chance.choice(genuine))
        kind = chance.randrange(6)
        if kind == 0:
            frame[14:] = chance.randbytes(chance.randrange(1, 1500))
        elif kind == 1:
            for _ in range(chance.randint(1, 4)):
                frame[chance.randrange(14, len(frame))] ^= 1 << chance.randrange(8)
        elif kind == 2:
            del frame[chance.randrange(14, len(frame)):]
        elif kind == 3:
            frame += chance.randbytes(1514 - len(frame))
        elif kind == 4:
            frame[0:6], frame[6:12] = frame[6:12], frame[0:6]
        yield bytes(frame)


@one_board
def test_hostile_peer(pc):
    """Somebody else on the cable: nothing changes, and what it sends is counted."""
    board, linux, server, cable = pc
    chance = random.Random(9)
    plug = Plug(cable.socket("tap"))
    count(linux, "read", 50)
    genuine = [packet.frame for packet in pcap.read(cable.capture("a"))
               if packet.ether_type == 0x88B5]
    frames = mutations(genuine, chance)
    linux.send(f"remote_count {COUNTING:#x} read {2000 if LONG else 300}")
    for n in range(20000 if LONG else 3000):
        plug.send(next(frames))
        if n < 300:
            time.sleep(0.005)  # QEMU's chip loses most of what comes faster: it never reaches the VMM
        plug.link.settimeout(0)  # the tap also hears: it must not fill up
        try:
            plug.link.recv(65536)
        except BlockingIOError:
            pass
        plug.link.settimeout(None)
    status, text = linux.end()
    assert status == 0, text
    total = int(count(linux, "write", 300).split()[-1])
    rejected = re.search(r"rejected: (\d+) malformed, (\d+) foreign, (\d+) forged, (\d+) replayed",
                         "\n".join(board.monitor("peers")))
    assert rejected and sum(map(int, rejected.groups())) > 100
    accesses, peer = server.end()
    assert accesses == total
    assert peer["sessions"] == 1
    assert peer["malformed"] + peer["foreign"] + peer["forged"] + peer["replayed"] > 100


@one_board
def test_server_goes_and_comes(pc):
    """Its plug is pulled at random moments: the guest reads ones, goes on, and has it again after."""
    _, linux, server, cable = pc
    chance = random.Random(11)
    for number in range(200 if LONG else 5):
        if number and number % 20 == 0:
            print(f"{number} times", flush=True)
        linux.send(f"n=0; while [ $({LEVEL_COUNT}) != {ALL_ONES} ]; do n=$((n + 1)); done; echo $n; "
                   "sleep 1")  # the VMM says that the session is over, which would come in between
        # Somewhere in the middle of it.
        try:
            server.process.wait(timeout=chance.uniform(0.05, 0.5))
        except subprocess.TimeoutExpired:
            pass
        server.kill()
        status, _ = linux.end()
        assert status == 0
        server.start()
        linux.check(f"until [ $({LEVEL_COUNT}) != {ALL_ONES} ]; do sleep 1; done; sleep 1")
    count(linux, "read", 100)
