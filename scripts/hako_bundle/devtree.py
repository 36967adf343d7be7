# SPDX-License-Identifier: Apache-2.0
"""What a VM's device tree says that the board's does not."""

from typing import NamedTuple, Optional, Sequence, Tuple

from . import fdt
from .boards import Board
from .errors import BundleError

# Hako's power register (devemu/hako_power.c): the guest's stock syscon-poweroff driver writes it.
POWER_GPA, POWER_SIZE = 0xF0000000, 0x1000
POWER_OFF_OFFSET, POWER_OFF_VALUE = 0, 0x504F4646  # "POFF"


class Initrd(NamedTuple):
    start: int
    end: int


def prepare(data: bytes, board: Board, memory: int, cmdline: Optional[str],
            initrd: Optional[Initrd], reserved: Sequence[Tuple[int, int]] = ()) -> bytes:
    """The device tree a VM on this board gets, made from the board's own.

    `reserved`: address and size of memory that the guest must leave alone.
    """
    tree = fdt.read(data)
    root = tree.root
    if board.compatible not in root.strings("compatible"):
        raise BundleError(f"the device tree is for '{', '.join(root.strings('compatible'))}', "
                          f"not for {board.name} ('{board.compatible}')")
    if root.cell("#address-cells", 2) != 1 or root.cell("#size-cells", 1) != 1:
        raise BundleError("the device tree's root has addresses of other than 32 bits")

    _set_memory(root, memory)
    _set_chosen(root.child("chosen"), cmdline, initrd)
    _add_power_off(tree)
    tree.reserved += reserved
    for node in root.walk():
        if any(name in board.disabled for name in node.strings("compatible")):
            node.set_strings("status", "disabled")
    return fdt.write(tree)


def _set_memory(root: fdt.Node, size: int) -> None:
    node = root.child("memory")
    node.set_strings("device_type", "memory")
    node.set_cells("reg", 0, size)


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
