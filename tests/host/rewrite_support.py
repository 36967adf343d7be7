# SPDX-License-Identifier: Apache-2.0
"""What the rewriter's tests share: building small guests, running the tool."""

import os
import subprocess
import sys

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
REWRITE = os.path.join(ROOT, "guest-patches", "rewrite")
CROSS = "arm-none-eabi-"

sys.path.insert(0, os.path.join(ROOT, "guest-patches"))

# Sections at unlike addresses, so that file offset, virtual and physical address all differ.
LINKER_SCRIPT = """
ENTRY(_start)
PHDRS { head PT_LOAD; high PT_LOAD; late PT_LOAD; }
SECTIONS {
    .text 0xc0008000 : AT(0x00008000) { *(.text) *(.text.*) } :head
    .vectors 0xffff0000 : AT(0x00009000) { *(.vectors) } :high
    .init.text 0xc0009100 : AT(0x00009100) { *(.init.text) } :late
    .alt 0xc0009200 : AT(0x00009200) { *(.alt) } :late
    .data 0xc0009300 : AT(0x00009300) { *(.data) } :late
    .bss : { *(.bss) } :late
    /DISCARD/ : { *(.ARM.attributes) }
}
"""


def assemble(folder, source, name="guest", as_flags=()):
    """Assembles source to folder/name.o and returns its path."""
    text = folder / f"{name}.s"
    text.write_text(source)
    output = folder / f"{name}.o"
    subprocess.run([CROSS + "as", "-mcpu=arm926ej-s", *as_flags, "-o", output, text], check=True)
    return output


def link(folder, source, name="guest", as_flags=(), ld_flags=()):
    """Builds an ELF executable from assembler source and returns its path."""
    script = folder / "guest.ld"
    script.write_text(LINKER_SCRIPT)
    output = folder / f"{name}.elf"
    subprocess.run([CROSS + "ld", "-n", "--no-warn-rwx-segments", "-T", script, *ld_flags,
                    "-o", output, assemble(folder, source, name, as_flags)], check=True)
    return output


def objcopy(source, output, *flags):
    subprocess.run([CROSS + "objcopy", *flags, source, output], check=True)
    return output


def run(*arguments):
    """Runs guest-patches/rewrite as a person does; the result has returncode, stdout, stderr."""
    return subprocess.run([REWRITE, *map(str, arguments)], capture_output=True, text=True,
                          check=False)


def assert_refused(result, *words):
    """Exit code 1, exactly one line on stderr that has all the words, nothing on stdout."""
    assert result.returncode == 1, result
    assert result.stdout == ""
    assert result.stderr.endswith("\n") and result.stderr.count("\n") == 1, result.stderr
    for word in words:
        assert word in result.stderr, result.stderr
