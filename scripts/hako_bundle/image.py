# SPDX-License-Identifier: Apache-2.0
"""The format of zImage-hako: docs/bundle.md, vmm/start/image_header.h, vmm/start/bundle.h."""

import struct
import zlib
from typing import List, NamedTuple, Sequence, Tuple

from .boards import Board, board_name
from .errors import BundleError

# vmm/start/image_header.h
AT_ZIMAGE_MAGIC, AT_ZIMAGE_END, AT_FEATURES = 0x24, 0x2C, 0x3C
AT_MAGIC, AT_SIZE, AT_BUNDLE = 0x40, 0x4C, 0x58
IMAGE_WORDS = struct.Struct("<8I")  # from AT_MAGIC on
IMAGE_HEADER_SIZE = 0x60
ZIMAGE_MAGIC, IMAGE_MAGIC, IMAGE_VERSION = 0x016F2818, 0x4D4D5648, 1
HAS_NETWORK, HAS_MARK = 1, 2

# vmm/start/bundle.h
MAGIC, VERSION = 0x4F4B4148, 2
ALIGN = 4096
VMS_MAX, PARTS_MAX = 8, 64
NO_VM = 0xFFFFFFFF
CONFIG_MAX = 16384
HEADER = struct.Struct("<7I32xI")
VM_ROW = struct.Struct("<3I20x")
PART = struct.Struct("<I16s6I4x")
VMM, GUEST, DTB, INITRD, PROXIES, INFO, PV, CONFIG, DISK, KEY = range(1, 11)
KIND_NAMES = {VMM: "vmm", GUEST: "guest", DTB: "device tree", INITRD: "initrd",
              PROXIES: "proxy table", INFO: "text", PV: "pv_info", CONFIG: "description",
              DISK: "RAM disk", KEY: "key"}

# Board RAM below the VMs', the VMM's image, and its pool for each VM, one at least (arch/arm/layout.h).
RESERVED_SIZE, VMM_SIZE, POOL_SIZE = 1 << 20, 1 << 20, 1 << 20


class Part(NamedTuple):
    kind: int
    name: str
    data: bytes
    gpa: int = 0
    memory_size: int = 0
    vm: int = NO_VM


class Vm(NamedTuple):
    """A row of the table of VMs."""

    memory: int
    entry: int
    dtb: int


class Header(NamedTuple):
    """What a bundle's header and its table of VMs say and the bundler decides."""

    machine_id: int
    vms: Sequence[Vm]


class Row(NamedTuple):
    """A row of the part table as read back, with the bytes it describes."""

    kind: int
    name: str
    offset: int
    size: int
    gpa: int
    memory_size: int
    crc: int
    vm: int
    data: bytes

    @property
    def is_good(self) -> bool:
        return len(self.data) == self.size and zlib.crc32(self.data) == self.crc


def _align(size: int) -> int:
    return (size + ALIGN - 1) // ALIGN * ALIGN


def overhead(vm_count: int) -> int:
    """RAM that neither VMs nor RAM disks nor the bundle can have."""
    return RESERVED_SIZE + VMM_SIZE + max(vm_count, 1) * POOL_SIZE


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


def has_network(vmm: bytes) -> bool:
    """Of an image that was checked: has it a network stack?"""
    return bool(struct.unpack_from("<I", vmm, AT_FEATURES)[0] & HAS_NETWORK)


def pack(vmm: bytes, header: Header, parts: List[Part]) -> bytes:
    """The whole file. The VMM's image has been checked, and so have the parts' addresses."""
    stack_end = struct.unpack_from("<I", vmm, AT_MAGIC + 16)[0]
    bundle_at = _align(stack_end)
    header_size = HEADER.size + len(header.vms) * VM_ROW.size + (len(parts) + 1) * PART.size
    if len(parts) + 1 > PARTS_MAX:
        raise BundleError(f"{len(parts) + 1} parts, {PARTS_MAX} are possible; a guest has too "
                          "many segments far apart")

    body = bytearray()
    rows = []
    for part in parts:
        body += bytes(-(header_size + len(body)) % ALIGN)
        rows.append(PART.pack(part.kind, part.name.encode(), header_size + len(body),
                              len(part.data), part.gpa, part.memory_size, zlib.crc32(part.data),
                              part.vm))
        body += part.data
    total = _align(header_size + len(body))
    body += bytes(total - header_size - len(body))

    image = bytearray(vmm)
    struct.pack_into("<I", image, AT_ZIMAGE_END, bundle_at + total)
    struct.pack_into("<II", image, AT_BUNDLE, bundle_at, total)
    rows.insert(0, PART.pack(VMM, b"vmm", 0, len(image), 0, 0, zlib.crc32(image), NO_VM))

    words = (MAGIC, VERSION, header_size, total, len(rows), header.machine_id, len(header.vms))
    table = b"".join([VM_ROW.pack(*vm) for vm in header.vms] + rows)
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
    magic, version, header_size, _, count, machine_id, vm_count = words
    if magic != MAGIC or not HEADER.size <= header_size <= len(bundle):
        raise BundleError("the bundle's header is damaged")
    if version != VERSION:
        raise BundleError(f"bundle of version {version}, this script knows {VERSION}")
    table = bundle[HEADER.size:header_size]
    if zlib.crc32(HEADER.pack(*words, 0) + table) != crc or \
            len(table) != vm_count * VM_ROW.size + count * PART.size:
        raise BundleError("the bundle's header is damaged")
    parts_at = vm_count * VM_ROW.size
    rows = []
    for kind, name, offset, size, gpa, memory_size, part_crc, vm in \
            PART.iter_unpack(table[parts_at:]):
        source = data if kind == VMM else bundle
        rows.append(Row(kind, name.rstrip(b"\0").decode("ascii", "replace"), offset, size, gpa,
                        memory_size, part_crc, vm, source[offset:offset + size]))
    return Header(machine_id, [Vm(*row) for row in VM_ROW.iter_unpack(table[:parts_at])]), rows
