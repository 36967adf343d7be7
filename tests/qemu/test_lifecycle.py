# SPDX-License-Identifier: Apache-2.0
"""reboot restarts the VM, poweroff stops the board."""

import re

import pytest

REBOOTS = 50


def start_line(guest):
    """The line the VMM prints when it starts a VM: (count, its other numbers)."""
    match, _ = guest.expect(r"\[vm1\] start (\d+): ([^\r\n]*)\r\n")
    return int(match[1]), match[2]


@pytest.mark.long
def test_reboot_restarts_the_vm_without_restarting_the_board(start, board, default_kernel):
    guest = start(board, default_kernel)
    count, first = start_line(guest)
    assert count == 1
    # The VMM names its free memory; a leak would show there.
    assert re.search(r"\d+ KiB free", first), first
    for number in range(2, REBOOTS + 2):
        guest.wait_for_shell()
        guest.leave("reboot -f")
        count, line = start_line(guest)
        assert (count, line) == (number, first)
    guest.wait_for_shell()
    assert guest.check("cat /proc/1/comm").strip() == "init"


def test_an_orderly_reboot_comes_back_and_poweroff_stops_the_board(linux):
    linux.check("echo gone >/tmp/file")
    linux.leave("reboot")
    linux.wait_for_shell()
    status, _ = linux.run("test -e /tmp/file")
    assert status == 1

    linux.leave("poweroff")
    text, status = linux.wait_for_end()
    assert "[vm1] powered off" in text
    assert "hako: vmm memory checksum ok" in text
    assert "hako: all VMs have stopped" in text
    assert status == 0
