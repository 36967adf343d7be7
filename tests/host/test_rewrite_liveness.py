# SPDX-License-Identifier: Apache-2.0
"""Which registers are free at a place: what instructions do, rule by rule, and by running code."""

import random
import re
import subprocess

import pytest

from arm_interpreter import Machine
from rewrite_pv_support import Code
from rewrite_support import CROSS, assemble

from hako_rewrite import arm
from hako_rewrite.arm import BRANCH, CALL, CALL_REGISTER, NEXT, RETURN, STOP, Effects, effects
from hako_rewrite.liveness import Scanner, pick

NAMES = {f"r{i}": i for i in range(16)} | {"sb": 9, "sl": 10, "fp": 11, "ip": 12, "sp": 13,
                                           "lr": 14, "pc": 15}


def mask(*names):
    return sum(1 << NAMES[name] for name in names)


def words_of(folder, source):
    """The words of some assembler text."""
    path = assemble(folder, "\t.syntax unified\n\t.arm\n" + source)
    binary = folder / "words"
    subprocess.run([CROSS + "objcopy", "-O", "binary", "-j", ".text", path, binary], check=True)
    data = binary.read_bytes()
    return [int.from_bytes(data[i:i + 4], "little") for i in range(0, len(data), 4)]


# instruction: what it reads, what it writes, how it goes on
EFFECTS = {
    "add r1, r2, r3": ("r2 r3", "r1", NEXT),
    "mov r1, r3": ("r3", "r1", NEXT),
    "mvn r1, #3": ("", "r1", NEXT),
    "orr r1, r2, r3, lsl r4": ("r2 r3 r4", "r1", NEXT),
    "cmp r1, r2": ("r1 r2", "", NEXT),
    "tst r1, #1": ("r1", "", NEXT),
    "addne r1, r2, #4": ("r2", "", NEXT),
    "mul r1, r2, r3": ("r2 r3", "r1", NEXT),
    "mla r1, r2, r3, r4": ("r2 r3 r4", "r1", NEXT),
    "umull r1, r2, r3, r4": ("r3 r4", "r1 r2", NEXT),
    "smlal r1, r2, r3, r4": ("r1 r2 r3 r4", "r1 r2", NEXT),
    "smlabb r1, r2, r3, r4": ("r2 r3 r4", "r1", NEXT),
    "smlawt r1, r2, r3, r4": ("r2 r3 r4", "r1", NEXT),
    "smulwb r1, r2, r3": ("r2 r3", "r1", NEXT),
    "smulbt r1, r2, r3": ("r2 r3", "r1", NEXT),
    "smlalbb r1, r2, r3, r4": ("r1 r2 r3 r4", "r1 r2", NEXT),
    "qadd r1, r2, r3": ("r2 r3", "r1", NEXT),
    "clz r1, r2": ("r2", "r1", NEXT),
    "swp r1, r2, [r3]": ("r2 r3", "r1", NEXT),
    "swpb r1, r2, [r3]": ("r2 r3", "r1", NEXT),
    "ldr r1, [r2, #4]": ("r2", "r1", NEXT),
    "ldr r1, [r2, r3, lsl #2]!": ("r2 r3", "r1 r2", NEXT),
    "ldrb r1, [r2], #1": ("r2", "r1 r2", NEXT),
    "str r1, [r2, r3]": ("r1 r2 r3", "", NEXT),
    "strb r1, [r2], -r3": ("r1 r2 r3", "r2", NEXT),
    "ldrt r1, [r2], #4": ("r2", "r1 r2", NEXT),
    "strbt r1, [r2], r3": ("r1 r2 r3", "r2", NEXT),
    "ldrh r1, [r2, #2]": ("r2", "r1", NEXT),
    "ldrsb r1, [r2, r3]!": ("r2 r3", "r1 r2", NEXT),
    "ldrsh r1, [r2], #2": ("r2", "r1 r2", NEXT),
    "strh r1, [r2], r3": ("r1 r2 r3", "r2", NEXT),
    "ldrd r4, r5, [r2]": ("r2", "r4 r5", NEXT),
    "strd r4, r5, [r2, #8]!": ("r2 r4 r5", "r2", NEXT),
    "pld [r1, r2]": ("r1 r2", "", NEXT),
    "pld [r1, #4]": ("r1", "", NEXT),
    "ldm r1, {r2, r3}": ("r1", "r2 r3", NEXT),
    "ldmne r1!, {r2, r3}": ("r1", "", NEXT),
    "stmdb r1!, {r2, lr}": ("r1 r2 lr", "r1", NEXT),
    "pop {r4, pc}": ("sp", "r4 sp", RETURN),
    "ldr pc, [sp], #4": ("sp", "sp", RETURN),
    "ldmdb fp, {r4, fp, sp, pc}": ("fp", "r4 fp sp", RETURN),
    "bx lr": ("lr", "", RETURN),
    "mov pc, lr": ("lr", "", RETURN),
    "bxeq lr": ("lr", "", RETURN),
    "blx r3": ("r3", "", CALL_REGISTER),
    "mrs r1, cpsr": ("", "r1", NEXT),
    "msr cpsr_c, r1": ("r1", "", NEXT),
    "msr cpsr_c, #0x93": ("", "", NEXT),
    "mrc p15, 0, r1, c3, c0, 0": ("", "r1", NEXT),
    "mrc p15, 0, apsr_nzcv, c7, c14, 3": ("", "", NEXT),
    "mcr p15, 0, r1, c7, c10, 4": ("r1", "", NEXT),
    "mrrc p1, 0, r1, r2, c1": ("", "r1 r2", NEXT),
    "mcrr p1, 0, r1, r2, c1": ("r1 r2", "", NEXT),
    "ldc p1, c1, [r1], #4": ("r1", "r1", NEXT),
    "stc p1, c1, [r1, #4]": ("r1", "", NEXT),
    "cdp p1, 0, c1, c2, c3, 0": ("", "", NEXT),
    ".inst 0xe7f001f2": ("", "", NEXT),
    "b .": ("", "", BRANCH), "beq .": ("", "", BRANCH), "bl .": ("", "lr", CALL),
}
UNKNOWN = ("ldr pc, [r1]", "ldrls pc, [pc, r3, lsl #2]", "mov pc, r3", "add pc, pc, r3",
           "movs pc, lr", "bx r3", "swi 0", "bkpt 1", "bxj r1", "ldm r1, {r2, r3}^",
           "ldm r3, {r4, pc}", "ldr pc, [sp, #4]", ".inst 0xfa000000", ".inst 0xe3001234",
           ".inst 0xe3401234", ".inst 0xe1910f9f", ".inst 0xe7e00051", ".inst 0xe6010f10",
           ".inst 0xe0600291", ".inst 0xf57ff04f", ".inst 0xe8b10000 | 1 << 22", ".inst 0xe1c130d0",
           ".inst 0xe0a130b2")


