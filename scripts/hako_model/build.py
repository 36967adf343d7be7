# SPDX-License-Identifier: Apache-2.0
"""The plugin, and the bundles that only the model runs."""

from hako_bench import build as bench_build
from hako_bench import facts as bench_facts

from .errors import ModelError

# The first QEMU whose plugins can read registers and are given the values of accesses, and which
# Debian has: 13, or 12 from its backports.
QEMU_NEEDED = (10, 0)
PLUGIN_ABI = 4
PLUGIN_FLAGS = ["-std=gnu11", "-O2", "-g", "-Wall", "-Wextra", "-Wno-unused-parameter",
                "-Werror", "-fPIC", "-shared", "-fvisibility=hidden", "-I.",
                f"-DQEMU_PLUGIN_ABI={PLUGIN_ABI}"]
SOURCES = "tests/arm926-model"
# What else the plugin is made of: headers.
SHARED = ("tests/bench/plugin/qemu_api.h", "tests/bench/markers.h", "arch/arm/condition.h",
          "arch/arm/psr.h")


def require_qemu():
    """A line for who has an older QEMU."""
    major, minor = bench_build.installed_qemu()
    if (major, minor) < QEMU_NEEDED:
        raise ModelError(f"the model needs QEMU {QEMU_NEEDED[0]} or later, this is "
                         f"{major}.{minor}: scripts/setup installs it")


def build_plugin(root, out):
    """The shared object, in folder `out`."""
    folder = root / SOURCES
    target = out / "arm926-model.so"
    sources = sorted(folder.glob("*.c"))
    inputs = [*sources, *folder.glob("*.h"), *(root / name for name in SHARED)]
    if not bench_build.is_current(target, inputs):
        out.mkdir(parents=True, exist_ok=True)
        # Not in place: a run that is under way has the old one mapped.
        fresh = target.with_suffix(".new")
        bench_build.run_tool([bench_build.PLUGIN_CC, *PLUGIN_FLAGS, "-o", fresh, *sources], root)
        fresh.replace(target)
    return target


def plugin_words(board, ram, report, memory, under_vmm):
    """
    What the plugin is told in every run: `name=value` words. Rules: the VMM's tables are exact
    whenever User mode runs; Linux gathers what it takes away.
    """
    words = [f"ram={ram}", f"report={report}", "rules=" + ("strict" if under_vmm else "gather")]
    if memory:
        words.append(f"memory={memory}")
    if bench_facts.BOARDS[board].ram_alias:
        words.append(f"alias={bench_facts.BOARDS[board].ram_alias:#x}")
    return words


def build_bench(root, out, board, kernel):
    """(bundle, initramfs, command line) of the benchmark, each row once."""
    out.mkdir(parents=True, exist_ok=True)
    initrd = bench_build.build_initramfs(root, out)
    # init's environment: the kernel hands on what it does not know.
    cmdline = f"{bench_facts.COMMAND_LINE} bench_repeats=1"
    target = out / f"bench-{board}-{kernel}.zImage"
    guest = root / "build/guest" / kernel
    vmm = root / "build" / board / "vmm.bin"
    sources = [initrd, vmm, guest / "vmlinux.hako", root / "scripts/hako_model/build.py"]
    if not bench_build.is_current(target, sources):
        bench_build.bundle(root, bench_facts.BOARDS[board], guest / "vmlinux.hako", target,
                           dtb=guest / f"{board}.dtb", initrd=initrd, cmdline=cmdline)
    return target, initrd, cmdline
