# SPDX-License-Identifier: Apache-2.0
"""Which ARM instruction words are sensitive. Pure functions over one table.

Section numbers are those of the ARM Architecture Reference Manual, ARM DDI 0100I. "TRM" is the
ARM926EJ-S Technical Reference Manual, ARM DDI 0198E. The numbers of the proxy encoding repeat
vcpu/guest_abi.h; a test compares them.

An instruction is sensitive if a guest kernel that runs in physical User mode would get something
else than the real CPU gives it in a privileged mode, without a trap that says so. Three decisions:

UNPREDICTABLE forms. An encoding of the table whose should-be bits are wrong, or that uses pc where
it must not, gets a proxy like any other. Executed in User mode it could do anything; a proxy can
only trap, and the VMM answers words it does not know with an undefined instruction. Kernels carry
such words without executing them (`mrs rd, lr_usr` of the virtualization extensions is an `mrs`
with bit 9 set). is_unpredictable() finds them for the report.

TEQP, TSTP, CMPP, CMNP: the comparisons with 0b1111 in the Rd field. In 26-bit modes they wrote the
PSR, and ARM6 to ARM8 cores in 32-bit modes copy SPSR to CPSR. The field is SBZ in ARMv5, so they
belong to the case above: proxied, and undefined if ever executed.

Undefined encodings stay: they trap by themselves, as on the real CPU. That covers what later
architectures put into holes of ARMv5: CPS, SETEND, SRS, RFE, ERET, HVC, SMC, LDRHT, MOVW, WFI.
"""

from typing import Callable, Iterable, List, NamedTuple, Optional, Tuple

PROXY_MASK = 0x0F000FFF
PROXY_MATCH = 0x0E000F00
HYPERCALL_MATCH = 0x0E000F20
PROXY_INDEX_LOW = 12
PROXY_TABLE_MAX = 4096

COND_MASK = 0xF0000000
COND_AL = 0xE0000000
COND_NV = 0xF0000000  # ARMv5: not a condition but a space of other instructions (A3.2.1)


class Encoding(NamedTuple):
    """One row: a word belongs to it if (word & mask) == value and `only` agrees.

    The word is UNPREDICTABLE if (word & should_mask) != should_value, or if `bad` says so.
    """

    kind: str
    section: str
    mask: int
    value: int
    should_mask: int = 0
    should_value: int = 0
    only: Optional[Callable[[int], bool]] = None
    bad: Optional[Callable[[int], bool]] = None


def _rd(word: int) -> int:
    return (word >> 12) & 15


def _rn(word: int) -> int:
    return (word >> 16) & 15


def _rm(word: int) -> int:
    return word & 15


def _writes_back(word: int) -> bool:
    return bool(word & 1 << 21)


def _is_compare(word: int) -> bool:
    return (word >> 23) & 3 == 2  # opcode 0b10xx


def _is_not_compare(word: int) -> bool:
    return not _is_compare(word)


def _writes_control(word: int) -> bool:
    return bool(word & 7 << 16)  # c, x or s; the flags alone are User mode's own (A2.5, A4.1.39)


def _writes_control_by_register(word: int) -> bool:
    return _writes_control(word) or bool(word & 0xF00)  # bits 11:8 SBZ; later: banked registers


def _is_vfp_system(word: int) -> bool:
    return _rn(word) in (8, 9, 10)  # FPEXC, FPINST, FPINST2


def _bad_movs_pc(word: int) -> bool:
    return (word >> 21) & 13 == 13 and _rn(word) != 0  # MOV and MVN have no rn: SBZ


def _rd_is_pc(word: int) -> bool:
    return _rd(word) == 15


def _bad_translated(word: int) -> bool:
    """LDRT and relatives: pc as base or data, or a base that is also data or index."""
    rd, rn = _rd(word), _rn(word)
    register_offset = word & 1 << 25
    if rn == 15 or rd == rn or rd == 15:
        return True
    return bool(register_offset) and _rm(word) in (15, rn)


def _bad_multiple_user(word: int) -> bool:
    return _rn(word) == 15 or _writes_back(word) or not word & 0xFFFF


def _bad_ldm_return(word: int) -> bool:
    in_list = bool(word & 1 << _rn(word))
    return _rn(word) == 15 or (_writes_back(word) and in_list)


