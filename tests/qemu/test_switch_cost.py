# SPDX-License-Identifier: Apache-2.0
"""What it costs to change from one VM to another, and how long the VMM keeps others waiting, in instructions."""

import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
RUN_SECONDS = 1200  # a hang's end, not a measure


def longest(what, board, kernel, folder):
    done = subprocess.run([ROOT / "scripts/longest", *what, "--check", "--board", board,
                           "--kernel", kernel, "--out", folder], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=RUN_SECONDS, check=False)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_a_reload_lets_others_in(board, default_kernel, tmp_path):
    longest(["--reload"], board, default_kernel, tmp_path)


def test_vms_let_others_in(board, default_kernel, tmp_path):
    """Two Linux that use their networks, disks, consoles and random numbers, and the real-time guest."""
    report = longest(["--several"], board, default_kernel, tmp_path)
    log = (tmp_path / "longest.log").read_text(encoding="utf-8", errors="replace")
    # It did: a file from the first VM, a second start, lines of the log about registers.
    assert "LONGEST fetched" in log and "[second] start 2:" in log, report
    assert "virtio-net: no register at offset 0xf8" in log and "[rt] powered off" in log, report


def test_a_linux_alone_is_let_in(board, default_kernel, tmp_path):
    """From its first instruction to its last."""
    longest(["--command", "ls -lR /etc; sleep 1"], board, default_kernel, tmp_path)


def test_a_switch_is_within_its_limit(board, default_kernel, tmp_path):
    report = longest(["--switches"], board, default_kernel, tmp_path)
    # From a wait, at the end of a turn, and from the board's sleep.
    for kind in ("und", "irq", "wake"):
        row = next(line for line in report.splitlines() if line.startswith(f"{kind} "))
        assert int(row.split()[1]) > 20, report
