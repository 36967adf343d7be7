# SPDX-License-Identifier: Apache-2.0
"""The real-time guest (tests/guest/rt.c) with other settings."""

import struct

from elftools.elf.elffile import ELFFile

from hako_bench import build, inputs

SETTINGS_MAGIC = 0x52544731  # tests/guest/rt.h


def make(root, board, out, period, periods):
    """Rewritten for the VMM: `periods` of so many microseconds each, then it powers off."""
    source = inputs.built(root, f"build/guest-tests/{board}/rt.elf", "make guest-tests")
    data = bytearray(source.read_bytes())
    with open(source, "rb") as stream:
        elf = ELFFile(stream)
        symbol = elf.get_section_by_name(".symtab").get_symbol_by_name("rt_settings")[0]
        section = elf.get_section(symbol["st_shndx"])
        at = symbol["st_value"] - section["sh_addr"] + section["sh_offset"]
    if struct.unpack_from("<I", data, at)[0] != SETTINGS_MAGIC:
        raise inputs.InputError(f"{source.relative_to(root)}: rt_settings does not begin with "
                                f"{SETTINGS_MAGIC:#x}")
    struct.pack_into("<II", data, at + 4, period, periods)
    plain = out / "rt-latency-guest.elf"
    plain.write_bytes(data)
    return build.rewrite(root, plain, out / "rt-latency-guest.hako.elf")
