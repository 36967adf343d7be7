# SPDX-License-Identifier: Apache-2.0
"""tests/linux/checks in a guest: all ok, and line by line what the bare board prints."""

import difflib

import pytest

RUN_SECONDS = 1200  # a hang's end, not a measure


def run_checks(guest):
    guest.wait_for_shell()
    status, output = guest.run("checks", timeout=RUN_SECONDS)
    complaints = guest.check("dmesg | grep -iE 'bug:|warning:|oops|unhandled|unable' || true")
    return status, output.splitlines(), complaints


@pytest.mark.long
@pytest.mark.spread
def test_checks_are_ok_and_as_on_the_bare_board(start, board, kernel):
    native = run_checks(start(board, kernel, native=True))
    vmm = run_checks(start(board, kernel))
    difference = list(difflib.unified_diff(native[1], vmm[1], "bare board", "VMM", lineterm="", n=0))
    assert not difference, "\n".join(difference)
    wrong = [line for line in vmm[1] if not line.startswith("ok ")]
    assert wrong == [f"1..{len(vmm[1]) - 1}"], "\n".join(wrong)
    assert vmm[0] == native[0] == 0
    assert vmm[2] == native[2]
    # What keeps programs out of the kernel is its own: only software PAN does, on this core.
    state = "closed" if "-pan" in kernel else "open"
    assert any(line.endswith(f"the kernel's memory is {state} to programs") for line in vmm[1])


@pytest.mark.parametrize("name", ["registers", "many_processes"])
def test_checks_again_in_one_boot(start, board, default_kernel, name):
    """A second and third time: contexts, pages and process numbers have been used before."""
    guest = start(board, default_kernel)
    guest.wait_for_shell()
    first = guest.check(f"checks {name}", timeout=RUN_SECONDS)
    assert guest.check(f"checks {name}", timeout=RUN_SECONDS) == first
