# SPDX-License-Identifier: Apache-2.0
"""More processes at a time than the VMM has shadow tables for: 200 address spaces, of which it
recycles the least recently used. Its memory does not grow: all of it is in the image's own layout.
"""

PROCESSES = 200
RUN_SECONDS = 600  # a hang's end, not a measure


def test_two_hundred_processes(linux):
    pipeline = "|".join(["cat"] * PROCESSES)

    expected = linux.check("seq 1 500 | md5sum")
    for _ in range(2):  # the second time they come back to what the first one left
        assert linux.check(f"seq 1 500 | {pipeline} | md5sum", timeout=RUN_SECONDS) == expected
    linux.check(f"for i in $(seq {PROCESSES}); do sleep 100000 & done 2>/dev/null")
    assert linux.check("ps | grep -c '[s]leep 100000'").strip() == str(PROCESSES)
    assert linux.check(f"seq 1 500 | {pipeline} | md5sum", timeout=RUN_SECONDS) == expected
    linux.check("killall sleep; wait")
    assert linux.check("dmesg | grep -ciE 'bug:|oops|out of memory' || true").strip() == "0"