def test_effects(tmp_path):
    source = "".join(f"\t{text}\n" for text in EFFECTS)
    for word, (text, (reads, writes, flow)) in zip(words_of(tmp_path, source), EFFECTS.items()):
        conditional = word >> 28 != 14 and word >> 28 != 15
        assert effects(word) == Effects(mask(*reads.split()), mask(*writes.split()), flow,
                                        conditional), text


def test_unknown_instructions_stop_the_scan(tmp_path):
    words = words_of(tmp_path, "\t.arch armv7-a\n" + "".join(f"\t{text}\n" for text in UNKNOWN))
    for word, text in zip(words, UNKNOWN):
        assert effects(word).flow == STOP, text


# The disassembler takes MRC's register for a source, and forgets the base that loads and stores
# write back in some forms. (What it forgets to be read, as shifting registers, does not show here.)
WRONG = r"mrc.*"
WRITES_BACK = r"(ldr|str|ldm|stm).*"


def test_effects_by_a_disassembler():
    """Nothing read that we do not know of; nothing written that the disassembler does not know."""
    capstone = pytest.importorskip("capstone")
    engine = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_ARM)
    engine.detail = True
    rng = random.Random(5)
    compared = 0
    while compared < 30000:
        word = rng.getrandbits(28) | 0xE0000000
        found = effects(word)
        line = next(engine.disasm(word.to_bytes(4, "little"), 0), None)
        if found.flow == STOP or line is None or \
                line.mnemonic.startswith(("v", "cdp", "f")) or word & 0x0C000000 == 0x0C000000:
            continue
        sets = [sum(1 << NAMES[n] for n in set(map(engine.reg_name, registers)) & NAMES.keys())
                for registers in line.regs_access()]
        text = f"{word:#010x} {line.mnemonic} {line.op_str}"
        if re.fullmatch(WRONG, line.mnemonic):
            continue
        if re.match(WRITES_BACK, line.mnemonic):
            sets[1] |= 1 << (word >> 16 & 15)
        assert sets[0] & ~found.reads & 0x7FFF == 0, text
        assert found.writes & ~sets[1] & 0x7FFF == 0, text
        compared += 1


