# SPDX-License-Identifier: Apache-2.0
"""The functions and places of Linux that get paravirtual code, as data; hook.py applies them.

A hook matches if the words at its place are those of its pattern. Each row of a pattern is
(word, mask) or (word, mask, capture name): code == word in the bits of mask. The masks of branches,
pc-relative loads and addresses leave out their offset; a capture turns what such a word means
into a symbol for the blob.

    function   the pattern stands at the symbol; its first word becomes `b target`
    place      the pattern stands once within the function or label `symbol`; likewise
    convert    as "function", and ldrt, ldrbt, strt and strbt within the pattern's words become
               plain loads and stores with post-index; the function's words are a range whose
               accesses to programs' memory have the rights of User mode (pv_info.range)
    before     the pattern ends where the symbol is; its words are converted, and nothing else
    entry      nothing is patched; `target` goes into the field `info` of struct pv_info

Symbols the blob can use when it is linked, besides those of the kernel:

    hook_NAME            address of the first word of the pattern of hook NAME. The displaced word
                         is the blob's to execute or replace; hook_NAME + 4 is the next one
    hook_NAME_CAPTURE    a captured word: of b and bl the address they go to, of a load from the
                         pc's neighbourhood the word it loads (the literal), of an addition to or
                         subtraction from the pc the address; of any other word that word itself
                         (its proxied form, where it has a proxy: it can be executed elsewhere)

Each function of the blob stands in a section of its own, .text.TARGET. Sections that no matched
hook leads to are left out when the blob is linked, and so may name symbols the kernel has not.
Sections named .text.user.* are one more range of pv_info.
"""

from typing import NamedTuple, Tuple

from .pv_abi import PV_DACR_AT_RETURN, PV_DACR_AT_SWI, PV_ENTRIES

# With software PAN: DACR in the kernel, and in programs (arch/arm/include/asm/domain.h).
CALL_DACR, RETURN_DACR = 0x51, 0x55


class Hook(NamedTuple):
    """One way to recognise one place. Of several hooks with the same name the first match counts.

    All hooks of one `group` are applied together or, if one name of it has no match, not at all.
    """

    name: str
    symbol: str
    kind: str  # "function", "place", "convert", "before", "entry"
    pattern: Tuple[tuple, ...]
    target: str  # label in the blob; of an entry also a symbol of the kernel; of "before" none
    info: str = ""  # field of struct pv_info, for "entry": "swi_entry", "entry[0]"...
    group: str = ""
    dacr_at: int = 0  # bits of pv_info.dacr_at: where the blob relies on the VMM to change DACR


def _code(text: str) -> Tuple[tuple, ...]:
    """A pattern from words in hexadecimal. A dot is a digit that may be any; NAME in word=NAME is a
    capture. What follows ; in a line is a comment."""
    rows = []
    for token in " ".join(line.split(";")[0] for line in text.splitlines()).split():
        digits, _, name = token.partition("=")
        mask = int("".join("0" if digit == "." else "f" for digit in digits), 16)
        row = (int(digits.replace(".", "0"), 16), mask)
        rows.append(row + (name,) if name else row)
    return tuple(rows)


# System calls: arch/arm/kernel/entry-common.S.

_SWI = """
    e24dd048 e88d1fff           ; sub sp, sp, #72; stmia sp, {r0 - r12}
    e28d803c e9486000           ; add r8, sp, #60; stmdb r8, {sp, lr}^
    e14f8000 e58de03c e58d8040  ; mrs r8, spsr; str lr, [sp, #60]; str r8, [sp, #64]
    e58d0044 ee11cf10           ; str r0, [sp, #68]; mrc p15, 0, ip, c1, c0
    e28fa... e28aa... e59aa...  ; r10 = cr_alignment
    e13a000c 1e01af10           ; teq r10, ip; mcrne p15, 0, r10, c1, c0
    e321f013                    ; msr cpsr_c, #0x13
"""
_SWI_END = """
    e28f9... e2899... e5999...  ; r9 = __current
    e28f8...=table e5897...     ; adr r8, sys_call_table; str r7, [r9, #...]
"""
_SWI_PAN = "e3a08051 ee038f10"  # mov r8, #0x51; mcr p15, 0, r8, c3, c0

