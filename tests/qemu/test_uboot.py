# SPDX-License-Identifier: Apache-2.0
"""U-Boot's bootz starts zImage-hako: a real U-Boot, from Debian's source, on the Integrator/CP.

Its `bootz` takes the image for a Linux zImage. It passes a machine id and ATAGs, or a device tree,
that speak of 16 MiB of RAM where there are 128; and to learn that much it has written to the
register that says how much there is.
"""

import os
import re
import subprocess

import pytest

from guest import ROOT, Machine, hako_qemu
from test_boot import (GOOD, POWERED_OFF, folder_fixture,  # noqa: F401 (fixtures)
                       guests_fixture, loader, make_bundle, make_tree)

BOARD = "integratorcp"
UBOOT_RAM = 16 << 20

# Where U-Boot's `bootz` without an address looks (CONFIG_SYS_LOAD_ADDR), and a rounder place.
DEFAULT_AT = 0x7FC0
LOAD_AT = 0x200000
TREE_AT = 0xE00000

PROMPT = r"Integrator-CP # "
BANNER = rf"hako: [^\r\n]* on {BOARD}, {hako_qemu.MEMORY_MIB} MiB of RAM"


class Board(Machine):
    """An Integrator/CP at U-Boot's prompt, with files in its RAM: the words of loader()."""

    def __init__(self, uboot, log, *files):
        command = hako_qemu.command(BOARD, uboot)
        # U-Boot resets the core module once, to choose where the vectors are.
        command.remove("-no-reboot")
        super().__init__(command + sum(files, []), log)
        self.expect(PROMPT)

    def run_uboot(self, line):
        """Run one of U-Boot's commands; returns what it printed."""
        self.type(line + "\n")
        return self.expect(PROMPT)[1]

    def bootz(self, arguments=""):
        """Start the image; returns once the VMM has said how much RAM it found."""
        self.type(f"bootz {arguments}".rstrip() + "\n")
        self.expect("Starting kernel ...")
        self.expect(BANNER)


@pytest.fixture(scope="module", name="uboot")
def uboot_fixture():
    """Built when first needed, or the test fails with the reason; `make uboot` does the same."""
    environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS")}
    done = subprocess.run(["make", "--no-print-directory", "build/uboot/stock/u-boot"], cwd=ROOT,
                          env=environment, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        pytest.fail(f"there is no U-Boot to test with:\n{done.stdout}", pytrace=False)
    return ROOT / "build/uboot/stock/u-boot"


@pytest.fixture(name="start_board")
def start_board_fixture(request, uboot):
    """Start boards that end with the test."""
    boards = []

    def start_board(*files):
        name = re.sub(r"[^\w.-]+", "-", request.node.name).strip("-")
        boards.append(Board(uboot, ROOT / "build/log/qemu" / f"{name}.log", *files))
        return boards[-1]

    yield start_board
    for board in boards:
        board.__exit__()


@pytest.fixture(scope="module", name="image")
def image_fixture(folder, guests):
    """A small bare-metal guest, but with more memory than U-Boot believes in."""
    return make_bundle(folder / "uboot.zImage", BOARD, guests[BOARD], "--memory", "40M")


def ends_well(board):
    text, status = board.wait_for_end()
    assert "[vm1] powered off" in text
    assert "hako: vmm memory checksum ok" in text
    assert POWERED_OFF in text
    assert status == 0
    return text


@pytest.mark.long  # the first one builds it
def test_uboot_sees_less_ram_than_there_is(start_board):
    """What makes the others worth while; if this ever changes, they show less."""
    board = start_board()
    text = board.run_uboot("bdinfo")
    assert re.search(rf"-> size += {UBOOT_RAM:#010x}\b", text), text
    # CM_SDRAM, bits 4:2: 256 MiB.
    text = board.run_uboot("md.l 10000020 1")
    value = int(re.search(r"10000020: ([0-9a-f]{8})", text)[1], 16)
    assert value >> 2 & 7 == 4, text


@pytest.mark.parametrize("at, arguments", ((DEFAULT_AT, ""), (LOAD_AT, f"{LOAD_AT:x}"),
                                           (LOAD_AT + 4, f"{LOAD_AT + 4:x}")))
def test_bootz_starts_a_guest(start_board, image, at, arguments):
    """Without further arguments, or with no more than where the image is."""
    board = start_board(loader(image, at))
    board.bootz(arguments)
    assert GOOD in ends_well(board)


def test_bootz_starts_a_guest_with_a_device_tree(start_board, image, folder):
    """The device tree of the board, not that of the guest; U-Boot writes its 16 MiB into it."""
    tree = make_tree(folder / "uboot.dtb", BOARD, 0)
    board = start_board(loader(image, LOAD_AT), loader(tree, TREE_AT))
    board.bootz(f"{LOAD_AT:x} - {TREE_AT:x}")
    assert GOOD in ends_well(board)


def test_bootz_refuses_a_file_that_is_no_image(start_board, image, folder):
    """So it is the image's header that U-Boot goes by."""
    data = bytearray(image.read_bytes())
    data[0x24] ^= 1
    damaged = folder / "uboot-damaged"
    damaged.write_bytes(data)
    text = start_board(loader(damaged, LOAD_AT)).run_uboot(f"bootz {LOAD_AT:x}")
    assert "Bad magic" in text and "hako" not in text, text


def test_bootz_starts_linux(start_board, default_kernel):
    """From U-Boot's prompt to a shell, and out again."""
    bundle = ROOT / "build" / BOARD / default_kernel / "zImage-hako"
    assert bundle.exists(), f"{bundle} is missing; make test-uboot builds it"
    board = start_board(loader(bundle, LOAD_AT))
    board.bootz(f"{LOAD_AT:x}")
    board.wait_for_shell()
    assert "ARM926EJ-S" in board.check("cat /proc/cpuinfo")
    memory = int(re.search(r"MemTotal: +(\d+) kB", board.check("cat /proc/meminfo"))[1])
    assert memory > UBOOT_RAM >> 10, memory
    board.leave("poweroff -f")
    ends_well(board)
