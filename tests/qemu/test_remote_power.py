# SPDX-License-Identifier: Apache-2.0
"""The board that has the device loses its power at random moments, while Linux on the other board uses
it: the guest gets what the description says, in the time that it says, and has the device again when
that board is back."""

import os
import random
import time

import pytest

TIMES = 200 if os.environ.get("HAKO_REMOTE_LONG") else 3
RTC = "/sys/class/rtc/rtc0/since_epoch"
# A clock whose registers read all ones, or that the driver takes for broken.
GONE = f"[ \"$(cat {RTC} 2>/dev/null || echo 4294967295)\" = 4294967295 ]"


@pytest.mark.parametrize("boards", [("versatilepb", "integratorcp"), ("integratorcp", "versatilepb")],
                         ids="-".join)
def test_power_off(start_pair, boards):
    pair = start_pair((boards[0], "remote-a"), (boards[1], "remote-b"))
    chance = random.Random(13)
    linux = pair.a.vm("linux")
    linux.wait_for_shell()
    linux.check(f"while {GONE}; do sleep 1; done")
    for _ in range(TIMES):
        # What the VMM says of sessions would otherwise come between the lines of the guest.
        linux.send(f"until {GONE}; do :; done; sleep 1")
        time.sleep(chance.uniform(0.0, 0.5))
        pair.power_off("b")
        status, _ = linux.end()
        assert status == 0
        # Each access to it takes as long as the description says, two seconds, or less when it is known
        # to be gone; the guest's other work goes on.
        linux.check("ls / >/dev/null")
        pair.power_on("b")
        linux.check(f"while {GONE}; do sleep 1; done; sleep 1")
    assert pair.a.rows()["linux"]["state"] != "stopped"
    assert pair.a.rows()["linux"]["starts"] == 1
