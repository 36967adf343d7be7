# SPDX-License-Identifier: Apache-2.0
"""Two boards on one cable, each with Linux in VMs whose network the board's Ethernet is part of."""

import re

import pcap
from cable_faults import Faults

PINGS = 30
# By end of the cable and number of the VM.
ADDRESS = {("a", 1): "10.9.0.1", ("a", 2): "10.9.0.2", ("b", 1): "10.9.0.11", ("b", 2): "10.9.0.12"}


def linux(pair, end):
    """Both VMs at an end, with an address. The two boards' VMs have the same description, but no two
    stations of one network may have the same Ethernet address."""
    board = getattr(pair, end)
    for number, name in enumerate(("first", "second"), 1):
        vm = board.vm(name)
        vm.wait_for_shell()
        vm.check(f"ip addr add {ADDRESS[end, number]}/24 dev eth0 && ip link set eth0 up")
    return board.vms[0]


def received(text):
    """(answers, times in ms) of busybox's ping."""
    times = [float(time) for time in re.findall(r"time=([\d.]+) ms", text)]
    return int(re.search(r"(\d+) packets received", text)[1]), times


def test_ping(start_pair):
    """A perfect cable loses nothing, and no answer is late by more than a busy machine explains.

    QEMU's chip does: it drops what comes while its four packets are taken, and does not say so. Here
    that needs a QEMU that does not get to run for more than a second."""
    pair = start_pair(("integratorcp", "two-linux"), ("versatilepb", "two-linux-b"), cable={
        "capture": True})
    first = linux(pair, "a")
    linux(pair, "b")
    first.check(f"ping -c 1 -W 60 {ADDRESS['b', 1]}")
    answers, times = received(first.check(f"ping -c {PINGS} -i 0.3 -W 60 {ADDRESS['b', 1]}"))
    assert answers == PINGS
    assert max(times) < 5000, times
    counts = pair.cable.counts()
    assert counts["a"]["overrun"] == counts["b"]["overrun"] == 0
    assert counts["a"]["sent"] == counts["a"]["delivered"]
    # Each ping is one frame each way, at both ends.
    for end in ("a", "b"):
        echoes = [packet for packet in pcap.read(pair.cable.capture(end))
                  if packet.ether_type == 0x0800 and packet.frame[23] == 1]
        assert len(echoes) == 2 * (PINGS + 1)


def test_faults(start_pair):
    """TCP gets a file across a bad cable, and the switches on both boards stay right."""
    pair = start_pair(("versatilepb", "two-linux"), ("integratorcp", "two-linux-b"))
    first, other = linux(pair, "a"), linux(pair, "b")
    first.check(f"ping -c 1 -W 60 {ADDRESS['b', 1]}")
    pair.cable.faults(Faults.all_of(0.05))
    other.check("mkfifo /tmp/open; sleep 100000 >/tmp/open & "
                "nc -l -p 99 </tmp/open >/tmp/got & sleep 1")
    sent = first.says("dd if=/dev/urandom of=/tmp/sent bs=1k count=64 2>/dev/null; "
                      "md5sum </tmp/sent")
    first.check(f"nc {ADDRESS['b', 1]} 99 </tmp/sent")
    pair.cable.faults(Faults())
    assert other.says("while [ $(wc -c </tmp/got) -lt 65536 ]; do sleep 1; done; "
                      "md5sum </tmp/got") == sent
