# SPDX-License-Identifier: Apache-2.0
"""scripts/remote-server and a client, each a process, over the cable of the scenarios or over UDP: in
real time, so with fewer accesses than test_million.c."""

import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

import pcap
from cable import Cable, Plug
from cable_faults import Faults

ROOT = Path(__file__).resolve().parents[2]
SERVER_ADDRESS = "02:48:41:4b:00:01"
# A lower address than the server's, and a higher one: who begins the session depends on it.
CLIENT_ADDRESSES = ["02:48:41:4b:00:00", "02:48:41:4b:00:0f"]
KEY = "00112233445566778899aabbccddeeff" * 2
ETHERTYPE = 0x88B5
LIMIT_SECONDS = 120


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "key"
    path.write_text(KEY + "\n")
    return path


@pytest.fixture
def start_server(key_file):
    servers = []

    def start(wire, client=CLIENT_ADDRESSES[0], *more, key=True):
        words = [ROOT / "build/host/remote-server", "--wire", wire, "--peer",
                 f"{client},{key_file}" if key else client, *more]
        server = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        servers.append(server)
        assert server.stdout.readline() == "remote-server: ready\n"
        return server

    yield start
    for server in servers:
        server.kill()
        server.communicate()


def client(wire, address=CLIENT_ADDRESSES[0], accesses=20000, reads=1000, key=KEY, seed=1):
    """Runs it; returns what it counted."""
    done = subprocess.run([ROOT / "build/host/remote-client", wire, address, SERVER_ADDRESS, key,
                           str(accesses), str(reads), str(seed)], text=True, capture_output=True,
                          timeout=LIMIT_SECONDS)
    assert done.returncode == 0, done.stderr
    counts = {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", done.stdout)}
    assert counts["accesses"] == accesses and counts["reads"] == reads
    assert counts["sessions"] == 1
    return counts


def ended(server):
    """Ends the server; returns what it says of its device and of its first peer."""
    server.send_signal(signal.SIGTERM)
    text, _ = server.communicate(timeout=LIMIT_SECONDS)
    assert server.returncode == 0
    device = re.search(r"device: (\d+) accesses, digest (\w+), (\d+) gaps", text)
    peer = re.search(r"peer 0: (.*)", text)[1].split()
    return int(device[1]), dict(zip(peer[0::2], map(int, peer[1::2])))


def ours(capture):
    return [packet for packet in pcap.read(capture) if packet.ether_type == ETHERTYPE]


@pytest.mark.parametrize("address", CLIENT_ADDRESSES)
def test_perfect_cable(tmp_path, start_server, address):
    with Cable(tmp_path, capture=True) as cable:
        server = start_server(f"qemu:{cable.socket('b')}", address)
        counts = client(f"qemu:{cable.socket('a')}", address)
        accesses, peer = ended(server)
        assert accesses == counts["accesses"]
        assert peer["forged"] == peer["replayed"] == peer["malformed"] == 0
        assert len(ours(cable.capture("a"))) == peer["in"] + peer["out"]


def test_reads_are_two_frames(tmp_path, start_server):
    """Counted from captures: 1000 reads more are 2000 frames more. The rest are keep-alives, and what
    was sent twice because this machine was busy: a cable without loss has no reason for it."""
    frames = []
    for reads in (200, 1200):
        with Cable(tmp_path, capture=True) as cable:
            server = start_server(f"qemu:{cable.socket('b')}")
            counts = client(f"qemu:{cable.socket('a')}", accesses=reads, reads=reads)
            _, peer = ended(server)
            frames.append(len(ours(cable.capture("a"))) - counts["resent"] - peer["duplicates"])
    assert 1995 <= frames[1] - frames[0] <= 2005


def test_posted_writes_share_frames(tmp_path, start_server):
    with Cable(tmp_path, capture=True) as cable:
        server = start_server(f"qemu:{cable.socket('b')}")
        client(f"qemu:{cable.socket('a')}", accesses=100001, reads=1)
        requests = [packet for packet in ours(cable.capture("a"))
                    if packet.target == bytes.fromhex(SERVER_ADDRESS.replace(":", ""))]
        ended(server)
        assert len(requests) < 100000 / 32  # it pushes half of its runs, which are of 1 to 256


@pytest.mark.parametrize("address", CLIENT_ADDRESSES)
def test_bad_cable(tmp_path, start_server, address):
    """20 % of each fault, both ways: nothing is lost, nothing comes twice, all in order."""
    faults = Faults.all_of(0.2, delay_seconds=0.005, reorder_seconds=0.002)
    with Cable(tmp_path, faults=faults, seed=3) as cable:
        server = start_server(f"qemu:{cable.socket('b')}", address)
        counts = client(f"qemu:{cable.socket('a')}", address, accesses=4000, reads=100)
        accesses, peer = ended(server)
        assert accesses == counts["accesses"]
        assert peer["sessions"] == 1
        assert counts["resent"] and peer["duplicates"] and peer["replayed"] and peer["forged"]


def test_udp(start_server):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = start_server(f"udp:{port}")
    counts = client(f"udp:0,127.0.0.1:{port}")
    assert ended(server)[0] == counts["accesses"]


def test_snap(tmp_path, start_server):
    """The server sends plain 802.3 frames, and takes both kinds."""
    with Cable(tmp_path, capture=True) as cable:
        server = start_server(f"qemu:{cable.socket('b')}", CLIENT_ADDRESSES[0], "--snap")
        client(f"qemu:{cable.socket('a')}", accesses=1000, reads=100)
        ended(server)
        sent = [packet for packet in pcap.read(cable.capture("b"))
                if packet.source == bytes.fromhex(SERVER_ADDRESS.replace(":", ""))]
        assert sent and all(packet.ether_type <= 1500 and
                            packet.frame[14:22] == bytes.fromhex("aaaa0300000088b5")
                            for packet in sent)


def test_wrong_key(tmp_path, start_server):
    with Cable(tmp_path) as cable:
        server = start_server(f"qemu:{cable.socket('b')}")
        with pytest.raises(subprocess.TimeoutExpired):
            subprocess.run([ROOT / "build/host/remote-client", f"qemu:{cable.socket('a')}",
                            CLIENT_ADDRESSES[0], SERVER_ADDRESS, "55" * 32, "10", "5"],
                           timeout=2, capture_output=True)
        accesses, peer = ended(server)
        assert accesses == 0 and peer["sessions"] == 0 and peer["forged"] > 0


def test_client_comes_again(tmp_path, start_server):
    """A client that is killed, and a new one: another session, and the device has what it had."""
    with Cable(tmp_path) as cable:
        server = start_server(f"qemu:{cable.socket('b')}")
        first = subprocess.Popen([ROOT / "build/host/remote-client", f"qemu:{cable.socket('a')}",
                                  CLIENT_ADDRESSES[0], SERVER_ADDRESS, KEY, "100000000", "50000"],
                                 stdout=subprocess.PIPE)
        time.sleep(0.5)
        first.kill()
        first.communicate()
        counts = client(f"qemu:{cable.socket('a')}")
        accesses, peer = ended(server)
        assert accesses == counts["accesses"]
        assert peer["sessions"] == 2


def test_nonsense(tmp_path, start_server):
    """Frames that are none of the protocol, to the server's address and from its peer's."""
    with Cable(tmp_path) as cable:
        server = start_server(f"qemu:{cable.socket('b')}")
        plug = Plug(cable.socket("a"))
        head = bytes.fromhex((SERVER_ADDRESS + CLIENT_ADDRESSES[0]).replace(":", "")) + b"\x88\xb5"
        frames = [head + bytes([length % 256]) * length for length in range(0, 1500, 7)]
        for frame in frames:
            plug.send(frame)
        while cable.counts()["a"]["received"] < len(frames):
            time.sleep(0.01)
        plug.close()
        counts = client(f"qemu:{cable.socket('a')}")
        lost = cable.counts()["b"]["overrun"]  # if this machine was too busy to read all of them
        accesses, peer = ended(server)
        assert accesses == counts["accesses"]
        assert peer["malformed"] + peer["foreign"] + peer["forged"] >= len(frames) - lost > 20


@pytest.mark.parametrize("words", [
    [], ["--wire", "nothing:1", "--peer", CLIENT_ADDRESSES[0], "--insecure"],
    ["--wire", "udp:0", "--peer", CLIENT_ADDRESSES[0]],
    ["--wire", "udp:0", "--peer", "03:00:00:00:00:00", "--insecure"],
    ["--wire", "udp:0", "--peer", CLIENT_ADDRESSES[0] + ",/dev/null"],
    ["--wire", "udp:0", "--peer", CLIENT_ADDRESSES[0], "--insecure", "--mac", "x"],
    ["--wire", "qemu:/nowhere/at/all", "--peer", CLIENT_ADDRESSES[0], "--insecure"]])
def test_wrong_words(words):
    done = subprocess.run([ROOT / "build/host/remote-server", *words], text=True,
                          capture_output=True, timeout=20)
    assert done.returncode in (1, 2) and done.stderr
