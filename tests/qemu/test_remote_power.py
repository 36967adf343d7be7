# SPDX-License-Identifier: Apache-2.0
"""The board that has the device loses its power at random moments, while Linux on the other board uses
it: the guest gets what the description says, in the time that it says, and has the device again when
that board is back. That one has no VM, so that it is back soon."""

import os
import random
import re
import time

import pytest

TIMES = 200 if os.environ.get("HAKO_REMOTE_LONG") else 3
RTC = "/sys/class/rtc/rtc0/since_epoch"
ALL_ONES = "4294967295"
# A clock whose registers read all ones, or that the driver takes for broken.
GONE = f"[ \"$(cat {RTC} 2>/dev/null || echo {ALL_ONES})\" = {ALL_ONES} ]"
# One access after the other, until one fails; how long that took, in hundredths of a second of the
# guest's time.
UNTIL_GONE = (f"while set -- $(cat /proc/uptime); u=$1; v=$(cat {RTC} 2>/dev/null || echo {ALL_ONES}); "
              f"[ $v != {ALL_ONES} ]; do :; done; set -- $(cat /proc/uptime); "
              "echo took $(( ${1%.*}${1#*.} - ${u%.*}${u#*.} ))")
WITHIN = 200  # timeout-us of configs/remote-a.dts
SLACK = 100   # the rest of that line of shell


@pytest.mark.parametrize("boards", [("versatilepb", "integratorcp"), ("integratorcp", "versatilepb")],
                         ids="-".join)
def test_power_off(start_pair, boards):
    pair = start_pair((boards[0], "remote-a"), (boards[1], "remote-server"))
    chance = random.Random(13)
    linux = pair.a.vm("linux")
    linux.wait_for_shell()
    linux.check(f"while {GONE}; do sleep 1; done")
    took = []
    for number in range(TIMES):
        if number and number % 20 == 0:
            print(f"{number} times", flush=True)
        # What the VMM says of sessions would otherwise come between the lines of the guest.
        linux.send(f"{UNTIL_GONE}; sleep 1")
        time.sleep(chance.uniform(0.0, 0.5))
        pair.power_off("b")
        status, text = linux.end()
        assert status == 0
        took.append(int(re.search(r"^took (\d+)$", text, re.M)[1]))
        # The guest's other work goes on.
        linux.check("ls / >/dev/null")
        pair.power_on("b")
        linux.check(f"while {GONE}; do sleep 1; done; sleep 1")
    took.sort()
    print(f"\n{TIMES} times off and on; the access took {took[TIMES // 2] / 100:.2f} s, at most "
          f"{took[-1] / 100:.2f} s")
    # Half of them, as the workstation may not let QEMU run for a while.
    assert took[TIMES // 2] <= WITHIN + SLACK
    rows = pair.a.rows()["linux"]
    assert rows["state"] != "stopped" and rows["starts"] == 1
