# SPDX-License-Identifier: Apache-2.0
"""From what the plugins note to latencies and to the longest stretches of the VMM."""

import random
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from hako_latency import longest, periods  # noqa: E402

PERIOD_US = 1000
START_TICKS = 123456789


def handler(match_insns, late, reads_apart=0):
    """What the plugin notes of a handler that begins `late` instructions after the match.

    Time is instructions from 0 on, and the counter began at START_TICKS. The match is at a tick;
    the VMM reads the counter 300 instructions before the handler, which reads its timer 250 after.
    Meanwhile the VMM may read the counter earlier, too.
    """
    begin = match_insns + late

    def ticks(insns):
        return START_TICKS + insns * 24 // 125

    behind = (ticks(begin + 250) - ticks(match_insns)) // 24
    value = PERIOD_US - behind % PERIOD_US
    return periods.Period(begin, begin - 300, ticks(begin - 300), ticks(begin + 250 - reads_apart),
                          ticks(begin + 250), value)


def run_of(lates, **options):
    # An instruction is 8 ns: a millisecond has 125,000.
    return [handler(1000 * 125 * (number + 1), late, **options) for number, late in lates]


@pytest.mark.parametrize("reads_apart, uncertain", [(0, 12), (100, 120)])
def test_latencies_are_exact_to_the_tick(reads_apart, uncertain):
    generator = random.Random(5)
    lates = [(number, generator.randrange(400, 9000)) for number in range(2000)]
    found = periods.latencies(run_of(lates, reads_apart=reads_apart), PERIOD_US)
    assert found.missed == 0
    assert found.uncertain <= uncertain
    for (_, late), measured in zip(lates, found.insns):
        assert late <= measured <= late + found.uncertain + 6


def test_a_single_late_handler_is_seen():
    found = periods.latencies(run_of([(number, 20000 if number == 77 else 1000)
                                      for number in range(200)]), PERIOD_US)
    assert max(found.insns) == found.insns[77] >= 20000
    assert sorted(found.insns)[-2] <= 1000 + found.uncertain + 6


def test_missed_periods_are_counted():
    lates = [(number, 1000) for number in range(100) if number not in (40, 41, 70)]
    assert periods.latencies(run_of(lates), PERIOD_US).missed == 3


def test_a_timer_that_drifts_is_refused():
    drifted = [handler(1000 * 125 * number + 3 * number, 1000) for number in range(1, 500)]
    with pytest.raises(periods.LatencyError, match="equal distances"):
        periods.latencies(drifted, PERIOD_US)


def test_no_period_and_no_number_are_refused():
    with pytest.raises(periods.LatencyError, match="never called"):
        periods.latencies([], PERIOD_US)
    with pytest.raises(periods.LatencyError, match="line 2 "):
        periods.parse("1 2 3 4 5 6\n1 2 3 4 5\n")
    with pytest.raises(periods.LatencyError, match="line 1 "):
        periods.parse("1 2 3 4 5 -6\n")
    assert periods.parse("1 2 3 4 5 6\n") == [periods.Period(1, 2, 3, 4, 5, 6)]


def test_percentiles_and_histogram():
    values = list(range(1, 101))
    assert periods.percentile(values, 99) == 99
    assert periods.percentile(values, 50) == 50
    assert periods.percentile([7], 99) == 7
    assert periods.histogram([0, 49, 50, 149], 50) == [2, 1, 1]


class Names:
    names = ["vector", "fill", "walk", "flush", "thread_switch", "sync", "pv_inject", "shadow_do"]
    files = ["vectors.S", *["domain/one.c"] * 4, "devemu/timer.c", "vcpu/pv.c", "domain/shadow.c"]


STRETCHES = """\
stretch begin=100 insns=2000 kind=dabt end=point pc=c0001000 0:10 1:1900 2:90
stretch begin=9000 insns=2500 kind=dabt end=guest pc=00008000 0:10 1:2400 2:90
stretch begin=20000 insns=6000 kind=und end=guest pc=c0002000 0:12 3:5988
kind=und count=40 sum=9000 max=6000
kind=dabt count=50 sum=8000 max=2500
"""


def test_stretches_are_put_together_by_the_functions_that_took_long():
    stretches, totals = longest.parse(STRETCHES, Names)
    assert totals == {"und": (40, 9000, 6000), "dabt": (50, 8000, 2500)}
    found = longest.causes(stretches)
    assert [(cause.longest.insns, cause.insns) for cause in found] == [(6000, [6000]),
                                                                      (2500, [2000, 2500])]
    assert longest.describe(found[1].longest) == "fill 2400, walk 90"
    text = longest.report(stretches, totals, 1500)
    assert "6000 und   guest pc c0002000 at 20000: flush 5988" in text


SWITCHES = """\
stretch begin=1 insns=500 kind=irq end=guest pc=c0001000 0:300 4:20 5:100 6:80
stretch begin=2 insns=450 kind=irq end=guest pc=c0001000 0:430 4:20
stretch begin=3 insns=440 kind=wake end=guest pc=c0001000 4:440
stretch begin=4 insns=5000 kind=irq end=wake pc=c0001000 4:5000
stretch begin=5 insns=5000 kind=irq end=guest pc=c0001000 4:4000 7:1000
stretch begin=6 insns=5000 kind=irq end=guest pc=c0001000 0:5000
kind=irq count=40 sum=9000 max=6000
"""


def test_a_switch_is_what_it_costs_without_the_interrupt_that_came_with_it():
    found = longest.switches(longest.parse(SWITCHES, Names)[0])
    assert {kind: [one.own for one in of] for kind, of in found.items()} == {
        "irq": [320, 450], "wake": [440]}
    assert longest.longest_switch(found).stretch.begin == 2
    text = longest.report_switches(found)
    assert "irq            2     450      450                500\n" in text
    assert text.endswith("The longest: vector 430, thread_switch 20\n")
    assert longest.report_switches({}).count("\n") == 1


def test_a_file_without_an_end_is_refused():
    with pytest.raises(longest.LongestError, match="no end"):
        longest.parse(STRETCHES.split("kind=und count")[0], Names)
    with pytest.raises(longest.LongestError, match="none of its own"):
        longest.parse("stretch begin=1\n", Names)
