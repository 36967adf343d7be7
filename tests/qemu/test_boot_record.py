# SPDX-License-Identifier: Apache-2.0
"""The VMM's mark in the boot record, in flash and on an SD card: made when all VMs have started, and only
where the boot loader has said so. QEMU is the boot loader here, which passes a device tree.
"""

import re
import subprocess

import pytest
from guest import ROOT, Machine, hako_qemu
from test_boot import (COMPATIBLE, GOOD, POWERED_OFF, folder_fixture,  # noqa: F401 (fixtures)
                       guests_fixture)

from hako_bundle import fdt
from hako_flash import record

MIB = 1 << 20
MEDIUM = {"versatilepb": "flash", "integratorcp": "card"}
NUMBER = {"flash": 1, "card": 2}
SIZE = {"flash": 64 * MIB, "card": 16 * MIB}
AREA_SIZE = {"flash": 0x40000, "card": 0x10000}
AREA_AT = {"flash": (0x180000, 0x1C0000), "card": (0x120000, 0x130000)}
IMAGE = record.Slot(record.VALID, False, 1, 0x102, bytes(range(8)))
ATTEMPT = record.Entry(41, record.ATTEMPT, 1, 1, (record.Slot(), IMAGE), 7, 3)

DESCRIPTION = """/dts-v1/;
/ {{
	compatible = "hako,system";
	disks {{ {disks} }};
	vms {{
		first {{ memory = <0x2000000>; guest = "g"; autostart; {windows} }};
		second {{ memory = <0x1000000>; guest = "g"; {second} }};
	}};
}};
"""


class Board:
    """A board with a medium that has a record, and a loader that speaks of it."""

    def __init__(self, name, folder, guest, log):
        self.name, self.folder, self.guest, self.log = name, folder, guest, log
        self.medium = MEDIUM[name]
        self.image = folder / "medium.img"
        with open(self.image, "wb") as image:
            image.truncate(SIZE[self.medium])
        self.write_areas([ATTEMPT], [])

    def write_areas(self, *entries):
        with open(self.image, "r+b") as image:
            for at, of_area in zip(AREA_AT[self.medium], entries):
                image.seek(at)
                image.write(record.area(self.medium, of_area, AREA_SIZE[self.medium]))

    def newest(self):
        data = self.image.read_bytes()
        return record.newest(self.medium, [data[at:at + AREA_SIZE[self.medium]]
                                           for at in AREA_AT[self.medium]])

    def tree(self, cells):
        root = fdt.Node("")
        root.set_cells("#address-cells", 1)
        root.set_cells("#size-cells", 1)
        root.set_strings("compatible", COMPATIBLE[self.name])
        root.child("memory").set_cells("reg", 0, hako_qemu.MEMORY_MIB * MIB)
        if cells:
            root.child("chosen").set_cells("hako,boot-record", *cells)
        path = self.folder / "loader.dtb"
        path.write_bytes(fdt.write(fdt.Tree(root, [], 0)))
        return path

    def cells(self, attempt=ATTEMPT.sequence):
        return [NUMBER[self.medium], *AREA_AT[self.medium], AREA_SIZE[self.medium], attempt]

    def bundle(self, image="vms", **parts):
        out, words = self.folder / "zImage-hako", ["--guest", self.guest, "--memory", "16M"]
        if parts:
            parts = {"disks": "", "windows": "", "second": "", **parts}
            source = self.folder / "test.dts"
            source.write_text(DESCRIPTION.format(**parts))
            words = ["--vms", source, "--guest", f"g={self.guest}"]
        vmm = ROOT / "build" / (f"{self.name}-{image}" if image else self.name) / "vmm.bin"
        subprocess.run([ROOT / "scripts/bundle", "--board", self.name, "--vmm", vmm, *words,
                        "-o", out], check=True, capture_output=True)
        return out

    def start(self, bundle, cells):
        command = hako_qemu.command(self.name, bundle, dtb=self.tree(cells))
        kind = "pflash" if self.medium == "flash" else "sd"
        command += ["-drive", f"if={kind},format=raw,file={self.image}"]
        return Machine(command, self.log)

    def run(self, bundle, cells):
        """Until the board ends by itself; returns what it said."""
        with self.start(bundle, cells) as machine:
            return machine.wait_for_end()[0]


@pytest.fixture(name="machine")
def machine_fixture(request, tmp_path, board, guests):
    log = ROOT / "build/log/qemu" / (re.sub(r"[^\w-]+", "-", request.node.name).strip("-") + ".log")
    return Board(board, tmp_path, guests[board], log)


def test_a_start_is_marked(machine):
    text = machine.run(machine.bundle(), machine.cells())
    assert "hako: boot record: slot B, attempt 1, version 0x102" in text
    assert text.index("hako: boot record: slot B is good") < text.index(POWERED_OFF)
    assert GOOD in text
    slots = (record.Slot(), IMAGE._replace(confirmed=True, attempts=0))
    assert machine.newest() == ATTEMPT._replace(sequence=42, event=record.MARK, slots=slots, marks=4)


def test_nothing_is_marked_unasked(machine):
    """Nor by another attempt, or by an image that cannot, or where an area is nonsense."""
    before = machine.image.read_bytes()
    bundle = machine.bundle()
    assert "boot record" not in machine.run(bundle, None)
    text = machine.run(bundle, machine.cells(attempt=40))
    assert "hako: boot record: its last entry is not this start; nothing will be marked" in text
    assert GOOD in text
    cells = machine.cells()
    assert "its areas are not possible" in machine.run(bundle, [*cells[:2], cells[1], *cells[3:]])
    assert "boot record" not in machine.run(machine.bundle(image=""), machine.cells())
    assert machine.image.read_bytes() == before


def test_the_mark_waits_for_all_that_start_with_the_board(machine):
    """A VM that does not is not waited for; one that does, is."""
    bundle = machine.bundle(second="priority = <1>;")
    assert "slot B is good" in machine.run(bundle, machine.cells())
    machine.write_areas([ATTEMPT], [])
    bundle = machine.bundle(second="autostart; priority = <1>;")
    text = machine.run(bundle, machine.cells())
    assert text.index("[first] powered off") < text.index("slot B is good")
    assert machine.newest().marks == 4


@pytest.mark.parametrize("parts, reason", (
    ({"windows": 'windows {{ w {{ device = "{row}"; backend = "direct"; }}; }};'},
     "a VM has the device that the boot record is on"),
    ({"disks": "d {{ {kind}; offset = <{inside:#x}>; size = <0x1000>; }};"},
     "a disk lies on the boot record")))
def test_its_device_is_no_vms(machine, parts, reason):
    words = {"row": {"flash": "flash", "card": "mmc"}[machine.medium],
             "kind": {"flash": "flash", "card": "sdcard"}[machine.medium],
             "inside": AREA_AT[machine.medium][1] + AREA_SIZE[machine.medium] - 512}
    bundle = machine.bundle(**{key: text.format(**words) for key, text in parts.items()})
    before = machine.image.read_bytes()
    assert f"hako: boot record: {reason}" in machine.run(bundle, machine.cells())
    assert "boot record" not in machine.run(bundle, None)
    assert machine.image.read_bytes()[:2 * MIB] == before[:2 * MIB]
