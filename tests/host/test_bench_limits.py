# SPDX-License-Identifier: Apache-2.0
"""What the benchmark's results are held to."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from hako_bench import counts, facts, limits, picture, report  # noqa: E402

LIMITS = limits.parse({
    "trap_insns": 90,
    "pv": {"growth": 1.1, "at_most": {"syscall": 1.4}, "aim_for": {"syscall": 1.2},
           "pan_more": {"other_rows": 0.3, "read": 0.5}},
    "proxies": {"at_most": {"syscall": 8.2}},
})


def row(name, pv, proxies=None):
    found = {"native": 1000.0, "pv": pv and pv * 1000, "proxies": proxies and proxies * 1000}
    return report.row_record(name, {kind: counts.Result(name, insns, 0.0)
                                    for kind, insns in found.items() if insns})


def scaling(ratios, kinds=tuple(facts.SCALING)):
    return [row(f"{kind}_{count}", ratio) for kind in kinds
            for count, ratio in zip(facts.PROCESSES, ratios)]


def trap(name="mrs_cpsr", most=90):
    return {"name": name, "min": 80, "median": 85, "max": most}


def missed(rows, modes=("pv",), pan=False, traps=(trap(),), table=LIMITS):
    record = report.result_record("integratorcp", "linux-6.12", pan, modes, rows, list(traps),
                                  "QEMU")
    return limits.missed(record, table)


FLAT = scaling((1.2, 1.2, 1.2, 1.2))


@pytest.mark.parametrize("rows, modes, pan, wanted", [
    ([row("syscall", 1.4)], ["pv"], False, []),
    ([row("syscall", 1.401)], ["pv"], False, ["VMM: syscall: ratio 1.401 is over 1.4"]),
    ([row("syscall", 1.7)], ["pv"], True, []),
    ([row("syscall", 1.701)], ["pv"], True, ["with PAN, VMM: syscall: ratio 1.701 is over 1.7"]),
    ([], ["pv"], False, ["VMM: syscall: not measured"]),
    ([row("syscall", None, 8.2)], ["proxies"], False, []),
    ([row("syscall", None, 8.21)], ["proxies"], False, ["proxies only: syscall: ratio 8.210"]),
    # Without paravirtual code, PAN is only reported.
    ([row("syscall", None, 99)], ["proxies"], True, []),
    ([row("syscall", 1.5, 9)], ["pv", "proxies"], False, ["VMM: syscall", "proxies only: syscall"]),
])
def test_a_ratio_over_its_limit_is_named(rows, modes, pan, wanted):
    found = missed(rows + FLAT, modes, pan)
    assert len(found) == len(wanted)
    for sentence, part in zip(found, wanted):
        assert part in sentence


@pytest.mark.parametrize("ratios, wanted", [
    ((1.2, 1.2, 1.2, 1.2), []),
    ((1.2, 1.2, 1.2, 1.31), []),
    ((1.2, 1.2, 1.2, 1.33), ["pipe_96: ratio 1.330 is 1.108 times", "switch_96"]),
    ((1.2, 1.4, 1.2, 1.2), ["pipe_8", "switch_8"]),
    ((2.0, 1.0, 1.0, 1.0), []),
])
def test_a_ratio_must_not_grow_with_the_processes(ratios, wanted):
    found = missed([row("syscall", 1.0)] + scaling(ratios))
    assert len(found) == len(wanted)
    for sentence, part in zip(found, wanted):
        assert part in sentence


def test_a_scaling_row_that_was_not_measured_is_named():
    found = missed([row("syscall", 1.0)] + scaling((1.2, 1.2, 1.2, 1.2), ["pipe"]))
    assert [sentence.split(": ")[2] for sentence in found] == \
        ["not measured (limit 1.1 times the ratio with 2)"] * 3


@pytest.mark.parametrize("traps, pan, wanted", [
    ([trap()], False, []),
    ([trap(most=91)], False, ["mrs_cpsr: up to 91"]),
    ([trap(most=None)], False, ["did not trap"]),
    ([], False, ["trap costs: not measured"]),
    ([trap(), trap("inv_tlb_entry", 400)], False, []),
    ([], True, []),
])
def test_the_cost_of_a_trap_has_a_limit(traps, pan, wanted):
    found = missed([row("syscall", 1.0)] + FLAT, ["pv"], pan, traps)
    assert len(found) == len(wanted)
    for sentence, part in zip(found, wanted):
        assert part in sentence


@pytest.mark.parametrize("data, complaint", [
    ({"ratio": {}}, "unknown: the file: ratio"),
    ({"pv": {"at_moist": {}}}, "unknown: pv: at_moist"),
    ({"pv": {"at_most": {"sycall": 1.0}}}, "unknown: pv.at_most: sycall"),
    ({"pv": {"pan_more": {"others": 1.0}}}, "unknown: pv.pan_more: others"),
    ({"pv": {"at_most": {"syscall": "1.4"}}}, "pv.at_most.syscall is no number"),
    ({"pv": {"at_most": 1.4}}, "pv.at_most is no table"),
    ({"proxies": {"growth": True}}, "proxies.growth is no number"),
    ({"trap_insns": -1}, "trap_insns is no number"),
])
def test_a_wrong_limit_is_refused(data, complaint):
    with pytest.raises(limits.LimitError, match=complaint):
        limits.parse(data)


def test_a_file_that_is_none_is_refused(tmp_path):
    with pytest.raises(limits.LimitError, match="nowhere"):
        limits.read(tmp_path / "nowhere")
    (tmp_path / "broken").write_text("[pv")
    with pytest.raises(limits.LimitError, match="broken"):
        limits.read(tmp_path / "broken")


def test_the_limits_of_the_repository_are_about_every_row():
    table = limits.read(ROOT / "configs/bench-limits.toml")
    assert set(table.at_most["pv"]) == {name for name, one in facts.ROWS.items()
                                        if one.group != "scaling"}
    assert set(table.aim_for["pv"]) == {name for name, one in facts.ROWS.items()
                                        if one.group == "basic"}
    assert all(aim < table.at_most["pv"][name] for name, aim in table.aim_for["pv"].items())
    assert table.row("pv", "pipe", True) == (1.6, None)
    assert table.row("pv", "signal", True) == (1.85, None)
    assert table.growth["pv"] and table.at_most["proxies"] and table.trap_insns
    assert table.switch_insns and table.reload_insns and table.several_insns and table.masked_insns


def test_limits_stand_beside_the_ratios():
    record = report.result_record("integratorcp", "linux-6.12", False, ["pv"],
                                  [row("syscall", 1.3)], None, "QEMU")
    limits.annotate(record, LIMITS)
    assert (record["rows"][0]["at_most"], record["rows"][0]["aim_for"]) == (1.4, 1.2)
    line = report.format_table(record).splitlines()[-1].split()
    assert line[3:8] == ["1,000", "1,300", "1.30", "1.40", "1.20"]


@pytest.mark.parametrize("modes", [["pv"], ["proxies"], ["pv", "proxies"]])
@pytest.mark.parametrize("rows", [
    [row("syscall", 1.3, 8.0)], FLAT, [row("syscall", 1.3, 8.0), *FLAT]])
def test_the_picture_takes_what_there_is(tmp_path, modes, rows):
    rows = [dict(one, ratio=one["ratio"] if "pv" in modes else None) for one in rows]
    if modes == ["proxies"]:
        rows = [dict(one, proxies_ratio=5.0) for one in rows]
    record = report.result_record("integratorcp", "linux-6.12", False, modes, rows, None, "QEMU")
    limits.annotate(record, LIMITS)
    picture.draw([record], tmp_path / "first.svg")
    picture.draw([record], tmp_path / "second.svg")
    text = (tmp_path / "first.svg").read_text(encoding="utf-8")
    assert text == (tmp_path / "second.svg").read_text(encoding="utf-8")
    assert ("null system call" in text) == any(one["name"] == "syscall" for one in rows)
    assert ("context switch" in text) == (len(rows) > 1)


@pytest.mark.parametrize("words, complaint", [
    (["--rows", "sycall"], "no such row: sycall"),
    (["--jobs", "0"], "--jobs: at least 1"),
    (["--vmm-image", "x", "--board", "versatilepb"], "--pv 0 or --pv 1"),
])
def test_a_wrong_call_names_what_is_right(words, complaint):
    done = subprocess.run([ROOT / "scripts/bench", *words], text=True, capture_output=True,
                          check=False)
    assert done.returncode == 2
    assert complaint in done.stderr


def test_a_wrong_environment_is_named():
    done = subprocess.run([ROOT / "scripts/bench"], text=True, capture_output=True, check=False,
                          env={"HAKO_PV": "yes", "PATH": "/usr/bin:/bin"})
    assert done.returncode == 2
    assert "HAKO_PV=yes: 0, 1 or both" in done.stderr
