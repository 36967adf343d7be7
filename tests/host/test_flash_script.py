# SPDX-License-Identifier: Apache-2.0
"""scripts/flash against a U-Boot that is played (fake_uboot.py): on lines that lose characters, with
boards that are restarted at any command; what it refuses, and that nothing is erased then."""

import hashlib
import os
import random
import struct
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "scripts"), str(Path(__file__).resolve().parent)]

import hako_layout  # noqa: E402 (needs the path above)
from fake_uboot import FakeUboot, slot_library  # noqa: E402
from hako_bundle import fdt  # noqa: E402
from hako_bundle.image import AT_FEATURES, AT_MAGIC, HAS_MARK, IMAGE_MAGIC  # noqa: E402
from hako_flash import cli  # noqa: E402
from hako_flash.image import runs  # noqa: E402

BOARDS = {"versatilepb": 0x183, "integratorcp": 0x113}
SIZE = 1200000


def make_image(path, board, seed=1, size=SIZE, features=HAS_MARK):
    bundle = bytearray(random.Random(seed).randbytes(size))
    struct.pack_into("<I", bundle, AT_FEATURES, features)
    struct.pack_into("<3I", bundle, AT_MAGIC, IMAGE_MAGIC, 1, BOARDS[board])
    root = fdt.Node("")
    kernel = root.child("images").child("hako")
    kernel.set_strings("type", "kernel")
    kernel.props["data"] = bytes(bundle)
    path.write_bytes(fdt.write(fdt.Tree(root, [], 0)))
    return path


@pytest.fixture(name="library", scope="module")
def library_fixture(tmp_path_factory):
    return slot_library(tmp_path_factory.mktemp("slot"))


@pytest.fixture(name="start")
def start_fixture(library):
    started = []

    def start(board="versatilepb", **options):
        started.append(FakeUboot(hako_layout.read(board), library, **options))
        started[-1].start()
        return started[-1]

    yield start
    for uboot in started:
        uboot.stop()


@pytest.fixture(name="flash")
def flash_fixture(capsys):
    """Run the script's main: (exit status, what it says)."""
    def flash(uboot, *words):
        board = uboot.layout.board if uboot else "versatilepb"
        device = uboot.path if uboot else "/dev/null"
        words = ["--board", board, "--device", device, "--wait", "5", *map(str, words)]
        status = cli.main(words)
        done = capsys.readouterr()
        return status, done.out + done.err
    return flash


def content(uboot, slot, size):
    at = uboot.layout.parts[f"slot-{slot}"].offset
    return bytes(uboot.medium[at:at + size])


def tftp(folder):
    return ["--tftp", folder]


@pytest.mark.parametrize("board", BOARDS)
def test_an_image_is_written_and_read_back(start, flash, tmp_path, board):
    uboot = start(board, tftp=tmp_path)
    path = make_image(tmp_path / "hako.fit", board)
    status, text = flash(uboot, *tftp(tmp_path), path)
    assert status == 0, text
    data = path.read_bytes()
    assert content(uboot, "b", len(data)) == data
    assert "slot b: written, read back, and the one to be booted next" in text
    assert "slot b: valid" in uboot.slot("info")
    assert uboot.erased == 0, "what is blank need not be erased"
    assert list(tmp_path.glob("hako-*")) == [], "the server's folder is as it was"
    # Once again: nothing is to be done. The next version goes to the other slot, and a change of a byte
    # is a block.
    count = len(uboot.commands)
    assert "slot b has this image already" in flash(uboot, path)[1]
    assert not any(word.startswith(("cp", "erase", "mmc write", "slot write"))
                   for word in uboot.commands[count:])
    second = make_image(tmp_path / "second.fit", board, 2)
    assert flash(uboot, *tftp(tmp_path), "--version", "2", second)[0] == 0
    assert content(uboot, "a", len(data)) == second.read_bytes()
    changed = bytearray(data)
    changed[700000] ^= 1
    path.write_bytes(changed)
    status, text = flash(uboot, *tftp(tmp_path), "--slot", "b", path)
    assert status == 0 and "slot b: 1 of 5 blocks differ" in text, text
    assert content(uboot, "b", len(data)) == changed
    assert uboot.erased == (1 if board == "versatilepb" else 0)


def test_two_boards_get_the_same_image(start, flash, tmp_path):
    """One after the other has done with the server's folder: what is there of others stays."""
    uboot = start(tftp=tmp_path)
    image = make_image(tmp_path / "image.fit", "versatilepb", size=1000)
    digest = hashlib.sha256(image.read_bytes()).hexdigest()[:16]
    other = tmp_path / f"hako-{digest}.fit"
    other.write_bytes(b"of somebody else")
    status, text = flash(uboot, *tftp(tmp_path), image)
    assert status == 0 and "YMODEM" not in text, text
    assert other.read_bytes() == b"of somebody else"
    assert len(list(tmp_path.glob("hako-*"))) == 1


