# SPDX-License-Identifier: Apache-2.0
"""Two VMs against one native Linux: what runs, and from what it prints to throughputs."""

import gzip
import os
import re
import statistics
import tomllib
from collections import Counter
from dataclasses import dataclass

from hako_trace.guest import Guest

from . import budget, build, facts, inputs, machine

COUNTER_HZ = 24_000_000
LINE = re.compile(r"(?:^|\] )VMS (\w+) (\d+) (\d+)\s*$")
SHOWN = 0.001
NATIVE, VMM = "native", "vmm"


class VmsError(Exception):
    pass


@dataclass(frozen=True)
class Row:
    name: str    # as tests/bench/vms.c prints it
    title: str


ROWS = {
    row.name: row
    for row in (
        Row("tcp", "TCP, 16 MiB"),
        Row("udp", "UDP, 1,472 bytes each"),
        *(Row(f"{direct}{way}_{size}", f"disk, {way} of {size.upper()}, {title}")
          for direct, title in (("direct_", "O_DIRECT"), ("", "page cache"))
          for size in ("64k", "1m") for way in ("write", "read")),
    )
}


# What can be measured by itself: the names that tests/bench/vms.c knows.
GROUPS = {
    group: [name for name in ROWS if (name if name in ("tcp", "udp") else "disk") == group]
    for group in ("tcp", "udp", "disk")
}


@dataclass(frozen=True)
class Measured:
    """One time that a row was measured."""

    name: str
    bytes: int
    ticks: int   # of the board's counter
    insns: int   # of everybody; the rest of the time the board slept

    @property
    def rate(self):
        return self.bytes * COUNTER_HZ / self.ticks


def parse(console, regions):
    """What the guest announced, joined to what the plugin counted."""
    lines = [match for match in map(LINE.search, console) if match]
    if len(lines) != len(regions):
        raise VmsError(f"the guest announced {len(lines)} measurements, {len(regions)} were "
                       "counted; the program and the plugin do not match")
    return [Measured(line[1], int(line[2]), int(line[3]), region.insns)
            for line, region in zip(lines, regions)]


