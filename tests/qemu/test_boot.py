# SPDX-License-Identifier: Apache-2.0
"""From the boot loader to the guest: every place an image can be loaded at, every part damaged, the
wrong board, too little RAM. Needs build/<board>/vmm.bin; conftest.py runs each on every board."""

import os
import random
import re
import struct
import subprocess
import sys
import threading

import pytest

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "scripts"))

import hako_qemu  # noqa: E402 (needs the path above)
from hako_bundle import fdt, image  # noqa: E402

CROSS = "arm-none-eabi-"
MIB = 1 << 20
VM_RAM = MIB  # arch/arm/layout.h
PATTERN_STEP = 0x9E3779B9
UARTS = {"integratorcp": 0x16000000, "versatilepb": 0x101F1000}
COMPATIBLE = {"integratorcp": "arm,integrator-cp", "versatilepb": "arm,versatile-pb"}
MACHINE_IDS = {"integratorcp": 0x113, "versatilepb": 0x183}
BOARDS = tuple(UARTS)
OTHER = {"integratorcp": "versatilepb", "versatilepb": "integratorcp"}

GOOD = "guest: data and bss are right"
POWERED_OFF = "hako: all VMs have stopped"

# Detects a hang; no run comes near it.
HANG_SECONDS = 120

# QEMU enters the kernel at 0x10000. This one, instead of the image, jumps to where the image is,
# with other registers perhaps: ldr r1, [pc, #8]; ldr r2, [pc, #8]; ldr pc, [pc, #8]; nop; words.
STUB_AT = 0x10000
STUB_CODE = (0xE59F1008, 0xE59F2008, 0xE59FF008, 0xE1A00000)
# Keeps QEMU's r1 and r2: ldr pc, [pc, #-4]; word.
PLAIN_STUB_CODE = (0xE51FF004,)


