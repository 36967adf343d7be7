# SPDX-License-Identifier: Apache-2.0
"""One QEMU, from its command line to its counts."""

import re
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import hako_qemu

from . import counts as counting
from . import facts, model
from .build import QEMU, BuildError, audio_options, installed_qemu

# Only a hang takes this long without a line on the console.
SILENCE_SECONDS = 300
END_LINE = "BENCH end"
ERROR_LINE = "BENCH error"
# A kernel or VMM that has said one of these will not get any further.
FATAL = re.compile(r"^hako: bundle: |Kernel panic|Unable to handle kernel|\[vm\d+\] stopped")


class RunError(Exception):
    pass


@dataclass
class Machine:
    """What to start. `kernel` is a zImage or the bundle; a bundle has the rest inside."""

    label: str
    board: str
    kernel: Path
    out: Path            # folder for log and counts
    plugin: Path
    dtb: Path | None = None
    initrd: Path | None = None
    cmdline: str | None = None
    vmm_range: tuple | None = None
    image_at: tuple | None = None     # virtual and physical address of the VMM's image
    entry: int | None = None
    entry_word: int | None = None
    profile: bool = False
    code: bool = False                # count each instruction's executions
    tftp: Path | None = None          # folder that the user network serves
    under: model.Model | None = None  # the ARM926 model, whose `plugin` is
    end_line: str = END_LINE

    @property
    def log(self):
        return self.out / f"{self.label}.log"

    @property
    def errors(self):
        """What QEMU says itself: it must not get between the lines of the guest's console."""
        return self.out / f"{self.label}.log.qemu"

    @property
    def counts_file(self):
        return self.out / f"{self.label}.counts"

    @property
    def findings(self):
        """Under the model: its report is in this .txt and .json."""
        return self.out / f"{self.label}.findings"


def plugin_argument(machine, ram):
    words = [str(machine.plugin), f"out={machine.counts_file}"]
    if machine.entry is not None:
        words.append(f"entry={machine.entry:#x}")
    if machine.entry_word is not None:
        words.append(f"word={machine.entry_word:#x}")
    if machine.under:
        words += model.plugin_words(machine, ram)
    else:
        if machine.vmm_range:
            words.append(f"vmm={machine.vmm_range[0]:#x}-{machine.vmm_range[1]:#x}")
        if machine.image_at:
            words.append(f"image={machine.image_at[0]:#x}-{machine.image_at[1]:#x}")
        if machine.profile:
            words.append("profile=1")
        if machine.code:
            words.append("code=1")
    # QEMU wants a comma in a value doubled.
    return ",".join(word.replace(",", ",,") for word in words)


def command_line(machine, qemu, ram=None):
    """The words that start QEMU; `ram` is the file for its RAM, which only the model needs."""
    command = [QEMU, "-M", machine.board, "-m", str(hako_qemu.MEMORY_MIB),
               "-kernel", str(machine.kernel)]
    if machine.under:
        command += hako_qemu.shared_ram(ram)
    if machine.dtb:
        command += ["-dtb", str(machine.dtb)]
    if machine.initrd:
        command += ["-initrd", str(machine.initrd)]
    if machine.cmdline:
        command += ["-append", machine.cmdline]
    if machine.tftp:
        # Nothing but QEMU's own servers is to be reached: others answer when they like.
        command += ["-nic", f"user,model={hako_qemu.NIC_MODEL},restrict=on,tftp="
                    + str(machine.tftp).replace(",", ",,")]
    # sleep=off: an idle guest's clock jumps to the next timer instead of waiting for it.
    command += ["-icount", f"shift={facts.ICOUNT_SHIFT},sleep=off",
                "-display", "none", "-monitor", "none", "-serial", "stdio", "-no-reboot",
                *audio_options(qemu), "-plugin",
                plugin_argument(machine, ram)]
    return command


def last_lines(text, count=15):
    return "\n".join("    " + line for line in text.rstrip().splitlines()[-count:])


class Run:
    """A QEMU that runs; `finish` waits for its end line and gives results by row."""

    def __init__(self, machine, progress=lambda message: None):
        self.machine = machine
        self.progress = progress
        self.console = []
        self.reached_end = False
        self.failure = None
        self.last_output = time.monotonic()
        machine.out.mkdir(parents=True, exist_ok=True)
        machine.counts_file.unlink(missing_ok=True)
        machine.findings.with_suffix(".findings.json").unlink(missing_ok=True)
        self.ram = model.ram_file(machine.out) if machine.under else None
        try:
            with open(machine.errors, "wb") as errors:
                self.process = subprocess.Popen(
                    command_line(machine, installed_qemu(), self.ram), stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE, stderr=errors)
        except (BuildError, OSError) as error:
            self._remove_ram()
            raise RunError(f"{machine.label}: cannot start {QEMU}: {error}")
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        with open(self.machine.log, "wb") as log:
            for raw in self.process.stdout:
                log.write(raw)
                log.flush()
                self.last_output = time.monotonic()
                line = raw.decode("ascii", "replace").rstrip("\r\n")
                self.console.append(line)
                self._look_at(line)

    def _look_at(self, line):
        plan = counting.parse_plan(line)
        if plan:
            self.progress(f"{self.machine.label}: {facts.ROWS[plan.name].title}"
                          if plan.name in facts.ROWS else f"{self.machine.label}: {plan.name}")
        elif line.startswith(self.machine.end_line):
            self.reached_end = True
        elif line.startswith(ERROR_LINE) or FATAL.search(line):
            self.failure = self.failure or line.strip()

    def _counts(self):
        path = self.machine.counts_file
        return counting.parse_counts(path.read_text(encoding="ascii") if path.exists() else "")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.reader.join(10)
        self._remove_ram()

    def _remove_ram(self):
        if self.ram:
            self.ram.unlink(missing_ok=True)

    def _fail(self, what):
        self.stop()
        errors = self.machine.errors.read_text(encoding="utf-8", errors="replace")
        raise RunError(f"{self.machine.label}: {what}; log: {self.machine.log}\n"
                       + last_lines("\n".join(self.console))
                       + "".join(f"\n    QEMU: {line}" for line in errors.splitlines()[-5:]))

    def finish(self):
        """Wait for the end, stop QEMU, and return (plans, Counts); RunError if the guest failed."""
        while True:
            ended = self.process.poll() is not None
            if self.failure:
                time.sleep(0.5)  # let the report that follows into the log
                self._fail(f"the guest failed: {self.failure}")
            if self.reached_end and self._counts().done:
                break
            if ended:
                self.reader.join(10)
                if self.reached_end and self._counts().done:
                    break
                self._fail(f"QEMU ended with status {self.process.returncode} before the last row")
            if time.monotonic() - self.last_output > SILENCE_SECONDS:
                self._fail(f"nothing on the console for {SILENCE_SECONDS} seconds")
            time.sleep(0.2)
        self.stop()
        return self.measured()

    def measured(self):
        """(plans, Counts) so far; after a failure, of the rows that were complete before it."""
        counts = self._counts()
        plans, regions = [], 0
        for plan in counting.parse_plans("\n".join(self.console)):
            regions += plan.repeats
            if not self.reached_end and regions > len(counts.regions):
                break
            plans.append(plan)
        if not self.reached_end:
            del counts.regions[sum(plan.repeats for plan in plans):]
        return plans, counts
