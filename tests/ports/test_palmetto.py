# SPDX-License-Identifier: Apache-2.0
"""palmetto, an AST2400: Linux from its flash, and what must not start. `make test-ports` builds what it needs."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/qemu"), str(ROOT / "scripts")]

import hako_qemu  # noqa: E402 (needs the path above)
from guest import Machine  # noqa: E402
from hako_bundle import image  # noqa: E402

BOARD = "palmetto"
KERNEL = "linux-6.12-palmetto"
FLASH = ROOT / "build/palmetto/flash.bin"
STUB_SIZE = 0x1000  # board/palmetto/stub.h
LOG = ROOT / "build/log/ports"
HANG_SECONDS = 30


@pytest.fixture(name="booted")
def _booted(request):
    assert FLASH.exists(), f"{FLASH} is missing: make test-ports builds it"
    command = hako_qemu.command(BOARD, hako_qemu.power_on(BOARD, FLASH)) + ["-snapshot"]
    with Machine(command, LOG / f"{request.node.name}.log") as machine:
        machine.wait_for_shell()
        yield machine


def test_linux_runs_from_flash_and_reset_and_power_off_are_the_vms(booted):
    # The guest's clock is the board's: 24 MHz, whatever Linux believes PCLK to be.
    assert "FTTMR010-TIMER2" in booted.check(
        "cat /sys/devices/system/clocksource/clocksource0/current_clocksource")
    before, after = (float(up) for up in booted.check(
        "cut -d' ' -f1 /proc/uptime; sleep 2; cut -d' ' -f1 /proc/uptime").split())
    assert 1.9 < after - before < 4
    # The host's flash is the VM's; the boot flash is not there to be written.
    assert "pnor" in booted.check("cat /proc/mtd")
    assert booted.check("grep -c . /proc/mtd") == "2\n"
    # A byte sent by a direct UART, whose interrupt gets through the board's controller.
    booted.check("echo hello >/dev/ttyS0")
    lines = booted.check("cat /proc/interrupts")
    assert int(next(line for line in lines.splitlines() if "ttyS4" in line).split()[1]) > 0
    booted.leave("reboot -f")
    booted.expect(r"\[vm1\] start 2: ")
    booted.wait_for_shell()
    booted.leave("poweroff -f")
    booted.expect("hako: vmm memory checksum ok")
    booted.expect("hako: all VMs have stopped")


def test_a_watchdog_that_is_not_fed_restarts_the_vm(booted):
    booted.leave("watchdog -T 2 -t 60 -F /dev/watchdog0 & sleep 1; kill -9 $!; sleep 60")
    booted.expect(r"\[vm1\] start 2: ")
    booted.wait_for_shell()


def test_two_vms_share_the_board(tmp_path):
    bundle = tmp_path / "zImage-hako"
    guest = ROOT / "build/guest" / KERNEL / "vmlinux.hako"
    subprocess.run([ROOT / "scripts/bundle", "--board", BOARD, "--vmm", ROOT / "build/palmetto-vms/vmm.bin",
                    "--vms", ROOT / "tests/ports/two-linux.dts", "--guest", f"linux={guest}",
                    "--initrd", f"linux={ROOT / 'build/palmetto/initramfs.cpio.gz'}",
                    "--dtb", ROOT / "build/palmetto/palmetto.dtb", "-o", bundle], check=True)
    with Machine(hako_qemu.command(BOARD, bundle), LOG / "two_vms.log") as machine:
        machine.wait_for_shell()
        machine.check("ifconfig eth0 10.9.0.1 up")
        assert "i2c" in machine.check("cat /proc/interrupts")
        machine.type("\x0f2")
        machine.expect("hako: console of second")
        machine.type("\n")
        machine.wait_for_shell()
        machine.check("ifconfig eth0 10.9.0.2 up; ping -c 2 10.9.0.1")
        assert "i2c" not in machine.check("cat /proc/interrupts")
        machine.leave("poweroff -f")
        machine.expect(r"\[second\] powered off")


def said(flash, tmp_path, kernel=None):
    """What a board says that has `flash`, or is given `kernel`, and does not start."""
    file = None
    if flash is not None:
        file = tmp_path / "flash.bin"
        file.write_bytes(flash.ljust(32 << 20, b"\xff"))
    words = hako_qemu.command(BOARD, hako_qemu.power_on(BOARD, file) if file else kernel) + ["-monitor", "none", "-serial", "stdio"]
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as qemu:
        try:
            return qemu.communicate(timeout=4)[0].decode()
        except subprocess.TimeoutExpired:
            qemu.kill()
            return qemu.communicate()[0].decode()


def test_what_must_not_start_says_why(tmp_path):
    flash = FLASH.read_bytes().rstrip(b"\xff")
    assert "there is no image in the flash" in said(flash[:STUB_SIZE], tmp_path)
    far = bytearray(flash)
    far[STUB_SIZE + image.AT_ZIMAGE_END + 3] = 0x7f
    assert "the image's first words are damaged" in said(bytes(far), tmp_path)
    damaged = bytearray(flash)
    damaged[len(flash) // 2] ^= 1
    assert "is damaged (CRC32" in said(bytes(damaged), tmp_path)


def test_the_image_of_another_board_names_both(tmp_path):
    other = ROOT / "build/versatilepb/vmm.bin"
    assert "this image is for the board 'versatilepb', but this is a 'palmetto'" in \
        said(None, tmp_path, other)
