# SPDX-License-Identifier: Apache-2.0
"""The board with the SD card is switched off, or its cable is cut, in the middle of a copy: the guest on the other board gets an
I/O error in the time that the description says, or waits as it says, and has the card again when that
board is back."""

import hashlib
import time

import pytest

# 4 MiB of what compares, each block different: its number as text.
BLOCKS = 8192
COPY = "dd if=/dev/mmcblk0 of=/tmp/back bs=4096 count=256 2>/dev/null"
FOUND = "n=0; until [ -b /dev/mmcblk0 ] || [ $n = 60 ]; do sleep 1; n=$((n + 1)); done"
# What a driver tries again, one time-out of the description's after another.
ERROR_SECONDS = 60
# Linux initializes a card anew once, when a command fails, and not again before one was good: a card whose
# slot has no contacts, and that was gone meanwhile, is found by its driver when that is bound again.
REBIND = ("cd /sys/bus/amba/drivers/mmci-pl18x; for d in [0-9a-f]*[0-9]*; do "
          "echo $d >unbind; echo $d >bind; done; cd /")


@pytest.fixture
def card(tmp_path):
    path = tmp_path / "card.img"
    path.write_bytes(b"".join(b"%-512d" % n for n in range(BLOCKS)))
    return path


def begin(pair):
    """Begin a copy from the card; returns in the middle of it."""
    linux = pair.a.vm("linux")
    linux.wait_for_shell()
    linux.check(FOUND)
    linux.send(COPY)
    time.sleep(0.3)
    return linux


def is_usable(linux):
    """The guest has the card again: to it and back, behind what was copied so far."""
    linux.check("n=8000; until dd if=/dev/mmcblk0 of=/tmp/block bs=512 skip=$n count=1 2>/dev/null || "
                "[ $n = 8100 ]; do sleep 1; n=$((n + 1)); done; grep -q \"^$n \" /tmp/block")
    linux.check("dd if=/tmp/block of=/dev/mmcblk0 bs=512 seek=7000 conv=fsync 2>/dev/null; "
                "echo 3 >/proc/sys/vm/drop_caches; "
                "dd if=/dev/mmcblk0 of=/tmp/again bs=512 skip=7000 count=1 2>/dev/null; "
                "cmp /tmp/block /tmp/again")


def test_it_fails_in_time(start_pair, card):
    pair = start_pair(("versatilepb", "remote-card-abort-versatilepb"),
                      ("integratorcp", "remote-card-b-integratorcp", {"sd": card}))
    linux = begin(pair)
    pair.power_off("b")
    status, _ = linux.end(timeout=ERROR_SECONDS)
    assert status != 0
    # Its other work goes on, and what else it does with the card fails as well.
    linux.check("ls / >/dev/null; cat /tmp/back >/dev/null")
    assert linux.run("dd if=/dev/mmcblk0 of=/dev/null bs=512 skip=7900 count=1 2>/dev/null")[0] != 0
    pair.power_on("b")
    linux.check("until dmesg | tail -3 | grep -q 'new SD card'; do "
                f"({REBIND}) 2>/dev/null; sleep 2; done; {FOUND}")
    is_usable(linux)
    assert pair.a.rows()["linux"]["starts"] == 1


def test_it_waits_for_the_board(start_pair, card):
    pair = start_pair(("integratorcp", "remote-card-a-integratorcp"),
                      ("versatilepb", "remote-card-b-versatilepb", {"sd": card}))
    linux = begin(pair)
    pair.power_off("b")
    time.sleep(5)  # the session is over by now
    pair.power_on("b")
    linux.end(timeout=ERROR_SECONDS)  # with or without an error: the driver decides how often it tries
    is_usable(linux)
    assert pair.a.rows()["linux"]["starts"] == 1


def test_nothing_is_missing_when_the_cable_was_cut(start_pair, card):
    pair = start_pair(("integratorcp", "remote-card-a-integratorcp"),
                      ("integratorcp", "remote-card-b-integratorcp", {"sd": card}))
    linux = begin(pair)
    pair.cable.cut()
    time.sleep(5)
    pair.cable.mend()
    # Its driver has to do what was under way once more, all of it.
    assert linux.end(timeout=ERROR_SECONDS)[0] == 0
    found = linux.check("sha256sum /tmp/back").split()
    assert hashlib.sha256(card.read_bytes()[:1 << 20]).hexdigest() in found
