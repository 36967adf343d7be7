# SPDX-License-Identifier: Apache-2.0
"""One VM's parts of a bundle: its guest, and what is made to go with it."""

import os
from typing import List, NamedTuple, Optional, Tuple

from . import devtree, image, layout
from .boards import Board
from .errors import BundleError
from .files import about, read_file
from .guest import Guest, read_guest

CMDLINE_MAX = 1023  # Linux, COMMAND_LINE_SIZE of ARM, with the terminating 0


class Inputs(NamedTuple):
    """What one VM is made of."""

    name: str
    memory: int  # without what another board shares
    guest: str  # this and the next two are files
    dtb: Optional[str]
    initrd: Optional[str]
    initrd_at: Optional[int] = None
    cmdline: Optional[str] = None
    devices: Optional[devtree.Devices] = None  # None: all that the board has


class Made(NamedTuple):
    row: image.Vm
    parts: List[image.Part]
    guest: Guest


def guest_parts(guest: Guest) -> List[image.Part]:
    name = "kernel" if guest.is_linux else "guest"
    return [image.Part(image.GUEST, f"{name}.{i}" if i else name, piece.data, piece.gpa,
                       piece.memory_size) for i, piece in enumerate(guest.pieces)]


def _read_guest(path: str, ram_base: int) -> Guest:
    data = read_file(path, "guest")
    try:
        guest = read_guest(data, ram_base)
    except BundleError as error:
        raise about(path, "guest", error) from None
    if not any(p.gpa <= guest.entry < p.gpa + len(p.data) for p in guest.pieces):
        raise BundleError(f"guest {path}: its entry point {guest.entry:#x} is not in what "
                          "is loaded")
    return guest


def _check_options(inputs: Inputs, guest: Guest) -> None:
    if inputs.cmdline is not None and (len(inputs.cmdline.encode()) > CMDLINE_MAX or
                                       not inputs.cmdline.isprintable()):
        raise BundleError(f"--cmdline: at most {CMDLINE_MAX} printable characters")
    if guest.is_linux and not inputs.dtb:
        raise BundleError("Linux needs a device tree: --dtb FILE")
    if inputs.cmdline is not None and not inputs.dtb:
        raise BundleError("--cmdline goes into the device tree: --dtb FILE")
    if inputs.initrd and not inputs.dtb:
        raise BundleError("the device tree tells the guest about an initrd: --dtb FILE")


def _tree_parts(board: Board, inputs: Inputs, guest: Guest,
                dtb: str) -> Tuple[List[image.Part], int]:
    """The initial RAM disk and the device tree; also returns the tree's place."""
    initrd = read_file(inputs.initrd, "initrd") if inputs.initrd else b""
    source = read_file(dtb, "device tree")
    reserved = [(guest.pv.code_gpa, guest.pv.code_size)] \
        if guest.pv and guest.pv.code_size else []

    # Its size does not depend on the addresses in it.
    def prepared(start: int) -> bytes:
        place = devtree.Initrd(start, start + len(initrd)) if initrd else None
        return devtree.prepare(source, board, inputs.memory, inputs.cmdline, place, reserved,
                               inputs.devices)

    try:
        size = len(prepared(0))
    except BundleError as error:
        raise about(dtb, "device tree", error) from None
    initrd_at = inputs.initrd_at
    places = layout.place(guest, inputs.memory, len(initrd), size,
                          None if initrd_at is None else initrd_at - board.ram_base)
    tree = prepared(places.initrd)
    parts = [image.Part(image.INITRD, "initrd", initrd, places.initrd, len(initrd))] \
        if initrd else []
    return parts + [image.Part(image.DTB, "dtb", tree, places.dtb, len(tree))], places.dtb


def make_vm(board: Board, inputs: Inputs, number: int) -> Made:
    """Reads a VM's files and makes its row and its parts."""
    guest = _read_guest(inputs.guest, board.ram_base)
    dtb = inputs.dtb
    if inputs.devices and not guest.is_linux:
        dtb = None  # of several VMs, those that are Linux use the board's tree
        inputs = inputs._replace(dtb=None)
    _check_options(inputs, guest)

    parts = guest_parts(guest)
    dtb_at = 0
    if dtb:
        more, dtb_at = _tree_parts(board, inputs, guest, dtb)
        parts += more
    layout.check([layout.Range(p.name, p.gpa, p.memory_size) for p in parts], inputs.memory)

    info = (f"name={inputs.name}\nguest={os.path.basename(inputs.guest)}\n"
            f"kind={'linux' if guest.is_linux else 'bare-metal'}\n")
    parts.append(image.Part(image.PROXIES, "proxies", guest.proxies))
    if guest.pv:
        parts.append(image.Part(image.PV, "pv", guest.pv_info))
    parts.append(image.Part(image.INFO, "info", info.encode("ascii", "replace")))
    shared = inputs.devices.shared if inputs.devices else 0
    return Made(image.Vm(inputs.memory + shared, guest.entry, dtb_at),
                [part._replace(vm=number) for part in parts], guest)
