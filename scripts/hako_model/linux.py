# SPDX-License-Identifier: Apache-2.0
"""
What Linux does in a run: a script in its initial RAM disk, so that nobody types. What is typed
comes at another moment of virtual time in each run, and can be lost; this way runs repeat.
"""

from hako_bench import build as bench_build

from .errors import ModelError
from .machine import ROOT, GuestError

# Name of a scenario: stress-ng's arguments. Operations are counted, not seconds.
STRESS = {
    "fork": "--fork 2 --fork-ops 100 --vfork 1 --vfork-ops 100",
    "pipe": "--pipe 1 --pipe-ops 4000",
    "mmap": "--mmap 1 --mmap-bytes 1M --mmap-ops 4 --mremap 1 --mremap-bytes 1M --mremap-ops 4",
    "switch": "--switch 2 --switch-ops 1500",
}
SCENARIOS = ("boot", *STRESS, "reboot")

# Nothing measures this: it ends a hang.
HANG_SECONDS = 3600

# The clock of the board begins here and goes with the virtual time, in every run.
RTC = "base=2026-11-21T00:00:00,clock=vm"

# What a person would do first at the prompt of a machine that just came up.
HEAD = """#!/bin/sh
. /etc/profile
dmesg -n 1
echo MODEL begin
ps && mount && ls -lR /etc && cat /proc/cpuinfo /proc/meminfo /proc/interrupts && dmesg | wc || \\
	echo MODEL error: a command failed
"""
STEP = """echo MODEL stress-ng {name}
cd /tmp && stress-ng --verify --temp-path /tmp {words} 2>&1 || echo MODEL error: stress-ng {name}
"""
TAIL = """echo MODEL end
{command} -f
"""


def needs_stress(scenarios):
    return any(name in STRESS for name in scenarios)


def _leaves_by_reboot(scenarios, under_vmm):
    """On the bare board QEMU ends at a reboot; it has no power switch."""
    return not under_vmm or "reboot" in scenarios


def guest_script(scenarios, under_vmm):
    command = "reboot" if _leaves_by_reboot(scenarios, under_vmm) else "poweroff"
    steps = [STEP.format(name=name, words=STRESS[name]) for name in scenarios if name in STRESS]
    return HEAD + "".join(steps) + TAIL.format(command=command)


def make_initrd(target, scenarios, under_vmm):
    """The initial RAM disk that runs the scenarios: the built one with a script on top."""
    base = ROOT / "build/guest" / ("stress.cpio.gz" if needs_stress(scenarios)
                                   else "initramfs.cpio.gz")
    if not base.exists():
        raise ModelError(f"{base.relative_to(ROOT)} is missing: make model-programs")
    return bench_build.add_script(base, guest_script(scenarios, under_vmm), target)


def host_script(scenarios, under_vmm):
    """What to wait for while the guest's script runs."""
    def script(console, step):
        step("boot")
        begun = False
        while True:
            match, before = console.expect(r"MODEL (begin|end|error|stress-ng)([^\r\n]*)\r\n",
                                           HANG_SECONDS)
            if match[1] == "error":
                raise GuestError(f"the guest failed{match[2]}\n{before[-2000:]}")
            if match[1] == "begin":
                if begun:
                    return  # after the restart: that is all it was for
                begun = True
            elif match[1] == "stress-ng":
                step(f"stress-ng{match[2]}")
            elif not under_vmm or "reboot" not in scenarios:
                console.wait_for_end()
                return
            else:
                step("reboot")
    return script
