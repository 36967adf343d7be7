# SPDX-License-Identifier: Apache-2.0
"""What paravirtual code and the VMM agree on: vcpu/pv_abi.h once more. A test compares the two."""

import struct
from typing import List, NamedTuple, Tuple

from .errors import RewriteError

PV_PAGE = 0xFFAFF000
PV_CTL, PV_I_ONLY = 0x000, 0x100
PV_SCTLR, PV_DACR, PV_DFSR, PV_IFSR, PV_FAR = 0x00C, 0x024, 0x028, 0x02C, 0x030
PV_FPEXC, PV_FPEXC_EN = 0x034, 0x40000000
PV_MASKED, PV_UNMASKED = PV_PAGE + 0x93, PV_PAGE + 0x13

PV_HYPERCALL_WORD = 0xF0000000
PV_HC_COUNT = 6
PV_DACR_INDEX = 16

PV_INFO_MAGIC, PV_INFO_VERSION = 0x49565048, 3
PV_RANGES_MAX = 16
PV_ENTRIES = ("und_usr", "pabt_usr", "dabt_usr", "irq_usr",
              "und_svc", "pabt_svc", "dabt_svc", "irq_svc")

# Bits of dacr_at: of an entry its place in PV_ENTRIES, then these.
PV_DACR_AT_SWI, PV_DACR_AT_RETURN = 1 << len(PV_ENTRIES), 1 << len(PV_ENTRIES) + 1

FIELDS = 12  # words between version and entry
INFO = struct.Struct(f"<{2 + FIELDS}I{len(PV_ENTRIES)}II{2 * PV_RANGES_MAX}I")


class PvInfo(NamedTuple):
    """struct pv_info. Addresses are the guest's; 0 where there is none."""

    code_va: int
    code_gpa: int
    code_size: int
    linear_offset: int
    user_limit: int
    swi_entry: int = 0
    return_site: int = 0
    restart_from: int = 0
    announces: int = 0
    call_dacr: int = 0
    return_dacr: int = 0
    dacr_at: int = 0
    entry: Tuple[int, ...] = (0,) * len(PV_ENTRIES)
    ranges: Tuple[Tuple[int, int], ...] = ()


def pack_info(info: PvInfo) -> bytes:
    if len(info.ranges) > PV_RANGES_MAX:
        raise RewriteError(f"{len(info.ranges)} ranges of paravirtual code with the rights of User "
                           f"mode, {PV_RANGES_MAX} are possible; report it")
    flat: List[int] = [value for pair in info.ranges for value in pair]
    flat += [0] * (2 * PV_RANGES_MAX - len(flat))
    return INFO.pack(PV_INFO_MAGIC, PV_INFO_VERSION, *info[:FIELDS], *info.entry,
                     len(info.ranges), *flat)


def unpack_info(data: bytes) -> PvInfo:
    """The reverse; only the form is checked, what it says is the VMM's to judge. RewriteError."""
    if len(data) != INFO.size:
        raise RewriteError(f"damaged: struct pv_info of {len(data)} bytes, it has {INFO.size}"
                           "; rewrite the original again")
    magic, version, *rest = INFO.unpack(data)
    fields, entry = rest[:FIELDS], rest[FIELDS:FIELDS + len(PV_ENTRIES)]
    count, *flat = rest[FIELDS + len(PV_ENTRIES):]
    if magic != PV_INFO_MAGIC or version != PV_INFO_VERSION or count > PV_RANGES_MAX:
        raise RewriteError("damaged or of another version: struct pv_info"
                           "; rewrite the original again")
    ranges = tuple(zip(flat[0:2 * count:2], flat[1:2 * count:2]))
    return PvInfo(*fields, tuple(entry), ranges)
