# SPDX-License-Identifier: Apache-2.0
"""Bare-metal guests with paravirtual code of their own: struct pv_info in the ELF."""

import json
import struct

import pytest

from rewrite_support import assert_refused, link, run

from hako_rewrite.appendix import read_appendix
from hako_rewrite.check import check_elf
from hako_rewrite.elf import Elf
from hako_rewrite.encodings import proxy_index
from hako_rewrite.errors import RewriteError
from hako_rewrite.image import read_image
from hako_rewrite.pv_abi import (INFO, PV_HC_COUNT, PV_HYPERCALL_WORD, PV_INFO_MAGIC,
                                 PV_INFO_VERSION)
from hako_rewrite.rewriter import restore, rewrite

INFO_OBJECT = f"""
	.data
	.global	hako_pv_info
	.type	hako_pv_info, %object
hako_pv_info:
	.word	{PV_INFO_MAGIC:#x}, {PV_INFO_VERSION}
	.word	_start, 0x8000, 4096		@ code: its address, where, bytes
	.word	0xc0000000, 0x80000000
	.word	swi_entry, return_site, swi_entry
	.space	{INFO.size} - (. - hako_pv_info)
	.size	hako_pv_info, {INFO.size}
"""
SOURCE = """
	.arm
	.global	_start
_start:
	mrs	r0, cpsr
	.word	0xee001f00			@ hypercall 1
	b	swi_entry
swi_entry:
	mcr	p15, 0, r0, c7, c10, 4
return_site:
	swi	0
""" + INFO_OBJECT


@pytest.fixture(name="guest")
def guest_fixture(tmp_path):
    return link(tmp_path, SOURCE)


def test_round_trip_and_proof(guest, tmp_path):
    output, image, report, back = (tmp_path / name for name in ("out", "image", "report", "back"))
    result = run(guest, "-o", output, "--image", image, "--report", report)
    assert result.returncode == 0 and result.stderr == "", result
    assert result.stdout.splitlines()[1:] == [
        "pv: the guest's own paravirtual code is made known to the VMM"]
    assert run("--check", output).returncode == 0 and run("--check", image).returncode == 0
    assert run("--restore", output, "-o", back).returncode == 0
    assert back.read_bytes() == guest.read_bytes()
    assert json.loads(report.read_text())["pv"]["patches"] == 0
    assert read_image(image).pv == read_appendix(Elf(output.read_bytes())).pv.info


def test_what_it_says_is_handed_on_and_nothing_is_added(guest):
    original, data = guest.read_bytes(), rewrite(guest.read_bytes(), pv=True).data
    elf, symbols = Elf(data), Elf(original).named()
    start, swi_entry = symbols["_start"][0], symbols["swi_entry"][0]
    section = elf.section(".hako.pvinfo")
    assert elf.bytes_of(section)[:48] == struct.pack(
        "<12I", PV_INFO_MAGIC, PV_INFO_VERSION, start, 0x8000, 4096, 0xC0000000, 0x80000000,
        swi_entry, swi_entry + 4, swi_entry, 0, 0)
    assert elf.section(".hako.pv") is None and elf.phnum == Elf(original).phnum
    code = elf.section(".text").offset
    words = struct.unpack_from("<5I", data, code)
    table = read_appendix(elf).table
    assert list(table[:PV_HC_COUNT]) == [PV_HYPERCALL_WORD | n for n in range(PV_HC_COUNT)]
    assert words[1] == 0xEE001F00 and words[4] == 0xEF000000
    assert [table[proxy_index(words[i])] for i in (0, 3)] == [0xE10F0000, 0xEE070F9A]
    assert restore(data) == original


def test_without_the_option_it_is_data(guest):
    data = rewrite(guest.read_bytes()).data
    assert read_appendix(Elf(data)).pv is None and check_elf(data).sites == 2


@pytest.mark.parametrize("change,message", [
    (("\t.size	hako_pv_info, ", "\t.size	hako_pv_info, 4 + "), "an object of"),
    ((f".word	{PV_INFO_MAGIC:#x}, ", ".word	1, "), "does not start with PV_INFO_MAGIC"),
    ((f", {PV_INFO_VERSION}\n", ", 99\n"), "does not start with PV_INFO_MAGIC"),
    ((INFO_OBJECT, f"\t.bss\nhako_pv_info:\t.space {INFO.size}\n"
                   f"\t.size hako_pv_info, {INFO.size}\n"), "not in the file"),
])
def test_what_cannot_be_meant_is_refused(tmp_path, change, message):
    assert change[0] in SOURCE
    guest = link(tmp_path, SOURCE.replace(*change))
    assert_refused(run(guest, "-o", tmp_path / "out"), "hako_pv_info", message)


def test_more_ranges_than_there_can_be(tmp_path):
    count = 4 * (INFO.size // 4 - 33)
    source = SOURCE.replace(f"\t.space	{INFO.size} - (. - hako_pv_info)\n",
                            f"\t.space {count} - (. - hako_pv_info)\n\t.word 17\n"
                            f"\t.space	{INFO.size} - (. - hako_pv_info)\n")
    with pytest.raises(RewriteError):
        rewrite(link(tmp_path, source).read_bytes(), pv=True)


def test_check_finds_what_was_changed(guest):
    data = rewrite(guest.read_bytes(), pv=True).data
    elf = Elf(data)
    for section, offset in ((".hako.pvinfo", 8), (".text", 4), (".data", 8)):
        spoilt = bytearray(data)
        spoilt[elf.section(section).offset + offset] ^= 4
        with pytest.raises(RewriteError):
            check_elf(bytes(spoilt))
