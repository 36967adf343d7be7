# SPDX-License-Identifier: Apache-2.0
"""Which functions a row's instructions are in: scripts/bench --budget."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from hako_bench import budget, counts  # noqa: E402

CONSOLE = "BENCH syscall 10 3\n"
COUNTS = """\
region insns=400
code pc=c0000100 insns=4 count=100
region insns=1000
code pc=c0000100 insns=2 count=10
code pc=00010000 insns=98 count=10
region insns=900
code pc=c0000100 insns=9 count=100
done insns=99999
"""


class Guest:
    """Of hako_trace.guest.Guest, what is asked."""

    NAMES = {0xC0000100: "vector_swi", 0xC0000104: "sys_getppid", 0xC0500000: "vector_swi "
             "(paravirtual)"}

    @staticmethod
    def in_pv(pc):
        return 0xC0500000 <= pc < 0xC0600000

    def symbol(self, pc):
        return self.NAMES.get(pc, "(programs)")


@pytest.fixture
def places():
    return budget.Places(Guest(), [(0xFFC00000, "trap_swi"), (0xFFC00010, "fast_call")],
                         (0xFFA00000, 0xFFE00000))


def result(code):
    return counts.Result("syscall", sum(insns * count for _, insns, count in code), 0.0, code=code)


def test_code_is_that_of_the_median_repeat_per_operation():
    found = counts.results(counts.parse_plans(CONSOLE), counts.parse_counts(COUNTS), False)
    assert found["syscall"].code == [(0xC0000100, 9, 10.0)]


def test_an_address_is_in_a_layer(places):
    assert places.find(0xFFC0000C, 0) == ("VMM", "trap_swi")
    assert places.find(0xFFC00010, 0) == ("VMM", "fast_call")
    assert places.find(0xFFC00010) == ("kernel", "(programs)")
    assert places.find(0xC0500000, 0) == ("stubs", "vector_swi")
    assert places.find(0xC0000104, 0) == ("kernel", "sys_getppid")


def test_vectors_are_the_vmms_where_it_has_them(places):
    low, high = [(0x08, 1, 1.0), (0xFFFF0008, 1, 1.0)], [(0xFFFF0008, 1, 1.0)]
    assert budget.by_function(low, places, budget.vmm_vectors(low)) == {
        ("VMM", budget.VECTOR): 1.0, ("kernel", "(programs)"): 1.0}
    assert budget.by_function(high, places, budget.vmm_vectors(high)) == {
        ("VMM", budget.VECTOR): 1.0}
    assert budget.by_function(high, places) == {("kernel", "(programs)"): 1.0}


def test_functions_are_summed_over_their_instructions(places):
    code = [(0xFFC00008, 3, 2.0), (0xC0000104, 1, 1.0)]
    assert budget.by_function(code, places, 0) == {
        ("VMM", "trap_swi"): 4.0, ("VMM", "fast_call"): 2.0, ("kernel", "sys_getppid"): 1.0}


def test_lines_say_what_is_more_and_where(places):
    native = result([(0xC0000100, 2, 10.0), (0x10000, 80, 1.0)])
    vmm = result([(0xC0000104, 1, 10.0), (0xC0500000, 1, 15.0), (0xFFC00010, 1, 22.0),
                  (0x10000, 80, 1.0)])
    lines = budget.row_lines("syscall", native, vmm, places)
    assert [line.split() for line in lines] == [
        ["syscall:", "instructions", "per", "operation"],
        ["more", "native", "kernel", "stubs", "VMM"],
        ["+22.0", "0.0", "0.0", "0.0", "22.0", "fast_call"],
        ["+5.0", "10.0", "0.0", "15.0", "0.0", "vector_swi"],
        ["+27.0", "100.0", "90.0", "15.0", "22.0", "(all)"],
    ]


def test_rows_that_were_not_counted_are_left_out(places):
    native = {"syscall": result([(0x10000, 5, 1.0)]), "cpu": result([(0x10000, 5, 1.0)]),
              "boot": result([])}
    text = budget.format_budget(native, {"syscall": native["syscall"], "boot": result([])}, places)
    assert text.startswith("syscall: ")
    assert "cpu" not in text and "boot" not in text
