# SPDX-License-Identifier: Apache-2.0
"""Bad input: one line that says where and why, exit code 1, and no output file."""

import os
import random
import struct
import zlib

import pytest

from rewrite_support import assemble, assert_refused, link, objcopy, run

from elftools.elf.elffile import ELFFile
from hako_rewrite.appendix import NOTE_NAME, PROXIES, SITES
from hako_rewrite.check import check_elf, check_image
from hako_rewrite.elf import Elf
from hako_rewrite.encodings import used_entries
from hako_rewrite.errors import RewriteError
from hako_rewrite.image import flatten, pack_image, read_image
from hako_rewrite.rewriter import restore, rewrite

GUEST = "_start:\n mrs r0, cpsr\n msr cpsr_c, r0\n b .\n .data\n .word 1\n"

ROUNDS = int(os.environ.get("HAKO_FUZZ_ROUNDS", "2000"))

E_TYPE, E_MACHINE, E_VERSION, E_PHOFF, E_SHOFF, E_FLAGS = 16, 18, 20, 28, 32, 36
E_PHENTSIZE, E_PHNUM, E_SHENTSIZE, E_SHNUM, E_SHSTRNDX = 42, 44, 46, 48, 50


@pytest.fixture(name="guest")
def guest_fixture(tmp_path):
    return link(tmp_path, GUEST)


def refuse(source, *words):
    """Rewrites to every kind of output and expects none of them, nor a leftover."""
    folder = source.parent / "out"
    folder.mkdir(exist_ok=True)
    result = run(source, "-o", folder / "a", "--image", folder / "b", "--report", folder / "c")
    assert_refused(result, str(source), *words)
    assert list(folder.iterdir()) == []


def with_bytes(source, offset, content):
    data = bytearray(source.read_bytes())
    data[offset:offset + len(content)] = content
    bad = source.with_suffix(".bad")
    bad.write_bytes(data)
    return bad


def half(value):
    return struct.pack("<H", value)


def word(value):
    return struct.pack("<I", value)


@pytest.mark.parametrize("content", [b"", b"\x7fEL", b"#!/bin/sh\n" * 20, bytes(4096)])
def test_not_an_elf(tmp_path, content):
    source = tmp_path / "file"
    source.write_bytes(content)
    refuse(source, "not an ELF")


@pytest.mark.parametrize("offset,content,message", [
    (4, b"\x02", "32-bit"),
    (5, b"\x02", "big endian"),
    (6, b"\x09", "version"),
    (E_MACHINE, half(62), "wrong architecture"),
    (E_MACHINE, half(183), "wrong architecture"),
    (E_TYPE, half(1), "relocatable"),
    (E_TYPE, half(3), "PIE"),
    (E_TYPE, half(4), "core dump"),
    (E_VERSION, word(2), "damaged"),
    (E_FLAGS, word(0x05800000), "BE8"),
    (E_SHNUM, half(0), "no section headers"),
    (E_SHOFF, word(0), "no section headers"),
    (E_SHOFF, word(0xFFFFFF00), "section header table"),
    (E_SHNUM, half(0xFEFF), "section header table"),
    (E_SHNUM, half(0xFFFF), "damaged"),
    (E_SHENTSIZE, half(8), "damaged"),
    (E_SHSTRNDX, half(0), "no section name table"),
    (E_SHSTRNDX, half(0x7000), "no section name table"),
    (E_PHOFF, word(0xFFFFFFF0), "program header table"),
    (E_PHNUM, half(0x4000), "damaged"),
    (E_PHENTSIZE, half(1), "damaged"),
])
def test_elf_header(guest, offset, content, message):
    refuse(with_bytes(guest, offset, content), message)


def test_real_object_file(tmp_path):
    refuse(assemble(tmp_path, GUEST), "relocatable", "link it")


def test_real_big_endian_file(tmp_path):
    source = link(tmp_path, GUEST, as_flags=["-EB"], ld_flags=["-EB"])
    refuse(source, "big endian")


def test_stripped(guest, tmp_path):
    refuse(objcopy(guest, tmp_path / "stripped", "--strip-all"), "no mapping symbols", "stripped")


