# SPDX-License-Identifier: Apache-2.0
"""What it costs to change from one VM to another, in instructions."""

import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
RUN_SECONDS = 1200  # a hang's end, not a measure


def test_a_switch_is_within_its_limit(board, default_kernel, tmp_path):
    done = subprocess.run([ROOT / "scripts/longest", "--switches", "--check", "--board", board,
                           "--kernel", default_kernel, "--out", tmp_path], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=RUN_SECONDS, check=False)
    assert done.returncode == 0, done.stdout
    # From a wait, at the end of a turn, and from the board's sleep.
    for kind in ("und", "irq", "wake"):
        row = next(line for line in done.stdout.splitlines() if line.startswith(f"{kind} "))
        assert int(row.split()[1]) > 20, done.stdout
