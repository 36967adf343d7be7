# SPDX-License-Identifier: Apache-2.0
"""The Chrome trace event format, which ui.perfetto.dev and chrome://tracing open.

Of the format's kinds of events these are used: complete events (ph X: ts, dur), counters (C) and
metadata (M); "Trace Event Format", Google, 2016. Times are microseconds. Where time is instructions,
one of them is shown as a nanosecond.
"""

import json

PROCESS = 1
GUEST = 1
COUNTER_WINDOW = 10_000  # instructions


def _metadata(name, value, thread=None):
    event = {"ph": "M", "pid": PROCESS, "tid": thread or 0, "ts": 0, "name": name,
             "args": {"name": value}}
    return event


def _slice(name, category, begin, length, args=None):
    event = {"ph": "X", "pid": PROCESS, "tid": GUEST, "cat": category, "name": name,
             "ts": begin, "dur": length}
    if args:
        event["args"] = args
    return event


def _wrapped(events, title, unit):
    return {"traceEvents": events, "displayTimeUnit": "ns",
            "otherData": {"title": title, "unit": unit}}


def _mode_slices(events, start, end):
    """What the guest was in between: its kernel or a program; traps lie inside."""
    if not events:
        return
    mode, since = events[0].program, start
    for event in events:
        if event.to_program != mode:
            at = event.begin + event.length
            yield mode, since, at
            mode, since = event.to_program, at
    yield mode, since, end


def _counter(events, start, end):
    """The share of the VMM, window by window."""
    windows = [0] * ((end - start) // COUNTER_WINDOW + 1)
    for event in events:
        at, left = event.begin - start, event.length
        while left > 0:
            window = min(at // COUNTER_WINDOW, len(windows) - 1)
            room = left if window == len(windows) - 1 else COUNTER_WINDOW - at % COUNTER_WINDOW
            part = min(left, room)
            windows[window] += part
            at, left = at + part, left - part
    for number, insns in enumerate(windows):
        length = min(COUNTER_WINDOW, end - start - number * COUNTER_WINDOW)
        if length > 0:
            yield {"ph": "C", "pid": PROCESS, "tid": GUEST, "name": "VMM, % of instructions",
                   "ts": number * COUNTER_WINDOW / 1000,
                   "args": {"VMM": round(100 * insns / length, 1)}}


def from_records(guest, title, start, end, events, limit=0):
    """A plugin's records; `limit` traps at most, the first ones."""
    if limit and len(events) > limit:
        end = events[limit].begin
        events = events[:limit]
    out = [_metadata("process_name", title), _metadata("thread_name", "guest and VMM", GUEST)]
    for program, begin, stop in _mode_slices(events, start, end):
        if stop > begin:
            out.append(_slice("program" if program else "kernel", "guest", (begin - start) / 1000,
                              (stop - begin) / 1000))
    for event in events:
        args = {"at": guest.symbol(event.place), "pc": f"{event.place:#010x}",
                "instructions": event.length}
        name = f"{event.kind}: {event.name}" if event.name else event.kind
        out.append(_slice(name, event.kind, (event.begin - start) / 1000, event.length / 1000,
                          args))
    out.extend(_counter(events, start, end))
    return _wrapped(out, title, "1 ns is one instruction")


def from_recent(guest, title, recent, ticks_per_us):
    """The last traps of a report of the VMM (block.Recent), in real time."""
    out = [_metadata("process_name", title), _metadata("thread_name", "VMM", GUEST)]
    start = recent[0].begin if recent else 0
    for trap in recent:
        name = f"{trap.kind}: {trap.name}" if trap.name else trap.kind
        out.append(_slice(name, trap.kind, (trap.begin - start) / ticks_per_us,
                          trap.length / ticks_per_us,
                          {"at": guest.symbol(trap.pc), "pc": f"{trap.pc:#010x}"}))
    return _wrapped(out, title, "time of the board")


def write(trace, path):
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(trace, stream, separators=(",", ":"))
        stream.write("\n")
