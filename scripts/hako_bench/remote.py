# SPDX-License-Identifier: Apache-2.0
"""What an access to another board's device costs: two boards on one cable, instructions of both VMMs."""

import array
import statistics
import sys
from collections import Counter
from dataclasses import dataclass

import hako_qemu
from hako_latency.longest import Functions

from . import build, inputs

CODE_ALIGN = 2  # of the plugin's counters
ENDS = ("a", "b")
# What tests/guest/remote_user.c does for a key: how many accesses that is, of which most are such.
ACCESSES = {
    "read": ("r", 1001),
    "write": ("w", 1001),
    "stm": ("m", 101),
    "ldm": ("l", 100),
}
NOTHING = "x"  # a key for which it does nothing


class RemoteError(Exception):
    pass


@dataclass(frozen=True)
class Cost:
    """Of one access: instructions by function, for each board."""

    name: str
    boards: tuple   # their names, that of the guest first
    by_function: dict

    def of(self, end):
        return sum(self.by_function[end].values())

    @property
    def total(self):
        return sum(map(self.of, ENDS))


class Counts:
    """What the plugin of one board has counted so far."""

    def __init__(self, path, first, elf):
        self.path = path
        self.first = first
        self.functions = Functions(elf)

    def look(self):
        counts = array.array("Q")
        counts.frombytes(self.path.read_bytes())
        return counts

    def by_function(self, before, after):
        found = Counter()
        names = list(zip(self.functions.addresses, self.functions.names))
        ends = [address for address, _ in names[1:]] + [self.first + CODE_ALIGN * len(after)]
        for (begin, name), end in zip(names, ends):
            at, to = ((address - self.first) // CODE_ALIGN for address in (begin, end))
            if at >= 0:
                found[name] += sum(after[at:to]) - sum(before[at:to])
        return found


class Boards:
    """A pair of boards with the plugin, and board A's guest, which does as a key tells it."""

    def __init__(self, root, out, boards, kernel):
        sys.path.insert(0, str(root / "tests/qemu"))
        from pair_of_boards import Pair  # needs the path above

        first, size = inputs.parse_layout(
            (root / "arch/arm/layout.h").read_text(encoding="utf-8"), ("VMM_IMAGE", "VMM_IMAGE_SIZE"))
        plugin = build.build_plugin(root, out, "live")
        self.counts = {end: Counts(out / f"remote-{end}.counts", first,
                                   root / f"build/{board}-remote/vmm.elf")
                       for end, board in zip(ENDS, boards)}
        options = {
            end: {"plugin": [plugin, f"out={self.counts[end].path}", f"vmm={first:#x}-{first + size:#x}"]}
            for end in ENDS}
        self.pair = Pair(out / "remote", (boards[0], "remote-user", options["a"]),
                         (boards[1], "remote-server", options["b"]), kernel=kernel, icount="shift=3")

    def __enter__(self):
        self.user = self.pair.a.vm("user")
        self.wait()
        return self

    def __exit__(self, *_):
        self.pair.__exit__()

    def wait(self):
        self.user.expect(r"# waits for a key\r?\n")

    def does(self, key):
        """What it took: functions with their instructions, for each board."""
        before = {end: counts.look() for end, counts in self.counts.items()}
        self.user.type(key)
        self.wait()
        return {end: counts.by_function(before[end], counts.look())
                for end, counts in self.counts.items()}

    def cost(self, name, boards, count):
        """The median of some times, without what a key costs that leads to no access."""
        key, accesses = ACCESSES[name]
        self.does(key)
        times = []
        for _ in range(count):
            nothing, found = self.does(NOTHING), self.does(key)
            times.append(Cost(name, boards, {
                end: {function: (insns - nothing[end][function]) / accesses
                      for function, insns in found[end].items()} for end in ENDS}))
        middle = statistics.median_low(cost.total for cost in times)
        return next(cost for cost in times if cost.total == middle)


def measure(root, out, board, kernel, names, times=3):
    """A Cost for each name, of a guest on that board with a device of the other one."""
    boards = (board, next(name for name in hako_qemu.BOARDS if name != board))
    for one in boards:
        elf = root / f"build/{one}-remote/vmm.elf"
        if not elf.exists():
            raise RemoteError(f"{elf.relative_to(root)} is missing: make -s test-programs")
    with Boards(root, out, boards, kernel) as pair:
        return [pair.cost(name, boards, times) for name in names]


def format_cost(cost, functions):
    """Its sums, and so many functions of each board."""
    lines = [f"{cost.name}: {cost.boards[0]} {cost.of('a'):,.0f}, {cost.boards[1]} {cost.of('b'):,.0f}: "
             f"{cost.total:,.0f} instructions for each access"]
    for end, board in zip(ENDS, cost.boards):
        most = sorted(cost.by_function[end].items(), key=lambda pair: -pair[1])[:functions]
        lines += [f"  {board:13} {insns:8.1f}  {name}" for name, insns in most if insns >= 0.5]
    return "\n".join(lines)


def missed(costs, limit):
    """Sentences about those reads that are over the limit; or about its having no measure."""
    reads = [cost for cost in costs if cost.name == "read"]
    if not reads:
        return ["no read was measured"]
    return [f"a read of {cost.boards[1]}'s device by {cost.boards[0]}'s guest: {cost.total:,.0f} "
            f"instructions, at most {limit:,}" for cost in reads if cost.total > limit]
