# SPDX-License-Identifier: Apache-2.0
"""The mutation run finds every operation, takes just that one away, and accounts for each."""

import dataclasses
import pathlib
import re
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from hako_model import mutants_report, mutants_run, mutants_sites  # noqa: E402 (as above)
from hako_model.errors import ModelError  # noqa: E402
from hako_model.mutants_run import Mutant  # noqa: E402

CACHE_H = r"""
/* mcr p15, 0, r0, c7, c5, 0 in a comment is nothing. */
#if defined(__arm__)
#define OPERATION(name, crm, opc2)                          \
	static inline void name(uint32_t operand)           \
	{                                                   \
		__asm__ volatile("mcr p15, 0, %0, c7, " #crm ", " #opc2 : : "r"(operand)); \
	}
#define WRITE(name, crn, crm, opc2)                         \
	static inline void name(uint32_t value)             \
	{                                                   \
		__asm__ volatile("mcr p15, 0, %0, " #crn ", " #crm ", " #opc2 : : "r"(value)); \
	}
OPERATION(drain, c10, 4)
WRITE(write_dacr, c3, c0, 0)
WRITE(tlb_all, c8, c7, 0)

static inline void clean_all(void)
{
	__asm__ volatile("1: mrc p15, 0, r15, c7, c10, 3\n\tbne 1b" : : : "cc");
}
#else
static inline void drain(uint32_t operand) { (void)operand; }
#endif

/** Only operations: one itself. */
static inline void flush(void)
{
	clean_all();
	drain(0);
}
"""

USER_C = r"""
#include "arch/cache.h"

void flush(void);
static const char *text = "drain(1)";

/* Not only operations: calls of this are no sites. */
static int work(int n)
{
	if (n)
		flush(); /* drain(2) */
	drain(next(n,
		   3));
	drain(0);
	drain(0);
	clean_range(next(n, 3), n);
	write_dacr(1);
	return call(flush), n;
}

void other(void)
{
	work(1);
}
"""

BOOT_S = """
start:
	mcr	p15, 0, r0, c1, c0, 0
1:	mrc	p15, 0, pc, c7, c14, 3
	bne	1b	/* mcr p15, 0, r0, c7, c5, 0 */
next:	mcr	p15, 0, r1, c8, c7, 0
	mcr	p15, 0, r1, c9, c0, 1	@ lockdown
	mcr	p15, 0, r1, c10, c0, 0
"""

RANGE_S = """
	.macro	EACH name, crm, opc2, more:vararg
	.global	\\name
\\name:
1:	mcr	p15, 0, r0, c7, \\crm, \\opc2
	\\more
	bx	lr
	.endm
	.macro	PLAIN name
\\name:	bx	lr
	.endm

	EACH	clean_range, c10, 1
	EACH	forget_range, c14, 1, mcr p15, 0, r0, c7, c5, 1
	PLAIN	call
"""


@pytest.fixture(name="tree")
def _tree(tmp_path):
    for path, text in (("arch/cache.h", CACHE_H), ("vmm/user.c", USER_C), ("arch/boot.S", BOOT_S),
                       ("arch/range.S", RANGE_S)):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def _named(sites):
    return [(site.path, site.function, site.operation, site.nth) for site in sites]


def test_every_operation_and_call_is_a_site(tree):
    assert _named(mutants_sites.find_sites(tree)) == [
        ("arch/boot.S", "start", "mrc p15, 0, pc, c7, c14, 3", 1),
        ("arch/boot.S", "next", "mcr p15, 0, r1, c8, c7, 0", 1),
        ("arch/boot.S", "next", "mcr p15, 0, r1, c9, c0, 1", 1),
        ("arch/boot.S", "next", "mcr p15, 0, r1, c10, c0, 0", 1),
        ("arch/cache.h", "drain", "OPERATION(drain, c10, 4)", 1),
        ("arch/cache.h", "tlb_all", "WRITE(tlb_all, c8, c7, 0)", 1),
        ("arch/cache.h", "clean_all", "mrc p15, 0, r15, c7, c10, 3", 1),
        ("arch/cache.h", "flush", "clean_all()", 1),
        ("arch/cache.h", "flush", "drain(0)", 1),
        ("arch/range.S", "EACH", r"mcr p15, 0, r0, c7, \crm, \opc2", 1),
        ("arch/range.S", "forget_range", "mcr p15, 0, r0, c7, c5, 1", 1),
        ("vmm/user.c", "work", "flush()", 1),
        ("vmm/user.c", "work", "drain(next(n, 3))", 1),
        ("vmm/user.c", "work", "drain(0)", 1),
        ("vmm/user.c", "work", "drain(0)", 2),
        ("vmm/user.c", "work", "clean_range(next(n, 3), n)", 1),
    ]


