# SPDX-License-Identifier: Apache-2.0
"""Debian's stress-ng, which verifies what it does. Operations are counted, not seconds."""

import re

import pytest

# Name of a run: stress-ng's arguments. Left out is what ends only with its time and not with its
# count on one CPU (yield, context, futex), and the CPU methods with floating point, which armel does
# in software.
STRESSORS = {
    "cpu": "--cpu 1 --cpu-method {} --cpu-ops {}",
    "vm": "--vm 2 --vm-bytes 6M --vm-ops 1000",
    "memory": "--memcpy 1 --memcpy-ops 4 --mmap 1 --mmap-bytes 1M --mmap-ops 4 --mremap 1 "
              "--mremap-bytes 1M --mremap-ops 4",
    "fork": "--fork 2 --fork-ops 100 --vfork 1 --vfork-ops 100 --zombie 1 --zombie-ops 60",
    "signal": "--signal 1 --signal-ops 500 --sigq 1 --sigq-ops 500 --sigsegv 1 "
              "--sigsegv-ops 300 --sigpipe 1 --sigpipe-ops 30",
    "pipe": "--pipe 1 --pipe-ops 4000 --fifo 1 --fifo-ops 400",
    "timer": "--timer 1 --timer-ops 100 --timerfd 1 --timerfd-ops 100 --itimer 1 "
             "--itimer-ops 100 --nanosleep 1 --nanosleep-ops 10",
    "switch": "--switch 2 --switch-ops 1500",
    "ipc": "--msg 1 --msg-ops 500 --mq 1 --mq-ops 300",
}
CPU_METHODS = {"bitops": 40, "crc16": 40, "hamming": 10, "int32": 20, "queens": 20, "sieve": 10,
               "fibonacci": 40, "gray": 20, "collatz": 40, "loop": 20}
HANG_SECONDS = 900


def commands():
    for name, arguments in STRESSORS.items():
        if name != "cpu":
            yield name, arguments
    for method, count in CPU_METHODS.items():
        yield f"cpu-{method}", STRESSORS["cpu"].format(method, count)


@pytest.mark.long
def test_stress_ng_finds_no_failure(start, board, kernel):
    guest = start(board, kernel, stress=True)
    guest.wait_for_shell()
    for name, arguments in commands():
        status, output = guest.run(
            f"cd /tmp && stress-ng --verify --metrics-brief --temp-path /tmp {arguments} 2>&1",
            timeout=HANG_SECONDS)
        assert status == 0, f"{name} ended with status {status}:\n{output}"
        assert "successful run completed" in output, f"{name}:\n{output}"
        assert not re.search(r"\bfail(ed|ure)?:(?! 0\b)", output), f"{name}:\n{output}"
        # Every stressor did something: one line of metrics each, none of them all zeros.
        operations = [int(count) for count in
                      re.findall(r"metrc?:? .*?\] \w+ +(\d+) ", output)]
        assert operations and all(operations), f"{name} did nothing:\n{output}"
