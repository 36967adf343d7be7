# SPDX-License-Identifier: Apache-2.0
"""Paravirtual code in a whole file: the segment, hooks, the blob, the way back, and its proof."""

import json
import struct

import pytest

from rewrite_pv_support import CODE, ENTRY, HEAD, PAGE_OFFSET, make_linux, read_kernel
from rewrite_support import assert_refused, link, objcopy, run
from elftools.elf.elffile import ELFFile

from hako_rewrite import blob, pv_segment
from hako_rewrite.appendix import read_appendix
from hako_rewrite.arm import branch_target
from hako_rewrite.check import check_elf
from hako_rewrite.elf import Elf
from hako_rewrite.encodings import proxy_index
from hako_rewrite.errors import RewriteError
from hako_rewrite.hook import find
from hako_rewrite.hooks import HOOKS, Hook
from hako_rewrite.image import read_image
from hako_rewrite.linux import Kernel, NotParavirtual
from hako_rewrite.pv_abi import PV_HC_COUNT, PV_HYPERCALL_WORD, PvInfo, pack_info, unpack_info
from hako_rewrite.rewriter import arm_code, restore, rewrite

EXACT = 0xFFFFFFFF
SET_PTE = ((0xE4001800, EXACT), (0xEE070F3A, EXACT, "clean"), (0xEE070F9A, EXACT),
           (0xE59F2000, 0xFFFFF000, "literal"), (0xE5922000, EXACT),
           (0xEB000000, 0xFF000000, "call"), (0xE24F3000, 0xFFFFF000, "here"), (0xE1A0F00E, EXACT))
COPY = ((0xE1A03000, EXACT), (0xE4B12004, EXACT), (0xE4F1C001, EXACT), (0xE6A02003, EXACT),
        (0xE4E0C001, EXACT), (0xE1A0F00E, EXACT))

BLOB = """
	.section .text.pv_set_pte, "ax"
	.arm
	.global pv_set_pte
pv_set_pte:
	str	r1, [r0], #-2048
	.word	0xee001f00		@ hypercall 1
	mcr	p15, 0, r0, c7, c10, 4
	ldr	r3, =hook_set_pte_literal
	ldr	r3, =hook_set_pte_here
	bl	hook_set_pte_call
	b	hook_set_pte + 12
	.word	hook_set_pte_clean
	.section .text.user.pv_copy, "ax"
	.global pv_copy
pv_copy:
	mov	r3, r0
	b	hook_copy + 4
	.section .text.pv_unused, "ax"
	.global pv_unused
pv_unused:
	b	no_such_symbol
	.section .text.pv_swi, "ax"
	.global pv_swi, pv_info_return_site
pv_swi:
	b	vector_swi
pv_info_return_site:
	swi	0
"""
TEST_HOOKS = (
    Hook("set_pte", "cpu_arm926_set_pte_ext", "function", SET_PTE, "pv_set_pte"),
    Hook("copy", "copy_in", "convert", COPY, "pv_copy"),
    Hook("swi", "vector_swi", "entry", ((0xE10F8000, EXACT),), "pv_swi", info="swi_entry"),
    Hook("missing", "no_such_function", "function", COPY, "pv_unused"),
    Hook("changed", "copy_in", "function", ((0xE1A03001, EXACT),), "pv_unused"),
)


@pytest.fixture(name="vmlinux")
def vmlinux_fixture(tmp_path):
    return make_linux(tmp_path)


@pytest.fixture(name="hooked")
def hooked_fixture(tmp_path, monkeypatch):
    """The engine with hooks and a blob of this test."""
    sources = tmp_path / "pv"
    sources.mkdir()
    (sources / "blob.S").write_text(BLOB)
    monkeypatch.setattr(blob, "SOURCES", str(sources))
    monkeypatch.setattr(pv_segment, "HOOKS", TEST_HOOKS)
    return sources / "blob.S"


@pytest.fixture(name="no_hooks")
def no_hooks_fixture(monkeypatch):
    monkeypatch.setattr(pv_segment, "HOOKS", ())


