# SPDX-License-Identifier: Apache-2.0
"""What an ARM instruction reads, writes and where it goes next: as much as liveness needs.

Section numbers are those of ARM DDI 0100I. Only ARMv5TE encodings are known; for any other, and
for those whose effect is UNPREDICTABLE or depends on more than registers, the answer is STOP.
"""

from functools import lru_cache
from typing import NamedTuple, Tuple

NEXT, BRANCH, CALL, CALL_REGISTER, RETURN, STOP = range(6)

IP, SP, LR, PC = 12, 13, 14, 15
BUG_WORD = 0xE7F001F2  # Linux: undefined on purpose; returns behind it, or never


class Effects(NamedTuple):
    """Registers as masks. A write that might not happen (a condition) is not in `writes`."""

    reads: int
    writes: int
    flow: int = NEXT
    conditional: bool = False


STOPPED = Effects(0xFFFF, 0, STOP)


def branch_target(word: int, addr: int) -> int:
    """Where a B or BL at `addr` goes (A4.1.5)."""
    offset = (word & 0xFFFFFF) << 2
    if offset & 1 << 25:
        offset -= 1 << 26
    return addr + 8 + offset & 0xFFFFFFFF


def branch_word(addr: int, target: int, condition: int = 0xE0000000) -> int:
    """The B at `addr` that goes to `target`, which is within 32 MiB."""
    offset = target - addr - 8
    assert offset % 4 == 0 and -(1 << 25) <= offset < 1 << 25
    return condition | 0x0A000000 | offset >> 2 & 0xFFFFFF


def _bits(*registers: int) -> int:
    mask = 0
    for register in registers:
        mask |= 1 << register
    return mask


def _fields(word: int):
    return word >> 16 & 15, word >> 12 & 15, word >> 8 & 15, word & 15  # rn, rd, rs, rm


def _data_processing(word: int) -> Effects:
    rn, rd, rs, rm = _fields(word)
    opcode, sets_flags = word >> 21 & 15, bool(word & 1 << 20)
    reads = 0 if opcode in (13, 15) else _bits(rn)
    if not word & 1 << 25:
        reads |= _bits(rm)
        if word & 1 << 4:
            reads |= _bits(rs)
            if PC in (rn, rd, rs, rm):
                return STOPPED
    if opcode & 12 == 8:  # TST, TEQ, CMP, CMN
        return STOPPED if rd == PC else Effects(reads, 0)
    if rd != PC:
        return Effects(reads, _bits(rd))
    if word & 0x0FFFFFFF == 0x01A0F00E and not sets_flags:  # mov pc, lr
        return Effects(reads, 0, RETURN)
    return STOPPED


def _multiply(word: int) -> Effects:
    rd, rn, rs, rm = _fields(word)  # the fields of rd and rn have changed places (A3.4)
    reads = _bits(rs, rm)
    if word & 0x0FC00000 == 0:
        if word & 1 << 21:
            reads |= _bits(rn)
        return Effects(reads, _bits(rd))
    if word & 0x0F800000 == 0x00800000:
        if word & 1 << 21:
            reads |= _bits(rd, rn)
        return Effects(reads, _bits(rd, rn))
    if word & 0x0FB00F00 == 0x01000000:  # SWP, SWPB: rn and rd as usual
        return Effects(_bits(rd, rm), _bits(rn))
    return STOPPED


def _extra_load_store(word: int) -> Effects:
    """LDRH, STRH, LDRSB, LDRSH, LDRD, STRD (A5.3)."""
    rn, rd, _, rm = _fields(word)
    load, kind = bool(word & 1 << 20), word >> 5 & 3  # 1: H, 2: SB or LDRD, 3: SH or STRD
    pre, writeback = bool(word & 1 << 24), bool(word & 1 << 21)
    if not pre and writeback or rd == PC:
        return STOPPED
    reads = _bits(rn) if word & 1 << 22 else _bits(rn, rm)
    writes = _bits(rn) if writeback or not pre else 0
    data = _bits(rd)
    if not load and kind != 1:
        if rd & 1:
            return STOPPED
        data = _bits(rd, rd + 1)
        load = kind == 2
    return Effects(reads, writes | data) if load else Effects(reads | data, writes)


def _miscellaneous(word: int) -> Effects:
    """A3.4, figure A3-4; opcode 0b10xx without S."""
    rn, rd, rs, rm = _fields(word)
    op, low = word >> 21 & 3, word >> 4 & 15
    if low == 0:
        return Effects(_bits(rm), 0) if op & 1 else Effects(0, _bits(rd))  # MSR, MRS
    if low == 1 and op == 1:
        return Effects(_bits(rm), 0, RETURN) if rm == LR else STOPPED
    if low == 1 and op == 3:
        return Effects(_bits(rm), _bits(rd))  # CLZ
    if low == 3 and op == 1:
        return Effects(_bits(rm), 0, CALL_REGISTER)
    if low == 5:
        return Effects(_bits(rn, rm), _bits(rd))  # QADD and relatives
    if low & 9 == 8:  # SMLA, SMLAW, SMULW, SMLAL, SMUL: rd and rn as for multiplies
        if op == 2:
            return Effects(_bits(rn, rd, rs, rm), _bits(rn, rd))
        accumulates = op == 0 or op == 1 and not low & 2
        return Effects(_bits(rs, rm) | (_bits(rd) if accumulates else 0), _bits(rn))
    return STOPPED


