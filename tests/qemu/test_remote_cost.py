# SPDX-License-Identifier: Apache-2.0
"""What a read of another board's device costs both VMMs, in instructions."""

import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
RUN_SECONDS = 300  # a hang's end, not a measure


def test_a_read_is_within_its_limit(board, default_kernel, tmp_path):
    done = subprocess.run([ROOT / "scripts/bench_remote", "--check", "--times", "1", "--board", board,
                           "--kernel", default_kernel, "--out", tmp_path], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=RUN_SECONDS,
                          check=False)
    assert done.returncode == 0, done.stdout
    # Both boards have had a part in it.
    assert f"read: {board} " in done.stdout
