# SPDX-License-Identifier: Apache-2.0
"""Flattened device trees (Devicetree Specification, chapter 5): read, change, write.

A small reader and writer of our own, so that bundling needs neither a compiler nor libfdt.
"""

import struct
from typing import Dict, Iterator, List, Optional, Tuple

from .errors import BundleError

HEADER = struct.Struct(">10I")
MAGIC = 0xD00DFEED
VERSION, COMPATIBLE_VERSION = 17, 16
BEGIN_NODE, END_NODE, PROP, NOP, END = 1, 2, 3, 4, 9
DEPTH_MAX = 64


class Node:
    """A node: properties and children, both in the order of the file."""

    def __init__(self, name: str):
        self.name = name
        self.props: Dict[str, bytes] = {}
        self.children: List["Node"] = []

    def walk(self) -> Iterator["Node"]:
        """This node and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()

    def child(self, name: str) -> "Node":
        """The child of that name, made if there is none."""
        found = self.find_child(name)
        if found is None:
            found = Node(name)
            self.children.append(found)
        return found

    def find_child(self, name: str) -> Optional["Node"]:
        """By name, with or without the unit address."""
        for child in self.children:
            if child.name == name or child.name.split("@")[0] == name:
                return child
        return None

    def strings(self, prop: str) -> List[str]:
        return [s.decode("ascii", "replace") for s in self.props.get(prop, b"").split(b"\0") if s]

    def cell(self, prop: str, default: int) -> int:
        value = self.props.get(prop)
        return struct.unpack(">I", value)[0] if value is not None and len(value) == 4 else default

    def set_cells(self, prop: str, *values: int) -> None:
        self.props[prop] = struct.pack(f">{len(values)}I", *values)

    def set_strings(self, prop: str, *values: str) -> None:
        self.props[prop] = b"".join(v.encode() + b"\0" for v in values)


class Tree:
    """A device tree: the root, the memory reservations and the boot CPU."""

    def __init__(self, root: Node, reserved: List[Tuple[int, int]], boot_cpu: int):
        self.root = root
        self.reserved = reserved
        self.boot_cpu = boot_cpu

    def next_phandle(self) -> int:
        """A phandle that no node has."""
        return 1 + max((node.cell("phandle", 0) for node in self.root.walk()), default=0)


class _Reader:
    def __init__(self, data: bytes):
        if len(data) < HEADER.size or struct.unpack_from(">I", data)[0] != MAGIC:
            raise BundleError("not a device tree blob (.dtb); compile the source with dtc")
        (_, total, structs, strings, reserved, version, compatible, self.boot_cpu, strings_size,
         structs_size) = HEADER.unpack_from(data)
        if version < VERSION or compatible > VERSION:
            raise BundleError(f"device tree format version {version}; this tool knows {VERSION}")
        if total > len(data) or structs + structs_size > total or \
                strings + strings_size > total or structs % 4 or reserved > total:
            raise BundleError("damaged device tree: sizes in its header; compile it again")
        self.structs = data[structs:structs + structs_size]
        self.strings = data[strings:strings + strings_size]
        self.memory = data[reserved:total]
        self.at = 0

    def _word(self) -> int:
        if self.at + 4 > len(self.structs):
            raise BundleError("damaged device tree: it ends inside a node; compile it again")
        word = struct.unpack_from(">I", self.structs, self.at)[0]
        self.at += 4
        return word

    def _string(self, block: bytes, at: int) -> str:
        end = block.find(b"\0", at)
        if at > len(block) or end < 0:
            raise BundleError("damaged device tree: a name without an end; compile it again")
        return block[at:end].decode("ascii", "replace")

    def node(self, depth: int = 0) -> Node:
        """Reads a node; its BEGIN_NODE has been consumed."""
        if depth > DEPTH_MAX:
            raise BundleError("damaged device tree: nodes too deep; compile it again")
        node = Node(self._string(self.structs, self.at))
        self.at = (self.at + len(node.name) + 4) // 4 * 4
        while True:
            token = self._word()
            if token == END_NODE:
                return node
            if token == BEGIN_NODE:
                node.children.append(self.node(depth + 1))
            elif token == PROP:
                length, name = self._word(), self._word()
                if self.at + length > len(self.structs):
                    raise BundleError("damaged device tree: a property is too long"
                                      "; compile it again")
                node.props[self._string(self.strings, name)] = \
                    self.structs[self.at:self.at + length]
                self.at = (self.at + length + 3) // 4 * 4
            elif token != NOP:
                raise BundleError(f"damaged device tree: token {token:#x}; compile it again")

    def tree(self) -> Tree:
        token = self._word()
        while token == NOP:
            token = self._word()
        if token != BEGIN_NODE:
            raise BundleError("damaged device tree: no root; compile it again")
        reserved = []
        for address, size in struct.iter_unpack(
                ">QQ", self.memory[:len(self.memory) // 16 * 16]):
            if not size:
                break
            reserved.append((address, size))
        return Tree(self.node(), reserved, self.boot_cpu)


def read(data: bytes) -> Tree:
    return _Reader(data).tree()


def write(tree: Tree) -> bytes:
    strings = bytearray()
    offsets: Dict[str, int] = {}
    structs = bytearray()

    def put(node: Node) -> None:
        name = node.name.encode() + b"\0"
        structs.extend(struct.pack(">I", BEGIN_NODE) + name + bytes(-len(name) % 4))
        for prop, value in node.props.items():
            if prop not in offsets:
                offsets[prop] = len(strings)
                strings.extend(prop.encode() + b"\0")
            structs.extend(struct.pack(">III", PROP, len(value), offsets[prop]))
            structs.extend(value + bytes(-len(value) % 4))
        for child in node.children:
            put(child)
        structs.extend(struct.pack(">I", END_NODE))

    put(tree.root)
    structs.extend(struct.pack(">I", END))
    memory = b"".join(struct.pack(">QQ", *row) for row in tree.reserved + [(0, 0)])
    memory_at = HEADER.size
    structs_at = memory_at + len(memory)
    strings_at = structs_at + len(structs)
    total = (strings_at + len(strings) + 7) // 8 * 8
    header = HEADER.pack(MAGIC, total, structs_at, strings_at, memory_at, VERSION,
                         COMPATIBLE_VERSION, tree.boot_cpu, len(strings), len(structs))
    out = header + memory + bytes(structs) + bytes(strings)
    return out + bytes(total - len(out))
