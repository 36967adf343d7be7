# SPDX-License-Identifier: Apache-2.0
"""Devices of other boards in a description: /peers, /serve, windows with backend = "remote"; and the
files of keys. vmm/config/config_remote.c checks the same on the board."""

import os
import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .board_table import Row
from .errors import BundleError
from .spec import FLAG, TEXT, Spec

PEERS_MAX, SERVES_MAX, REMOTES_MAX = 4, 8, 16
LINES_MAX = 4  # interrupts of one device
SERVED_MAX, MEMORY_MAX = 16 << 10, 16 << 20
PAGE, MIB = 4096, 1 << 20
KEY_SIZES = (16, 32)
NAME_RE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,14}")

TIMEOUT = Spec("cells", least=1000, most=60000000)
PEER = {"mac": Spec("bytes", True, count=6), "key": Spec("text", most=15), "insecure": FLAG,
        "timeout-us": TIMEOUT, "keep-alive-us": Spec("cells", least=10000, most=60000000)}
SERVE = {"device": TEXT, "to": Spec("text", True), "reg": Spec("cells", count=2),
         "widths": Spec("cells", least=1, most=7), "read-only": FLAG,
         "interrupts": Spec("cells", least=1, most=(1 << LINES_MAX) - 1),
         "memory": Spec("cells", count=2), "reads": TEXT}
# A device that reads memory by itself: it is served with the memory that it may read.
LCD = "lcd"
NOT_OF_LCD = {"reg", "widths", "read-only"}
# What a window has beside `device`, or `reg` and `interrupt`.
WINDOW = {"device": TEXT, "backend": Spec("choice", choices=("remote",)),
          "peer": Spec("text", True), "remote": Spec("text", True, most=15),
          "reg": Spec("cells", count=2), "interrupt": Spec("cells", most=31), "posted": FLAG,
          "timeout-us": TIMEOUT, "on-timeout": Spec("choice", choices=("abort", "ones", "wait")),
          "memory": FLAG}


class Peer(NamedTuple):
    mac: bytes
    key: Optional[str]  # the name of --key; None: nothing is secured


class Serve(NamedTuple):
    row: Optional[str]  # of the board's table; None: memory
    start: int
    size: int
    read_only: bool
    peer: str
    interrupts: int


class Window(NamedTuple):
    """Of a VM: where it is, and which row of the board's table it takes the place of."""

    base: int
    size: int
    row: Optional[str]
    memory: bool  # the last part of the VM's own


def is_remote(props: Dict[str, bytes]) -> bool:
    return props.get("backend") == b"remote\0"


def check_peer(values: Dict[str, Any], peers: Dict[str, Peer], own_mac: bytes) -> Peer:
    if len(peers) == PEERS_MAX:
        raise BundleError(f"more than {PEERS_MAX} peers")
    if ("key" in values) == ("insecure" in values):
        raise BundleError("one of key and insecure is needed")
    if "key" in values and not NAME_RE.fullmatch(values["key"]):
        raise BundleError("key: a name has at most 15 letters, digits, _ and -")
    mac = values["mac"]
    if mac[0] & 1 or not any(mac):
        raise BundleError("mac: not the address of one board")
    if mac == own_mac:
        raise BundleError("mac: it is that of this board's own station")
    for name, other in peers.items():
        if other.mac == mac:
            raise BundleError(f"mac: peer '{name}' has it")
    return Peer(mac, values.get("key"))


def check_use(values: Dict[str, Any], peers: Dict[str, Peer], serves: Dict[str, Serve]) -> None:
    """What holds for devices and memory."""
    if len(serves) == SERVES_MAX:
        raise BundleError(f"more than {SERVES_MAX} windows are served")
    if values["to"] not in peers:
        raise BundleError(f"to: there is no peer '{values['to']}'")


def check_served_memory(values: Dict[str, Any]) -> Serve:
    """RAM that the other board's devices know at an address."""
    if set(values) != {"memory", "to"}:
        raise BundleError("memory: goes with nothing but to")
    start, size = values["memory"]
    if start % PAGE or size % PAGE or not 0 < size <= MEMORY_MAX or start + size > 1 << 32:
        raise BundleError(f"memory: not of whole pages, up to {MEMORY_MAX >> 20} MiB")
    return Serve(None, start, size, False, values["to"], 0)


