# SPDX-License-Identifier: Apache-2.0
"""One bit of an image is another one: U-Boot says so, and starts the image in the other slot. Each part
has its share of the positions, which are random: some, or with HAKO_FLASH_LONG (make test-flash) 200 on
each board. On a locked board, too.
"""

import random
import re

import pytest

from flash_bench import LONG, Started
from guest import ROOT, hako_qemu
from test_boot import (GOOD, POWERED_OFF, folder_fixture, guests_fixture,  # noqa: F401 (fixtures)
                       make_tree)
from test_uboot_port import (UBOOT, flip_bit, make_fit, make_medium, put, run,  # noqa: F401 (fixture)
                             uboot_fixture)

import hako_layout
from hako_bundle import image

PARTS = ("FIT header", "VMM", "kernel", "initrd", "device tree")
KIND = {image.VMM: "VMM", image.GUEST: "kernel", image.INITRD: "initrd", image.DTB: "device tree"}
# Of all flips of a board: QEMUs side by side.
CHUNKS = 4 if LONG else 1
# A card is slow.
FLIPS = {board: 200 // CHUNKS for board in hako_qemu.BOARDS} if LONG else \
    {"versatilepb": len(PARTS), "integratorcp": 2}
FLIPS_LOCKED = 25 if LONG else 2


class Target:
    """A medium with an image of all parts in both slots."""

    def __init__(self, board, folder, guest, keys=None):
        self.board, self.layout = board, hako_layout.read(board)
        self.name = "u-boot-locked" if keys else "u-boot"
        initrd, bundle = folder / "initrd", folder / "zImage-hako"
        initrd.write_bytes(random.Random(1).randbytes(60001))
        run("scripts/bundle", "--board", board, "--vmm", ROOT / f"build/{board}-vms/vmm.bin", "--guest",
            guest, "--memory", "16M", "--initrd", initrd, "--dtb",
            make_tree(folder / "guest.dtb", board, 0, 2000), "-o", bundle)
        fit = make_fit(board, bundle, folder / "hako.fit", *(("--keys", keys) if keys else ()))
        self.medium = make_medium(board, fit, folder / "medium.img", self.name)
        self.fit = fit.read_bytes()
        self.ranges = self._find_parts(bundle.read_bytes())
        # The record as it is before a start.
        self.record = []
        with open(self.medium, "rb") as file:
            for name in ("record-a", "record-b"):
                part = self.layout.parts[name]
                file.seek(part.offset)
                self.record.append((part.offset, file.read(part.size)))

    def _find_parts(self, bundle):
        """Of each part, the ranges of bytes in the FIT image."""
        start = self.fit.index(bundle)
        at_bundle = int.from_bytes(bundle[image.AT_BUNDLE:image.AT_BUNDLE + 4], "little")
        found = {"FIT header": [(0, start), (start + len(bundle), len(self.fit))]}
        for row in image.unpack(bundle)[1]:
            if row.kind in KIND:
                at = start + row.offset + (0 if row.kind == image.VMM else at_bundle)
                found.setdefault(KIND[row.kind], []).append((at, at + row.size))
        assert set(found) == set(PARTS)
        return found

    def position(self, chance, part):
        """One of the part's bytes; each of them is as likely."""
        number = chance.randrange(sum(end - at for at, end in self.ranges[part]))
        for at, end in self.ranges[part]:
            if number < end - at:
                return at + number
            number -= end - at
        raise AssertionError

    def start(self, at, bit, log):
        """What is said with this bit of slot A's image changed, which is as it was afterwards."""
        where = self.layout.parts["slot-a"].offset + at
        for offset, data in self.record:
            put(self.medium, offset, data)
        put(self.medium, where, bytes([self.fit[at] ^ 1 << bit]))
        command = hako_qemu.command(self.board, hako_qemu.power_on(
            self.board, self.medium, UBOOT / self.board / f"{self.name}.bin"))
        with Started(command, log) as machine:
            text, _ = machine.wait_for_end()
        put(self.medium, where, self.fit[at:at + 1])
        return text


def flips(target, chance, count, log):
    """(part, position, bit, what was said), so many times."""
    for number in range(count):
        part = PARTS[number % len(PARTS)]
        at, bit = target.position(chance, part), chance.randrange(8)
        text = target.start(at, bit, log)
        print(f"{number + 1} of {count}: {part}, {at:#x}.{bit}: {refusal(text)}", flush=True)
        yield part, at, bit, text


def refusal(text):
    """What is said between the choice of slot A and that of slot B: None if there was none of B."""
    match = re.search(r"Slot A: [^\r\n]*\r?\n(.*?)Slot B: ", text, re.S)
    return match and " / ".join(line.strip() for line in match[1].splitlines()[-2:] if line.strip())


def was_good(text, slot):
    # The mark's line may cut one of the guest's in two.
    said = re.sub(r"(?:\r\n)?hako: boot record: slot . is good\r\n", "", text)
    return f"slot {slot} is good" in text and GOOD in said and POWERED_OFF in said


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_a_flipped_bit(board, chunk, tmp_path, guests, uboot):  # pylint: disable=unused-argument
    target = Target(board, tmp_path, guests[board])
    log = ROOT / f"build/log/qemu/flips-{board}-{chunk}.log"
    for part, at, bit, text in flips(target, random.Random(f"{board} {chunk}"), FLIPS[board], log):
        assert refusal(text), (part, hex(at), bit, text)
        assert was_good(text, "B"), (part, hex(at), bit, text)
        assert text.count("Starting kernel") == 1


def test_a_flipped_bit_on_a_locked_board(board, tmp_path, guests, uboot):  # pylint: disable=unused-argument
    """There the signature decides. It does not cover each of the header's own words: what is started
    is not changed by such a one."""
    target = Target(board, tmp_path, guests[board], ROOT / "build/keys")
    log = ROOT / f"build/log/qemu/flips-locked-{board}.log"
    for part, at, bit, text in flips(target, random.Random(board), FLIPS_LOCKED, log):
        if part == "FIT header" and not refusal(text):
            assert was_good(text, "A"), (part, hex(at), bit, text)
        else:
            assert refusal(text) and was_good(text, "B"), (part, hex(at), bit, text)
        assert text.count("Starting kernel") == 1
