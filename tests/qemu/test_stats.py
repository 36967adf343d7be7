# SPDX-License-Identifier: Apache-2.0
"""`make run STATS=1`, its key, and scripts/trace: do they count what was done?"""

import json
import subprocess
import sys

import pytest
from guest import ROOT, Machine, hako_qemu

sys.path.insert(0, str(ROOT / "tests/host"))

import chrome_format  # noqa: E402 (needs the path above)
from hako_bench import build, inputs  # noqa: E402
from hako_trace import records  # noqa: E402
from hako_trace.guest import Guest  # noqa: E402

KEY = "\x0f"  # Ctrl-O
ALL, CLEAR = KEY + "s", KEY + "z"
VECTOR_OF = {  # what the VMM counts, by the CPU's vector
    "und": ("proxy", "hypercall", "undefined"),
    "swi": ("fast_call", "fast_return", "swi"),
    "pabt": ("fill_code", "guest_prefetch_abort", "other_prefetch_abort"),
    "dabt": ("fill_data", "emulated", "doorbell", "page_closed", "guest_data_abort",
             "other_data_abort"),
}
CALLS = 5000
FORKS = 40
# What a turn of `busybox true` calls, by strace: the shell clone, setpgid, wait4, sigreturn, wait4,
# ioctl; its child set_robust_list, getpid, setpgid, ioctl, five times rt_sigaction, execve; and the
# new program 18 until it has ended, most of them of the C library's start.
FORK_CALLS = 34


def vmlinux(kernel):
    return ROOT / "build/guest" / kernel / "vmlinux.hako"


class Watched(Machine):
    """The guest with statistics, as `make run STATS=1` starts it, under the plugin."""

    def __init__(self, board, kernel, out):
        self.out = out
        self.trace = out / "records"
        entry = inputs.elf_entry(vmlinux(kernel))
        vmm, at = inputs.vmm_range(ROOT), inputs.vmm_image(ROOT)
        plugin = build.build_plugin(ROOT, out)
        bundle = ROOT / "build" / f"{board}-stats" / kernel / "zImage-hako"
        words = hako_qemu.command(board, bundle) + [
            "-plugin", f"{plugin},out={out / 'counts'},trace={self.trace},vmm={vmm[0]:#x}-"
            f"{vmm[1]:#x},image={at[0]:#x}-{at[1]:#x},entry={entry.address:#x},word={entry.word:#x}"]
        super().__init__([ROOT / "scripts/trace", "console", "--out", out, "--guest",
                          vmlinux(kernel), "--", *words], out / "console.log")

    def report(self, number):
        self.type(ALL)
        self.expect(rf"written to [^\r\n]*stats-{number}\.trace\.json\r\n")
        return json.loads((self.out / f"stats-{number}.json").read_text())


def count(report, *kinds):
    return sum(report["kinds"].get(kind, {"count": 0})["count"] for kind in kinds)


@pytest.fixture
def watched(board, default_kernel, tmp_path):
    with Watched(board, default_kernel, tmp_path) as machine:
        machine.wait_for_shell()
        yield machine


def check_plugin_agrees(machine, report):
    """The plugin has seen all traps from outside: nothing that traps goes past the counters.

    The report came shortly before the end, which is what the difference is for.
    """
    rows = [row for row in records.RECORD.iter_unpack(machine.trace.read_bytes())
            if row[4] in records.VECTORS]
    seen = {name: sum(records.VECTORS[row[4]] == name for row in rows) for name in VECTOR_OF}
    for name, kinds in VECTOR_OF.items():
        counted = count(report, *kinds)
        assert counted <= seen[name] <= counted * 1.05 + 1500, (name, counted, seen[name])


