# SPDX-License-Identifier: Apache-2.0
"""From the guest's console and the plugin's counts to instructions per operation. No I/O."""

import re
import statistics
from dataclasses import dataclass, field

VECTORS = ("und", "swi", "pabt", "dabt", "irq", "fiq")


class CountsError(Exception):
    """What came out of a run does not fit together."""


@dataclass(frozen=True)
class TrapCost:
    """Traps through one exception vector, in instructions from vector to resume."""

    count: int
    total: int
    min: int
    median: int
    max: int


# What the ARM926 model adds to a region, per operation in results.json.
MEMORY_EVENTS = ("stall", "i_misses", "d_misses", "tlb_misses", "write_backs", "uncached", "whole")


@dataclass
class Region:
    insns: int
    traps: dict = field(default_factory=dict)  # vector -> TrapCost
    cycles: int | None = None                  # under the ARM926 model only
    events: dict = field(default_factory=dict)  # of MEMORY_EVENTS
    code: list = field(default_factory=list)   # (pc, instructions from there, executions)


@dataclass
class Counts:
    boot: Region | None = None
    regions: list = field(default_factory=list)
    done: bool = False
    profile: list = field(default_factory=list)  # (region number, pc, vector, count, total)
    memory: str | None = None                    # the model's memory profile


@dataclass(frozen=True)
class Plan:
    """A row as the guest announces it."""

    name: str
    iterations: int
    repeats: int


@dataclass
class Result:
    """One row of one run."""

    name: str
    insns: float            # per operation: the median of the repeats
    spread: float           # (max - min) / median of the repeats
    traps: dict = field(default_factory=dict)  # vector -> (traps, instructions) per operation
    costs: dict = field(default_factory=dict)  # vector -> TrapCost of the median repeat
    cycles: float | None = None                # per operation, of the median repeat
    events: dict = field(default_factory=dict)  # likewise
    code: list = field(default_factory=list)   # likewise: (pc, instructions, executions)


def _pairs(words, line):
    pairs = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise CountsError(f"counts: cannot read \"{line}\"")
        pairs[name] = value
    return pairs


def _region(pairs):
    traps = {}
    for vector in VECTORS:
        if vector in pairs:
            traps[vector] = TrapCost(*(int(number) for number in pairs[vector].split(",")))
    cycles = int(pairs["cycles"]) if "cycles" in pairs else None
    events = {name: int(pairs[name]) for name in MEMORY_EVENTS if name in pairs}
    return Region(int(pairs["insns"]), traps, cycles, events)


def parse_counts(text):
    """The plugin's file; a line cut off at its end is left out."""
    counts = Counts()
    lines = text.split("\n")[:-1]
    for line in lines:
        kind, *words = line.split()
        if kind == "error":
            raise CountsError(f"counts: the plugin could not count ({' '.join(words)})")
        pairs = _pairs(words, line)
        if kind == "init":
            # Only init's first start is a boot; a program that runs it again is not.
            counts.boot = counts.boot or _region(pairs)
        elif kind == "region":
            counts.regions.append(_region(pairs))
        elif kind == "profile":
            counts.profile.append((len(counts.regions) - 1, int(pairs["pc"], 16),
                                   pairs["vector"], int(pairs["count"]), int(pairs["sum"])))
        elif kind == "code":
            counts.regions[-1].code.append((int(pairs["pc"], 16), int(pairs["insns"]),
                                            int(pairs["count"])))
        elif kind == "memory":
            counts.memory = pairs["profile"]
        elif kind == "done":
            counts.done = True
        elif kind != "entry":
            raise CountsError(f"counts: cannot read \"{line}\"")
    return counts


PLAN = re.compile(r"^BENCH (\w+) (\d+) (\d+)\s*$")


def parse_plan(line):
    """A line of the console as a Plan, or None."""
    match = PLAN.match(line)
    return Plan(match[1], int(match[2]), int(match[3])) if match else None


def parse_plans(console):
    return [plan for plan in map(parse_plan, console.splitlines()) if plan]


def _median_region(regions):
    """The region whose count is the median, so that its traps belong to that count."""
    ordered = sorted(regions, key=lambda region: region.insns)
    return ordered[(len(ordered) - 1) // 2]


def _result(name, regions, iterations):
    middle = statistics.median(region.insns for region in regions)
    low, high = min(r.insns for r in regions), max(r.insns for r in regions)
    region = _median_region(regions)
    traps = {
        vector: (cost.count / iterations, cost.total / iterations)
        for vector, cost in region.traps.items()
    }
    return Result(name, middle / iterations, (high - low) / middle if middle else 0.0, traps,
                  dict(region.traps),
                  None if region.cycles is None else region.cycles / iterations,
                  {event: count / iterations for event, count in region.events.items()},
                  [(pc, insns, count / iterations) for pc, insns, count in region.code])


def results(plans, counts, want_boot=True):
    """Results by row name. The guest's announcements and the plugin's regions come in one order."""
    announced = sum(plan.repeats for plan in plans)
    if announced != len(counts.regions):
        raise CountsError(
            f"counts: the guest announced {announced} measurements, {len(counts.regions)} were "
            "counted; the program and the plugin do not match, or the run ended early")
    found = {}
    position = 0
    for plan in plans:
        if plan.iterations == 0 or plan.repeats == 0:
            raise CountsError(f"counts: row {plan.name} announces nothing to measure")
        regions = counts.regions[position:position + plan.repeats]
        found[plan.name] = _result(plan.name, regions, plan.iterations)
        position += plan.repeats
    if want_boot:
        if counts.boot is None:
            raise CountsError("counts: init's first instruction was not seen")
        found["boot"] = _result("boot", [counts.boot], 1)
    return found
