# SPDX-License-Identifier: Apache-2.0
"""What the bundler's tests share: inputs that are correct, running the script."""

import os
import struct
import subprocess
import sys

from rewrite_support import CROSS, assemble, link, run as rewrite

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
BUNDLE = os.path.join(ROOT, "scripts", "bundle")

sys.path.insert(0, os.path.join(ROOT, "scripts"))

from hako_bundle import image  # noqa: E402 (needs the path above)

MACHINE_IDS = {"integratorcp": 0x113, "versatilepb": 0x183}

# A bare-metal guest at 0x8000 (rewrite_support.py has the linker script), with bss.
GUEST = (" .global _start\n_start:\n mrs r0, cpsr\n msr cpsr_c, r0\n b .\n"
         " .data\n .word 1\n .bss\n .space 4096\n")
LINUX_BANNER = (" .global linux_banner\n .section .rodata\n"
                "linux_banner: .asciz \"Linux version 6\"\n")

# Linked as Linux is: physical addresses are the virtual ones, but for what is copied to vectors.
LINUX_SCRIPT = """
ENTRY(_start)
PHDRS { head PT_LOAD; data PT_LOAD; }
SECTIONS {
    .text 0xc0008000 : AT(0xc0008000) { *(.text) } :head
    .rodata : { *(.rodata) } :head
    .data 0xc0100000 : AT(0xc0100000) { *(.data) } :data
    .bss : { *(.bss) } :data
    /DISCARD/ : { *(.ARM.attributes) }
}
"""

TREE = """
/dts-v1/;
/ {
    #address-cells = <1>;
    #size-cells = <1>;
    compatible = "%s";
    memory { device_type = "memory"; reg = <0 0>; };
    chosen { bootargs = "old"; };
    bus {
        #address-cells = <1>;
        #size-cells = <1>;
        display@c0000000 { compatible = "arm,pl110", "arm,primecell"; reg = <0xc0000000 0x1000>;
                           phandle = <7>; };
        dma@10130000 { compatible = "arm,pl081", "arm,primecell"; reg = <0x10130000 0x1000>; };
        serial@16000000 { compatible = "arm,pl011", "arm,primecell"; reg = <0x16000000 0x1000>; };
    };
};
"""


def make_vmm(path, board="integratorcp", size=6000, features=0):
    """A file that looks like a VMM's image as the Makefile leaves it."""
    data = bytearray((i * 7 + i // 256) & 0xFF for i in range(size))
    data[:image.IMAGE_HEADER_SIZE] = bytes(image.IMAGE_HEADER_SIZE)
    struct.pack_into("<III", data, image.AT_ZIMAGE_MAGIC, image.ZIMAGE_MAGIC, 0, size)
    image.IMAGE_WORDS.pack_into(data, image.AT_MAGIC, image.IMAGE_MAGIC, image.IMAGE_VERSION,
                                MACHINE_IDS[board], size, size + 4096, size + 65536, 0, 0)
    struct.pack_into("<I", data, image.AT_FEATURES, features)
    path.write_bytes(data)
    return path


def make_tree(path, compatible="arm,integrator-cp"):
    source = path.with_suffix(".dts")
    source.write_text(TREE % compatible)
    subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", path, source], check=True)
    return path


def make_guest(folder, source=GUEST, name="guest", ld_flags=()):
    """A rewritten guest."""
    elf = link(folder, source, name, ld_flags=ld_flags)
    output = folder / f"{name}.hako"
    result = rewrite(elf, "-o", output)
    assert result.returncode == 0, result
    return output


def make_linux(folder):
    """A rewritten guest that looks like a vmlinux, and its flat image."""
    script = folder / "linux.ld"
    script.write_text(LINUX_SCRIPT)
    elf = folder / "linux.elf"
    subprocess.run([CROSS + "ld", "-n", "--no-warn-rwx-segments", "-T", script, "-o", elf,
                    assemble(folder, GUEST + LINUX_BANNER, "linux")], check=True)
    output, flat = folder / "vmlinux.hako", folder / "Image.hako"
    result = rewrite(elf, "-o", output, "--image", flat)
    assert result.returncode == 0, result
    return output, flat


def run(*arguments):
    """Runs scripts/bundle as a person does."""
    return subprocess.run([BUNDLE, *map(str, arguments)], capture_output=True, text=True,
                          check=False)


def unpack(path):
    """Header and parts by name."""
    header, rows = image.unpack(path.read_bytes())
    return header, {row.name: row for row in rows}
