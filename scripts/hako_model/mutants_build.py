# SPDX-License-Identifier: Apache-2.0
"""Builds a VMM without one of its operations, and what a workload boots of it."""

import os
import shutil
import subprocess

from hako_bench import facts
from hako_bundle import boards

from . import mutants_sites, symbols
from .errors import ModelError

# What `make build/BOARD/vmm.bin` reads, beside the sources; of the image for several VMs libfdt.
_MAKE_FILES = ("Makefile", "scripts/*.mk", "tests/host/*.mk", "tests/guest/guest.mk",
               "build/src/linux-6.12.archive", "build/src/libfdt.unpacked", "build/src/libfdt/*")
# What is made of the same objects: for one VM, and for several.
IMAGES = ("", "-vms")
_LOADER = "tests/arm926-model/mutants_loader.S"
_LOADER_AT = 0x02000000
LOADERS = {"dirty": 1, "careless": 2, "locked": 3, "reused": 4, "across": 5, "buffered": 6}
_IMAGE_AT = 0x00800000
_MCR_SCTLR_R0 = (0xee010f10).to_bytes(4, "little")  # mcr p15, 0, r0, c1, c0, 0
_LINE = 32


def _run(command, folder, log):
    """A tool; what it says goes to `log`, and into the error if it fails."""
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    with open(log, "w", encoding="utf-8") as stream:
        status = subprocess.run([str(word) for word in command], cwd=folder, env=environment,
                                stdout=stream, stderr=subprocess.STDOUT, check=False).returncode
    if status:
        tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]
        raise ModelError(f"{command[0]} failed, {log}:\n" + "\n".join(tail))


def _make(tree, board, log):
    _run(["make", "-j1", *(f"build/{board}{image}/vmm.bin" for image in IMAGES)], tree, log)


class Trees:
    """Copies of the sources: one that stays as it is, with its objects, and one for each mutant."""

    def __init__(self, root, out, board):
        self.root, self.out, self.board = root, out, board
        self.base = out / "base"

    def make_base(self):
        """The VMM as it is, from the sources at this moment."""
        shutil.rmtree(self.base, ignore_errors=True)
        tree = self.base / "tree"
        for folder in mutants_sites.FOLDERS:
            if (self.root / folder).is_dir():
                shutil.copytree(self.root / folder, tree / folder)
        for pattern in _MAKE_FILES:
            for path in self.root.glob(pattern):
                target = tree / path.relative_to(self.root)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, target)
        _make(tree, self.board, self.base / "build.log")
        self._keep(tree, self.base)
        return tree

    def _keep(self, tree, folder):
        for image in IMAGES:
            for kind in ("bin", "elf"):
                shutil.copy2(tree / "build" / (self.board + image) / f"vmm.{kind}",
                             folder / f"vmm{image}.{kind}")

    def make_mutant(self, number, site):
        """Builds the mutant; returns its folder, and whether its code differs at all."""
        folder = self.out / str(number)
        shutil.rmtree(folder, ignore_errors=True)
        tree = folder / "tree"
        shutil.copytree(self.base / "tree", tree)
        path = tree / site.path
        path.write_text(mutants_sites.remove(site, path.read_text()))
        (folder / "site.txt").write_text(f"{site}\n=> {site.replacement}\n")
        _make(tree, self.board, folder / "build.log")
        self._keep(tree, folder)
        shutil.rmtree(tree)
        differs = any((folder / f"vmm{image}.bin").read_bytes()
                      != (self.base / f"vmm{image}.bin").read_bytes() for image in IMAGES)
        return folder, differs

    def bundle(self, folder, place, guest, *options):
        """`guest` with the VMM of `folder`: an image in `place`."""
        target = place / "guest.zImage"
        _run([self.root / "scripts/bundle", "--board", self.board, "--vmm", folder / "vmm.bin",
              "--guest", guest, "--memory", f"{facts.GUEST_MEMORY_MIB}M", *options, "-o", target],
             self.root, place / "bundle.log")
        return target

    def _image_at(self, kind, folder):
        if kind != "across":
            return _IMAGE_AT
        # Over the image's final place, and so that what runs there last is where other code ran. An
        # image is at whole words; a function of Thumb code need not be.
        start, ran, runs = symbols.addresses(folder / "vmm.elf", "_start", "boot_check",
                                             "boot_move_bundle")
        return symbols.vmm_moved(self.root) + runs - (ran - start) & 0xfffffffc

    @staticmethod
    def _line_after_caches_off(folder):
        """Where in the image the line is that is fetched first after the caches went off."""
        at = (folder / "vmm.bin").read_bytes().find(_MCR_SCTLR_R0)
        if at < 0:
            raise ModelError("boot.S no longer writes the control register from r0")
        return at - at % _LINE + _LINE

    def loader(self, folder, place, kind, image):
        """A boot loader with `image` in it, and habits of its own: an ELF file to boot."""
        target = place / "loader.elf"
        defines = {"LOADER": LOADERS[kind],
                   "MACHINE_ID": boards.board_by_name(self.board).machine_id,
                   "TARGET": self._image_at(kind, folder), "IMAGE": f'"{image}"',
                   "DIRTY_LINE": self._line_after_caches_off(folder)}
        _run(["arm-none-eabi-gcc", "-nostdlib", "-nostartfiles", "-static", "-mcpu=arm926ej-s",
              *(f"-D{name}={value}" for name, value in defines.items()), "-Wl,--build-id=none",
              "-Wl,--no-warn-rwx-segments", f"-Wl,-Ttext={_LOADER_AT:#x}",
              f"-Wl,--section-start=.image={_LOADER_AT + 0x10000:#x}", "-o", target, _LOADER],
             self.root, place / "loader.log")
        return target
