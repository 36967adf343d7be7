# SPDX-License-Identifier: Apache-2.0
"""What it costs to change from one VM to another, and what a reload keeps others waiting, in instructions."""

import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
RUN_SECONDS = 1200  # a hang's end, not a measure


def longest(what, board, kernel, folder):
    done = subprocess.run([ROOT / "scripts/longest", what, "--check", "--board", board,
                           "--kernel", kernel, "--out", folder], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=RUN_SECONDS, check=False)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_a_reload_lets_others_in(board, default_kernel, tmp_path):
    longest("--reload", board, default_kernel, tmp_path)


def test_a_switch_is_within_its_limit(board, default_kernel, tmp_path):
    report = longest("--switches", board, default_kernel, tmp_path)
    # From a wait, at the end of a turn, and from the board's sleep.
    for kind in ("und", "irq", "wake"):
        row = next(line for line in report.splitlines() if line.startswith(f"{kind} "))
        assert int(row.split()[1]) > 20, report