def summary(measured, names):
    """By row: throughput in bytes per virtual second, instructions per KiB, time asleep."""
    found = {}
    for name in names:
        times = [one for one in measured if one.name == name]
        if not times:
            raise VmsError(f"no measurement of {name}")
        middle = sorted(times, key=lambda one: one.rate)[(len(times) - 1) // 2]
        awake = middle.insns * (1 << facts.ICOUNT_SHIFT) * 1e-9
        found[name] = {
            "bytes_per_second": round(statistics.median(one.rate for one in times)),
            "insns_per_kib": round(middle.insns * 1024 / middle.bytes, 1),
            "rates": [round(one.rate) for one in times],
            "asleep": round(max(0.0, 1 - awake * COUNTER_HZ / middle.ticks), 4),
        }
    return found


def build_initramfs(root, out):
    """The program is init."""
    program, target = out / "vms", out / "vms.cpio.gz"
    build.run_tool([build.GUEST_CC, *build.GUEST_FLAGS, "-s", "-o", program,
                    root / "tests/bench/vms.c"], root)
    target.write_bytes(gzip.compress(
        build.cpio_archive([("dev", None), ("init", program.read_bytes())]), mtime=0))
    return target


def _machines(root, out, board, kernel, plugin, groups, code):
    initrd = build_initramfs(root, out)
    label = f"{board.name}-vms"
    vmm = root / "build" / f"{board.name}-vms" / "vmm.bin"
    if not vmm.exists():
        raise build.BuildError(f"{vmm.relative_to(root)} is missing: make BOARD={board.name} "
                               "VMS=two-linux vmm")
    guest = build.rewrite(root, kernel.file("vmlinux"), out / f"{label}.elf")
    source = out / f"{label}.dts"
    text = (root / "tests/bench/vms.dts").read_text(encoding="utf-8")
    settings = f"vms_counter={board.counter:#x} vms_rows={','.join(groups)}"
    source.write_text(text.replace("SETTINGS", settings), encoding="utf-8")
    image = out / f"{label}.zImage"
    build.run_tool([root / "scripts/bundle", "--board", board.name, "--vmm", vmm, "--vms", source,
                    "--guest", f"linux={guest}", "--initrd", f"linux={initrd}",
                    "--dtb", kernel.file(board.dtb), "-o", image], root)
    return {
        NATIVE: machine.Machine(
            label=f"{label}-native", board=board.name, kernel=kernel.file("zImage"), out=out,
            plugin=plugin, dtb=kernel.file(board.dtb), initrd=initrd, code=code,
            cmdline=f"{facts.COMMAND_LINE} vms_role=both vms_disk=ram0 {settings}"),
        VMM: machine.Machine(
            label=label, board=board.name, kernel=image, out=out, plugin=plugin,
            vmm_range=inputs.vmm_range(root), image_at=inputs.vmm_image(root), code=code),
    }


def _budget(measured, regions, places, vectors):
    """Per row: functions by instructions per KiB, of the last time that it was measured."""
    last = {one.name: (one, region) for one, region in zip(measured, regions)}
    parts = []
    for name, (one, region) in last.items():
        found = Counter()
        for (layer, function), insns in budget.by_function(region.code, places,
                                                            vectors).items():
            found[layer, function] += insns * 1024 / one.bytes
        total = sum(found.values())
        lines = [f"{name}: instructions per KiB, {total:.1f}"]
        lines += [f"  {insns:10.1f}  {layer:8} {function}"
                  for (layer, function), insns in found.most_common() if insns > SHOWN * total]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def measure_board(root, out, board, kernel, plugin, groups, with_budget=False, progress=print):
    """A record of one board: its rows natively and under the VMM."""
    names = [name for group in groups for name in GROUPS[group]]
    found = {}
    for kind, one in _machines(root, out, board, kernel, plugin, groups, with_budget).items():
        progress(f"{one.label} ...")
        run = machine.Run(one, progress)
        try:
            _, counted = run.finish()
        finally:
            run.stop()
        measured = parse(run.console, counted.regions)
        found[kind] = summary(measured, names)
        if with_budget:
            _write_budget(root, out, board, kind, one, measured, counted.regions, progress)
    rows = []
    for name in names:
        native, vmm = found[NATIVE][name], found[VMM][name]
        rows.append({"name": name, "native": native, "vmm": vmm, "part": round(
            vmm["bytes_per_second"] / native["bytes_per_second"], 4)})
    return {"board": board.name, "kernel": kernel.name, "rows": rows}


def _write_budget(root, out, board, kind, one, measured, regions, progress):
    elf = root / "build" / f"{board.name}-vms" / "vmm.elf"
    places = budget.Places(Guest(out / f"{board.name}-vms.elf"), budget.elf_names(elf),
                           inputs.vmm_range(root))
    vectors = None
    if kind == VMM:
        vectors = budget.vmm_vectors([line for region in regions for line in region.code])
    path = out / f"{one.label}-budget.txt"
    path.write_text(_budget(measured, regions, places, vectors), encoding="utf-8")
    progress(f"budget: {os.path.relpath(path)}")


# ---- limits and the table ------------------------------------------------------------------------


def read_limits(path):
    """[vms.at_least] of the file: by row, the part of the native throughput."""
    try:
        with open(path, "rb") as stream:
            table = tomllib.load(stream).get("vms", {}).get("at_least", {})
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise VmsError(f"{path}: {error}")
    unknown = [name for name in table if name not in ROWS]
    if unknown:
        raise VmsError(f"{path}: [vms.at_least]: there is no row {', '.join(unknown)}")
    return table


def missed(record, at_least):
    return [f"{record['board']}: {row['name']}: {row['part']:.2f} of native, at least "
            f"{at_least[row['name']]:.2f}"
            for row in record["rows"]
            if row["name"] in at_least and row["part"] < at_least[row["name"]]]


def format_table(record, at_least):
    lines = [
        f"{record['board']}, {record['kernel']}: MB per second of virtual time; instructions "
        "per KiB; part of the time asleep",
        "",
        f"  {'':36}{'native':>28}{'VMM':>28}{'part':>8}{'at least':>10}",
    ]
    for row in record["rows"]:
        columns = "".join(
            f"{side['bytes_per_second'] / 1e6:10.2f}{side['insns_per_kib']:10,.0f}"
            f"{side['asleep']:8.1%}" for side in (row["native"], row["vmm"]))
        limit = at_least.get(row["name"])
        lines.append(f"  {ROWS[row['name']].title:36}{columns}{row['part']:8.2f}"
                     f"{'-' if limit is None else format(limit, '.2f'):>10}")
    return "\n".join(lines)
