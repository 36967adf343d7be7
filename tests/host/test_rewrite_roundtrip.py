# SPDX-License-Identifier: Apache-2.0
"""Whole files through the rewriter: what changes, what does not, and the way back."""

import glob
import json
import os
import re
import struct

import pytest

from rewrite_support import ROOT, assert_refused, link, objcopy, run

from elftools.elf.elffile import ELFFile
from hako_rewrite.appendix import read_appendix, read_proxy_table
from hako_rewrite.elf import Elf
from hako_rewrite.encodings import KINDS, UNUSED_ENTRY, classify, proxy_index, used_entries
from hako_rewrite.image import read_image

# Each section has one sensitive instruction that no other section has. The literals behind ldr and
# the .word lines look like sensitive instructions and like proxies, and are data.
GUEST = """
	.syntax divided
	.text
	.global _start
	.type _start, %function
_start:
	mrs	r0, cpsr
	mrseq	r0, cpsr
	msr	cpsr_c, #0xd3
	mrsne	r0, cpsr
	msr	cpsr_f, r0
	ldr	r1, =0xe10f0000
	.word	0xe10f0000, 0xee000f00, 0xe1b0f00e
	b	.
	.ltorg
	.type leave, %function
leave:
	ldmia	sp, {r0-r14}^
	movs	pc, lr
	swi	1
	.inst	0xe7f001f2
	.thumb
	.type thumb, %function
thumb:
	bx	lr
	.short	0xf000, 0xe10f
	.section .vectors, "ax"
	.arm
	mrs	r8, spsr
	.section .init.text, "ax"
	mrc	p15, 0, r15, c7, c14, 3
	.byte	1, 2, 3
	.section .alt, "a"
	.word	0xe10f0000
	.arm
	mcr	p15, 0, r0, c7, c10, 4
	.data
	.word	0xe10f0000, 0xee000f00
	.bss
	.space 64
"""
CHANGED = {  # virtual address: original word
    0xC0008000: 0xE10F0000, 0xC0008004: 0x010F0000, 0xC0008008: 0xE321F0D3,
    0xC000800C: 0x110F0000, 0xC000802C: 0xE8DD7FFF, 0xC0008030: 0xE1B0F00E,
    0xFFFF0000: 0xE14F8000, 0xC0009100: 0xEE17FF7E, 0xC0009204: 0xEE070F9A,
}


@pytest.fixture(name="guest")
def guest_fixture(tmp_path):
    return link(tmp_path, GUEST)


def rewritten(source, *options):
    """Rewrites source to a file beside it, which is returned."""
    output = source.with_suffix(".hako")
    result = run(source, "-o", output, *options)
    assert result.returncode == 0 and result.stderr == "", result
    assert result.stdout.count("\n") == 1
    return output