# No two rows match the same word; a test says so.
ENCODINGS = (
    # A4.1.38 MRS: cond 00010 R 00 SBO rd SBZ. Bits 7:4 tell it from BX, CLZ, QADD, SMLA and SWP.
    Encoding("mrs_cpsr", "A4.1.38", 0x0FF000F0, 0x01000000, 0x000F0F0F, 0x000F0000, bad=_rd_is_pc),
    Encoding("mrs_spsr", "A4.1.38", 0x0FF000F0, 0x01400000, 0x000F0F0F, 0x000F0000, bad=_rd_is_pc),
    # A4.1.39 MSR: cond 00x10 R 10 mask SBO ..., immediate and register form.
    Encoding("msr_cpsr", "A4.1.39", 0x0FF000F0, 0x01200000, 0x0000FF00, 0x0000F000,
             only=_writes_control_by_register),
    Encoding("msr_cpsr", "A4.1.39", 0x0FF00000, 0x03200000, 0x0000F000, 0x0000F000,
             only=_writes_control),
    Encoding("msr_spsr", "A4.1.39", 0x0FF000F0, 0x01600000, 0x0000FF00, 0x0000F000),
    Encoding("msr_spsr", "A4.1.39", 0x0FF00000, 0x03600000, 0x0000F000, 0x0000F000),
    # A4.1.11 BXJ: enters Jazelle state, or behaves as BX; that is the VMM's to decide (B7).
    Encoding("bxj", "A4.1.11", 0x0FF000F0, 0x01200020, 0x000FFF00, 0x000FFF00,
             bad=lambda word: _rm(word) == 15),
    # A5.1 data processing with S = 1 and rd = pc copies SPSR to CPSR. Three operand forms:
    # immediate, register shifted by immediate, register shifted by register (no pc there).
    Encoding("movs_pc", "A5.1", 0x0E10F000, 0x0210F000, only=_is_not_compare,
             bad=_bad_movs_pc),
    Encoding("movs_pc", "A5.1", 0x0E10F010, 0x0010F000, only=_is_not_compare,
             bad=_bad_movs_pc),
    Encoding("movs_pc", "A5.1", 0x0E10F090, 0x0010F010, only=_is_not_compare,
             bad=lambda word: True),
    # A4.1.14, .15, .116, .117: CMN, CMP, TEQ, TST with rd = pc, the 26-bit forms.
    Encoding("compare_p", "A4.1.15", 0x0F90F000, 0x0310F000, bad=lambda word: True),
    Encoding("compare_p", "A4.1.15", 0x0F90F010, 0x0110F000, bad=lambda word: True),
    Encoding("compare_p", "A4.1.15", 0x0F90F090, 0x0110F010, bad=lambda word: True),
    # A4.1.25, .31, .101, .105: loads and stores with User rights. Register forms have bit 4 = 0.
    Encoding("ldrt", "A4.1.31", 0x0F700000, 0x04300000, bad=_bad_translated),
    Encoding("ldrt", "A4.1.31", 0x0F700010, 0x06300000, bad=_bad_translated),
    Encoding("ldrbt", "A4.1.25", 0x0F700000, 0x04700000, bad=_bad_translated),
    Encoding("ldrbt", "A4.1.25", 0x0F700010, 0x06700000, bad=_bad_translated),
    Encoding("strt", "A4.1.105", 0x0F700000, 0x04200000, bad=_bad_translated),
    Encoding("strt", "A4.1.105", 0x0F700010, 0x06200000, bad=_bad_translated),
    Encoding("strbt", "A4.1.101", 0x0F700000, 0x04600000, bad=_bad_translated),
    Encoding("strbt", "A4.1.101", 0x0F700010, 0x06600000, bad=_bad_translated),
    # A4.1.21, .22, .98: LDM and STM with the S bit: User registers, or return from an exception.
    Encoding("ldm_return", "A4.1.22", 0x0E508000, 0x08508000, bad=_bad_ldm_return),
    Encoding("ldm_user", "A4.1.21", 0x0E508000, 0x08500000, bad=_bad_multiple_user),
    Encoding("stm_user", "A4.1.98", 0x0E500000, 0x08400000, bad=_bad_multiple_user),
    # A4.1.32, .36 and TRM 2.3. They trap in User mode by themselves, all but one: QEMU executes
    # `mrc p15, 0, r15, c7, c14, 3` there. CDP to CP15 is not here, see refusal().
    Encoding("mcr_p15", "A4.1.32", 0x0F100F10, 0x0E000F10, bad=_rd_is_pc),
    Encoding("mrc_p15", "A4.1.36", 0x0F100F10, 0x0E100F10),
    # A4.1.19, .33, .37, .96: undefined on the ARM926EJ-S (TRM 2.1). The proxy keeps them in the
    # table with the others, so that the report shows a kernel which wants another CPU.
    Encoding("p15_other", "A4.1.33", 0x0E000F00, 0x0C000F00),
    # CP14: debug communication channel and Jazelle control; MRC and MCR reach it in User mode.
    Encoding("mcr_p14", "A4.1.32", 0x0F100F10, 0x0E000E10, bad=_rd_is_pc),
    Encoding("mrc_p14", "A4.1.36", 0x0F100F10, 0x0E100E10),
    Encoding("p14_other", "A4.1.12", 0x0F000F10, 0x0E000E00),
    Encoding("p14_other", "A4.1.33", 0x0E000F00, 0x0C000E00),
    # C4.1 FMRX, FMXR of the registers that User mode cannot reach: undefined there, but a kernel
    # has them in each change of tasks. FPSID stays: where there is no VFP, a kernel that looks for
    # one expects the undefined instruction to be its own (Linux: vfp_detect_hook).
    Encoding("vfp", "C4.1", 0x0FE00F10, 0x0EE00A10, 0x000000EF, 0, only=_is_vfp_system,
             bad=_rd_is_pc),
)

