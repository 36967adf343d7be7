# SPDX-License-Identifier: Apache-2.0
"""The image to be flashed, and what speaks against it. Nothing here needs a board."""

import hashlib
import struct
import zlib
from typing import NamedTuple

from hako_bundle import boards, fdt
from hako_bundle.errors import BundleError
from hako_bundle.image import AT_FEATURES, AT_MAGIC, HAS_MARK, IMAGE_MAGIC

from .errors import FlashError

FIT_MAGIC = b"\xd0\x0d\xfe\xed"
AT_MACHINE_ID = 0x48


class Image(NamedTuple):
    data: bytes
    version: int

    @property
    def digest(self):
        """As the boot record has it."""
        return hashlib.sha256(self.data).hexdigest()[:16]

    @property
    def crc(self):
        return zlib.crc32(self.data)


def _kernels(tree):
    images = tree.root.find_child("images")
    for node in images.children if images else ():
        if node.strings("type")[:1] == ["kernel"] and "data" in node.props:
            yield node.props["data"]


def check(data, path, layout):
    """Raises FlashError unless it is a FIT image with a VMM for the board that fits into a slot."""
    if data[:4] != FIT_MAGIC:
        raise FlashError(f"{path}: not a FIT image; `make image` makes one")
    size = layout.parts["slot-a"].size
    if len(data) > size:
        raise FlashError(f"{path}: {len(data)} bytes; a slot of {layout.board} has room for {size}")
    said, = struct.unpack_from(">I", data, 4)
    if said > len(data):
        raise FlashError(f"{path}: it is cut off")
    try:
        bundles = [kernel for kernel in _kernels(fdt.read(data))
                   if len(kernel) > 0x60 and
                   struct.unpack_from("<I", kernel, AT_MAGIC)[0] == IMAGE_MAGIC]
    except (BundleError, UnicodeDecodeError, struct.error, IndexError) as error:
        raise FlashError(f"{path}: not a FIT image: {error}") from error
    if not bundles:
        raise FlashError(f"{path}: there is no zImage-hako in it")
    if said < len(data):
        # U-Boot would not know of them, and find another digest than the record's.
        raise FlashError(f"{path}: {len(data) - said} bytes follow the image")
    for bundle in bundles:
        machine_id, = struct.unpack_from("<I", bundle, AT_MACHINE_ID)
        features, = struct.unpack_from("<I", bundle, AT_FEATURES)
        if machine_id != boards.board_by_name(layout.board).machine_id:
            raise FlashError(f"{path}: it is for the board {boards.board_name(machine_id)}, not for "
                             f"{layout.board}")
        if not features & HAS_MARK:
            raise FlashError(f"{path}: its VMM does not mark its start, and would be given up: make "
                             "it with VMS=one-linux")


def read(path, version, layout):
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise FlashError(f"{path}: {error.strerror}") from error
    check(data, path, layout)
    return Image(data, version)


def pieces(data, block):
    """(offset, bytes) of each block."""
    return [(at, data[at:at + block]) for at in range(0, len(data), block)]


def runs(offsets, block, most):
    """Blocks that follow each other, at most so many in one: (offset, count)."""
    found = []
    for at in offsets:
        if found and found[-1][1] < most and at == found[-1][0] + found[-1][1] * block:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((at, 1))
    return found
