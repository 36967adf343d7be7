# SPDX-License-Identifier: Apache-2.0
"""The proof that a rewritten file is clean: --check.

What is proved, from the file alone and without trusting how it was made:

 1. the checksums of table, sites and note hold;
 2. each word of the table is sensitive, placeable, under condition AL, there only once, and at an
    index that gives its proxy its own bit 20;
 3. all ARM code, decoded again, holds no sensitive instruction and no hypercall;
 4. the proxies in it are exactly the recorded sites, each with the index of a table word, and each
    table word is used;
 5. with paravirtual code: branches into it are at recorded places only;
 6. undoing everything gives the file whose SHA-256 was recorded, and rewriting that gives this
    file again, bit for bit;
 7. if the capstone module is installed: so says its disassembler too, which shares no line with
    our table of encodings.
"""

import re
from array import array
from typing import Dict, Iterable, List, NamedTuple, Optional

from .appendix import Appendix, read_appendix
from .arm import branch_target
from .elf import Elf
from .encodings import (COND_AL, COND_MASK, COND_NV, LOAD_BIT, NEEDS_A_LOOK, classify, load_bit,
                        proxy_index, proxy_word, refusal, used_entries)
from .errors import RewriteError
from .image import unpack_image
from .pv_abi import PV_HC_COUNT, PV_HYPERCALL_WORD
from .rewriter import arm_code, restore, rewrite

CONDITIONS = "eq|ne|hs|cs|lo|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le|al"
# What a disassembler prints for the instructions of encodings.py, written down from the assembler
# syntax of ARM DDI 0100I, not derived from that table.
_SENSITIVE_TEXT = re.compile(
    rf"mrs({CONDITIONS})? .*"
    rf"|msr({CONDITIONS})? (?!apsr_nzcvq\b|cpsr_f\b).*"
    rf"|bxj({CONDITIONS})? .*"
    rf"|(and|eor|sub|rsb|add|adc|sbc|rsc|orr|mov|bic|mvn|lsl|lsr|asr|ror|rrx)s({CONDITIONS})? pc,.*"
    rf"|(ldr|str)b?t({CONDITIONS})? .*"
    rf"|(ldm|stm|push|pop)(ia|ib|da|db|fd|ed|fa|ea)?({CONDITIONS})? .*\^"
    rf"|(mcr|mrc|mcrr|mrrc|ldcl?|stcl?|cdp)2?({CONDITIONS})? p1[45],.*"
    rf"|vmrs({CONDITIONS})? .*, fp(exc|inst2?)|vmsr({CONDITIONS})? fp(exc|inst2?), .*")


class Proof(NamedTuple):
    """What was counted while checking."""

    code_words: int
    sites: int
    table_words: int  # without holes
    disassembled: Optional[int]  # distinct words capstone looked at; None without capstone


def looks_sensitive(text: str) -> bool:
    """Whether a line of disassembly, "mnemonic operands", names a sensitive instruction."""
    return _SENSITIVE_TEXT.fullmatch(text) is not None


def disassemble(word_list: Iterable[int]) -> Optional[List[str]]:
    """One line for each word, "" for undefined ones; None if capstone is not installed."""
    try:
        import capstone
    except ImportError:
        return None
    engine = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_ARM)
    lines = []
    for word in word_list:
        text = ""
        for _, _, mnemonic, operands in engine.disasm_lite(word.to_bytes(4, "little"), 0, 1):
            text = f"{mnemonic} {operands}"
        lines.append(text)
    return lines


