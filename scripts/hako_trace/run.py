# SPDX-License-Identifier: Apache-2.0
"""Linux under the VMM under the plugin: boots, runs a command, powers off."""

import os
import re
import select
import subprocess
from pathlib import Path

import hako_qemu
from hako_bench import build as bench_build
from hako_bench import facts, inputs

from .errors import TraceError

ROOT = Path(__file__).resolve().parents[2]

# `mark` executes the plugin's markers before and after the command.
SCRIPT = """#!/bin/sh
. /etc/profile
dmesg -n 1
cd /root
mark sh -c '{command}' </dev/null
echo "TRACE status $?"
poweroff -f
"""
STATUS = re.compile(r"^TRACE status (\d+)", re.M)
# A kernel that has said one of these will not get any further.
FATAL = re.compile(rb"Kernel panic|\[vm\d+\] stopped|hako: panic")
# Only a hang takes this long without a word on the console.
SILENCE_SECONDS = 300


def needed(path, how):
    if not path.exists():
        shown = os.path.relpath(path) if path.is_relative_to(ROOT) else path
        raise TraceError(f"{shown} is missing: {how}")
    return path


def guest_script(command):
    return SCRIPT.format(command=command.replace("'", "'\\''"))


def make_initrd(out, command):
    base = needed(ROOT / "build/guest/initramfs.cpio.gz", "make initramfs")
    return bench_build.add_script(base, guest_script(command), out / "trace.cpio.gz")


def qemu_command(board, image, plugin, counts, trace, entry):
    vmm = inputs.vmm_range(ROOT)
    words = [str(plugin), f"out={counts}", f"trace={trace}", f"vmm={vmm[0]:#x}-{vmm[1]:#x}",
             "image={:#x}-{:#x}".format(*inputs.vmm_image(ROOT)),
             f"entry={entry.address:#x}", f"word={entry.word:#x}"]
    # sleep=off: an idle guest's clock jumps to the next timer instead of waiting for it.
    return hako_qemu.command(board, image, icount=f"shift={facts.ICOUNT_SHIFT},sleep=off") + [
        "-plugin", ",".join(word.replace(",", ",,") for word in words)]


def _watch(process, log_path):
    """Waits for the end of QEMU; returns what was wrong, or None."""
    wrong, tail = None, b""
    with open(log_path, "wb") as log:
        while True:
            ready, _, _ = select.select([process.stdout], [], [], SILENCE_SECONDS)
            data = os.read(process.stdout.fileno(), 65536) if ready else b""
            log.write(data)
            tail = tail[-200:] + data
            if FATAL.search(tail):
                wrong = wrong or "the guest failed"
            elif not ready and process.poll() is None:
                wrong = f"nothing on the console for {SILENCE_SECONDS} seconds"
            if not ready:
                # QEMU ends in order when it is asked to: the plugin's file is complete then.
                process.terminate()
            elif not data:
                break
    status = process.wait()
    return wrong or (f"QEMU ended with status {status}" if status else None)


def run(board, kernel, guest, vmm_folder, out, name, command):
    """Boots `guest`, made of `kernel` in build/guest, and runs a shell command.

    Returns the plugin's records, and what went wrong or None.
    """
    folder = ROOT / "build/guest" / kernel
    needed(guest, f"make guest GUEST={kernel}" if guest.parent == folder else
           "--guest takes what guest-patches/rewrite has written")
    vmm = needed(ROOT / "build" / vmm_folder / "vmm.bin", "make vmm")
    try:
        plugin = bench_build.build_plugin(ROOT, out)
        image = out / f"{name}.zImage"
        bench_build.run_tool(
            [ROOT / "scripts/bundle", "--board", board, "--vmm", vmm, "--guest", guest,
             "--dtb", folder / f"{board}.dtb", "--initrd", make_initrd(out, command),
             "--cmdline", facts.COMMAND_LINE, "--memory", f"{facts.GUEST_MEMORY_MIB}M",
             "-o", image])
        entry = inputs.elf_entry(guest)
    except (bench_build.BuildError, inputs.InputError) as error:
        raise TraceError(str(error)) from None
    log, trace = out / f"{name}.log", out / f"{name}.records"
    with open(out / f"{name}.log.qemu", "wb") as errors:
        process = subprocess.Popen(
            qemu_command(board, image, plugin, out / f"{name}.counts", trace, entry),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors)
        wrong = _watch(process, log)
    text = log.read_text(encoding="utf-8", errors="replace").replace("\r\n", "\n")
    done = STATUS.search(text)
    if not wrong and not done:
        wrong = "the guest did not come to its end"
    if not wrong and done[1] != "0":
        wrong = f"`{command}` ended with status {done[1]}"
    if wrong:
        last = "\n".join(f"    {line}" for line in text.splitlines()[-15:])
        wrong = f"{wrong}; log: {log}\n{last}"
    return trace.read_bytes(), wrong
