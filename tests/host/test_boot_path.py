# SPDX-License-Identifier: Apache-2.0
"""scripts/bench_boot_path: from the plugin's lines to a table, and to what is over its limit."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from hako_bench import boot_path, build, limits  # noqa: E402 (needs the path above)

TEXT = "loader 300\nvmm 70\nguest 1000\nloader_function 250\nvmm_function 20\ndone 1\n"
LIMITS = limits.parse({"boot_vmm_insns": 50, "boot_sha256_insns": 250})


def test_counts_are_split():
    counts = boot_path.parse(TEXT, "versatilepb", 6 << 20)
    assert (counts.total, counts.vmm_without_digest, counts.sha256) == (1370, 50, 250)
    table = boot_path.table(counts)
    assert "with a bundle of 6.00 MiB" in table and len(table.splitlines()) == 7


@pytest.mark.parametrize("text", ("", TEXT.replace("done 1\n", ""), TEXT.replace("guest 1000", "guest 0")))
def test_a_count_that_is_missing_is_no_result(text):
    with pytest.raises(boot_path.BootPathError):
        boot_path.parse(text, "versatilepb", 6 << 20)


@pytest.mark.parametrize("old, new, wanted", (
    ("vmm 70", "vmm 70", []),
    ("vmm 70", "vmm 71", ["the VMM's part without the digest: 51 instructions, at most 50"]),
    ("loader_function 250", "loader_function 251", ["SHA-256: 251 instructions, at most 250"])))
def test_what_is_over_its_limit_is_named(old, new, wanted):
    counts = boot_path.parse(TEXT.replace(old, new), "versatilepb", 6 << 20)
    assert boot_path.missed(counts, LIMITS) == [f"versatilepb: {sentence}" for sentence in wanted]


def test_without_a_limit_nothing_is_met():
    counts = boot_path.parse(TEXT, "versatilepb", 6 << 20)
    assert len(boot_path.missed(counts, limits.Limits())) == 2


def test_the_limits_are_those_of_the_project():
    found = limits.read(ROOT / "configs/bench-limits.toml")
    assert (found.boot_vmm_insns, found.boot_sha256_insns) == (40_000_000, 300_000_000)


def test_the_plugin_is_there_for_each_interface(tmp_path):
    for abi in (1, 3):
        assert build.build_plugin(ROOT, tmp_path, "boot_path", abi).exists()
