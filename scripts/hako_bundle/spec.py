# SPDX-License-Identifier: Apache-2.0
"""The form of a property of a description, and what one says."""

import struct
from typing import Any, NamedTuple, Tuple

from .errors import BundleError


class Spec(NamedTuple):
    """The form of a property."""

    kind: str  # flag, cells, wide, choice, text, bytes
    required: bool = False
    count: int = 1
    least: int = 0
    most: int = 0xFFFFFFFF
    choices: Tuple[str, ...] = ()


FLAG, TEXT = Spec("flag"), Spec("text")


def value_of(spec: Spec, data: bytes) -> Any:
    """What a property says; a text if it is not of that form."""
    if spec.kind == "flag":
        return True if not data else BundleError("a flag: it has no value")
    if spec.kind == "wide":
        if len(data) not in (4, 8):
            return BundleError("the wrong number of values")
        return int.from_bytes(data, "big")
    if spec.kind == "cells":
        if len(data) != 4 * spec.count:
            return BundleError("the wrong number of values")
        cells = struct.unpack(f">{spec.count}I", data)
        if any(not spec.least <= cell <= spec.most for cell in cells):
            return BundleError(f"out of range: {spec.least} to {spec.most}")
        return cells[0] if spec.count == 1 else cells
    if spec.kind == "bytes":
        return data if len(data) == spec.count else BundleError("the wrong number of bytes")
    text = data[:-1].decode("latin-1")
    if not data.endswith(b"\0") or any(not " " <= c <= "~" for c in text) or len(data) > 1024:
        return BundleError("not one text, of printable characters")
    if len(text) > spec.most:
        return BundleError(f"at most {spec.most} characters")
    if spec.kind == "choice" and text not in spec.choices:
        return BundleError(f"'{text}' is not one of {', '.join(spec.choices)}")
    return text
