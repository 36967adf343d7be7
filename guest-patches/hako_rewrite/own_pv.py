# SPDX-License-Identifier: Apache-2.0
"""A bare-metal guest that brings paravirtual code of its own: docs/guest-abi.md.

Its data object `hako_pv_info` is a struct pv_info (vcpu/pv_abi.h). Its code is code of the guest like
any other and stays where it is, so nothing is added: the VMM is told, and hypercalls get their
indexes.
"""

import struct
from array import array
from collections import Counter
from typing import Optional

from .elf import Elf
from .errors import RewriteError
from .pv_abi import INFO, PV_INFO_MAGIC, PV_INFO_VERSION, PvInfo, unpack_info
from .pv_segment import Segment
from .stubs import Stubs

SYMBOL = "hako_pv_info"


def _read(elf: Elf) -> Optional[PvInfo]:
    """What the guest says about its own paravirtual code; None if it has none. RewriteError."""
    addr, size = elf.named().get(SYMBOL, (None, 0))
    if addr is None:
        return None
    where = f"{addr:#010x} ({SYMBOL})"
    if size != INFO.size:
        raise RewriteError(f"{where}: an object of {size} bytes, struct pv_info has {INFO.size}"
                           "; build the guest with this vcpu/pv_abi.h")
    section = next((s for s, _ in elf.loaded_sections()
                    if s.addr <= addr and addr + size <= s.addr + s.size), None)
    if section is None:
        raise RewriteError(f"{where}: not in the file; give it an initial value")
    start = section.offset + addr - section.addr
    data = elf.data[start:start + size]
    if struct.unpack_from("<II", data) != (PV_INFO_MAGIC, PV_INFO_VERSION):
        raise RewriteError(f"{where}: does not start with PV_INFO_MAGIC and PV_INFO_VERSION"
                           "; build the guest with this vcpu/pv_abi.h")
    return unpack_info(data)


def find_own(elf: Elf) -> Optional[Segment]:
    """The paravirtual part of such a guest: without a segment, all of it is there already."""
    info = _read(elf)
    return info and Segment(info, 0, b"", 0, [], Stubs([], array("I"), Counter()), [], {})