_WORK = "e321f093 e5991000 e1b01801 1a......"  # msr cpsr_c, #0x93; ldr r1, [r9]; lsls #16; bne
_OPEN = "e3a01055 ee031f10"                    # mov r1, #0x55; mcr p15, 0, r1, c3, c0
_FAST_TAIL = """
    e1a0200d e5921048 e5b2e044  ; mov r2, sp; ldr r1, [r2, #72]; ldr lr, [r2, #68]!
    e311008f 1a...... e16ff001  ; tst r1, #0x8f; bne; msr spsr_fsxc, r1
    e9527ffe e1a00000           ; ldmdb r2, {r1 - lr}^; nop
    e28dd050 e1b0f00e           ; add sp, sp, #80; movs pc, lr
"""
_SLOW_TAIL = """
    e1a0200d e5921040 e5b2e03c  ; the same 8 bytes lower, and with r0
    e311008f 1a...... e16ff001
    e9527fff e1a00000
    e28dd048 e1b0f00e
"""

# Exceptions: arch/arm/kernel/entry-armv.S.

_USR = """
    e24dd048 e98d1ffe ee117f10  ; sub sp, sp, #72; stmib sp, {r1 - r12}; mrc p15, 0, r7, c1, c0
    e28f8... e2888... e5988...  ; r8 = cr_alignment
    e8900038 e28d003c e3e06000  ; ldm r0, {r3 - r5}; add r0, sp, #60; mvn r6, #0
    e58d3000 e8800070 e9406000  ; str r3, [sp]; stm r0, {r4 - r6}; stmdb r0, {sp, lr}^
"""
_USR_PAN = "e3a0c051 ee03cf10"      # mov ip, #0x51; mcr p15, 0, ip, c3, c0
_COMPARE = "e1380007 1e018f10"      # teq r8, r7; mcrne p15, 0, r8, c1, c0
_TASK_SIZE = "e3a004bf e1540000"    # mov r0, #0xbf000000; cmp r4, r0
_SVC = """
    e24dd0..=frame e31d0...=test 1a......=overflow  ; sub sp, sp, #80; tst sp, #0x2000; bne
    e31d0004 124dd004           ; tst sp, #4; subne sp, sp, #4
    e98d1ffe e8900038           ; stmib sp, {r1 - r12}; ldm r0, {r3 - r5}
    e28d7034 e3e06000           ; add r7, sp, #52; mvn r6, #0
    e28d20..=sp 12822004        ; add r2, sp, #80; addne r2, r2, #4
    e58d3000 e1a0300e e887007c  ; str r3, [sp]; mov r3, lr; stm r7, {r2 - r6}
    e28f9... e2899... e5999...  ; r9 = __current
    ee130f10 e58d0048           ; mrc p15, 0, r0, c3, c0; str r0, [sp, #72]
"""
_SVC_OPEN = "e3c02003 e3822001 ee032f10"  # bic r2, r0, #3; orr r2, r2, #1; mcr p15, 0, r2, c3, c0
_SVC_PAN = "e3a02051 ee032f10"            # mov r2, #0x51; mcr p15, 0, r2, c3, c0
_SVC_EXIT = """
    e59d0048 ee030f10           ; ldr r0, [sp, #72]; mcr p15, 0, r0, c3, c0
    e16ff005 e8ddffff           ; msr spsr_fsxc, r5; ldmia sp, {r0 - pc}^
"""
_SVC_MASK = "e321f093"              # msr cpsr_c, #0x93


def _exceptions() -> Tuple[Hook, ...]:
    """A return to kernel code needs the entry that knows of it: one group."""
    hooks = []
    for name in ("und", "pabt", "dabt", "irq"):
        entry = f"{name}_usr"
        hooks.append(Hook(entry, f"__{entry}", "entry", _code(f"{_USR} {_COMPARE}"), f"pv_{entry}",
                          entry))
        # With software PAN __und_usr leaves programs' memory open, to read the instruction.
        hooks.append(Hook(entry, f"__{entry}", "entry", _code(f"{_USR} {_USR_PAN} {_COMPARE}"),
                          f"pv_{entry}_pan", entry, dacr_at=1 << PV_ENTRIES.index(entry)))
        for variant, words in (("", _SVC_OPEN), ("_pan", _SVC_PAN)):
            hooks.append(Hook(f"{name}_svc", f"__{name}_svc", "entry", _code(_SVC + words),
                              f"pv_{name}_svc{variant}", f"{name}_svc", group="kernel"))
        mask = "" if name == "irq" else _SVC_MASK
        hooks.append(Hook(f"{name}_svc_exit", f"__{name}_svc", "place", _code(mask + _SVC_EXIT),
                          f"pv_{name}_svc_exit", group="kernel"))
    return tuple(hooks)


