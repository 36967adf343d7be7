# SPDX-License-Identifier: Apache-2.0
"""A Linux on one board has the second serial port of another, a PL011, with the kernel's own driver: who
sits there works in that guest. At the same time the other board's guest has a device of the first."""

import re
import socket
import time

import pcap
import pytest
from guest import HANG_SECONDS

ETHERTYPE = 0x88B5
REQUEST, REPLY = 6, 7
RTC = "/sys/class/rtc/rtc0"
BOARDS = [("versatilepb", "integratorcp"), ("integratorcp", "versatilepb")]
# As in /etc/inittab for UART 0; init reads it again.
SHELL = "echo ttyAMA1::respawn:-/bin/sh >>/etc/inittab && kill -HUP 1"
PROMPT = b"hako:~# "
CURSOR = b"\x1b[6n"  # a shell that edits lines asks where it is
NUMBERS = 460  # of seq: 2 KB with line ends


def frames(pair):
    """Requests and replies, each once: a busy workstation may have one sent again."""
    return len({(packet.source, packet.frame[15], packet.frame[18:22], packet.frame[26:28])
                for packet in pcap.read(pair.cable.capture("a"))
                if packet.ether_type == ETHERTYPE and packet.frame[15] in (REQUEST, REPLY)})


class Serial:
    """Who sits at the board's second serial port."""

    def __init__(self, path):
        self.text = b""
        until = time.monotonic() + HANG_SECONDS
        while True:
            self.link = socket.socket(socket.AF_UNIX)
            self.link.settimeout(HANG_SECONDS)
            try:
                self.link.connect(str(path))
                return
            except (ConnectionRefusedError, FileNotFoundError):  # QEMU has just been started
                assert time.monotonic() < until
                time.sleep(0.05)

    def type(self, text):
        self.link.sendall(text)

    def until(self, end):
        """What comes up to `end`, and with it."""
        while end not in self.text:
            more = self.link.recv(4096)
            assert more, self.text
            self.text += more
        before, self.text = self.text.split(end, 1)
        return before.replace(CURSOR, b"") + end

    def runs(self, command):
        """The output of a line of shell."""
        self.type(command + b"\r")
        self.until(b"\r\n")
        return self.until(PROMPT)[:-len(PROMPT)]


def alarms(linux):
    """How many interrupts of the clock the guest has taken."""
    return int(linux.says("grep rtc-pl031 /proc/interrupts").split()[1])


def settle(pair):
    """Waits until nothing is on its way; returns the number of frames."""
    before, now = -1, frames(pair)
    while before != now:
        time.sleep(0.5)
        before, now = now, frames(pair)
    return now


@pytest.mark.parametrize("boards", BOARDS, ids="-".join)
def test_a_shell_over_it_while_the_other_one_has_a_clock(start_pair, tmp_path, boards):
    pair = start_pair((boards[0], "remote-shell-a"),
                      (boards[1], "remote-shell-b", {"second_serial": tmp_path / "uart1"}),
                      cable={"capture": True})
    a, b = pair.a.vm("linux"), pair.b.vm("linux")
    for linux in (a, b):
        linux.wait_for_shell()
    serial = Serial(tmp_path / "uart1")
    a.check(SHELL)
    serial.until(b"built-in commands.")
    serial.until(PROMPT)
    # Each character: there and its acknowledgement, back and its answer.
    line = b"echo typed by hand"
    before = settle(pair)
    for n in range(len(line)):
        serial.type(line[n:n + 1])
        serial.until(line[n:n + 1])
    typed = settle(pair) - before
    assert typed <= 4 * len(line)
    serial.type(b"\r")
    serial.until(b"\r\ntyped by hand\r\n")
    serial.until(PROMPT)
    # All at once, more than a FIFO holds.
    assert serial.runs(b"echo " + b"0123456789" * 6) == b"0123456789" * 6 + b"\r\n"
    before, start = settle(pair), time.monotonic()
    wanted = b"".join(b"%d\r\n" % n for n in range(1, NUMBERS + 1))
    assert serial.runs(b"seq 1 %d" % NUMBERS) == wanted
    seconds = time.monotonic() - start
    printed = settle(pair) - before
    assert printed < len(wanted) / 4
    print(f"\n{typed / len(line):.1f} frames for a character typed, {printed} for {len(wanted)} "
          f"bytes printed, {len(wanted) / seconds:.0f} B/s")
    # Both at the same time: the other guest sets, reads and waits for the clock of board A.
    b.check("date -s '2033-03-04 05:06:07' && hwclock -w")
    before = alarms(b)
    b.send(f"echo +3 > {RTC}/wakealarm; for n in $(seq 40); do cat {RTC}/since_epoch; done; sleep 5")
    for _ in range(3):
        assert serial.runs(b"seq 1 %d" % NUMBERS) == wanted
    status, text = b.end()
    times = [int(word) for word in text.split() if word.isdigit()]
    assert status == 0 and len(times) == 40 and times == sorted(times)
    assert times[-1] - times[0] < 600
    assert alarms(b) == before + 1
    assert b"/dev/ttyAMA1" in serial.runs(b"tty")
    for board in (pair.a, pair.b):
        text = "\n".join(board.monitor("peers"))
        assert "rejected: 0 malformed, 0 foreign, 0 forged, 0 replayed" in text
        assert "1 of 1 open here, 1 of 1 there" in text
        assert re.search(r" 0 refused, 0 bus errors", text)


@pytest.mark.parametrize("boards", BOARDS, ids="-".join)
def test_the_port_of_a_board_that_was_off(start_pair, tmp_path, boards):
    """It has no VM. What the guest says meanwhile waits, and the port is set up as it was."""
    path = tmp_path / "uart1"
    pair = start_pair((boards[0], "remote-shell-a"),
                      (boards[1], "remote-server", {"second_serial": path}))
    linux = pair.a.vm("linux")
    linux.wait_for_shell()
    assert pair.b.rows() == {}
    serial = Serial(path)
    linux.check(SHELL)
    serial.until(PROMPT)
    assert serial.runs(b"echo $((6 * 7))") == b"42\r\n"
    pair.power_off("b")
    # Its VM goes on, and does not wait.
    linux.check("sleep 5; echo said meanwhile >/dev/ttyAMA1")
    pair.cable.cut()
    pair.power_on("b")
    serial = Serial(path)  # before anything comes out of there
    pair.cable.mend()
    serial.until(b"said meanwhile\r\n")
    assert serial.runs(b"echo $((6 * 8))") == b"48\r\n"
