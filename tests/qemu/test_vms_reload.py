# SPDX-License-Identifier: Apache-2.0
"""Another description for a board that runs: `reload`, as scripts/reload sends it.

HAKO_RELOADS=n is how many of them test_no_memory_is_lost() does, 200 by hand.
"""

import os
import re
import subprocess
import sys

import pytest
from guest import ROOT
from test_vms_disks import bundle_command
from vms import ESCAPE

sys.path.insert(0, str(ROOT / "scripts"))

from hako_bundle import reload as sender  # noqa: E402 (needs the path above)
from hako_model.reloads import Line  # noqa: E402 (the same)

MIB = 1 << 20
RELOADS = int(os.environ.get("HAKO_RELOADS", "12"))

SOURCE = """/dts-v1/;
/ {{
	compatible = "hako,system";
	network {{ lan0 {{ }}; }};
	disks {{ own {{ ramdisk = ""; size = <{disk:#x}>; }}; }};
	vms {{
		first {{
			memory = <0x2000000>; guest = "linux"; initrd = "linux";
			cmdline = "console=ttyAMA0"; autostart;
			virtio {{ net {{ type = "network"; network = "lan0"; }}; }};
		}};
		{name} {{
			memory = <{memory:#x}>; guest = "{guest}"; {linux}
			priority = <{priority}>; {more}
			virtio {{ net {{ type = "network"; network = "lan0"; }};
				 own {{ type = "block"; disk = "own"; }}; }};
		}};
		third {{
			memory = <0x400000>; guest = "{third}"; {budget}
		}};
	}};
}};
"""
START = {"disk": 0x100000, "name": "second", "memory": 32 * MIB, "guest": "linux", "linux": 'initrd = "linux"; cmdline = "console=ttyAMA0";',
         "priority": 10, "more": "autostart;", "third": "idle", "budget": ""}


MARKED = 'initrd = "linux"; cmdline = "console=ttyAMA0 marked";'
# In the middle of the RAM of a bare-metal guest that is small.
PLACES = range(2 * MIB, 3 * MIB, 0xf00c)


class Board:
    """A board with a bundle of START, and what scripts/reload would send to it."""

    def __init__(self, board, kernel, folder, start):
        self.folder = folder
        idle = ROOT / "build/guest-tests" / board / "idle.hako.elf"
        self.words = [str(word) for word in bundle_command(
            board, kernel, self.source(), folder / "zImage-hako")] + ["--guest", f"idle={idle}"]
        subprocess.run(self.words, check=True, capture_output=True)
        self.vms = start(board, "reload", bundle=folder / "zImage-hako", icount="shift=3")

    def source(self, **changes):
        path = self.folder / "test.dts"
        path.write_text(SOURCE.format(**{**START, **changes}))
        return path

    def data(self, **changes):
        words = self.words[1:]
        at = words.index("--vmm")
        del words[at:at + 2]
        out = self.folder / "sent"
        words[words.index("--vms") + 1] = str(self.source(**changes))
        words[words.index("-o") + 1] = str(out)
        assert sender.main(words) == 0
        return out.read_bytes()

    def send(self, data):
        answer = sender.send(Line(self.vms), data, ESCAPE.encode(), False)
        self.vms.focus = "monitor"
        return answer

    def reload(self, **changes):
        return self.send(self.data(**changes))

    def accept(self, made, **changes):
        answer = self.reload(**changes)
        assert answer.done, answer
        assert f"done: {made} VMs made anew, {3 - made} left as they are" in answer.text

    def refuse(self, why, **changes):
        answer = self.reload(**changes)
        assert not answer.done
        assert why in answer.text, answer.text


@pytest.fixture
def running(start_vms, board, default_kernel, tmp_path):
    return Board(board, default_kernel, tmp_path, start_vms)


