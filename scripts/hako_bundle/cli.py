# SPDX-License-Identifier: Apache-2.0
"""Command line, files, messages."""

import argparse
import os
import re
import sys
import tempfile
from typing import List, NoReturn, Optional

from . import devtree, image, layout
from .boards import BOARDS, Board, board_by_name, board_name
from .errors import BundleError
from .guest import Guest, read_guest

MIB = 1 << 20
KIB = 1 << 10
FILE_SIZE_MAX = 256 * MIB  # a vmlinux with debug information; what is loaded of it is checked
CMDLINE_MAX = 1023         # Linux, COMMAND_LINE_SIZE of ARM, with the terminating 0
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
    parser = Parser(prog="bundle", description="Bundles the VMM and a rewritten guest into "
                    "zImage-hako, which boots wherever a zImage does (docs/bundle.md).")
    parser.add_argument("--board", help=", ".join(board.name for board in BOARDS))
    parser.add_argument("--vmm", metavar="FILE", help="build/<board>/vmm.bin")
    parser.add_argument("--guest", metavar="FILE", help="what guest-patches/rewrite wrote: "
                        "vmlinux, Image or a bare-metal ELF")
    parser.add_argument("--dtb", metavar="FILE", help="the board's device tree")
    parser.add_argument("--initrd", metavar="FILE")
    parser.add_argument("--initrd-at", metavar="GPA", help="instead of a place chosen here")
    parser.add_argument("--cmdline", metavar="TEXT", help="the kernel's command line")
    parser.add_argument("--memory", metavar="SIZE", default="96M", help="of the guest; %(default)s")
    parser.add_argument("--name", default="vm1", help="of the VM, in messages; %(default)s")
    parser.add_argument("-o", "--output", metavar="FILE")
    parser.add_argument("--list", metavar="FILE", help="show what is in a zImage-hako")
    return parser


def read_file(path: str, what: str) -> bytes:
    try:
        with open(path, "rb") as file:
            data = file.read(FILE_SIZE_MAX + 1)
    except OSError as error:
        raise BundleError(f"{what} {path}: {error.strerror}") from None
    if len(data) > FILE_SIZE_MAX:
        raise BundleError(f"{what} {path}: larger than {FILE_SIZE_MAX // MIB} MiB")
    if not data:
        raise BundleError(f"{what} {path}: the file is empty")
    return data


def write_file(path: str, data: bytes) -> None:
    """All or nothing: a reader never sees a file that is half written."""
    directory = os.path.dirname(path) or "."
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(dir=directory, prefix=".bundle-")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
    except OSError as error:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)
        raise BundleError(f"cannot write {path}: {error.strerror}") from None


def guest_memory(text: str, board: Board) -> int:
    size = parse_size(text)
    most = board.ram_max - image.overhead(1)
    if size % MIB or not MIB <= size <= most:
        raise BundleError(f"--memory {text}: {board.name} can give a guest whole MiB from 1 to "
                          f"{most // MIB}")
    return size


def guest_parts(guest: Guest) -> List[image.Part]:
    name = "kernel" if guest.is_linux else "guest"
    return [image.Part(image.GUEST, f"{name}.{i}" if i else name, piece.data, piece.gpa,
                       piece.memory_size) for i, piece in enumerate(guest.pieces)]


def about(path: str, what: str, error: BundleError) -> BundleError:
    """The same error, with the file it is about."""
    return BundleError(f"{what} {path}: {error}")


