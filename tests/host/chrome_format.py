# SPDX-License-Identifier: Apache-2.0
"""Is it a trace that Perfetto's importer of the Chrome JSON format takes without a complaint?

By the description of the format ("Trace Event Format", Google, 2016), written without a look at
scripts/hako_trace/chrome.py: what each kind of event must have, and that the complete events of a
thread lie inside each other or apart. An overlap is what the importer drops events for.
"""

import json
import math

PHASES = {"X", "B", "E", "i", "C", "M"}
METADATA = {"process_name": "name", "thread_name": "name", "process_sort_index": "sort_index",
            "thread_sort_index": "sort_index"}


def _is_time(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and \
        math.isfinite(value) and value >= 0


def _check_event(number, event):
    where = f"event {number}: {event}"
    assert isinstance(event, dict), where
    assert event.get("ph") in PHASES, where
    assert isinstance(event.get("name"), str) and event["name"], where
    for field in ("pid", "tid"):
        assert isinstance(event.get(field), int), where
    assert _is_time(event.get("ts")), where
    assert isinstance(event.get("args", {}), dict), where
    if event["ph"] == "X":
        assert _is_time(event.get("dur")), where
    elif event["ph"] == "C":
        assert event["args"] and all(_is_time(value) for value in event["args"].values()), where
    elif event["ph"] == "M":
        assert METADATA[event["name"]] in event["args"], where


def _nanoseconds(event):
    """Begin and end as the importer has them: whole nanoseconds."""
    return round(event["ts"] * 1000), round((event["ts"] + event["dur"]) * 1000)


def _check_nesting(events):
    """Complete events of one thread."""
    spans = sorted((_nanoseconds(event) for event in events),
                   key=lambda span: (span[0], -span[1]))
    opened = []
    for begin, end in spans:
        while opened and opened[-1] <= begin:
            opened.pop()
        assert not opened or end <= opened[-1], f"an event of {begin} to {end} ns crosses the end" \
            f" of one that is open until {opened[-1]}"
        opened.append(end)


def check(path):
    """Checks a file; returns its events."""
    with open(path, encoding="utf-8") as stream:
        trace = json.load(stream)
    assert isinstance(trace, dict) and isinstance(trace.get("traceEvents"), list)
    assert trace.get("displayTimeUnit", "ms") in ("ms", "ns")
    threads = {}
    for number, event in enumerate(trace["traceEvents"]):
        _check_event(number, event)
        if event["ph"] == "X":
            threads.setdefault((event["pid"], event["tid"]), []).append(event)
    for events in threads.values():
        _check_nesting(events)
    return trace["traceEvents"]
