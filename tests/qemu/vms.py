# SPDX-License-Identifier: Apache-2.0
"""A board with several VMs, as the scenarios see it: VMs by their consoles, and the monitor.

    with Vms("integratorcp", "pair", log) as board:     # tests/qemu/vms/pair.dts or configs/pair.dts
        first, second = board.vm("first"), board.vm("second")
        first.wait_for_shell()
        second.check("ping -c 1 10.1.0.1")              # gives it the focus
        board.monitor("pause first")                    # what the monitor answers, line by line
"""

import re
import time

from guest import FATAL, ROOT, GuestError, Machine, Shell, hako_qemu

ESCAPE = "\x0f"  # Ctrl-O
MONITOR_PROMPT = "hako> "
CLEAR_TO_END = "\x1b[K"

# No VM stops with a report, unless a scenario is about that.
STOPPED = r"\[[^\]\r\n]+\] stopped: [^\r\n]*"
VMS_FATAL = [pattern for pattern in FATAL if "vm1" not in pattern] + [STOPPED]


class Vms(Machine):
    """All VMs of one description. Only one of them, or the monitor, has the focus."""

    def __init__(self, board, description, log, *, kernel="linux-6.12",
                 escape=ESCAPE, bundle=None, **options):
        # The image with a network stack, if the description needs it: the Makefile knows.
        made = [ROOT / "build" / f"{board}-{image}" / kernel / description / "zImage-hako"
                for image in ("remote", "vms")]
        bundle = bundle or next((path for path in made if path.exists()), made[-1])
        super().__init__(hako_qemu.command(board, bundle, **options), log)
        self.fatal = list(VMS_FATAL)
        self.escape = escape
        self.vms = []
        self.focus = None

    def vm(self, name, number=None):
        """The VM called so; number: as `list` counts it, if this is not the next one."""
        vm = Vm(self, name, number or len(self.vms) + 1)
        self.vms.append(vm)
        # The first VM of the description has the focus at the start.
        if vm.number == 1:
            self.focus = vm
        return vm

    def to_monitor(self):
        if self.focus != "monitor":
            self.type(f"{self.escape}m")
            self.expect(r"hako: monitor; help shows the commands\r\n" + MONITOR_PROMPT)
            self.focus = "monitor"

    def monitor(self, line):
        """Give the monitor a line; returns what it answers, as lines, up to its next prompt. Lines
        of the VMM's log may be among them."""
        self.type_to_monitor(line)
        _, text = self.expect(MONITOR_PROMPT)
        return [one for one in text.replace(CLEAR_TO_END, "").split("\r\n") if one.strip("\r")]

    def answer(self, line):
        """The same, without lines of the log."""
        return [one for one in self.monitor(line) if not re.match(r"(\[\w+\]|hako:) ", one)]

    def type_to_monitor(self, line):
        """The same, where it is a line of the log that answers."""
        self.to_monitor()
        self.type(f"{line}\r")
        # A line of the log may come in between: then what was typed is shown anew behind it.
        anew = f"(?:{re.escape(CLEAR_TO_END)})?"
        self.expect(anew.join(map(re.escape, line)) + anew + r"\r\n")

    def rows(self):
        """The monitor's list: by name, {state, priority, budget, cpu, memory, starts}."""
        heads, *rows = self.answer("list")
        assert heads.split() == ["#", "name", "state", "priority", "budget", "cpu", "memory",
                                 "starts"], heads
        found = {}
        for row in rows:
            match = re.fullmatch(r" *(\d+)  (\S+) +(\w+) +(\d+) +(\S+) +([\d.]+)% +(\d+) MiB +(\d+)",
                                 row)
            if not match:
                raise GuestError(f"not a row of the list: {row!r}")
            found[match[2]] = {"number": int(match[1]), "state": match[3], "priority": int(match[4]),
                               "budget": match[5], "cpu": float(match[6]), "memory": int(match[7]),
                               "starts": int(match[8])}
        return found

    def until(self, vm, condition):
        """
        Wait until the list shows a VM as it should be: what the monitor is asked for is done by the
        VM's own thread, when it is its turn.
        """
        while not condition(self.rows()[vm]):
            time.sleep(0.05)

    def counts(self, vm):
        """The counters of `stats`, by their words."""
        found = (re.fullmatch(r" +(\d+) (.*)", line) for line in self.monitor(f"stats {vm}"))
        return {match[2]: int(match[1]) for match in found if match}

    def stop(self, vm):
        """Have the monitor stop a VM, and wait until it is off."""
        self.monitor(f"stop {vm}")
        self.until(vm, lambda row: row["state"] == "stopped")

    def starts_of(self, vm):
        """What was logged of a VM's starts: (number, the rest, with the VMM's free memory)."""
        self.log.flush()
        text = self.log_path.read_text(encoding="utf-8", errors="replace")
        return re.findall(rf"\[{vm}\] start (\d+): ([^\r\n]*KiB free[^\r\n]*)", text)

    def word(self, vm, address):
        """A word of the VM's memory."""
        row, = self.answer(f"mem {vm} {address:x} 1")
        match = re.match(rf"{address:08x}  ([0-9a-f]{{8}})\s", row)
        if not match:
            raise GuestError(f"not a word of memory: {row!r}")
        return int(match[1], 16)


class Vm(Shell):
    """One of them."""

    def __init__(self, board, name, number):
        self.board = board
        self.name = name
        self.number = number

    def take_focus(self):
        """Returns what is shown up to the line that says whose console it is."""
        if self.board.focus is self:
            return ""
        self.board.type(f"{self.board.escape}{self.number}")
        _, text = self.board.expect(rf"hako: console of {re.escape(self.name)}\r\n")
        self.board.focus = self
        return text

    def expect(self, pattern, **options):
        self.take_focus()
        return self.board.expect(pattern, **options)

    def type(self, text):
        self.take_focus()
        self.board.type(text)

    def _fail(self, what):
        raise GuestError(f"{self.name}: {what}\nlog: {self.board.log_path}")

    def says(self, command, **options):
        """What such a line prints, without lines of the VMM's log that came in between."""
        text = self.check(command, **options)
        return re.sub(r"^(\[\w+\]|hako:) [^\n]*\n", "", text, flags=re.M).strip()
