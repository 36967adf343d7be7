# SPDX-License-Identifier: Apache-2.0
"""A bundle of several VMs, by their description."""

import argparse
import os
from typing import Dict, Iterable, List, Optional, Tuple

from . import devtree, image, remote
from .board_table import BoardTable, read_board
from .boards import Board
from .description import FLASH_BLOCK, Description, read_description
from .errors import BundleError
from .files import read_file
from .make import Inputs, Made, make_vm

KIB, MIB = 1 << 10, 1 << 20
# The names of parts that are no VM's.
TAKEN_NAMES = ("vmm", "config")


def named_files(option: str, values: Optional[Iterable[str]]) -> Dict[str, str]:
    """NAME=FILE, any number."""
    files: Dict[str, str] = {}
    for value in values or ():
        name, equals, path = value.partition("=")
        if not equals or not name or not path:
            raise BundleError(f"--{option} {value}: with --vms it is NAME=FILE")
        if name in files:
            raise BundleError(f"--{option} {name}=...: there twice")
        files[name] = path
    return files


def _check_names(description: Description, option: str, given: Dict[str, str],
                 named: List[Tuple[str, Optional[str]]]) -> None:
    """Each name in the description has a file, and each file is named: (node, name)."""
    for node, name in named:
        if name and name not in given:
            description.fail(node, f"{option} '{name}' has no file: --{option} {name}=FILE")
    for name in given:
        if name not in [wanted for _, wanted in named]:
            raise BundleError(f"--{option} {name}={given[name]}: {description.file} does not name "
                              f"it; it names {', '.join(n for _, n in named if n) or 'none'}")


def _disk_parts(description: Description, files: Dict[str, str]) -> List[image.Part]:
    parts = []
    for name, disk in description.disks.items():
        node = f"/disks/{name}"
        if disk.kind != "ramdisk":
            continue
        data = read_file(files[disk.contents], "disk") if disk.contents else b""
        if len(data) > disk.size:
            description.fail(node, f"size: {files[disk.contents]} has {len(data)} bytes, the disk "
                             f"{disk.size}")
        if name in TAKEN_NAMES:
            description.fail(node, f"'{name}' is not possible as a disk's name")
        parts.append(image.Part(image.DISK, name, data, memory_size=disk.size))
    return parts


def _key_parts(description: Description, files: Dict[str, str]) -> List[image.Part]:
    parts = {}
    for name, peer in description.peers.items():
        if peer.key is None:
            continue
        if peer.key in TAKEN_NAMES or peer.key in description.disks:
            description.fail(f"/peers/{name}", f"key: '{peer.key}' is not possible as its name")
        parts[peer.key] = image.Part(image.KEY, peer.key, remote.read_key(files[peer.key]))
    return list(parts.values())


def make_all(board: Board, table: BoardTable, description: Description, dtb: Optional[str],
             guests: Dict[str, str], initrds: Dict[str, str]) -> List[Made]:
    made = []
    for number, vm in enumerate(description.vms):
        devices = devtree.Devices(vm.hidden, table.primary, table.virtio_inputs[:vm.virtio],
                                  vm.shared, vm.shared_by)
        inputs = Inputs(vm.name, vm.memory - vm.shared, guests[vm.guest], dtb,
                        initrds[vm.initrd] if vm.initrd else None, None, vm.cmdline, devices)
        try:
            made.append(make_vm(board, inputs, number))
        except BundleError as error:
            description.fail(vm.node, str(error).replace("raise --memory", "raise memory"))
    return made


def make_bundle(args: argparse.Namespace, board: Board, vmm: bytes) -> Tuple[bytes, str]:
    """Returns the file and a line about it."""
    for option in ("memory", "cmdline", "name", "initrd_at"):
        if getattr(args, option) is not None:
            raise BundleError(f"--{option.replace('_', '-')} is in the description of --vms")
    table = read_board(board.name)
    description = read_description(args.vms, table)
    if description.needs_network and not image.has_network(vmm):
        description.fail(description.needs_network, "this VMM image has no network stack; give "
                         f"build/{board.name}-remote/vmm.bin")
    guests, initrds = named_files("guest", args.guest), named_files("initrd", args.initrd)
    disks, keys = named_files("disk", args.disk), named_files("key", args.key)
    _check_names(description, "guest", guests, [(vm.node, vm.guest) for vm in description.vms])
    _check_names(description, "initrd", initrds, [(vm.node, vm.initrd) for vm in description.vms])
    _check_names(description, "disk", disks, [(f"/disks/{name}", disk.contents or None)
                                              for name, disk in description.disks.items()])
    _check_names(description, "key", keys, remote.key_names(description.peers))
    if len(description.tree) > image.CONFIG_MAX:
        description.fail("/", f"{len(description.tree)} bytes compiled; {image.CONFIG_MAX} are "
                         "possible")

    of_none = [image.Part(image.CONFIG, "config", description.tree)]
    of_none += _disk_parts(description, disks) + _key_parts(description, keys)
    memory = sum(vm.memory for vm in description.vms) + sum(p.memory_size for p in of_none) + \
        description.served
    if any(disk.writable for disk in description.disks.values()):
        memory += FLASH_BLOCK
    needed = memory + image.overhead(len(description.vms))
    if needed > board.ram_max:
        description.fail("/vms" if description.vms else "/disks", "memory: VMs, RAM disks and "
                         f"what is served need {needed // MIB} MiB of RAM, "
                         f"{board.name} has at most {board.ram_max // MIB}")
    made = make_all(board, table, description, args.dtb, guests, initrds)
    data = image.pack(vmm, image.Header(board.machine_id, [vm.row for vm in made]),
                      [part for vm in made for part in vm.parts] + of_none)
    needed += image.bundle_size(data)
    if needed > board.ram_max:
        description.fail("/vms", f"memory: with the bundle, {needed // MIB} MiB of RAM are needed, "
                         f"{board.name} has at most {board.ram_max // MIB}")
    vms = ", ".join(f"{vm.name} {vm.memory // MIB} MiB" for vm in description.vms) or "no VM"
    return data, (f"{args.output}: {board.name}, {len(data) // KIB} KiB, VMM {len(vmm)} bytes, "
                  f"{os.path.basename(args.vms)}: {vms}; needs {-(-needed // MIB)} MiB of RAM")
