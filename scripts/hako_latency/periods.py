# SPDX-License-Identifier: Apache-2.0
"""From the plugin's lines, one for each period of the real-time guest, to how late its handler was.

The counter is the board's, 24 MHz; under `-icount shift=3` a tick is 125 / 24 instructions. The
guest's timer matches at the ticks M, M + P, M + 2 P and so on, where P is the period; M is not
known. But every count that the guest reads from its timer bounds it: a handler that finds its timer
n microseconds behind the match, at counter t, says that 24 n <= t - match < 24 (n + 1). All periods
together leave a few ticks, of which the earliest is taken. If they leave nothing, the guest's timer
has drifted.
"""

import math
from dataclasses import dataclass

TICKS_PER_US = 24
INSNS_PER_TICK = 125 / TICKS_PER_US  # 8 ns each


class LatencyError(Exception):
    """Nothing can be said about latencies; the text says why."""


@dataclass(frozen=True)
class Period:
    insns: int        # before the handler's first instruction
    read_insns: int   # when the VMM read the counter last before that
    read_ticks: int   # and what it read
    first_ticks: int  # the counter while the guest read its timer: first
    last_ticks: int   # and last
    value: int        # of the guest's timer


@dataclass(frozen=True)
class Latencies:
    insns: list       # of each period, in order; rounded up
    missed: int       # periods without a handler
    uncertain: int    # by so many instructions the latencies may be too long


def parse(text):
    periods = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        if len(words) != 6 or not all(word.isdecimal() for word in words):
            raise LatencyError(f"line {number} of the plugin's file is not six numbers: {line!r}")
        periods.append(Period(*map(int, words)))
    return periods


def _matches(periods, length):
    """(number of each period, earliest and latest tick of the first match)."""
    # The latest that each match can have been.
    bounds = [one.last_ticks + one.value * TICKS_PER_US - length for one in periods]
    numbers = [round((bound - bounds[0]) / length) for bound in bounds]
    latest = min(bound - number * length for number, bound in zip(numbers, bounds))
    earliest = max(bound - (one.last_ticks - one.first_ticks) - (TICKS_PER_US - 1) - number * length
                   for number, bound, one in zip(numbers, bounds, periods))
    return numbers, earliest, latest


def latencies(periods, period_us):
    """How late each handler was, in instructions' worth of time since its timer's match."""
    if not periods:
        raise LatencyError("the real-time guest's handler was never called")
    length = period_us * TICKS_PER_US
    numbers, earliest, latest = _matches(periods, length)
    if earliest > latest:
        raise LatencyError("the guest's timer does not match at equal distances: no moment fits "
                           f"all {len(periods)} counts that it read (by {earliest - latest} "
                           "ticks)")
    found = []
    for number, one in zip(numbers, periods):
        # The counter was at its reading for less than one tick.
        ticks = one.read_ticks + 1 - (earliest + number * length)
        found.append(math.ceil(ticks * INSNS_PER_TICK) + one.insns - one.read_insns)
    return Latencies(found, numbers[-1] - numbers[0] + 1 - len(set(numbers)),
                     math.ceil((latest - earliest + 1) * INSNS_PER_TICK))


def percentile(values, percent):
    """The smallest value that so many percent do not exceed."""
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1]


def histogram(values, width):
    """How many values there are from 0 on, from `width` on, and so on."""
    counts = [0] * (max(values) // width + 1)
    for value in values:
        counts[value // width] += 1
    return counts
