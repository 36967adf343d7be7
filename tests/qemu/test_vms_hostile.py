# SPDX-License-Identifier: Apache-2.0
"""What one VM does to itself, to its devices and to the VMM, while others do work that is checked.

The hostile guest is tests/guest/hostile_vm.c: it is told at its console which attack to make, and
from which seed. HAKO_SOAK=n adds n minutes of longer ones with other seeds: of the guests' time,
which is instructions.
"""

import os
import re

import pytest
from vms import VMS_FATAL

SOAK = int(os.environ.get("HAKO_SOAK", "0"))
HANG_SECONDS = 900
SIZE = 200_001  # bytes of the file that is read from memory, from the disk and over the network

# Name and count of each attack; a soak makes more at a time.
ATTACKS = [("rings", 500), ("frames", 500), ("registers", 4000), ("calls", 2000), ("console", 200),
           ("timer", 5000), ("interrupts", 5000)]
SOAK_FACTOR = 8
DEATHS = ("die", "lost")
STOPS = 200
# Time in the guests is instructions: then budgets are what they are on any workstation.
ICOUNT = "shift=3"

# Rounds of work, and what was wrong in them. The disk is read, not the cache of it.
WORK = ("cd /tmp; n=0; while :; do "
        "[ \"$(sha256sum <data)\" = \"$sum\" ] || echo memory >>bad; "
        "echo 1 >/proc/sys/vm/drop_caches; "
        f"[ \"$(head -c {SIZE} /dev/vda | sha256sum)\" = \"$sum\" ] || echo disk >>bad; "
        "[ -e alone ] || [ \"$(wget -q -O - http://10.1.0.2/data | sha256sum)\" = \"$sum\" ] || "
        "echo network >>bad; "
        "n=$((n+1)); echo $n >now; mv now rounds; done")


class Worker:
    """The Linux that must not notice anything."""

    def __init__(self, vm, peer=None):
        self.vm = vm
        vm.wait_for_shell()
        vm.check("ip link set eth0 up; ip addr add 10.1.0.1/24 dev eth0")
        vm.check(f"head -c {SIZE} /dev/urandom >/tmp/data; cat /tmp/data >/dev/vda; sync; "
                 "sum=$(sha256sum </tmp/data); echo 0 >/tmp/rounds")
        # What answers a flood goes back to where it comes from.
        vm.check("arp -s 10.1.0.3 02:48:41:4b:4f:03")
        if peer:
            peer.wait_for_shell()
            peer.check("ip link set eth0 up; ip addr add 10.1.0.2/24 dev eth0; mkdir /tmp/www")
            vm.check("httpd -p 80 -h /tmp")
            peer.check("wget -q -O /tmp/www/data http://10.1.0.1/data && httpd -p 80 -h /tmp/www")
        else:
            vm.check("touch /tmp/alone")
        vm.check(f"({WORK}) & true")
        self.works_on()

    def rounds(self):
        return int(self.vm.says("cat /tmp/rounds"))

    def seconds(self):
        """Its own time."""
        return float(self.vm.says("cut -d' ' -f1 /proc/uptime"))

    def works_on(self, rounds=2):
        """It does so many rounds more, and nothing was ever wrong."""
        end = self.rounds() + rounds
        self.vm.check(f"while [ $(cat /tmp/rounds) -lt {end} ]; do sleep 1; done",
                      timeout=HANG_SECONDS)
        self.nothing_was_wrong()

    def nothing_was_wrong(self):
        assert self.vm.says("cat /tmp/bad 2>/dev/null || true") == ""
        assert self.vm.says("dmesg | grep -iE 'bug:|oops|I/O error|out of memory' || true") == ""


def begin(board, name, seed, count):
    """Tell the hostile VM what to do."""
    board.hostile.type(f"{name} {seed} {count}\r")
    board.hostile.expect(rf"# begins {name} {seed} ")


def attack(board, name, seed, count, meanwhile=lambda: None):
    """
    One attack to its end: the VM has pressed its reset button, because it is over or by what it
    wrote to random registers, or has been stopped and started again.
    """
    starts = board.rows()["hostile"]["starts"]
    begin(board, name, seed, count)
    meanwhile()
    board.until("hostile", lambda row: row["starts"] > starts and row["state"] == "waiting")


def is_over(board, name, seed):
    """Whether the hostile VM has said so. A line of the VMM's may cut what it says in two."""
    board.log.flush()
    text = board.log_path.read_text(encoding="utf-8", errors="replace").replace("\r\n", "\n")
    joined = re.sub(r"(\n(hako:|\[\w+\]) [^\n]*)+\n", "", text)
    return any(f"# over {name} {seed}" in either for either in (text, joined))


