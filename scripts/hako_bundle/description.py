# SPDX-License-Identifier: Apache-2.0
"""The description of VMs (docs/vm-config.md): compiled with dtc, read, and checked.

vmm/config/vm_config.c and vmm/config_*.c check the same on the board; here a mistake costs a second.
"""

import re
import subprocess
from typing import Any, Callable, Dict, List, NamedTuple, NoReturn, Optional, Set, Tuple, TypeVar

from . import fdt, remote, station
from .board_table import BoardTable, read_models
from .errors import BundleError
from .spec import FLAG, TEXT, Spec, value_of

MIB = 1 << 20
VMS_MAX, NETWORKS_MAX, DISKS_MAX, MODELS_MAX, VIRTIO_MAX = 8, 4, 16, 8, 8
DEVICES_MAX, PORTS_MAX = 32, 12  # vmm/vm.h, net/switch.h
VIRTIO_BASE, VIRTIO_SIZE = 0xF0010000, 0x1000
MEMORY_MAX = 256 * MIB
SECTOR, PAGE = 512, 4096
FLASH_BLOCK = 0x40000  # vmm/config/vm_config.h
TRAPPED_MAX = 64 << 10
T = TypeVar("T")
NAME_RE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,14}")

NO_PROPERTIES: Dict[str, Spec] = {}
ROOT = {"compatible": Spec("choice", True, choices=("hako,system",))}
CONSOLE = {"escape": Spec("cells", least=1, most=0x1F), "prefix": FLAG}
NETWORK = {"uplink": FLAG}
DISK = {"ramdisk": TEXT, "sdcard": FLAG, "flash": FLAG, "offset": Spec("wide"),
        "size": Spec("wide"), "partition": Spec("cells", least=1, most=4), "writable": FLAG}
VM = {"memory": Spec("cells", True), "guest": Spec("text", True, most=31), "cmdline": TEXT,
      "initrd": Spec("text", most=31),
      "priority": Spec("cells", most=255),
      "budget": Spec("cells", count=2, least=1, most=10000000), "autostart": FLAG,
      "on-death": Spec("choice", choices=("stop", "restart")),
      "restarts": Spec("cells", most=0xFFFFFFFE),
      "time-in-pause": Spec("choice", choices=("stops", "runs")),
      "shadow-tables": Spec("cells", least=16, most=480),
      "shadow-contexts": Spec("cells", least=2, most=32), "uart": TEXT}
WINDOW = {"device": TEXT, "backend": Spec("choice", choices=("direct", "trapped")), "log": FLAG,
          "model": TEXT, "reg": Spec("cells", count=2), "interrupt": Spec("cells", most=31)}
VIRTIO = {"type": Spec("choice", True, choices=("network", "block", "console", "entropy")),
          "network": TEXT, "mac": Spec("bytes", count=6), "disk": TEXT, "read-only": FLAG}
# What a virtio device may have by its type, and which of it it must.
VIRTIO_MAY = {"network": {"network", "mac"}, "block": {"disk", "read-only"}, "console": set(),
              "entropy": set()}
VIRTIO_MUST = {"network": "network", "block": "disk"}


class Disk(NamedTuple):
    kind: str  # ramdisk, sdcard, flash
    contents: str  # of a RAM disk: the name of --disk, or ""
    offset: int
    size: int
    partition: int = 0  # of the card, instead of offset and size
    writable: bool = False  # of flash


class Vm(NamedTuple):
    name: str
    node: str  # for messages
    memory: int
    guest: str
    cmdline: Optional[str]
    initrd: Optional[str]
    hidden: List[Tuple[int, int]]  # base and size of the board's devices that it does not have
    virtio: int  # how many
    shared: int = 0  # bytes at the end of its memory that are another board's, too
    shared_by: Optional[int] = None  # base of the device that reads them there


class Description(NamedTuple):
    file: str
    tree: bytes  # compiled
    disks: Dict[str, Disk]
    vms: List[Vm]
    peers: Dict[str, remote.Peer]
    served: int  # bytes of memory that other boards use
    needs_network: Optional[str] = None  # the node for which the VMM needs a network stack

    def fail(self, node: str, reason: str) -> NoReturn:
        raise BundleError(f"{self.file}: {node}: {reason}")


