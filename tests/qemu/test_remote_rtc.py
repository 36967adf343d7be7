# SPDX-License-Identifier: Apache-2.0
"""A Linux on each of two boards has the other one's clock, a PL031, with the kernel's own driver."""

import re
import signal
import time

import pcap
import pytest

ETHERTYPE = 0x88B5
REQUEST, REPLY, PING, PONG = 6, 7, 8, 9
RTC = "/sys/class/rtc/rtc0"
ALL_ONES = "4294967295"
BOARDS = [("versatilepb", "integratorcp"), ("integratorcp", "versatilepb"),
          ("versatilepb", "versatilepb"), ("integratorcp", "integratorcp")]
PLAIN = BOARDS[:2]


def protocol(pair, end="a"):
    """Types of the protocol's frames at one end of the cable, in order."""
    return [packet.frame[15] for packet in pcap.read(pair.cable.capture(end))
            if packet.ether_type == ETHERTYPE]


def accesses(pair):
    """Requests and replies, each once: a busy workstation may have one sent again."""
    return {(packet.source, packet.frame[15], packet.frame[18:22], packet.frame[26:28])
            for packet in pcap.read(pair.cable.capture("a"))
            if packet.ether_type == ETHERTYPE and packet.frame[15] in (REQUEST, REPLY)}


def seconds(linux):
    return int(linux.says(f"cat {RTC}/since_epoch"))


def alarms(linux):
    """How many interrupts of the clock the guest has taken."""
    return int(linux.says("grep rtc-pl031 /proc/interrupts").split()[1])


def interrupt_comes(linux):
    before = alarms(linux)
    linux.check(f"echo +2 > {RTC}/wakealarm")
    linux.says("n=0; until [ -z \"$(cat " + RTC + "/wakealarm)\" ] || [ $n = 40 ]; "
               "do sleep 1; n=$((n + 1)); done; echo $n")
    assert alarms(linux) == before + 1


def linux_of(board):
    linux = board.vm("linux")
    linux.wait_for_shell()
    return linux


@pytest.mark.parametrize("boards", BOARDS, ids="-".join)
def test_each_has_the_clock_of_the_other(start_pair, boards):
    pair = start_pair((boards[0], "remote-a"), (boards[1], "remote-b"))
    a, b = linux_of(pair.a), linux_of(pair.b)
    # Two clocks, each set by the board that it is not on.
    for linux, year in ((a, 2031), (b, 2035)):
        linux.check(f"date -s '{year}-03-04 05:06:07' && hwclock -w")
    for linux, year in ((a, 2031), (b, 2035)):
        assert linux.says("hwclock | grep -o 20..").endswith(str(year))
        first = seconds(linux)
        linux.check("sleep 3")
        assert 2 <= seconds(linux) - first <= 60
    for linux in (a, b):
        interrupt_comes(linux)
        interrupt_comes(linux)  # and comes again
    for board in (pair.a, pair.b):
        text = "\n".join(board.monitor("peers"))
        assert re.search(r"^board. +up ", text, re.M), text
        assert "rejected: 0 malformed, 0 foreign, 0 forged, 0 replayed" in text
        assert "1 of 1 open here, 1 of 1 there" in text


@pytest.mark.parametrize("boards", PLAIN, ids="-".join)
def test_frames(start_pair, boards):
    """A read is one frame each way, and nothing is sent for a window that nobody uses."""
    pair = start_pair((boards[0], "remote-a"), (boards[1], "remote-b"), cable={"capture": True})
    a = linux_of(pair.a)
    linux_of(pair.b)
    reads = 20
    before = len(accesses(pair))
    a.check(f"for n in $(seq {reads}); do cat {RTC}/since_epoch; done")
    assert len(accesses(pair)) - before == 2 * reads
    before = len(protocol(pair))
    time.sleep(5)
    idle = protocol(pair)[before:]
    assert set(idle) <= {PING, PONG} and len(idle) <= 24, idle


@pytest.mark.parametrize("boards", PLAIN, ids="-".join)
def test_all_ones_without_an_answer(start_pair, boards):
    pair = start_pair((boards[0], "remote-a"), (boards[1], "remote-b"))
    a = linux_of(pair.a)
    linux_of(pair.b)
    assert seconds(a) > 1
    pair.power_off("b")
    began = time.monotonic()
    assert a.says(f"cat {RTC}/since_epoch") == ALL_ONES
    assert time.monotonic() - began < 30  # 2 s of the guest's time
    pair.power_on("b")
    linux_of(pair.b)
    assert a.says(f"n=0; until [ $(cat {RTC}/since_epoch) != {ALL_ONES} ]; do n=$((n + 1)); "
                  f"[ $n -lt 20 ] || break; done; cat {RTC}/since_epoch") != ALL_ONES
    interrupt_comes(a)


@pytest.mark.parametrize("boards", PLAIN, ids="-".join)
def test_a_data_abort_without_an_answer(start_pair, boards):
    """The program that reads dies of the kernel's oops; the kernel, and the VM beside it, do not."""
    pair = start_pair((boards[0], "remote-abort"), (boards[1], "remote-b"))
    a = linux_of(pair.a)
    pair.a.fatal = []  # the oops is one
    second = pair.a.vm("second")
    second.wait_for_shell()
    assert seconds(a) > 1
    pair.power_off("b")
    status, _ = a.run(f"cat {RTC}/since_epoch")
    assert status == 128 + signal.SIGSEGV
    # From the kernel's memory: on the console, a line of the VMM's may cut it in two.
    assert a.says("dmesg | grep -c 'Unhandled fault: external abort on non-linefetch'") == "1"
    second.check("true")
    pair.power_on("b")
    linux_of(pair.b)
    a.check("true")


@pytest.mark.parametrize("boards", PLAIN, ids="-".join)
def test_a_vm_that_waits(start_pair, boards):
    """It can be paused, resumed, reset, stopped and started, and its access ends when board B is back."""
    pair = start_pair((boards[0], "remote-wait"), (boards[1], "remote-b"))
    vms, a = pair.a, linux_of(pair.a)
    second = vms.vm("second")
    second.wait_for_shell()
    assert seconds(a) > 1
    pair.power_off("b")
    a.send(f"cat {RTC}/since_epoch")
    time.sleep(3)
    second.check("true")
    assert vms.rows()["linux"]["state"] == "waiting"
    vms.monitor("pause linux")
    vms.until("linux", lambda row: row["state"] == "paused")
    vms.monitor("resume linux")
    vms.until("linux", lambda row: row["state"] == "waiting")
    pair.power_on("b")
    linux_of(pair.b)
    a.end()  # with the answer
    pair.power_off("b")
    a.send(f"cat {RTC}/since_epoch")
    time.sleep(3)
    vms.stop("linux")
    vms.monitor("start linux")
    pair.power_on("b")
    a.wait_for_shell()
    assert seconds(a) > 1
    linux_of(pair.b)
    pair.power_off("b")
    a.send(f"cat {RTC}/since_epoch")
    time.sleep(3)
    vms.monitor("reset linux")
    pair.power_on("b")
    a.wait_for_shell()
    assert seconds(a) > 1
    interrupt_comes(a)
