# SPDX-License-Identifier: Apache-2.0
"""The cable itself, without boards: what it does to frames is what it says, and each seed repeats."""

import random

import pytest

import pcap
from cable import Cable, Plug
from cable_faults import FRAME_MIN, Faults, Line

FRAMES = 2000


def numbered(count=FRAMES):
    return [number.to_bytes(4, "big") * 16 for number in range(count)]


def run(line, frames, step=0.001):
    """All frames, one each step, until nothing is on its way."""
    arrived, now = [], 0.0
    for frame in frames:
        line.push(frame, now)
        arrived += line.due(now)
        now += step
    while (at := line.next_time()) is not None:
        arrived += line.due(at)
    return arrived


def test_perfect_line():
    line = Line(seed=1)
    assert run(line, numbered()) == numbered()
    assert line.counts["delivered"] == line.counts["sent"] == FRAMES


@pytest.mark.parametrize("probability", [0.01, 0.2, 1.0])
def test_drop(probability):
    line = Line(Faults(drop=probability), seed=2)
    arrived = run(line, numbered())
    assert len(arrived) == FRAMES - line.counts["dropped"]
    assert abs(line.counts["dropped"] - probability * FRAMES) <= 4 * FRAMES ** 0.5
    assert arrived == sorted(arrived)


def test_duplicate():
    line = Line(Faults(duplicate=0.2), seed=3)
    arrived = run(line, numbered())
    assert len(arrived) == FRAMES + line.counts["duplicated"] > FRAMES * 1.1
    assert arrived == sorted(arrived) and sorted(set(arrived)) == numbered()


@pytest.mark.parametrize("fault", ["reorder", "delay"])
def test_order(fault):
    """All arrive once, in another order, and none far behind its place."""
    line = Line(Faults(**{fault: 0.2}), seed=4)
    arrived = run(line, numbered())
    assert arrived != numbered() and sorted(arrived) == numbered()
    late = max(at - int.from_bytes(frame[:4], "big") for at, frame in enumerate(arrived))
    assert late <= (20 if fault == "reorder" else 50)  # steps of the time it may take


def test_reorder_without_others():
    """A frame that waits for later ones arrives without them, too."""
    line = Line(Faults(reorder=1.0), seed=5)
    line.push(b"x" * 60, 1.0)
    assert line.due(1.0) == []
    assert line.next_time() == pytest.approx(1.02)
    assert line.due(1.02) == [b"x" * 60]
    assert line.next_time() is None


def test_corrupt():
    line = Line(Faults(corrupt=1.0), seed=6)
    frames = numbered()
    arrived = run(line, frames)
    assert len(arrived) == FRAMES
    assert all(one != other for one, other in zip(arrived, frames))
    assert all(FRAME_MIN <= len(frame) <= 64 for frame in arrived)
    assert any(len(frame) < 64 for frame in arrived)


def test_latency_keeps_order():
    line = Line(Faults(latency=0.5), seed=7)
    line.push(b"1" * 60, 0.0)
    line.push(b"2" * 60, 0.1)
    assert line.due(0.4) == []
    assert line.due(0.55) == [b"1" * 60]
    assert line.due(9.0) == [b"2" * 60]


def test_seeds():
    def outcome(seed):
        return run(Line(Faults.all_of(0.2), seed), numbered(200))

    assert outcome(8) == outcome(8) != outcome(9)


def test_counts_add_up():
    line = Line(Faults.all_of(0.3), seed=10)
    arrived = run(line, numbered())
    counts = line.counts
    assert counts["delivered"] == len(arrived)
    assert counts["delivered"] == counts["sent"] - counts["dropped"] + counts["duplicated"]


def test_cut_loses_what_flies():
    line = Line(Faults(latency=1.0), seed=11)
    line.push(b"1" * 60, 0.0)
    line.cut()
    line.push(b"2" * 60, 0.1)
    line.mend()
    line.push(b"3" * 60, 0.2)
    assert line.due(9.0) == [b"3" * 60]
    assert line.counts["cut"] == 2


@pytest.mark.parametrize("words", ["drop", "drop=2", "drop=-1", "loss=0.1", "latency=-1",
                                   "reorder_depth=0", "drop=x"])
def test_wrong_words(words):
    with pytest.raises(ValueError):
        Faults.of_words(words)


def test_words():
    assert Faults.of_words("all=0.2,drop=0") == Faults(
        duplicate=0.2, reorder=0.2, delay=0.2, corrupt=0.2)