def no_memory_was_lost(board, name, count):
    """The log leaves out lines of a VM that causes many, but not of its start number `count`."""
    starts = board.starts_of(name)
    assert int(starts[-1][0]) >= count
    assert len({free for _, free in starts}) == 1, starts


def switch_all_off(board, worker, others):
    for name in others:
        board.monitor(f"stop {name}")
        board.until(name, lambda row: row["state"] == "stopped")
    worker.vm.check("touch /tmp/alone")
    worker.vm.type("poweroff -f\n")
    text, status = board.wait_for_end()
    assert "hako: vmm memory checksum ok" in text
    assert status == 0


@pytest.fixture
def attacked(start_vms, board):
    """A worker and its peer, at work, and the hostile VM."""
    vms = start_vms(board, "hostile", icount=ICOUNT)
    # Only the one that attacks may die.
    vms.fatal = [p for p in VMS_FATAL if "stopped" not in p]
    vms.fatal += [r"\[(?:worker|peer|witness)\] stopped: [^\r\n]*", r"Bail out![^\r\n]*"]
    worker, peer = vms.vm("worker"), vms.vm("peer")
    vms.hostile = vms.vm("hostile")
    return vms, Worker(worker, peer)


@pytest.mark.long
def test_attacks_hurt_nobody(attacked):
    vms, worker = attacked
    for seed, (name, count) in enumerate(ATTACKS, 1):
        attack(vms, name, seed, count, worker.works_on)
    for name in DEATHS:
        attack(vms, name, 1, 1, worker.works_on)
    # It spins for ever, with interrupts masked and the highest priority: it gets its budget.
    begin(vms, "spin", 1, 1)
    vms.rows()
    worker.works_on(rounds=8)
    assert 29 < vms.rows()["hostile"]["cpu"] < 31
    worker.nothing_was_wrong()
    for seed, (name, _) in enumerate(ATTACKS, 1):
        assert is_over(vms, name, seed)
    no_memory_was_lost(vms, "hostile", 1 + len(ATTACKS) + len(DEATHS))
    switch_all_off(vms, worker, ("hostile", "peer"))


@pytest.mark.skipif(not SOAK, reason="takes so many minutes: HAKO_SOAK=10")
def test_minutes_of_attacks_hurt_nobody(attacked):
    vms, worker = attacked
    end = worker.seconds() + 60 * SOAK
    seed = 1000
    while worker.seconds() < end:
        for name, count in ATTACKS:
            attack(vms, name, seed, SOAK_FACTOR * count, worker.works_on)
            seed += 1
        attack(vms, DEATHS[seed % len(DEATHS)], seed, 1, worker.works_on)
    no_memory_was_lost(vms, "hostile", 1 + seed - 1000)
    switch_all_off(vms, worker, ("hostile", "peer"))


def test_memory_is_nobody_elses(attacked):
    vms, worker = attacked
    key, hostile_size, witness_size = 77, 4 << 20, 8 << 20
    attack(vms, "fill", key, hostile_size)
    vms.stop("hostile")
    vms.monitor("start witness")
    vms.until("witness", lambda row: row["state"] == "waiting")
    witness = vms.vm("witness", 4)
    witness.type(f"search {key} {witness_size}\r")
    found, _ = witness.expect(r"# found (\d+) words of pattern 77\r?\n")
    assert found[1] == "0"
    # The pattern was really there, and still is, where it belongs.
    vms.monitor("start hostile")
    vms.until("hostile", lambda row: row["state"] == "waiting")  # for a line
    begin(vms, "search", key, hostile_size)
    found, _ = vms.hostile.expect(r"# found (\d+) words of pattern 77\r?\n")
    assert int(found[1]) == (2 << 20) // 4
    switch_all_off(vms, worker, ("hostile", "peer", "witness"))


@pytest.mark.long
def test_two_hundred_stops_in_the_middle_of_things(start_vms, board):
    vms = start_vms(board, "busy", icount=ICOUNT)
    vms.fatal = [p for p in VMS_FATAL if "stopped" not in p]
    vms.fatal += [r"\[worker\] stopped: [^\r\n]*", r"Bail out![^\r\n]*"]
    worker = Worker(vms.vm("worker"))
    for number in range(STOPS):
        before = vms.rows()["busy"]["starts"]
        vms.monitor("start busy")
        vms.until("busy", lambda row: row["starts"] > before)
        for _ in range(number % 4):
            vms.monitor("list")  # it takes a while: the VM is at something else each time
        if number % 8 == 0:
            vms.monitor("reset busy")
        vms.stop("busy")
        if number % 50 == 0:
            worker.works_on()
    worker.works_on()
    count = vms.rows()["busy"]["starts"] + 1
    assert count > STOPS
    vms.monitor("start busy")
    vms.until("busy", lambda row: row["starts"] == count)
    vms.stop("busy")
    no_memory_was_lost(vms, "busy", count)
    switch_all_off(vms, worker, ())
