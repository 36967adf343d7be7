# SPDX-License-Identifier: Apache-2.0
"""scripts/flash and our U-Boot over QEMU's pty: from an erased flash, or an empty card, to a guest that
runs; an update that is cut off, a board that is restarted in its middle, a roll-back, YMODEM; boards
that are not what they should be.
"""

import re
import time

import pytest

from flash_bench import LONG, bench_fixture  # noqa: F401 (fixture)
from guest import ROOT
from test_boot import POWERED_OFF, folder_fixture, guests_fixture  # noqa: F401 (fixtures)
from test_uboot_port import make_fit, put, uboot_fixture  # noqa: F401 (fixture)

from hako_flash import record

BLOCK = 0x40000
DIFFER = re.compile(r"slot [ab]: \d+ of \d+ blocks differ")


@pytest.mark.long
def test_from_an_erased_board_to_an_update_and_back(bench):
    network = ("--tftp", bench.tftp)
    text = bench.flash_well(*network, "--version", "1", bench.image(1))
    assert "read back, and the one to be booted next" in text
    first = "ab"[bench.slots()[1].version == 1]
    assert "[v1] start 1" in bench.boot()

    # Cut off; the old one boots. Then again, and the board is restarted on the way.
    second = bench.image(2)
    with bench.flash(*network, "--version", "2", second) as flash:
        flash.wait_for(DIFFER)
        time.sleep(0.1)
        flash.qemu.kill()
        status, text = flash.finish()
        assert status == 1 and "the line is gone" in text
    assert bench.slots()["ba".index(first)].state == record.WRITING
    assert "[v1] start 1" in bench.boot()
    with bench.flash(*network, "--version", "2", second) as flash:
        flash.wait_for(DIFFER)
        flash.order("system_reset")
        status, text = flash.finish()
    assert status == 0 and "the board was restarted: once again from where it was" in text, text
    assert "[v2] start 1" in bench.boot()
    assert all(slot.confirmed and slot.state == record.VALID for slot in bench.slots())

    assert "to be booted next" in bench.flash_well("--use", first)
    assert "[v1] start 1" in bench.boot()


def test_without_a_network(bench):
    """Most of the image is there already: only the last block has to go over the line."""
    # A few KiB of it are in the last block.
    more = BLOCK - bench.image(1).stat().st_size % BLOCK
    data = bench.image(2, more).read_bytes()
    last = len(data) // BLOCK * BLOCK
    put(bench.medium, bench.layout.parts["slot-b"].offset, data[:last])
    text = bench.flash_well(bench.image(2))
    assert re.search(r"slot b: 1 of \d+ blocks differ", text), text
    assert "read back" in text
    assert "[v2] start 1" in bench.boot()


def test_another_board_is_left_alone(bench):
    """One of another kind; one with a smaller card."""
    if bench.layout.medium == "card":
        with open(bench.medium, "r+b") as file:
            file.truncate(64 << 20)
        words, reason = (bench.image(1),), "the SD card has 64 MiB; "
    else:
        # The last --board counts.
        words = ("--board", "integratorcp", "--use", "a")
        reason = "this board is a versatilepb, not a integratorcp"
    before = bench.contents()
    with bench.flash(*words) as flash:
        status, text = flash.finish()
    assert status == 1 and reason in text, text
    assert bench.contents() == before


@pytest.mark.skipif(not LONG, reason="make test-flash")
def test_from_an_erased_board_to_a_shell(bench, default_kernel):
    """Linux, as `make image` has it."""
    bundle = ROOT / f"build/{bench.board}-vms" / default_kernel / "zImage-hako"
    fit = make_fit(bench.board, bundle, bench.folder / "linux.fit")
    assert "read back" in bench.flash_well("--tftp", bench.tftp, "--version", "1", fit)
    with bench.start() as linux:
        linux.wait_for_shell()
        assert "ARM926EJ-S" in linux.check("cat /proc/cpuinfo")
        linux.leave("poweroff -f")
        text, status = linux.wait_for_end()
        assert POWERED_OFF in text and status == 0, text
    assert "is good" in linux.log_path.read_text(encoding="utf-8")
    assert sum(slot.confirmed for slot in bench.slots()) == 1