def loaded_words(path):
    """Virtual address to word, for every aligned word of the loaded sections."""
    words = {}
    with open(path, "rb") as file:
        for section in ELFFile(file).iter_sections():
            if section["sh_flags"] & 2 and section["sh_type"] != "SHT_NOBITS":
                data = section.data()
                for i in range(0, len(data) // 4 * 4, 4):
                    words[section["sh_addr"] + i] = struct.unpack_from("<I", data, i)[0]
    return words


def test_only_sensitive_instructions_change(guest):
    output = rewritten(guest)
    before, after = loaded_words(guest), loaded_words(output)
    assert before.keys() == after.keys()
    assert {a: before[a] for a in before if before[a] != after[a]} == CHANGED


def test_proxies_keep_condition_and_select_the_original(guest):
    output = rewritten(guest)
    after, table = loaded_words(output), read_proxy_table(output)
    for address, original in CHANGED.items():
        proxy = after[address]
        assert proxy >> 28 == original >> 28
        assert table[proxy_index(proxy)] == original & 0x0FFFFFFF | 0xE0000000
    # mrs, mrseq and mrsne share one entry
    words = [word for _, word in used_entries(table)]
    assert len(words) == len(set(words)) == len(CHANGED) - 2
    assert all(classify(word) for word in words)


def test_proxies_have_bit_20_of_the_original(guest):
    output = rewritten(guest)
    after = loaded_words(output)
    bits = {address: original >> 20 & 1 for address, original in CHANGED.items()}
    assert {address: after[address] >> 20 & 1 for address in CHANGED} == bits
    # Indexes go by the order of the file, where .vectors is second; with bit 8 set from 256 on.
    assert [proxy_index(after[address]) for address in sorted(CHANGED)] == [
        0, 0, 1, 0, 256, 257, 258, 3, 2]
    table = read_proxy_table(output)
    assert len(table) == 259 and set(table[4:256]) == {UNUSED_ENTRY}


def test_round_trip_is_bit_exact(guest, tmp_path):
    output = rewritten(guest)
    back = tmp_path / "back.elf"
    result = run("--restore", output, "-o", back)
    assert result.returncode == 0 and result.stderr == ""
    assert back.read_bytes() == guest.read_bytes()
    assert output.read_bytes() == rewritten(back).read_bytes()  # and it is deterministic


def test_check_accepts_the_result(guest):
    result = run("--check", rewritten(guest))
    assert result.returncode == 0 and "9 proxies, 7 table words" in result.stdout


def test_headers_stay_readable(guest):
    output = rewritten(guest)
    with open(guest, "rb") as a, open(output, "rb") as b:
        before, after = ELFFile(a), ELFFile(b)
        old = [(s.name, s.header) for s in before.iter_sections()]
        new = [(s.name, s.header) for s in after.iter_sections()]
        names = [name for name, _ in new]
        assert names[len(old):] == [".hako.proxies", ".hako.sites", ".hako.note"]
        for (name, header), (new_name, new_header) in zip(old, new):
            assert name == new_name
            assert name == ".shstrtab" or header == new_header
        assert [s.header for s in before.iter_segments()] == \
            [s.header for s in after.iter_segments()]
        data = after.get_section_by_name(".hako.proxies").data()
        assert list(struct.unpack(f"<{len(data) // 4}I", data)) == read_proxy_table(output)


def test_guest_without_sensitive_instructions(tmp_path):
    source = link(tmp_path, "_start: b .\n")
    output = rewritten(source)
    assert read_proxy_table(output) == []
    assert run("--check", output).returncode == 0


def test_image_is_what_objcopy_makes_plus_trailer(guest, tmp_path):
    image = tmp_path / "guest.img"
    output = rewritten(guest, "--image", image)
    flat = objcopy(output, tmp_path / "flat", "-O", "binary").read_bytes()
    parts = read_image(image)
    assert parts.flat == flat
    assert list(parts.table) == read_proxy_table(output)
    assert (parts.load, parts.entry) == (0x8000, 0x8000)
    raw = image.read_bytes()
    assert raw[-32:-24] == b"HAKOIMG1"
    assert struct.unpack_from("<IIII", raw, len(raw) - 24) == (len(flat), 259, 0x8000, 0x8000)
    result = run("--check", image)
    assert result.returncode == 0 and "7 table words" in result.stdout


def test_report_counts(guest, tmp_path):
    path = tmp_path / "report.json"
    rewritten(guest, "--report", path)
    report = json.loads(path.read_text())
    assert report["sites"] == 9 and report["table_words"] == 7
    assert report["table_length"] == 259
    assert [entry["index"] for entry in report["table"]] == [0, 1, 2, 3, 256, 257, 258]
    assert report["kinds"]["mrs_cpsr"] == {"sites": 3, "words": 1}
    assert {kind: counts["sites"] for kind, counts in report["kinds"].items()} == {
        "mrs_cpsr": 3, "msr_cpsr": 1, "ldm_user": 1, "movs_pc": 1, "mrs_spsr": 1, "mrc_p15": 1,
        "mcr_p15": 1}
    assert report["cp15_registers"] == {"0, c7, c10, 4": {"mcr": 1}, "0, c7, c14, 3": {"mrc": 1}}
    symbols = {symbol["name"]: symbol for symbol in report["symbols"]}
    assert symbols["_start"]["kinds"] == {"mrs_cpsr": 3, "msr_cpsr": 1}
    assert symbols["leave"] == {"name": "leave", "section": ".text", "address": "0xc000802c",
                                "sites": 2, "kinds": {"ldm_user": 1, "movs_pc": 1}}
    assert sum(symbol["sites"] for symbol in report["symbols"]) == 9
    assert sum(entry["sites"] for entry in report["table"]) == 9
    assert report["unpredictable"] == []


def test_report_lists_unpredictable_instructions(tmp_path):
    source = link(tmp_path, "_start: .inst 0xe10ff000\n b .\n")
    path = tmp_path / "report.json"
    rewritten(source, "--report", path)
    assert json.loads(path.read_text())["unpredictable"] == [
        {"address": "0xc0008000", "symbol": "_start", "kind": "mrs_cpsr", "word": "0xe10ff000"}]


# | kind | `instruction` | `before` | `after` | index: `table entry`, or "index, shared" |
EXAMPLE = re.compile(r"\|(?: `(\w+)`| stays)? \| `([^`]+)` \| `([0-9a-f]{8})` \| `([0-9a-f]{8})` \|"
                     r"(?: (\d+)(?:: `([0-9a-f]{8})`|, shared))? \|\n")


def test_examples_of_the_documents(tmp_path):
    """The example program of docs/guest-abi.md is what the tools make; README.md repeats it."""
    with open(f"{ROOT}/docs/guest-abi.md") as file:
        examples = EXAMPLE.findall(file.read())
    assert {kind for kind, *_ in examples} - {""} == set(KINDS)
    lines = "".join(f"\t{example[1]}\n" for example in examples)
    source = link(tmp_path, f"\t.syntax divided\n\t.global _start\n_start:\n{lines}")
    output = rewritten(source)
    before, after, table = loaded_words(source), loaded_words(output), read_proxy_table(output)
    for n, (kind, _, old, new, index, entry) in enumerate(examples):
        assert f"{before[0xC0008000 + 4 * n]:08x}" == old
        assert f"{after[0xC0008000 + 4 * n]:08x}" == new
        assert not kind or classify(int(old, 16)) == kind
        if index:
            assert proxy_index(int(new, 16)) == int(index)
            assert not entry or f"{table[int(index)]:08x}" == entry
    with open(f"{ROOT}/guest-patches/README.md") as file:
        repeated = re.findall(r"`([^`]+)` `([0-9a-f]{8})` \| `([0-9a-f]{8})` \|", file.read())
    assert len(repeated) > 8 and set(repeated) <= {example[1:4] for example in examples}


@pytest.mark.parametrize("count,indexes,length", [
    (1, (0, 256), 257), (256, (255, 511), 512), (257, (512, 768), 769), (2048, (3839, 4095), 4096)])
def test_indexes_of_stores_and_loads(tmp_path, count, indexes, length):
    """So many different strt (L = 0), then as many ldrt; the last of each get these indexes."""
    stores = "".join(f"\t.inst {0xE4A10000 | n:#x}\n" for n in range(count))
    loads = "".join(f"\t.inst {0xE4B10000 | n:#x}\n" for n in range(count))
    output = rewritten(link(tmp_path, f"_start:\n{stores}{loads}"))
    table, after = read_proxy_table(output), loaded_words(output)
    assert len(table) == length and len(used_entries(table)) == 2 * count
    last = [after[0xC0008000 + 4 * (n * count - 1)] for n in (1, 2)]
    assert last == [0xEE000F00 | index << 12 for index in indexes]
    assert [word >> 20 & 1 for word in last] == [0, 1]
    assert run("--check", output).returncode == 0


def patched(path, offset_of, change):
    """A copy of a file with one word changed: offset_of(elf) says where, change(word) how."""
    data = bytearray(path.read_bytes())
    with open(path, "rb") as file:
        offset = offset_of(ELFFile(file))
    (word,) = struct.unpack_from("<I", data, offset)
    struct.pack_into("<I", data, offset, change(word))
    bad = path.with_suffix(".bad")
    bad.write_bytes(data)
    return bad


def in_section(name, offset):
    return lambda elf: elf.get_section_by_name(name)["sh_offset"] + offset


@pytest.mark.parametrize("section,offset,change,message", [
    (".text", 0x00, lambda word: 0xE10F0000, "sensitive"),          # a proxy undone
    (".text", 0x10, lambda word: 0xE4B10000, "sensitive"),          # a new one
    (".text", 0x10, lambda word: 0xEE000F20, "sensitive"),          # a hypercall
    (".text", 0x10, lambda word: 0xEE000F00, "not recorded"),       # a proxy too many
    (".text", 0x00, lambda word: 0xEE7FFF00, "no word in the table"),  # beyond its end
    (".text", 0x00, lambda word: 0xEE0FFF00, "no word in the table"),  # a hole
    (".text", 0x00, lambda word: word ^ 0x20000000, "SHA-256"),     # another condition
    (".text", 0x00, lambda word: word ^ 0x1000, "SHA-256"),         # another index
    (".data", 0x00, lambda word: word ^ 1, "SHA-256"),
    (".hako.proxies", 0, lambda word: word ^ 1, "checksum"),
    (".hako.sites", 0, lambda word: word ^ 4, "checksum"),
    (".hako.note", 12, lambda word: word ^ 1, "checksum"),
])
def test_check_finds_a_change(guest, section, offset, change, message):
    output = rewritten(guest)
    result = run("--check", patched(output, in_section(section, offset), change))
    assert_refused(result, message)


def test_check_of_a_damaged_image(guest, tmp_path):
    image = tmp_path / "guest.img"
    rewritten(guest, "--image", image)
    for offset in (0, -40, -20, -4):
        raw = bytearray(image.read_bytes())
        raw[offset] ^= 1
        bad = tmp_path / "bad.img"
        bad.write_bytes(raw)
        assert_refused(run("--check", bad), "checksum")


def _pv_patches(path):
    """Addresses of the words that lead to paravirtual code, or are otherwise other ones for it."""
    elf = Elf(path.read_bytes())
    appendix = read_appendix(elf)
    return {section.addr + offset - section.offset
            for offset, _ in (appendix.pv.patches if appendix.pv else ())
            for section, _ in elf.loaded_sections()
            if section.offset <= offset < section.offset + section.size}


def kernels():
    named = os.environ.get("HAKO_VMLINUX")
    return [named] if named else sorted(glob.glob(os.path.join(ROOT, "build/guest/*/vmlinux")))


@pytest.mark.parametrize("kernel", kernels())
@pytest.mark.parametrize("pv", [False, True])
def test_kernel_round_trip(kernel, pv, tmp_path):
    output, image, back = (tmp_path / name for name in ("vmlinux.hako", "Image", "vmlinux"))
    report = tmp_path / "report.json"
    options = [] if pv else ["--no-pv"]
    result = run(kernel, "-o", output, "--image", image, "--report", report, *options)
    assert result.returncode == 0, result.stderr
    assert run("--check", output).returncode == 0
    assert run("--restore", output, "-o", back).returncode == 0
    with open(kernel, "rb") as file:
        assert file.read() == back.read_bytes()
    before, after = loaded_words(kernel), loaded_words(output)
    changed = [address for address in before if before[address] != after[address]]
    by_pv = _pv_patches(output)
    assert bool(by_pv) == pv and len(by_pv) in (0, len(by_pv & set(changed)))
    proxied = [address for address in changed if address not in by_pv]
    assert proxied and not [hex(a) for a in proxied if (before[a] ^ after[a]) & 1 << 20]
    assert read_image(image).flat == objcopy(
        output, tmp_path / "flat", "-O", "binary", "-R", ".comment", "-S").read_bytes()
    counts = json.loads(report.read_text())
    assert counts["sites"] == len(proxied)
    if pv:
        # Nearly all of what masks and restores interrupts in C code.
        stubs = counts["pv"]["stubs"]
        assert sum(stubs.values()) + len(counts["pv"]["hooks"]) <= len(by_pv)
        assert stubs["save_mask"] > 3000 and stubs["msr"] > 30 * stubs["msr_spilled"]
        assert sum(counts["pv"]["left"].values()) < 20
    # What every ARMv5 Linux has, whatever its configuration; at a site, or in a stub.
    for kind in ("mrs_cpsr", "msr_cpsr", "mrs_spsr", "msr_spsr", "movs_pc", "ldm_return",
                 "stm_user", "ldrt", "strt", "mcr_p15", "mrc_p15"):
        assert counts["kinds"][kind]["words"] > 0, kind
        assert counts["kinds"][kind]["sites"] > 0 or pv and stubs.get("user", 0) > 100, kind
    assert "0, c7, c14, 3" in counts["cp15_registers"]