def test_a_removed_operation_leaves_the_rest_as_it_was(tree):
    for site in mutants_sites.find_sites(tree):
        text = (tree / site.path).read_text()
        mutant = mutants_sites.remove(site, text)
        assert mutant == text[:site.start] + site.replacement + text[site.end:]
        (tree / site.path).write_text(mutant)
        left = _named(mutants_sites.find_sites(tree))
        (tree / site.path).write_text(text)
        # One less in its function; equal ones behind it move up.
        assert sum(key[:3] == site.key[:3] for key in left) == sum(
            key[:3] == site.key[:3] for key in _named(mutants_sites.find_sites(tree))) - 1


def test_operands_are_still_evaluated_and_loops_still_end(tree):
    replacements = {site.operation: site.replacement for site in mutants_sites.find_sites(tree)}
    assert replacements["drain(next(n, 3))"] == "((void)(next(n,\n\t\t   3)))"
    assert replacements["clean_range(next(n, 3), n)"] == "((void)(next(n, 3)), (void)(n))"
    assert replacements["flush()"] == "((void)(0))"
    assert replacements["mrc p15, 0, pc, c7, c14, 3"] == "teq r0, r0"
    assert replacements["mcr p15, 0, r1, c8, c7, 0"] == "nop"


def test_the_vmms_own_sources_are_understood():
    sites = mutants_sites.find_sites(ROOT)
    functions = {site.function for site in sites}
    assert {"boot_entry", "write_sctlr", "shadow_revalidate", "access_mapped", "loader_load",
            "mmu_tlb_invalidate"} <= functions
    assert {"cache_clean_d_range(at, end)"} <= {site.operation for site in sites}
    # As many lines of assembly as a plain search finds.
    plain = re.compile(r"\bm(cr|rc)\s+p15,\s*\d,\s*\w+,\s*c([789]|10)\b")
    lines = sum(plain.search(line) is not None
                for path in (ROOT / "arch").rglob("*.S")
                for line in path.read_text().splitlines())
    assert lines == sum(site.path.endswith(".S") for site in sites)


def test_a_folder_without_sources_is_refused(tmp_path):
    with pytest.raises(mutants_sites.SitesError, match="no sources"):
        mutants_sites.find_sites(tmp_path)


# ---- survivors -----------------------------------------------------------------------------------

REASON = 'reason = "it only saves power, and the model counts none"'


def _write(tmp_path, text):
    path = tmp_path / "mutants.toml"
    path.write_text(text)
    return path


def _entry(operation, *more):
    return "\n".join(["[[accepted]]", 'path = "vmm/user.c"', 'function = "work"',
                      f'operation = "{operation}"', *more, ""])


def _mutants(tree, status):
    mutants = [Mutant(n, site) for n, site in enumerate(mutants_sites.find_sites(tree), 1)]
    for mutant in mutants:
        mutant.status = status.get((mutant.site.operation, mutant.site.nth), "caught")
    return mutants


def test_a_survivor_needs_a_reason(tree, tmp_path):
    mutants = _mutants(tree, {("drain(0)", 2): "survived"})
    assert len(mutants_report.judge(mutants, {}, True)) == 1
    accepted = mutants_report.read_accepted(_write(tmp_path, _entry("drain(0)", "nth = 2", REASON)))
    assert mutants_report.judge(mutants, accepted, True) == []
    assert [mutant.status for mutant in mutants].count("accepted") == 1


