# SPDX-License-Identifier: Apache-2.0
"""What happens to one VM, and what the others notice of it: nothing. And who gets how much CPU.

Time in the guests is instructions, so that a busy workstation changes no share. The neighbours are
test guests that do as a key tells them (tests/guest/neighbour.c).
"""

import re
import time

import pytest
from vms import STOPPED

ICOUNT = "shift=3"
COUNTER = 0x200000  # GUEST_SCRATCH in tests/guest/guest.h
RESTARTS = 200
# Over 4 s of CPU time: a budget more or less at its ends, 30 ms, and what is used while the shares
# are printed stay below 1 %.
MANY_SUMS = 30
START = r"\[{name}\] start (\d+): ([^\r\n]*KiB free[^\r\n]*)\r\n"

# Counts right and wrong sums of a file, until /tmp/go is gone.
WORK = ("head -c 200000 /dev/urandom >/tmp/file; sum=$(sha256sum </tmp/file); touch /tmp/go; "
        "echo 0 0 >/tmp/sums; (good=0; bad=0; while [ -e /tmp/go ]; do "
        "if [ \"$(sha256sum </tmp/file)\" = \"$sum\" ]; then good=$((good + 1)); "
        "else bad=$((bad + 1)); fi; echo $good $bad >/tmp/now; mv /tmp/now /tmp/sums; done) & true")


class Worker:
    """A Linux at work, and what it says about it."""

    def __init__(self, vm):
        self.vm = vm
        vm.wait_for_shell()
        vm.check(WORK)
        self.good = 0

    def works(self, sums=2):
        """It does so many sums more, and none has ever been wrong."""
        good, bad = map(int, self.vm.says(
            f"n=0; until read good bad </tmp/sums && [ $good -ge {self.good + sums} ]; "
            "do sleep 1; n=$((n + 1)); [ $n -lt 100 ] || break; done; cat /tmp/sums").split())
        assert bad == 0 and good >= self.good + sums
        self.good = good

    def is_well(self):
        self.works()
        assert self.vm.says("dmesg | grep -ciE 'bug:|oops|stall|lockup' || true") == "0"


@pytest.fixture
def faults(start_vms, board):
    """A working Linux, and the others: (board, worker, other, limited, equal)."""
    vms = start_vms(board, "faults", icount=ICOUNT)
    worker = Worker(vms.vm("worker"))
    return vms, worker, vms.vm("other"), vms.vm("limited"), vms.vm("equal")


def start(vms, name):
    vms.type_to_monitor(f"start {name}")
    vms.expect(START.format(name=name))


def tell(vms, vm, key):
    """A neighbour does what the key says. It sets up its UART first, which forgets earlier keys."""
    vms.until(vm.name, lambda row: row["state"] == "waiting")
    vm.type(key)
    vms.expect(rf"# does {key}\r?\n")


def test_a_panic_stays_in_its_vm(faults):
    vms, worker, other, _, _ = faults
    other.wait_for_shell()
    vms.fatal = [pattern for pattern in vms.fatal if "panic - " not in pattern]
    other.type("mv /init /old; printf '#!/bin/sh\\nexit 1\\n' >/init; chmod +x /init; kill -QUIT 1\n")
    other.expect(r"Kernel panic - not syncing: Attempted to kill init!")
    worker.works()
    vms.monitor("reset other")
    other.wait_for_shell()
    worker.is_well()
    assert vms.rows()["other"]["starts"] == 2


def test_one_that_dies_is_restarted_as_often_as_it_may(faults):
    vms, worker, _, limited, _ = faults
    vms.fatal.remove(STOPPED)
    first = None
    for life in range(1, 3):
        tell(vms, limited, "d")
        vms.expect(r"\[limited\] stopped: [^\r\n]*prefetch abort vector[^\r\n]*\r\n")
        vms.expect(r"\[limited\] restarted after its death\r\n")
        again, _ = vms.expect(START.format(name="limited"))
        assert int(again[1]) == life + 1
        first = first or again[2]
        assert again[2] == first  # the VMM names its free memory
        worker.works()
    tell(vms, limited, "d")
    vms.expect(r"\[limited\] stopped: ")
    worker.is_well()
    assert vms.rows()["limited"]["state"] == "dead"
    start(vms, "limited")
    tell(vms, limited, "p")
    vms.expect(r"\[limited\] powered off\r\n")
    assert vms.rows()["limited"]["state"] == "stopped"
    assert ", 4 starts, 3 deaths," in vms.monitor("stats limited")[0]


