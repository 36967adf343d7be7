# SPDX-License-Identifier: Apache-2.0
"""What it costs to change from one VM to another, and how long the VMM keeps others waiting, in instructions."""

import re
import subprocess

import pytest

from guest import ROOT

from hako_latency import guest as rt_guest

RUN_SECONDS = 1200  # a hang's end, not a measure


def longest(what, board, kernel, folder):
    done = subprocess.run([ROOT / "scripts/longest", *what, "--check", "--board", board,
                           "--kernel", kernel, "--out", folder], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=RUN_SECONDS, check=False)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_a_reload_lets_others_in(board, default_kernel, tmp_path):
    longest(["--reload"], board, default_kernel, tmp_path)


def test_vms_let_others_in(board, default_kernel, tmp_path):
    """Two Linux that use their networks, disks, consoles and random numbers, and the real-time guest."""
    report = longest(["--several"], board, default_kernel, tmp_path)
    log = (tmp_path / "longest.log").read_text(encoding="utf-8", errors="replace")
    # It did: a file from the first VM, a second start, lines of the log about registers.
    assert "LONGEST fetched" in log and "[second] start 2:" in log, report
    assert "virtio-net: no register at offset 0xf8" in log and "[rt] powered off" in log, report


def test_other_boards_let_others_in(board, default_kernel, tmp_path):
    """Sessions that begin and end, a clock that is read, set and lent, and its board off and on."""
    longest(["--remote"], board, default_kernel, tmp_path)


def test_another_boards_card_lets_others_in(board, default_kernel, tmp_path):
    """Copies to it and from it: long frames, several jobs at a time, a guest's copy loops."""
    longest(["--card"], board, default_kernel, tmp_path)


def test_a_linux_alone_is_let_in(board, default_kernel, tmp_path):
    """From its first instruction to its last."""
    longest(["--command", "ls -lR /etc; sleep 1"], board, default_kernel, tmp_path)


WAITING = """/dts-v1/;
/ {{
	compatible = "hako,system";
	vms {{
		rt {{ memory = <0x400000>; guest = "rt"; priority = <200>; autostart; }};
		{others}
	}};
}};
"""
OTHER = "vm{n} {{ memory = <0x400000>; guest = \"sleeper\"; {runs} }};"
PERIOD_INSNS = 125_000  # a millisecond at 8 ns each


def period_of_rt(board, folder, runs):
    """Instructions in a period of the real-time guest, everybody's, beside six VMs that are off, or that wait
    for an interrupt: they are the same guest with periods of a second."""
    folder.mkdir()
    source, bundle = folder / "waiting.dts", folder / "zImage-hako"
    source.write_text(WAITING.format(others="".join(OTHER.format(n=n, runs=runs) for n in range(6))),
                      encoding="ascii")
    sleeper = rt_guest.make(ROOT, board, folder, 1_000_000, 1000)
    vmm = ROOT / f"build/{board}-vms/vmm"
    subprocess.run([ROOT / "scripts/bundle", "--board", board, "--vmm", f"{vmm}.bin", "--vms", source, "-o", bundle,
                    "--guest", f"sleeper={sleeper}", "--guest",
                    f"rt={ROOT}/build/guest-tests/{board}/rt.hako.elf"], check=True, capture_output=True)
    subprocess.run([ROOT / "scripts/longest", "--board", board, "--image", bundle, "--vmm", f"{vmm}.elf", "--over", "0",
                    "--until", "[rt] powered off", "--out", folder], check=True, capture_output=True,
                   timeout=RUN_SECONDS)
    # The board's sleeps end with the real-time guest's timer, and with nothing else; up to its end.
    wakes = [int(begin) for begin in re.findall(r"begin=(\d+) .*kind=wake ",
                                                (folder / "longest.stretches").read_text(encoding="ascii"))]
    periods = sorted(end - begin for begin, end in zip(wakes[100:600], wakes[101:601]))
    assert len(periods) == 500
    return periods[len(periods) // 2]


def test_who_waits_costs_nothing_and_the_board_sleeps(board, tmp_path):
    off = period_of_rt(board, tmp_path / "off", "")
    waiting = period_of_rt(board, tmp_path / "waiting", "autostart;")
    print(f"instructions in a period: {off}, beside six VMs that wait {waiting}")
    assert waiting == off < PERIOD_INSNS / 20


@pytest.mark.long
def test_a_switch_is_within_its_limit(board, default_kernel, tmp_path):
    report = longest(["--switches"], board, default_kernel, tmp_path)
    # From a wait, at the end of a turn, and from the board's sleep.
    for kind in ("und", "irq", "wake"):
        row = next(line for line in report.splitlines() if line.startswith(f"{kind} "))
        assert int(row.split()[1]) > 20, report
