# SPDX-License-Identifier: Apache-2.0
"""The scenarios' console: what QEMU says itself stays out of it, and is not lost."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "qemu"))

from guest import GuestError, Machine  # noqa: E402 (needs the path above)

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