def _load_store(word: int) -> Effects:
    rn, rd, _, rm = _fields(word)
    reads = _bits(rn)
    if word & 1 << 25:
        if word & 1 << 4:
            return STOPPED
        reads |= _bits(rm)
    post = not word & 1 << 24
    writes = _bits(rn) if post or word & 1 << 21 else 0
    if not word & 1 << 20:
        return Effects(reads | _bits(rd), writes)
    if rd == PC:
        return Effects(reads, writes, RETURN) if post and rn == SP else STOPPED
    return Effects(reads, writes | _bits(rd))


def _multiple(word: int) -> Effects:
    rn, names = word >> 16 & 15, word & 0xFFFF
    if word & 1 << 22 or rn == PC:
        return STOPPED
    writes = _bits(rn) if word & 1 << 21 else 0
    if not word & 1 << 20:
        return Effects(_bits(rn) | names, writes)
    if not names & 1 << PC:
        return Effects(_bits(rn), writes | names)
    # pop {..., pc}, or ldm fp, {..., sp, pc} of a frame
    return Effects(_bits(rn), (writes | names) & 0x7FFF, RETURN) if rn in (11, SP) else STOPPED


def _coprocessor(word: int) -> Effects:
    rn, rd, _, _ = _fields(word)
    if word & 0x0FE00000 == 0x0C400000:  # MCRR, MRRC
        if PC in (rn, rd):
            return STOPPED
        return Effects(0, _bits(rn, rd)) if word & 1 << 20 else Effects(_bits(rn, rd), 0)
    if word & 0x0F000000 != 0x0E000000:  # LDC, STC
        return Effects(_bits(rn), _bits(rn) if word & 1 << 21 else 0)
    if not word & 1 << 4:  # CDP
        return Effects(0, 0)
    if word & 1 << 20:  # MRC; to pc: the flags
        return Effects(0, _bits(rd) & 0x7FFF)
    return Effects(_bits(rd), 0)


def _unconditional_effects(word: int) -> Effects:
    top = word >> 25 & 7
    if top == 0:
        if word & 0x90 == 0x90:
            return _extra_load_store(word) if word & 0x60 else _multiply(word)
        if word & 0x01900000 == 0x01000000:
            return _miscellaneous(word)
        return _data_processing(word)
    if top == 1:
        if word & 0x01900000 == 0x01000000:  # MSR with an immediate; the rest is undefined
            return Effects(0, 0) if word & 1 << 21 else STOPPED
        return _data_processing(word)
    if top in (2, 3):
        return _load_store(word)
    if top == 4:
        return _multiple(word)
    if top == 5:
        return Effects(0, 1 << LR, CALL) if word & 1 << 24 else Effects(0, 0, BRANCH)
    if word & 0x0F000000 == 0x0F000000:  # SWI
        return STOPPED
    return _coprocessor(word)


N, Z, C, V = 8, 4, 2, 1
FLAGS = N | Z | C | V
# By condition / 2 (A3.2.1); AL and NV read none.
CONDITION_READS = (Z, C, N, V, C | Z, N | V, N | V | Z, 0)


def flag_effects(word: int) -> Tuple[int, int]:
    """The flags an instruction reads and those it writes for certain, as masks of N, Z, C, V."""
    condition = word >> 28
    reads, writes = CONDITION_READS[condition >> 1], 0
    if condition == 15:
        return 0, 0
    if word & 0x0C000000 == 0 and effects(word) is not STOPPED:
        is_immediate, sets = bool(word & 1 << 25), bool(word & 1 << 20)
        if not is_immediate and word & 0x90 == 0x90:  # multiplies; loads and stores
            writes = N | Z if sets and word & 0x60 == 0 and not word & 1 << 24 else 0
        elif word & 0x01900000 == 0x01000000:  # MRS, MSR and others
            reads |= FLAGS if word & 0x0FBF0FFF == 0x010F0000 else 0
        else:
            opcode = word >> 21 & 15
            rrx = not is_immediate and word & 0xFF0 == 0x060
            reads |= C if opcode in (5, 6, 7) or rrx else 0
            if sets:
                writes = FLAGS if opcode in (2, 3, 4, 5, 6, 7, 10, 11) else N | Z
    elif word & 0x0E000000 == 0x06000000 and word & 0xFF0 == 0x060:
        reads |= C  # an offset with RRX
    return reads, writes if condition == 14 else 0


@lru_cache(maxsize=None)
def effects(word: int) -> Effects:
    """What an instruction word does to r0 to r15, and how it goes on."""
    if word == BUG_WORD:
        return Effects(0, 0)
    condition = word >> 28
    if condition == 15:
        if word & 0xFD70F000 == 0xF550F000:  # PLD
            rn, rm = word >> 16 & 15, word & 15
            return Effects(_bits(rn, rm) if word & 1 << 25 else _bits(rn), 0)
        return STOPPED
    found = _unconditional_effects(word)
    if condition == 14 or found.flow == STOP:
        return found
    return Effects(found.reads, 0, found.flow, True)