def _early_abort(pan: str) -> Tuple[tuple, ...]:
    """v5tj_early_abort, in abort-ev5tj.S."""
    return _code(f"""
        ee151f10 ee160f10 e3c11b03          ; r1 = DFSR; r0 = FAR; bic r1, r1, #0xc00
        e3150401 1a......=handler           ; tst r5, #1 << 24; bne do_DataAbort
        e3150020 0a...... e1d430b0 {pan}    ; tst r5, #0x20; beq not_thumb; ldrh r3, [r4]
        e2033cfe e3530c56 03833b02 e3130b02 ; is it a store?
        03811b02 ea......                   ; orreq r1, r1, #0x800; b do_DataAbort
        05943000 {pan}                      ; not_thumb: ldreq r3, [r4]
        e3a0c6e1 e38cc0f0 e003c00c e33c00d0 0a...... e3130601 03811b02 ea......
    """)


# The change to another task: entry-armv.S.

_SWITCH_TO = """
    ee136f10 e5816...=save      ; mrc p15, 0, r6, c3, c0; str r6, [r1, #12]
    e5926...=load e3e03a0f      ; ldr r6, [r2, #12]; mvn r3, #0xf000
    e503400f e59f8...=guard     ; str r4, [r3, #-15]; ldr r8, =__stack_chk_guard
    e5929...=canary e1a07002    ; ldr r9, [r2, #...]; mov r7, r2
    ee036f10 e1a05000           ; mcr p15, 0, r6, c3, c0; mov r5, r0
"""

# Page tables, TLB and caches: arch/arm/mm/proc-arm926.S, tlb-v4wbi.S, copypage-v4wb.c.

