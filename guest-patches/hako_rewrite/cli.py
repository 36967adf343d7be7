# SPDX-License-Identifier: Apache-2.0
"""Command line, files and messages. Either all outputs of a run appear, or none."""

import argparse
import json
import os
import sys
import tempfile
from typing import List, Optional, Tuple

from .check import check_elf, check_image
from .elf import Elf
from .encodings import used_entries
from .errors import RewriteError
from .image import flatten, is_image, pack_image
from .report import count_kinds, make_report
from .rewriter import Rewritten, restore, rewrite

PROGRAM = "rewrite"


class _OneLineParser(argparse.ArgumentParser):
    """Wrong arguments get one line, like every other error, and exit code 1."""

    def error(self, message: str):
        print(f"{PROGRAM}: {message}; see {PROGRAM} --help", file=sys.stderr)
        sys.exit(1)


def _parser() -> argparse.ArgumentParser:
    parser = _OneLineParser(
        prog=PROGRAM,
        description="Makes a built ARM executable (vmlinux, bare-metal program) ready to run under "
                    "Hako: sensitive instructions become proxies that trap.")
    parser.add_argument("input", nargs="?", metavar="INPUT", help="the ELF to rewrite")
    parser.add_argument("-o", "--output", metavar="OUTPUT", help="the ELF to write")
    parser.add_argument("--image", metavar="FILE", help="also write the flat image, with trailer")
    parser.add_argument("--report", metavar="FILE", help="also write a report as JSON")
    parser.add_argument("--no-pv", action="store_true",
                        help="no paravirtual code for a Linux kernel, only proxies")
    parser.add_argument("--check", metavar="FILE",
                        help="prove a rewritten ELF (or an image's table) clean; exit 0 or 1")
    parser.add_argument("--restore", metavar="FILE",
                        help="give the original of a rewritten ELF back, to OUTPUT")
    return parser


def _read(path: str) -> bytes:
    if os.path.exists(path) and not os.path.isfile(path):
        raise RewriteError("not a regular file; give an ELF")
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise RewriteError(f"cannot read: {error.strerror}") from None


def _write_all(outputs: List[Tuple[str, bytes]], mode_of: str) -> None:
    """Writes all files beside their final places first, then renames them.

    The first one gets the mode of the file `mode_of`, the others the same but not executable.
    """
    temporary = []
    mode = os.stat(mode_of).st_mode & 0o777 | 0o600
    try:
        for path, content in outputs:
            if os.path.exists(path) and not os.path.isfile(path):
                raise RewriteError(f"cannot write {path}: not a regular file")
            try:
                folder, name = os.path.split(path)
                handle, temp = tempfile.mkstemp(prefix=f".{name}.", dir=folder or ".")
                temporary.append(temp)
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
                os.chmod(temp, mode)
            except OSError as error:
                raise RewriteError(f"cannot write {path}: {error.strerror}") from None
            mode &= 0o666
        for (path, _), temp in zip(outputs, list(temporary)):
            try:
                os.replace(temp, path)
            except OSError as error:
                raise RewriteError(f"cannot write {path}: {error.strerror}") from None
            temporary.remove(temp)
    finally:
        for temp in temporary:
            os.unlink(temp)


def _run_rewrite(args: argparse.Namespace) -> str:
    result = rewrite(_read(args.input), pv=not args.no_pv)
    outputs = [(args.output, result.data)]
    if args.image:
        flat, load, entry = flatten(Elf(result.data), result.data)
        outputs.append((args.image, pack_image(flat, result.table, load, entry,
                                               result.segment.info if result.segment else None)))
    if args.report:
        text = json.dumps(make_report(result, os.path.basename(args.input)), indent=1)
        outputs.append((args.report, text.encode() + b"\n"))
    _write_all(outputs, args.input)
    return "\n".join([f"{args.output}: {_summary(result)}"] + _pv_lines(result))


def _summary(result: Rewritten) -> str:
    kinds = ", ".join(f"{count} {kind}" for kind, count in count_kinds(result).most_common())
    table_words = len(used_entries(result.table))
    return (f"{len(result.sites)} proxies, {table_words} table words, in "
            f"{result.code_words} words of ARM code" + (f" ({kinds})" if kinds else "") +
            ("" if result.segment else f"; proxies only: {result.no_pv}"))


def _pv_lines(result: Rewritten) -> List[str]:
    """What is paravirtual, and by name what could not be."""
    segment = result.segment
    if not segment:
        return []
    if not segment.code:
        return ["pv: the guest's own paravirtual code is made known to the VMM"]
    left = sum(segment.stubs.left.values())
    return [f"pv: {len(segment.stubs.stubs)} sites and {len(segment.hooks)} hooks to "
            f"{segment.info.code_size} bytes at {segment.info.code_va:#010x}, {left} sites left "
            "to proxies"] + \
        [f"pv: {name}: {why}, left to proxies" for name, why in sorted(segment.refused.items())]


def _run_check(args: argparse.Namespace) -> str:
    data = _read(args.check)
    if is_image(data):
        proof = check_image(data)
        return f"{args.check}: image with {proof.table_words} table words, checksums hold"
    proof = check_elf(data)
    second = "capstone not installed, no second opinion" if proof.disassembled is None else \
        f"capstone agrees on {proof.disassembled} distinct words"
    return (f"{args.check}: clean, {proof.sites} proxies, {proof.table_words} table words, in "
            f"{proof.code_words} words of ARM code; {second}")


def _run_restore(args: argparse.Namespace) -> str:
    original = restore(_read(args.restore))
    _write_all([(args.output, original)], args.restore)
    return f"{args.output}: original restored, {len(original)} bytes"


def _plan(parser: argparse.ArgumentParser, args: argparse.Namespace):
    """The job the arguments ask for and the file it reads. Contradictions end the program."""
    jobs = [job for job in ("input", "check", "restore") if getattr(args, job)]
    if len(jobs) != 1:
        parser.error("give one of INPUT, --check FILE and --restore FILE")
    job, source = jobs[0], getattr(args, jobs[0])
    if job != "check" and not args.output:
        parser.error("-o OUTPUT is missing")
    if job == "check" and args.output:
        parser.error("--check writes no OUTPUT")
    if job != "input" and (args.image or args.report):
        parser.error("--image and --report need an INPUT to rewrite")
    targets = [os.path.realpath(path) for path in (args.output, args.image, args.report) if path]
    if len(set(targets)) != len(targets) or os.path.realpath(source) in targets:
        parser.error("each output needs a file of its own, and the input stays")
    return {"input": _run_rewrite, "check": _run_check, "restore": _run_restore}[job], source


def main(argv: Optional[List[str]] = None) -> int:
    """Returns the exit code: 0, or 1 with one line on stderr."""
    parser = _parser()
    args = parser.parse_args(argv)
    run, source = _plan(parser, args)
    try:
        print(run(args))
    except RewriteError as error:
        print(f"{PROGRAM}: {source}: {error}", file=sys.stderr)
        return 1
    return 0