def test_a_slot_that_has_it_already_though_the_record_does_not_know(start, flash, tmp_path, monkeypatch):
    """Nothing differs, and a terminal has no progress to show."""
    uboot = start(tftp=tmp_path)
    image = make_image(tmp_path / "image.fit", "versatilepb", size=1000)
    at = uboot.layout.parts["slot-b"].offset
    uboot.medium[at:at + len(image.read_bytes())] = image.read_bytes()
    monkeypatch.setattr(cli.sys.stderr, "isatty", lambda: True, raising=False)
    status, text = flash(uboot, *tftp(tmp_path), image)
    assert status == 0 and "slot b: 0 of 1 blocks differ" in text, text
    assert "slot b: valid" in uboot.slot("info")


@pytest.mark.parametrize("version", ("-1", "0x100000000"))
def test_a_version_has_32_bits(flash, tmp_path, version):
    image = make_image(tmp_path / "image.fit", "versatilepb", size=1000)
    with pytest.raises(SystemExit):
        flash(None, f"--version={version}", image)


def test_slots_are_shown_and_used(start, flash, tmp_path):
    uboot = start(tftp=tmp_path)
    for version in (1, 2):
        path = make_image(tmp_path / "hako.fit", "versatilepb", version, size=1000)
        assert flash(uboot, *tftp(tmp_path), "--version", version, path)[0] == 0
    text = flash(uboot, "--info")[1]
    assert "slot a: valid, 0 attempts, version 0x2" in text and "- to be booted next" in text
    status, text = flash(uboot, "--use", "b")
    assert status == 0 and text.index("to be booted next") > text.index("slot b")


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("board", BOARDS)
def test_a_line_that_loses_characters(start, flash, tmp_path, board, seed):
    uboot = start(board, tftp=tmp_path, lose=700, seed=seed + 1)
    path = make_image(tmp_path / "hako.fit", board)
    status, text = flash(uboot, *tftp(tmp_path), path)
    assert status == 0, text
    data = path.read_bytes()
    slot = "b" if "slot b: written" in text else "a"
    assert content(uboot, slot, len(data)) == data


def test_a_restart_at_every_command(start, flash, tmp_path):
    """And the record is right whenever: fake_uboot looks at it before each write."""
    path = make_image(tmp_path / "hako.fit", "versatilepb", size=300000)
    uboot = start(tftp=tmp_path)
    flash(uboot, *tftp(tmp_path), path)
    count = len(uboot.commands)
    assert count > 15
    data = path.read_bytes()
    for at in range(1, count + 1, 2):
        uboot = start(tftp=tmp_path, restart_at=(at, at + 7), seed=at)
        uboot.medium[uboot.layout.parts["slot-b"].offset] = 0
        status, text = flash(uboot, *tftp(tmp_path), path)
        assert status == 0, (at, text)
        slot = "b" if "slot b" in text else "a"
        assert content(uboot, slot, len(data)) == data, at
        assert f"slot {slot}: valid" in uboot.slot("info")
        assert uboot.restarts >= 1


def test_without_a_network_it_goes_over_the_line(start, flash, tmp_path):
    uboot = start()
    path = make_image(tmp_path / "hako.fit", "versatilepb", size=270000)
    status, text = flash(uboot, *tftp(tmp_path), path)
    assert status == 0, text
    assert "TFTP: Retry time exceeded; by YMODEM instead" in text
    assert content(uboot, "b", 270000) == path.read_bytes()[:270000]
    assert any(word.startswith("loady") for word in uboot.commands)


def test_the_line_loses_characters_of_ymodem(start, flash, tmp_path):
    uboot = start(lose=20000)
    path = make_image(tmp_path / "hako.fit", "versatilepb", size=100000)
    status, text = flash(uboot, path)
    assert status == 0, text
    assert content(uboot, "b", 100000) == path.read_bytes()[:100000]


# ---- what is refused ----------------------------------------------------------------------------


def changed(uboot):
    return any(word.startswith(("erase", "cp.b", "mmc write", "slot write", "slot valid", "slot use"))
               for word in uboot.commands)


def with_field(field, value):
    def change(uboot):
        setattr(uboot.real_layout, field, value)
    return change


def set_geometry(uboot):
    uboot.geometry = (32, 128)


