# SPDX-License-Identifier: Apache-2.0
"""A Linux on one board uses the SD card of another, with the kernel's own driver."""

import hashlib
import subprocess

import pcap
import pytest
from test_devices import mount_card

MIB = 1 << 20
ETHERTYPE = 0x88B5
REQUEST, REPLY = 6, 7


def frames(pair):
    return sum(1 for packet in pcap.read(pair.cable.capture("a"))
               if packet.ether_type == ETHERTYPE and packet.frame[15] in (REQUEST, REPLY))


def test_four_mib_to_the_card_and_back(start_pair, tmp_path):
    card = tmp_path / "card.img"
    subprocess.run(["/sbin/mke2fs", "-q", "-F", "-t", "ext2", str(card), "16M"], check=True)
    pair = start_pair(("versatilepb", "remote-card-a"),
                      ("versatilepb", "remote-card-b", {"sd": card}), cable={"capture": True})
    linux = pair.a.vm("linux")
    linux.wait_for_shell()
    mount_card(linux)
    linux.check("dd if=/dev/urandom of=/tmp/data bs=65536 count=64 2>/dev/null")
    before = frames(pair)
    linux.check("cp /tmp/data /mnt/data && umount /mnt")
    written = frames(pair) - before
    mount_card(linux, "-o ro")
    before = frames(pair)
    wanted = linux.check("sha256sum /tmp/data").split()[0]
    assert linux.check("sha256sum /mnt/data").split()[0] == wanted
    read = frames(pair) - before
    linux.check("umount /mnt")
    blocks = 4 * MIB // 512
    print(f"{written / blocks:.2f} frames for a block written, {read / blocks:.2f} for one read")
    assert read <= 4 * blocks and written <= 5 * blocks
    pair.power_off("b")
    # And it is on the card, not in anybody's cache.
    data = subprocess.run(["/sbin/debugfs", "-R", "cat /data", str(card)], check=True,
                          capture_output=True).stdout
    assert hashlib.sha256(data).hexdigest() == wanted