_SET_PTE = """
    e4801800 e2213043 e3c12eff  ; str r1, [r0], #2048; eor r3, r1, #0x43; bic r2, r1, #0xff0
    e3c22003 e3822002 e3130c01  ; bic r2, r2, #3; orr r2, r2, #2; tst r3, #0x100
    13822eaa e31300c0 03822e55  ; orrne r2, r2, #0xaa0; tst r3, #0xc0; orreq r2, r2, #0x550
    e3130003 13a02000 e5802000  ; tst r3, #3; movne r2, #0; str r2, [r0]
    e1a00000 ee070f3a ee070f9a  ; nop; clean; drain
    e1a0f00e                    ; mov pc, lr
"""
_SWITCH_MM = """
    e3a0c000 ee17ff7e 1afffffd  ; mov ip, #0; test, clean and invalidate; bne
    ee07cf15 ee07cf9a ee020f10  ; invalidate the instruction cache; drain; TTBR
    ee08cf17 e1a0f00e           ; invalidate the TLB; mov pc, lr
"""
_CLEAN_AREA = "ee070f3a e2800020 e2511020 8afffffb ee070f9a e1a0f00e"
_FLUSH_USER_TLB = """
    e3a03000 ee073f9a e5922010  ; mov r3, #0; drain; ldr r2, [r2, #16]
    e3c000ff e3c00c0f e3120004  ; bic r0, r0, #0xff; bic r0, r0, #0xf00; tst r2, #VM_EXEC
    1e080f35 ee080f36 e2800a01  ; mcrne and mcr: invalidate an entry; add r0, r0, #4096
    e1500001 3afffff9 e1a0f00e  ; cmp r0, r1; bcc; mov pc, lr
"""
_FLUSH_KERN_TLB = """
    e3a03000 ee073f9a e3c000ff e3c00c0f
    ee080f35 ee080f36 e2800a01 e1500001 3afffffa e1a0f00e
"""
_FLUSH_USER_CACHE = """
    e3120004 ee070f3e 1e070f35  ; tst r2, #VM_EXEC; clean and invalidate; mcrne: and instructions
    e2800020 ee070f3e 1e070f35 e2800020
    e1500001 3afffff6 e3120004  ; cmp r0, r1; bcc; tst r2, #VM_EXEC
    1e07cf9a e1a0f00e           ; mcrne: drain; mov pc, lr
"""
_FLUSH_WHOLE_CACHE = """
    ee17ff7e 1afffffd e3120004  ; test, clean and invalidate; bne; tst r2, #VM_EXEC
    1e07cf15 1e07cf9a e1a0f00e  ; mcrne: invalidate the instruction cache; mcrne: drain; mov pc, lr
"""
_COHERENT = """
    e3c0001f ee070f3a ee070f35  ; bic r0, r0, #31; clean; invalidate instructions
    e2800020 e1500001 3afffffa ee070f9a e3a00000 e1a0f00e
"""
_FLUSH_KERN_DCACHE = """
    e0801001 ee070f3e e2800020  ; add r1, r0, r1; clean and invalidate; add r0, r0, #32
    e1500001 3afffffb e3a00000  ; cmp r0, r1; bcc; mov r0, #0
    ee070f15 ee070f9a e1a0f00e  ; invalidate the instruction cache; drain; mov pc, lr
"""
_DMA_INV = """
    e310001f 1e070f3a e311001f 1e071f3a e3c0001f
    ee070f36 e2800020 e1500001 3afffffb ee070f9a e1a0f00e
"""
_DMA_CLEAN = "e3c0001f ee070f3a e2800020 e1500001 3afffffb ee070f9a e1a0f00e"
_DMA_FLUSH = "e3c0001f ee070f3e e2800020 e1500001 3afffffb ee070f9a e1a0f00e"
_DO_IDLE = """
    e3a00000 ee111f10 ee070f9a e3c12a01  ; mov r0, #0; control; drain; bic r2, r1, #0x1000
    e10f3000 e383c040 e121f00c           ; mrs r3, cpsr; orr ip, r3, #0x40; msr cpsr_c, ip
    ee012f10 ee070f90 ee011f10 e121f003 e1a0f00e
"""
_COPY_PAGE = """
    e8b25018 ee071f36 e8a15018  ; ldm r2!, {r3, r4, ip, lr}; invalidate; stm r1!, {...}
    e8b25018 e8a15018 e8b25018 ee071f36 e8a15018
    e8b25018 e2500001 e8a15018 18b25018 1afffff3 ee072f9a
"""
_CLEAR_PAGE = """
    e3a01040 e3a02000 e3a03000  ; mov r1, #64; mov r2, #0 ...
    e3a0c000 e3a0e000 ee070f36 e8a0500c e8a0500c
    ee070f36 e8a0500c e8a0500c e2511001 1afffff7 ee071f9a
"""

# The kernel in programs' memory: arch/arm/lib/copy_from_user.S, copy_to_user.S, clear_user.S,
# getuser.S, putuser.S, csumpartialcopyuser.S.


def _shifted(text: str, shift: int) -> str:
    """Code that joins two words of memory, which are not aligned: `>` is the digit of its
    `lsr #shift`, `<` that of its `lsl #(32 - shift)`."""
    return text.replace(">", f"{shift // 2:x}").replace("<", f"{16 - shift // 2:x}")


