# SPDX-License-Identifier: Apache-2.0
"""The format of zImage-hako: docs/bundle.md, vmm/image_header.h, vmm/bundle.h."""

import struct
import zlib
from typing import List, NamedTuple, Tuple

from .boards import Board, board_name
from .errors import BundleError

# vmm/image_header.h
AT_ZIMAGE_MAGIC, AT_ZIMAGE_END = 0x24, 0x2C
AT_MAGIC, AT_SIZE, AT_BUNDLE = 0x40, 0x4C, 0x58
IMAGE_WORDS = struct.Struct("<8I")  # from AT_MAGIC on
IMAGE_HEADER_SIZE = 0x60
ZIMAGE_MAGIC, IMAGE_MAGIC, IMAGE_VERSION = 0x016F2818, 0x4D4D5648, 1

# vmm/bundle.h
MAGIC, VERSION = 0x4F4B4148, 1
ALIGN = 4096
PARTS_MAX = 24
HEADER = struct.Struct("<9I24xI")
PART = struct.Struct("<I16s5I8x")
VMM, GUEST, DTB, INITRD, PROXIES, INFO, PV = range(1, 8)
KIND_NAMES = {VMM: "vmm", GUEST: "guest", DTB: "device tree", INITRD: "initrd",
              PROXIES: "proxy table", INFO: "text", PV: "pv_info"}

# board RAM below the guest's, and the VMM's own (arch/arm/layout.h)
RESERVED_SIZE, VMM_SIZE = 1 << 20, 3 << 20


class Part(NamedTuple):
    kind: int
    name: str
    data: bytes
    gpa: int = 0
    memory_size: int = 0


class Header(NamedTuple):
    """The numbers in a bundle's header that the bundler decides."""

    machine_id: int
    guest_memory: int
    entry: int
    dtb: int


class Row(NamedTuple):
    """A row of the part table as read back, with the bytes it describes."""

    kind: int
    name: str
    offset: int
    size: int
    gpa: int
    memory_size: int
    crc: int
    data: bytes

    @property
    def is_good(self) -> bool:
        return len(self.data) == self.size and zlib.crc32(self.data) == self.crc


def _align(size: int) -> int:
    return (size + ALIGN - 1) // ALIGN * ALIGN


def check_vmm(data: bytes, board: Board) -> None:
    """Is this a VMM's image, as the Makefile leaves it, for that board?"""
    if len(data) < IMAGE_HEADER_SIZE or \
            struct.unpack_from("<I", data, AT_ZIMAGE_MAGIC)[0] != ZIMAGE_MAGIC or \
            struct.unpack_from("<I", data, AT_MAGIC)[0] != IMAGE_MAGIC:
        raise BundleError("not a VMM image; give build/<board>/vmm.bin")
    _, version, machine_id, size, stack_end, _, bundle, _ = IMAGE_WORDS.unpack_from(data, AT_MAGIC)
    if version != IMAGE_VERSION:
        raise BundleError(f"VMM image of version {version}, this script knows {IMAGE_VERSION}"
                          "; build the VMM again")
    if bundle:
        raise BundleError("this VMM image has a bundle already; give build/<board>/vmm.bin")
    if machine_id != board.machine_id:
        raise BundleError(f"VMM image for {board_name(machine_id)}, not for {board.name}"
                          f"; build it with BOARD={board.name}")
    if size != len(data) or stack_end < size:
        raise BundleError(f"damaged VMM image: {len(data)} bytes, its header says {size}"
                          "; build it again")


def pack(vmm: bytes, header: Header, parts: List[Part]) -> bytes:
    """The whole file. The VMM's image has been checked, and so have the parts' addresses."""
    stack_end = struct.unpack_from("<I", vmm, AT_MAGIC + 16)[0]
    bundle_at = _align(stack_end)
    header_size = HEADER.size + (len(parts) + 1) * PART.size
    if len(parts) + 1 > PARTS_MAX:
        raise BundleError(f"{len(parts) + 1} parts, {PARTS_MAX} are possible; the guest has too "
                          "many segments far apart")

    body = bytearray()
    rows = []
    for part in parts:
        body += bytes(-(header_size + len(body)) % ALIGN)
        rows.append(PART.pack(part.kind, part.name.encode(), header_size + len(body),
                              len(part.data), part.gpa, part.memory_size, zlib.crc32(part.data)))
        body += part.data
    total = _align(header_size + len(body))
    body += bytes(total - header_size - len(body))

    image = bytearray(vmm)
    struct.pack_into("<I", image, AT_ZIMAGE_END, bundle_at + total)
    struct.pack_into("<II", image, AT_BUNDLE, bundle_at, total)
    rows.insert(0, PART.pack(VMM, b"vmm", 0, len(image), 0, 0, zlib.crc32(image)))

    words = (MAGIC, VERSION, header_size, total, len(rows), header.machine_id,
             header.guest_memory, header.entry, header.dtb)
    table = b"".join(rows)
    crc = zlib.crc32(HEADER.pack(*words, 0) + table)
    gap = bytes(bundle_at - len(image))
    return bytes(image) + gap + HEADER.pack(*words, crc) + table + bytes(body)


def bundle_size(data: bytes) -> int:
    """Of a zImage-hako that pack() made."""
    return struct.unpack_from("<I", data, AT_BUNDLE + 4)[0]


def unpack(data: bytes) -> Tuple[Header, List[Row]]:
    """Header and parts of a zImage-hako; parts may be damaged, what leads to them may not."""
    if len(data) < IMAGE_HEADER_SIZE or \
            struct.unpack_from("<I", data, AT_MAGIC)[0] != IMAGE_MAGIC:
        raise BundleError("not a zImage-hako")
    bundle_at, total = struct.unpack_from("<II", data, AT_BUNDLE)
    if not bundle_at:
        raise BundleError("a VMM image without a bundle; scripts/bundle adds one")
    if bundle_at + total != len(data):
        raise BundleError(f"the file has {len(data)} bytes, its header says {bundle_at + total}"
                          "; it was cut short or damaged")
    bundle = data[bundle_at:]
    if len(bundle) < HEADER.size:
        raise BundleError("the bundle's header is damaged")
    *words, crc = HEADER.unpack_from(bundle)
    magic, version, header_size, _, count, machine_id, guest_memory, entry, dtb = words
    if magic != MAGIC or not HEADER.size <= header_size <= len(bundle):
        raise BundleError("the bundle's header is damaged")
    if version != VERSION:
        raise BundleError(f"bundle of version {version}, this script knows {VERSION}")
    table = bundle[HEADER.size:header_size]
    if zlib.crc32(HEADER.pack(*words, 0) + table) != crc or \
            header_size != HEADER.size + count * PART.size:
        raise BundleError("the bundle's header is damaged")
    rows = []
    for kind, name, offset, size, gpa, memory_size, part_crc in PART.iter_unpack(table):
        source = data if kind == VMM else bundle
        rows.append(Row(kind, name.rstrip(b"\0").decode("ascii", "replace"), offset, size, gpa,
                        memory_size, part_crc, source[offset:offset + size]))
    return Header(machine_id, guest_memory, entry, dtb), rows