ALL = 0x5FFF

# Code, and the registers free before its first word. C code calls `c`, a C function behind it, and
# `other`, which is none.
RULES = {
    "mov r1, r2\n.inst 0xef000000": "r1",
    "cmp r1, #0\nmovne r2, #1\n.inst 0xef000000": "",
    "moveq r2, #1\nmov r2, #2\n.inst 0xef000000": "r2",
    "cmp r0, #0\nbeq 1f\nmov r5, #1\nmov r6, #1\nswi 0\n1: mov r6, #2\nmov r7, #1\nswi 0": "r6",
    "1: mov r4, #1\nadd r5, r5, r4\nb 1b": "r0 r1 r2 r3 r4 r6 r7 r8 r9 r10 fp ip lr",
    "b 1f\nswi 0\n1: mov r9, #1\nswi 0": "r9",
    "bl c\nmov r4, #1\nswi 0": "r4 ip lr",
    "bl other\nmov r4, #1\nswi 0": "lr",
    "blx r5\nmov r4, #1\nswi 0": "r4 ip lr",
    "blx ip\nswi 0": "lr",
    "bx lr": "ip",
    "pop {r4, pc}": "r4 ip lr",
    "mov r2, #1\nmov r1, #2\nbx lr": "r1 r2 ip",
    "bxeq lr\nmov r5, #1\nmov ip, #1\nswi 0": "ip",
    "ldr r5, [r1]\nstr r5, [r2]\npop {r5, r6, pc}": "r5 r6 ip lr",
    ".inst 0xe7f001f2\nmov r3, #1\nswi 0": "r3",
    "push {r3, lr}\nmov r3, #1\nswi 0": "",
}


@pytest.mark.parametrize("source", RULES)
def test_rules(tmp_path, source):
    words = words_of(tmp_path, source + "\n.balign 64, 0\nc: nop\n.balign 128, 0\nother: nop\n")
    code = Code(words)
    code.functions = {code.base + 64}
    if "bl other" in source:
        code.words = code.words[:words.index(0)]
    assert Scanner(code).free_registers(code.base) == mask(*RULES[source].split())


def test_scratch_registers_at_a_return():
    """r2 and r3 are lost at the return of a function that writes them before the place."""
    scanner = Scanner(Code([0xE3A02000, 0xE1A00000, 0xE12FFF1E]))  # mov r2, #0; nop; bx lr
    assert scanner.free_registers(0xC0010004) == mask("r2", "ip")
    scanner = Scanner(Code([0x13A02000, 0xE5913000, 0xE12FFF1E]))  # movne r2, #0; ldr r3, [r1]
    assert scanner.free_registers(0xC0010008) == mask("r3", "ip")


def test_ways_that_no_branch_shows():
    words = [0xE5921000, 0xE3A05001, 0xE3A06001, 0xEF000000,  # ldr r1, [r2]; mov r5; mov r6; swi
             0xE3A06002, 0xEF000000]                          # mov r6, #2; swi
    code = Code(words)
    assert Scanner(code).free_registers(code.base) == mask("r1", "r5", "r6")
    code.fixups = {code.base: code.base + 16}
    assert Scanner(code).free_registers(code.base) == mask("r6")
    code.fixups, code.jumps = {}, {code.base + 4: code.base + 16}
    assert Scanner(code).free_registers(code.base) == mask("r1", "r6")
    code.fixups = {code.base: 0xC0FF0000}  # not C code
    assert Scanner(code).free_registers(code.base) == 0


