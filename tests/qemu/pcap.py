# SPDX-License-Identifier: Apache-2.0
"""Captures in the classic format of libpcap, which Wireshark and tcpdump read.

A capture can be read while it is written: each record is one write. A record cut short at the end
is one that is not there yet.
"""

import os
import struct
from typing import NamedTuple

HEADER = struct.Struct("<IHHiIII")
RECORD = struct.Struct("<IIII")
MAGIC_NANOSECONDS = 0xA1B23C4D
ETHERNET = 1
SNAP_LENGTH = 65535


class Packet(NamedTuple):
    time: float
    frame: bytes

    @property
    def target(self):
        return self.frame[0:6]

    @property
    def source(self):
        return self.frame[6:12]

    @property
    def ether_type(self):
        """EtherType, or the length of an 802.3 frame."""
        return int.from_bytes(self.frame[12:14], "big")


class Writer:
    def __init__(self, path):
        self.file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.write(self.file, HEADER.pack(MAGIC_NANOSECONDS, 2, 4, 0, 0, SNAP_LENGTH, ETHERNET))

    def write(self, time_ns, frame):
        seconds, rest = divmod(time_ns, 1_000_000_000)
        os.write(self.file, RECORD.pack(seconds, rest, len(frame), len(frame)) + frame)

    def close(self):
        os.close(self.file)


def read(path):
    """The packets of a capture."""
    with open(path, "rb") as file:
        data = file.read()
    if len(data) < HEADER.size or HEADER.unpack_from(data)[0] != MAGIC_NANOSECONDS:
        raise ValueError(f"{path}: not a capture of ours")
    packets, at = [], HEADER.size
    while at + RECORD.size <= len(data):
        seconds, rest, length, _ = RECORD.unpack_from(data, at)
        at += RECORD.size
        if at + length > len(data):
            break
        packets.append(Packet(seconds + rest / 1e9, data[at:at + length]))
        at += length
    return packets
