# SPDX-License-Identifier: Apache-2.0
"""The command line of scripts/flash."""

import argparse
import sys

import hako_layout
import hako_qemu

from . import image
from .board import Board
from .errors import BoardReset, FlashError
from .line import SPEEDS, Line
from .prompt import Prompt
from .put import Flasher
from .transfer import Tftp, Ymodem


def number(text):
    value = int(text, 0)
    if not 0 <= value < 1 << 32:
        raise argparse.ArgumentTypeError("it has 32 bits")
    return value


def arguments(argv):
    parser = argparse.ArgumentParser(prog="flash", description="Put an image onto a board over its "
                                     "serial console, or look at its slots: docs/flashing.md.")
    parser.add_argument("--board", required=True, choices=hako_qemu.BOARDS)
    parser.add_argument("--device", required=True, help="serial line, as /dev/ttyUSB0")
    parser.add_argument("--baud", type=int, default=115200, choices=sorted(SPEEDS))
    parser.add_argument("--version", type=number, default=0, help="a number for the boot record")
    parser.add_argument("--slot", choices=("a", "b"), help="instead of the one that U-Boot chooses")
    parser.add_argument("--tftp", metavar="FOLDER", help="of a TFTP server that the board can reach; "
                        "without it, YMODEM")
    parser.add_argument("--server", default="10.0.2.2", help="its address (default QEMU's: %(default)s)")
    parser.add_argument("--wait", type=float, default=10, metavar="SECONDS",
                        help="for an answer, or for the board to be switched on (default %(default)s)")
    parser.add_argument("--log", help="file for all that the board says")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("image", nargs="?", help="a FIT image: hako.fit")
    what.add_argument("--info", action="store_true", help="what is in the slots")
    what.add_argument("--use", choices=("a", "b"), help="boot this slot: a roll-back")
    return parser.parse_args(argv)


def show_progress(done, total):
    if not total or not sys.stderr.isatty():
        return
    width = 40 * done // total
    sys.stderr.write(f"\r[{'#' * width:40}] {done >> 10} of {total >> 10} KiB" +
                     ("\n" if done == total else ""))
    sys.stderr.flush()


def show_info(info):
    for name, slot in info.slots.items():
        print(f"slot {name}: {slot.state}" + (", confirmed" if slot.confirmed else "") +
              f", {slot.attempts} attempts, version {slot.version:#x}, digest {slot.digest}" +
              (" - to be booted next" if name == info.next else ""))


def ways(args):
    found = [Tftp(args.tftp, args.server)] if args.tftp else []
    try:
        return found + [Ymodem()]
    except FlashError:
        if not found:
            raise
        return found


def act(args, flasher, new):
    board = flasher.board
    if new:
        flasher.put(new, args.slot)
        return

    def ask():
        board.check()
        if args.use:
            refused = board.note("use", args.use)
            if refused:
                raise FlashError(f"slot {args.use}: {refused}")
        show_info(board.info())

    flasher.through_resets(ask)


def flash(args):
    layout = hako_layout.read(args.board)
    new = image.read(args.image, args.version, layout) if args.image else None
    transfers = ways(args) if new else []
    log = open(args.log, "wb") if args.log else None
    line = Line(args.device, args.baud, log)
    try:
        prompt = Prompt(line)
        print(prompt.sync(args.wait))
        act(args, Flasher(Board(prompt, layout), transfers, print, show_progress, args.wait), new)
    except BoardReset:
        raise FlashError("the board was restarted") from None
    finally:
        line.close()
        if log:
            log.close()


def main(argv=None):
    args = arguments(argv)
    sys.stdout.reconfigure(line_buffering=True)
    try:
        flash(args)
    except (FlashError, hako_layout.LayoutError) as error:
        print(f"flash: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"flash: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("flash: stopped; call it again to go on", file=sys.stderr)
        return 130
    return 0