def compile_source(path: str) -> bytes:
    try:
        result = subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", path], check=False,
                                capture_output=True)
    except FileNotFoundError:
        raise BundleError("dtc is not there (package device-tree-compiler); run scripts/setup") \
            from None
    if result.returncode:
        lines = result.stderr.decode("utf-8", "replace").splitlines() or ["dtc failed"]
        raise BundleError(f"{path}: {lines[0].replace(path + ':', 'line ')}")
    return result.stdout


class _Reader:
    """Reads one description; the first mistake is an exception."""

    def __init__(self, path: str, tree: bytes, table: BoardTable):
        self.path = path
        self.tree = tree
        self.table = table
        self.models = read_models()
        self.networks: Dict[str, bool] = {}
        self.disks: Dict[str, Disk] = {}
        self.vms: List[Vm] = []
        self.owner: Dict[str, str] = {}  # of a direct row: a VM, or what the VMM does with it
        self.writer: Dict[str, str] = {}
        self.macs: Dict[bytes, str] = {}
        self.ports: Dict[str, Dict[bytes, str]] = {}  # of a network: who has which address
        self.shares = 0.0
        self.peers: Dict[str, remote.Peer] = {}
        self.serves: Dict[str, remote.Serve] = {}
        self.remotes: Dict[Tuple[str, str], str] = {}  # a window of a peer, and who has it
        self.needs_network: Optional[str] = None
        self.own_mac = b""  # the station's

    def fail(self, node: str, reason: str) -> NoReturn:
        raise BundleError(f"{self.path}: {node}: {reason}")

    def properties(self, node: fdt.Node, where: str, specs: Dict[str, Spec]) -> Dict[str, Any]:
        values = {}
        for name, data in node.props.items():
            if name not in specs:
                self.fail(where, f"property '{name}' is not known here; known are: "
                          f"{', '.join(specs) or 'none'}")
            values[name] = value_of(specs[name], data)
            if isinstance(values[name], BundleError):
                self.fail(where, f"{name}: {values[name]}")
        for name, spec in specs.items():
            if spec.required and name not in values:
                self.fail(where, f"property '{name}' is missing")
        return values

    def leaf(self, node: fdt.Node, where: str, specs: Dict[str, Spec]) -> Dict[str, Any]:
        if node.children:
            self.fail(f"{where}/{node.children[0].name}", "no such node is known here")
        self.check_name(node, where)
        return self.properties(node, where, specs)

    def check_name(self, node: fdt.Node, where: str) -> None:
        if not NAME_RE.fullmatch(node.name):
            self.fail(where, "a name has at most 15 letters, digits, _ and -")

    def claim(self, where: str, name: str, owner: str) -> None:
        """A device of the board gets an owner; there is one at most."""
        if self.owner.get(name, owner) != owner:
            self.fail(where, f"device '{name}' is taken: {self.owner[name]}")
        self.owner[name] = owner

    def claim_first(self, where: str, names: Tuple[str, ...], owner: str) -> int:
        """The first of these devices that the board has, for the VMM; returns its size."""
        for row in filter(None, map(self.table.row, names)):
            self.claim(where, row.name, owner)
            return row.size
        return self.fail(where, f"this board has no {names[0]}")

    # ---- networks and disks

    def read_network(self, node: fdt.Node, where: str) -> None:
        self.check_name(node, where)
        values = self.properties(node, where, NETWORK)
        if len(self.networks) == NETWORKS_MAX:
            self.fail(where, f"more than {NETWORKS_MAX} networks")
        uplink = "uplink" in values
        if uplink and any(self.networks.values()):
            self.fail(where, "uplink: another network has it; the board has one Ethernet")
        if uplink:
            self.claim_first(where, ("ethernet",), "the VMM's, for an uplink")
        self.networks[node.name] = uplink
        self.ports[node.name] = {b"": "the uplink"} if uplink else {}
        for child in node.children:
            self.read_station(child, f"{where}/{child.name}", node.name)

    def read_station(self, node: fdt.Node, where: str, network: str) -> None:
        if node.name != "station" or self.needs_network:
            self.fail(where, "no such node is known here")
        if not self.networks[network]:
            self.fail(where, "goes with uplink")
        values = self.leaf(node, where, station.STATION)
        wrong = station.check(values)
        if wrong:
            self.fail(where, wrong)
        self.ports[network][values["mac"]] = where
        self.own_mac = values["mac"]
        self.needs_network = where

    def read_disk(self, node: fdt.Node, where: str) -> None:
        values = self.leaf(node, where, DISK)
        if len(self.disks) == DISKS_MAX:
            self.fail(where, f"more than {DISKS_MAX} disks")
        kinds = [kind for kind in ("ramdisk", "sdcard", "flash") if kind in values]
        if len(kinds) != 1:
            self.fail(where, "one of ramdisk, sdcard and flash is needed")
        if "partition" in values:
            self.read_partition(node, where, values)
            return
        if "size" not in values:
            self.fail(where, "property 'size' is missing")
        disk = Disk(kinds[0], values.get("ramdisk", ""), values.get("offset", 0), values["size"],
                    writable="writable" in values)
        if disk.writable and disk.kind != "flash":
            self.fail(where, "writable: goes with flash")
        if disk.writable and (disk.size | disk.offset) % FLASH_BLOCK:
            self.fail(where, f"size or offset: of flash that is written: not a multiple of "
                      f"{FLASH_BLOCK}")
        unit = PAGE if disk.kind == "ramdisk" else SECTOR
        if not disk.size or disk.size % unit or disk.offset % SECTOR:
            self.fail(where, f"size or offset: not a multiple of {unit}, or 0")
        if disk.kind == "ramdisk" and disk.offset:
            self.fail(where, "offset: a RAM disk has none")
        if disk.kind == "sdcard":
            self.claim_first(where, ("mmc", "mmc0"), "the VMM's, for disks")
        if disk.kind == "flash" and \
                disk.offset + disk.size > self.claim_first(where, ("flash",),
                                                           "the VMM's, for disks"):
            self.fail(where, "size: more than the device has")
        if disk.offset + disk.size >= 1 << 64:
            self.fail(where, "size: more than the device has")
        for name, other in self.disks.items():
            if disk.kind == other.kind != "ramdisk" and \
                    disk.offset < other.offset + other.size and \
                    other.offset < disk.offset + disk.size:
                self.fail(where, f"offset: disk '{name}' is there")
        self.disks[node.name] = disk

    def read_partition(self, node: fdt.Node, where: str, values: Dict[str, Any]) -> None:
        """Where it is, and how large, is on the card: the VMM sees it at its start."""
        if set(values) != {"sdcard", "partition"}:
            self.fail(where, "partition: goes with sdcard, and no offset and size")
        self.claim_first(where, ("mmc", "mmc0"), "the VMM's, for disks")
        for name, other in self.disks.items():
            if other.partition == values["partition"]:
                self.fail(where, f"partition: disk '{name}' is there")
        self.disks[node.name] = Disk("sdcard", "", 0, 0, values["partition"])

    # ---- other boards

    def checked(self, where: str, check: Callable[..., T], *args: Any) -> T:
        try:
            return check(*args)
        except BundleError as error:
            return self.fail(where, str(error))

    def read_peer(self, node: fdt.Node, where: str) -> None:
        values = self.leaf(node, where, remote.PEER)
        if not self.needs_network:
            self.fail(where, "needs a station on the network with uplink")
        self.peers[node.name] = self.checked(where, remote.check_peer, values, self.peers,
                                             self.own_mac)

    def read_serve(self, node: fdt.Node, where: str) -> None:
        """A device that is served is no VM's."""
        values = self.leaf(node, where, remote.SERVE)
        self.checked(where, remote.check_use, values, self.peers, self.serves)
        if "memory" in values:
            self.serves[node.name] = self.checked(where, remote.check_served_memory, values)
            return
        name = values.get("device")
        row = self.table.row(name) if name else None
        if not row or not (row.direct or name == remote.LCD):
            self.fail(where, f"device: this board has no '{name}' to give away; it has " +
                      ", ".join(row.name for row in self.table.rows
                                if row.direct or row.name == remote.LCD))
        self.claim(where, row.name, "the VMM's, to be served")
        self.serves[node.name] = self.checked(where, remote.check_serve, values, row, self.serves)

    def read_remote(self, node: fdt.Node, where: str, taken: List[Tuple[int, int, str]],
                    used: Set[int], memory: int,
                    placed: List[Tuple[int, int, str]]) -> remote.Window:
        window = self.check_remote(node, where, taken, used, memory)
        placed.append((window.base, window.size, "another window"))
        taken.append(placed[-1])
        return window

    def check_remote(self, node: fdt.Node, where: str, taken: List[Tuple[int, int, str]],
                     used: Set[int], memory: int) -> remote.Window:
        values = self.leaf(node, where, remote.WINDOW)
        self.checked(where, remote.check_window, values, self.peers, self.remotes, where)
        if "memory" in values:
            window = self.checked(where, remote.check_memory, values, memory)
            self.check_place(where, window.base, window.size, taken[1:])
            return window
        name = values.get("device")
        row = self.table.row(name) if name else None
        if name and (not row or not (row.direct or row.inert)):
            self.fail(where, f"device: '{name}' is none of this board whose place it could take")
        base, size = (row.base, row.size) if row else values["reg"]
        if base % PAGE or size % PAGE or not size or base + size > 1 << 32:
            self.fail(where, "reg: not of whole pages of 4096 bytes")
        self.check_place(where, base, size, [other for other in taken
                                             if not (row and row.inert and other[0] == row.base)])
        inputs = row.inputs if row else [values["interrupt"]] if "interrupt" in values else []
        for number in inputs:
            if number in used:
                self.fail(where, f"interrupt: input {number} is another device's")
        used.update(inputs)
        return remote.Window(base, size, name, False)

    # ---- VMs

    def read_device(self, values: Dict[str, Any], where: str, vm: str, used: Set[int]) -> str:
        name = values["device"]
        row = self.table.row(name)
        if "backend" not in values or {"model", "reg", "interrupt"} & set(values):
            self.fail(where, "device: goes with backend, and not with model, reg and interrupt")
        if not row:
            self.fail(where, f"device: this board has no '{name}'; it has " +
                      ", ".join(row.name for row in self.table.rows if row.direct))
        if not row.direct:
            self.fail(where, f"device: every VM has a model of '{name}' anyway")
        if self.owner.get(name):
            self.fail(where, f"device '{name}' is taken: {self.owner[name]}")
        if "log" in values and values["backend"] != "trapped":
            self.fail(where, 'log: goes with backend = "trapped"')
        if values["backend"] == "trapped" and row.size > TRAPPED_MAX:
            self.fail(where, f"backend: '{name}' is too large to be trapped")
        self.claim(where, name, f"VM '{vm}' has it")
        used.update(row.inputs)
        return name

    def check_place(self, where: str, base: int, size: int,
                    taken: List[Tuple[int, int, str]]) -> None:
        for other, other_size, what in taken:
            if base < other + other_size and other < base + size:
                self.fail(where, f"reg: {base:#x} overlaps {what}")

    def read_model(self, values: Dict[str, Any], where: str, taken: List[Tuple[int, int, str]],
                   used: Set[int]) -> Tuple[int, int, str]:
        if "reg" not in values or {"backend", "log"} & set(values):
            self.fail(where, "model: goes with reg, and not with device, backend and log")
        if values["model"] not in self.models:
            self.fail(where, f"model: this VMM has no '{values['model']}'; it has "
                      f"{', '.join(self.models)}")
        base, size = values["reg"]
        if base % PAGE or size != self.models[values["model"]] or base + size > 1 << 32:
            self.fail(where, "reg: not page aligned, or not the model's size, "
                      f"{self.models[values['model']]:#x}")
        self.check_place(where, base, size, taken)
        if values.get("interrupt") in used:
            self.fail(where, f"interrupt: input {values['interrupt']} is another device's")
        if "interrupt" in values:
            used.add(values["interrupt"])
        return base, size, "another window"

    def read_virtio(self, node: fdt.Node, where: str, index: int, used: Set[int]) -> None:
        if index == VIRTIO_MAX:
            self.fail(where, f"more than {VIRTIO_MAX} virtio devices")
        values = self.leaf(node, where, VIRTIO)
        kind = values.pop("type")
        must = VIRTIO_MUST.get(kind)
        if set(values) - VIRTIO_MAY[kind] or (must and must not in values):
            self.fail(where, f"type: '{kind}' goes with {', '.join(VIRTIO_MAY[kind]) or 'nothing'}"
                      f"{f', and needs {must}' if must else ''}")
        if kind == "network" and values["network"] not in self.networks:
            self.fail(where, f"network: there is no '{values['network']}'")
        if kind == "network":
            self.attach(where, values["network"], index, values.get("mac"))
        mac = values.get("mac")
        if mac is not None:
            if mac[0] & 1 or not any(mac):
                self.fail(where, "mac: not the address of one device")
            if mac in self.macs:
                self.fail(where, f"mac: {self.macs[mac]} has it")
            self.macs[mac] = where
        disk = values.get("disk")
        if disk is not None:
            if disk not in self.disks:
                self.fail(where, f"disk: there is no '{disk}'")
            if "read-only" not in values:
                if self.disks[disk].kind == "flash" and not self.disks[disk].writable:
                    self.fail(where, f"read-only: needed, as '{disk}' is flash without `writable`")
                if disk in self.writer:
                    self.fail(where, f"disk: {self.writer[disk]} writes to '{disk}', too; make all "
                              "but one read-only")
                self.writer[disk] = where
        if self.table.virtio_inputs[index] in used:
            self.fail(where, f"its interrupt, input {self.table.virtio_inputs[index]}, is that of a "
                      "device of the board that the VM has")
        used.add(self.table.virtio_inputs[index])

    def attach(self, where: str, network: str, index: int, mac: Optional[bytes]) -> None:
        """A port of a network; without an address it is the one that the VMM chooses."""
        ports = self.ports[network]
        if len(ports) == PORTS_MAX:
            self.fail(where, f"network: '{network}' has {PORTS_MAX} ports already, the uplink is one")
        address = mac or bytes((2, 0x48, 0x4B, 0, len(self.vms) + 1, index))
        if address in ports:
            self.fail(where, f"mac: {ports[address]} has it")
        ports[address] = where

    def read_budget(self, values: Dict[str, Any], where: str) -> None:
        if "budget" not in values:
            return
        budget, period = values["budget"]
        if period < 1000 or budget > period:
            self.fail(where, "budget: more than its period, or that is less than 1000 us")
        self.shares += budget / period
        if self.shares > 1 + 1e-9:
            self.fail(where, f"budget: all budgets together are {self.shares:.0%} of the CPU")

    def read_uart(self, values: Dict[str, Any], where: str) -> None:
        name = values.get("uart", "console")
        if name == "console":
            return
        row = self.table.row(name)
        if not row or not row.direct or not name.startswith("uart"):
            self.fail(where, f"uart: '{name}' is neither 'console' nor a spare UART of this board")
        if self.owner.get(name):
            self.fail(where, f"uart: '{name}' is taken: {self.owner[name]}")
        self.claim(where, name, f"UART 0 of {where}")

    def read_vm(self, node: fdt.Node, where: str) -> None:
        if len(self.vms) == VMS_MAX:
            self.fail(where, f"more than {VMS_MAX} VMs")
        if not NAME_RE.fullmatch(node.name):
            self.fail(where, "a name has at most 15 letters, digits, _ and -")
        values = self.properties(node, where, VM)
        lists: Dict[str, fdt.Node] = {}
        for child in node.children:
            if child.name not in ("windows", "virtio"):
                self.fail(f"{where}/{child.name}", "no such node is known here")
            self.properties(child, f"{where}/{child.name}", NO_PROPERTIES)
            lists[child.name] = child
        memory = values["memory"]
        if not memory or memory % MIB or memory > MEMORY_MAX:
            self.fail(where, f"memory: {memory:#x} is not a number of whole MiB")
        if not values["guest"]:
            self.fail(where, "guest: no name")
        if "restarts" in values and values.get("on-death") != "restart":
            self.fail(where, 'restarts: goes with on-death = "restart"')
        self.read_budget(values, where)
        self.read_uart(values, where)
        hidden, remotes = self.read_devices(lists, where, node.name, memory)
        virtio = len(lists["virtio"].children) if "virtio" in lists else 0
        shared = sum(window.size for window in remotes if window.memory)
        readers = [window.base for window in remotes if shared and window.row == remote.LCD]
        self.vms.append(Vm(node.name, where, memory, values["guest"], values.get("cmdline"),
                           values.get("initrd"), hidden, virtio, shared, *readers))

    def read_devices(self, lists: Dict[str, fdt.Node], where: str, vm: str,
                     memory: int) -> Tuple[List[Tuple[int, int]], List[remote.Window]]:
        """Windows and virtio devices; returns what of the board this VM does not have, and what it
        has of others."""
        models = [row for row in self.table.rows if not row.direct]
        used = {n for row in models if not row.inert for n in row.inputs}
        windows = [(child, f"{where}/windows/{child.name}")
                   for child in (lists["windows"].children if "windows" in lists else ())]
        # Devices of the board first: the others go where they leave room.
        read = [(self.leaf(child, at, WINDOW), at) for child, at in windows
                if not remote.is_remote(child.props)]
        owned = set()
        for values, at in read:
            if "device" in values:
                owned.add(self.read_device(values, at, vm, used))
            elif "model" not in values:
                self.fail(at, "device or model is needed")
        for index, child in enumerate(lists["virtio"].children if "virtio" in lists else ()):
            self.read_virtio(child, f"{where}/virtio/{child.name}", index, used)
        taken = [(0, memory, "the VM's memory"),
                 (VIRTIO_BASE, VIRTIO_MAX * VIRTIO_SIZE, "the windows of virtio devices")]
        taken += [(row.base, row.size, f"'{row.name}' of the board") for row in self.table.rows
                  if not row.direct or row.name in owned]
        placed = []
        for values, at in read:
            if "device" not in values:
                placed.append(self.read_model(values, at, taken, used))
                taken.append(placed[-1])
        remotes = [self.read_remote(child, at, taken, used, memory, placed)
                   for child, at in windows if remote.is_remote(child.props)]
        if len(placed) > MODELS_MAX:
            self.fail(where, f"more than {MODELS_MAX} models and windows of other boards")
        trapped = [values for values, _ in read if values.get("backend") == "trapped"]
        virtio = len(lists["virtio"].children) if "virtio" in lists else 0
        devices = len(models) + len(trapped) + len(placed) + virtio
        if devices > DEVICES_MAX:
            self.fail(where, f"{devices} devices, {len(models)} of them models of the board's; "
                      f"{DEVICES_MAX} are possible")
        hidden = [(row.base, row.size) for row in self.table.rows
                  if row.direct and row.name not in owned and
                  not any(row.base < base + size and base < row.base + row.size
                          for base, size, _ in placed)]
        return hidden, remotes

    # ---- all of it

    def read(self) -> Description:
        root = fdt.read(self.tree).root
        self.properties(root, "/", ROOT)
        sections = {}
        for child in root.children:
            if child.name not in ("console", "network", "disks", "peers", "serve", "vms"):
                self.fail(f"/{child.name}", "no such node is known here")
            sections[child.name] = child
        if "console" in sections:
            self.leaf(sections["console"], "/console", CONSOLE)
        for name, read in (("network", self.read_network), ("disks", self.read_disk),
                           ("peers", self.read_peer), ("serve", self.read_serve),
                           ("vms", self.read_vm)):
            if name in sections:
                self.properties(sections[name], f"/{name}", NO_PROPERTIES)
                for child in sections[name].children:
                    read(child, f"/{name}/{child.name}")
        if not self.vms and not self.serves:
            self.fail("/vms" if "vms" in sections else "/", "there is no VM, and nothing is served")
        served = sum(one.size for one in self.serves.values() if not one.row)
        return Description(self.path, self.tree, self.disks, self.vms, self.peers, served,
                           self.needs_network)


def read_description(path: str, table: BoardTable) -> Description:
    return _Reader(path, compile_source(path), table).read()