@pytest.mark.parametrize("change, reason", (
    (with_field("board", b"integratorcp"), "this board is a integratorcp, not a versatilepb"),
    (with_field("slot_size", 0x100000), "another build than board/u-boot: its slots are elsewhere"),
    (lambda uboot: setattr(uboot, "do_slot", None), "another build"),
    (set_geometry, "the flash is not the one of board/versatilepb/layout.toml: 32 MB in 128 sectors")))
def test_another_board_or_build_is_left_alone(start, flash, tmp_path, change, reason):
    uboot = start(tftp=tmp_path)
    if "another build" in reason and "elsewhere" not in reason:
        uboot.do_slot = lambda *_: uboot.say("Unknown command 'slot' - try 'help'\n") or 1
    else:
        change(uboot)
    path = make_image(tmp_path / "hako.fit", "versatilepb")
    status, text = flash(uboot, *tftp(tmp_path), path)
    assert status == 1 and reason in text, text
    assert text.count("\nflash:") == 1 and not changed(uboot)


def test_a_card_that_is_too_small_is_refused(start, flash, tmp_path):
    uboot = start("integratorcp", tftp=tmp_path)
    uboot.layout = uboot.layout._replace(size=16 << 20)
    path = make_image(tmp_path / "hako.fit", "integratorcp")
    status, text = flash(uboot, *tftp(tmp_path), path)
    assert status == 1 and "the SD card has 16 MiB" in text and not changed(uboot)


@pytest.mark.parametrize("make, reason", (
    (lambda path: make_image(path, "integratorcp"), "for the board integratorcp, not for versatilepb"),
    (lambda path: make_image(path, "versatilepb", size=0x1800000), "a slot of versatilepb has room for"),
    (lambda path: make_image(path, "versatilepb", features=0), "does not mark its start"),
    (lambda path: path.write_bytes(b"hello" * 100), "not a FIT image"),
    (lambda path: path.write_bytes(make_image(path, "versatilepb").read_bytes()[:-1]), "cut off"),
    (lambda path: path.write_bytes(make_image(path, "versatilepb").read_bytes() + b"more"),
     "4 bytes follow the image"),
    (lambda path: path.write_bytes(make_image(path, "versatilepb").read_bytes()[:4] + b"\0" * 400),
     "not a FIT image")))
def test_an_image_that_is_not_for_it_is_refused_before_anything_is_said(flash, tmp_path, make, reason):
    path = tmp_path / "hako.fit"
    make(path)
    status, text = flash(None, path)
    assert status == 1 and reason in text and len(text.splitlines()) == 1, text


def test_a_line_with_nobody_at_its_end(flash, tmp_path):
    master, slave = os.openpty()

    class Nobody:
        path = os.ttyname(slave)
        layout = hako_layout.read("versatilepb")

    status, text = flash(Nobody, "--wait", "2", "--info")
    assert status == 1 and "no answer in 2 s: is the board on" in text
    os.close(master)
    os.close(slave)


def test_what_is_no_uboot_is_not_told_to_erase(start, flash):
    """A shell that answers, and knows no `version`."""
    uboot = start(prompt="/ # ")
    uboot.do_version = lambda: uboot.say("sh: version: not found\n") or 127
    status, text = flash(uboot, "--info")
    assert status == 1 and "what answers is not U-Boot" in text


def test_the_slot_that_is_needed_stays(start, flash, tmp_path):
    uboot = start(tftp=tmp_path)
    path = make_image(tmp_path / "hako.fit", "versatilepb", size=1000)
    assert flash(uboot, *tftp(tmp_path), path)[0] == 0
    other = make_image(tmp_path / "other.fit", "versatilepb", 3, size=1000)
    status, text = flash(uboot, *tftp(tmp_path), "--slot", "b", other)
    assert status == 1 and "slot b: the other slot is not as good as this one" in text
    assert content(uboot, "b", 1000) == path.read_bytes()[:1000]


def test_lines_and_files_that_are_not_there(tmp_path):
    path = make_image(tmp_path / "hako.fit", "versatilepb", size=1000)
    for device, image in (("/dev/null", path), (tmp_path / "none", path), ("/dev/null", tmp_path / "no")):
        done = subprocess.run([ROOT / "scripts/flash", "--board", "versatilepb", "--device", device,
                               image], capture_output=True, text=True, check=False)
        assert done.returncode == 1 and len(done.stderr.splitlines()) == 1, done.stderr


def test_runs_of_blocks():
    assert runs([0, 4, 8, 16, 20, 28], 4, 2) == [(0, 2), (8, 1), (16, 2), (28, 1)]
    assert runs([], 4, 2) == []