def test_the_key_shows_what_was_done(watched, default_kernel):
    boot = watched.report(1)
    watched.type(CLEAR)
    watched.check(f"dd if=/dev/zero of=/dev/null bs=1 count={CALLS}")
    watched.check(f"for i in $(seq {FORKS}); do busybox true; done")
    work = watched.report(2)
    injected = work["injected"]
    calls = count(work, "fast_call") + injected.get("swi", 0)
    # A read and a write each. dd itself, seq and the line that is typed make 230 together; another
    # C library may want a few more than this one.
    least = 2 * CALLS + FORK_CALLS * FORKS
    assert least <= calls < least + 10 * FORKS + 500
    assert FORKS < work["hidden_faults"] < 200 * FORKS
    assert injected["irq"] > 0
    assert injected["data_abort"] > FORKS
    switches = {**work["sensitive_instructions"], **work["hypercalls"]}
    switches = [switches[name]["count"] for name in
                ("switch_mm", "mcr p15, 0, c2, c0, 0 (page tables)") if name in switches]
    assert sum(switches) > FORKS
    assert {"contexts_made", "contexts_recycled", "tables_recycled"} <= set(work["shadow"])
    if Guest(vmlinux(default_kernel)).pv:
        # The way back to a program is an SWI, too: from its calls and from its exceptions, which
        # are not all the exceptions there are. A child returns once more, and does not from its end.
        returns = count(work, *VECTOR_OF["swi"]) - calls
        assert count(work, "fast_call") > 2 * CALLS and count(work, "fast_return") > 2 * CALLS
        assert calls < returns <= calls + sum(injected.values()) - injected.get("swi", 0)
        assert work["hypercalls"] and count(work, "doorbell") > 0
    else:
        assert count(boot, "proxy") > 100_000
        assert work["sensitive_instructions"]["msr cpsr"]["count"] > 2 * CALLS
    named = [one["symbol"] for one in boot["symbols"]]
    assert "(programs)" in named and any("flush" in name for name in named)
    assert sum(one["count"] for one in work["symbols"]) + work["traps_without_symbol"] + \
        count(work, "fast_call", "fast_return") == work["traps"]
    events = chrome_format.check(watched.out / "stats-2.trace.json")
    assert len([event for event in events if event["ph"] == "X"]) == 512


def test_nothing_that_traps_goes_past_the_counters(watched):
    watched.check("ls -lR /bin /sys >/dev/null")
    report = watched.report(1)
    watched.leave("poweroff -f")
    watched.wait_for_end()
    check_plugin_agrees(watched, report)


def test_a_doubled_prefix_reaches_the_guest(start, board, default_kernel):
    guest = start(board, default_kernel)
    guest.wait_for_shell()
    guest.type("stty raw -echo; dd bs=1 count=3 2>/dev/null | hexdump -C; stty sane\n")
    guest.type("a" + KEY + KEY + "b")
    guest.expect("61 0f 62")
    guest.expect("hako:~# ")
    guest.type(ALL)
    guest.expect("counts nothing; `make run STATS=1`")


def test_the_vmm_without_statistics_has_none(board):
    symbols = subprocess.run(["arm-none-eabi-nm", ROOT / "build" / board / "vmm.elf"], text=True,
                             check=True, capture_output=True).stdout
    assert "stats_report" in symbols
    assert "stats_rows" not in symbols and "__wrap_" not in symbols


def test_a_command_is_traced(default_kernel, tmp_path):
    done = subprocess.run([ROOT / "scripts/trace", "run", "ls -l /bin | wc -l", "--kernel",
                           default_kernel, "--out", tmp_path], text=True, check=True,
                          capture_output=True)
    name = f"integratorcp-{default_kernel}-run"
    report = json.loads((tmp_path / f"{name}.json").read_text())
    assert 0 < report["instructions_vmm"] < report["instructions_total"]
    assert sum(kind["instructions"] for kind in report["kinds"].values()) == \
        report["instructions_vmm"]
    assert report["injected"]["swi"] > 100 and report["hidden_faults"] > 10
    events = chrome_format.check(tmp_path / f"{name}.trace.json")
    assert {event["name"] for event in events if event.get("cat") == "guest"} == \
        {"kernel", "program"}
    assert f"{report['traps']:,} traps" in done.stdout
    assert (tmp_path / f"{name}.svg").stat().st_size > 1000
