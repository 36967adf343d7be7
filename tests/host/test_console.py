# SPDX-License-Identifier: Apache-2.0
"""The scenarios' console: what QEMU says itself stays out of it, and is not lost."""

import os
import select
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "qemu"))

from guest import GuestError, Machine  # noqa: E402 (needs the path above)

HANG_SECONDS = 30

# A line in two pieces, and between them a complaint of the program that prints it.
PROGRAM = ["/bin/sh", "-c", "printf 'one '; echo 'slirp: no' >&2; printf 'line\\n'; cat"]


def test_what_qemu_says_is_not_the_guests(tmp_path):
    with Machine(PROGRAM, tmp_path / "log") as machine:
        machine.expect("one line\n")
        machine.type("typed\n")
        machine.expect("typed\n")
    assert (tmp_path / "log").read_text() == "one line\ntyped\n"
    assert (tmp_path / "log.qemu").read_text() == "slirp: no\n"


def test_a_failure_shows_both(tmp_path):
    with Machine(PROGRAM, tmp_path / "log") as machine:
        machine.expect("line")
        machine.qemu.sendeof()
        with pytest.raises(GuestError) as error:
            machine.expect("never")
    assert "one line" in str(error.value)
    assert "QEMU: slirp: no" in str(error.value)


def test_nothing_is_left_running(tmp_path):
    """QEMU may be the child of a script. Both write to a pipe that ends with the last of them."""
    alive = tmp_path / "alive"
    os.mkfifo(alive)
    script = f"sleep 1000 >{alive} & echo up; wait"
    with Machine(["/bin/sh", "-c", f"exec 3<>{alive}; {script}"], tmp_path / "log") as machine:
        machine.expect("up\n")
        reader = os.open(alive, os.O_RDONLY | os.O_NONBLOCK)
    with open(reader, "rb", buffering=0) as left:
        assert select.select([left], [], [], HANG_SECONDS)[0], "the script's child lives"
        assert left.read() == b""
