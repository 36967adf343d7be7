# SPDX-License-Identifier: Apache-2.0
"""What a run needs beside the kernel and the VMM: the plugin, the guest programs, the initramfs."""

import gzip
import re
import subprocess
from pathlib import Path

from . import facts

GUEST_CC = "arm-linux-gnueabi-gcc"
GUEST_FLAGS = ["-std=gnu11", "-O2", "-static", "-fno-pie", "-no-pie", "-march=armv5te", "-marm",
               "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror", "-I."]
BARE_CC = "arm-none-eabi-gcc"
PLUGIN_CC = "gcc"
PLUGIN_FLAGS = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared",
                "-fvisibility=hidden", "-I."]
QEMU = "qemu-system-arm"


class BuildError(Exception):
    pass


def run_tool(command, root=None):
    """Run a compiler or one of our own scripts; its complaint becomes the error."""
    try:
        done = subprocess.run([str(word) for word in command], cwd=root, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    except FileNotFoundError:
        raise BuildError(f"{command[0]} is not installed (scripts/run installs what is missing)")
    if done.returncode:
        raise BuildError(f"{' '.join(str(word) for word in command)}\n{done.stdout.rstrip()}")
    return done.stdout


def is_current(target, sources):
    return target.exists() and all(
        source.stat().st_mtime <= target.stat().st_mtime for source in sources)


def qemu_version(version_text):
    """(major, minor), from what `qemu-system-arm --version` prints."""
    match = re.search(r"version (\d+)\.(\d+)", version_text)
    if not match:
        raise BuildError(f"{QEMU} --version says nothing known: {version_text.splitlines()[:1]}")
    return int(match[1]), int(match[2])


def installed_qemu():
    return qemu_version(run_tool([QEMU, "--version"]))


def plugin_abi(version):
    """The version of QEMU's plugin interface to build for.

    QEMU 9.1 and later accept interface 3; 9.0 alone has neither the old functions nor all new ones.
    """
    if version < (5, 0) or version == (9, 0):
        raise BuildError(f"QEMU {version[0]}.{version[1]} has no plugin interface this can use; "
                         "7.2 (Debian 12) and 10.0 (Debian 13) have")
    return 1 if version < (9, 0) else 3


def audio_options(version):
    """Both boards have a sound chip; QEMU must be told, in its own way, that nobody listens."""
    return ["-audiodev", "none,id=none"] if version < (8, 2) else ["-audio", "none"]


def build_plugin(root, out):
    abi = plugin_abi(installed_qemu())
    target = out / f"count-abi{abi}.so"
    source = root / "tests/bench/plugin/count.c"
    sources = [source, root / "tests/bench/plugin/qemu_api.h", root / "tests/bench/markers.h"]
    if not is_current(target, sources):
        run_tool([PLUGIN_CC, *PLUGIN_FLAGS, f"-DQEMU_PLUGIN_ABI={abi}", "-o", target, source], root)
    return target


def bare_flags(board, entry):
    return ["-mcpu=arm926ej-s", "-marm", "-I.", f"-DUART_BASE={board.uart:#x}", "-nostdlib",
            "-static", f"-Wl,-Ttext=0x10000,--build-id=none,-e,{entry}"]


def build_trapcost(root, out, board):
    """The bare-metal guest that measures single traps."""
    target = out / f"trapcost-{board.name}.elf"
    sources = [root / "tests/bench/trapcost.S", root / "tests/bench/markers.h", Path(__file__)]
    if not is_current(target, sources):
        run_tool([BARE_CC, *bare_flags(board, "trapcost_start"), "-o", target, sources[0]], root)
    return target


def rewrite(root, source, target):
    run_tool([root / "guest-patches/rewrite", source, "-o", target], root)
    return target


def bundle(root, board, guest, target, dtb=None, initrd=None, cmdline=None):
    """A zImage of the VMM and a rewritten guest."""
    vmm = root / "build" / board.name / "vmm.bin"
    if not vmm.exists():
        raise BuildError(f"{vmm.relative_to(root)} is missing: make BOARD={board.name}")
    command = [root / "scripts/bundle", "--board", board.name, "--vmm", vmm, "--guest", guest,
               "--memory", f"{facts.GUEST_MEMORY_MIB}M", "-o", target]
    for option, value in (("--dtb", dtb), ("--initrd", initrd), ("--cmdline", cmdline)):
        if value is not None:
            command += [option, value]
    run_tool(command, root)
    return target


# The cpio format "newc": 13 fields of 8 hexadecimal digits after the magic number.
CPIO_MAGIC = "070701"
MODE_FILE = 0o100755
MODE_DIR = 0o040755


def _cpio_entry(inode, name, mode, data):
    fields = [inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
    head = (CPIO_MAGIC + "".join(f"{value:08x}" for value in fields)).encode() + name.encode()
    head += b"\0"
    return head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4)


def cpio_archive(files):
    """An initramfs of (name, data) pairs; data None is a directory. Same input, same bytes."""
    parts = []
    for inode, (name, data) in enumerate(files, start=1):
        mode = MODE_DIR if data is None else MODE_FILE
        parts.append(_cpio_entry(inode, name, mode, data or b""))
    parts.append(_cpio_entry(0, "TRAILER!!!", 0, b""))
    return b"".join(parts)


def build_initramfs(root, out):
    """build/bench/bench.cpio.gz: the benchmark program is /init."""
    folder = root / "tests/bench"
    target = out / "bench.cpio.gz"
    sources = [folder / "bench.c", folder / "helper.c", folder / "markers.h", Path(__file__)]
    if is_current(target, sources):
        return target
    init, helper = out / "init", out / "helper"
    run_tool([GUEST_CC, *GUEST_FLAGS, "-Wl,-e,bench_entry", "-s", "-o", init, folder / "bench.c"],
             root)
    run_tool([GUEST_CC, *GUEST_FLAGS, "-s", "-o", helper, folder / "helper.c"], root)
    archive = cpio_archive([("dev", None), ("init", init.read_bytes()),
                            ("helper", helper.read_bytes())])
    target.write_bytes(gzip.compress(archive, mtime=0))
    return target