@pytest.mark.long
def test_a_stopped_vm_changes_while_another_works(running):
    vms = running.vms
    first, second = vms.vm("first"), vms.vm("second")
    for vm in (first, second):
        vm.wait_for_shell()
    first.check("ip link set eth0 up; ip addr add 10.1.0.1/24 dev eth0")
    # Works all the time: the same sum each time, over memory, or it ends.
    first.check("head -c 2000000 /dev/urandom >/tmp/data; sha256sum </tmp/data >/tmp/sum; "
                "(while sha256sum </tmp/data | cmp -s - /tmp/sum; do "
                "echo >>/tmp/turns; done; echo differs >/tmp/differs) & true")

    # Nothing changes: nothing happens. What would change a VM that runs does not happen.
    running.accept(0)
    running.refuse("second would change, and is not off; `stop second` first", linux=MARKED)
    vms.stop("second")
    rows = vms.rows()
    assert rows["second"]["state"] == "stopped" and rows["first"]["starts"] == 1

    # What can never be: each with the reason, and nothing of it done.
    running.refuse("no 80 MiB in one piece are left", memory=80 * MIB)
    running.refuse("uart: must stay", more='uart = "uart1";')
    data = bytearray(running.data(linux=MARKED))
    data[40] ^= 1
    assert not running.send(bytes(data)).done
    assert vms.rows()["second"] == {**rows["second"], "cpu": vms.rows()["second"]["cpu"]}

    # Another command line, size and priority.
    running.accept(1, linux=MARKED, memory=24 * MIB, priority=12)
    row = vms.rows()["second"]
    assert (row["memory"], row["priority"], row["state"]) == (24, 12, "stopped")
    vms.monitor("start second")
    second.wait_for_shell()
    assert "marked" in second.check("cat /proc/cmdline")
    assert int(second.check("awk '/MemTotal/ { print $2 }' /proc/meminfo")) < 24 * 1024
    second.check("ip link set eth0 up; ip addr add 10.1.0.2/24 dev eth0")
    assert "0% packet loss" in second.check("ping -c 3 -W 10 10.1.0.1")
    second.check("mke2fs /dev/vda && mount /dev/vda /mnt && echo kept >/mnt/file && umount /mnt")

    # Another VM in its place, and of another kind; the third one grows into what is left.
    vms.stop("second")
    running.accept(2, name="other", guest="idle", linux="", memory=4 * MIB, third="idle",
                   budget="budget = <1000 100000>;")
    rows = vms.rows()
    assert list(rows) == ["first", "other", "third"]
    assert rows["third"]["budget"] == "1000/100000"
    # What a Linux had there, its guest does not find.
    assert any(vms.word("other", address) for address in PLACES)
    vms.type_to_monitor("start other")
    vms.expect(r"\[other\] powered off\r\n")
    assert not any(vms.word("other", address) for address in PLACES)
    running.accept(2)
    vms.monitor("start second")
    second.wait_for_shell()
    assert second.check("mount /dev/vda /mnt; cat /mnt/file").strip() == "kept"

    turns = int(first.check("wc -l </tmp/turns"))
    assert int(first.check("sleep 5; wc -l </tmp/turns")) > turns > 0
    assert first.run("cat /tmp/differs")[0] != 0
    assert vms.rows()["first"]["starts"] == 1


# Of other sizes, names and kinds. The third VM stays where it is: each form finds what it found before,
# but for the first round, which begins where the bundle has put all.
FORMS = ({"linux": MARKED, "memory": 24 * MIB},
         {"name": "other", "guest": "idle", "linux": "", "memory": 4 * MIB},
         {"memory": 36 * MIB, "more": "shadow-tables = <100>; shadow-contexts = <6>;"},
         {"name": "small", "guest": "idle", "linux": "", "memory": 2 * MIB, "priority": 3})


@pytest.mark.long
def test_no_memory_is_lost(running):
    """After each round of all forms, heap, shadow tables and RAM are what they were before."""
    vms = running.vms
    first = vms.vm("first")
    first.wait_for_shell()
    for name in "second", "third":
        vms.stop(name)
    seen = [set() for _ in FORMS]
    left = None
    for n in range(RELOADS):
        form = FORMS[n % len(FORMS)]
        answer = running.reload(**form)
        assert answer.done, answer
        name = form.get("name", "second")
        vms.type_to_monitor(f"start {name}")
        match, _ = vms.expect(rf"\[{name}\] start \d+: [^\r\n]*?(\d+) KiB free, (\d+) shadow"
                              r"[^\r\n]*\r\n")
        if form.get("guest") == "idle":
            vms.expect(rf"\[{name}\] powered off\r\n")
        else:
            vms.type_to_monitor(f"stop {name}")
            vms.expect(rf"\[{name}\] stopped by the monitor\r\n")
        vms.until(name, lambda row: row["state"] == "stopped")
        if n % len(FORMS) == 0:
            refused = running.reload(memory=120 * MIB)
            left = re.search(r"the largest has (\d+)", refused.text)[1]
        if n >= len(FORMS):
            seen[n % len(FORMS)].add((match[1], match[2], left))
    assert all(len(one) == 1 for one in seen), seen
    print(f"{RELOADS} reloads: {seen}")
    assert first.check("true") is not None
    assert vms.rows()["first"]["starts"] == 1


def test_a_board_without_a_vm(start_vms, board, tmp_path):
    """What it serves, stays; its console may change."""
    text = (ROOT / "configs/remote-server.dts").read_text(encoding="utf-8")
    vms = start_vms(board, "remote-server")
    vms.expect("hako: network cable")
    for source, answer in ((text.replace("serve {", "console { escape = <0x1d>; }; serve {", 1), "done"),
                           (text.replace("<0 0x10>", "<0 0x20>"), "/serve: must stay")):
        assert source != text
        (tmp_path / "new.dts").write_text(source, encoding="utf-8")
        assert sender.main(["--board", board, "--vms", str(tmp_path / "new.dts"), "-o",
                            str(tmp_path / "sent")]) == 0
        said = sender.send(Line(vms), (tmp_path / "sent").read_bytes(), vms.escape.encode(), False)
        assert answer in said.text
        vms.focus, vms.escape = "monitor", "\x1d"
    assert vms.rows() == {}
