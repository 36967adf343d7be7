# SPDX-License-Identifier: Apache-2.0
"""Small programs (tests/linux) that try what a program may and may not do. They check themselves,
and what they print must be the same, line by line, as on the bare board with the same kernel."""

import difflib

PROGRAMS = ("user_access", "traps", "memory", "cpu")


def run_programs(guest, kernel):
    """Without software PAN, Linux itself leaves its memory open to programs: user_access.c."""
    guest.wait_for_shell()
    kernel_memory = "closed" if kernel.endswith("-pan") else "open"
    return {name: guest.run(f"{name} {kernel_memory}") for name in PROGRAMS}


def test_programs_see_no_difference(start, board, kernel):
    vmm = run_programs(start(board, kernel), kernel)
    native = run_programs(start(board, kernel, native=True), kernel)
    for name in PROGRAMS:
        wrong = [line for line in vmm[name][1].splitlines() if line.startswith("not ok")]
        assert not wrong, f"{name} under the VMM:\n" + "\n".join(wrong)
        assert vmm[name][1].splitlines()[-1] == f"{name}: done"
        difference = list(difflib.unified_diff(
            native[name][1].splitlines(), vmm[name][1].splitlines(), "bare board", "VMM",
            lineterm=""))
        assert not difference, f"{name}:\n" + "\n".join(difference)
        assert vmm[name] == native[name]