class Memory:
    """Words by address of what a file loads."""

    def __init__(self, data):
        self.parts = [(s.vaddr, data[s.offset:s.offset + s.filesz]) for s in Elf(data).segments]

    def word(self, addr):
        for start, content in self.parts:
            if start <= addr < start + len(content):
                return struct.unpack_from("<I", content, addr - start)[0]
        return None


def test_round_trip_and_proof(vmlinux, tmp_path):
    """Through the command line, with the hooks there are: this kernel has none of their code."""
    output, report, back = (tmp_path / name for name in ("out", "report", "back"))
    result = run(vmlinux, "-o", output, "--report", report)
    assert result.returncode == 0 and result.stderr == "", result
    lines = result.stdout.splitlines()
    pv = json.loads(report.read_text())["pv"]
    assert set(pv["refused"]) == {hook.name for hook in HOOKS} and not pv["hooks"]
    assert f"pv: {sum(pv['stubs'].values())} sites and 0 hooks" in lines[1]
    assert sorted(lines[2:]) == sorted(f"pv: {name}: {why}, left to proxies"
                                       for name, why in pv["refused"].items())
    assert pv["stubs"]["save_mask"] >= 2 and pv["stubs"]["mask"] >= 2 and pv["stubs"]["unmask"] >= 2
    assert pv["stubs"]["msr"] >= 2 and pv["stubs"]["mrc_dacr"] == 1 and pv["stubs"]["mrs"] == 2
    assert pv["left"] == {"msr: changes bits other than I": 1, "msr: immediate of another mode": 1}
    assert run("--check", output).returncode == 0
    assert run("--restore", output, "-o", back).returncode == 0
    assert back.read_bytes() == vmlinux.read_bytes()
    assert rewrite(back.read_bytes(), pv=True).data == output.read_bytes()


def test_no_pv_gives_proxies_only(vmlinux, tmp_path):
    output, report = tmp_path / "out", tmp_path / "report"
    result = run("--no-pv", vmlinux, "-o", output, "--report", report)
    assert result.returncode == 0 and result.stdout.count("\n") == 1
    assert json.loads(report.read_text())["pv"] == {"off": "switched off"}
    elf = Elf(output.read_bytes())
    assert elf.section(".hako.pv") is None and read_appendix(elf).pv is None
    assert run("--check", output).returncode == 0


@pytest.mark.parametrize("entry,code,head,why", [
    (ENTRY, CODE.replace("linux_banner", "some_banner"), HEAD, "not a Linux kernel"),
    (ENTRY.replace("cpu_arm926", "cpu_arm920"), CODE, HEAD, "no symbol cpu_arm926_set_pte_ext"),
    (ENTRY, CODE, HEAD.replace("_end - 1", "_end"), "what the kernel maps first"),
    (ENTRY, CODE, HEAD.replace(".ltorg", ".ltorg\n.word _end - 1"), "what the kernel maps first"),
    (ENTRY.replace(".text\n", ".file \"entry.c\"\n.text\n", 1), CODE, HEAD, "C code from assembly"),
])
def test_what_gets_proxies_only_says_why(tmp_path, entry, code, head, why):
    vmlinux = make_linux(tmp_path, entry=entry, code=code, head=head)
    result = rewrite(vmlinux.read_bytes(), pv=True)
    assert result.segment is None and why in result.no_pv
    assert result.data == rewrite(vmlinux.read_bytes()).data
    output = tmp_path / "out"
    stdout = run(vmlinux, "-o", output).stdout
    assert f"; proxies only: {result.no_pv}\n" in stdout
    check_elf(output.read_bytes())


def test_bare_metal_guests_get_proxies_only(tmp_path):
    result = rewrite(link(tmp_path, "_start: mrs r0, cpsr\n").read_bytes(), pv=True)
    assert result.segment is None and result.no_pv == "not a Linux kernel"


