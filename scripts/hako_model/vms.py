# SPDX-License-Identifier: Apache-2.0
"""
Runs of the image for several VMs. The descriptions are in tests/model/vms: VM `first` is on the
board's first UART, VM `second` on the other one, which QEMU writes to a file.
"""

import dataclasses
import re
import statistics

from hako_bench import build as bench_build

from . import jobs, linux, reloads
from .errors import ModelError
from .machine import ROOT, GuestError, Job

DESCRIPTIONS = ROOT / "tests/model/vms"

# What runs beside cache_vms_1, which comes back whenever it wants.
SECOND_GUESTS = ("cache_vms_2", "cache_names", "cache_tables", "cache_tlb", "cache_vectors",
                 "cache_shared", "cache_restart", "cache_pv")
FIRST_GUEST = "cache_vms_1"
WITH_LINUX = ("linux-and-rt", "two-linux")
RELOAD = "reload"
# Restarts twice, and finds its memory as it was loaded each time.
RELOAD_GUEST = "cache_restart"

ALL_STOPPED = r"hako: vmm memory checksum (ok|WRONG)"

# Both Linux run the same, and know by their address which one they are. Each leaves a minute after
# its work: the other one still needs an answer.
PAIR_SCRIPT = """#!/bin/sh
. /etc/profile
dmesg -n 1
case $(cat /sys/class/net/eth0/address) in *:01) me=1 other=2;; *) me=2 other=1;; esac
fail() { echo MODEL error: $*; }
echo MODEL begin
ifconfig eth0 10.20.30.$me netmask 255.255.255.0 up || fail ifconfig
n=0
until ping -c 1 -W 1 10.20.30.$other >/dev/null; do
	n=$((n + 1))
	[ $n -lt 100 ] || { fail no answer; break; }
done
ping -c 10 -A -s 1400 10.20.30.$other || fail ping
if [ $me = 1 ]; then
	dd if=/dev/urandom of=/tmp/data bs=4k count=32 && dd if=/tmp/data of=/dev/vda bs=4k && sync ||
		fail cannot write the disk
	echo 3 >/proc/sys/vm/drop_caches
	dd if=/dev/vda bs=4k count=32 2>/dev/null | cmp - /tmp/data || fail the disk differs
else
	dd if=/dev/vda of=/dev/null bs=4k || fail cannot read the disk
fi
dd if=/dev/hwrng of=/dev/null bs=64 count=8 || fail no random numbers
ls -lR /etc >/dev/null
echo MODEL end
sleep 60
poweroff -f
"""

# Beside the real-time guest.
ALONE_SCRIPT = """#!/bin/sh
. /etc/profile
dmesg -n 1
echo MODEL begin
ps && ls -lR /etc && cat /proc/meminfo || echo MODEL error: a command failed
echo MODEL end
poweroff -f
"""


def vmm_elf(board):
    return _built(ROOT / "build" / f"{board}-vms" / "vmm.elf")


def _built(path):
    if not path.exists():
        raise ModelError(f"{path.relative_to(ROOT)} is missing: make model-programs")
    return path


def _bundle(board, description, target, guests, *, vmm=None, dtb=None, initrd=None):
    """guests: {name in the description: file}; vmm: another one than the built."""
    command = [ROOT / "scripts/bundle", "--board", board,
               "--vmm", vmm or _built(ROOT / "build" / f"{board}-vms" / "vmm.bin"),
               "--vms", DESCRIPTIONS / f"{description}.dts", "-o", target]
    for name, path in guests.items():
        command += ["--guest", f"{name}={path}"]
    if initrd:
        command += ["--initrd", f"linux={initrd}", "--dtb", dtb]
    target.parent.mkdir(parents=True, exist_ok=True)
    bench_build.run_tool(command, ROOT)
    return target


def _tap(name, text):
    lines = [line for line in text.replace("\r", "").splitlines()
             if not jobs.guest_run.is_vmm_line(line)]
    problems = jobs.guest_run.tap_problems(lines)
    if problems:
        raise GuestError(f"{name}: {problems}\n{jobs.guest_run.tail(lines)}")


def _linux(name, text):
    if "MODEL error" in text or not re.search(r"^MODEL end\r?$", text, re.MULTILINE):
        raise GuestError(f"{name} did not do its work\n{text[-2000:]}")


def _script(second_log, first_check, second_check):
    """Waits until both VMs have powered off; then looks at what each of them has printed."""
    def script(console, step):
        step("two VMs")
        match, text = console.expect(ALL_STOPPED, linux.HANG_SECONDS)
        if match[1] != "ok":
            raise GuestError("the VMM's memory was overwritten")
        for name in ("first", "second"):
            if f"[{name}] powered off" not in text:
                raise GuestError(f"{name} did not power off\n{text[-2000:]}")
        first_check("first", text)
        second_check("second", second_log.read_text(encoding="utf-8", errors="replace"))
    return script


def _job(label, board, bundle, log, checks, elf, names, **options):
    return Job(label, board, bundle, _script(log, *checks), options, vmm_elf=elf or vmm_elf(board),
               names=names, words=["-serial", "mon:stdio", "-serial", f"file:{log}"])


def guests(board, second, out, *, vmm=None, elf=None):
    """cache_vms_1, and beside it another test guest. vmm, elf: of another VMM."""
    label = f"{board}-vms-{second}"
    folder = jobs.guest_run.OUT / board
    bundle = _bundle(board, "two-guests", out / f"{label}.zImage",
                     {"first": _built(folder / f"{FIRST_GUEST}.hako.elf"),
                      "second": _built(folder / f"{second}.hako.elf")}, vmm=vmm)
    return _job(label, board, bundle, out / f"{label}.uart1", (_tap, _tap), elf,
                [_built(folder / f"{second}.elf")])


