# SPDX-License-Identifier: Apache-2.0
"""What a board has to give to VMs, read from the tables that the VMM itself is built from:
board/NAME/board.c and vmm/config/vm_models.c. There is no second list that could differ."""

import os
import re
from typing import Dict, List, NamedTuple, Optional

from .errors import BundleError

ROOT = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../..")
ROW_RE = re.compile(r'\bVM_(DIRECT|INERT|MODEL|READ_DIRECT)\("([^"]+)", ([^,]+), ([^,)]+)')
WIRE_RE = re.compile(r"\{ VM_SINK_PRIMARY, (\d+) \}")
LINE_RE = re.compile(r'\{ ([0-9+ ]+), VM_SINK_(\w+), (\d+), "([^"]+)" \}')
VIRTIO_RE = re.compile(r"\.virtio_input = \{ ([0-9, ]+) \}")
MODEL_RE = re.compile(r'\{ "([^"]+)",\s+&\w+,\s+[&\w]+,\s+([^},]+?) \}')


class Row(NamedTuple):
    """A window of the board."""

    name: str
    base: int
    size: int
    direct: bool  # a device that one VM can have; the others are models, and every VM's
    is_primary: bool
    inputs: List[int]  # of the primary interrupt controller
    inert: bool  # a model that does nothing, of a device that no VM can have
    lines: int  # interrupts of the board that are this device's


class BoardTable(NamedTuple):
    rows: List[Row]
    virtio_inputs: List[int]

    def row(self, name: str) -> Optional[Row]:
        return next((row for row in self.rows if row.name == name), None)

    @property
    def primary(self) -> int:
        """Where the primary interrupt controller is."""
        return next(row.base for row in self.rows if row.is_primary)


def _number(text: str) -> int:
    """Constant expressions as these tables have them: 4 * KIB, 0x70000000 - 0x43000000."""
    text = text.replace("KIB", "1024").replace("MIB", "1048576")
    if not re.fullmatch(r"[0-9a-fxA-F*+ -]+", text):
        raise BundleError(f"the board's table has a number that is not understood: {text}")
    total = 0
    for sign, product in re.findall(r"([+-]?)\s*([^+-]+)", text):
        value = 1
        for factor in product.split("*"):
            value *= int(factor.strip(), 0)
        total += -value if sign == "-" else value
    return total


def _read(path: str) -> str:
    try:
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            return file.read()
    except OSError as error:
        raise BundleError(f"{path}: {error.strerror}; run this script in its source tree") from None


def read_board(name: str) -> BoardTable:
    text = _read(f"board/{name}/board.c")
    lines: Dict[str, List[int]] = {}
    counts: Dict[str, int] = {}
    for _, sink, number, window in LINE_RE.findall(text):
        lines.setdefault(window, []).extend([int(number)] if sink == "PRIMARY" else [])
        counts[window] = counts.get(window, 0) + 1
    starts = list(ROW_RE.finditer(text))
    rows = []
    for match, after in zip(starts, starts[1:] + [None]):
        kind, row_name, base, size = match.groups()
        body = text[match.start():after.start() if after else text.index("};", match.start())]
        rows.append(Row(row_name, _number(base), _number(size), kind == "DIRECT",
                        ".is = VM_SINK_PRIMARY" in body,
                        [int(n) for n in WIRE_RE.findall(body)] + lines.get(row_name, []),
                        kind == "INERT", counts.get(row_name, 0)))
    virtio = VIRTIO_RE.search(text)
    if not rows or not virtio or sum(row.is_primary for row in rows) != 1:
        raise BundleError(f"board/{name}/board.c: its tables are not understood")
    return BoardTable(rows, [int(n) for n in virtio[1].split(",")])


def read_models() -> Dict[str, int]:
    """Models that a description can place anywhere: name and size of the window."""
    models = {name: _number(size) for name, size in MODEL_RE.findall(_read("vmm/config/vm_models.c"))}
    if not models:
        raise BundleError("vmm/config/vm_models.c: its table is not understood")
    return models
