# SPDX-License-Identifier: Apache-2.0
"""More processes at a time than the VMM has shadow tables for, and more than it keeps address spaces
(SHADOW_SPACES in domain/shadow.h): it recycles the least recently used. Its memory does not grow:
all of it is in the image's own layout.
"""

import re

import pytest
from guest import ROOT, Machine, hako_qemu

PROCESSES = 200
MORE_PROCESSES = 300
SPACES = int(re.search(r"#define SHADOW_SPACES +(\d+)u", (ROOT / "domain/shadow.h").read_text())[1])
STATISTICS, CLEAR = "\x0fs", "\x0fz"  # Ctrl-O s, Ctrl-O z
RUN_SECONDS = 600  # a hang's end, not a measure
# Time in the guest is instructions: with hundreds of processes to run, a busy workstation would look
# like a kernel that starves one of its threads, and RCU's watchdog would say so.
ICOUNT = "shift=3"


@pytest.fixture
def paced(start, board, kernel):
    guest = start(board, kernel, icount=ICOUNT)
    guest.wait_for_shell()
    return guest


def through(linux, count):
    """What comes out of a pipeline of so many processes. seq writes line by line."""
    pipeline = "|".join(["cat"] * count)
    return linux.check(f"seq 1 500 | {pipeline} | md5sum", timeout=RUN_SECONDS)


def run_beside_sleepers(linux, count):
    """As many processes sleep, and as many more work. At the end all that slept run once more."""
    expected = linux.check("seq 1 500 | md5sum")
    linux.check(f"for i in $(seq {count}); do sleep 100000 & done 2>/dev/null", timeout=RUN_SECONDS)
    assert linux.check("ps | grep -c '[s]leep 100000'").strip() == str(count)
    assert through(linux, count) == expected
    linux.check("killall sleep; wait", timeout=RUN_SECONDS)
    assert linux.check("dmesg | grep -ciE 'bug:|oops|out of memory' || true").strip() == "0"


@pytest.mark.long
@pytest.mark.spread
def test_two_hundred_processes(paced):
    expected = paced.check("seq 1 500 | md5sum")
    for _ in range(2):  # the second time they come back to what the first one left
        assert through(paced, PROCESSES) == expected
    run_beside_sleepers(paced, PROCESSES)


def statistic(guest, name):
    guest.type(STATISTICS)
    value, _ = guest.expect(rf"hako: stats shadow {name} (\d+)\r\n")
    guest.expect(r"hako: stats end\r\n")
    return int(value[1])


@pytest.mark.long
def test_more_processes_than_address_spaces(default_kernel, tmp_path):
    assert MORE_PROCESSES > SPACES
    bundle = ROOT / "build/integratorcp-stats" / default_kernel / "zImage-hako"
    command = hako_qemu.command("integratorcp", bundle, icount=ICOUNT)
    with Machine(command, tmp_path / "console.log") as linux:
        first, _ = linux.expect(r"\[vm1\] start 1: ([^\r\n]*KiB free[^\r\n]*)\r\n")
        linux.wait_for_shell()
        linux.type(CLEAR)
        run_beside_sleepers(linux, MORE_PROCESSES)
        # Every process has a page directory of its own, while it sleeps.
        assert statistic(linux, "contexts_made") > MORE_PROCESSES
        assert statistic(linux, "contexts_recycled") > MORE_PROCESSES - SPACES
        linux.leave("reboot -f")
        again, _ = linux.expect(r"\[vm1\] start 2: ([^\r\n]*)\r\n")
        assert again[1] == first[1]  # the VMM names its free memory
        linux.wait_for_shell()
