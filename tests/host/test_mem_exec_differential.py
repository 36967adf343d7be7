# SPDX-License-Identifier: Apache-2.0
"""Runs diff_mem_exec.c: random loads and stores, through mem_exec() and as instructions."""

import shutil
import subprocess
from pathlib import Path

PROGRAM = Path(__file__).parents[2] / "build/host/arm/diff_mem_exec"


def test_executor_does_what_the_cpu_does():
    qemu = shutil.which("qemu-arm")
    assert qemu, "qemu-arm is missing: install the package qemu-user"
    assert PROGRAM.exists(), f"{PROGRAM} is missing: run `make test-programs`"
    run = subprocess.run([qemu, "-cpu", "arm926", PROGRAM], capture_output=True, text=True,
                         timeout=300)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.count("all equal") == 2, run.stdout
