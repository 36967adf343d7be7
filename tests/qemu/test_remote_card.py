# SPDX-License-Identifier: Apache-2.0
"""A Linux on one board uses the SD card of another, with the kernel's own driver."""

import hashlib
import os
import statistics
import struct
import subprocess
import time

import pcap
import pytest
from test_devices import mount_card

MIB = 1 << 20
SIZE = 4 * MIB if os.environ.get("HAKO_REMOTE_LONG") else MIB
SECTORS = SIZE // 512
ETHERTYPE = 0x88B5
REQUEST, REPLY, PING, PONG = 6, 7, 8, 9
BOARDS = [("versatilepb", "integratorcp"), ("integratorcp", "versatilepb")]
# A request's first operation, and a job in it (docs/remote-protocol.md).
OPERATION, CALL, JOB = 30, 7, 38
SEND = 8
READ_SEVERAL, WRITE_SEVERAL, STOP = 18, 25, 12


class Stretch:
    """What was on the cable meanwhile, and how long it took by the workstation's clock."""

    def __init__(self, pair):
        self.pair = pair

    def __enter__(self):
        self.before = len(self.accesses())
        self.start = time.monotonic()
        return self

    def __exit__(self, *_):
        self.seconds = time.monotonic() - self.start
        self.frames = len(self.accesses()) - self.before

    def accesses(self):
        """Requests and replies, each once: a busy workstation may have one sent again."""
        return {(packet.source, packet.frame[15], packet.frame[18:22], packet.frame[26:28])
                for packet in pcap.read(self.pair.cable.capture("a"))
                if packet.ether_type == ETHERTYPE and packet.frame[15] in (REQUEST, REPLY)}

    def __str__(self):
        return (f"{self.frames / SECTORS:.2f} frames for a block, "
                f"{SIZE / self.seconds / 1000:.0f} kB/s")


def ping(pair):
    """Milliseconds of a frame and the answer to it, each board's part as the cable sees it."""
    asked, took = {}, {}
    for packet in pcap.read(pair.cable.capture("a")):
        if packet.ether_type == ETHERTYPE and packet.frame[15] == PING:
            asked[packet.source] = packet.time
        elif packet.ether_type == ETHERTYPE and packet.frame[15] == PONG:
            took.setdefault(packet.source, []).append(
                packet.time - asked.get(packet.target, packet.time))
    return 1000 * sum(statistics.median(times) for times in took.values())


def commands(pair):
    """What the card was told, each once and in the order of the jobs."""
    told = {}
    for packet in pcap.read(pair.cable.capture("a")):
        frame = packet.frame
        if (packet.ether_type == ETHERTYPE and frame[15] == REQUEST
                and frame[OPERATION] & 0xF == CALL):
            what, command, *_, number = struct.unpack_from("<9I", frame, JOB)
            if what & SEND:
                told[number] = command & 0x3F
    return [told[number] for number in sorted(told)]


def not_stopped(pair):
    """Commands for several blocks, with what came instead of the one that ends them.

    A card does not understand it, and a Linux that does not notice may have zeros for the data.
    """
    told = commands(pair)
    several = {READ_SEVERAL, WRITE_SEVERAL}
    assert several <= set(told)
    return [(command, behind) for command, behind in zip(told, told[1:])
            if command in several and behind != STOP]


@pytest.mark.parametrize("boards", BOARDS, ids="-".join)
def test_to_the_card_and_back(start_pair, tmp_path, boards):
    card = tmp_path / "card.img"
    subprocess.run(["/sbin/mke2fs", "-q", "-F", "-t", "ext2", str(card), "16M"], check=True,
                   stdout=subprocess.DEVNULL)
    pair = start_pair((boards[0], f"remote-card-a-{boards[0]}"),
                      (boards[1], f"remote-card-b-{boards[1]}", {"sd": card}),
                      cable={"capture": True})
    linux = pair.a.vm("linux")
    linux.wait_for_shell()
    mount_card(linux)
    linux.check(f"dd if=/dev/urandom of=/tmp/data bs=65536 count={SIZE // 65536} 2>/dev/null")
    with Stretch(pair) as to_card:
        linux.check("cp /tmp/data /mnt/data && umount /mnt")
    mount_card(linux, "-o ro")
    with Stretch(pair) as from_card:
        linux.check("cp /mnt/data /tmp/back")
    linux.check("cmp /tmp/data /tmp/back && umount /mnt")
    wanted, back = (linux.check(f"sha256sum /tmp/{name}").split()[0] for name in ("data", "back"))
    assert wanted == back
    print(f"\nto the card: {to_card}; from it: {from_card}; "
          f"a ping: {ping(pair):.1f} ms")
    # Far fewer than a block's FIFO has words; the file system's own blocks are among them.
    assert to_card.frames <= 4 * SECTORS and from_card.frames <= 4 * SECTORS
    assert not_stopped(pair) == []

    # And it is on the card, not in anybody's cache.
    pair.power_off("b")
    subprocess.run(["/sbin/e2fsck", "-f", "-n", str(card)], check=True, capture_output=True)
    data = subprocess.run(["/sbin/debugfs", "-R", "cat /data", str(card)], check=True,
                          capture_output=True).stdout
    assert hashlib.sha256(data).hexdigest() == wanted