def _copy_user(from_user: bool) -> str:
    """Both are copy_template.S; on the side of the program each word has its own instruction."""
    def each(base: str, registers: str) -> str:
        return " ".join(f"{base}{register}004" for register in registers)

    if from_user:
        load, store, load_byte, store_byte = "e4b1", "e480", "4f1", "4c0"
        eight = each(load, "345689ce") + " e2522020 e8a05378"
        low, high, joined = each(load, "4568"), each(load, "9ace"), "e8a01778"
        more = 0
    else:
        load, store, load_byte, store_byte = "e491", "e4a0", "4d1", "4e0"
        eight = "e8b15378 e2522020 " + each(store, "345689ce")
        low, high, joined = "e8b10170", "e8b15600", each(store, "345689ac")
        more = 1  # word in each of the loops below
    words = f"""
    e3a03000 e92d481d e1a0b00d e2522004 ba000032 e210c003 f5d1f000 1a000038 e211c003 1a000042
    e252201c e92d0360 ba000013 f5d1f000 e2522060 f5d1f01c ba000002 f5d1f03c f5d1f05c f5d1f07c
    {eight} aafffff3 e3720060 aafffff2 e212c01c e26cc020 108ff00c ea000011 e1a00000
    {each(load, "345689e")} e08ff00c e1a00000 e1a00000 {each(store, "345689e")} e8bd0360
    e1b02f82 1{load_byte}3001 2{load_byte}4001 2{load_byte}c001
    1{store_byte}3001 2{store_byte}4001 2{store_byte}c001 e28dd008 e8bd8811
    e26cc004 e35c0002 c{load_byte}3001 a{load_byte}4001 e{load_byte}e001
    c{store_byte}3001 a{store_byte}4001 e052200c e{store_byte}e001 baffffec
    e211c003 0affffbc e3c11003 e35c0002 {load}e004
    {0x0a000032 + more:08x} {0xca000063 + 2 * more:08x}
    """
    for apart, back in ((1, 0xeaffffb3), (2, 0xeaffff81), (3, 0xeaffff4f)):
        words += _shifted(f"""
    e252201c {0xba000025 + more:08x}
    e92d0760 f5d1f000 e2522060 f5d1f01c ba000002 f5d1f03c f5d1f05c f5d1f07c
    {low} e1a03>2e e2522020 {high}
    e1833<04 e1a04>24 e1844<05 e1a05>25 e1855<06 e1a06>26 e1866<08
    e1a08>28 e1888<09 e1a09>29 e1899<0a e1a0a>2a e18aa<0c e1a0c>2c e18cc<0e
    {joined} {0xaaffffe3 - more:08x} e3720060 {0xaaffffe2 - more:08x} e8bd0760
    e212c01c 0a000005 e1a03>2e {load}e004 e25cc004 e1833<0e {store}3004 cafffff9
    {0xe2411004 - apart:08x} {back - apart * more:08x}
    """, 8 * apart)
    return words


_CLEAR_USER = """
    e92d4002 e3a02000 e3510004 ba00000d e210c003 0a000005 e35c0002 e4e02001 d4e02001 b4e02001
    e26cc004 e041100c e2511008 54a02004 54a02004 5afffffb e2911004 54a02004 e3110002 14e02001
    14e02001 e3110001 14e02000 e3a00000 e8bd8002
"""
_CSUM_SHIFTED = """
    e3d2c00f 0a000013 e4b05004 e4b06004 e4b07004 e4b08004
    e1844<05 e1a05>25 e1855<06 e1a06>26 e1866<07 e1a07>27 e1877<08
    e8a100f0 e0b33004 e0b33005 e0b33006 e0b33007 e1a04>28 e24cc010 e33c0000 1affffeb
    e212c00c 0a000011 e31c0008 0a00000a e4b05004 e4b06004 e1844<05 e1a05>25 e1855<06
    e8a10030 e0b33004 e0b33005 e1a04>26 e31c0004 0a000004 e4b05004 e1844<05 e4814004
    e0b33004 e1a04>25 e2122003
"""


def _csum(save: str, restore: str, more: int) -> str:
    """A kernel with PAN saves and restores more; branches go back over `more` words of that."""
    def back(word: int) -> str:
        return f"{word - more:08x}"

    return f"""
    {save} e3e03000 e3520008 3a...... e2933000 e3110003 1b...... e3100003 {0x1a00002f + more:08x}
    e3d2c00f 0a00000b e4b04004 e4b05004 e4b06004 e4b07004 e8a100f0
    e0b33004 e0b33005 e0b33006 e0b33007 e24cc010 e33c0000 1afffff3 e212c00c 0a00000b e31c0008
    0a000006 e4b04004 e4b05004 e8a10030 e0b33004 e0b33005 e31c0004 0a000002 e4b04004 e4814004
    e0b33004 e2122003 0a00000c e4b04004 e3120002 e1a05004 0a000004 e0b33804 e4c15001 e1a05424
    e4c15001 e1a05824 e3120001 14c15001 120550ff 10b33005 e2a30000 e59d3000 e3130001 11a00460
    {restore} e2a33000 e200c003 e3c00003 e4b05004 e35c0002 0a000036 8a00006e
    e1a04425 {_shifted(_CSUM_SHIFTED, 8)} {back(0x0affffc6)} e1a05004 e3120002 {back(0x0affffbf)}
    e0b33804 e4c15001 e1a05424 e4c15001 e1a05824 {back(0xeaffffb9)}
    e1a04825 e2933000 {_shifted(_CSUM_SHIFTED, 16)}
    {back(0x0affff8f)} e1a05004 e3120002 {back(0x0affff88)}
    e0b33004 e4c15001 e1a05424 e4c15001 e3120001 {back(0x0affff86)} e4f05001 {back(0xeaffff80)}
    e1a04c25 e2933000 {_shifted(_CSUM_SHIFTED, 24)}
    {back(0x0affff56)} e1a05004 e3120002 {back(0x0affff4f)}
    e4c15001 e0b33004 e4b04004 e1a05004 e4c15001 e0b33c04 e1a05424 {back(0xeaffff47)}
    """