# ---- the process ----------------------------------------------------------------------------------

@pytest.fixture
def cable(tmp_path):
    with Cable(tmp_path, seed=12, capture=True) as cable:
        yield cable


def test_both_ways(cable):
    a, b = Plug(cable.socket("a")), Plug(cable.socket("b"))
    frames = numbered(500)
    for frame in frames:
        a.send(frame)
    assert [b.receive() for _ in frames] == frames
    b.send(*frames[:100])
    assert [a.receive() for _ in frames[:100]] == frames[:100]
    for end in ("a", "b"):
        assert [packet.frame for packet in pcap.read(cable.capture(end))] == frames + frames[:100]


def test_pieces(cable):
    """A stream has no frames: one may come in any pieces, many in one."""
    a, b = Plug(cable.socket("a")), Plug(cable.socket("b"))
    frames = [bytes([n]) * (60 + n) for n in range(100)]
    stream = b"".join(len(f).to_bytes(4, "big") + f for f in frames)
    chance = random.Random(1)
    while stream:
        size = chance.randint(1, 200)
        a.link.sendall(stream[:size])
        stream = stream[size:]
    assert [b.receive() for _ in frames] == frames


def test_process_faults_and_cut(cable):
    a, b = Plug(cable.socket("a")), Plug(cable.socket("b"))
    cable.faults(Faults(drop=1.0), ends=["a"])
    a.send(b"1" * 60)
    b.send(b"2" * 60)
    assert a.receive() == b"2" * 60
    cable.faults(Faults())
    cable.cut(["b"])
    b.send(b"3" * 60)
    a.send(b"4" * 60)
    assert b.receive() == b"4" * 60
    cable.mend()
    b.send(b"5" * 60)
    assert a.receive() == b"5" * 60
    counts = cable.counts()
    assert counts["a"]["dropped"] == 1 and counts["b"]["cut"] == 1


def test_held_frames_come(cable):
    """The process wakes up for a frame that is late, though nothing else happens."""
    a, b = Plug(cable.socket("a")), Plug(cable.socket("b"))
    cable.faults(Faults(delay=1.0, reorder=1.0))
    a.send(b"1" * 60)
    assert b.receive() == b"1" * 60


def test_tap_and_inject(cable):
    a, b, tap = (Plug(cable.socket(end)) for end in ("a", "b", "tap"))
    cable.faults(Faults(drop=1.0))
    tap.send(b"t" * 60, b"short", b"T" * 3000)
    for plug in (a, b):
        assert [plug.receive() for _ in range(3)] == [b"t" * 60, b"short", b"T" * 3000]
    a.send(b"1" * 60)
    assert tap.receive() == b"1" * 60
    cable.inject("b", b"i" * 60, b"j" * 60)
    assert [b.receive(), b.receive()] == [b"i" * 60, b"j" * 60]
    assert a.receive(0.2) is None


def test_plugged_again(cable):
    a, b = Plug(cable.socket("a")), Plug(cable.socket("b"))
    a.send(b"1" * 60)
    assert b.receive() == b"1" * 60
    b.close()
    for _ in range(20):
        a.send(b"2" * 60)
    b = Plug(cable.socket("b"))
    while not cable.counts()["b"]["plugged"] == 2:
        pass
    a.send(b"3" * 60)
    while (frame := b.receive()) == b"2" * 60:
        pass
    assert frame == b"3" * 60


def test_end_that_does_not_read(cable):
    """What does not fit is lost and counted; the other direction goes on."""
    a, b = Plug(cable.socket("a")), Plug(cable.socket("b"))
    frame = b"f" * 1500
    while not cable.counts()["b"]["overrun"]:
        a.send(*[frame] * 50)
    b.send(b"1" * 60)
    assert a.receive() == b"1" * 60
    got = 0
    while b.receive(0.5) is not None:
        got += 1
    counts = cable.counts()
    assert got + counts["b"]["overrun"] == counts["a"]["received"]


def test_nonsense_is_no_frame(cable):
    a, b = Plug(cable.socket("a")), Plug(cable.socket("b"))
    a.send(b"x" * 13, b"y" * 1515)
    a.send(b"1" * 60)
    assert b.receive() == b"1" * 60
    a.link.sendall(b"\xff" * 64)
    assert a.receive() is None
    assert cable.counts()["a"]["strange"] == 3