def test_the_end_of_the_code_and_long_ways():
    assert Scanner(Code([0xE1A00000])).free_registers(0xC0010000) == 0
    code = Code([0xE1A00000] * 1000 + [0xE3A05001])
    assert Scanner(code).free_registers(code.base) == 0
    assert Scanner(code).free_registers(code.base + 4 * 900) == mask("r5")
    assert pick(mask("r0", "ip")) == arm.IP and pick(mask("lr")) == arm.LR


def random_instruction(rng, left):
    """A word that the interpreter knows, and that keeps sp, the code and the stack whole."""
    rd, rn, rm, rs = (rng.randrange(13) for _ in range(4))
    condition = rng.choice((14, 14, 14, 0, 1, 11)) << 28
    kind = rng.randrange(9)
    if kind == 0 and left > 2:
        return condition | 0x0A000000 | rng.randrange(left - 2)
    if kind == 1:
        return condition | 0x058D0000 | rd << 12 | 4 * rng.randrange(16)  # str rd, [sp, #n]
    if kind == 2:
        return condition | 0x059D0000 | rd << 12 | 4 * rng.randrange(16)  # ldr rd, [sp, #n]
    if kind == 3 and len({rd, rm}) == 2:
        accumulate = rng.getrandbits(1) << 21
        return condition | 0x00000090 | accumulate | rd << 16 | rn << 12 | rs << 8 | rm
    if kind == 4:
        names = rng.getrandbits(13) or 1
        return condition | (0x088D0000 if rng.getrandbits(1) else 0x089D0000) | names
    opcode = rng.randrange(16)
    s_bit = 1 << 20 if opcode & 12 == 8 or rng.getrandbits(1) else 0
    rd = 0 if opcode & 12 == 8 else rd
    rn = 0 if opcode in (13, 15) else rn
    operand = rng.choice((1 << 25 | rng.getrandbits(12), rng.getrandbits(7) << 5 & 0xFE0 | rm,
                          rs << 8 | rng.randrange(4) << 5 | 0x10 | rm))
    return condition | opcode << 21 | s_bit | rn << 16 | rd << 12 | operand


RETURNS = (0xE12FFF1E, 0xE1A0F00E, 0xE8BD8070)  # bx lr; mov pc, lr; pop {r4, r5, r6, pc}
CALLER = 0xD0000000


def run_to_return(code, registers, stack):
    machine = Machine({code.base + 4 * i: word for i, word in enumerate(code.words)}, registers)
    machine.memory.update(stack)
    machine.run(CALLER)
    return machine


def test_free_registers_do_not_matter():
    """Random functions run with other contents of what is said to be free: the caller sees the
    same registers, but for ip, and the same memory."""
    rng = random.Random(7)
    found = 0
    for _ in range(4000):
        length = rng.randrange(3, 25)
        words = [random_instruction(rng, length - i) for i in range(length)]
        code = Code(words + [rng.choice(RETURNS)])
        free = Scanner(code).free_registers(code.base)
        registers = [rng.getrandbits(32) for _ in range(13)] + [0xC8000000, CALLER, code.base]
        stack = {0xC8000000 + i: CALLER >> 8 * (i & 3) & 0xFF if i // 4 == 3 else rng.getrandbits(8)
                 for i in range(64)}
        if code.words[-1] == RETURNS[2] and any(_may_store(word) for word in words):
            continue  # it could have overwritten its return address
        others = list(registers)
        for i in range(15):
            if free >> i & 1:
                others[i] ^= rng.getrandbits(32) | 1
                found += 1
        first, second = (run_to_return(code, values, stack) for values in (registers, others))
        lost = 1 << arm.IP | (1 << arm.LR if code.words[-1] == RETURNS[2] else 0)
        assert [i for i in range(16) if first.r[i] != second.r[i] and not lost >> i & 1] == []
        assert first.memory == second.memory
    assert found > 4000


def _may_store(word):
    return word & 0x0F7F0000 == 0x050D0000 or word & 0x0FFF0000 in (0x058D0000, 0x088D0000)
