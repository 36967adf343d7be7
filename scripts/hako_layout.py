# SPDX-License-Identifier: Apache-2.0
"""What is where on a board's boot medium: reads board/BOARD/layout.toml, and refuses one that is
not right. All else takes offsets and sizes from here."""

import tomllib
from pathlib import Path
from typing import Dict, NamedTuple

ROOT = Path(__file__).resolve().parent.parent

MIB = 1 << 20
SECTOR = 512
SLOT_LEAST = 16 * MIB
# What a medium is made of: flash is erased by sectors, a card is written by 4 KiB at least.
BLOCKS = {"flash": 0x40000, "card": 0x1000}

# Two of each, of one size: the other one is there while this one is written.
PAIRS = ("environment", "record", "slot")
NAMES = [f"{name}-{which}" for name in PAIRS for which in "ab"] + ["disks"]


class LayoutError(Exception):
    """A layout that is not right; the message says why."""


class Part(NamedTuple):
    offset: int
    size: int

    @property
    def end(self):
        return self.offset + self.size


class Layout(NamedTuple):
    board: str
    medium: str
    base: int  # address of the flash; 0: a card
    size: int
    block: int
    environment_bytes: int
    parts: Dict[str, Part]  # in the order of their offsets


def _number(table, name, where):
    value = table.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise LayoutError(f"{where}: '{name}' has to be a number")
    return value


def _only(table, names, where):
    for name in table:
        if name not in names:
            raise LayoutError(f"{where}: '{name}' is not known")


def _check_parts(layout):
    names = NAMES + (["u-boot"] if layout.medium == "flash" else [])
    for name in names:
        if name not in layout.parts:
            raise LayoutError(f"parts: there is no '{name}'")
    _only(layout.parts, names, "parts")
    # The first block of a card has the partition table.
    before, free = "the partition table", layout.block if layout.medium == "card" else 0
    for name, part in layout.parts.items():
        if part.size == 0 or part.offset % layout.block or part.size % layout.block:
            raise LayoutError(f"{name}: not whole blocks of {layout.block:#x}")
        if part.offset < free:
            raise LayoutError(f"{name}: overlaps {before}")
        if part.end > layout.size:
            raise LayoutError(f"{name}: ends at {part.end:#x}, behind the medium's end")
        before, free = name, part.end
    for name in PAIRS:
        if layout.parts[f"{name}-a"].size != layout.parts[f"{name}-b"].size:
            raise LayoutError(f"{name}-a, {name}-b: not of one size")


def check(layout):
    """Raises LayoutError unless all parts are there, in whole blocks, apart from each other."""
    if layout.block != BLOCKS[layout.medium]:
        raise LayoutError(f"block: {BLOCKS[layout.medium]:#x} for a {layout.medium}")
    if layout.size == 0 or layout.size % layout.block:
        raise LayoutError(f"size: not whole blocks of {layout.block:#x}")
    if (layout.base != 0) != (layout.medium == "flash"):
        raise LayoutError("base: flash has an address, a card has none")
    _check_parts(layout)
    if layout.parts["slot-a"].size < SLOT_LEAST:
        raise LayoutError(f"slot-a: smaller than {SLOT_LEAST // MIB} MiB")
    # U-Boot takes the first of two environments for the one with the lower offset.
    if layout.parts["environment-a"].offset > layout.parts["environment-b"].offset:
        raise LayoutError("environment-b: has to be behind environment-a")
    if not SECTOR <= layout.environment_bytes <= layout.parts["environment-a"].size or \
            layout.environment_bytes % SECTOR:
        raise LayoutError("environment_bytes: not whole sectors within an environment")


def parse(board, text):
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LayoutError(f"not TOML: {error}") from error
    _only(table, ("medium", "base", "size", "block", "environment_bytes", "parts"), "layout")
    if table.get("medium") not in BLOCKS:
        raise LayoutError(f"medium: {' or '.join(BLOCKS)}")
    if not isinstance(table.get("parts"), dict):
        raise LayoutError("parts: missing")
    parts = {}
    for name, part in table["parts"].items():
        if not isinstance(part, dict):
            raise LayoutError(f"{name}: has to have 'offset' and 'size'")
        _only(part, ("offset", "size"), name)
        parts[name] = Part(_number(part, "offset", name), _number(part, "size", name))
    parts = dict(sorted(parts.items(), key=lambda item: item[1].offset))
    layout = Layout(board, table["medium"], _number({"base": 0, **table}, "base", "layout"),
                    _number(table, "size", "layout"), _number(table, "block", "layout"),
                    _number(table, "environment_bytes", "layout"), parts)
    check(layout)
    return layout


def read(board):
    """The layout of a board; raises LayoutError if there is none, or a bad one."""
    path = ROOT / "board" / board / "layout.toml"
    try:
        return parse(board, path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LayoutError(f"{board}: {error.strerror}: board/{board}/layout.toml") from error
    except LayoutError as error:
        raise LayoutError(f"board/{board}/layout.toml: {error}") from error


def uboot_config(layout):
    """The lines of U-Boot's configuration that follow from a layout."""
    parts = layout.parts
    lines = {"ENV_SIZE": layout.environment_bytes}
    if layout.medium == "flash":
        lines["TEXT_BASE"] = layout.base + parts["u-boot"].offset
        lines["HAKO_FLASH_BASE"] = layout.base
        lines["BOARD_SIZE_LIMIT"] = parts["u-boot"].size
        lines["ENV_SECT_SIZE"] = layout.block
        lines["ENV_ADDR"] = layout.base + parts["environment-a"].offset
        lines["ENV_ADDR_REDUND"] = layout.base + parts["environment-b"].offset
    else:
        lines["ENV_OFFSET"] = parts["environment-a"].offset
        lines["ENV_OFFSET_REDUND"] = parts["environment-b"].offset
    for name in ("record", "slot"):
        lines[f"HAKO_{name.upper()}_A_OFFSET"] = parts[f"{name}-a"].offset
        lines[f"HAKO_{name.upper()}_B_OFFSET"] = parts[f"{name}-b"].offset
        lines[f"HAKO_{name.upper()}_SIZE"] = parts[f"{name}-a"].size
    return "".join(f"CONFIG_{name}={value if name == 'BOARD_SIZE_LIMIT' else hex(value)}\n"
                   for name, value in lines.items())
