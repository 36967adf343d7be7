# SPDX-License-Identifier: Apache-2.0
"""The cycles the ARM926 model counts, against those the manuals and the memory profiles give.

tests/bench/cycles.S runs on the bare board in QEMU, under the model. Instructions must be exact;
memory within what the ends of a walk explain.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from hako_bench import build, facts, machine, model  # noqa: E402

ROUNDS, SITES = 125, 8
# Around the sequences, ARM9EJ-S TRM (DDI 0222), table 8.2: subs and a taken bne in each round, the
# last one not taken; then cmp and a bne that is not taken.
LOOP = ROUNDS * (1 + 3) - 2 + 1 + 1

# Cycles of each sequence by table 8.2 of the same manual and its rules of interlocks.
SEQUENCES = {
    "nop": 1,
    "mul": 2,
    "mul_use": 3 + 1,           # a cycle until the product can be used
    "mla_mla": 2 + 2,           # but not as accumulator
    "muls": 4,
    "umull_use": 4 + 1,
    "smlabb_use": 2 + 1,
    "qadd_use": 2 + 1,
    "clz_use": 1 + 1,
    "shift_by_register": 2,
    "ldr": 1,
    "ldr_use": 2 + 1,
    "ldr_str": 2 + 1,           # nothing forwards it to the store's port
    "ldr_scaled": 2,
    "ldrb_use": 3 + 1,
    "ldrb_one_between": 2 + 1 + 1,
    "ldrd_use": 3 + 1,          # the second register
    "ldm_8": 8,
    "ldm_use_last": 5 + 1,
    "ldm_1": 2,
    "stm_8": 8,
    "swp_use": 2 + 1,
    "mrs": 2,
    "msr_control": 3,
    "msr_flags": 1,
    "branch": 3,
    "branch_not_taken": 1 + 1,
    "call_return": 3 + 3,
    "call_return_mov": 3 + 4,
    "call_return_ldr": 3 + 1 + 5,
    "call_return_ldm": 3 + 2 + (2 + 4),
    "swi": 3 + 4,               # entry, and movs pc, lr
    "undefined": 3 + 4,
    "bogomips": 1 + 4 * 4 - 2,  # mov; subs and bhi four times, the last one not taken
}


@dataclass(frozen=True)
class Memory:
    """profiles.c, in cycles of the core."""

    line_fill: int
    write_back: int  # half a line
    write_word: int
    read_word: int


# 200 MHz core, 100 MHz bus: two for each cycle of the bus, as docs/arm926-model.md derives them.
PROFILES = {
    "sdram-100": Memory(line_fill=2 * (1 + 1 + 5 + 8), write_back=2 * (1 + 3 + 4),
                        write_word=2 * (1 + 3 + 1), read_word=2 * (1 + 1 + 5 + 1)),
    "sram": Memory(line_fill=2 * (1 + 1 + 8), write_back=2 * (1 + 4), write_word=2 * (1 + 1),
                   read_word=2 * (1 + 1 + 1)),
}
TOLERANCE = 0.005

RUNS = [(board, profile) for board in sorted(facts.BOARDS) for profile in PROFILES]


@pytest.fixture(scope="module", params=RUNS, ids=["-".join(run) for run in RUNS])
def measured(request, tmp_path_factory):
    """(Memory, Region by name)."""
    name, profile = request.param
    out = tmp_path_factory.mktemp("cycles")
    board = facts.BOARDS[name]
    program = out / "cycles.elf"
    build.run_tool([build.BARE_CC, *build.bare_flags(board, "cycles_start"), "-o", program,
                    ROOT / "tests/bench/cycles.S"], ROOT)
    plugin = model.build(ROOT, out)
    run = machine.Run(machine.Machine(label="cycles", board=name, kernel=program, out=out,
                                      plugin=plugin, under=model.Model(plugin, profile)))
    try:
        plans, counted = run.finish()
    finally:
        run.stop()
    assert counted.memory == profile
    assert len(plans) == len(counted.regions)
    return PROFILES[profile], dict(zip([plan.name for plan in plans], counted.regions))


def test_every_sequence_is_measured(measured):
    _, regions = measured
    assert set(SEQUENCES) <= set(regions)


@pytest.mark.parametrize("name", SEQUENCES)
def test_a_sequence_takes_the_cycles_of_the_manual(measured, name):
    _, regions = measured
    region = regions[name]
    assert region.events["stall"] == 0, "everything it touches is in the caches"
    assert region.cycles == ROUNDS * SITES * SEQUENCES[name] + LOOP


def test_a_chain_of_loads_in_the_cache_waits_for_each_load(measured):
    """lat_mem_rd below the cache's size: a load and its interlock, but for the first of a round."""
    _, regions = measured
    rounds = 4096 // SITES
    assert regions["load_hit"].cycles == rounds * (1 + 7 * 2 + 1 + 3) - 2 + 1 + 1
    assert regions["load_hit"].events["d_misses"] == 0


def about(value):
    return pytest.approx(value, rel=TOLERANCE)


def test_a_chain_of_loads_that_miss_takes_a_line_fill_each(measured):
    """lat_mem_rd above the cache's size: the bus is busy without a pause."""
    memory, regions = measured
    region = regions["load_miss"]
    assert region.events["d_misses"] > 0.95 * 4096
    assert region.cycles == about(region.events["d_misses"] * memory.line_fill)


@pytest.mark.parametrize("name, halves", [("load_miss_dirty", 1), ("load_miss_dirty_both", 2)])
def test_dirty_lines_cost_their_way_back(measured, name, halves):
    """One half is a burst of four words, both are one of eight (ARM926EJ-S TRM, table 6-1)."""
    memory, regions = measured
    region = regions[name]
    misses = region.events["d_misses"]
    assert misses > 0.95 * 4096
    assert region.events["write_backs"] == about(misses * halves)
    per_word = (memory.write_back - memory.write_word) // 3
    write_back = memory.write_back + (halves - 1) * 4 * per_word
    assert region.cycles == about(misses * (memory.line_fill + write_back))


def test_stores_that_miss_go_at_the_memory_s_speed(measured):
    memory, regions = measured
    assert regions["store_miss"].cycles == about(4096 * memory.write_word)


def test_a_store_of_eight_words_is_one_burst(measured):
    """ARM926EJ-S TRM, 6.2.2."""
    memory, regions = measured
    per_word = (memory.write_back - memory.write_word) // 3
    assert regions["store_miss_stm8"].cycles == about(4096 * (memory.write_word + 7 * per_word))


def test_a_section_not_in_the_tlb_costs_one_read(measured):
    memory, regions = measured
    region = regions["tlb_miss"]
    assert region.events["tlb_misses"] >= 960
    assert region.events["stall"] == region.events["tlb_misses"] * memory.read_word


def test_cleaning_the_cache_costs_what_is_dirty(measured):
    memory, regions = measured
    dirty, clean = regions["clean_all_dirty"], regions["clean_all_clean"]
    assert dirty.events["write_backs"] > 400
    # The loop's mrc and bne go by while the line before is on its way.
    assert dirty.cycles == about(dirty.events["write_backs"] * memory.write_back)
    assert clean.events["write_backs"] == 0
    assert clean.cycles < 2 * memory.line_fill
