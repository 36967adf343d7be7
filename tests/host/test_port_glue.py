# SPDX-License-Identifier: Apache-2.0
"""What a board needs of its own, but for drivers that another one can use, stays small: its folder, its
part of the kernel's configuration, and each line elsewhere that names it."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINES_MAX = 600
# By the way a board comes in (docs/porting-a-board.md): it is described by nothing else.
PORTS = ("palmetto",)
NOT_GLUE = ("board/{}/", "configs/{}.config", "docs/", "tests/", "README.md")


def lines(path):
    return len(path.read_text(encoding="utf-8").splitlines())


def glue(board):
    """Lines by file."""
    own = [*(ROOT / "board" / board).iterdir(), ROOT / f"configs/{board}.config"]
    found = {str(path.relative_to(ROOT)): lines(path) for path in own}
    names = subprocess.run(["git", "grep", "-I", "-w", "-c", board], cwd=ROOT, text=True, check=True,
                           capture_output=True).stdout.splitlines()
    for name, count in (line.rsplit(":", 1) for line in names):
        if not name.startswith(tuple(prefix.format(board) for prefix in NOT_GLUE)):
            found[name] = int(count)
    return found


@pytest.mark.parametrize("board", PORTS)
def test_a_port_is_small(board):
    found = glue(board)
    assert f"board/{board}/board.c" in found and "scripts/hako_bundle/boards.py" in found
    assert sum(found.values()) <= LINES_MAX, found
