# SPDX-License-Identifier: Apache-2.0
"""One QEMU with the model, from its command line to what the model found."""

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

import hako_qemu
from hako_bench import facts as bench_facts

from . import build, symbols
from .errors import ModelError

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/qemu"))

from guest import GuestError, Machine  # noqa: E402 (needs the path above)

# Nothing measures this: QEMU writes the report of a run when it is asked to end.
END_SECONDS = 60


@dataclass(frozen=True)
class Model:
    """What is modelled; None is the plugin's own choice."""

    plugin: Path
    memory: str | None = None
    icache: int | None = None
    dcache: int | None = None


@dataclass
class Job:
    """What to run: `script` drives the console until the run has done what it is for."""

    label: str
    board: str
    kernel: Path
    script: Callable             # script(console, step); step(text) says what comes now
    options: dict = field(default_factory=dict)  # of hako_qemu.command
    vmm_elf: Path | None = None  # the VMM it runs under, or None on the bare board
    names: list = field(default_factory=list)    # ELF files of what runs, for names of addresses
    words: list = field(default_factory=list)    # more of QEMU's
    counts: Path | None = None   # where the cycles between ...
    between: tuple = ()          # ... these two functions of the VMM go


@dataclass
class Result:
    label: str
    findings: int | None = None  # None: the run has no report
    failure: str | None = None   # what the guest did wrong, if it did
    seconds: float = 0.0
    report: Path | None = None   # .txt for people, .json beside it
    data: dict = field(default_factory=dict)     # what is in the .json

    @property
    def ok(self):
        return self.findings == 0 and not self.failure


def plugin_arguments(job, model, ram, report, folder):
    """The words behind the plugin's name."""
    words = build.plugin_words(job.board, ram, report, model.memory, bool(job.vmm_elf))
    words += [f"{name}={value}" for name, value in (("icache", model.icache),
                                                    ("dcache", model.dcache)) if value is not None]
    files = [(path, 0) for path in job.names]
    if job.vmm_elf:
        words.append(f"mode={symbols.virtual_mode(ROOT, job.vmm_elf)}")
        # Before the MMU is on, the VMM's code runs at its physical address.
        files += [(job.vmm_elf, 0), (job.vmm_elf, symbols.vmm_moved(ROOT))]
    if job.counts:
        begin, end = symbols.addresses(job.vmm_elf, *job.between)
        words += [f"out={job.counts}", f"begin={begin:#x}", f"end={end:#x}"]
    for number, (path, moved) in enumerate(files):
        words.append(f"sym={symbols.write_symbols(path, folder / f'{number}.sym', moved)}")
    return words


def command_line(job, model, ram, report, folder):
    # QEMU wants a comma in a value doubled.
    plugin = ",".join(word.replace(",", ",,") for word in (
        str(model.plugin), *plugin_arguments(job, model, ram, report, folder)))
    # sleep=off: an idle guest's clock jumps to the next timer instead of waiting for it.
    return [*hako_qemu.command(job.board, job.kernel,
                               icount=f"shift={bench_facts.ICOUNT_SHIFT},sleep=off",
                               **job.options),
            *hako_qemu.shared_ram(ram), "-plugin", plugin, *job.words]


@contextlib.contextmanager
def ram_file(folder):
    """A place for QEMU's RAM."""
    path = hako_qemu.ram_folder(folder) / f"hako-model-{os.getpid()}-{folder.name}"
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _end(console):
    """QEMU runs the plugin's end when it ends in peace."""
    process = console.qemu.proc
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(END_SECONDS)


def _refused(console):
    """The plugin says no in a line of its own, where QEMU says its own."""
    errors = console.errors_path.read_text(encoding="utf-8", errors="replace")
    match = re.search(r"^arm926 model: (.*)", errors, re.M)
    if match:
        raise ModelError(match[1])


def _read_report(result):
    try:
        with open(result.report.with_suffix(".json"), encoding="ascii") as stream:
            result.data = json.load(stream)
    except (OSError, ValueError) as error:
        if not result.failure:
            result.failure = f"{result.label}: the model wrote no report: {error}"
        return
    result.findings = result.data["findings"]


def run(job, model, out, progress=lambda text: None):
    """Runs a job to its end. Files of that name in `out`: .log, .txt and .json."""
    out.mkdir(parents=True, exist_ok=True)
    report = out / job.label
    result = Result(job.label, report=report.with_name(f"{job.label}.txt"))
    start = time.monotonic()

    def step(text):
        progress(f"{job.label}: {text}")

    with tempfile.TemporaryDirectory(prefix="hako-model-") as folder, \
            ram_file(Path(folder)) as ram:
        try:
            command = command_line(job, model, ram, report, Path(folder))
            console = Machine(command, out / f"{job.label}.log")
        except OSError as error:
            raise ModelError(f"{job.label}: cannot start QEMU: {error}")
        with console:
            try:
                job.script(console, step)
            except GuestError as error:
                result.failure = f"{job.label}: {error}"
            finally:
                _end(console)
    _refused(console)
    _read_report(result)
    result.seconds = time.monotonic() - start
    step(summary(result))
    return result


def summary(result):
    minutes = f"{int(result.seconds) // 60}:{int(result.seconds) % 60:02d}"
    if result.findings is None:
        return f"failed after {minutes}"
    what = "no findings" if result.findings == 0 else f"{result.findings} findings"
    return f"{what} in {minutes}" + (", and the guest failed" if result.failure else "")
