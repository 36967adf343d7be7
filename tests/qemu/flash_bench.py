# SPDX-License-Identifier: Apache-2.0
"""A medium of a board, scripts/flash at its serial line, and QEMU, in which power can be switched off.

    bench.put_image(bench.image(1), 1)              # as if it had been flashed, and had started
    with bench.flash("--tftp", bench.tftp, bench.image(2)) as flash:
        flash.wait_for_command("cp.b|mmc write")
        flash.qemu.kill()
    bench.boot()
"""

import hashlib
import os
import random
import re
import subprocess
import sys
import time

import pytest

from guest import ROOT, Machine, hako_qemu
from test_boot import GOOD, POWERED_OFF
from test_uboot_port import make_fit, put, put_uboot, record_of

import hako_layout
from hako_flash import record

# The long form of these tests: make test-flash.
LONG = bool(os.environ.get("HAKO_FLASH_LONG"))
SECONDS = 120
LOOK_SECONDS = 0.005
# In the log of scripts/flash: a command's echo, and the word at its end.
COMMAND = re.compile(rb"> ?([^\r\n>]+); echo :(\d+):\$\?:")
END = r"\n:%d:\d+:\r"


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
        self.log = ROOT / "build/log/qemu" / f"{bench.name}-flash.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log.unlink(missing_ok=True)
        self.script = subprocess.Popen(
            [sys.executable, ROOT / "scripts/flash", "--board", bench.board, "--device", match[1],
             "--log", self.log, "--wait", "60", *map(str, words)], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        while not self.log.exists() and self.script.poll() is None:
            time.sleep(LOOK_SECONDS)
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

    def wait_for_command(self, pattern, seconds=SECONDS):
        """Until U-Boot is asked to do what begins so: the command's number, or None if that does not
        come."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            has_ended = self.script.poll() is not None
            for match in COMMAND.finditer(self.log.read_bytes()):
                if re.match(pattern, match[1].decode("latin-1").strip()):
                    return int(match[2])
            if has_ended:
                return None
            time.sleep(LOOK_SECONDS)
        return pytest.fail(f"{pattern} did not come in {seconds} s")

    def is_through(self, number):
        """Whether a command has ended."""
        return re.search((END % number).encode(), self.log.read_bytes()) is not None

    def finish(self):
        """(exit status, what it has said)"""
        text = self.script.communicate(timeout=SECONDS)[0]
        return self.script.returncode, text


class Started(Machine):
    """A board that starts by itself: at U-Boot's prompt it has failed."""

    fatal = [*Machine.fatal, r"No slot: [^\r\n]*"]


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

    def image(self, version, more=0):
        """An image of one VM whose name is its version; with so many bytes more, of which no two
        versions have the same."""
        fit = self.folder / f"v{version}.fit"
        if fit.exists():
            return fit
        source, bundle = self.folder / f"v{version}.dts", self.folder / f"v{version}.zImage"
        disks, words = "", []
        if more:
            disks = f'disks {{ more {{ ramdisk = "more"; size = <{-(-more // 4096) * 4096}>; }}; }};'
            (self.folder / "more").write_bytes(random.Random(version).randbytes(more))
            words = ["--disk", f"more={self.folder / 'more'}"]
        source.write_text(f"""/dts-v1/; / {{ compatible = "hako,system"; {disks} vms {{ v{version} {{
                          memory = <0x1000000>; guest = "g"; autostart; }}; }}; }};""")
        subprocess.run([ROOT / "scripts/bundle", "--board", self.board, "--vmm",
                        ROOT / f"build/{self.board}-vms/vmm.bin", "--vms", source, "--guest",
                        f"g={self.guest}", *words, "-o", bundle], check=True, capture_output=True)
        return make_fit(self.board, bundle, fit)

    def put_image(self, fit, version, slot="a"):
        """Into a slot, as it is when the image has been flashed, and has started."""
        data = fit.read_bytes()
        known = record.Slot(record.VALID, True, 0, version, hashlib.sha256(data).digest()[:8])
        at = "ab".index(slot)
        slots = (known, record.Slot()) if at == 0 else (record.Slot(), known)
        entry = record.Entry(4, record.MARK, at, at, slots, 1, 1)
        parts = self.layout.parts
        put(self.medium, parts[f"slot-{slot}"].offset, data)
        for name, entries in (("record-a", [entry]), ("record-b", [])):
            put(self.medium, parts[name].offset,
                record.area(self.layout.medium, entries, parts[name].size))

    def flash(self, *words):
        return Flash(self, *words)

    def flash_well(self, *words):
        with self.flash(*words) as flash:
            status, text = flash.finish()
        assert status == 0, text
        return text

    def start(self, **options):
        """The board, from power-on on."""
        command = hako_qemu.command(self.board, hako_qemu.power_on(self.board, self.medium,
                                                                   self.uboot), **options)
        return Started(command, ROOT / "build/log/qemu" / f"{self.name}.log")

    def boot(self):
        """From power-on till the guest has ended; what is said."""
        with self.start() as machine:
            text, _ = machine.wait_for_end()
        assert GOOD in text and POWERED_OFF in text, text
        return text

    def contents(self):
        """Boot record and slots. (U-Boot itself writes to an environment that is not there.)"""
        parts = [part for name, part in self.layout.parts.items() if name[:4] in ("reco", "slot")]
        with open(self.medium, "rb") as file:
            data = file.read()
        return [hashlib.sha256(data[part.offset:part.end]).hexdigest() for part in parts]

    def slots(self):
        return record_of(self.layout, self.medium).slots


@pytest.fixture(name="bench")
def bench_fixture(request, board, tmp_path, guests, uboot):  # pylint: disable=unused-argument
    name = re.sub(r"[^\w-]+", "-", request.node.name).strip("-")
    return Bench(board, tmp_path, guests[board], name)
