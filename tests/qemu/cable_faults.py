# SPDX-License-Identifier: Apache-2.0
"""What a bad cable does to frames: pure, with the time handed in and all chance from a seed.

    line = Line(Faults(drop=0.2, reorder=0.2), seed=7)
    line.push(frame, now)           # a frame enters at one end
    frames = line.due(now)          # what comes out at the other one, in this order
    line.next_time()                # when more will, or None
"""

import heapq
import random
from dataclasses import asdict, dataclass, fields

# Of 802.3, without the check sequence: what a chip would not pass on.
FRAME_MIN = 14
FRAME_MAX = 1514


@dataclass(frozen=True)
class Faults:
    """Probabilities, each of its own: a frame can be delayed and corrupted and come twice."""

    drop: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0      # let up to reorder_depth later frames pass
    delay: float = 0.0        # by up to delay_seconds, while others pass
    corrupt: float = 0.0      # one to eight bits are not what was sent, or the end is missing
    latency: float = 0.0      # seconds that every frame takes
    delay_seconds: float = 0.05
    reorder_depth: int = 4
    reorder_seconds: float = 0.02  # if no later frame comes

    def __post_init__(self):
        for name in ("drop", "duplicate", "reorder", "delay", "corrupt"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name}={getattr(self, name)}: a probability is 0 to 1")
        for name in ("latency", "delay_seconds", "reorder_seconds"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is a time")
        if self.reorder_depth < 1:
            raise ValueError("reorder_depth is at least one frame")

    @classmethod
    def all_of(cls, probability, **rest):
        """Each fault with one probability."""
        return cls(drop=probability, duplicate=probability, reorder=probability,
                   delay=probability, corrupt=probability, **rest)

    @classmethod
    def of_words(cls, words):
        """From "drop=0.1,delay=0.2", as on a command line."""
        kinds = {field.name: field.type for field in fields(cls)}
        values = {}
        for word in filter(None, words.split(",")):
            name, equals, value = word.partition("=")
            if not equals or name not in (*kinds, "all"):
                raise ValueError(f"{word!r}: it is NAME=NUMBER, of all, {', '.join(kinds)}")
            if name == "all":
                values.update(dict.fromkeys(("drop", "duplicate", "reorder", "delay", "corrupt"),
                                            float(value)))
            else:
                values[name] = int(value) if name == "reorder_depth" else float(value)
        return cls(**values)

    def as_dict(self):
        return asdict(self)


class Line:
    """One direction of a cable."""

    COUNTERS = ("sent", "dropped", "duplicated", "reordered", "delayed", "corrupted", "cut",
                "delivered")

    def __init__(self, faults=Faults(), seed=0):
        self.faults = faults
        self.random = random.Random(seed)
        self.is_cut = False
        self.counts = dict.fromkeys(self.COUNTERS, 0)
        self.order = 0
        self.flying = []   # heap of (time, order, frame)
        self.held = []     # [frames to let pass, time at the latest, frame]

    def push(self, frame, now):
        """A frame is sent into this end."""
        self.counts["sent"] += 1
        if self.is_cut:
            self.counts["cut"] += 1
            return
        # The same number of draws for every frame, so that one probability does not change what
        # the others hit.
        faults, draw = self.faults, [self.random.random() for _ in range(7)]
        if draw[0] < faults.drop:
            self.counts["dropped"] += 1
            return
        copies = 1
        if draw[1] < faults.duplicate:
            self.counts["duplicated"] += 1
            copies = 2
        if draw[2] < faults.corrupt:
            self.counts["corrupted"] += 1
            frame = self._corrupt(frame)
        at = now + faults.latency
        if draw[3] < faults.delay:
            self.counts["delayed"] += 1
            at += draw[4] * faults.delay_seconds
        if draw[5] < faults.reorder:
            self.counts["reordered"] += 1
            depth = 1 + int(draw[6] * faults.reorder_depth)
            self.held.append([depth, at + faults.reorder_seconds, frame])
            copies -= 1
        for _ in range(copies):
            self._fly(at, frame)
        if copies:
            self._pass(at)

    def due(self, now):
        """The frames that have arrived by now; they are taken out."""
        for entry in [entry for entry in self.held if entry[1] <= now]:
            self.held.remove(entry)
            self._fly(entry[1], entry[2])
        arrived = []
        while self.flying and self.flying[0][0] <= now:
            arrived.append(heapq.heappop(self.flying)[2])
        self.counts["delivered"] += len(arrived)
        return arrived

    def next_time(self):
        """When due() has something next, or None."""
        times = [entry[1] for entry in self.held]
        if self.flying:
            times.append(self.flying[0][0])
        return min(times, default=None)

    def cut(self):
        """From now on nothing arrives, not even what is on its way."""
        self.is_cut = True
        self.counts["cut"] += len(self.flying) + len(self.held)
        self.flying.clear()
        self.held.clear()

    def mend(self):
        self.is_cut = False

    def _fly(self, at, frame):
        heapq.heappush(self.flying, (at, self.order, frame))
        self.order += 1

    def _pass(self, at):
        """A frame has gone by those that are held."""
        for entry in list(self.held):
            entry[0] -= 1
            if entry[0] < 0:
                self.held.remove(entry)
                self._fly(at, entry[2])

    def _corrupt(self, frame):
        """Bits, or in one of eight cases the length; it stays a frame that a chip passes on."""
        damaged = bytearray(frame)
        if self.random.randrange(8) == 0 and len(frame) > FRAME_MIN:
            return bytes(damaged[:self.random.randrange(FRAME_MIN, len(frame))])
        for bit in self.random.sample(range(len(damaged) * 8), self.random.randint(1, 8)):
            damaged[bit // 8] ^= 1 << bit % 8
        return bytes(damaged)