def check_table(table: array, pv: bool) -> Dict[int, int]:
    """Point 2 of the list above; with `pv` hypercalls belong there, too.

    Returns index to word, without holes. Raises RewriteError.
    """
    originals = dict(used_entries(table))
    if len(set(originals.values())) != len(originals):
        raise RewriteError("damaged: an instruction is in the proxy table twice"
                           "; rewrite the original again")
    for index, word in originals.items():
        if pv and word == PV_HYPERCALL_WORD | index and index < PV_HC_COUNT:
            continue
        if word & COND_MASK != COND_AL or refusal(word) or not classify(word):
            raise RewriteError(f"damaged: proxy table entry {index} is {word:#010x}, no sensitive "
                               "instruction; rewrite the original again")
        if load_bit(word) != load_bit(proxy_word(COND_AL, index)):
            raise RewriteError(f"damaged: proxy table entry {index} is {word:#010x}, but its proxy "
                               f"has another bit {LOAD_BIT}; rewrite the original again")
    return originals


def check_elf(data: bytes) -> Proof:
    """Points 1 to 7. Raises RewriteError with the first address that is wrong."""
    elf = Elf(data)
    appendix = read_appendix(elf)
    originals = check_table(appendix.table, bool(appendix.pv))
    recorded = set(appendix.sites)
    used = set()
    seen = set()
    _check_branches(elf, appendix)
    code_words = met = 0
    for region, code in arm_code(elf):
        code_words += len(code)
        seen.update(code)
        for i, word in enumerate(code):
            if not NEEDS_A_LOOK[word >> 20]:
                continue
            index = proxy_index(word)
            problem = None
            if index is None:
                if refusal(word) or classify(word):
                    problem = "is sensitive"
            elif index not in originals:
                problem = f"is a proxy with index {index}, which has no word in the table"
            elif region.offset + 4 * i not in recorded:
                problem = "is a proxy at a place that is not recorded"
            else:
                used.add(index)
                met += 1
            if problem:
                raise RewriteError(f"{elf.where(region.section, region.addr + 4 * i)}: {word:#010x}"
                                   f" {problem}; rewrite the original again")
    # Paravirtual code uses words of the table, too; for it the comparison at the end counts.
    if met != len(recorded) or (len(used) != len(originals) and not appendix.pv):
        raise RewriteError("damaged: recorded sites that are not ARM code, or unused table words"
                           "; rewrite the original again")
    original = restore(data)
    if rewrite(original, pv=bool(appendix.pv)).data != data:
        raise RewriteError("not what this tool makes of its original: damaged, or written by "
                           "another version; rewrite the original again")
    return Proof(code_words, met, len(originals), _second_opinion(elf, seen))


def _check_branches(elf: Elf, appendix: Appendix) -> None:
    """Point 5 of the list."""
    if appendix.pv is None or not appendix.pv.code:
        return  # the paravirtual code is the guest's own
    info, patched = appendix.pv.info, {offset for offset, _ in appendix.pv.patches}
    for region, code in arm_code(elf):
        for i, word in enumerate(code):
            if word & 0x0E000000 != 0x0A000000:
                continue
            addr = region.addr + 4 * i
            if 0 <= branch_target(word, addr) - info.code_va < info.code_size and \
                    region.offset + 4 * i not in patched:
                raise RewriteError(f"{elf.where(region.section, addr)}: {word:#010x} leads into "
                                   "the paravirtual code and is not recorded"
                                   "; rewrite the original again")


def _second_opinion(elf: Elf, distinct: set) -> Optional[int]:
    todo = [w for w in distinct if proxy_index(w) is None and w & COND_MASK != COND_NV]
    lines = disassemble(todo)
    if lines is None:
        return None
    missed = {word: text for word, text in zip(todo, lines) if looks_sensitive(text)}
    if missed:
        region, i, word = next((region, i, word) for region, code in arm_code(elf)
                               for i, word in enumerate(code) if word in missed)
        raise RewriteError(f"{elf.where(region.section, region.addr + 4 * i)}: {word:#010x} is "
                           f"`{missed[word]}` to the disassembler, not to this tool"
                           "; report it, the table of encodings is at fault")
    return len(todo)


def check_image(data: bytes) -> Proof:
    """What can be checked of a flat image, which has no symbols: checksums and table."""
    image = unpack_image(data)
    return Proof(0, 0, len(check_table(image.table, image.pv is not None)), None)