def test_one_section_without_mapping_symbols(tmp_path):
    stripped = objcopy(assemble(tmp_path, ".section .init.text, \"ax\"\n.arm\n nop\n", "blind"),
                       tmp_path / "blind2.o", "--strip-all")
    source = link(tmp_path, GUEST, ld_flags=[stripped])
    refuse(source, "0xc0009100", ".init.text", "without a mapping symbol")


def test_already_rewritten(guest, tmp_path):
    output = tmp_path / "once"
    assert run(guest, "-o", output).returncode == 0
    refuse(output, "already rewritten")


@pytest.mark.parametrize("line,message", [
    (".inst 0xee000f00", "CDP to CP15"),
    (".inst 0x1e001f20", "CDP to CP15"),
    (".inst 0xfe070f9a", "coprocessor 15"),
    (".inst 0xfc410e05", "coprocessor 14"),
])
def test_instruction_without_a_place(tmp_path, line, message):
    source = link(tmp_path, f"_start: mov r0, r0\nlabel: mov r1, r1\n {line}\n b .\n")
    refuse(source, "0xc0008008 (label+0x4)", "cannot place 0x", message)


@pytest.mark.parametrize("full,other,load", [(0xE4A10000, 0xE4B10000, 0),
                                             (0xE4B10000, 0xE4A10000, 1)])
def test_too_many_different_instructions(tmp_path, full, other, load):
    """2048 with one L bit have a place, few or many of the other; the 2049th has none."""
    lines = "".join(f"\t.inst {word:#x}\n"
                    for n in range(2048) for word in (full | n, other | n & 3))
    lines += f"\t.inst {full | 7:#x}\n\t.inst {full | 2048:#x}\n"
    refuse(link(tmp_path, f"_start:\n{lines}"), "0xc000c004", f"cannot place {full | 2048:#010x}",
           "more than 2048", f"bit 20 = {load}")


def test_code_at_an_odd_address(tmp_path):
    source = link(tmp_path, "_start: mrs r0, cpsr\n")
    data = bytearray(source.read_bytes())
    with open(source, "rb") as file:
        symtab = ELFFile(file).get_section_by_name(".symtab")
        index = [symbol.name for symbol in symtab.iter_symbols()].index("$a")
        value = symtab["sh_offset"] + 16 * index + 4
    assert data[value:value + 4] == word(0xC0008000)
    refuse(with_bytes(source, value, word(0xC0008002)), "0xc0008002", "no multiple of 4")


def section_header(path, name):
    """File offset of a section's header."""
    data = path.read_bytes()
    shoff, = struct.unpack_from("<I", data, E_SHOFF)
    shnum, shstrndx = struct.unpack_from("<HH", data, E_SHNUM)
    strings, = struct.unpack_from("<I", data, shoff + 40 * shstrndx + 16)
    for i in range(shnum):
        at = strings + struct.unpack_from("<I", data, shoff + 40 * i)[0]
        if data[at:data.index(b"\0", at)] == name.encode():
            return shoff + 40 * i
    raise AssertionError(name)


SH_NAME, SH_ADDR, SH_OFFSET, SH_SIZE, SH_LINK, SH_ENTSIZE = 0, 12, 16, 20, 24, 36


@pytest.mark.parametrize("section,field,value,message", [
    (".text", SH_OFFSET, 0x7FFFFFFF, ".text"),
    (".text", SH_SIZE, 0xFFFFFFFF, ".text"),
    (".text", SH_ADDR, 0xFFFFFFFC, ".text"),
    (".text", SH_ADDR, 0xC0000000, "mapping symbol"),
    (".symtab", SH_OFFSET, 0xFFFFFF00, ".symtab"),
    (".symtab", SH_SIZE, 0x10000000, ".symtab"),
    (".symtab", SH_ENTSIZE, 0, "entry size"),
    (".symtab", SH_LINK, 0xFFFF, "no string table"),
    (".symtab", SH_LINK, 0, "no string table"),
    (".strtab", SH_OFFSET, 0xFFFFFF00, ".strtab"),
    (".shstrtab", SH_SIZE, 0xFFFFFF00, "section name table"),
])
def test_hostile_section_headers(guest, section, field, value, message):
    refuse(with_bytes(guest, section_header(guest, section) + field, word(value)), message)


