# SPDX-License-Identifier: Apache-2.0
"""The plugin in QEMU: does it see what it should, and say what it cannot do?"""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import hako_qemu  # noqa: E402 (needs the path above)
from hako_bench import build as bench_build  # noqa: E402
from hako_model import build, machine, symbols  # noqa: E402
from hako_model.errors import ModelError  # noqa: E402

# Of pexpect, which still supports Python 2.
pytestmark = pytest.mark.filterwarnings("ignore:setDaemon:DeprecationWarning")

# What sins.S does: kind, function that reads, mode, function of the culprit.
SINS = [
    ("stale load", "sin_stale_load", "svc", None),
    ("stale fetch", 0x00200100, "svc", None),
    ("stale walk", "sin_stale_walk", "svc", None),
    ("stale TLB entry", "sin_stale_tlb", "svc", None),
    ("lost bytes", "sin_lost_bytes", "svc", "sin_lost_bytes"),
    ("overwritten bytes", "sin_overwritten", "svc", "sin_overwritten"),
    ("stale load", 0x80300700, "sys", None),
]


def wait_for_end(console, step):
    console.wait_for_end()


@pytest.fixture(scope="module")
def plugin(tmp_path_factory):
    build.require_qemu()
    return build.build_plugin(ROOT, tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def sins(tmp_path_factory):
    target = tmp_path_factory.mktemp("sins") / "sins.elf"
    bench_build.run_tool(
        [bench_build.BARE_CC, "-mcpu=arm926ej-s", "-marm", "-nostdlib", "-static",
         "-Wl,-Ttext=0x10000,--build-id=none,-e,sins_start", "-o", target,
         ROOT / "tests/model/sins.S"], ROOT)
    return target


def run_sins(plugin, sins, out, board, **options):
    job = machine.Job("sins", board, sins, wait_for_end, names=[sins])
    return machine.run(job, machine.Model(plugin, **options), out)


def place(text):
    """The function in `0x00010000 name+0x4`, or the address if it has none."""
    address, _, name = text.partition(" ")
    return name.rpartition("+")[0] or int(address, 16)


@pytest.mark.parametrize("board", hako_qemu.BOARDS)
def test_every_kind_of_sin_is_found_and_nothing_else(plugin, sins, tmp_path, board):
    result = run_sins(plugin, sins, tmp_path, board)
    assert result.failure is None
    found = [(one["kind"], place(one["reader"]), one["mode"]) for one in result.data["first"]]
    assert found == [sin[:3] for sin in SINS]
    assert result.findings == len(SINS) and not result.ok


def test_the_culprit_is_named(plugin, sins, tmp_path):
    result = run_sins(plugin, sins, tmp_path, "integratorcp")
    for one, (_, _, _, culprit) in zip(result.data["first"], SINS):
        if culprit:
            assert place(one["culprit"]) == culprit
        assert place(one["written_by"]).startswith("sin_")


def test_the_report_for_people_has_the_same(plugin, sins, tmp_path):
    text = run_sins(plugin, sins, tmp_path, "versatilepb").report.read_text()
    assert "sin_lost_bytes+0x" in text
    assert f"{len(SINS)} findings" in text
    assert "innocent" not in text


def test_runs_repeat_exactly(plugin, sins, tmp_path):
    first, second = (run_sins(plugin, sins, tmp_path / name, "integratorcp").data
                     for name in ("first", "second"))
    assert first == second


def test_sizes_and_memory_are_what_was_asked_for(plugin, sins, tmp_path):
    data = run_sins(plugin, sins, tmp_path, "integratorcp", memory="sram", icache=4, dcache=32).data
    assert data["settings"] == {"icache_kib": 4, "dcache_kib": 32, "memory": "sram",
                                "rules": "gather"}


@pytest.mark.parametrize("options, complaint", [
    ({"memory": "dram"}, "memory=dram: there are: sdram-100, sram"),
    ({"icache": 5}, "4, 8, 16, 32, 64 or 128"),
])
def test_a_bad_setting_is_answered_with_the_good_ones(plugin, sins, tmp_path, options, complaint):
    with pytest.raises(ModelError, match=complaint):
        run_sins(plugin, sins, tmp_path, "integratorcp", **options)


def run_qemu(words):
    return subprocess.run([hako_qemu.QEMU, "-display", "none", *hako_qemu.audio_options(), *words],
                          text=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                          check=False)


def run_cpu(plugin, sins, tmp_path, cpu):
    ram, report = tmp_path / "ram", tmp_path / "report"
    return run_qemu(["-M", "versatilepb", "-cpu", cpu, "-m", "128", "-kernel", sins,
                     "-semihosting-config", "enable=on,target=native", "-serial", "null",
                     *hako_qemu.shared_ram(ram), "-plugin",
                     f"{plugin},ram={ram},report={report}"])


def test_a_cpu_that_is_no_arm926_is_refused(plugin, sins, tmp_path):
    for cpu, number in (("arm1176", "0x410fb767"), ("arm1026", "0x4106a262")):
        done = run_cpu(plugin, sins, tmp_path, cpu)
        assert done.returncode != 0
        assert f"arm926 model: this CPU is no ARM926 (main ID register {number})" in done.stderr
        assert done.stderr.count("\n") == 1


def test_an_arm926_is_known_without_an_instruction_counter_too(plugin, sins, tmp_path):
    assert "no ARM926" not in run_cpu(plugin, sins, tmp_path, "arm926").stderr
    assert (tmp_path / "report.json").exists()


def test_an_unknown_argument_is_answered_with_the_list(plugin, sins):
    done = run_qemu(["-M", "versatilepb", "-kernel", sins, "-plugin", f"{plugin},cache=on"])
    assert done.returncode != 0
    assert "arm926 model: no argument cache; there are: ram, report" in done.stderr


def test_an_old_qemu_is_answered_with_the_version_needed(monkeypatch):
    monkeypatch.setattr(bench_build, "installed_qemu", lambda: (7, 2))
    with pytest.raises(ModelError, match="needs QEMU 10 or later, this is 7.2: scripts/setup"):
        build.require_qemu()


@pytest.mark.parametrize("image", ["", "-vms"])
@pytest.mark.parametrize("board", hako_qemu.BOARDS)
def test_the_virtual_mode_is_where_the_vmm_keeps_it(board, image):
    pointer, delta, offset = (int(word, 16) for word in symbols.virtual_mode(
        ROOT, ROOT / "build" / f"{board}{image}" / "vmm.elf").split(":"))
    # In the image, which is at the top of RAM; in a struct vcpu, behind the registers.
    assert symbols.RAM_SIZE - (1 << 20) <= pointer < symbols.RAM_SIZE
    assert delta == 0xffc00000 - (symbols.RAM_SIZE - (1 << 20))
    assert 72 <= offset < 400
