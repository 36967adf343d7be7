# SPDX-License-Identifier: Apache-2.0
"""From console and counts to instructions per operation: the pure half of scripts/bench."""

import re
import struct
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from hako_bench import build, counts, facts, inputs, machine, report  # noqa: E402

CONSOLE = """\
Booting Linux on physical CPU 0x0
BENCH syscall 100 3
BENCH cpu 1000 1
BENCH end
"""

COUNTS = """\
entry insns=5000
init insns=70000 und=10,800,70,80,95 irq=2,400,190,200,210
region insns=1000 und=900,72000,70,80,90
region insns=1300 und=901,72500,70,81,91 dabt=1,400,400,400,400
region insns=1100 und=902,73000,70,82,92
region insns=5000
done insns=99999
"""


def measured(console=CONSOLE, text=COUNTS, want_boot=True):
    return counts.results(counts.parse_plans(console), counts.parse_counts(text), want_boot)


def test_a_row_is_the_median_of_its_repeats_per_operation():
    found = measured()
    assert found["syscall"].insns == 11.0
    assert found["syscall"].spread == pytest.approx(300 / 1100)
    assert found["cpu"].insns == 5.0
    assert found["boot"].insns == 70000


def test_traps_are_those_of_the_median_repeat():
    found = measured()
    assert found["syscall"].traps == {"und": (9.02, 730.0)}
    assert found["syscall"].costs["und"] == counts.TrapCost(902, 73000, 70, 82, 92)
    assert found["boot"].traps["irq"] == (2, 400)


def test_a_line_that_is_still_being_written_is_left_out():
    text = COUNTS[:COUNTS.index("done") + 7]
    parsed = counts.parse_counts(text)
    assert not parsed.done
    assert len(parsed.regions) == 4


@pytest.mark.parametrize("console, text, complaint", [
    (CONSOLE, COUNTS.replace("region insns=5000\n", ""), "announced 4 measurements, 3"),
    (CONSOLE.replace("BENCH cpu 1000 1\n", ""), COUNTS, "announced 3 measurements, 4"),
    (CONSOLE, COUNTS.replace("init", "region", 1), "announced 4 measurements, 5"),
    (CONSOLE, "\n".join(line for line in COUNTS.split("\n") if not line.startswith("init")),
     "init's first instruction was not seen"),
    (CONSOLE.replace("cpu 1000", "cpu 0"), COUNTS, "nothing to measure"),
    (CONSOLE, COUNTS + "error begin-in-region\n", "could not count"),
    (CONSOLE, COUNTS + "nonsense\n", "cannot read"),
    (CONSOLE, COUNTS + "region insns\n", "cannot read"),
])
def test_what_does_not_fit_together_is_an_error(console, text, complaint):
    with pytest.raises(counts.CountsError, match=complaint):
        measured(console, text)


@pytest.mark.parametrize("line", ["BENCH syscall", "xBENCH syscall 1 1", "BENCH a-b 1 1",
                                  "BENCH syscall 1 -1", "BENCH end"])
def test_other_lines_of_the_console_announce_nothing(line):
    assert counts.parse_plan(line) is None


def test_a_second_init_is_not_a_boot():
    parsed = counts.parse_counts("init insns=10\ninit insns=20\n")
    assert parsed.boot.insns == 10


# --- results.json ---------------------------------------------------------------------------------


def one_row(native, vmm, name="syscall", proxies=None):
    found = {"native": native, "pv": vmm, "proxies": proxies}
    return report.row_record(name, {kind: counts.Result(name, insns, 0.0)
                                    for kind, insns in found.items() if insns})


def record(rows, pan=False, trap_costs=None, modes=("pv", "proxies")):
    return report.result_record("integratorcp", "linux-6.12", pan, modes, rows, trap_costs, "QEMU")


def test_a_row_has_all_numbers_their_ratios_and_the_published_one():
    row = one_row(100.0, 120.0, proxies=450.0)
    assert (row["native_insns"], row["vmm_insns"], row["proxies_insns"]) == (100.0, 120.0, 450.0)
    assert (row["ratio"], row["proxies_ratio"], row["published"]) == (1.2, 4.5, 8.29)


def test_a_row_without_a_run_has_no_ratio_of_it():
    row = one_row(100.0, None, proxies=450.0)
    assert row["vmm_insns"] is None and row["ratio"] is None and row["proxies_ratio"] == 4.5
    row = one_row(None, 120.0)
    assert row["vmm_insns"] == 120.0 and row["ratio"] is None and row["native_insns"] is None


def test_one_board_is_an_object_and_several_are_a_list():
    first, second = record([]), record([])
    assert report.combined([first]) is first
    assert report.combined([first, second]) == [first, second]


def test_every_row_is_in_the_table():
    text = report.format_table(record([one_row(100.0, 120.0, name, 450.0) for name in facts.ROWS]))
    for row in facts.ROWS.values():
        assert row.title in text
    assert "8.29" in text and "4.50" in text and "1.20" in text


