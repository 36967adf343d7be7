# SPDX-License-Identifier: Apache-2.0
"""Command line, files, messages."""

import argparse
import re
import sys
from typing import List, NoReturn, Optional, Tuple

from . import image, vms
from .boards import BOARDS, Board, board_by_name, board_name
from .errors import BundleError
from .files import about, read_file, write_file
from .make import Inputs, make_vm

MIB = 1 << 20
KIB = 1 << 10
MEMORY = "96M"
NAME_RE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,14}")


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise BundleError(message)


def parse_size(text: str) -> int:
    match = re.fullmatch(r"(0x[0-9a-fA-F]+|[0-9]+)([kKmM]?)", text)
    if not match:
        raise BundleError(f"--memory: '{text}' is no size; write for example 96M")
    return int(match[1], 0) * {"": 1, "k": KIB, "m": MIB}[match[2].lower()]


def parse_address(text: str) -> int:
    try:
        return int(text, 0)
    except ValueError:
        raise BundleError(f"'{text}' is no address; write for example 0x2000000") from None


def make_parser() -> Parser:
    parser = Parser(prog="bundle", description="Bundles the VMM and one or several rewritten "
                    "guests into zImage-hako, which boots wherever a zImage does (docs/bundle.md).")
    parser.add_argument("--board", help=", ".join(board.name for board in BOARDS))
    parser.add_argument("--vmm", metavar="FILE", help="build/<board>/vmm.bin")
    parser.add_argument("--guest", metavar="[NAME=]FILE", action="append", help="what "
                        "guest-patches/rewrite wrote: vmlinux, Image or a bare-metal ELF; NAME= "
                        "with --vms, which can have several")
    parser.add_argument("--dtb", metavar="FILE", help="the board's device tree")
    parser.add_argument("--initrd", metavar="[NAME=]FILE", action="append")
    parser.add_argument("--vms", metavar="FILE", help="several VMs: their description "
                        "(docs/vm-config.md)")
    parser.add_argument("--disk", metavar="NAME=FILE", action="append",
                        help="with --vms: what is on a RAM disk")
    parser.add_argument("--key", metavar="NAME=FILE", action="append",
                        help="with --vms: the key of a peer")
    parser.add_argument("--initrd-at", metavar="GPA", help="instead of a place chosen here")
    parser.add_argument("--cmdline", metavar="TEXT", help="the kernel's command line")
    parser.add_argument("--memory", metavar="SIZE", help=f"of the guest; {MEMORY}")
    parser.add_argument("--name", help="of the VM, in messages; vm1")
    parser.add_argument("-o", "--output", metavar="FILE")
    parser.add_argument("--list", metavar="FILE", help="show what is in a zImage-hako")
    return parser


def guest_memory(text: str, board: Board) -> int:
    size = parse_size(text)
    most = board.ram_max - image.overhead(1)
    if size % MIB or not MIB <= size <= most:
        raise BundleError(f"--memory {text}: {board.name} can give a guest whole MiB from 1 to "
                          f"{most // MIB}")
    return size


def read_vmm(path: str, board: Board) -> bytes:
    data = read_file(path, "VMM")
    try:
        image.check_vmm(data, board)
    except BundleError as error:
        raise about(path, "VMM", error) from None
    return data


def only(option: str, values: Optional[List[str]]) -> Optional[str]:
    """Of an option that several VMs have once each."""
    if values and len(values) > 1:
        raise BundleError(f"--{option} is there {len(values)} times; several VMs need --vms")
    return values[0] if values else None