def _with_linux(board, what, script, second, out, kernel, vmm, elf, more):
    label = f"{board}-vms-{what}"
    folder = ROOT / "build/guest" / kernel
    initrd = bench_build.add_script(_built(ROOT / "build/guest/initramfs.cpio.gz"), script,
                                    out / f"{label}.cpio.gz")
    bundle = _bundle(board, what, out / f"{label}.zImage",
                     {"linux": _built(folder / "vmlinux.hako"), **more}, vmm=vmm,
                     dtb=_built(folder / f"{board}.dtb"), initrd=initrd)
    return _job(label, board, bundle, out / f"{label}.uart1", (_linux, second), elf,
                [folder / "vmlinux.hako"], rtc=linux.RTC)


def pair(board, out, kernel=jobs.DEFAULT_KERNEL, *, vmm=None, elf=None):
    """Two Linux on a network, with a disk."""
    out.mkdir(parents=True, exist_ok=True)
    return _with_linux(board, "two-linux", PAIR_SCRIPT, _linux, out, kernel, vmm, elf, {})


def real_time(board, out, kernel=jobs.DEFAULT_KERNEL, *, vmm=None, elf=None):
    """Linux, and the real-time guest."""
    out.mkdir(parents=True, exist_ok=True)
    rt = _built(jobs.guest_run.OUT / board / "rt.hako.elf")
    return _with_linux(board, "linux-and-rt", ALONE_SCRIPT, _tap, out, kernel, vmm, elf,
                       {"rt": rt})


def reload_words(board, kernel):
    """What bundler and sender are told alike."""
    folder = jobs.guest_run.OUT / board
    linux_folder = ROOT / "build/guest" / kernel
    return ["--board", board,
            "--guest", f"first={_built(folder / f'{reloads.FIRST_GUEST}.hako.elf')}",
            "--guest", f"second={_built(folder / f'{RELOAD_GUEST}.hako.elf')}",
            "--guest", f"linux={_built(linux_folder / 'vmlinux.hako')}",
            "--initrd", f"linux={_built(ROOT / 'build/guest/initramfs.cpio.gz')}",
            "--dtb", _built(linux_folder / f"{board}.dtb")]


def reload_bundle(board, target, words, *, vmm=None):
    target.parent.mkdir(parents=True, exist_ok=True)
    bench_build.run_tool(
        [ROOT / "scripts/bundle", *words, "--vms", DESCRIPTIONS / f"{RELOAD}.dts", "-o", target,
         "--vmm", vmm or _built(ROOT / "build" / f"{board}-vms" / "vmm.bin")], ROOT)
    return target


def reload(board, out, kernel=jobs.DEFAULT_KERNEL, *, vmm=None, elf=None):
    """Other descriptions, and back, while a VM runs on."""
    label = f"{board}-vms-{RELOAD}"
    out.mkdir(parents=True, exist_ok=True)
    words = reload_words(board, kernel)
    bundle = reload_bundle(board, out / f"{label}.zImage", words, vmm=vmm)
    data = reloads.make_data(words, out)
    log = out / f"{label}.uart1"

    def script(console, step):
        reloads.drive(console, step, data)
        match, _ = console.expect(ALL_STOPPED, linux.HANG_SECONDS)
        if match[1] != "ok":
            raise GuestError("the VMM's memory was overwritten")
        reloads.check_second(log.read_text(encoding="utf-8", errors="replace"))

    return Job(label, board, bundle, script, {}, vmm_elf=elf or vmm_elf(board),
               names=[_built(jobs.guest_run.OUT / board / f"{RELOAD_GUEST}.elf")],
               words=["-serial", "mon:stdio", "-serial", f"file:{log}"])


def names():
    """What `scripts/model --vms` can be told."""
    return (*SECOND_GUESTS, RELOAD, *WITH_LINUX)


# What changes hands, but for the registers.
SWITCH = ("mmu_load", "thread_switch")


def counting_switches(job_, out):
    """The same run; what each switch took goes to a file beside its report."""
    return dataclasses.replace(job_, counts=out / f"{job_.label}.switches", between=SWITCH)


def switches(path):
    """What counting_switches() left, for a person: a line."""
    regions = [dict(re.findall(r"(\w+)=(\d+)", line))
               for line in path.read_text(encoding="ascii").splitlines()
               if line.startswith("region ")]
    if not regions:
        raise ModelError(f"{path}: no switch in it")

    def of(name):
        values = sorted(int(region[name]) for region in regions)
        return f"{statistics.median_low(values)} {name} (at most {values[-1]})"

    return f"{len(regions)} switches, median: " + ", ".join(
        of(name) for name in ("cycles", "stall", "insns", "write_backs", "i_misses", "d_misses"))


def job(name, board, out, kernel=jobs.DEFAULT_KERNEL, *, vmm=None, elf=None):
    if name == "two-linux":
        return pair(board, out, kernel, vmm=vmm, elf=elf)
    if name == "linux-and-rt":
        return real_time(board, out, kernel, vmm=vmm, elf=elf)
    if name == RELOAD:
        return reload(board, out, kernel, vmm=vmm, elf=elf)
    return guests(board, name, out, vmm=vmm, elf=elf)
