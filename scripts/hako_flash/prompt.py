# SPDX-License-Identifier: Apache-2.0
"""A conversation with U-Boot's prompt, over a line that loses characters, with a board that may be
restarted at any moment. Each command is typed, its echo compared, and only then sent off; behind it a
word is printed that says that it has ended, and how.
"""

import re

from .errors import BoardReset, FlashError, Garbled
from .line import now

CTRL_C = b"\x03"
PROMPT = re.compile(rb"(?:^|[\r\n])[^\r\n]{0,40}(?:=>|>|#|\$) $")
# What a U-Boot says when it starts. (`version` says the first one, too, without an empty line.)
STARTS = re.compile(rb"\n\r?\nU-Boot (?:SPL )?\d{4}\.\d\d|Hit any key to stop autoboot")
TRIES = 12
ECHO_SECONDS = 0.7
NEWLINE_SECONDS = 2.0


class Prompt:
    def __init__(self, line):
        self.line = line
        self.count = 0

    # ---- finding it ----------------------------------------------------------------------------

    def find(self, seconds):
        """Get to a prompt, or stop U-Boot from going on by itself. False: nothing like it is there."""
        end, asked, text = now() + seconds, 0.0, b""
        while now() < end:
            if now() - asked > 0.7:
                asked = now()
                self.line.write(CTRL_C if text else b"\r")
            data = self.line.read(0.2)
            text = (text + data)[-4096:]
            if STARTS.search(data):
                self.line.write(b"\r")
            if not data and PROMPT.search(text):
                self.line.drop()
                return True
        return False

    def sync(self, seconds):
        """The same, and it is U-Boot's. Returns what `version` says, or the reason to give up."""
        end, other = now() + seconds, False
        while now() < end:
            if not self.find(max(1.5, end - now())):
                break
            try:
                text = self.run("version", 3, tries=2)
            except (FlashError, Garbled):
                other = True
                continue
            except BoardReset:
                continue
            match = re.search(r"^U-Boot \S+.*$", text, re.M)
            if match:
                return match[0].strip()
            other = True
        if other:
            raise FlashError(f"{self.line.path}: what answers is not U-Boot: restart the board while "
                             "this waits, or stop what runs on it")
        raise FlashError(f"{self.line.path}: no answer in {seconds:.0f} s: is the board on, at its "
                         "boot loader's prompt, and the speed right?")

    # ---- one command ---------------------------------------------------------------------------

    def _type(self, text):
        """Type, and compare the echo. Raises Garbled if it is another one; the line is empty then."""
        self.line.drop()
        self.line.write(text)
        end, echo = now() + ECHO_SECONDS + len(text) / 1000, b""
        while now() < end:
            data = self.line.read(0.05)
            echo += data
            if STARTS.search(echo):
                raise BoardReset
            if echo.endswith(text):
                return
            if data:
                end = now() + ECHO_SECONDS
        self.line.write(CTRL_C)
        self._await_prompt()
        raise Garbled("echo")

    def _await_prompt(self):
        end, text = now() + ECHO_SECONDS, b""
        while now() < end:
            text += self.line.read(0.1)
            if STARTS.search(text):
                raise BoardReset
            if PROMPT.search(text):
                return True
        return False

    def _once(self, command, seconds, during):
        self.count += 1
        tag = f":{self.count}:"
        self._type(f"{command}; echo {tag}$?:".encode())
        ended = re.compile(rf"[\r\n]{tag}(\d+):\r?\n".encode())
        self.line.write(b"\r")
        end, asked, text = now() + seconds, now(), b""
        while now() < end:
            data = self.line.read(min(0.5, max(0, end - now())))
            text += data
            if STARTS.search(text):
                raise BoardReset
            match = ended.search(text)
            if match:
                self._await_prompt_after(text[match.end():])
                answer = text[:match.start()].decode("latin-1").replace("\r", "")
                return int(match[1]), answer.strip("\n")
            if not text and now() - asked > NEWLINE_SECONDS:
                asked = now()
                self.line.write(b"\r")  # it was lost
            if during and during[0].search(text):
                during[1]()
                return self._end_of_other()
            if not data and PROMPT.search(text):
                raise Garbled("answer")  # the word at the end was lost
        self.line.write(CTRL_C)
        self._await_prompt()
        raise Garbled("time")

    def _end_of_other(self):
        """A program had the line, and may have taken what U-Boot said at the end."""
        for _ in range(20):
            if self._await_prompt():
                return 0, ""
            self.line.write(b"\r")
        raise Garbled("end")

    def _await_prompt_after(self, text):
        end = now() + ECHO_SECONDS
        while now() < end and not PROMPT.search(text):
            text += self.line.read(0.1)

    def run(self, command, seconds=10, parse=None, during=None, tries=TRIES):
        """What a command prints; or what `parse` makes of it, which returns None for what makes no
        sense. Everything is asked again that the line has spoilt, so what a command does must be the
        same when it is done twice. `during`: a pattern, and what to do when the command prints it."""
        text = ""
        for _ in range(tries):
            try:
                status, text = self._once(command, seconds, during)
            except Garbled:
                continue
            if parse is None:
                return text
            value = parse(status, text)
            if value is not None:
                return value
        if text:
            last = text.strip().splitlines()
            raise FlashError(f"U-Boot: {command.split(';')[0]}: {last[-1] if last else 'failed'}")
        # Nothing at all: has somebody switched it off?
        if not self.find(3):
            raise FlashError(f"{self.line.path}: the board does not answer any more")
        raise FlashError(f"{self.line.path}: the line loses too much")
