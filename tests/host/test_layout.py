# SPDX-License-Identifier: Apache-2.0
"""What is where on a boot medium: our layouts are right, and none that is wrong gets through."""

import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import hako_layout  # noqa: E402 (needs the path above)
import hako_qemu  # noqa: E402

BOARDS = hako_qemu.BOARDS


def text_of(board):
    return (ROOT / "board" / board / "layout.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("board", BOARDS)
def test_layouts_of_the_boards_are_right(board):
    layout = hako_layout.read(board)
    ends = 0
    for part in layout.parts.values():
        assert ends <= part.offset and part.end <= layout.size
        ends = part.end


def test_flash_is_where_qemu_has_it():
    layout = hako_layout.read("versatilepb")
    assert (layout.base, layout.size) == (hako_qemu.FLASH_BASE, 64 << 20)
    assert layout.parts["u-boot"].offset == 0


def test_uboot_in_ram_is_linked_where_qemu_puts_it():
    config = (ROOT / "board/u-boot/integratorcp.config").read_text(encoding="utf-8")
    assert f"CONFIG_TEXT_BASE={hako_qemu.UBOOT_AT:#010x}\n" in config


def test_images_go_where_uboot_wants_them():
    config = (ROOT / "board/u-boot/common.config").read_text(encoding="utf-8")
    image = (ROOT / "scripts/image").read_text(encoding="utf-8")
    wanted = re.search(r"^CONFIG_HAKO_LOAD_ADDRESS=(\w+)$", config, re.M)[1]
    assert int(re.search(r"^LOAD_AT = (\w+)$", image, re.M)[1], 16) == int(wanted, 16)


@pytest.mark.parametrize("board, old, new, message", (
    ("versatilepb", "offset = 0x1a00000", "offset = 0x19c0000", "slot-b: overlaps slot-a"),
    ("versatilepb", "offset = 0x140000", "offset = 0x144000", "environment-b: not whole blocks"),
    ("versatilepb", "size = 0xe00000", "size = 0xe40000", "disks: ends at 0x4040000"),
    ("versatilepb", "slot-b = { offset = 0x1a00000, size = 0x1800000 }",
     "slot-b = { offset = 0x1a00000, size = 0x1000000 }", "slot-a, slot-b: not of one size"),
    ("versatilepb", "u-boot =", "uboot =", "there is no 'u-boot'"),
    ("versatilepb", "base = 0x34000000\n", "", "base: flash has an address"),
    ("versatilepb", "block = 0x40000", "block = 0x1000", "block: 0x40000 for a flash"),
    ("versatilepb", "medium =", "medum =", "'medum' is not known"),
    ("integratorcp", "offset = 0x100000", "offset = 0", "environment-a: overlaps the partition table"),
    ("integratorcp", "offset = 0x120000", "offset = true", "record-a: 'offset' has to be a number"),
    ("integratorcp", "offset = 0x120000", "offset = -4096", "record-a: 'offset' has to be a number"),
    ("integratorcp", "environment_bytes = 0x4000", "environment_bytes = 0x10200",
     "environment_bytes: not whole sectors"),
    ("integratorcp", "[parts]", "[parts", "not TOML"),
))
def test_a_wrong_layout_is_refused(board, old, new, message):
    text = text_of(board)
    assert text.count(old) == 1
    with pytest.raises(hako_layout.LayoutError) as error:
        hako_layout.parse(board, text.replace(old, new))
    assert message in str(error.value)


def test_both_environments_go_to_uboot():
    """As addresses in flash, as offsets on a card."""
    flash = hako_layout.uboot_config(hako_layout.read("versatilepb"))
    assert "CONFIG_ENV_ADDR=0x34100000\n" in flash and "CONFIG_ENV_ADDR_REDUND=0x34140000\n" in flash
    card = hako_layout.uboot_config(hako_layout.read("integratorcp"))
    assert "CONFIG_ENV_OFFSET=0x100000\n" in card and "CONFIG_ENV_OFFSET_REDUND=0x110000\n" in card


def make_medium(folder, board, fit_size=100, environment="a=b\n"):
    """The words of scripts/image, and where its output is."""
    (folder / "fit").write_bytes(b"F" * fit_size)
    (folder / "u-boot.bin").write_bytes(b"U" * 100)
    (folder / "environment").write_text(environment, encoding="ascii")
    output = folder / "image"
    done = subprocess.run(
        [ROOT / "scripts/image", "medium", "--board", board, "--uboot", folder / "u-boot.bin",
         "--environment", folder / "environment", "--fit", folder / "fit", "-o", output],
        text=True, check=False, capture_output=True)
    return done, output


@pytest.mark.parametrize("board", BOARDS)
def test_a_medium_has_its_parts_in_their_places(board, tmp_path):
    layout = hako_layout.read(board)
    done, output = make_medium(tmp_path, board)
    assert done.returncode == 0, done.stderr
    assert output.stat().st_size == layout.size
    with output.open("rb") as file:
        for name, wanted in (("slot-a", b"F" * 100), ("slot-b", b"F" * 100), ("u-boot", b"U" * 100)):
            if name in layout.parts:
                file.seek(layout.parts[name].offset)
                assert file.read(100) == wanted
        if layout.medium == "card":
            file.seek(446 + 8)
            start, count = struct.unpack("<II", file.read(8))
            assert (start * 512, count * 512) == layout.parts["disks"]


def test_what_does_not_fit_is_refused(tmp_path):
    layout = hako_layout.read("integratorcp")
    done, output = make_medium(tmp_path, "integratorcp", layout.parts["slot-a"].size + 1)
    assert done.returncode == 1 and "slot-a: " in done.stderr and not output.exists()
    done, output = make_medium(tmp_path, "integratorcp", environment="a=" + "b" * 0x4000)
    assert done.returncode == 1 and "there is room for" in done.stderr and not output.exists()


@pytest.mark.parametrize("board", BOARDS)
def test_the_document_has_the_layout(board):
    done = subprocess.run([ROOT / "scripts/layout", "--board", board], text=True, check=True,
                          stdout=subprocess.PIPE)
    assert done.stdout in (ROOT / "docs/boot.md").read_text(encoding="utf-8")


def test_a_bundle_of_another_board_is_refused(tmp_path):
    bundle = tmp_path / "zImage-hako"
    bundle.write_bytes(bytes(0x40) + b"HVMM" + struct.pack("<II", 1, 0x183) + bytes(100))
    done = subprocess.run([ROOT / "scripts/image", "fit", "--board", "integratorcp", "--mkimage",
                           "/bin/false", "--bundle", bundle, "-o", tmp_path / "fit"],
                          text=True, check=False, capture_output=True)
    assert done.returncode == 1 and "for another board" in done.stderr