def test_the_rows_are_those_of_the_program():
    """Rows the program does not have would never be measured, others never reported."""
    found = []
    for name in ("basic.c", "work.c", "scaling.c"):
        text = (ROOT / "tests/bench" / name).read_text(encoding="utf-8")
        found += re.findall(r'^\t\{ "(\w+)", \d+', text, re.MULTILINE)
        for kind, numbers in re.findall(r"^\t((?:PIPE|SWITCH))_ROW(.*)$", text, re.MULTILINE):
            found += [f"{kind.lower()}_{number}" for number in re.findall(r"\((\d+)\)", numbers)]
    assert sorted([*found, "boot"]) == sorted(facts.ROWS)


# --- inputs ---------------------------------------------------------------------------------------


def test_the_vmm_range_comes_from_the_layout_header():
    first, end = inputs.vmm_range(ROOT)
    assert first < end and end - first == 4 << 20


def test_a_layout_without_the_range_is_refused():
    with pytest.raises(inputs.InputError, match="VMM_END"):
        inputs.parse_layout("#define VMM_BASE       0xffa00000\n")


def make_kernel(folder, config):
    folder.mkdir(parents=True)
    (folder / "config").write_text(config)


def test_a_kernel_is_chosen_by_its_own_configuration(tmp_path):
    make_kernel(tmp_path / "build/guest/linux-6.12", "# CONFIG_ARM_PAN is not set\n")
    make_kernel(tmp_path / "build/guest/linux-6.12-x", "CONFIG_ARM_PAN=y\n")
    assert inputs.find_kernel(tmp_path, "linux-6.12", False).folder.name == "linux-6.12"
    assert inputs.find_kernel(tmp_path, "linux-6.12", True).folder.name == "linux-6.12-x"
    with pytest.raises(inputs.InputError, match="linux-6.1 with"):
        # linux-6.1* matches linux-6.12 as well, which is another kernel.
        inputs.find_kernel(tmp_path, "linux-6.1", False)


# --- what is built --------------------------------------------------------------------------------


@pytest.mark.parametrize("text, abi", [
    ("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)", 1),
    ("QEMU emulator version 8.2.0", 1),
    ("QEMU emulator version 9.1.0", 3),
    ("QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds-2)", 3),
])
def test_the_plugin_is_built_for_the_installed_qemu(text, abi):
    assert build.plugin_abi(build.qemu_version(text)) == abi


@pytest.mark.parametrize("text", ["QEMU emulator version 4.1.0", "QEMU emulator version 9.0.2", ""])
def test_a_qemu_without_a_usable_plugin_interface_is_refused(text):
    with pytest.raises(build.BuildError):
        build.plugin_abi(build.qemu_version(text))


def test_the_initramfs_is_an_archive_the_kernel_accepts():
    archive = build.cpio_archive([("dev", None), ("init", b"abcde"), ("sh", "init")])
    found, offset = {}, 0
    while True:
        head = archive[offset:offset + 110]
        assert head[:6] == b"070701" and offset % 4 == 0
        fields = [int(head[6 + 8 * i:14 + 8 * i], 16) for i in range(13)]
        mode, size, name_size = fields[1], fields[6], fields[11]
        name = archive[offset + 110:offset + 110 + name_size - 1].decode()
        data = (offset + 110 + name_size + 3) & ~3
        if name == "TRAILER!!!":
            break
        found[name] = (mode, archive[data:data + size])
        offset = (data + size + 3) & ~3
    assert found == {"dev": (0o040755, b""), "init": (0o100755, b"abcde"),
                     "sh": (0o120777, b"init")}


def test_the_served_files_have_the_sizes_and_words_the_guest_asks_for(tmp_path):
    folder = build.build_tftp(tmp_path, (1, 3))
    assert {path.name: path.stat().st_size for path in folder.iterdir()} == {"1": 1024, "3": 3072}
    words = struct.unpack("<256I", (folder / "1").read_bytes())
    assert words[:2] == (1, 1664525 + 1013904223)
    assert (folder / "3").read_bytes().startswith((folder / "1").read_bytes())


def test_a_missing_busybox_is_named_with_what_makes_it(tmp_path):
    with pytest.raises(build.BuildError, match="make build/guest/busybox.fetched"):
        build.build_initramfs(tmp_path, tmp_path)


def test_the_guest_s_network_reaches_nothing_but_the_server_in_qemu(tmp_path):
    one = machine.Machine("x", "versatilepb", tmp_path, tmp_path, tmp_path, tftp=tmp_path / "a,b")
    words = machine.command_line(one, (10, 0))
    assert words[words.index("-nic") + 1] == \
        f"user,model=smc91c111,restrict=on,tftp={tmp_path}/a,,b"


def test_a_failed_run_still_has_the_rows_before_the_failure(tmp_path):
    run = machine.Run.__new__(machine.Run)
    run.machine = machine.Machine("x", "integratorcp", tmp_path, tmp_path, tmp_path)
    run.machine.counts_file.write_text(COUNTS[:COUNTS.index("region insns=5000")])
    run.console = CONSOLE.splitlines()
    run.reached_end = False
    plans, counted = run.measured()
    assert list(counts.results(plans, counted, want_boot=False)) == ["syscall"]
