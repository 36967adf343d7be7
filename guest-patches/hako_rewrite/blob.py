# SPDX-License-Identifier: Apache-2.0
"""The paravirtual code of guest-patches/pv/*.S: assembled, and linked for one kernel."""

import glob
import os
import subprocess
import tempfile
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence

from .elf import Elf
from .errors import RewriteError

CROSS = "arm-none-eabi-"
ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
SOURCES = os.path.join(ROOT, "guest-patches", "pv")
CFLAGS = ("-c", "-mcpu=arm926ej-s", "-marm", "-mfloat-abi=soft", "-I", ROOT, "-Wa,--fatal-warnings")

USER_START, USER_END = "__pv_user_start", "__pv_user_end"
LINKER_SCRIPT = """
OUTPUT_ARCH(arm)
{symbols}
EXTERN({roots})
SECTIONS {{
    .blob {base:#x} : {{
        {user_start} = .; *(.text.user .text.user.*) {user_end} = .;
        *(.text .text.*) *(.rodata .rodata.*) *(.data .data.*) *(.bss .bss.* COMMON)
        LONG(0)
    }}
    /DISCARD/ : {{ *(.ARM.attributes .comment .note.*) }}
}}
"""


class Blob(NamedTuple):
    """Linked code: its bytes at `base`, and its symbols."""

    base: int
    data: bytes
    symbols: Dict[str, int]
    elf: Optional[Elf]  # of the linked code; None if there is none


def sources() -> List[str]:
    return sorted(glob.glob(os.path.join(SOURCES, "*.S")))


def _run(*command: str) -> str:
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise RewriteError(f"{command[0]} is missing, which paravirtual code is assembled with"
                           "; install it (scripts/setup), or use --no-pv") from None
    if result.returncode:
        lines = result.stderr.splitlines()
        telling = [line for line in lines if "rror" in line or "undefined" in line]
        what = (telling or lines or ["no message"])[0].strip()
        raise RewriteError(f"the paravirtual code cannot be built for this kernel: {what}"
                           "; correct guest-patches/pv, or use --no-pv")
    return result.stdout


def build(base: int, roots: Sequence[str], lookup: Callable[[str], Optional[int]]) -> Blob:
    """Builds what `roots`, labels of the sources, lead to, for address `base`.

    Undefined symbols are what `lookup` says. Raises RewriteError.
    """
    if not roots:
        return Blob(base, b"", {}, None)
    with tempfile.TemporaryDirectory(prefix="hako-pv-") as folder:
        objects = []
        for source in sources():
            output = os.path.join(folder, os.path.basename(source) + ".o")
            _run(CROSS + "gcc", *CFLAGS, source, "-o", output)
            objects.append(output)
        if not objects:
            raise RewriteError(f"no source of paravirtual code has {roots[0]}"
                               "; guest-patches/pv is empty")
        values = {}
        for line in _run(CROSS + "nm", "-u", *objects).splitlines():
            fields = line.split()
            if len(fields) == 2 and fields[0] == "U":
                value = lookup(fields[1])
                if value is not None:
                    values[fields[1]] = value
        script = os.path.join(folder, "pv.ld")
        with open(script, "w", encoding="ascii") as file:
            file.write(LINKER_SCRIPT.format(
                symbols="\n".join(f"{name} = {values[name]:#x};" for name in sorted(values)),
                roots=" ".join(roots), base=base,
                user_start=USER_START, user_end=USER_END))
        output = os.path.join(folder, "pv.elf")
        # A root that is nowhere would only be ignored.
        _run(CROSS + "ld", "-n", "--no-warn-rwx-segments", "--gc-sections", "-T", script,
             *(f"--require-defined={root}" for root in roots), "-o", output, *objects)
        with open(output, "rb") as file:
            elf = Elf(file.read())
    section = elf.section(".blob")
    assert section is not None
    symbols = {name: value for name, (value, _) in elf.named().items()
               if base <= value <= base + section.size}
    return Blob(base, elf.bytes_of(section), symbols, elf)
