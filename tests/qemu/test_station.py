# SPDX-License-Identifier: Apache-2.0
"""The VMM's own station: a host on the wire and a VM reach it, and nothing broken gets through."""

import re
import struct

import pytest
import station_peer as on_wire
from station_peer import ARP, BROADCAST, ICMP, IPV4, OWN, UDP, Peer, ethernet, kind_of

VM_MAC = "02484b000100"
ECHO, DESCRIBE = 7, 34997


@pytest.fixture
def peer(tmp_path):
    with Peer(tmp_path) as end:
        yield end


def boot(start_vms, board, peer):
    """The board; the station has said that it is there, which it does when the Ethernet runs."""
    machine = start_vms(board, "station", wire=peer.path)
    peer.plug()
    peer.expect(lambda frame: kind_of(frame) == ARP and frame[28:32] == on_wire.STATION)
    return machine


def counts(peer):
    """What the station says of what it did not answer: {reason: number}, and the rest of its text."""
    text = peer.ask_udp(DESCRIBE, b"?").decode()
    said = re.search(r"not answered: (.*)", text)[1]
    return {name: int(number) for name, number in re.findall(r"([A-Za-z][A-Za-z ]*) (\d+)", said)}, text


def test_a_host_on_the_wire_reaches_it(start_vms, board, peer):
    boot(start_vms, board, peer)
    assert peer.ask_arp() == on_wire.STATION_MAC
    for number, size in enumerate((0, 1, 17, 18, 19, 56, 1471, 1472)):
        data = bytes(at % 251 for at in range(size))
        assert peer.ping(data, number) == data
    for size in (1, 2, 100, 1472):
        data = bytes(at % 249 for at in range(size))
        assert peer.ask_udp(ECHO, data) == data
    none, text = counts(peer)
    assert text.startswith(f"hako on {board}, up ") and not any(none.values()), text


def snap(payload, length=None):
    llc = bytes.fromhex("aaaa03000000") + struct.pack(">H", OWN) + payload
    return on_wire.STATION_MAC + on_wire.MAC + struct.pack(">H", len(llc) if length is None
                                                           else length) + llc


def ip(*words, **changes):
    return ethernet(IPV4, on_wire.ip(*words, **changes))


GOOD = on_wire.echo_request(b"0123456789")
# Frames that get no answer, and where each is counted. A wire has none of less than 60 bytes, so
# padding is behind what is short.
BROKEN = {
    "link": [
        ethernet(ARP, on_wire.arp(1, hardware_length=5), BROADCAST),
        ethernet(ARP, on_wire.arp(1, protocol=0x0801), BROADCAST),
        ethernet(ARP, on_wire.arp(1, hardware=6), BROADCAST),
    ],
    "IP": [
        ip(ICMP, GOOD, wrong_sum=0x100),
        ip(ICMP, GOOD, length=1400),                 # longer than the frame
        ip(ICMP, GOOD, length=19),                   # shorter than its header
        ip(ICMP, GOOD, fragment=0x2000),
        ip(ICMP, GOOD, target=bytes((10, 0, 2, 8))),  # another host's, to our Ethernet address
        ethernet(IPV4, b"\x46" + on_wire.ip(ICMP, GOOD)[1:]),
        ethernet(IPV4, b"\x65" + on_wire.ip(ICMP, GOOD)[1:]),
        ethernet(IPV4, b""),
    ],
    "ICMP": [
        ip(ICMP, on_wire.echo_request(b"data", wrong_sum=1)),
        ip(ICMP, b"\x08\0\0\0"),                     # an echo without a number
        ip(ICMP, b"\x08"),
        ip(ICMP, b"\x11\0\0\0\0\0\0\0"),             # what nobody answers: a netmask
    ],
    "UDP": [
        ip(UDP, on_wire.udp(ECHO, b"data", wrong_sum=1)),
        ip(UDP, on_wire.udp(ECHO, b"data", length=1000)),
        ip(UDP, on_wire.udp(ECHO, b"data")[:7]),
    ],
    "other": [
        ethernet(0x86DD, b"\x60" + bytes(60)),
        snap(b"payload", length=1000),               # longer than the frame
        snap(b"payload", length=7),                  # shorter than its header
        ethernet(0x0021, b"\xaa\xaa\x03\0\0\x01\x88\xb5" + bytes(25)),
    ],
}


def padded(frame):
    return frame + bytes(max(60 - len(frame), 0))


def tell(peer, frames):
    """Say all that. The chip has room for four frames, and QEMU's throws the rest of a burst away."""
    for number, frame in enumerate(frames):
        peer.send(padded(frame))
        if number % 2:
            assert peer.ping(b"still there?") == b"still there?"


@pytest.mark.parametrize("reason", BROKEN)
def test_what_is_broken_is_counted_and_not_answered(start_vms, board, peer, reason):
    boot(start_vms, board, peer)
    assert peer.ping(b"before") == b"before"
    before, _ = counts(peer)
    tell(peer, BROKEN[reason])
    after, text = counts(peer)
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == \
        {reason: len(BROKEN[reason])}, text
    # What is not an answer to a question of ours would have come before that one.
    assert peer.ping(b"after") == b"after"


def test_a_broken_frame_is_not_answered_even_late(start_vms, board, peer):
    boot(start_vms, board, peer)
    assert peer.ping(b"before") == b"before"
    for frames in BROKEN.values():
        tell(peer, frames)
    tell(peer, [ethernet(IPV4, on_wire.ip(UDP, on_wire.udp(ECHO, b"loop", source_port=ECHO))),
                ethernet(IPV4, on_wire.ip(UDP, on_wire.udp(ECHO, b"all", target=b"\x0a\0\2\xff"),
                                          target=b"\x0a\0\2\xff"), BROADCAST),
                ethernet(IPV4, on_wire.ip(ICMP, GOOD, target=b"\x0a\0\2\xff"), BROADCAST)])
    assert [frame.hex() for frame in peer.frames(3) if frame[6:12] == on_wire.STATION_MAC] == []


def test_a_vm_reaches_it_but_does_not_pass_for_the_wire(start_vms, board, peer):
    machine = boot(start_vms, board, peer)
    linux = machine.vm("linux")
    linux.wait_for_shell()
    linux.check("ip addr add 10.0.2.20/24 dev eth0; ip link set eth0 up")
    assert "5 packets received" in linux.check("ping -c 5 -i 0.1 -s 1472 -W 60 10.0.2.9")
    before, _ = counts(peer)
    station = on_wire.STATION_MAC.hex()
    for frame in (f"{station}{VM_MAC}{OWN:04x}{'00' * 46}",
                  f"{station}{VM_MAC}0026aaaa03000000{OWN:04x}{'00' * 40}",
                  # With the address of somebody on the wire it does not even leave the VM's port.
                  f"{station}{on_wire.MAC.hex()}{OWN:04x}{'00' * 46}"):
        linux.check(f"checks --frame eth0 {frame}")
    linux.check("ping -c 1 -W 60 10.0.2.9")
    after, text = counts(peer)
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == \
        {"posed": 2}, text


def test_it_sleeps_when_nobody_speaks_to_it(start_vms, board, peer):
    """An address is asked for a few times, and then no more."""
    boot(start_vms, board, peer)
    peer.answers_arp = False
    peer.send(ethernet(IPV4, on_wire.ip(ICMP, GOOD)))
    list(peer.frames(12))
    assert 1 <= peer.asked <= 6
    asked = peer.asked
    list(peer.frames(5))
    assert peer.asked == asked
    peer.answers_arp = True
    assert peer.ping(b"late") == b"late"
