# SPDX-License-Identifier: Apache-2.0
"""scripts/stack_depth: programs whose depth is known, and the VMM's images against their stacks."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from hako_stack.code import Code  # noqa: E402 (needs the path above)
from hako_stack.depth import Depths  # noqa: E402
from hako_stack.errors import StackError  # noqa: E402
from hako_stack.pointers import Pointers  # noqa: E402

OPTIONS = ("-mcpu=arm926ej-s -marm -mfloat-abi=soft -O2 -g -ffreestanding -nostdlib -nostartfiles "
           "-Wl,--use-blx -Wl,-Ttext=0x8000 -Wl,-emain").split()
COMMON = """
#define NOINLINE __attribute__((noinline))
void use(volatile char *p) { *p = 1; }
NOINLINE int leaf(int n) { volatile char room[400]; use(room); return n + room[n]; }
NOINLINE int flat(int n) { return n + 1; }
"""


def build(folder, text, options=()):
    source, elf = folder / "program.c", folder / "program.elf"
    source.write_text(COMMON + text)
    subprocess.run(["arm-none-eabi-gcc", *OPTIONS, *options, "-o", elf, source], check=True)
    return elf


def depth(folder, text, function="main", options=()):
    elf = build(folder, text, options)
    pointers = Pointers(elf, folder)
    code = Code(elf, pointers.endless)
    depths = Depths(code, pointers)
    at = next(at for at, name in code.names.items() if name == function)
    found = depths.of(at)
    return found, [name for name, _ in depths.chain(at)], depths.cycles


@pytest.mark.parametrize("options", [(), ("-mthumb", "-Os")])
def test_calls_add_up(tmp_path, options):
    alone, _, _ = depth(tmp_path, "int main(void) { return leaf(1); }", "leaf", options)
    assert 400 <= alone <= 432
    found, chain, cycles = depth(
        tmp_path, "int main(void) { volatile char room[200]; use(room); return leaf(1) + flat(2); }",
        options=options)
    assert alone + 200 <= found <= alone + 240
    assert chain[:2] == ["main", "leaf"] and not cycles


def test_a_function_that_is_jumped_to_has_the_place_of_the_one_before(tmp_path):
    alone, _, _ = depth(tmp_path, "int main(void) { return leaf(1); }", "leaf")
    found, _, _ = depth(tmp_path, "int main(void) { volatile char room[200]; use(room); use(room);"
                        " return leaf(1); }")
    assert found == alone  # leaf is the last thing that it does: a jump, its room is given back


TABLE = """
struct ops { int (*deep)(int); int (*other)(int); };
static const struct ops one = { leaf, flat }, two = { flat, flat };
int main(int n) { const struct ops *volatile p = n ? &one : &two; return p->%s(n) + 1; }
"""


def test_a_call_by_a_member_reaches_what_tables_have_there(tmp_path):
    found, chain, _ = depth(tmp_path, TABLE % "deep")
    assert found > 400 and chain[:2] == ["main", "leaf"]
    found, chain, _ = depth(tmp_path, TABLE % "other")
    assert found < 100 and "leaf" not in chain


def test_a_parameter_reaches_what_has_its_type(tmp_path):
    text = ("NOINLINE int call(int (*what)(int), int n) { return what(n) + 1; }"
            "int main(int n) { return call(n > 3 ? leaf : flat, n) + 1; }")
    found, chain, _ = depth(tmp_path, text)
    assert found > 400 and chain[:3] == ["main", "call", "leaf"]


def test_circles_are_found(tmp_path):
    text = ("int pong(int n); NOINLINE int ping(int n) { return n ? pong(n - 1) + 1 : 0; }"
            "NOINLINE int pong(int n) { return n ? ping(n - 1) + 2 : 0; }"
            "int main(int n) { return ping(n) + 1; }")
    _, _, cycles = depth(tmp_path, text)
    assert len(cycles) == 1 and set(next(iter(cycles))) == {"ping", "pong"}


def test_a_stack_that_grows_by_a_variable_is_refused(tmp_path):
    text = ("int main(int n) { volatile char room[n]; use(room); return room[0]; }")
    with pytest.raises(StackError, match="changes by a register"):
        depth(tmp_path, text)


@pytest.mark.parametrize("image", ["", "-stats", "-vms", "-remote"])
@pytest.mark.parametrize("board", ["integratorcp", "versatilepb"])
def test_no_thread_of_the_vmm_needs_more_than_its_stack(board, image):
    done = subprocess.run([ROOT / "scripts/stack_depth", "--check",
                           ROOT / f"build/{board}{image}/vmm.elf"], capture_output=True, text=True,
                          check=False)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
