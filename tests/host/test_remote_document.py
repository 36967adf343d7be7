# SPDX-License-Identifier: Apache-2.0
"""The example in docs/remote-protocol.md, computed anew from what the document says: keys, tags,
counters and lengths. Nothing of net/remote is used."""

import hashlib
import hmac
import re
import struct
from pathlib import Path

import pytest

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/remote-protocol.md"
SECRET = bytes(range(32))
ADDRESSES = (bytes.fromhex("020000000001"), bytes.fromhex("020000000002"))
NONCES = (bytes(range(0xa0, 0xb0)), bytes(range(0xb0, 0xc0)))
MASK = 0xffffffff


def frames():
    """Who sent it, and the bytes."""
    text = DOCUMENT.read_text(encoding="utf-8")
    found = re.findall(r"^([01])->[01] ([0-9a-f ]+)$", text, re.M)
    return [(int(sender), bytes.fromhex(digits)) for sender, digits in found]


def expand(salt, info, length):
    key = hmac.new(salt, SECRET, hashlib.sha256).digest()
    return hmac.new(key, info + b"\x01", hashlib.sha256).digest()[:length]


def rotate(value, by):
    return (value << by | value >> (32 - by)) & MASK


def permute(v):
    for _ in range(12):
        v[0] = v[0] + v[1] & MASK
        v[1] = rotate(v[1], 5) ^ v[0]
        v[0] = rotate(v[0], 16)
        v[2] = v[2] + v[3] & MASK
        v[3] = rotate(v[3], 8) ^ v[2]
        v[0] = v[0] + v[3] & MASK
        v[3] = rotate(v[3], 13) ^ v[0]
        v[2] = v[2] + v[1] & MASK
        v[1] = rotate(v[1], 7) ^ v[2]
        v[2] = rotate(v[2], 16)


def doubled(key):
    value = int.from_bytes(key, "little") << 1
    if value >> 128:
        value ^= (1 << 128) ^ 0x87
    return value.to_bytes(16, "little")


def chaskey12(key, message):
    last_key = doubled(key)
    blocks = [message[at:at + 16] for at in range(0, len(message), 16)] or [b""]
    if len(blocks[-1]) < 16:
        last_key = doubled(last_key)
        blocks[-1] = (blocks[-1] + b"\x01").ljust(16, b"\x00")
    state = list(struct.unpack("<4I", key))
    for number, block in enumerate(blocks):
        words = struct.unpack("<4I", block)
        extra = struct.unpack("<4I", last_key) if number == len(blocks) - 1 else (0,) * 4
        state = [s ^ w ^ x for s, w, x in zip(state, words, extra)]
        permute(state)
    return struct.pack("<4I", *(s ^ k for s, k in zip(state, struct.unpack("<4I", last_key))))


def session():
    info = b"session" + b"".join(NONCES) + b"".join(ADDRESSES)
    made = expand(b"hako remote 1", info, 20)
    return made[:16], struct.unpack("<I", made[16:])[0]


def test_there_are_frames_of_every_type_but_knock():
    assert {frame[1] for _, frame in frames()} == set(range(2, 11))


@pytest.mark.parametrize("number", range(len(frames())))
def test_a_frame_is_what_the_document_says(number):
    sender, frame = frames()[number]
    version, kind, length, identifier, counter, _, zero = struct.unpack("<BBHIIHH", frame[:16])
    assert (version, zero) == (1, 0)
    assert len(frame) == 16 + length + 8 and length % 4 == 0
    key, session_id = session()
    if kind < 5:
        key, session_id = expand(b"hako remote 1", b"hello", 16), 0
    assert identifier == session_id
    before = [other for who, other in frames()[:number] if who == sender and other[1] >= 5]
    assert counter == (len(before) + 1 if kind >= 5 else 0)
    prefix = ADDRESSES[1 - sender] + ADDRESSES[sender] + bytes.fromhex("88b50000")
    assert chaskey12(key, prefix + frame[:-8])[:8] == frame[-8:]
