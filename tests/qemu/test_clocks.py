# SPDX-License-Identifier: Apache-2.0
"""Several VMs and one clock on the board."""

import pytest

CLOCK = "base=2031-05-06T07:08:09,clock=vm"


def year(vm):
    return int(vm.check("hwclock -r -u").split()[4])


def test_a_vm_sets_its_own_clock_only(start_vms, board):
    if board != "integratorcp":
        pytest.skip("the description has the model where an Integrator's clock is")
    vms = start_vms(board, "clock", rtc=CLOCK, icount="shift=3")
    first, second = vms.vm("first"), vms.vm("second")
    for vm in (first, second):
        vm.wait_for_shell()
        assert year(vm) == 2031
    # The board's clock is the first one's: it may set it.
    first.check("date -u -s 2001-02-03; hwclock -w -u")
    assert year(first) == 2001
    # The other one begins anew, with a time that nobody has set.
    vms.monitor("reset second")
    second.wait_for_shell()
    assert year(second) == 2031
    assert year(first) == 2001
