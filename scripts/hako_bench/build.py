# SPDX-License-Identifier: Apache-2.0
"""What a run needs beside the kernel and the VMM: the plugin, the guest programs, the initramfs, and
what the host's side of the network serves."""

import array
import gzip
import re
import subprocess
import sys
from pathlib import Path

from . import facts

GUEST_CC = "arm-linux-gnueabi-gcc"
GUEST_FLAGS = ["-std=gnu11", "-O2", "-static", "-fno-pie", "-no-pie", "-march=armv5te", "-marm",
               "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror", "-I."]
INIT_SOURCES = ("bench.c", "basic.c", "work.c", "scaling.c")
HEADERS = ("bench.h", "markers.h")

BUSYBOX = "build/guest/busybox/bin/busybox"
# What script.sh names by its path.
APPLETS = ("cat", "cp", "echo", "grep", "ls", "mkdir", "rm", "sed", "sort", "wc")
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


def build_plugin(root, out, name="count", abi=None):
    """tests/bench/plugin/NAME.c, for the QEMU that is installed."""
    abi = abi or plugin_abi(installed_qemu())
    target = out / f"{name}-abi{abi}.so"
    folder = root / "tests/bench/plugin"
    source = folder / f"{name}.c"
    sources = [source, *folder.glob("*.h"), root / "tests/bench/markers.h"]
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


def rewrite(root, source, target, options=()):
    run_tool([root / "guest-patches/rewrite", *options, source, "-o", target], root)
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
MODE_LINK = 0o120777


def _cpio_entry(inode, name, mode, data):
    fields = [inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
    head = (CPIO_MAGIC + "".join(f"{value:08x}" for value in fields)).encode() + name.encode()
    head += b"\0"
    return head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4)


def cpio_archive(files):
    """An initramfs of (name, data) pairs. Same input, same bytes.

    Data is a program's bytes, the text of a symbolic link, or None for a directory.
    """
    parts = []
    for inode, (name, data) in enumerate(files, start=1):
        if data is None:
            parts.append(_cpio_entry(inode, name, MODE_DIR, b""))
        elif isinstance(data, str):
            parts.append(_cpio_entry(inode, name, MODE_LINK, data.encode()))
        else:
            parts.append(_cpio_entry(inode, name, MODE_FILE, data))
    parts.append(_cpio_entry(0, "TRAILER!!!", 0, b""))
    return b"".join(parts)


# busybox init, as in tests/linux/rootfs, but with the script where the shell would be.
INITTAB = """::sysinit:/etc/rc
::once:/etc/script
::shutdown:/bin/umount -a -t ext2,vfat
::restart:/init
"""


def add_script(base, script, target):
    """A built initial RAM disk, with a script on top that runs when the guest has come up."""
    top = cpio_archive([("etc/inittab", INITTAB.encode()), ("etc/script", script.encode())])
    # The kernel unpacks archives that follow each other, one over the other.
    target.write_bytes(base.read_bytes() + gzip.compress(top, mtime=0))
    return target


def _build_programs(root, out, folder):
    init, helper = out / "init", out / "helper"
    run_tool([GUEST_CC, *GUEST_FLAGS, "-Wl,-e,bench_entry", "-s", "-o", init,
              *(folder / name for name in INIT_SOURCES)], root)
    run_tool([GUEST_CC, *GUEST_FLAGS, "-s", "-o", helper, folder / "helper.c"], root)
    return [("dev", None), ("init", init.read_bytes()), ("helper", helper.read_bytes())]


def build_marked_init(root, out, target, ballast):
    """An initial RAM disk with the benchmark's init, whose first instruction is a marker, and a file."""
    programs = _build_programs(root, out, root / "tests/bench")
    target.write_bytes(gzip.compress(cpio_archive(programs + [("ballast", ballast)]), mtime=0))
    return target


def build_initramfs(root, out):
    """build/bench/bench.cpio: the benchmark program is /init.

    Two archives, which the kernel unpacks one after the other. The one with busybox is not
    compressed: the boot's count would be the decompressor's more than the kernel's.
    """
    folder = root / "tests/bench"
    target = out / "bench.cpio"
    busybox, script = root / BUSYBOX, folder / "script.sh"
    if not busybox.exists():
        raise BuildError(f"{BUSYBOX} is missing: make build/guest/busybox.fetched")
    sources = [folder / name for name in (*INIT_SOURCES, *HEADERS, "helper.c")]
    if is_current(target, [*sources, busybox, script, Path(__file__)]):
        return target
    programs = gzip.compress(cpio_archive(_build_programs(root, out, folder)), mtime=0)
    work = cpio_archive([("bin", None), ("bin/busybox", busybox.read_bytes()),
                         *((f"bin/{applet}", "busybox") for applet in APPLETS),
                         ("work", None), ("work/script.sh", script.read_bytes())])
    target.write_bytes(programs + b"\0" * (-len(programs) % 4) + work)
    return target


def fetched_file(kib):
    """The words that tests/bench/work.c expects (random_next)."""
    words, value = array.array("I"), 1
    for _ in range(kib * 1024 // 4):
        words.append(value)
        value = (value * 1664525 + 1013904223) & 0xFFFFFFFF
    if sys.byteorder == "big":
        words.byteswap()
    return words.tobytes()


def build_tftp(out, sizes):
    """The folder that QEMU's TFTP server serves: a file for each size in KiB, named after it."""
    folder = out / "tftp"
    folder.mkdir(parents=True, exist_ok=True)
    for kib in sizes:
        path = folder / str(kib)
        if not path.exists() or path.stat().st_size != kib * 1024:
            path.write_bytes(fetched_file(kib))
    return folder
