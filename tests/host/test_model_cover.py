# SPDX-License-Identifier: Apache-2.0
"""What the mutation run takes for executed: code of a line, what is inlined there, or a doubt."""

import pathlib
import subprocess
import sys

import pytest
from elftools.elf.elffile import ELFFile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from hako_model import mutants_cover, symbols  # noqa: E402 (needs the path above)

SOURCE = """\
static inline void clean(unsigned at)
{
	__asm__ volatile("mcr p15, 0, %0, c7, c10, 1" : : "r"(at));
}
void other(void);
void one(unsigned at)
{
	clean(at);
}
void two(unsigned at)
{
	other();
	clean(at + 4);
}
"""
# A comment is no code.
INLINED, CALL_IN_ONE, CALL_IN_TWO, OTHER, NO_CODE = 3, 8, 13, 12, 99


@pytest.fixture(name="built", scope="module")
def _built(tmp_path_factory):
    """(where things are, {function: its addresses})"""
    folder = tmp_path_factory.mktemp("cover")
    (folder / "vcpu").mkdir()
    (folder / "vcpu/user.c").write_text(SOURCE)
    subprocess.run(["arm-none-eabi-gcc", "-mcpu=arm926ej-s", "-O2", "-g", "-nostdlib",
                    "-Wl,--defsym=other=0x9000,-Ttext=0x8000,--entry=0", "-o", "user.elf",
                    "vcpu/user.c"], cwd=folder, check=True)
    with open(folder / "user.elf", "rb") as stream:
        table = ELFFile(stream).get_section_by_name(".symtab")
        code = {}
        for name in ("one", "two"):
            symbol = table.get_symbol_by_name(name)[0]
            start = symbol["st_value"]
            code[name] = set(range(start, start + symbol["st_size"], 4))
    return mutants_cover.Places(folder / "user.elf"), code


@pytest.mark.parametrize("line, executed, expected", [
    (CALL_IN_ONE, ["one"], True),
    (CALL_IN_ONE, ["two"], False),
    (CALL_IN_TWO, ["two"], True),
    (CALL_IN_TWO, ["one"], False),
    (OTHER, ["one"], False),
    (INLINED, ["one"], True),
    (INLINED, ["two"], True),
    (NO_CODE, ["one"], True),      # nobody knows
    (CALL_IN_ONE, [], True),       # QEMU has said nothing
])
def test_a_line_is_executed_where_its_code_is(built, line, executed, expected):
    places, code = built
    addresses = set().union(*(code[name] for name in executed))
    assert places.are_executed("vcpu/user.c", line, addresses) == expected


def test_both_addresses_of_the_vmm_are_one(tmp_path):
    base, _ = symbols.vmm_image(ROOT)
    moved = base + symbols.vmm_moved(ROOT) & 0xffffffff
    log = tmp_path / "log"
    log.write_text(f"IN: \n0x{base + 8:08x}:  e1a00000  nop\n0x{moved + 16:08x}:  e1a00000\n")
    assert mutants_cover.read_executed(ROOT, log) == {base + 8, base + 16}
    words = mutants_cover.qemu_words(ROOT, log)
    assert f"{base:#x}+" in words[-1] and f"{moved:#x}+" in words[-1]
