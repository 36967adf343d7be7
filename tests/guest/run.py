#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs test guests on the bare board and under the VMM and compares what they print.

    tests/guest/run.py [--board BOARD]... [--bare | --vmm] [-v] [NAME]...

Without names, all guests that were built (make guest-tests). Builds nothing. Exit status 0: every
guest passed and printed the same in both places; 1: not so; 2: something was not built.
"""

import argparse
import difflib
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import hako_qemu  # noqa: E402 (needs the path above)

OUT = ROOT / "build" / "guest-tests"
BOARDS = ("integratorcp", "versatilepb")
PORTS = ("palmetto",)

# A hang ends here; nothing measures this. The slowest guest executes a million random words.
HANG_SECONDS = 300

VMM_PREFIXES = ("hako:", "[vm1]")
VMM_ALIVE = "hako: all VMs have stopped"
VMM_UNCHANGED = "hako: vmm memory checksum ok"
VM_POWERED_OFF = "[vm1] powered off"
VM_STOPPED = "[vm1] stopped:"


# What the manuals say and QEMU does otherwise, and what only a VMM can restart: there is no bare run
# to compare with. Nor is there for paravirtual code.
VMM_ONLY = ("not_in_qemu", "cache_restart", "restart_vfp", "cache_pv", "pv_calls",
            "pv_calls_dacr", "pv_irq", "pv_dacr")

# Attacks that end QEMU itself on a bare board, and on what it does not have.
NEVER_BARE = ("hostile_attack", "hostile_pv")
# The line with its name, by hostile_attack() in hostile.c.
ATTACK_BEGINS = re.compile(r"# [a-z_0-9]+$")
# They may ruin the guest they come from, which then bails out or is stopped.
MAY_BE_RUINED = "hostile_attack"

# Guests that must be stopped, and why.
STOPPED_FOR = {
    "hostile_pv_7": "a mode that no stub may set is in PV_CTL",
    "hostile_pv_8": "a mode that no stub may set is in PV_CTL",
    "hostile_pv_12": "the guest cannot fetch its prefetch abort vector",
}


# Of tests/qemu/test_vms.py and test_vms_faults.py.
ENDLESS = ("neighbour", "spinner", "hostile_vm", "hostile_busy", "remote_user")

# Guests that talk to somebody over the board's Ethernet; for all others it is not there.
WITH_NETWORK = {"ethernet": f"user,restrict=on,model={hako_qemu.NIC_MODEL}"}
# How late a guest was, which differs between board and VMM: no part of the comparison.
MEASURED = "# rt "
# Guests whose time is instructions: then a busy host makes nobody late.
TIMED = {"rt": "shift=3,sleep=off"}


class Failure(Exception):
    """A guest did not do what it should; the text says what."""


def qemu(board, name, kernel):
    """Runs a kernel to its end; returns (exit status, output lines)."""
    nic = WITH_NETWORK.get(name, "none")
    machine = hako_qemu.MACHINES[board]
    command = [
        "qemu-system-arm", "-M", machine.name, "-cpu", "arm926", "-m", str(machine.memory_mib),
        "-kernel", str(kernel),
        "-nographic", *hako_qemu.audio_options(), "-no-reboot", "-monitor", "none",
        "-serial", "stdio", "-nic", nic, "-semihosting-config", "enable=on,target=native",
    ]
    if board in PORTS:
        command += ["-drive", f"if=mtd,format=raw,snapshot=on,file={built(OUT / board / 'flash.bin')}"]
        if kernel.suffix == ".zImage":
            command += ["-dtb", str(machine.dtb)]
    if kernel.stem in TIMED:
        command += ["-icount", TIMED[kernel.stem]]
    try:
        run = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, timeout=HANG_SECONDS, check=False)
    except subprocess.TimeoutExpired as late:
        last = tail(decode(late.stdout or b""))
        raise Failure(f"{kernel}: no end after {HANG_SECONDS} s; the last lines:\n{last}") from late
    return run.returncode, decode(run.stdout)


def decode(output):
    return output.decode("ascii", "backslashreplace").replace("\r", "").splitlines()


def tail(lines):
    """The last lines, none of them long: a guest that lost its way may print anything."""
    return "\n".join(line[:200] for line in lines[-50:])


def is_vmm_line(line):
    return line.startswith(VMM_PREFIXES)


def compared(lines):
    return [line for line in lines if not line.startswith(MEASURED)]


def tap_problems(lines):
    """What is wrong with a TAP stream, as a list of sentences."""
    plan = next((line for line in lines if line.startswith("1..")), None)
    if plan is None:
        return ["no TAP plan was printed"]
    wanted = int(plan[3:])
    passed = [line for line in lines if line.startswith("ok ")]
    problems = [line for line in lines if line.startswith(("not ok ", "Bail out!"))]
    if not problems and len(passed) != wanted:
        problems.append(f"{len(passed)} of {wanted} tests reported")
    return problems


def built(path):
    if not path.exists():
        raise FileNotFoundError(f"{path.relative_to(ROOT)} is missing: run `make guest-tests`")
    return path


def run_bare(board, name):
    """Runs a guest on the bare board; returns its lines."""
    status, lines = qemu(board, name, built(OUT / board / f"{name}.elf"))
    problems = tap_problems(lines)
    if problems or status != 0:
        text = tail(lines)
        raise Failure(f"{name} on bare {board}: exit status {status}, {problems}\n{text}")
    return lines


def run_vmm(board, name):
    """Runs a guest under the VMM; returns (the guest's lines, the VMM's lines)."""
    status, lines = qemu(board, name, built(OUT / board / f"{name}.zImage"))
    vmm = [line for line in lines if is_vmm_line(line)]
    guest = [line for line in lines if not is_vmm_line(line)]
    text = tail(lines)
    for line in (VMM_ALIVE, VMM_UNCHANGED):
        if line not in vmm:
            raise Failure(f"{name} under the VMM on {board}: no line {line!r}\n{text}")
    if (status == 0) != (VM_POWERED_OFF in vmm):
        raise Failure(f"{name} under the VMM on {board}: QEMU's exit status is {status}\n{text}")
    return guest, vmm


def compare(board, name):
    """The test of every guest: passes on the board, and prints the same under the VMM."""
    bare = run_bare(board, name)
    guest, vmm = run_vmm(board, name)
    difference = "\n".join(difflib.unified_diff(compared(bare), compared(guest), "bare board",
                                               "VMM", lineterm="", n=2))
    if difference:
        raise Failure(f"{name} on {board} differs:\n{difference}\n" + tail(vmm))
    if VM_POWERED_OFF not in vmm:
        raise Failure(f"{name} on {board}: no line {VM_POWERED_OFF!r}\n" + tail(vmm))
    return bare


def compare_hostile(board, name):
    """
    A hostile guest does what the architecture leaves open, so its output is its own. Under the
    VMM it ends by itself, or its VM is stopped with a report; the VMM lives and its memory is
    unchanged. An attack may ruin its own guest, which then bails out; random words must not. What
    a guest does to the paravirtual interface either does no harm, or has its one reason to stop.
    """
    if not name.startswith(NEVER_BARE):
        run_bare(board, name)
    guest, vmm = run_vmm(board, name)
    if name.startswith(NEVER_BARE) and not any(ATTACK_BEGINS.match(line) for line in guest):
        raise Failure(f"{name} on {board}: there was no attack\n" + tail(guest + vmm))
    if VM_POWERED_OFF in vmm:
        problems = tap_problems(guest)
        if problems and not name.startswith(MAY_BE_RUINED):
            raise Failure(f"{name} under the VMM on {board}: {problems}\n" + tail(guest))
    elif not any(line.startswith(VM_STOPPED) for line in vmm):
        raise Failure(f"{name} on {board}: the VM ended without a word\n" + tail(vmm))
    reason = STOPPED_FOR.get(name)
    if name.startswith("hostile_pv") and (reason is None) != (VM_POWERED_OFF in vmm):
        raise Failure(f"{name} on {board}: should {'be stopped' if reason else 'end by itself'}\n"
                      + tail(vmm))
    if reason and not any(line.startswith(f"{VM_STOPPED} {reason}") for line in vmm):
        raise Failure(f"{name} on {board}: not stopped for: {reason}\n" + tail(vmm))
    return guest


def check_vmm_only(board, name):
    """A guest whose expectations come from the manuals alone: it passes under the VMM."""
    guest, vmm = run_vmm(board, name)
    problems = tap_problems(guest)
    if VM_POWERED_OFF not in vmm:
        problems.append(f"no line {VM_POWERED_OFF!r}")
    if problems:
        text = tail(guest + vmm)
        raise Failure(f"{name} under the VMM on {board}: {problems}\n{text}")
    return guest


def guests(board):
    """Names of the guests built for a board."""
    names = {path.stem for path in (OUT / board).glob("*.elf") if "." not in path.stem}
    return sorted(names.difference(ENDLESS))


def check(board, name, where):
    """Runs one guest: where is "bare", "vmm" or "both". Returns its lines; raises Failure."""
    if name in VMM_ONLY:
        return None if where == "bare" else check_vmm_only(board, name)
    if name.startswith(NEVER_BARE) and where == "bare":
        return None
    if where == "bare":
        return run_bare(board, name)
    if where == "vmm":
        return run_vmm(board, name)[0]
    return (compare_hostile if name.startswith("hostile") else compare)(board, name)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--board", action="append", choices=BOARDS + PORTS)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--bare", dest="where", action="store_const", const="bare", default="both")
    where.add_argument("--vmm", dest="where", action="store_const", const="vmm")
    parser.add_argument("-v", "--verbose", action="store_true", help="print what the guests print")
    parser.add_argument("names", nargs="*", metavar="NAME")
    arguments = parser.parse_args()
    failed = False
    for board in arguments.board or BOARDS:
        for name in arguments.names or guests(board):
            try:
                lines = check(board, name, arguments.where)
            except Failure as failure:
                failed = True
                print(f"FAIL {board} {name}\n{failure}")
                continue
            except FileNotFoundError as missing:
                print(missing, file=sys.stderr)
                return 2
            print(f"ok   {board} {name}")
            if arguments.verbose and lines:
                print("\n".join(lines))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
