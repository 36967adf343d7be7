# SPDX-License-Identifier: Apache-2.0
"""scripts/flash and our U-Boot over QEMU's pty: from an erased flash, or an empty card, to a guest that
runs; an update that is cut off, a board that is restarted in its middle, a roll-back, YMODEM.
"""

import os
import random
import re
import subprocess
import time

import pytest

from guest import ROOT, Machine, hako_qemu
from test_boot import GOOD, POWERED_OFF, folder_fixture, guests_fixture  # noqa: F401 (fixtures)
from test_uboot_port import make_fit, put, put_uboot, record_of, uboot_fixture  # noqa: F401

import hako_layout
from hako_flash import record

SECONDS = 120
# Power cuts of test_power_cuts: a few, or as many as somebody has time for.
CUTS = int(os.environ.get("HAKO_FLASH_CUTS", "2"))
BLOCK = 0x40000
DIFFER = re.compile(r"slot [ab]: \d+ of \d+ blocks differ")


class Flash:
    """scripts/flash at work on a board that has just been switched on, and not started yet."""

    def __init__(self, bench, *words):
        self.bench = bench
        command = hako_qemu.command(bench.board, hako_qemu.power_on(bench.board, bench.medium,
                                                                    bench.uboot), tftp=bench.tftp)
        at = command.index("-nographic")
        command[at:at + 1] = ["-display", "none", "-monitor", "stdio", "-serial", "pty", "-S"]
        command.remove("-no-reboot")
        self.qemu = subprocess.Popen(command, text=True, stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        match = None
        while not match:
            line = self.qemu.stdout.readline()
            assert line, "QEMU has ended"
            match = re.search(r"redirected to (/dev/\S+)", line)
        log = ROOT / "build/log/qemu" / f"{bench.name}-flash.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.unlink(missing_ok=True)
        self.script = subprocess.Popen(
            [ROOT / "scripts/flash", "--board", bench.board, "--device", match[1], "--log", log,
             "--wait", "60", *map(str, words)], text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        while not log.exists() and self.script.poll() is None:
            time.sleep(0.05)
        self.order("cont")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in (self.script, self.qemu):
            process.kill()
            process.wait()

    def order(self, what):
        self.qemu.stdin.write(what + "\n")
        self.qemu.stdin.flush()

    def wait_for(self, pattern):
        """Until a line of the script has it."""
        for line in self.script.stdout:
            if pattern.search(line):
                return
        pytest.fail("scripts/flash has ended")

    def finish(self):
        """(exit status, what it has said)"""
        text = self.script.communicate(timeout=SECONDS)[0]
        return self.script.returncode, text


class Bench:
    """A medium without an image, a board around it, and images for it."""

    def __init__(self, board, folder, guest, name):
        self.board, self.folder, self.guest, self.name = board, folder, guest, name
        self.layout = hako_layout.read(board)
        self.uboot = ROOT / "build/uboot" / board / "u-boot.bin"
        self.medium, self.tftp = folder / "medium.img", folder / "tftp"
        self.tftp.mkdir()
        with open(self.medium, "wb") as file:
            if self.layout.medium == "flash":
                file.write(b"\xff" * self.layout.size)
            else:
                file.truncate(self.layout.size)
        put_uboot(self.layout, self.medium, "u-boot")

    def image(self, version):
        """An image of one VM whose name is its version."""
        source, bundle = self.folder / f"v{version}.dts", self.folder / f"v{version}.zImage"
        source.write_text(f"""/dts-v1/; / {{ compatible = "hako,system"; vms {{ v{version} {{
                          memory = <0x1000000>; guest = "g"; autostart; }}; }}; }};""")
        subprocess.run([ROOT / "scripts/bundle", "--board", self.board, "--vmm",
                        ROOT / f"build/{self.board}-vms/vmm.bin", "--vms", source, "--guest",
                        f"g={self.guest}", "-o", bundle], check=True, capture_output=True)
        return make_fit(self.board, bundle, self.folder / f"v{version}.fit")

    def flash(self, *words):
        return Flash(self, *words)

    def flash_well(self, *words):
        with self.flash(*words) as flash:
            status, text = flash.finish()
        assert status == 0, text
        return text

    def boot(self):
        """From power-on till the guest has ended; what is said."""
        command = hako_qemu.command(self.board, hako_qemu.power_on(self.board, self.medium,
                                                                   self.uboot))
        with Machine(command, ROOT / "build/log/qemu" / f"{self.name}.log") as machine:
            text, _ = machine.wait_for_end()
        assert GOOD in text and POWERED_OFF in text
        return text

    def slots(self):
        return record_of(self.layout, self.medium).slots


@pytest.fixture(name="bench")
def bench_fixture(request, board, tmp_path, guests, uboot):  # pylint: disable=unused-argument
    name = re.sub(r"[^\w-]+", "-", request.node.name).strip("-")
    return Bench(board, tmp_path, guests[board], name)


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
    path = bench.image(1)
    data = path.read_bytes()
    last = -(-len(data) // BLOCK) * BLOCK
    data = data.ljust(last, b"\0") + b"rest" * 2500
    path.write_bytes(data)
    put(bench.medium, bench.layout.parts["slot-b"].offset, data[:last])
    text = bench.flash_well(path)
    assert re.search(r"slot b: 1 of \d+ blocks differ", text), text
    assert "read back" in text
    assert "[v1] start 1" in bench.boot()


def test_power_cuts(bench):
    """Whenever the power fails in an update, and wherever in its writes: the old version boots, or the
    new one, and what was begun can be ended."""
    network = ("--tftp", bench.tftp)
    bench.flash_well(*network, "--version", "1", bench.image(1))
    assert "[v1] start 1" in bench.boot()
    old, moment = 1, random.Random(f"{bench.board} {CUTS}")
    for number in range(CUTS):
        new = bench.image(number + 2)
        with bench.flash(*network, "--version", str(number + 2), new) as flash:
            if moment.randrange(8):
                flash.wait_for(DIFFER)
            time.sleep(moment.uniform(0, 4))
            flash.qemu.kill()
        text = bench.boot()
        if f"[v{number + 2}] start 1" not in text:
            assert f"[v{old}] start 1" in text
            bench.flash_well(*network, "--version", str(number + 2), new)
            assert f"[v{number + 2}] start 1" in bench.boot()
        old = number + 2
