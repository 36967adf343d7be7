# SPDX-License-Identifier: Apache-2.0
"""What a VM's device tree says that the board's does not."""

import struct
from typing import Iterator, List, NamedTuple, Optional, Sequence, Tuple

from . import fdt
from .boards import SCREEN, Board
from .errors import BundleError

# Hako's power register (devemu/hako_power.c): the guest's stock syscon-poweroff driver writes it.
POWER_GPA, POWER_SIZE = 0xF0000000, 0x1000
POWER_OFF_OFFSET, POWER_OFF_VALUE = 0, 0x504F4646  # "POFF"


# A VM's virtio devices (board/board.h).
VIRTIO_GPA, VIRTIO_SIZE = 0xF0010000, 0x1000

# A window of a device: its registers may begin behind its start.
WINDOW_MIN = 0x1000


class Devices(NamedTuple):
    """What a VM that is not alone has."""

    hidden: Sequence[Tuple[int, int]]  # base and size of what the board has and the VM does not
    primary: int                       # base of the primary interrupt controller
    virtio_inputs: Sequence[int]       # of it, one for each virtio device
    shared: int = 0                    # bytes behind its memory that are another board's, too
    shared_by: Optional[int] = None    # base of the device that reads them there


class Initrd(NamedTuple):
    start: int
    end: int


def prepare(data: bytes, board: Board, memory: int, cmdline: Optional[str],
            initrd: Optional[Initrd], reserved: Sequence[Tuple[int, int]] = (),
            devices: Optional[Devices] = None) -> bytes:
    """The device tree a VM on this board gets, made from the board's own.

    The places of `initrd` and `reserved`, memory that the guest must leave alone, count from the start of RAM. `devices`: None for a VM
    that gets all of the board.
    """
    tree = fdt.read(data)
    root = tree.root
    if board.compatible not in root.strings("compatible"):
        raise BundleError(f"the device tree is for '{', '.join(root.strings('compatible'))}', "
                          f"not for {board.name} ('{board.compatible}')")
    if root.cell("#address-cells", 2) != 1 or root.cell("#size-cells", 1) != 1:
        raise BundleError("the device tree's root has addresses of other than 32 bits")

    base = board.ram_base
    _set_memory(root, base, memory)
    _set_chosen(root.child("chosen"), cmdline,
                initrd and Initrd(base + initrd.start, base + initrd.end))
    _add_power_off(tree)
    tree.reserved += [(base + start, size) for start, size in reserved]
    wanted = SCREEN if devices and devices.shared_by is not None else ()
    for node in root.walk():
        if any(name in board.disabled and name not in wanted for name in node.strings("compatible")):
            node.set_strings("status", "disabled")
    if devices:
        _hide(root, devices.hidden)
        _add_virtio(root, devices)
        _add_shared(tree, base + memory, devices)
    return fdt.write(tree)


def _addressed(bus: fdt.Node, to_root: Sequence[Tuple[int, int, int]]) -> \
        Iterator[Tuple[int, fdt.Node]]:
    """Each node on a bus, and on the buses below it, with its address as the CPU sees it.

    `to_root` has the bus's ranges: address on the bus, address of the CPU, size.
    """
    for node in bus.children:
        if len(node.props.get("reg", b"")) >= 8:
            address = struct.unpack_from(">I", node.props["reg"])[0]
            for start, at, size in to_root:
                if start <= address < start + size:
                    yield at + address - start, node
        ranges = node.props.get("ranges")
        if ranges is None or node.cell("#address-cells", 2) != 1 or \
                node.cell("#size-cells", 1) != 1 or len(ranges) % 12:
            continue
        below: List[Tuple[int, int, int]] = list(to_root) if not ranges else []
        for child, parent, size in struct.iter_unpack(">III", ranges):
            below += [(child, at + parent - start, size) for start, at, length in to_root
                      if start <= parent < start + length]
        yield from _addressed(node, below)


ALL_ADDRESSES = ((0, 0, 1 << 32),)


def _hide(root: fdt.Node, hidden: Sequence[Tuple[int, int]]) -> None:
    for address, node in list(_addressed(root, ALL_ADDRESSES)):
        if any(base <= address < base + size for base, size in hidden):
            node.set_strings("status", "disabled")


def _add_virtio(root: fdt.Node, devices: Devices) -> None:
    if not devices.virtio_inputs:
        return
    controller = next((node for address, node in _addressed(root, ALL_ADDRESSES)
                       if devices.primary <= address < devices.primary + WINDOW_MIN and
                       "interrupt-controller" in node.props), None)
    if not controller or not controller.cell("phandle", 0):
        raise BundleError(f"the device tree has no interrupt controller at {devices.primary:#x} "
                          "with a phandle")
    # Inputs that the board has nothing at: the tree may say that they are none.
    if "valid-mask" in controller.props:
        controller.set_cells("valid-mask", controller.cell("valid-mask", 0) |
                             sum(1 << number for number in set(devices.virtio_inputs)))
    for index, number in enumerate(devices.virtio_inputs):
        address = VIRTIO_GPA + index * VIRTIO_SIZE
        node = root.child(f"virtio@{address:x}")
        node.set_strings("compatible", "virtio,mmio")
        node.set_cells("reg", address, VIRTIO_SIZE)
        node.set_cells("interrupt-parent", controller.cell("phandle", 0))
        node.set_cells("interrupts", number)


def _add_shared(tree: fdt.Tree, start: int, devices: Devices) -> None:
    """Memory for pictures, which is no other: the device that shows them takes its buffers there."""
    if not devices.shared:
        return
    phandle = tree.next_phandle()
    memory = tree.root.child("reserved-memory")
    memory.set_cells("#address-cells", 1)
    memory.set_cells("#size-cells", 1)
    memory.props["ranges"] = b""
    node = memory.child(f"shared@{start:x}")
    node.set_strings("compatible", "shared-dma-pool")
    node.set_cells("reg", start, devices.shared)
    node.props["no-map"] = b""
    node.set_cells("phandle", phandle)
    for address, reader in list(_addressed(tree.root, ALL_ADDRESSES)):
        if address == devices.shared_by:
            reader.set_cells("memory-region", phandle)


def _set_memory(root: fdt.Node, base: int, size: int) -> None:
    node = root.child("memory")
    node.set_strings("device_type", "memory")
    node.set_cells("reg", base, size)


def _set_chosen(node: fdt.Node, cmdline: Optional[str], initrd: Optional[Initrd]) -> None:
    if cmdline is not None:
        node.set_strings("bootargs", cmdline)
    for name in ("linux,initrd-start", "linux,initrd-end"):
        node.props.pop(name, None)
    if initrd:
        node.set_cells("linux,initrd-start", initrd.start)
        node.set_cells("linux,initrd-end", initrd.end)


def _add_power_off(tree: fdt.Tree) -> None:
    if tree.root.find_child("hako-power"):
        raise BundleError("the device tree was prepared before; give the kernel's own")
    phandle = tree.next_phandle()
    register = tree.root.child(f"hako-power@{POWER_GPA:x}")
    register.set_strings("compatible", "hako,power", "syscon")
    register.set_cells("reg", POWER_GPA, POWER_SIZE)
    register.set_cells("phandle", phandle)
    off = tree.root.child("hako-poweroff")
    off.set_strings("compatible", "syscon-poweroff")
    off.set_cells("regmap", phandle)
    off.set_cells("offset", POWER_OFF_OFFSET)
    off.set_cells("value", POWER_OFF_VALUE)
