# SPDX-License-Identifier: Apache-2.0
"""Instructions from a board's reset to the guest's init: U-Boot, VMM, guest, and what digests take of it."""

import random
import re
import subprocess
import time
from dataclasses import dataclass

from elftools.elf.elffile import ELFFile

import hako_qemu

from . import build, facts, inputs

MIB = 1 << 20
LOAD_AT = 0x00200000  # of scripts/image
CMDLINE = "console=ttyAMA0"
# What scripts/bundle rounds parts to.
PAGE = 4096
# U-Boot's countdown for a person would be most of what it takes.
ENVIRONMENT = "bootdelay=0\n"
HANG_SECONDS = 1200
PARTS = ("loader", "vmm", "guest", "loader_function", "vmm_function")


class BootPathError(Exception):
    pass


@dataclass(frozen=True)
class Counts:
    """Of a board: instructions."""

    board: str
    size: int    # of the bundle, bytes
    loader: int  # the boot loader, all of it
    vmm: int
    guest: int
    sha256: int  # of the loader's
    crc32: int   # of the VMM's

    @property
    def total(self):
        return self.loader + self.vmm + self.guest

    @property
    def vmm_without_digest(self):
        return self.vmm - self.crc32


def parse(text, board, size):
    """What the plugin has written."""
    found = dict(line.split() for line in text.splitlines())
    if not all(name in found for name in (*PARTS, "done")):
        raise BootPathError(f"{board}: the counts are not complete")
    numbers = [int(found[name]) for name in PARTS]
    if not all(numbers):
        raise BootPathError(f"{board}: nothing was counted of one part: {text.split()}")
    return Counts(board, size, *numbers)


def functions(path, pattern):
    """(address, size) of each function whose name has the pattern, and the ELF's first address."""
    with open(path, "rb") as file:
        elf = ELFFile(file)
        found = [(symbol["st_value"] & ~1, symbol["st_size"])
                 for symbol in elf.get_section_by_name(".symtab").iter_symbols()
                 if symbol["st_info"]["type"] == "STT_FUNC" and re.fullmatch(pattern, symbol.name)]
        first = min(segment["p_vaddr"] for segment in elf.iter_segments("PT_LOAD"))
    if not found:
        raise BootPathError(f"{path} has no function {pattern}")
    return found, first


def make_bundle(root, folder, board, kernel, size):
    """A bundle of at most `size` bytes, and nearly that: its initial RAM disk has a file to fill it."""
    guest, bundle = inputs.find_kernel(root, kernel, False), folder / "zImage-hako"
    initrd = folder / "initrd"

    def make(ballast):
        build.build_marked_init(root, folder, initrd, random.Random(1).randbytes(ballast))
        build.run_tool([root / "scripts/bundle", "--board", board, "--vmm",
                        root / f"build/{board}-vms/vmm.bin", "--guest", guest.file("vmlinux.hako"),
                        "--dtb", guest.file(f"{board}.dtb"), "--initrd", initrd, "--cmdline", CMDLINE,
                        "--memory", f"{facts.GUEST_MEMORY_MIB}M", "-o", bundle])
        return bundle.stat().st_size

    least = make(0)
    if least > size:
        raise BootPathError(f"{board}: the bundle has {least} bytes without anything to fill it")
    # Its last part is rounded up, and what cannot be compressed becomes a little longer.
    make(max(0, size - least - 2 * PAGE))
    return bundle


def make_medium(root, folder, board, bundle, more=ENVIRONMENT):
    uboot, fit, medium = root / "build/uboot" / board, folder / "hako.fit", folder / "medium.img"
    environment = folder / "environment"
    environment.write_text((uboot / "u-boot-initial-env").read_text("ascii") + more, "ascii")
    build.run_tool([root / "scripts/image", "fit", "--board", board, "--mkimage", uboot / "mkimage",
                    "--bundle", bundle, "-o", fit])
    build.run_tool([root / "scripts/image", "medium", "--board", board, "--uboot", uboot / "u-boot.bin",
                    "--environment", environment, "--fit", fit, "-o", medium])
    return medium