# What it does with the first bytes of an unaligned destination, and with less than 8 bytes.
_CSUM_BYTES = """
    e3110001 0a...... e4f0c001 e2422001 e0b3340c e4c1c001 e3110002 01a0f00e
    e4f08001 e4f0c001 e2422002 e0b33008 e4c18001 e0b3340c e4c1c001 e1a0f00e
    e3320000 0a...... e3110001 0a...... e4f0c001 e2422001 e0b3340c e4c1c001 e3120006 0a......
    e4f08001 e4f0c001 e2422002 e0b33008 e4c18001 e0b3340c e4c1c001 e3120006 1a......
    e3120001 0a...... e4f08001 e0b33008 e4c18001 ea......
"""
_OK = "e3a00000 e1a0f00e"               # mov r0, #0; mov pc, lr
_USER_ACCESSES = (
    ("get_user_1", "get_user_1", "e4f02000"),                           # ldrbt r2, [r0], #0
    ("get_user_2", "get_user_2", "e4f02001 e4f0c000 e182240c"),
    ("get_user_2_second", "get_user_2", "e4f0c000 e182240c"),
    ("get_user_4", "get_user_4", "e4b02000"),                           # ldrt r2, [r0], #0
    ("get_user_8", "get_user_8", "e4b02004 e4b03000"),
    ("get_user_8_second", "get_user_8", "e4b03000"),
    ("put_user_1", "put_user_1", "e4e02000"),                           # strbt r2, [r0], #0
    ("put_user_2", "put_user_2", "e4e02001 e4e0c000"),
    ("put_user_2_second", "put_user_2", "e4e0c000"),
    ("put_user_4", "put_user_4", "e4a02000"),                           # strt r2, [r0], #0
    ("put_user_8", "put_user_8", "e4a02004 e4a03000"),
    ("put_user_8_second", "put_user_8", "e4a03000"),
)


def _user_access() -> Tuple[Hook, ...]:
    """guest-patches/pv/uaccess.S needs all of them, and the TASK_SIZE it was written for."""
    size = _code(f"{_USR} {_COMPARE} {_TASK_SIZE}")
    hooks = [
        Hook("task_size", "__dabt_usr", "entry", size, "__dabt_usr", group="uaccess"),
        Hook("arm_copy_from_user", "arm_copy_from_user", "convert", _code(_copy_user(True)),
             "pv_copy_from_user", group="uaccess"),
        Hook("arm_copy_to_user", "arm_copy_to_user", "convert", _code(_copy_user(False)),
             "pv_copy_to_user", group="uaccess"),
        Hook("arm_clear_user", "arm_clear_user", "convert", _code(_CLEAR_USER),
             "pv_clear_user", group="uaccess"),
        Hook("csum_task_size", "__dabt_usr", "entry", size, "__dabt_usr", group="csum"),
        Hook("csum_bytes", "csum_partial_copy_from_user", "before", _code(_CSUM_BYTES), "",
             group="csum"),
        Hook("csum_partial_copy_from_user", "csum_partial_copy_from_user", "convert",
             _code(_csum("e92d41f6", "e8bd81f6", 0)), "pv_csum_partial_copy_from_user",
             group="csum"),
        Hook("csum_partial_copy_from_user", "csum_partial_copy_from_user", "convert",
             _code(_csum("ee13cf10 e92d51f6 e3a0c055 ee03cf10", "e8bd51f6 ee03cf10 e1a0f00e", 2)),
             "pv_csum_partial_copy_from_user_pan", group="csum"),
    ]
    for name, function, words in _USER_ACCESSES:
        hooks.append(Hook(name, f"__{function}", "place", _code(f"{words} {_OK}"), f"pv_{name}",
                          group="uaccess"))
    return tuple(hooks)


