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


class Hook(NamedTuple):
    """One way to recognise one place. Of several hooks with the same name the first match counts.

    All hooks of one `group` are applied together or, if one name of it has no match, not at all.
    """

    name: str
    symbol: str
    kind: str  # "function", "place", "convert", "entry"
    pattern: Tuple[tuple, ...]
    target: str  # label in the blob; of an entry also a symbol of the kernel
    info: str = ""  # field of struct pv_info, for "entry": "swi_entry", "entry[0]"...
    group: str = ""


HOOKS: Tuple[Hook, ...] = (
)