def check_serve(values: Dict[str, Any], row: Row, serves: Dict[str, Serve]) -> Serve:
    """A device. Whose it is, the caller has looked at."""
    if (row.name == LCD) != ("reads" in values) or (row.name == LCD and NOT_OF_LCD & set(values)):
        raise BundleError(f"reads: goes with '{LCD}', which needs it, and has no "
                          f"{', '.join(sorted(NOT_OF_LCD))}")
    if "reads" in values:
        memory = serves.get(values["reads"])
        if not memory or memory.row or memory.peer != values["to"]:
            raise BundleError(f"reads: '{values['reads']}' is no memory that is served to this "
                              "peer, before here")
    start, size = values.get("reg", (0, row.size))
    if start % 4 or size % 4 or not size or start + size > row.size:
        raise BundleError(f"reg: not words of '{row.name}', which has {row.size:#x} bytes")
    one = Serve(row.name, start, size, "read-only" in values, values["to"],
                values.get("interrupts", 0))
    if size > SERVED_MAX:
        raise BundleError(f"reg: more than {SERVED_MAX:#x} bytes")
    if one.interrupts >> row.lines:
        raise BundleError(f"interrupts: '{row.name}' has {row.lines}")
    for name, other in serves.items():
        if other.row != one.row:
            continue
        if start < other.start + other.size and other.start < start + size and \
                not (one.read_only and other.read_only):
            raise BundleError(f"reg: /serve/{name} has the same registers, and one of them is "
                              "written to")
        if one.interrupts & other.interrupts:
            raise BundleError(f"interrupts: /serve/{name} has one of them")
    return one


def check_memory(values: Dict[str, Any], memory: int) -> Window:
    """A part of the VM's memory: the last one."""
    if set(values) - {"backend", "peer", "remote", "reg", "memory"} or "reg" not in values:
        raise BundleError("memory: goes with peer, remote and reg only")
    base, size = values["reg"]
    if base % MIB or not base or not 0 < size <= MEMORY_MAX or base + size != memory:
        raise BundleError(f"reg: not the last of the VM's memory, which ends at {memory:#x}, in "
                          f"whole MiB, at most {MEMORY_MAX // MIB}")
    return Window(base, size, None, True)


def check_window(values: Dict[str, Any], peers: Dict[str, Peer],
                 used: Dict[Tuple[str, str], str], where: str) -> None:
    """What is asked of the peer; where the window is, the caller looks at."""
    if len(used) == REMOTES_MAX:
        raise BundleError(f"more than {REMOTES_MAX} windows of other boards")
    if ("device" in values) == ("reg" in values):
        raise BundleError("device: one of device and reg says where it is")
    if "device" in values and "interrupt" in values:
        raise BundleError("interrupt: it is that of the device")
    if values["peer"] not in peers:
        raise BundleError(f"peer: there is no '{values['peer']}'")
    if not NAME_RE.fullmatch(values["remote"]):
        raise BundleError("remote: a name has at most 15 letters, digits, _ and -")
    if "timeout-us" in values and values.get("on-timeout") == "wait":
        raise BundleError('timeout-us: not with on-timeout = "wait"')
    name = (values["peer"], values["remote"])
    if name in used:
        raise BundleError(f"remote: {used[name]} is that window of '{values['peer']}'")
    used[name] = where


def read_key(path: str) -> bytes:
    """16 or 32 bytes, as they are or as hexadecimal digits."""
    try:
        with open(path, "rb") as file:
            data = file.read(4096)
    except OSError as error:
        raise BundleError(f"key {path}: {error.strerror}") from None
    text = re.sub(rb"\s", b"", data)
    if len(text) in [2 * size for size in KEY_SIZES] and re.fullmatch(rb"[0-9a-fA-F]+", text):
        data = bytes.fromhex(text.decode())
    if len(data) not in KEY_SIZES:
        raise BundleError(f"key {path}: it has {os.path.getsize(path)} bytes; a key has 16 or 32, "
                          "or 32 or 64 hexadecimal digits")
    if not any(data):
        raise BundleError(f"key {path}: all zeros")
    return data


def key_names(peers: Dict[str, Peer]) -> List[Tuple[str, Optional[str]]]:
    """(node, name) of each peer's key."""
    return [(f"/peers/{name}", peer.key) for name, peer in peers.items()]