HOOKS: Tuple[Hook, ...] = (
    Hook("vector_swi", "vector_swi", "entry", _code(_SWI + _SWI_END),
         "pv_vector_swi", "swi_entry"),
    Hook("vector_swi", "vector_swi", "entry", _code(_SWI + _SWI_PAN + _SWI_END),
         "pv_vector_swi_pan", "swi_entry", dacr_at=PV_DACR_AT_SWI),
    Hook("ret_fast_syscall", "ret_fast_syscall", "function", _code(f"{_WORK} {_FAST_TAIL}"),
         "pv_ret_fast_syscall", group="return"),
    Hook("ret_fast_syscall", "ret_fast_syscall", "function", _code(f"{_WORK} {_OPEN} {_FAST_TAIL}"),
         "pv_ret_fast_syscall", group="return", dacr_at=PV_DACR_AT_RETURN),
    Hook("ret_fast_tail", "ret_fast_syscall", "place", _code(_FAST_TAIL),
         "pv_ret_fast_tail", group="return"),
    Hook("no_work_pending", "no_work_pending", "place", _code(f"{_OPEN} {_SLOW_TAIL}"),
         "pv_no_work_pending_pan", group="return", dacr_at=PV_DACR_AT_RETURN),
    Hook("no_work_pending", "no_work_pending", "place", _code(_SLOW_TAIL),
         "pv_no_work_pending", group="return"),
    Hook("ret_to_user", "ret_to_user", "function", _code(_WORK), "pv_mask_ret_to_user"),
    *_exceptions(),
    Hook("data_abort", "v5tj_early_abort", "function", _early_abort(""), "pv_data_abort"),
    Hook("data_abort", "v5tj_early_abort", "function", _early_abort(_USR_PAN), "pv_data_abort_pan"),
    Hook("switch_to", "__switch_to", "place", _code(_SWITCH_TO), "pv_switch_to"),
    Hook("set_pte_ext", "cpu_arm926_set_pte_ext", "function", _code(_SET_PTE), "pv_set_pte_ext",
         "announces", group="mm"),
    Hook("switch_mm", "cpu_arm926_switch_mm", "function", _code(_SWITCH_MM), "pv_switch_mm",
         group="mm"),
    Hook("dcache_clean_area", "cpu_arm926_dcache_clean_area", "function", _code(_CLEAN_AREA),
         "pv_dcache_clean_area", group="mm"),
    Hook("flush_user_tlb_range", "v4wbi_flush_user_tlb_range", "place", _code(_FLUSH_USER_TLB),
         "pv_flush_tlb_range", group="mm"),
    Hook("flush_kern_tlb_range", "v4wbi_flush_kern_tlb_range", "function", _code(_FLUSH_KERN_TLB),
         "pv_flush_tlb_range", group="mm"),
    Hook("flush_user_cache_range", "arm926_flush_user_cache_range", "place",
         _code(_FLUSH_USER_CACHE), "pv_flush_user_cache_range"),
    Hook("flush_whole_cache", "__flush_whole_cache", "function", _code(_FLUSH_WHOLE_CACHE),
         "pv_flush_whole_cache"),
    Hook("coherent_range", "arm926_coherent_user_range", "function", _code(_COHERENT),
         "pv_coherent_range"),
    Hook("flush_kern_dcache_area", "arm926_flush_kern_dcache_area", "function",
         _code(_FLUSH_KERN_DCACHE), "pv_flush_kern_dcache_area"),
    Hook("dma_inv_range", "arm926_dma_inv_range", "function", _code(_DMA_INV),
         "pv_dma_flush_range"),
    Hook("dma_clean_range", "arm926_dma_clean_range", "function", _code(_DMA_CLEAN),
         "pv_dma_clean_range"),
    Hook("dma_flush_range", "arm926_dma_flush_range", "function", _code(_DMA_FLUSH),
         "pv_dma_flush_range"),
    Hook("copy_page", "v4wb_copy_user_highpage", "place", _code(_COPY_PAGE), "pv_copy_page"),
    Hook("clear_page", "v4wb_clear_user_highpage", "place", _code(_CLEAR_PAGE), "pv_clear_page"),
    Hook("do_idle", "cpu_arm926_do_idle", "function", _code(_DO_IDLE), "pv_do_idle"),
    *_user_access(),
)