@pytest.mark.long
@pytest.mark.parametrize("name", ["limited", "equal"])
def test_a_busy_neighbour(faults, name):
    """Of a higher priority, with a budget; or of the same, without one."""
    vms, worker, _, limited, equal = faults
    neighbour = {"limited": limited, "equal": equal}[name]
    if name == "limited":
        vms.type_to_monitor("stop limited")
        vms.expect(r"\[limited\] stopped by the monitor\r\n")
    for deed in ("spin", "interrupt_storm", "flood"):
        start(vms, name)
        tell(vms, neighbour, deed[0])
        before = shares(vms)
        worker.works(MANY_SUMS)
        after = shares(vms)
        used = after[name] - before[name]
        whole = sum(after.values()) - sum(before.values())
        if deed == "flood":  # with the focus it waits for the terminal; without it does not
            neighbour.take_focus()
            vms.expect(r"# line \d{8} of the flood\r?\n")
        # The worker wants all it can get, too.
        share = 0.3 if name == "limited" else 0.5
        assert abs(used - share * whole) < 0.01 * whole, (deed, before, after)
        vms.type_to_monitor(f"stop {name}")
        vms.expect(rf"\[{name}\] stopped by the monitor\r\n")
        assert vms.rows()[name]["state"] == "stopped"
    worker.is_well()


def shares(vms):
    """Milliseconds of CPU time that each VM has had."""
    found = {}
    for line in vms.monitor("stats"):
        match = re.match(r"(\S+): \w+, .* (\d+) ms of CPU time", line)
        if match:
            found[match[1]] = int(match[2])
    return found


def until_they_have_had(vms, milliseconds):
    """Wait until all VMs together have had so much CPU time."""
    while sum(shares(vms).values()) < milliseconds:
        time.sleep(0.2)  # printing them costs CPU time, too


def test_one_that_waits_for_its_first_turn_is_stopped(start_vms, board):
    """Others spin before it; it is ready, and never runs."""
    vms = start_vms(board, "budget", icount=ICOUNT)
    vms.vm("equal1")
    vms.expect(r"# does s\r?\n")
    vms.until("equal2", lambda row: row["starts"] == 1)
    for _ in range(2):
        assert vms.rows()["last"]["state"] == "ready"
        vms.type_to_monitor("stop last")
        vms.expect(r"\[last\] stopped by the monitor\r\n")
        assert vms.rows()["last"]["state"] == "stopped"
        assert "stop is not possible while it is stopped" in vms.answer("stop last")[0]
        vms.monitor("start last")
    vms.stop("last")
    for name in ("limited", "equal1", "equal2"):
        vms.type_to_monitor(f"stop {name}")
        vms.expect(rf"\[{name}\] stopped by the monitor\r\n")
    rows = vms.rows()
    assert {row["state"] for row in rows.values()} == {"stopped"} and rows["last"]["starts"] == 0
    start(vms, "last")
    assert vms.rows()["last"]["starts"] == 1


@pytest.mark.long
def test_two_hundred_stops_and_starts(faults):
    vms, worker, _, limited, _ = faults
    first = vms.starts_of("limited")
    for life in range(2, RESTARTS + 2):
        vms.stop("limited")
        vms.monitor("start limited")
        vms.until("limited", lambda row: row["starts"] == life)
    worker.is_well()
    # The log leaves out lines of so fast a VM, but not this one.
    vms.type_to_monitor("stop limited")
    vms.expect(r"\[limited\] stopped by the monitor\r\n")
    start(vms, "limited")
    starts = vms.starts_of("limited")
    assert int(starts[-1][0]) == RESTARTS + 2
    assert {free for _, free in starts} == {first[0][1]}  # the VMM names its free memory
    tell(vms, limited, "p")
    vms.expect(r"\[limited\] powered off\r\n")


def counted(vms, names):
    """How far each spinner has counted."""
    return {name: vms.word(name, COUNTER) for name in names}


def test_everyone_gets_what_the_description_says(start_vms, board):
    """All spin with interrupts masked, for ever."""
    vms = start_vms(board, "budget", icount=ICOUNT)
    names = ("equal1", "equal2", "limited", "last")
    for name in names:
        vms.vm(name)
    vms.expect(r"# does s\r?\n")
    while not all(counted(vms, names[:3]).values()):
        time.sleep(0.2)
    before = counted(vms, names)
    until_they_have_had(vms, sum(shares(vms).values()) + 4000)
    after = counted(vms, names)
    turns = {name: after[name] - before[name] for name in names}
    whole = sum(turns.values())
    assert 0.29 <= turns["limited"] / whole <= 0.31, turns
    assert abs(turns["equal1"] - turns["equal2"]) / whole < 0.02, turns
    assert turns["last"] == 0
    # By the VMM's own account, too.
    vms.rows()
    until_they_have_had(vms, sum(shares(vms).values()) + 2000)
    rows = vms.rows()
    assert 29.0 <= rows["limited"]["cpu"] <= 31.0, rows
    assert rows["limited"]["budget"] == "30000/100000"
    # The others share what one leaves.
    vms.stop("limited")
    vms.monitor("pause equal1")
    vms.rows()
    until_they_have_had(vms, sum(shares(vms).values()) + 1000)
    rows = vms.rows()
    assert rows["equal2"]["cpu"] > 95.0, rows
    assert rows["equal1"]["state"] == "paused" and rows["equal1"]["cpu"] == 0.0
    assert rows["limited"]["state"] == "stopped"
