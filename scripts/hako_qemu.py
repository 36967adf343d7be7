# SPDX-License-Identifier: Apache-2.0
"""QEMU's command line for the boards we run on: the one place that knows it."""

import functools
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple, Optional

QEMU = "qemu-system-arm"
MEMORY_MIB = 128
ROOT = Path(__file__).resolve().parent.parent

# The boards of all tests and measurements: QEMU's machine has the board's name. versatilepb has PCI, and
# QEMU would give it a network card there as well: name the one on the board.
BOARDS = ("integratorcp", "versatilepb")
NIC_MODEL = "smc91c111"

# Of the Versatile/PB, and where U-Boot for the Integrator/CP is linked (board/u-boot).
FLASH_BASE = 0x34000000
UBOOT_AT = 0x01000000


class Machine(NamedTuple):
    """What is different on a board."""

    name: str
    memory_mib: int = MEMORY_MIB
    has_nic: bool = True
    dtb: Optional[Path] = None  # by which a kernel that QEMU loads finds out where it is


# With those that bring a test of their own: PORTS in the Makefile.
MACHINES = {board: Machine(board) for board in BOARDS} | {
    "palmetto": Machine("palmetto-bmc", 256, False, ROOT / "build/palmetto/palmetto.dtb"),
}


@functools.cache
def version():
    text = subprocess.run([QEMU, "--version"], text=True, check=True, capture_output=True).stdout
    match = re.search(r"version (\d+)\.(\d+)", text)
    return int(match[1]), int(match[2])


def audio_options():
    """Both boards have a sound chip. Without a word about it, QEMU opens the machine's speakers."""
    if version() >= (8, 2):
        return ["-audio", "none"]
    return ["-audiodev", "none,id=silent", "-global", "pl041.audiodev=silent"]


def power_on(board, image, uboot=None):
    """What command() takes instead of a kernel: the board as it is switched on. `image`: its flash, or
    its SD card; `uboot`: u-boot.bin, for the board of which QEMU has no flash.

    QEMU's boards begin at address 0, where the real ones have their flash then; of QEMU's, only the third."""
    image = str(image).replace(",", ",,")
    if board == "palmetto":
        return ["-drive", f"if=mtd,format=raw,file={image}"]
    if board == "versatilepb":
        return ["-drive", f"if=pflash,format=raw,file={image}",
                "-device", f"loader,addr={FLASH_BASE:#x},cpu-num=0"]
    uboot = str(uboot).replace(",", ",,")
    return ["-drive", f"if=sd,format=raw,file={image}", "-device",
            f"loader,file={uboot},addr={UBOOT_AT:#x},cpu-num=0,force-raw=on"]


def command(board, kernel, *, dtb=None, initrd=None, cmdline=None, sd=None, tftp=None, rtc=None,
            icount=None, second_serial=None, wire=None, mac=None, qmp=None, console=None,
            console_log=None, plugin=None):
    """The words of a command that boots `kernel`: a bundle, or with the rest a plain zImage; or the list
    that power_on() returned.

    sd: image of an SD card; tftp: folder the user network serves; rtc, icount: QEMU's options;
    second_serial: path of a socket that the board's UART 1 is at; wire: path of a socket that a cable
    ends in (tests/qemu/cable.py), instead of the user network; mac: the board's Ethernet address;
    qmp: path of a socket that QEMU is to listen at for orders; console, console_log: path of a socket
    that UART 0 is at, instead of the terminal, and of a file that gets what it says; plugin: path of
    one, and its arguments.
    """
    if board not in MACHINES:
        raise ValueError(f"unknown board {board}: there are {', '.join(MACHINES)}")
    machine = MACHINES[board]
    dtb = dtb or machine.dtb
    words = [QEMU, "-M", machine.name, "-cpu", "arm926", "-m", str(machine.memory_mib),
             *(kernel if isinstance(kernel, list) else ["-kernel", str(kernel)]), "-nographic", "-no-reboot", *audio_options(),
             # The VMM ends a run through it.
             "-semihosting-config", "enable=on,target=native"]
    address = f",macaddr={mac}" if mac else ""
    if wire:
        words += ["-netdev", "stream,id=wire,server=off,addr.type=unix,addr.path=" +
                  str(wire).replace(",", ",,"), "-net", f"nic,model={NIC_MODEL},netdev=wire{address}"]
    elif not machine.has_nic:
        words += ["-nic", "none"]
    else:
        nic = f"user,model={NIC_MODEL}{address}"
        if tftp:
            nic += ",tftp=" + str(tftp).replace(",", ",,")
        words += ["-nic", nic]
    if qmp:
        words += ["-qmp", "unix:" + str(qmp).replace(",", ",,") + ",server=on,wait=off"]
    if dtb and kernel:
        words += ["-dtb", str(dtb)]
    if initrd:
        words += ["-initrd", str(initrd)]
    if cmdline:
        words += ["-append", cmdline]
    if sd:
        words += ["-drive", "if=sd,format=raw,file=" + str(sd).replace(",", ",,")]
    if rtc:
        words += ["-rtc", rtc]
    if console:
        words += ["-monitor", "none", "-serial", "chardev:console", "-chardev",
                  "socket,id=console,server=on,wait=off,path={},logfile={}".format(
                      *(str(path).replace(",", ",,") for path in (console, console_log)))]
    if second_serial:
        where = str(second_serial).replace(",", ",,")
        words += [] if console else ["-serial", "mon:stdio"]
        words += ["-serial", f"unix:{where},server=on,wait=off"]
    if icount:
        words += ["-icount", icount]
    if plugin:
        words += ["-plugin", ",".join(str(word).replace(",", ",,") for word in plugin)]
    return words


def shared_ram(path):
    """More words: the board's RAM is in file `path`, where a plugin can see it, too."""
    # A comma in a value is doubled.
    where = str(path).replace(",", ",,")
    return ["-machine", "memory-backend=ram", "-object",
            f"memory-backend-file,id=ram,size={MEMORY_MIB}M,mem-path={where},share=on"]


def ram_folder(otherwise):
    """Where to put that file: in memory if there is room, or else in folder `otherwise`."""
    place = Path("/dev/shm")
    if place.is_dir() and shutil.disk_usage(place).free >= 2 * (MEMORY_MIB << 20):
        return place
    return otherwise