@pytest.mark.parametrize("bss", [0x2000, 0x2004, 0xEE000])
def test_the_segment_is_behind_the_kernel(tmp_path, no_hooks, bss):
    vmlinux = make_linux(tmp_path, bss=bss)
    kernel = read_kernel(vmlinux)
    result = rewrite(vmlinux.read_bytes(), pv=True)
    info = result.segment.info
    assert info.code_va == (kernel.end + 4095) & ~4095 and info.code_size % 4096 == 0
    assert info.code_gpa == info.code_va - PAGE_OFFSET and info.linear_offset == PAGE_OFFSET
    assert info.user_limit == 0xBF000000
    with open(tmp_path / "out", "wb") as file:
        file.write(result.data)
    with open(tmp_path / "out", "rb") as file:
        elf = ELFFile(file)
        segment = list(elf.iter_segments("PT_LOAD"))[-1].header
        assert (segment.p_vaddr, segment.p_paddr) == (info.code_va, info.code_va)
        assert segment.p_filesz == segment.p_memsz == info.code_size and segment.p_flags == 7
        assert elf.get_section_by_name(".hako.pv").data() == result.segment.code
        assert elf.num_segments() == Elf(vmlinux.read_bytes()).phnum + 1
    # What head.S maps: up to the end of the segment, at the one place that says so.
    memory, before = Memory(result.data), Memory(vmlinux.read_bytes())
    assert before.word(kernel.early_map) == kernel.end - 1
    assert memory.word(kernel.early_map) == info.code_va + info.code_size - 1


