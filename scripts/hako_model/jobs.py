# SPDX-License-Identifier: Apache-2.0
"""What can be run with the model: Linux with a list of scenarios, the benchmark, test guests."""

import importlib.util

from hako_bench import build as bench_build
from hako_bench import facts as bench_facts

from . import build, linux
from .errors import ModelError
from .machine import ROOT, GuestError, Job

SCENARIOS = (*linux.SCENARIOS, "bench")
DEFAULT_KERNEL = "linux-6.12"
PROXIES = "-proxies"    # behind a kernel's name: rewritten without paravirtual code

# The test guests of the short check: what moves tables, caches and the TLB most.
SHORT_GUESTS = ("cp15", "isolation", "mmu_faults", "shadow_edges")


def _guest_run():
    """tests/guest/run.py, which knows what a test guest has to print."""
    spec = importlib.util.spec_from_file_location("guest_run", ROOT / "tests/guest/run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


guest_run = _guest_run()


def built(path):
    if not path.exists():
        raise ModelError(f"{path.relative_to(ROOT)} is missing: make model-programs")
    return path


def vmm_elf(board):
    return built(ROOT / "build" / board / "vmm.elf")


def _vmm_label(board, kernel, what):
    return f"{board}-{'proxies' if kernel.endswith(PROXIES) else 'vmm'}-{what}"


# ---- Linux ---------------------------------------------------------------------------------------

def vmm_linux(board, scenarios, kernel=DEFAULT_KERNEL, *, out=None, bundle=None):
    """
    Linux under the VMM. `bundle`: one with another VMM, and linux.make_initrd(.., scenarios, True);
    without it, that of the built VMM is made in folder `out`.
    """
    folder = ROOT / "build/guest" / kernel
    label = _vmm_label(board, kernel, "linux")
    if not bundle:
        out.mkdir(parents=True, exist_ok=True)
        initrd = linux.make_initrd(out / f"{label}.cpio.gz", scenarios, True)
        bundle = bench_build.bundle(
            ROOT, bench_facts.BOARDS[board], built(folder / "vmlinux.hako"),
            out / f"{label}.zImage", dtb=built(folder / f"{board}.dtb"), initrd=initrd,
            cmdline=bench_facts.COMMAND_LINE)
    return Job(label, board, bundle, linux.host_script(scenarios, True), {"rtc": linux.RTC},
               vmm_elf=vmm_elf(board), names=[built(folder / "vmlinux.hako")])


def native_linux(board, scenarios, kernel=DEFAULT_KERNEL, *, out):
    """The unmodified kernel on the bare board."""
    folder = ROOT / "build/guest" / kernel
    label = f"{board}-native-linux"
    out.mkdir(parents=True, exist_ok=True)
    initrd = linux.make_initrd(out / f"{label}.cpio.gz", scenarios, False)
    options = {"dtb": built(folder / f"{board}.dtb"), "initrd": initrd,
               "cmdline": bench_facts.COMMAND_LINE, "rtc": linux.RTC}
    return Job(label, board, built(folder / "zImage"), linux.host_script(scenarios, False), options,
               names=[built(folder / "vmlinux")])


# ---- the benchmark -------------------------------------------------------------------------------

def _bench_script(console, step):
    step("boot")
    while True:
        match, _ = console.expect(r"BENCH (\w+)([^\r\n]*)\r\n", linux.HANG_SECONDS)
        if match[1] == "end":
            return
        if match[1] == "error":
            raise GuestError(f"the benchmark failed:{match[2]}")
        step(f"benchmark {match[1]}")


def bench(board, out, kernel=DEFAULT_KERNEL, *, native=False):
    """The benchmark's programs, once each."""
    folder = ROOT / "build/guest" / kernel
    built(folder / "vmlinux.hako")
    bundle, initrd, cmdline = build.build_bench(ROOT, out, board, kernel)
    if not native:
        return Job(_vmm_label(board, kernel, "bench"), board, bundle, _bench_script,
                   vmm_elf=vmm_elf(board), names=[folder / "vmlinux.hako"])
    return Job(f"{board}-native-bench", board, built(folder / "zImage"), _bench_script,
               {"dtb": built(folder / f"{board}.dtb"), "initrd": initrd, "cmdline": cmdline},
               names=[built(folder / "vmlinux")])


# ---- bare-metal test guests ----------------------------------------------------------------------

def _guest_script(under_vmm):
    def script(console, step):
        step("test guest")
        text, _ = console.wait_for_end()
        lines = text.replace("\r", "").splitlines()
        problems = guest_run.tap_problems(
            [line for line in lines if not guest_run.is_vmm_line(line)])
        if under_vmm and guest_run.VMM_UNCHANGED not in lines:
            problems.append(f"no line {guest_run.VMM_UNCHANGED!r}")
        if problems:
            raise GuestError(f"{problems}\n{guest_run.tail(lines)}")
    return script


def guests(board):
    """Names of the test guests that know what they expect."""
    return [name for name in guest_run.guests(board) if not name.startswith("hostile")]


def guest(board, name, *, native=False, bundle=None, elf=None, label=None):
    """A test guest under the VMM or on the bare board. bundle, elf: of another VMM."""
    folder = guest_run.OUT / board
    plain = built(folder / f"{name}.elf")
    if native:
        return Job(label or f"{board}-native-{name}", board, plain, _guest_script(False),
                   names=[plain])
    return Job(label or f"{board}-vmm-{name}", board, bundle or built(folder / f"{name}.zImage"),
               _guest_script(True), vmm_elf=elf or vmm_elf(board), names=[plain])
