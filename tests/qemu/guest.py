# SPDX-License-Identifier: Apache-2.0
"""A Linux guest in QEMU, as the scenarios see it: start it, type into its console, read what it says.

    with Guest("integratorcp", "linux-6.12", log) as guest:     # under the VMM
        guest.wait_for_shell()
        guest.check("mount /dev/mmcblk0 /mnt")                  # output; raises if status is not 0

Nothing here measures host time: the limits only end a hang.
"""

import os
import signal
import sys
from pathlib import Path

import pexpect
from pexpect.popen_spawn import PopenSpawn

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import hako_qemu  # noqa: E402 (needs the path above)

PROMPT = r"hako:\S*# "
HANG_SECONDS = 300

# None of these may ever be seen, so that a test need not wait for its limit.
FATAL = [
    r"Kernel panic - [^\r\n]*",
    r"Unable to handle kernel [^\r\n]*",
    r"Internal error: [^\r\n]*",
    r"\[vm1\] stopped[^\r\n]*",
    r"hako: panic[^\r\n]*",
    r"hako: vmm memory checksum WRONG[^\r\n]*",
]

# A loop without echo or line editing, which could wrap and repeat what is typed. Output and status
# of a command end with a line that no command here prints.
SCRIPT_LOOP = ("stty -echo; dmesg -n 4; while IFS= read -r c; do "
               'eval "$c" </dev/null; echo "@@status $?@@"; done')


class GuestError(AssertionError):
    """The guest did not do what it should; the message says what and where the log is."""


# PopenSpawn mixes the two outputs. What QEMU itself says, such as of a frame that came while the
# guest's network was down, is not the guest's console, and must not get between its lines.
SEPARATE = ["/bin/sh", "-c", 'errors=$0; exec "$@" 2>"$errors"']


class Shell:
    """A console with Linux behind it. Who has it can type() into it, and expect() what it says;
    _fail() ends the test."""

    scripted = False  # SCRIPT_LOOP runs

    def wait_for_shell(self):
        """Wait until the interactive shell is there, after a start or a restart."""
        self.expect(PROMPT)
        self.scripted = False

    def _start_loop(self):
        self.type(SCRIPT_LOOP + "\n")
        self.type("true\n")
        self.expect(r"@@status 0@@\r\n")
        self.scripted = True

    def send(self, command):
        """Begin one line of shell; end() waits for it."""
        if "\n" in command or len(command) > 4000:
            raise ValueError("one line that fits into a terminal's buffer")
        if not self.scripted:
            self._start_loop()
        self.type(command + "\n")

    def end(self, **options):
        """Wait until the line has been carried out; returns (status, output)."""
        match, output = self.expect(r"@@status (\d+)@@\r\n", **options)
        return int(match[1]), output.replace("\r\n", "\n")

    def run(self, command, **options):
        """Run one line of shell; returns (status, output)."""
        self.send(command)
        return self.end(**options)

    def check(self, command, **options):
        """Run one line of shell that has to succeed; returns its output."""
        status, output = self.run(command, **options)
        if status != 0:
            self._fail(f"`{command}` ended with status {status}:\n{output}")
        return output

    def leave(self, command):
        """Run a command that does not come back: reboot, poweroff."""
        self.type(command + "\n")
        self.scripted = False


class Machine(Shell):
    """A QEMU with a console: `command` is its command line. `log` gets all that the guest prints,
    the same name with .qemu what QEMU says itself."""

    fatal = FATAL

    def __init__(self, command, log):
        self.log_path = Path(log)
        self.errors_path = Path(f"{log}.qemu")
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        self.log = open(self.log_path, "w", encoding="utf-8", newline="")
        # Pipes: a terminal would change line ends, and not every container has one to give. A group
        # of its own, since QEMU may be the child of a script.
        self.qemu = PopenSpawn(SEPARATE + [str(self.errors_path)] + [str(c) for c in command],
                               encoding="utf-8", codec_errors="replace", timeout=HANG_SECONDS,
                               preexec_fn=os.setsid)
        self.qemu.logfile_read = self.log
        # PopenSpawn asks for output again and again, with this pause. Its usual 0.1 ms take a third of
        # a core, from the guests that run beside this one.
        self.qemu.delayafterread = 0.005

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            os.killpg(self.qemu.proc.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # all have ended by themselves
        self.qemu.proc.wait()
        self.log.close()

    def _fail(self, what):
        self.log.flush()
        tail = self.log_path.read_text(encoding="utf-8", errors="replace").splitlines()[-25:]
        errors = self.errors_path.read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
        raise GuestError("\n".join([what, f"log: {self.log_path}"] + ["    " + t for t in tail] +
                                   ["QEMU: " + e for e in errors]))

    def expect(self, pattern, timeout=HANG_SECONDS):
        """Wait for a pattern; returns the match object and the text before it."""
        patterns = [pattern] + self.fatal + [pexpect.EOF, pexpect.TIMEOUT]
        index = self.qemu.expect(patterns, timeout=timeout)
        if index == 0:
            return self.qemu.match, self.qemu.before
        if index <= len(self.fatal):
            self._fail(f"the guest failed: {self.qemu.after}")
        if index == len(patterns) - 2:
            self._fail(f"QEMU ended while waiting for {pattern!r}")
        self._fail(f"nothing for {timeout} s while waiting for {pattern!r}")

    def type(self, text):
        """Type as a person does, into the interactive shell."""
        self.qemu.send(text)

    def wait_for_end(self):
        """Wait until QEMU has ended; returns what was printed meanwhile and its exit status."""
        index = self.qemu.expect([pexpect.EOF] + self.fatal + [pexpect.TIMEOUT])
        if index != 0:
            self._fail("QEMU did not end" if index > len(self.fatal) else f"{self.qemu.after}")
        text = self.qemu.before
        return text, self.qemu.wait()


class Guest(Machine):
    """A board that boots Linux, under the VMM or natively."""

    def __init__(self, board, kernel, log, *, native=False, stress=False, **options):
        """native: the unmodified kernel on the bare board. options: see hako_qemu.command."""
        suffix = "-stress" if stress else ""
        folder = ROOT / "build/guest" / kernel
        if native:
            initrd = "stress" if stress else "initramfs"
            command = hako_qemu.command(
                board, folder / "zImage", dtb=folder / f"{board}.dtb",
                initrd=ROOT / f"build/guest/{initrd}.cpio.gz",
                cmdline="console=ttyAMA0 mem=96M", **options)
        else:
            bundle = ROOT / "build" / board / kernel / f"zImage-hako{suffix}"
            command = hako_qemu.command(board, bundle, **options)
        super().__init__(command, log)