def test_only_recorded_words_change(vmlinux, no_hooks):
    original = vmlinux.read_bytes()
    result = rewrite(original, pv=True)
    appendix = read_appendix(Elf(result.data))
    changed = {at for at in range(0, len(original) // 4 * 4, 4)
               if original[at:at + 4] != result.data[at:at + 4]}
    recorded = set(appendix.sites) | {offset for offset, _ in appendix.pv.patches}
    assert changed - set(range(52)) == recorded
    for offset, word in appendix.pv.patches:
        assert struct.unpack_from("<I", original, offset)[0] == word
    kernel = read_kernel(vmlinux)
    for stub in result.segment.stubs.stubs:
        assert kernel.is_c(stub.addr) and branch_target(stub.branch, stub.addr) == stub.target


def test_asm_code_gets_no_stubs(vmlinux, no_hooks):
    result = rewrite(vmlinux.read_bytes(), pv=True)
    kernel = read_kernel(vmlinux)
    for name in ("vector_swi", "stext", "copy_in"):
        start, size = kernel.symbols[name]
        assert not [s for s in result.segment.stubs.stubs if start <= s.addr < start + (size or 16)]


def test_hypercalls_have_the_first_indexes(vmlinux, no_hooks):
    table = rewrite(vmlinux.read_bytes(), pv=True).table
    assert list(table[:PV_HC_COUNT]) == [PV_HYPERCALL_WORD | n for n in range(PV_HC_COUNT)]
    assert all(word >> 28 in (0, 14) for word in table[PV_HC_COUNT:])


def test_hooks_lead_into_the_blob(vmlinux, hooked):
    original = vmlinux.read_bytes()
    result = rewrite(original, pv=True)
    segment, memory = result.segment, Memory(result.data)
    kernel = read_kernel(vmlinux)
    assert [match.hook.name for match in segment.hooks] == ["set_pte", "copy", "swi"]
    assert segment.refused == {"missing": "no symbol no_such_function", "changed": "code not known"}
    set_pte, copy = kernel.address("cpu_arm926_set_pte_ext"), kernel.address("copy_in")
    at = branch_target(memory.word(set_pte), set_pte)
    assert segment.info.code_va <= at < segment.info.code_va + segment.blob_size
    code = [memory.word(at + 4 * i) for i in range(12)]
    table = list(result.table)
    assert code[0] == 0xE4001800 and code[1] == 0xEE001F00
    assert table[proxy_index(code[2])] == 0xEE070F9A  # sensitive instructions of the blob
    assert branch_target(code[5], at + 20) == kernel.address("asm_helper")
    assert branch_target(code[6], at + 24) == set_pte + 12
    assert table[proxy_index(code[7])] == 0xEE070F3A  # a captured one, as its proxy
    literals = [memory.word(at + 4 * i + 8 + (code[i] & 0xFFF)) for i in (3, 4)]
    assert literals == [kernel.address("some_word"), set_pte]
    # the rest of the function is as without the hook
    for i in (1, 2):
        assert proxy_index(memory.word(set_pte + 4 * i)) is not None
    # convert: the entry, then plain accesses with post-index
    entry = branch_target(memory.word(copy), copy)
    assert memory.word(entry) == 0xE1A03000
    assert [memory.word(copy + 4 * i) for i in range(1, 6)] == [
        0xE4912004, 0xE4D1C001, 0xE6802003, 0xE4C0C001, 0xE1A0F00E]
    assert (copy, copy + 24) in segment.info.ranges and (entry, entry + 8) in segment.info.ranges
    assert segment.info.swi_entry and segment.info.return_site == segment.info.swi_entry + 4
    assert check_elf(result.data).sites == len(result.sites)
    assert restore(result.data) == original


def test_a_group_is_applied_together(vmlinux, hooked, monkeypatch):
    monkeypatch.setattr(pv_segment, "HOOKS", tuple(
        hook._replace(group="all") for hook in TEST_HOOKS if hook.name != "changed"))
    segment = rewrite(vmlinux.read_bytes(), pv=True).segment
    assert segment.hooks == [] and segment.blob_size == 0
    assert segment.refused["set_pte"] == "missing is missing"


def test_the_first_of_several_patterns_counts(vmlinux, hooked, monkeypatch):
    wrong = TEST_HOOKS[0]._replace(pattern=((0xE4001801, EXACT),), target="pv_unused")
    monkeypatch.setattr(pv_segment, "HOOKS", (wrong, TEST_HOOKS[0]))
    segment = rewrite(vmlinux.read_bytes(), pv=True).segment
    assert [m.hook.target for m in segment.hooks] == ["pv_set_pte"] and segment.refused == {}


def test_places_are_found_once(vmlinux):
    kernel = read_kernel(vmlinux)
    start = kernel.address("copy_in")

    def place(*words):
        return find(kernel, Hook("x", "copy_in", "place", tuple((w, EXACT) for w in words), "y"))

    assert place(0xE4F1C001, 0xE6A02003) == (start + 8, "")
    assert place(0xE4F1C001, 0xE4E0C001) == (None, "code not known")
    assert place(0xE1A0F00E) == (start + 20, "")
    twice = Hook("x", "copy_in", "place", ((0xE4000000, 0xFF000000),), "y")
    assert find(kernel, twice) == (None, "code there twice")


@pytest.mark.parametrize("change,message", [
    (("b	vector_swi", "b	no_such_symbol"), "no_such_symbol"),
    (("mov	r3, r0", "mov	r3, r99"), "cannot be built"),
    (("pv_info_return_site", "pv_info_nonsense"), "no field nonsense"),
    ((".global pv_copy", ""), "pv_copy"),
])
def test_a_blob_that_is_wrong(vmlinux, hooked, change, message):
    assert change[0] in BLOB
    hooked.write_text(BLOB.replace(*change))
    with pytest.raises(RewriteError, match=message) as error:
        rewrite(vmlinux.read_bytes(), pv=True)
    assert "\n" not in str(error.value)


def test_a_compiler_that_is_missing(vmlinux, hooked, monkeypatch):
    monkeypatch.setattr(blob, "CROSS", "no-such-")
    with pytest.raises(RewriteError, match="no-such-gcc is missing.*--no-pv"):
        rewrite(vmlinux.read_bytes(), pv=True)


def test_the_flat_image_has_segment_and_info(vmlinux, tmp_path):
    output, image = tmp_path / "out", tmp_path / "image"
    assert run(vmlinux, "-o", output, "--image", image).returncode == 0
    parts = read_image(image)
    assert parts.flat == objcopy(output, tmp_path / "flat", "-O", "binary", "-S").read_bytes()
    assert parts.pv == read_appendix(Elf(output.read_bytes())).pv.info
    assert len(parts.flat) == parts.pv.code_va + parts.pv.code_size - parts.load
    assert image.read_bytes()[-32:-24] == b"HAKOIMG2"
    assert run("--check", image).returncode == 0
    damaged = bytearray(image.read_bytes())
    damaged[-40] ^= 1  # in pv_info
    image.write_bytes(damaged)
    assert_refused(run("--check", image), "checksum")


def spoil(data, offset, change):
    spoilt = bytearray(data)
    (word,) = struct.unpack_from("<I", spoilt, offset)
    struct.pack_into("<I", spoilt, offset, change(word) & 0xFFFFFFFF)
    return bytes(spoilt)


def test_check_finds_what_was_changed(vmlinux, hooked):
    data = rewrite(vmlinux.read_bytes(), pv=True).data
    elf, kernel = Elf(data), read_kernel(vmlinux)
    pv = elf.section(".hako.pv").offset
    nop = kernel.file_offset(kernel.address("asm_helper"))
    add = next(o for o, _ in read_appendix(elf).pv.patches if o > kernel.file_offset(
        kernel.address("add")))
    into = read_appendix(elf).pv.info.code_va - kernel.address("asm_helper") - 8 >> 2
    for offset, change, message in [
            (pv, lambda w: w ^ 1, "not what this tool makes"),
            (pv + 4096 - 4, lambda w: 1, "not what this tool makes"),
            (nop, lambda w: 0xEA000000 | into, "leads into the paravirtual code"),
            (add, lambda w: w ^ 1, "not what this tool makes"),
            (elf.section(".hako.patches").offset, lambda w: w + 4, "checksum"),
            (elf.section(".hako.pvinfo").offset + 8, lambda w: w + 4096, "checksum"),
            (elf.section(".hako.note").offset + 68, lambda w: w + 4, "checksum")]:
        with pytest.raises(RewriteError, match=message):
            check_elf(spoil(data, offset, change))


def test_damaged_files_are_refused_in_one_line(vmlinux, no_hooks):
    """Any word of the appendix changed: refused, or still the same file."""
    data = rewrite(vmlinux.read_bytes(), pv=True).data
    original = vmlinux.read_bytes()
    for offset in range(len(original), len(data) - 4, 52):
        for value in (0, 0xFFFFFFFF, 0x1000):
            spoilt = spoil(data, offset & ~3, lambda word, v=value: v if word != v else word ^ 4)
            try:
                assert restore(spoilt) == original  # only code, which a restoration drops
                check_elf(spoilt)
            except RewriteError as error:
                assert "\n" not in str(error)
            else:
                pytest.fail(f"{offset:#x} changed and nobody noticed")


def test_pv_info_is_packed_and_read():
    info = PvInfo(0xC0527000, 0x527000, 0x2A000, PAGE_OFFSET, 0xBF000000, 1, 2, 3, 0,
                  0x51, 0x55, 0x10E, tuple(range(8)), ((4, 8), (12, 16)))
    data = pack_info(info)
    assert unpack_info(data) == info
    for bad in (data[:-4], data + bytes(4), bytes(4) + data[4:], b""):
        with pytest.raises(RewriteError):
            unpack_info(bad)
    with pytest.raises(RewriteError):
        pack_info(info._replace(ranges=((0, 4),) * 17))


def test_kernels_without_a_table_end(tmp_path):
    head = HEAD + "\t.global __start___ex_table, __stop___ex_table\n" \
        "__start___ex_table:\n\t.word 1\n__stop___ex_table:\n"
    elf = Elf(make_linux(tmp_path, head=head).read_bytes())
    with pytest.raises(NotParavirtual, match="__start___ex_table"):
        Kernel(elf, list(arm_code(elf)))
