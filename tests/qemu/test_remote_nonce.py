# SPDX-License-Identifier: Apache-2.0
"""A board's first nonce is another one after each start: else a session of before could be replayed."""

import time

import pcap
from cable import Cable
from pair_of_boards import ADDRESSES
from vms import Vms

PROTOCOL = 0x88B5
HELLO, HEAD, NONCE = 2, 14, 16


def first_nonce(cable):
    """Of the first HELLO that the board sends."""
    for _ in range(300):
        for packet in pcap.read(cable.capture("a")):
            frame = packet.frame[HEAD:]
            if packet.ether_type == PROTOCOL and frame[1] == HELLO:
                return frame[16:16 + NONCE]
        time.sleep(0.1)
    raise AssertionError("no HELLO")


def test_no_nonce_comes_again(board, tmp_path):
    """Nobody has interrupted yet, and with -icount all is the same again but the board's clock."""
    nonces = set()
    for start in ("first", "second"):
        folder = tmp_path / start
        folder.mkdir()
        with (Cable(folder, capture=True) as cable,
              Vms(board, "remote-posted", folder / "log", wire=cable.socket("a"),
                  mac=ADDRESSES["a"], icount="shift=3") as vms):
            vms.expect("start 1")
            nonces.add(first_nonce(cable))
    assert len(nonces) == 2