def test_overlapping_sections(tmp_path):
    source = link(tmp_path, GUEST + ".section .init.text, \"ax\"\n b .\n b .\n")
    data = source.read_bytes()
    text, = struct.unpack_from("<I", data, section_header(source, ".text") + SH_OFFSET)
    refuse(with_bytes(source, section_header(source, ".init.text") + SH_OFFSET, word(text)),
           "share file offset")


def test_segment_outside_the_file(guest):
    refuse(with_bytes(guest, 52 + 4, word(0x7FFFFFFF)), "segment 0")


def test_image_too_large(guest):
    second = 52 + 2 * 32
    refuse(with_bytes(guest, second + 12, word(0xF0000000)), "flat image")


def test_entry_outside_of_everything(guest):
    refuse(with_bytes(guest, 24, word(0x12345678)), "entry point 0x12345678")


@pytest.mark.parametrize("arguments", [
    [], ["x"], ["x", "-o", "x"], ["x", "-o", "y", "--report", "y"], ["--check", "x", "-o", "y"],
    ["x", "--check", "x"], ["--restore", "x"], ["--restore", "x", "-o", "y", "--image", "z"],
    ["--no-such-option"], ["a", "b", "-o", "c"],
])
def test_arguments(arguments):
    assert_refused(run(*arguments), "--help")


def test_files_that_are_not_there(guest, tmp_path):
    assert_refused(run(tmp_path / "missing", "-o", tmp_path / "out"), "No such file")
    assert_refused(run(tmp_path, "-o", tmp_path / "out"), "not a regular file")
    assert_refused(run("/dev/zero", "-o", tmp_path / "out"), "not a regular file")
    assert_refused(run(guest, "-o", tmp_path / "no" / "out"), "cannot write", "No such file")
    assert_refused(run(guest, "-o", "/dev/null"), "/dev/null", "not a regular file")


def test_one_unwritable_output_means_no_output(guest, tmp_path):
    output = tmp_path / "out"
    assert_refused(run(guest, "-o", output, "--image", tmp_path / "no" / "image"), "cannot write")
    assert not output.exists()
    output.write_text("what was there before")
    assert_refused(run(guest, "-o", output, "--image", tmp_path), "cannot write")
    assert output.read_text() == "what was there before"
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("option", ["--check", "--restore"])
def test_original_where_a_rewritten_file_is_due(guest, tmp_path, option):
    target = [] if option == "--check" else ["-o", tmp_path / "out"]
    assert_refused(run(option, guest, *target), "not a rewritten file")
    assert not (tmp_path / "out").exists()


def test_image_without_trailer(guest):
    with pytest.raises(RewriteError, match="no Hako trailer"):
        read_image(guest)


def quiet(function, data):
    """Calls function; a RewriteError of one line is fine, anything else fails the test."""
    try:
        function(data)
    except RewriteError as error:
        assert "\n" not in str(error) and str(error)


def test_truncated_at_every_length(guest):
    data = guest.read_bytes()
    for length in range(0, len(data), 7):
        with pytest.raises(RewriteError):
            rewrite(data[:length])
    done = rewrite(data).data
    for length in range(0, len(done), 7):
        with pytest.raises(RewriteError):
            restore(done[:length])


def all_forms(guest):
    """The original, the rewritten ELF and the image, each with the functions that read it."""
    result = rewrite(guest.read_bytes())
    flat, load, entry = flatten(result.elf, result.data)
    image = pack_image(flat, result.table, load, entry)
    return ((result.elf.data, (rewrite,)), (result.data, (restore, check_elf)),
            (image, (check_image,)))


