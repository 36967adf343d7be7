# SPDX-License-Identifier: Apache-2.0
"""What differs between boards. board/boot_boards.c has the same machine ids and RAM."""

from typing import NamedTuple, Tuple

from .errors import BundleError

MIB = 1 << 20


class Board(NamedTuple):
    name: str
    machine_id: int
    compatible: str  # of the device tree's root
    ram_base: int  # and of a VM's RAM, too
    ram_max: int
    # Devices a VM does not get, by compatible: bus masters, and what is of no use without them.
    disabled: Tuple[str, ...]


# A VM gets the screen of another board, if any; nobody gets the panel.
SCREEN = ("arm,pl110", "arm,pl111", "ti,ths8134", "ti,ths8134a", "ti,ths8134b", "vga-connector")
DISPLAY = SCREEN + ("arm,versatile-tft-panel",)

BOARDS = (
    Board("integratorcp", 0x113, "arm,integrator-cp", 0, 256 * MIB, DISPLAY),
    Board("versatilepb", 0x183, "arm,versatile-pb", 0, 256 * MIB,
          DISPLAY + ("arm,pl080", "arm,pl081", "arm,versatile-pci")),
    # Its device tree is our own, which has none of them (board/palmetto/palmetto.dts).
    Board("palmetto", 0x48414b02, "aspeed,ast2400", 0x40000000, 240 * MIB, ()),
)


def board_by_name(name: str) -> Board:
    for board in BOARDS:
        if board.name == name:
            return board
    raise BundleError(f"unknown board '{name}'; known are: " + ", ".join(b.name for b in BOARDS))


def board_name(machine_id: int) -> str:
    """For messages."""
    return next((b.name for b in BOARDS if b.machine_id == machine_id),
                f"machine id {machine_id:#x}")