def test_a_listed_survivor_that_is_caught_is_a_problem(tree, tmp_path):
    accepted = mutants_report.read_accepted(_write(tmp_path, _entry("flush()", REASON)))
    problems = mutants_report.judge(_mutants(tree, {}), accepted, True)
    assert len(problems) == 1 and "but caught" in problems[0]


def test_a_listed_survivor_that_is_gone_is_a_problem(tree, tmp_path):
    accepted = mutants_report.read_accepted(_write(tmp_path, _entry("drain(77)", REASON)))
    problems = mutants_report.judge(_mutants(tree, {}), accepted, True)
    assert len(problems) == 1 and "not in the sources" in problems[0]
    assert mutants_report.judge(_mutants(tree, {}), accepted, False) == []


def test_results_of_a_part_keep_the_rest(tree, tmp_path):
    path = tmp_path / "results.json"
    sites = mutants_sites.find_sites(tree)
    mutants = _mutants(tree, {("flush()", 1): "survived"})
    assert mutants_report.read_caught(path) == {}
    mutants_report.Results(path, "board", sites, {}, "vmm").finish(mutants, [])
    assert len(mutants_report.read_caught(path)) == len(sites) - 1
    again = [mutant for mutant in mutants if mutant.status == "survived"]
    again[0].status = "caught"
    mutants_report.Results(path, "board", sites[1:], {}, "vmm").add(again[0])
    assert set(mutants_report.read_caught(path)) == {site.key for site in sites[1:]}
    path.write_text("{")
    with pytest.raises(ModelError, match="results.json"):
        mutants_report.read_caught(path)


def test_an_interrupted_run_goes_on_where_it_was_if_the_vmm_is_the_same(tree, tmp_path):
    path = tmp_path / "results.json"
    sites = mutants_sites.find_sites(tree)
    done = _mutants(tree, {("flush()", 1): "accepted", ("drain(0)", 2): "not built"})[:-1]
    results = mutants_report.Results(path, "board", sites, {}, "vmm")
    for mutant in done:
        results.add(mutant)
    mutants = _mutants(tree, {})
    left = mutants_report.restore(mutants, path, "vmm")
    assert [mutant.site.key for mutant in left] == [done[-1].site.key, sites[-1].key]
    # It survived; whether that is accepted is looked up anew.
    assert {mutant.status for mutant in mutants if mutant.site.operation == "flush()"} == {
        "survived"}
    mutants = _mutants(tree, {})
    assert mutants_report.restore(mutants, path, "another vmm") == mutants


class _Places:
    """As mutants_cover.Places: line N is what is at address N."""

    def are_executed(self, path, line, executed):
        return line in executed


def test_a_mutant_runs_what_comes_across_it(tree):
    site = mutants_sites.find_sites(tree)[-1]
    usable = [mutants_run.Workload(name, 1, None) for name in ("loader_dirty", "idle", "linux")]
    normal = {"loader_dirty": mutants_run.Verdict("loader_dirty"),
              "idle": mutants_run.Verdict("idle", executed={site.line}),
              "linux": mutants_run.Verdict("linux", executed={site.line + 1})}
    chosen = mutants_run.choose_for(Mutant(1, site), usable, normal, {"": _Places()})
    assert [workload.name for workload in chosen] == ["idle"]
    # The early boot is what the loaders are for.
    early = dataclasses.replace(site, path="arch/arm/boot.S")
    chosen = mutants_run.choose_for(Mutant(1, early), usable, normal, {"": _Places()})
    assert [workload.name for workload in chosen] == ["loader_dirty", "idle"]


def test_a_mutant_that_was_not_run_is_a_problem(tree):
    for status in ("not built", "same code"):
        assert mutants_report.judge(_mutants(tree, {("flush()", 1): status}), {}, True)


@pytest.mark.parametrize("text", [
    "[[accepted]]\n",
    _entry("flush()"),
    _entry("flush()", REASON, 'line = 7'),
    _entry("flush()", 'reason = "redundant"'),
    _entry("flush()", REASON) * 2,
    "[[accepted",
])
def test_a_list_that_says_too_little_is_refused(tmp_path, text):
    with pytest.raises(ModelError, match="mutants.toml"):
        mutants_report.read_accepted(_write(tmp_path, text))
