# SPDX-License-Identifier: Apache-2.0
"""
A board that gets another description while it runs, and the first one again, as scripts/reload sends
them. What is in between is done by a VM that is off, and started anew; another one stays on.
"""

from hako_bundle import reload as sender

from .errors import ModelError
from .linux import HANG_SECONDS
from .machine import ROOT, GuestError

DESCRIPTIONS = ROOT / "tests/model/vms"
FORMS = ("reload-other", "reload", "reload-other")
ESCAPE = "\x0f"
# Stays on, and does as a key tells it.
FIRST_GUEST = "neighbour"


class Line:
    """The console of a board, as the sender's Line."""

    def __init__(self, console):
        self.console = console

    def send(self, data):
        self.console.type(data.decode("latin-1"))

    def expect(self, *patterns):
        match, _ = self.console.expect("|".join(f"(?:{one.decode('latin-1')})" for one in patterns),
                                       HANG_SECONDS)
        return match[0].encode("latin-1")


def make_data(words, out):
    """What is sent for each of FORMS. words: what scripts/bundle was given, from --board on, without
    --vmm, --vms and -o."""
    made = {}
    for form in set(FORMS):
        path = out / f"{form}.sent"
        if sender.main([*map(str, words), "--vms", str(DESCRIPTIONS / f"{form}.dts"),
                        "-o", str(path)]) != 0:
            raise ModelError(f"{form}: cannot be sent")
        made[form] = path.read_bytes()
    return made


def drive(console, step, data):
    """All of it on a board with reload.dts, which ends then."""
    console.expect(r"# waits for a key\r?\n", HANG_SECONDS)
    _wait_for_second(console, step, "first description")
    for form in FORMS:
        step(f"reload: {form}")
        answer = sender.send(Line(console), data[form], ESCAPE.encode(), False)
        if not answer.done or " 2 VMs made anew" not in answer.text:
            raise GuestError(f"{form}: {answer.text}")
        console.type("start second\r")
        _wait_for_second(console, step, form)
    console.type(f"{ESCAPE}1")
    console.expect(r"hako: console of first\r\n", HANG_SECONDS)
    console.type("p")


def _wait_for_second(console, step, form):
    step(f"second: {form}")
    console.expect(r"\[second\] powered off\r\n", HANG_SECONDS)


def check_second(text):
    """What `second` printed is a result, and a good one, of each of its lives."""
    lines = text.replace("\r", "").splitlines()
    good = [line for line in lines if line.startswith("ok ")]
    if any(line.startswith(("not ok", "Bail out!")) for line in lines) or \
            len(good) != 1 + len(FORMS):
        raise GuestError(f"second: {len(good)} good results, not {1 + len(FORMS)}\n{text[-2000:]}")
