# SPDX-License-Identifier: Apache-2.0
"""The benchmark's cycles: what the model writes, and how it gets into results and command lines."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from hako_bench import build, counts, facts, machine, model, picture, report  # noqa: E402

COUNTS = """memory profile=sdram-100
entry insns=5
init insns=900 cycles=2000 stall=700 i_misses=9 d_misses=8 tlb_misses=7 write_backs=6 uncached=5 \
whole=4
region insns=100 cycles=250 stall=50 i_misses=3 d_misses=2 tlb_misses=1 write_backs=4 uncached=0 \
whole=0
region insns=110 cycles=300 stall=60 i_misses=4 d_misses=2 tlb_misses=1 write_backs=4 uncached=0 \
whole=0
region insns=130 cycles=280 stall=70 i_misses=5 d_misses=2 tlb_misses=1 write_backs=4 uncached=0 \
whole=0
done insns=2000
"""
CONSOLE = "BENCH syscall 10 3\nBENCH end\n"


def result(scale=1):
    counted = counts.parse_counts(COUNTS)
    for region in counted.regions:
        region.cycles *= scale
    return counts.results(counts.parse_plans(CONSOLE), counted)


def record_with_cycles():
    row = report.row_record("syscall", {"native": result()["syscall"], "pv": result()["syscall"]})
    report.add_cycles(row, result()["syscall"], result(2)["syscall"])
    record = report.result_record("versatilepb", "linux-6.12", False, ["pv"], [row], None, "QEMU")
    record["profile"] = "sdram-100"
    record["cycles_mode"] = "pv"
    return record


def test_cycles_and_their_causes_are_those_of_the_median_repeat():
    found = result()["syscall"]
    assert found.insns == 11
    assert found.cycles == 30
    assert found.events["i_misses"] == 0.4
    assert found.events["stall"] == 6


def test_the_boot_has_cycles():
    assert result()["boot"].cycles == 2000


def test_the_profile_comes_with_the_counts():
    assert counts.parse_counts(COUNTS).memory == "sdram-100"


def test_counts_of_instructions_alone_have_no_cycles():
    counted = counts.parse_counts("region insns=100\ndone insns=200\n")
    assert counted.regions[0].cycles is None
    assert counts.results(counts.parse_plans("BENCH read 10 1\n"), counted,
                          want_boot=False)["read"].cycles is None


def test_results_have_cycles_and_their_ratio():
    row = record_with_cycles()["rows"][0]
    assert (row["native_cycles"], row["vmm_cycles"], row["cycles_ratio"]) == (30, 60, 2)
    assert row["cycles_of"]["vmm"]["stall"] == 6
    assert row["ratio"] == 1


def test_a_row_that_only_one_run_has_is_no_ratio():
    row = report.row_record("syscall", {})
    report.add_cycles(row, result()["syscall"], None)
    assert (row["native_cycles"], row["vmm_cycles"], row["cycles_ratio"]) == (30, None, None)
    assert list(row["cycles_of"]) == ["native"]


def test_the_table_names_the_profile_and_shows_the_columns():
    text = report.format_table(record_with_cycles())
    assert "cycles per operation on an ARM926 with memory sdram-100" in text
    line = text.splitlines()[-1].split()
    assert line[:3] == ["null", "system", "call"]
    assert line[3:7] == ["30.0", "60.0", "2.00", "1.00"]


def test_a_row_without_cycles_is_a_dash():
    record = record_with_cycles()
    report.add_cycles(record["rows"][0], None, None)
    assert report.format_table(record).splitlines()[-1].split()[3:6] == ["-", "-", "-"]


def test_the_picture_has_a_panel_for_cycles(tmp_path):
    record = record_with_cycles()
    picture.draw([record], tmp_path / "with.svg")
    del record["profile"]
    picture.draw([record], tmp_path / "without.svg")
    assert "cycles of an ARM926" in (tmp_path / "with.svg").read_text(encoding="utf-8")
    assert "cycles of an ARM926" not in (tmp_path / "without.svg").read_text(encoding="utf-8")


def machine_under(tmp_path, board, vmm_range=None):
    return machine.Machine(label="x", board=board, kernel=tmp_path / "k", out=tmp_path,
                           plugin=tmp_path / "p.so", vmm_range=vmm_range, entry=0x8000,
                           under=model.Model(tmp_path / "p.so", "sram"))


@pytest.mark.parametrize("board", sorted(facts.BOARDS))
def test_the_model_sees_the_board_s_ram(tmp_path, board):
    words = machine.command_line(machine_under(tmp_path, board), (10, 0), tmp_path / "ram")
    assert any(f"mem-path={tmp_path / 'ram'}" in word for word in words)
    plugin = words[words.index("-plugin") + 1].split(",")
    assert {f"ram={tmp_path / 'ram'}", "memory=sram", "entry=0x8000", "rules=gather"} <= set(plugin)
    assert ("alias=0x80000000" in plugin) == (board == "integratorcp")


def test_the_vmm_is_held_to_strict_rules(tmp_path):
    words = model.plugin_words(machine_under(tmp_path, "versatilepb", (1, 2)), tmp_path / "ram")
    assert "rules=strict" in words


def test_profiles_are_those_of_the_model():
    assert model.profiles(ROOT) == ["sdram-100", "sram"]
    with pytest.raises(build.BuildError, match="no profile"):
        model.parse_profiles("static const struct memory_profile profiles[] = {};")


@pytest.mark.parametrize("words, complaint", [
    (["--model", "sdram"], "no memory profile sdram (there are sdram-100, sram)"),
    (["--model", "--count-trap"], "--count-trap counts instructions"),
])
def test_wrong_arguments_name_the_right_ones(words, complaint):
    done = subprocess.run([ROOT / "scripts/bench", *words], text=True, capture_output=True,
                          check=False)
    assert done.returncode == 2
    assert complaint in done.stderr


def test_an_old_qemu_is_told_which_one_is_needed(monkeypatch, tmp_path):
    monkeypatch.setattr(build, "installed_qemu", lambda: (7, 2))
    with pytest.raises(build.BuildError, match=r"needs QEMU 10.* scripts/setup installs it"):
        model.build(ROOT, tmp_path)
