# SPDX-License-Identifier: Apache-2.0
"""What a guest can do to another board's device, access by access, and in how many frames."""

import re

import pcap
import pytest
from guest import hako_qemu

ETHERTYPE = 0x88B5
REQUEST, REPLY = 6, 7


def frames(pair):
    """Requests and replies, each once: a busy workstation may have one sent again."""
    return len({(packet.source, packet.frame[15], packet.frame[18:22], packet.frame[26:28])
                for packet in pcap.read(pair.cable.capture("a"))
                if packet.ether_type == ETHERTYPE and packet.frame[15] in (REQUEST, REPLY)})


class User:
    """Board A's guest, which does as a key tells it."""

    def __init__(self, pair):
        self.pair = pair
        self.vm = pair.a.vm("user")
        self.wait()

    def wait(self):
        return self.vm.expect(r"# waits for a key\r?\n")[1]

    def does(self, key):
        """What it says, and how many frames that took."""
        before = frames(self.pair)
        self.vm.type(key)
        said = self.wait().replace("\r\n", "\n").strip()
        return said, frames(self.pair) - before


@pytest.fixture(name="user_of")
def user_fixture(start_pair, board):
    def start(description, **options):
        other = next(name for name in hako_qemu.BOARDS if name != board)
        user = User(start_pair((board, description, options), (other, "remote-server"),
                               cable={"capture": True}))
        user.does("r")  # the session is there
        return user
    return start


def test_accesses(user_of):
    user = user_of("remote-user")
    assert user.does("r") == ("# read 12345678", 2 * 1001)
    assert user.does("w") == ("# wrote, and read 3e7", 2 * 1001)
    said, count = user.does("m")
    assert said == "# wrote blocks, and read 63" and count == 2 * 101
    assert user.does("l") == ("# read 31 10 14 0 d f0 5 b1", 2 * 100)
    # QEMU's PL031 has registers at their own addresses only: nothing is at the others.
    assert user.does("b")[0] == "# bytes 11 0 0 0, halves 2211 0"
    assert user.does("n")[0].splitlines()[-1] == "# status 0, of a write 8, of what is not served 8"
    # The other board has no VM: its terminal is the monitor's.
    assert user.pair.b.rows() == {}
    assert "1 of 1 open" not in "\n".join(user.pair.b.monitor("peers"))
    assert "2 of 3 there" in "\n".join(user.pair.b.monitor("peers"))


def test_posted_writes(user_of):
    """Those that come back to back share frames: 64 and more in each, but for the first and the last."""
    # In the guest's time, whatever the workstation does meanwhile.
    user = user_of("remote-posted", icount="shift=3")
    said, count = user.does("w")
    assert said == "# wrote, and read 3e7"
    assert count <= 2 * (1000 // 64 + 2)
    said, count = user.does("m")
    assert said == "# wrote blocks, and read 63"
    assert count <= 2 * (800 // 64 + 2)
    # A name that board B does not know is no secret.
    log = user.pair.a.log_path.read_text(encoding="utf-8", errors="replace")
    assert re.findall(r"hako: peer boardb: .*clokcb.*", log) == [
        "hako: peer boardb: refuses the window clokcb (no such window): is it in serve of its "
        "description, to this board?"]
