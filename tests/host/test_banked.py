# SPDX-License-Identifier: Apache-2.0
"""LDM and STM of User mode's registers (^) must not be followed by an instruction that accesses a
banked register: before ARMv6 that is UNPREDICTABLE (ARM ARM, A4.1.21 and A4.1.98), and QEMU does not
mind. Looks at every such place in the VMMs that are built.
"""

import re
import subprocess
from pathlib import Path

import pytest

from rewrite_support import ROOT

IMAGES = [path for board in ("integratorcp", "versatilepb")
          for path in Path(ROOT).glob(f"build/{board}/vmm.elf")]
BANKED = re.compile(r"\b(sp|lr|r13|r14|SPSR\w*)\b", re.IGNORECASE)


def offenders(listing):
    """(instruction with ^, the one behind it) that may not stand together, and how many ^ there are."""
    lines = [line.split("@")[0].split(":\t", 1) for line in listing.splitlines()]
    insns = [(where.strip(), text.strip()) for where, text in (x for x in lines if len(x) == 2)]
    found, seen = [], 0
    for (where, text), (_, following) in zip(insns, insns[1:]):
        if not text.endswith("^") or re.search(r"\bpc\b", text):
            continue
        seen += 1
        if BANKED.search(following):
            found.append((where, text, following))
    return found, seen


@pytest.mark.parametrize("image", IMAGES, ids=lambda path: path.parent.name)
def test_no_banked_register_follows_a_transfer_of_user_registers(image):
    listing = subprocess.run(["arm-none-eabi-objdump", "-d", "--no-show-raw-insn", image],
                             check=True, capture_output=True, text=True).stdout
    found, seen = offenders(listing)
    assert found == []
    assert seen > 5


@pytest.mark.parametrize("text, bad", [
    ("  10:\tstmdb\tr3, {sp, lr}^\n  14:\tstm\tr3, {r0, lr}\n", 1),
    ("  10:\tldm\tr2, {sp}^\n  14:\tldr\tlr, [sp, #100]\t@ 0x64\n", 1),
    ("  10:\tldm\tr2, {sp}^\n  14:\tmsr\tSPSR_f, r0\n", 1),
    ("  10:\tldm\tr2, {sp}^\n  14:\tnop\t\t\t@ (mov r0, r0)\n", 0),
    ("  10:\tldm\tsp!, {r0, pc}^\n  14:\tmov\tr0, sp\n", 0),
])
def test_the_test_sees(text, bad):
    assert len(offenders(text)[0]) == bad
