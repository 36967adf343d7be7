# SPDX-License-Identifier: Apache-2.0
"""The instruction counter, against a program whose instructions can be counted by hand."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from hako_bench import build, counts, facts, machine  # noqa: E402

# trapcost.S: 125 rounds of 8 instructions, subs and bne, then cmp and bne before the end marker.
LOOP_INSNS = 125 * (8 + 2) + 2

# Where the test puts the code it calls the VMM's.
HANDLER = 0x20000


@pytest.fixture(scope="module", params=sorted(facts.BOARDS))
def trapcost_run(request, tmp_path_factory):
    out = tmp_path_factory.mktemp("bench")
    board = facts.BOARDS[request.param]
    run = machine.Run(machine.Machine(
        label=f"trapcost-{board.name}", board=board.name,
        kernel=build.build_trapcost(ROOT, out, board), out=out,
        plugin=build.build_plugin(ROOT, out), entry=0x10000, entry_word=0xE321F0D3))
    try:
        return run.finish()
    finally:
        run.stop()


def test_instructions_between_markers_are_counted_exactly(trapcost_run):
    plans, counted = trapcost_run
    assert [region.insns for region in counted.regions] == [LOOP_INSNS] * len(plans)


def test_every_kind_of_trap_is_measured(trapcost_run):
    plans, counted = trapcost_run
    names = [plan.name for plan in plans]
    assert names == [facts.TRAP_BASELINE, *facts.TRAP_ROWS]
    assert set(counts.results(plans, counted, want_boot=False)) == set(names)


def test_nothing_traps_on_the_bare_board(trapcost_run):
    _, counted = trapcost_run
    assert all(not region.traps for region in counted.regions)


def test_a_trap_costs_what_runs_from_its_vector_to_the_next_guest_instruction(tmp_path):
    board = facts.BOARDS["integratorcp"]
    program = tmp_path / "selftrap.elf"
    build.run_tool(
        [build.BARE_CC, *build.bare_flags(board, "selftrap_start"),
         f"-Wl,--section-start=.handler={HANDLER:#x}", "-o", program,
         ROOT / "tests/bench/selftrap.S"], ROOT)
    run = machine.Run(machine.Machine(
        label="selftrap", board=board.name, kernel=program, out=tmp_path,
        plugin=build.build_plugin(ROOT, tmp_path), vmm_range=(HANDLER, HANDLER + 0x1000),
        profile=True, code=True))
    try:
        _, counted = run.finish()
    finally:
        run.stop()
    traps, own_vector = counted.regions
    # Three times the vector and four instructions, once the vector and six.
    assert traps.traps["und"] == counts.TrapCost(count=4, total=3 * 5 + 7, min=5, median=5, max=7)
    assert traps.traps["swi"] == counts.TrapCost(count=2, total=2 * 4, min=4, median=4, max=4)
    assert traps.insns == 8 + 3 * 5 + 7 + 2 * 4
    assert own_vector.traps == {}
    sites = [(vector, count, total) for region, _, vector, count, total in counted.profile
             if region == 0]
    assert sorted(sites) == [("swi", 1, 4)] * 2 + [("und", 1, 5)] * 3 + [("und", 1, 7)]
    # Each instruction, and the marker at the end.
    assert sum(insns * count for _, insns, count in traps.code) == traps.insns + 1
    assert traps.code[:2] == [(0x04, 1, 4), (0x08, 1, 2)]
    assert traps.code[3:] == [(HANDLER, 2, 4), (HANDLER + 8, 2, 1), (HANDLER + 16, 2, 4),
                              (HANDLER + 24, 3, 2)]


def test_a_bad_plugin_argument_names_itself(tmp_path):
    board = facts.BOARDS["integratorcp"]
    bad = machine.Machine(
        label="bad", board=board.name, kernel=build.build_trapcost(ROOT, tmp_path, board),
        out=tmp_path, plugin=build.build_plugin(ROOT, tmp_path), vmm_range=(0, 1 << 40))
    run = machine.Run(bad)
    with pytest.raises(machine.RunError, match="bad argument"):
        run.finish()