KINDS = tuple(dict.fromkeys(encoding.kind for encoding in ENCODINGS))


def _rows_by_top_bits():
    """For each value of bits 31:20 the rows that can match: the quick way to say no."""
    rows = []
    for top in range(4096):
        high = top << 20
        if high & COND_MASK == COND_NV:
            rows.append(())
            continue
        rows.append(tuple(e for e in ENCODINGS
                          if not (high ^ e.value) & e.mask & 0x0FF00000))
    return tuple(rows)


_ROWS = _rows_by_top_bits()


def find_encoding(word: int) -> Optional[Encoding]:
    """The row a word belongs to, or None if the word is not sensitive."""
    for encoding in _ROWS[word >> 20]:
        if word & encoding.mask == encoding.value:
            if encoding.only is None or encoding.only(word):
                return encoding
    return None


def classify(word: int) -> Optional[str]:
    """The kind of a sensitive ARM instruction, or None for every other word."""
    encoding = find_encoding(word)
    return encoding.kind if encoding else None


def is_unpredictable(word: int) -> bool:
    """Whether a sensitive word is one whose effect the manual leaves open."""
    encoding = find_encoding(word)
    if encoding is None:
        return False
    if word & encoding.should_mask != encoding.should_value:
        return True
    return encoding.bad is not None and encoding.bad(word)


def refusal(word: int) -> Optional[str]:
    """Why a word of code can neither stay nor get a proxy; None for all that can.

    CDP to CP15 is where proxies and hypercalls live: the VMM could not tell the word from its
    own. With 0b1111 as condition the same coprocessor instructions exist as MCR2, LDC2 and so on
    (A3.2.1, A4.1.32): a proxy has no room to say so, since its table words are conditional.
    """
    if word & 0x0F000F10 == 0x0E000F00:
        return ("CDP to CP15, which is how proxies and hypercalls are encoded"
                "; remove the instruction, no ARM926 defines it")
    if word & COND_MASK == COND_NV:
        coprocessor = (word >> 8) & 15
        is_coprocessor_op = word & 0x0E000000 == 0x0C000000 or word & 0x0F000000 == 0x0E000000
        if is_coprocessor_op and coprocessor in (14, 15):
            return (f"unconditional access to coprocessor {coprocessor} (MCR2, MRC2, LDC2 ...)"
                    ", for which there is no proxy; use the conditional form")
    return None


def _needs_a_look():
    """One byte for each value of bits 31:20: can such a word be sensitive or refused?"""
    look = bytearray(4096)
    for top in range(4096):
        # Bits 27:24 = 0b1110 are CDP, MCR, MRC; NV words are looked at if coprocessor space.
        coprocessor_space = (top >> 4) & 15 in (12, 13, 14)
        look[top] = bool(_ROWS[top]) or coprocessor_space
    return bytes(look)


NEEDS_A_LOOK = _needs_a_look()


# A proxy has bit 20 of its original. It is the L bit of loads and stores, and a guest kernel whose
# ldrt has aborted reads it from the word at the aborted pc to learn whether that was a read or a
# write (Linux: v5tj_early_abort). The bit lies in the index, so the table can have holes.
LOAD_BIT = 20
LOAD_INDEX_BIT = LOAD_BIT - PROXY_INDEX_LOW
UNUSED_ENTRY = 0  # a hole; no table word looks like this, their condition is AL


def load_bit(word: int) -> int:
    """The L bit of an instruction or a proxy, 0 or 1."""
    return word >> LOAD_BIT & 1


def nth_index(load: int, n: int) -> int:
    """The n-th table index, from 0, among those whose proxies have `load` as their bit 20."""
    low = n & (1 << LOAD_INDEX_BIT) - 1
    return n >> LOAD_INDEX_BIT << LOAD_INDEX_BIT + 1 | load << LOAD_INDEX_BIT | low


def used_entries(table: Iterable[int]) -> List[Tuple[int, int]]:
    """Index and word of each entry of a proxy table that is no hole."""
    return [(index, word) for index, word in enumerate(table) if word != UNUSED_ENTRY]


def proxy_word(condition: int, index: int) -> int:
    """The proxy for table entry `index` under `condition` (bits 31:28 in place)."""
    assert 0 <= index < PROXY_TABLE_MAX and condition & ~COND_MASK == 0 and condition != COND_NV
    return condition | PROXY_MATCH | index << PROXY_INDEX_LOW


def proxy_index(word: int) -> Optional[int]:
    """The table index of a proxy, or None if the word is not one."""
    if word & PROXY_MASK != PROXY_MATCH or word & COND_MASK == COND_NV:
        return None
    return (word >> PROXY_INDEX_LOW) & (PROXY_TABLE_MAX - 1)


def table_word(word: int) -> int:
    """What stands in the proxy table for a sensitive word: the same under condition AL."""
    return word & ~COND_MASK | COND_AL


def describe_p15(word: int) -> str:
    """The register of an MCR or MRC to CP15, as the assembler writes it: "0, c7, c10, 4"."""
    return f"{(word >> 21) & 7}, c{_rn(word)}, c{_rm(word)}, {(word >> 5) & 7}"