def test_damage_anywhere_ends_in_one_line(guest):
    source = random.Random(5)
    shoff, = struct.unpack_from("<I", guest.read_bytes(), E_SHOFF)
    for data, functions in all_forms(guest):
        for _ in range(ROUNDS):
            bad = bytearray(data)
            for _ in range(source.choice((1, 1, 2, 8))):
                # Half of the damage goes to the headers, where it matters most.
                low, high = source.choice(((0, 52 + 96), (shoff, len(data)), (0, len(data))))
                at = source.randrange(min(low, len(data) - 1), min(high, len(data)))
                bad[at] = source.choice((0, 0xFF, 0x7F, 0x80, bad[at] ^ 1 << source.randrange(8)))
            for function in functions:
                quiet(function, bytes(bad))


def sealed(data, note, tables):
    """An ELF whose table or sites were changed, with the checksums of its note made right."""
    out = bytearray(data)
    content = b"".join(out[s.offset:s.offset + s.size] for s in tables)
    struct.pack_into("<I", out, note.offset + 32, zlib.crc32(content))
    end = note.offset + note.size - 4
    struct.pack_into("<I", out, end, zlib.crc32(out[note.offset:end]))
    return bytes(out)


@pytest.mark.parametrize("changes,message", [
    ({0: 0xE4B10000}, "entry 0 is 0xe4b10000, but its proxy has another bit 20"),
    ({256: 0xE10F0000, 0: 0}, "entry 256 is 0xe10f0000, but its proxy has another bit 20"),
    ({5: 0xE4B10000}, "entry 5 is 0xe4b10000, but its proxy has another bit 20"),
    ({5: 0xE10F1000}, "unused table words"),
    ({5: 0xE10F0000}, "in the proxy table twice"),
    ({5: 0x010F1000}, "entry 5 is 0x010f1000, no sensitive instruction"),
    ({5: 0xE1A00000}, "entry 5 is 0xe1a00000, no sensitive instruction"),
    ({1: 0}, "0xee001f00 is a proxy with index 1, which has no word in the table"),
])
def test_check_refuses_a_wrong_table(tmp_path, changes, message):
    """The table of an ELF and of its image; a hole where a word is due shows in the code only."""
    source = link(tmp_path, "_start:\n mrs r0, cpsr\n msr cpsr_c, r0\n movs pc, lr\n")
    result = rewrite(source.read_bytes())
    assert {i: hex(w) for i, w in used_entries(result.table)} == {
        0: "0xe10f0000", 1: "0xe121f000", 256: "0xe1b0f00e"}
    elf = Elf(result.data)
    proxies, sites, note = (elf.section(name) for name in (PROXIES, SITES, NOTE_NAME))
    bad, table = bytearray(result.data), result.table
    for index, value in changes.items():
        struct.pack_into("<I", bad, proxies.offset + 4 * index, value)
        table[index] = value
    with pytest.raises(RewriteError) as refused:
        check_elf(sealed(bad, note, (proxies, sites)))
    assert message in str(refused.value)
    if "no word" not in message and "unused" not in message:
        with pytest.raises(RewriteError) as refused:
            check_image(pack_image(b"", table, 0, 0))
        assert message in str(refused.value)


def test_forged_appendix_with_right_checksums(guest):
    """Checksums keep accidents out, not malice: the numbers must be checked all the same."""
    source = random.Random(6)
    good = rewrite(guest.read_bytes()).data
    elf = Elf(good)
    proxies, sites, note = (elf.section(name) for name in (PROXIES, SITES, NOTE_NAME))
    refused = 0
    for _ in range(ROUNDS):
        bad = bytearray(good)
        for _ in range(source.choice((1, 2))):
            section = source.choice((proxies, sites, note))
            at = section.offset + source.randrange(section.size // 4) * 4
            struct.pack_into("<I", bad, at, source.choice(
                (0, 4, 0xFFFFFFFF, 0xE10F0000, len(good), source.randrange(len(good)))))
        bad = sealed(bad, note, (proxies, sites))
        for function in (restore, check_elf):
            quiet(function, bad)
        try:
            restore(bad)
        except RewriteError:
            refused += 1
        else:
            assert bad == good
    assert refused > ROUNDS // 2