class Qemu:
    """A running QEMU; lines() until one contains a text, or the end."""

    def __init__(self, board, kernel, *extra):
        self.process = subprocess.Popen(hako_qemu.command(board, kernel) + list(extra),
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.timer = threading.Timer(HANG_SECONDS, self.process.kill)

    def __enter__(self):
        self.timer.start()
        return self

    def __exit__(self, *_):
        self.timer.cancel()
        self.process.kill()
        self.process.communicate()

    def until(self, text):
        """All output up to and including the line with the text."""
        lines = []
        for line in self.process.stdout:
            lines.append(line.decode("ascii", "replace").rstrip("\r\n"))
            if text in lines[-1]:
                return lines
        pytest.fail(f"'{text}' did not come; the output was:\n" + "\n".join(lines) +
                    self.process.stderr.read().decode("ascii", "replace"))
        return None


def boot(board, kernel, text, *extra):
    with Qemu(board, kernel, *extra) as qemu:
        return qemu.until(text)


def boots(board, kernel, *extra):
    lines = boot(board, kernel, POWERED_OFF, *extra)
    assert GOOD in "\n".join(lines), lines


def refuses(board, kernel, *words, extra=()):
    """The VMM's first line must have all the words, and nothing come before; returns it."""
    lines = [line for line in boot(board, kernel, "hako: ", *extra) if line]
    assert len(lines) == 1, lines
    for word in words:
        assert word in lines[0], lines
    return lines[0]


def vmm(board):
    path = os.path.join(ROOT, "build", board, "vmm.bin")
    assert os.path.exists(path), f"{path} is missing; make BOARD={board} vmm"
    return path


@pytest.fixture(scope="module", name="folder")
def folder_fixture(tmp_path_factory):
    return tmp_path_factory.mktemp("boot")


@pytest.fixture(scope="module", name="guests")
def guests_fixture(folder):
    """The rewritten guest of each board, with half a megabyte of data."""
    words = (i * PATTERN_STEP & 0xFFFFFFFF for i in range(1 << 17))
    (folder / "pattern.bin").write_bytes(b"".join(struct.pack("<I", word) for word in words))
    source = os.path.join(os.path.dirname(os.path.realpath(__file__)), "boot_guest.S")
    guests = {}
    for board in BOARDS:
        elf, guests[board] = folder / f"{board}.elf", folder / f"{board}.hako"
        subprocess.run([CROSS + "gcc", "-mcpu=arm926ej-s", "-nostdlib", f"-DUART={UARTS[board]:#x}",
                        f"-Wa,-I{folder}", "-Wl,-Ttext=0x8000", "-Wl,-n",
                        "-Wl,--no-warn-rwx-segments", "-o", elf, source], check=True)
        subprocess.run([os.path.join(ROOT, "guest-patches", "rewrite"), elf, "-o", guests[board]],
                       check=True, stdout=subprocess.DEVNULL)
    return guests


def make_tree(path, board, ram, tail=0):
    """A device tree as a loader passes it: which board, how much RAM; perhaps a long one."""
    root = fdt.Node("")
    root.set_cells("#address-cells", 1)
    root.set_cells("#size-cells", 1)
    root.set_strings("compatible", COMPATIBLE[board])
    root.child("memory").set_cells("reg", 0, ram)
    root.child("tail").props["data"] = bytes(tail)
    path.write_bytes(fdt.write(fdt.Tree(root, [], 0)))
    return path


def make_bundle(output, board, guest, *options):
    subprocess.run([os.path.join(ROOT, "scripts", "bundle"), "--board", board, "--vmm", vmm(board),
                    "--guest", guest, "-o", output, *map(str, options)], check=True,
                   stdout=subprocess.DEVNULL)
    return output


@pytest.fixture(scope="module", name="images")
def images_fixture(folder, guests):
    """A small bundle of each board, with every kind of part."""
    initrd = folder / "initrd"
    initrd.write_bytes(random.Random(1).randbytes(100001))
    return {board: make_bundle(folder / f"{board}.zImage", board, guests[board], "--memory", "40M",
                               "--initrd", initrd, "--dtb",
                               make_tree(folder / f"{board}.dtb", board, 0))
            for board in BOARDS}


def bundle_words(path):
    """Where in a zImage-hako the bundle is, and its size."""
    return struct.unpack_from("<II", path.read_bytes(), image.AT_BUNDLE)


def loader(path, address):
    """QEMU puts a file there before it starts."""
    return ["-device", f"loader,file={path},addr={address:#x},force-raw=on"]


def stub(folder, address, machine_id=None, params=0):
    """A kernel that jumps to an address; without a machine id, with QEMU's registers."""
    words = PLAIN_STUB_CODE + (address,)
    if machine_id is not None:
        words = STUB_CODE + (machine_id, params, address)
    path = folder / f"stub-{address:x}-{machine_id}-{params:x}"
    path.write_bytes(struct.pack(f"<{len(words)}I", *words))
    return path


def test_boots_as_a_kernel_without_further_arguments(board, images):
    boots(board, images[board])


def test_boots_at_any_address(board, images, folder):
    """Far from the final place, across each border of it, exactly on it, at odd words."""
    size = images[board].stat().st_size
    top = hako_qemu.MEMORY_MIB * MIB
    final = top - MIB
    bundle_size = bundle_words(images[board])[1]
    final_bundle = final - 2 * MIB - bundle_size
    assert size <= MIB  # or it could not lie in the final place
    places = [
        0x18000, 0x123454, 0x2000004, VM_RAM + 0x10, final_bundle - size, final_bundle - 0x8000,
        final_bundle + 0x1000, final_bundle + bundle_size - 0x2004, final - 2 * MIB, final - size,
        final - size + 4, final - 0x8000, final - 4, final, final + 4, top - size & ~3,
    ]
    for place in places:
        boots(board, stub(folder, place), *loader(images[board], place))


def test_boots_with_a_device_tree(board, images, folder):
    """Known by its root alone, wherever the tree is, and however long."""
    tree = make_tree(folder / f"{board}.tree", board, 64 * MIB, 70000)
    for machine_id in (0xFFFFFFFF, MACHINE_IDS[board]):
        for at in (0x100, 0x3F00000):
            kernel = stub(folder, 0x1000000, machine_id, at)
            lines = boot(board, kernel, POWERED_OFF, *loader(images[board], 0x1000000),
                         *loader(tree, at) if at > STUB_AT else loader(
                             make_tree(folder / "short", board, 64 * MIB), at))
            assert GOOD in lines
            assert any("64 MiB of RAM" in line for line in lines), lines


@pytest.mark.parametrize("params", (0, 1, 0x43, 0x8001, 0x200000, 0xFFFFFFFC, 0x0FFFFFFC))
def test_boots_when_r2_is_garbage(board, params, images, folder):
    kernel = stub(folder, 0x1000000, MACHINE_IDS[board], params)
    boots(board, kernel, *loader(images[board], 0x1000000))


def test_says_it_is_the_wrong_board(board, images):
    refuses(OTHER[board], images[board], f"for the board '{board}'",
            f"this is a '{OTHER[board]}'", f"BOARD={OTHER[board]}")


def test_says_it_is_the_wrong_board_by_its_tree(board, images, folder):
    other = OTHER[board]
    refuses(other, stub(folder, 0x1000000, 0, 0x2000000), f"this is a '{other}'",
            extra=[*loader(images[board], 0x1000000),
                   *loader(make_tree(folder / "other", other, 64 * MIB), 0x2000000)])


def test_says_it_does_not_know_the_board(board, images, folder):
    refuses(board, stub(folder, 0x1000000, 0xABC), f"for the board '{board}'", "0xabc",
            extra=loader(images[board], 0x1000000))


def test_says_there_is_too_little_ram(board, images):
    line = refuses(board, images[board], "too little RAM: 16384 KiB", extra=("-m", "16"))
    needed = int(line.split("but ")[1].split(" KiB")[0])
    assert needed == (40 + 1 + 2) * 1024 + bundle_words(images[board])[1] // 1024
    # One MiB makes the difference.
    enough = -(-needed // 1024)
    refuses(board, images[board], "too little RAM", extra=("-m", str(enough - 1)))
    boots(board, images[board], "-m", str(enough))


def test_a_large_file_steps_aside(board, folder, guests):
    """As large as the guest's memory allows, and loaded across the VMM's final place."""
    initrd = folder / "large"
    initrd.write_bytes(random.Random(2).randbytes(9 * MIB))
    large = make_bundle(folder / "large.zImage", board, guests[board], "--memory", "11M",
                        "--initrd", initrd, "--dtb", make_tree(folder / "l.dtb", board, 0))
    end = 25 * MIB
    for place in (end - large.stat().st_size & ~3, end - large.stat().st_size - 0x54320):
        boots(board, stub(folder, place), "-m", "25", *loader(large, place))


def test_a_loader_that_sees_little_ram_is_not_believed(images, folder):
    """U-Boot on the Integrator/CP; its core module knows better. Versatile has no such register."""
    for board, words in (("integratorcp", f"on integratorcp, {hako_qemu.MEMORY_MIB} MiB of RAM"),
                         ("versatilepb", "too little RAM: 16384 KiB")):
        tree = make_tree(folder / "small", board, 16 * MIB)
        refuses(board, stub(folder, 0x200000, MACHINE_IDS[board], 0x100000), words,
                extra=[*loader(images[board], 0x200000), *loader(tree, 0x100000)])


def test_names_the_damaged_part(board, images, folder):
    """First, middle and last byte of each. A VMM that is damaged in its first words may not run."""
    data = images[board].read_bytes()
    _, rows = image.unpack(data)
    bundle_at = bundle_words(images[board])[0]
    assert [row.name for row in rows] == ["vmm", "guest", "initrd", "dtb", "proxies", "info"]
    damaged = folder / f"damaged-{board}"
    for row in rows:
        start = row.offset + (0 if row.kind == image.VMM else bundle_at)
        places = {start + row.size // 2, start + row.size - 1}
        if row.kind != image.VMM:
            places.add(start)
        for at in places:
            spoilt = bytearray(data)
            spoilt[at] ^= 0x08
            damaged.write_bytes(spoilt)
            refuses(board, damaged, f"part '{row.name}' is damaged", f"{row.crc:#010x}",
                    "load the image again")


def test_says_the_header_is_damaged(board, images, folder):
    data = images[board].read_bytes()
    bundle_at = bundle_words(images[board])[0]
    damaged = folder / f"header-{board}"
    # The image's own words: file size, machine id, size, bundle's offset and size.
    for at in (0x2C, 0x48, 0x4C, 0x58, 0x5A, 0x5C):
        spoilt = bytearray(data)
        spoilt[at] ^= 0x20
        damaged.write_bytes(spoilt)
        refuses(board, damaged, "hako: ")
    # The bundle's header and table.
    for at in (0, 4, 8, 12, 20, 60, 64, 70, 200):
        spoilt = bytearray(data)
        spoilt[bundle_at + at] ^= 0x20
        damaged.write_bytes(spoilt)
        refuses(board, damaged, "hako: bundle: ")


def test_says_there_is_no_bundle(board):
    refuses(board, vmm(board), "contains no guest", "scripts/bundle")


def test_reports_an_exception_of_a_damaged_image(board, images, folder):
    """An undefined instruction where boot_check() begins: the checksum is never reached."""
    nm = subprocess.run([CROSS + "nm", os.path.join(ROOT, "build", board, "vmm.elf")], text=True,
                        check=True, capture_output=True).stdout
    symbols = {line.split()[2]: int(line.split()[0], 16) for line in nm.splitlines()}
    data = bytearray(images[board].read_bytes())
    at = symbols["boot_check"] - symbols["_start"]
    struct.pack_into("<HH", data, at, 0xDE00, 0xDE00)  # Thumb code
    damaged = folder / f"undefined-{board}"
    damaged.write_bytes(data)
    refuses(board, damaged, "exception before the start (mode 0x1b", f"{0x10000 + at + 2:#010x}",
            "image at 0x10000")


def test_early_code_is_position_independent(board):
    """No word of it holds an address that the linker, but nobody at run time, has relocated; nor
    does it reach Thumb code by what the linker puts between (b, unlike bl, cannot change over)."""
    nm = subprocess.run([CROSS + "nm", os.path.join(ROOT, "build", board, "vmm.elf")], text=True,
                        check=True, capture_output=True).stdout
    between = set(re.findall(r" __(\w+)_from_arm$", nm, re.MULTILINE))
    with open(os.path.join(ROOT, "arch/arm/objects.mk"), encoding="ascii") as file:
        objects = [line.split("=")[1].strip() for line in file if line.startswith("boot-y ")]
    objects += [f"vmm/lib/{name}.o" for name in ("crc32", "printf", "string")]
    assert len(objects) == 9
    for name in [*objects, "arch/arm/boot.o"]:
        path = os.path.join(ROOT, "build", board, name)
        text = subprocess.run([CROSS + "readelf", "-rW", path], text=True, check=True,
                              capture_output=True).stdout
        section = ""
        for line in text.splitlines():
            if line.startswith("Relocation section"):
                section = line.split("'")[1]
            elif ".debug" not in section:
                assert name not in objects or "R_ARM_ABS32" not in line and "GOT" not in line, \
                    (name, section, line)
                assert "R_ARM_JUMP24" not in line or line.split()[4] not in between, (name, line)