def make_one(args: argparse.Namespace, board: Board, vmm: bytes) -> Tuple[bytes, str]:
    """A bundle of one VM that gets all of the board; returns the file and a line about it."""
    name = "vm1" if args.name is None else args.name
    if not NAME_RE.fullmatch(name):
        raise BundleError(f"--name '{name}': at most 15 letters, digits, and _ . -")
    for option in ("disk", "key"):
        if getattr(args, option):
            raise BundleError(f"--{option} goes with --vms")
    memory = guest_memory(args.memory or MEMORY, board)
    inputs = Inputs(name, memory, only("guest", args.guest) or "", args.dtb,
                    only("initrd", args.initrd),
                    parse_address(args.initrd_at) if args.initrd_at else None, args.cmdline)
    made = make_vm(board, inputs, 0)
    data = image.pack(vmm, image.Header(board.machine_id, [made.row]), made.parts)

    ram = memory + image.bundle_size(data) + image.overhead(1)
    if ram > board.ram_max:
        raise BundleError(f"this needs {ram // MIB} MiB of RAM, {board.name} has at most "
                          f"{board.ram_max // MIB}; lower --memory or make the initrd smaller")
    return data, (f"{args.output}: {board.name}, {len(data) // KIB} KiB, VMM {len(vmm)} bytes, "
                  f"{'Linux' if made.guest.is_linux else 'bare-metal'} guest {memory // MIB} MiB, "
                  f"{made.guest.proxy_count} proxies, needs {-(-ram // MIB)} MiB of RAM")


def make_bundle(args: argparse.Namespace) -> str:
    """Reads the inputs, writes the output; returns the summary."""
    board = board_by_name(args.board)
    vmm = read_vmm(args.vmm, board)
    data, summary = (vms.make_bundle if args.vms else make_one)(args, board, vmm)
    write_file(args.output, data)
    return summary


def vm_name(rows: List[image.Row], number: int) -> str:
    """As the bundle's text about that VM has it."""
    for row in rows:
        if row.kind == image.INFO and row.vm == number:
            for line in row.data.decode("ascii", "replace").splitlines():
                if line.startswith("name="):
                    return line[len("name="):]
    return "?"


def list_bundle(path: str) -> int:
    """Prints what is in a zImage-hako; 1 if a part is damaged."""
    data = read_file(path, "image")
    try:
        header, rows = image.unpack(data)
    except BundleError as error:
        raise about(path, "image", error) from None
    print(f"{path}: {board_name(header.machine_id)}")
    base = next((b.ram_base for b in BOARDS if b.machine_id == header.machine_id), 0)
    for number, vm in enumerate(header.vms):
        print(f"VM {number} ({vm_name(rows, number)}): {vm.memory // MIB} MiB, entry "
              f"{base + vm.entry:#010x}, device tree "
              f"{f'{base + vm.dtb:#010x}' if vm.dtb else 'none'}")
    print(f"{'part':16}{'VM':>2}  {'kind':13}{'offset':>10}{'size':>10}  {'GPA':12}"
          f"{'in memory':>10}  CRC32")
    damaged = 0
    for row in rows:
        in_guest = row.memory_size > 0 and row.vm != image.NO_VM
        damaged += not row.is_good
        owner = "-" if row.vm == image.NO_VM else row.vm
        print(f"{row.name:16}{owner:>2}  {image.KIND_NAMES.get(row.kind, '?'):13}{row.offset:>#10x}"
              f"{row.size:>10}  {f'{base + row.gpa:#010x}' if in_guest else '-':12}"
              f"{row.memory_size or '-':>10}  {row.crc:#010x} "
              f"{'good' if row.is_good else 'DAMAGED'}")
    return 1 if damaged else 0


def main(argv: Optional[List[str]] = None) -> int:
    try:
        args = make_parser().parse_args(argv)
        if args.list:
            return list_bundle(args.list)
        # A description may have no VM.
        for option in ("board", "vmm", "output") if args.vms else ("board", "vmm", "guest", "output"):
            if not getattr(args, option):
                raise BundleError(f"--{option} is missing; see --help")
        print(make_bundle(args))
    except BundleError as error:
        print(f"bundle: {error}", file=sys.stderr)
        return 1
    return 0
