# SPDX-License-Identifier: Apache-2.0
"""A host on the other end of the board's Ethernet: it says what it is told to, byte by byte.

    with Peer(folder) as peer:
        ... QEMU with hako_qemu.command(..., wire=peer.path)
        peer.send(peer.echo(56))
        peer.expect(lambda frame: ...)
"""

import socket
import struct
import time
from pathlib import Path

ARP, IPV4, OWN = 0x0806, 0x0800, 0x88B5
ICMP, UDP = 1, 17
SECONDS = 60  # for an answer; it detects that there is none
MAC, ADDRESS = bytes.fromhex("024845520001"), bytes((10, 0, 2, 77))
STATION_MAC, STATION = bytes.fromhex("02484b0000fe"), bytes((10, 0, 2, 9))
BROADCAST = b"\xff" * 6


def checksum(data):
    """RFC 1071."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def ethernet(kind, payload, target=STATION_MAC, source=MAC):
    return target + source + struct.pack(">H", kind) + payload


def ip(protocol, payload, *, target=STATION, source=ADDRESS, length=None, wrong_sum=0, fragment=0):
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload) if length is None else length,
                       1, fragment, 64, protocol, 0, source, target)
    return head[:10] + struct.pack(">H", checksum(head) ^ wrong_sum) + head[12:] + payload


def echo_request(data, number=1, wrong_sum=0):
    rest = struct.pack(">HH", 0x4841, number) + data
    return struct.pack(">BBH", 8, 0, checksum(b"\x08\0\0\0" + rest) ^ wrong_sum) + rest


def udp(port, data, *, source_port=4000, length=None, wrong_sum=0, target=STATION):
    length = 8 + len(data) if length is None else length
    head = struct.pack(">HHH", source_port, port, length)
    pseudo = ADDRESS + target + struct.pack(">BBH", 0, UDP, length)
    return head + struct.pack(">H", checksum(pseudo + head + b"\0\0" + data) ^ wrong_sum) + data


def arp(operation, target=STATION, target_mac=b"\0" * 6, **changes):
    fields = {"hardware": 1, "protocol": IPV4, "hardware_length": 6, "protocol_length": 4, **changes}
    return struct.pack(">HHBBH6s4s6s4s", *fields.values(), operation, MAC, ADDRESS, target_mac, target)


def kind_of(frame):
    return int.from_bytes(frame[12:14], "big")


class Peer:
    """One end of QEMU's `-netdev stream`: each frame with its length in four bytes before it."""

    def __init__(self, folder):
        self.path = str(Path(folder) / "wire")
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(self.path)
        self.listener.listen(1)
        self.listener.settimeout(SECONDS)
        self.link = None
        self.data = b""
        self.answers_arp = True
        self.asked = 0  # requests for our address that were seen

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for end in (self.link, self.listener):
            if end:
                end.close()

    def plug(self):
        """Wait for QEMU to take its end."""
        self.link, _ = self.listener.accept()

    def send(self, *frames):
        for frame in frames:
            self.link.sendall(struct.pack(">I", len(frame)) + frame)

    def receive(self, seconds):
        """The next frame, or None."""
        self.link.settimeout(seconds)
        while True:
            length = int.from_bytes(self.data[:4], "big")
            if len(self.data) >= 4 + length and length:
                frame, self.data = self.data[4:4 + length], self.data[4 + length:]
                return frame
            try:
                more = self.link.recv(65536)
            except socket.timeout:
                return None
            if not more:
                raise EOFError("QEMU has gone")
            self.data += more

    def frames(self, seconds):
        """What comes within that time. ARP's questions for our address are answered."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            frame = self.receive(left)
            if frame and kind_of(frame) == ARP and frame[20:22] == b"\0\1" and frame[38:42] == ADDRESS:
                self.asked += 1
                if self.answers_arp:
                    self.send(ethernet(ARP, arp(2, frame[28:32], frame[22:28]), frame[6:12]))
            elif frame:
                yield frame

    def expect(self, is_it, seconds=SECONDS):
        """The first frame of which that is true; the others are thrown away."""
        for frame in self.frames(seconds):
            if is_it(frame):
                return frame
        raise AssertionError("no such frame has come")

    # ---- questions

    def ask_arp(self):
        """The station's MAC address, by its answer."""
        self.send(ethernet(ARP, arp(1), BROADCAST))
        answer = self.expect(lambda frame: kind_of(frame) == ARP and frame[20:22] == b"\0\2")
        assert answer[28:32] == STATION and answer[:6] == MAC
        return answer[22:28]

    def ping(self, data, number=1):
        """What the station answers."""
        self.send(ethernet(IPV4, ip(ICMP, echo_request(data, number))))
        answer = self.expect(lambda frame: frame[6:12] == STATION_MAC and kind_of(frame) == IPV4 and
                             frame[23] == ICMP)
        assert answer[:6] == MAC and answer[26:34] == STATION + ADDRESS
        size = int.from_bytes(answer[16:18], "big")
        assert checksum(answer[14:34]) == 0 and checksum(answer[34:14 + size]) == 0
        assert answer[34:36] == b"\0\0" and answer[40:42] == number.to_bytes(2, "big")
        return answer[42:14 + size]

    def ask_udp(self, port, data):
        """The data of the answer."""
        self.send(ethernet(IPV4, ip(UDP, udp(port, data))))
        answer = self.expect(lambda frame: frame[6:12] == STATION_MAC and kind_of(frame) == IPV4 and
                             frame[23] == UDP)
        assert answer[34:38] == struct.pack(">HH", port, 4000) and answer[26:34] == STATION + ADDRESS
        length = int.from_bytes(answer[38:40], "big")
        pseudo = STATION + ADDRESS + struct.pack(">BBH", 0, UDP, length)
        assert checksum(answer[14:34]) == 0 and checksum(pseudo + answer[34:34 + length]) == 0
        return answer[42:34 + length]