def relocated_to(root, folder, board, bundle):
    """Where U-Boot moves itself to: one that starts nothing else says so."""
    medium = make_medium(root, folder, board, bundle, ENVIRONMENT + "bootcmd=bdinfo; reset\n")
    command = hako_qemu.command(board, hako_qemu.power_on(board, medium,
                                                          root / f"build/uboot/{board}/u-boot.bin"))
    text = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False,
                          timeout=HANG_SECONDS).stdout.decode("latin-1")
    (folder / "bdinfo.log").write_text(text, "utf-8")
    match = re.search(r"^relocaddr\s*=\s*(0x[0-9a-f]+)", text, re.M)
    if not match:
        raise BootPathError(f"{board}: U-Boot did not say where it is: {folder / 'bdinfo.log'}")
    return int(match[1], 16)


def plugin_words(root, board, out, counts, relocated):
    layout = (root / facts.LAYOUT_HEADER).read_text(encoding="utf-8")
    first, end = inputs.parse_layout(layout)
    image, physical = inputs.vmm_image(root)
    words = [build.build_plugin(root, out, "boot_path"), f"out={counts}", f"start={LOAD_AT:#x}",
             f"vmm={first:#x}-{end:#x}"]
    sha256, linked = functions(root / f"build/uboot/{board}/u-boot", r"sha256_\w+(\.part\.\d+)?")
    words += [f"loader={relocated + at - linked:#x}-{relocated + at - linked + size:#x}"
              for at, size in sha256]
    # Its parts are checked before it has moved, and its MMU is off then.
    for at, size in functions(root / f"build/{board}-vms/vmm.elf", "crc32")[0]:
        words += [f"digest={base + at - image:#x}-{base + at - image + size:#x}"
                  for base in (image, physical, LOAD_AT)]
    return words


def measure(root, out, board, kernel, size):
    folder = out / f"boot-path-{board}"
    folder.mkdir(parents=True, exist_ok=True)
    uboot, counts, log = root / f"build/uboot/{board}/u-boot.bin", folder / "counts", folder / "log"
    for path in (uboot, root / f"build/{board}-vms/vmm.elf"):
        if not path.exists():
            raise BootPathError(f"{path.relative_to(root)} is missing: make image BOARD={board}")
    bundle = make_bundle(root, folder, board, kernel, size)
    words = plugin_words(root, board, out, counts, relocated_to(root, folder, board, bundle))
    medium = make_medium(root, folder, board, bundle)
    counts.unlink(missing_ok=True)
    command = hako_qemu.command(board, hako_qemu.power_on(board, medium, uboot),
                                icount=f"shift={facts.ICOUNT_SHIFT},sleep=off", plugin=words)
    with open(log, "wb") as file, subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file,
                                                   stderr=subprocess.STDOUT) as qemu:
        end = time.monotonic() + HANG_SECONDS
        try:
            while not (counts.exists() and "done" in counts.read_text("ascii")):
                if qemu.poll() is not None or time.monotonic() > end:
                    raise BootPathError(f"{board}: init was not reached: {log}")
                time.sleep(0.2)
        finally:
            qemu.kill()
    return parse(counts.read_text("ascii"), board, bundle.stat().st_size)


def table(counts):
    """Lines for a person."""
    rows = (("U-Boot", counts.loader - counts.sha256), ("SHA-256, in U-Boot", counts.sha256),
            ("VMM", counts.vmm_without_digest), ("CRC-32, in the VMM", counts.crc32),
            ("guest", counts.guest), ("all", counts.total))
    return "\n".join([f"{counts.board}: from reset to init, with a bundle of {counts.size / MIB:.2f} MiB"]
                     + [f"  {name:20} {insns:13,}" for name, insns in rows])


def missed(counts, limits):
    """Sentences about what is over its limit."""
    rows = (("the VMM's part without the digest", counts.vmm_without_digest, limits.boot_vmm_insns),
            ("SHA-256", counts.sha256, limits.boot_sha256_insns))
    return [f"{counts.board}: {name}: {insns:,} instructions, at most {limit:,}" if limit is not None
            else f"{counts.board}: {name}: there is no limit" for name, insns, limit in rows
            if limit is None or insns > limit]
