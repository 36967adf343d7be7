# SPDX-License-Identifier: Apache-2.0
"""Debian's stress-ng, which verifies what it does. Operations are counted, not seconds."""

import re

# Name of a run: stress-ng's arguments. CPU methods are a choice: armel has no floating point, and
# the others take minutes each in software.
STRESSORS = {
    "cpu": "--cpu 1 --cpu-method {} --cpu-ops {}",
    "vm": "--vm 2 --vm-bytes 6M --vm-ops 4000",
    "memory": "--memcpy 1 --memcpy-ops 60 --mmap 1 --mmap-bytes 4M --mmap-ops 40",
    "cow": "--cow 1 --cow-ops 300 --madvise 1 --madvise-ops 20 --mremap 1 --mremap-bytes 2M "
           "--mremap-ops 40",
    "fork": "--fork 2 --fork-ops 400 --vfork 1 --vfork-ops 400 --zombie 1 --zombie-ops 200",
    "exec": "--exec 1 --exec-ops 40",
    "signal": "--signal 1 --signal-ops 4000 --sigq 1 --sigq-ops 4000 --sigsegv 1 "
              "--sigsegv-ops 2000 --sigpipe 1 --sigpipe-ops 200",
    "pipe": "--pipe 1 --pipe-ops 20000 --fifo 1 --fifo-ops 2000 --sock 1 --sock-ops 100",
    "timer": "--timer 1 --timer-ops 400 --timerfd 1 --timerfd-ops 400 --itimer 1 "
             "--itimer-ops 400 --nanosleep 1 --nanosleep-ops 40",
    "switch": "--switch 1 --switch-ops 6000 --context 1 --context-ops 400 --yield 1 "
              "--yield-ops 6000",
    "ipc": "--sem 1 --sem-ops 4000 --msg 1 --msg-ops 4000 --shm 1 --shm-bytes 2M --shm-ops 4 "
           "--mq 1 --mq-ops 2000 --futex 1 --futex-ops 2000",
}
CPU_METHODS = {"bitops": 4, "crc16": 4, "hamming": 1, "int32": 2, "queens": 2, "sieve": 1,
               "fibonacci": 8, "gray": 2, "collatz": 4, "loop": 2}
HANG_SECONDS = 900


def commands():
    for name, arguments in STRESSORS.items():
        if name != "cpu":
            yield name, arguments
    for method, count in CPU_METHODS.items():
        yield f"cpu-{method}", STRESSORS["cpu"].format(method, count)


def test_stress_ng_finds_no_failure(start, board, kernel):
    guest = start(board, kernel, stress=True)
    guest.wait_for_shell()
    for name, arguments in commands():
        status, output = guest.run(
            f"cd /tmp && stress-ng --verify --metrics-brief --temp-path /tmp {arguments} 2>&1",
            timeout=HANG_SECONDS)
        assert status == 0, f"{name} ended with status {status}:\n{output}"
        assert "successful run completed" in output, f"{name}:\n{output}"
        assert not re.search(r"\bfail(ed|ure)?:", output), f"{name}:\n{output}"
        # Every stressor did something: one line of metrics each, none of them all zeros.
        operations = [int(count) for count in
                      re.findall(r"metrc?:? .*?\] \w+ +(\d+) ", output)]
        assert operations and all(operations), f"{name} did nothing:\n{output}"
