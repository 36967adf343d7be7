# SPDX-License-Identifier: Apache-2.0
"""Memory that two boards share, and a screen that reads it: what scripts/bundle --vms makes of it, and
what it refuses. The board checks the same (test_vm_config_remote.c)."""

import re
import struct
import subprocess

import pytest

from rewrite_support import assert_refused
from test_bundle_vms import SOURCE, TREE, inputs_fixture, options, run_with, tree_of

from hako_bundle import image

SERVE = """
    frames { memory = <0x4000000 0x200000>; to = "boardb"; };
    screen { device = "lcd"; to = "boardb"; reads = "frames"; };
"""
WINDOWS = """
        show { device = "lcd"; backend = "remote"; peer = "boardc"; remote = "lcd"; };
        drawn { memory; reg = <0x2e00000 0x200000>; backend = "remote"; peer = "boardc";
                remote = "drawn"; };
"""
BOTH = SOURCE.replace("  serve {", "  serve {" + SERVE).replace("        keys {", WINDOWS + "keys {")
SCREEN = """
    display@c0000000 { compatible = "arm,pl110", "arm,primecell"; reg = <0xc0000000 0x1000>; };
    panel { compatible = "arm,versatile-tft-panel"; };
    vga { compatible = "vga-connector"; };
    serial@16000000"""

__all__ = ["inputs_fixture"]


@pytest.fixture(name="board", scope="module")
def board_fixture(inputs, tmp_path_factory):
    tree = tmp_path_factory.mktemp("screen") / "board.dtb"
    subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", tree, "-"], check=True,
                   input=TREE.replace("\n    serial@16000000", SCREEN).encode())
    return dict(inputs, dtb=tree)


def made(board, tmp_path, source):
    given = options(board, tmp_path, source)
    result = run_with(given)
    assert result.returncode == 0, result.stderr
    return image.unpack(given["output"][0].read_bytes()), result.stdout


def statuses(root):
    return {node.name: node.strings("status") for node in root.find_child("bus").walk()}


def test_the_last_memory_is_for_pictures(board, tmp_path):
    (header, rows), _ = made(board, tmp_path, BOTH)
    assert header.vms[0].memory == 48 << 20  # the VMM gives it all of it
    root = tree_of(rows, 0)
    assert root.find_child("memory").props["reg"] == struct.pack(">II", 0, 46 << 20)
    shared = root.find_child("reserved-memory").find_child("shared@2e00000")
    assert shared.strings("compatible") == ["shared-dma-pool"] and "no-map" in shared.props
    assert shared.props["reg"] == struct.pack(">II", 46 << 20, 2 << 20)
    display = root.find_child("bus").find_child("display")
    assert display.cell("memory-region", 0) == shared.cell("phandle", -1)
    found = statuses(root)
    assert found["display@c0000000"] == found["vga"] == [] and found["panel"] == ["disabled"]
    assert all(row.gpa + row.memory_size <= 46 << 20 for row in rows if row.vm == 0)


def test_without_it_nobody_has_a_screen(board, tmp_path):
    (_, rows), _ = made(board, tmp_path, SOURCE)
    root = tree_of(rows, 0)
    assert statuses(root)["display@c0000000"] == statuses(root)["vga"] == ["disabled"]
    assert not root.find_child("reserved-memory")


def test_what_is_served_needs_ram(board, tmp_path):
    needs = [int(re.search(r"needs (\d+) MiB", made(board, tmp_path, source)[1])[1])
             for source in (BOTH, BOTH.replace("0x4000000 0x200000", "0x4000000 0xa00000"))]
    assert needs[1] - needs[0] == 8


@pytest.mark.parametrize("old, new, node, words", [
    ('device = "lcd"; to = "boardb"; reads = "frames"', 'device = "lcd"; to = "boardb"',
     "/serve/screen", ["reads", "needs it"]),
    ('reads = "frames"', 'reads = "clock"', "/serve/screen", ["no memory"]),
    ('reads = "frames"', 'reads = "frames"; reg = <0 0x10>', "/serve/screen", ["has no"]),
    ('reads = "frames"', 'reads = "frames"; read-only', "/serve/screen", ["has no"]),
    ('; reads = "frames"', '; reads = "frames"; interrupts = <2>', "/serve/screen", ["'lcd' has 1"]),
    ("widths = <4>", 'reads = "frames"', "/serve/clock", ["goes with 'lcd'"]),
    ('<0x4000000 0x200000>; to = "boardb"', '<0x4000000 0x200000>; to = "boardc"', "/serve/screen",
     ["no memory"]),
    ("<0x4000000 0x200000>;", "<0x4000000 0x200000>; widths = <4>;", "/serve/frames",
     ["nothing but to"]),
    ("<0x4000000 0x200000>", "<0x4000800 0x200000>", "/serve/frames", ["whole pages"]),
    ("<0x4000000 0x200000>", "<0x4000000 0>", "/serve/frames", ["whole pages"]),
    ("<0x4000000 0x200000>", "<0xfff00000 0x200000>", "/serve/frames", ["whole pages"]),
    ("<0x4000000 0x200000>", "<0x4000000 0x2000000>", "/serve/frames", ["16 MiB"]),
    ("frames { memory = <0x4000000 0x200000>; ", "frames { ", "/serve/frames", ["device"]),
    ("drawn { memory;", "drawn { memory; posted;", "/vms/linux/windows/drawn", ["goes with"]),
    ("drawn { memory;", "drawn {", "/vms/linux/windows/drawn", ["the VM's memory"]),
    ("<0x2e00000 0x200000>", "<0x2d00000 0x200000>", "/vms/linux/windows/drawn", ["not the last"]),
    ("<0x2e00000 0x200000>", "<0x2e80000 0x180000>", "/vms/linux/windows/drawn", ["whole MiB"]),
    ("<0x2e00000 0x200000>", "<0 0x3000000>", "/vms/linux/windows/drawn", ["not the last"]),
    ("drawn {", 'more { memory; reg = <0x2e00000 0x200000>; backend = "remote"; '
     'peer = "boardc"; remote = "more"; }; drawn {', "/vms/linux/windows/drawn", ["another window"]),
    ("memory = <0x3000000>", "memory = <0x300000>", "/vms/linux/windows/drawn", ["not the last"]),
])
def test_a_mistake_is_refused(board, tmp_path, old, new, node, words):
    assert old in BOTH
    result = run_with(options(board, tmp_path, BOTH.replace(old, new, 1)))
    assert_refused(result, f"bundle: {tmp_path}/vms.dts: {node}: ", *words)