def make_bundle(args: argparse.Namespace) -> str:
    """Reads the inputs, writes the output; returns the summary."""
    board = board_by_name(args.board)
    memory = guest_memory(args.memory, board)
    if not NAME_RE.fullmatch(args.name):
        raise BundleError(f"--name '{args.name}': at most 15 letters, digits, and _ . -")
    if args.cmdline is not None and (len(args.cmdline.encode()) > CMDLINE_MAX or
                                     not args.cmdline.isprintable()):
        raise BundleError(f"--cmdline: at most {CMDLINE_MAX} printable characters")

    vmm = read_file(args.vmm, "VMM")
    try:
        image.check_vmm(vmm, board)
    except BundleError as error:
        raise about(args.vmm, "VMM", error) from None
    guest_file = read_file(args.guest, "guest")
    try:
        guest = read_guest(guest_file)
    except BundleError as error:
        raise about(args.guest, "guest", error) from None
    if not any(p.gpa <= guest.entry < p.gpa + len(p.data) for p in guest.pieces):
        raise BundleError(f"guest {args.guest}: its entry point {guest.entry:#x} is not in what "
                          "is loaded")
    if guest.is_linux and not args.dtb:
        raise BundleError("Linux needs a device tree: --dtb FILE")
    if args.cmdline is not None and not args.dtb:
        raise BundleError("--cmdline goes into the device tree: --dtb FILE")
    if args.initrd and not args.dtb:
        raise BundleError("the device tree tells the guest about an initrd: --dtb FILE")

    parts = guest_parts(guest)
    initrd = read_file(args.initrd, "initrd") if args.initrd else b""
    dtb, dtb_at = b"", 0
    initrd_at = parse_address(args.initrd_at) if args.initrd_at else None
    if args.dtb:
        source = read_file(args.dtb, "device tree")
        try:
            reserved = [(guest.pv.code_gpa, guest.pv.code_size)] \
                if guest.pv and guest.pv.code_size else []

            # Its size does not depend on the addresses in it.
            def prepared(start: int) -> bytes:
                place = devtree.Initrd(start, start + len(initrd)) if initrd else None
                return devtree.prepare(source, board, memory, args.cmdline, place, reserved)

            size = len(prepared(0))
        except BundleError as error:
            raise about(args.dtb, "device tree", error) from None
        places = layout.place(guest, memory, len(initrd), size, initrd_at)
        dtb, dtb_at = prepared(places.initrd), places.dtb
        if initrd:
            parts.append(image.Part(image.INITRD, "initrd", initrd, places.initrd, len(initrd)))
        parts.append(image.Part(image.DTB, "dtb", dtb, dtb_at, len(dtb)))
    layout.check([layout.Range(p.name, p.gpa, p.memory_size) for p in parts], memory)

    info = (f"name={args.name}\nguest={os.path.basename(args.guest)}\n"
            f"kind={'linux' if guest.is_linux else 'bare-metal'}\n")
    parts.append(image.Part(image.PROXIES, "proxies", guest.proxies))
    if guest.pv:
        parts.append(image.Part(image.PV, "pv", guest.pv_info))
    parts.append(image.Part(image.INFO, "info", info.encode("ascii", "replace")))
    data = image.pack(vmm, image.Header(board.machine_id, [image.Vm(memory, guest.entry, dtb_at)]),
                      [part._replace(vm=0) for part in parts])

    ram = memory + image.bundle_size(data) + image.overhead(1)
    if ram > board.ram_max:
        raise BundleError(f"this needs {ram // MIB} MiB of RAM, {board.name} has at most "
                          f"{board.ram_max // MIB}; lower --memory or make the initrd smaller")
    write_file(args.output, data)
    return (f"{args.output}: {board.name}, {len(data) // KIB} KiB, VMM {len(vmm)} bytes, "
            f"{'Linux' if guest.is_linux else 'bare-metal'} guest {memory // MIB} MiB, "
            f"{guest.proxy_count} proxies, needs {-(-ram // MIB)} MiB of RAM")


def list_bundle(path: str) -> int:
    """Prints what is in a zImage-hako; 1 if a part is damaged."""
    data = read_file(path, "image")
    try:
        header, rows = image.unpack(data)
    except BundleError as error:
        raise about(path, "image", error) from None
    for number, vm in enumerate(header.vms):
        print(f"{path}: {board_name(header.machine_id)}, VM {number}: guest memory "
              f"{vm.memory // MIB} MiB, entry {vm.entry:#010x}, device tree "
              f"{f'{vm.dtb:#010x}' if vm.dtb else 'none'}")
    print(f"{'part':16}{'VM':>2}  {'kind':13}{'offset':>10}{'size':>10}  {'GPA':12}{'in memory':>10}  CRC32")
    damaged = 0
    for row in rows:
        in_guest = row.memory_size > 0
        damaged += not row.is_good
        owner = "-" if row.vm == image.NO_VM else row.vm
        print(f"{row.name:16}{owner:>2}  {image.KIND_NAMES.get(row.kind, '?'):13}{row.offset:>#10x}"
              f"{row.size:>10}  {f'{row.gpa:#010x}' if in_guest else '-':12}"
              f"{row.memory_size if in_guest else '-':>10}  {row.crc:#010x} "
              f"{'good' if row.is_good else 'DAMAGED'}")
    return 1 if damaged else 0


def main(argv: Optional[List[str]] = None) -> int:
    try:
        args = make_parser().parse_args(argv)
        if args.list:
            return list_bundle(args.list)
        for option in ("board", "vmm", "guest", "output"):
            if not getattr(args, option):
                raise BundleError(f"--{option} is missing; see --help")
        print(make_bundle(args))
    except BundleError as error:
        print(f"bundle: {error}", file=sys.stderr)
        return 1
    return 0
