# SPDX-License-Identifier: Apache-2.0
"""scripts/trace: the plugin's records, reports of the VMM, and what is made of them."""

import json
import struct
import subprocess
import sys
import time
import xml.etree.ElementTree
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import chrome_format  # noqa: E402 (needs the path above)
from hako_trace import block, chrome, console, guest, picture, records, summary  # noqa: E402
from hako_trace.errors import TraceError  # noqa: E402

KERNEL = 0xC0008000
PV = 0xC0400000
MSR = 0xE121F001
MSR_SITE, HYPERCALL_SITE, LOAD = KERNEL, KERNEL + 0x104, KERNEL + 0x200
DABT, IRQ, SWI = 0xFFFF0010, 0xFFFF0018, 0xFFFF0008


class PvInfo:
    code_va, code_size, swi_entry, return_site = PV, 0x1000, PV + 0x800, PV + 0x900
    entry = (0, 0, 0, 0, 0, 0, 0, PV + 0xA00)


def make_guest(pv=True):
    """A kernel of two functions, with two proxies and, if `pv`, a stub that goes back."""
    made = guest.Guest.__new__(guest.Guest)
    text = bytearray(0x300)
    struct.pack_into("<I", text, 0, 0xEE001F00)      # proxy 1
    struct.pack_into("<I", text, 0x104, 0xEE000F00)  # proxy 0
    stub = bytearray(0x1000)
    back = ((KERNEL + 0x108 - (PV + 8) - 8) // 4) & 0xFFFFFF
    struct.pack_into("<III", stub, 0, 0xE5CC1000, 0xE1A00000, 0xEA000000 | back)
    made.code = [(KERNEL, bytes(text))] + ([(PV, bytes(stub))] if pv else [])
    made.names = [(KERNEL, "first"), (KERNEL + 0x100, "second")]
    made.addresses = [address for address, _ in made.names]
    made.hypercalls = guest.hypercall_names()
    made.proxies = (0xF0000001, MSR)
    made.pv = PvInfo if pv else None
    made.entries = made._entries()
    return made


def record(begin, insns, pc, after, vector):
    return records.RECORD.pack(begin, insns, pc, after, vector)


UND, SWI_V, PABT_V, DABT_V, IRQ_V = 1, 2, 3, 4, 6
SCENE = [
    # (record, what it is)
    ((1010, 40, MSR_SITE, MSR_SITE + 4, UND), "proxy"),
    ((1060, 90, HYPERCALL_SITE, HYPERCALL_SITE + 4, UND), "hypercall"),
    ((1200, 100, LOAD, LOAD, DABT_V), "fill_data"),
    ((1310, 100, LOAD, LOAD + 4, DABT_V), "emulated"),
    ((1420, 100, LOAD, DABT, DABT_V), "guest_data_abort"),
    ((1530, 50, LOAD + 8, LOAD + 0xC, IRQ_V), "interrupt"),
    ((1600, 60, LOAD + 8, 0x10000, UND), "undefined"),         # returns to a program
    ((1700, 22, 0x10010, PV + 0x800, SWI_V), "system_call"),
    ((1800, 22, PV + 0x900, 0x10014, SWI_V), "system_return"),
    ((1900, 30, 0x10018, 0x2000, PABT_V), "fill_code"),
    ((1940, 30, 0x2000, SWI, SWI_V), "system_call"),
    ((2000, 70, PV, IRQ, DABT_V), "doorbell"),
]


def scene():
    data = record(900, 0, 0, 0, records.ENTRY) + record(1000, 0, 0, 0, records.BEGIN)
    data += b"".join(record(*row) for row, _ in SCENE)
    return data + record(2100, 0, 0, 0, records.END)


def test_each_record_is_the_trap_it_is():
    start, end, rows = records.read(scene(), "run")
    found, events = records.summarise(make_guest(), "scene", start, end, rows)
    assert [event.kind for event in events] == [kind for _, kind in SCENE]
    assert found.total_insns == 1100
    assert found.vmm_insns == sum(row[1] for row, _ in SCENE)
    assert found.traps == len(SCENE)
    assert found.instructions["msr cpsr"].record() == {"count": 1, "instructions": 40}
    assert found.hypercalls["switch_mm"].record() == {"count": 1, "instructions": 90}
    assert found.injected == {"data_abort": 1, "swi": 2, "irq": 1}
    places = {place: cost.count for place, cost in found.places.items()}
    assert places["first", "proxy"] == 1
    assert places["second", "hypercall"] == 1
    assert places["second (paravirtual)", "doorbell"] == 1
    assert places[guest.PROGRAM, "fill_code"] == 1


def test_a_trap_that_another_one_follows_at_once():
    fetch = (200, 30, MSR_SITE, 0x10000, PABT_V)
    own = (200, 30, MSR_SITE, 0xFFFF000C, PABT_V)
    for next_one, to_program in ((fetch, True), (own, False)):
        first = (100, 50, MSR_SITE, records.NEXT_NONE, UND)
        found, events = records.summarise(make_guest(), "", 0, 300, [first, next_one])
        assert [event.kind for event in events] == [
            "proxy", "fill_code" if to_program else "guest_prefetch_abort"]
        assert events[0].to_program == to_program
        assert found.injected == ({} if to_program else {"prefetch_abort": 1})


def test_records_before_the_mmu_are_the_kernels():
    row = (10, 40, MSR_SITE - guest.PAGE_OFFSET, MSR_SITE + 4 - guest.PAGE_OFFSET, UND)
    later = (100, 40, 0x10000, 0x10000, DABT_V)
    middle = (60, 40, MSR_SITE, MSR_SITE + 4, UND)
    found, _ = records.summarise(make_guest(), "", 0, 200, [row, middle, later], early=True)
    assert found.places["first", "proxy"].count == 2
    assert found.places[guest.PROGRAM, "fill_data"].count == 1


def test_a_phase_that_does_not_end_says_so():
    unfinished = scene()[:-records.RECORD.size]
    with pytest.raises(TraceError, match="did not get that far"):
        records.read(unfinished, "run")
    start, end, rows = records.read(unfinished + b"\0" * 5, "run", complete=False)
    assert (start, end, len(rows)) == (1000, 2070, len(SCENE))
    assert records.read(scene(), "boot") == (900, 1000, [])


def trace_of(tmp_path, limit=0):
    start, end, rows = records.read(scene(), "run")
    made = make_guest()
    found, events = records.summarise(made, "scene", start, end, rows)
    path = tmp_path / "trace.json"
    chrome.write(chrome.from_records(made, "scene", start, end, events, limit), path)
    return found, chrome_format.check(path)


def test_the_trace_is_in_the_format_and_complete(tmp_path):
    found, events = trace_of(tmp_path)
    slices = [event for event in events if event["ph"] == "X"]
    traps = [event for event in slices if event["cat"] != "guest"]
    assert [event["name"].partition(":")[0] for event in traps] == [kind for _, kind in SCENE]
    assert round(sum(event["dur"] for event in traps) * 1000) == found.vmm_insns
    modes = [event for event in slices if event["cat"] == "guest"]
    assert [event["name"] for event in modes] == ["kernel", "program", "kernel", "program", "kernel"]
    assert round(sum(event["dur"] for event in modes) * 1000) == found.total_insns
    assert any(event["ph"] == "C" for event in events)


def test_a_long_trace_is_cut_and_still_in_the_format(tmp_path):
    _, events = trace_of(tmp_path, limit=3)
    assert len([e for e in events if e["ph"] == "X" and e["cat"] != "guest"]) == 3


@pytest.mark.parametrize("change", [
    {"ts": -1}, {"ts": None}, {"ts": float("nan")}, {"dur": "1"}, {"pid": "1"}, {"name": ""},
    {"ph": "Q"}, {"tid": None}, {"dur": 1.5}])
def test_the_checker_sees_what_is_wrong(tmp_path, change):
    good = {"ph": "X", "pid": 1, "tid": 1, "name": "a", "ts": 0, "dur": 1}
    inside = {"ph": "X", "pid": 1, "tid": 1, "name": "b", "ts": 1, "dur": 3}
    path = tmp_path / "trace.json"
    path.write_text(json.dumps({"traceEvents": [good, inside]}))
    assert len(chrome_format.check(path)) == 2
    path.write_text(json.dumps({"traceEvents": [{**good, **change}, inside]}))
    with pytest.raises(AssertionError):
        chrome_format.check(path)


def test_the_table_has_what_was_counted():
    start, end, rows = records.read(scene(), "run")
    found, _ = records.summarise(make_guest(), "the scene", start, end, rows)
    text = summary.format_table(found)
    assert text.startswith("the scene\n1,100 instructions, 714 of them in the VMM (64.9 %), 12 traps")
    assert "msr cpsr" in text and "switch_mm" in text and "second (paravirtual)" in text
    data = json.loads(json.dumps(found.record()))
    assert data["hidden_faults"] == 2
    assert data["kinds"]["doorbell"] == {"count": 1, "instructions": 70}
    assert sum(one["count"] for one in data["symbols"]) == data["traps"] == 12


def test_the_picture_is_drawn_the_same_each_time(tmp_path):
    start, end, rows = records.read(scene(), "run")
    found, _ = records.summarise(make_guest(), "scene", start, end, rows)
    picture.draw(found, tmp_path / "one.svg")
    picture.draw(found, tmp_path / "two.svg")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    assert xml.etree.ElementTree.parse(tmp_path / "one.svg").getroot().tag.endswith("svg")
    assert sum(cost.insns for _, cost in picture.rows(found)) == found.vmm_insns


REPORT = """hako: stats begin 1 integratorcp vm1 48000000
hako: stats trap proxy 12
hako: stats trap hypercall 3
hako: stats trap fill_data 5
hako: stats injected irq 4
hako: stats injected fiq 0
hako: stats shadow contexts_made 2
hako: stats row 1 e121f001 12
hako: stats row 0 f0000001 3
hako: stats place c0008000 proxy 12
hako: stats place c0008104 hypercall 3
hako: stats place 00000001 fill_data 4
hako: stats place 00008000 proxy 1
hako: stats place lost 1
hako: stats recent 240 24 c0008000 proxy 1
hako: stats recent 480 48 00010000 fill_data 0
hako: stats end
"""


def test_a_report_of_the_vmm_becomes_a_table(tmp_path):
    noise = "hako:~# ls\n" + REPORT.replace("hako: stats row 0", "[    1.0] kernel\nhako: stats row 0")
    one, = block.read_log(noise)
    made = make_guest()
    found, recent = block.summarise(made, one)
    assert found.title == "vm1 on integratorcp, 2.000 s after the start"
    assert found.traps == 20 and found.vmm_insns is None
    assert found.instructions["msr cpsr"].count == 12
    assert found.hypercalls["switch_mm"].count == 3
    assert found.places[guest.PROGRAM, "fill_data"].count == 4
    assert found.places["first", "proxy"].count == 13
    assert found.injected == {"irq": 4}
    text = summary.format_table(found)
    assert "1 traps elsewhere" in text and "contexts made 2" in text
    path = tmp_path / "recent.json"
    chrome.write(chrome.from_recent(made, found.title, recent, block.TICKS_PER_US), path)
    traps = [event for event in chrome_format.check(path) if event["ph"] == "X"]
    assert [(event["name"], event["ts"], event["dur"]) for event in traps] == [
        ("proxy: msr cpsr", 0, 1), ("fill_data", 10, 2)]


@pytest.mark.parametrize("line", ["hako: stats row 1 e121f001", "hako: stats begin 2 b vm1 0",
                                  "hako: stats what 1 2", "hako: stats "])
def test_a_broken_report_is_refused(line):
    with pytest.raises(TraceError, match="report"):
        block.read_log("hako: stats begin 1 b vm1 0\n" + line + "\n")


@pytest.mark.parametrize("size", [1, 2, 7, 10_000])
def test_the_console_is_passed_on_without_the_report(size):
    seen, blocks = [], []
    watch = console.Filter(seen.append, blocks.append)
    text = ("boot\r\nhako: 0.1 on a board\r\nhako:~# " + "\r\n" + REPORT.replace("\n", "\r\n") +
            "hako:~# \rprompt hako: st").encode()
    for at in range(0, len(text), size):
        watch.feed(text[at:at + size])
    watch.close()
    assert b"".join(seen) == b"boot\r\nhako: 0.1 on a board\r\nhako:~# \r\nhako:~# \rprompt hako: st"
    assert len(blocks) == 1 and blocks[0].ticks == 48000000


def test_a_prompt_is_passed_on_at_once():
    seen = []
    watch = console.Filter(seen.append, None)
    watch.feed(b"hako:~# ")
    assert b"".join(seen) == b"hako:~# "


def test_the_plugin_records_each_trap(tmp_path):
    """selftrap.S: what it does is counted by hand in test_bench_plugin.py."""
    import hako_qemu
    from hako_bench import build, facts
    handler, board = 0x20000, facts.BOARDS["integratorcp"]
    program, counts = tmp_path / "selftrap.elf", tmp_path / "counts"
    build.run_tool([build.BARE_CC, *build.bare_flags(board, "selftrap_start"),
                    f"-Wl,--section-start=.handler={handler:#x}", "-o", program,
                    ROOT / "tests/bench/selftrap.S"], ROOT)
    plugin = build.build_plugin(ROOT, tmp_path)
    entry = int(subprocess.run(["arm-none-eabi-nm", program], text=True, check=True,
                               capture_output=True).stdout.split(" T selftrap_start")[0].split()[-1],
                16)
    words = hako_qemu.command(board.name, program, icount="shift=3,sleep=off") + [
        "-plugin", f"{plugin},out={counts},trace={tmp_path / 'records'},entry={entry:#x},"
        f"vmm={handler:#x}-{handler + 0x1000:#x}"]
    qemu = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        for _ in range(3000):  # a hang, no more
            if counts.exists() and "done" in counts.read_text():
                break
            time.sleep(0.1)
    finally:
        qemu.terminate()
        qemu.wait()
    data = (tmp_path / "records").read_bytes()
    _, _, rows = records.read(data, "run")
    assert sorted((row[4], row[1]) for row in rows) == [(UND, 5), (UND, 5), (UND, 5), (UND, 7),
                                                        (SWI_V, 4), (SWI_V, 4)]
    image = program.read_bytes()
    for begin, insns, pc, after, vector in rows:
        assert handler > pc >= 0x10000 and after == pc + 4
        word, = struct.unpack_from("<I", image, offset_of(program, pc))
        assert (word >> 24 & 15 == 15) == (vector == SWI_V)


def offset_of(path, address):
    from elftools.elf.elffile import ELFFile
    with open(path, "rb") as stream:
        return next(ELFFile(stream).address_offsets(address))
