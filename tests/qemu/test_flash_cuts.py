# SPDX-License-Identifier: Apache-2.0
"""The power fails in the middle of an update: QEMU is killed at a random moment of it, once on each board,
or with HAKO_FLASH_LONG (make test-flash) 100 times. The old version boots then, or the new one, and the
next update goes on from what it finds.
"""

import os
import random
import time
from collections import Counter

from flash_bench import LONG, bench_fixture  # noqa: F401 (fixture)
from test_boot import folder_fixture, guests_fixture  # noqa: F401 (fixtures)
from test_uboot_port import uboot_fixture  # noqa: F401 (fixture)

CUTS = int(os.environ.get("HAKO_FLASH_CUTS", "100" if LONG else "1"))
VERSIONS = 4
MORE = 0x30000  # bytes of which no two versions have the same

# Where in an update, with how many of ten cuts. Writing takes longest, and leaves most behind.
MOMENTS = {
    "write": (r"(erase|cp\.b|mmc write)\b", 5),
    "note the slot": (r"slot write\b", 1),
    "note that it is written": (r"slot valid\b", 2),
    "read": (r"(crc32|mmc read)\b", 1),
    "before anything": (r"version\b", 1),
}


class Chance:
    """Random moments. How long commands take is learned as it goes: a workstation has other work."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.seconds = dict.fromkeys(MOMENTS, 0.3)

    def moment(self):
        return self.random.choices(list(MOMENTS), [weight for _, weight in MOMENTS.values()])[0]

    def cut(self, flash, moment):
        """Kills QEMU in such a command; False if none came. It may be through by then."""
        number = flash.wait_for_command(MOMENTS[moment][0])
        if number is None:
            return False
        began = time.monotonic()
        until = began + self.random.uniform(0, 1.2 * self.seconds[moment])
        while time.monotonic() < until:
            time.sleep(0.005)
            if flash.is_through(number):
                # As long as that: the next one is cut earlier.
                self.seconds[moment] = time.monotonic() - began
                break
        else:
            self.seconds[moment] = min(2, 1.05 * self.seconds[moment])
        flash.qemu.kill()
        return True


def next_version(bench, chance, old):
    """None that is in a slot."""
    there = {old, *(slot.version for slot in bench.slots())}
    return chance.random.choice([v for v in range(1, VERSIONS + 1) if v not in there])


def test_power_cuts(bench):
    network = ("--tftp", bench.tftp)
    chance = Chance(f"{bench.board} {CUTS}")
    bench.put_image(bench.image(1, MORE), 1)
    old, new, found = 1, 2, Counter()
    cuts = 0
    while cuts < CUTS:
        moment = chance.moment()
        with bench.flash(*network, "--version", str(new), bench.image(new, MORE)) as flash:
            is_cut = chance.cut(flash, moment)
        text = bench.boot()
        is_new = f"[v{new}] start 1" in text
        assert is_new != (f"[v{old}] start 1" in text), text
        # An update that was nearly through has no such moment any more, and comes to its end.
        assert is_new or is_cut
        found[moment if is_cut else "not at all", "new" if is_new else "old"] += 1
        if is_new:
            old = new
        # Or once more the same, half of which may be there.
        if is_new or chance.random.randrange(3) == 0:
            new = next_version(bench, chance, old)
        cuts += is_cut
        if is_cut and cuts % 10 == 0:
            print(f"{cuts} of {CUTS} cuts", flush=True)
    print("\n" + "\n".join(f"{count:4} in: {moment}; the {which} version booted"
                           for (moment, which), count in sorted(found.items())))
    # In the end an update is possible.
    new = next_version(bench, chance, old)
    bench.flash_well(*network, "--version", str(new), bench.image(new, MORE))
    assert f"[v{new}] start 1" in bench.boot()
