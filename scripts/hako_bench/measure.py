# SPDX-License-Identifier: Apache-2.0
"""From boards, kernels and modes to the QEMUs that measure them, and back to records."""

import os
from dataclasses import dataclass
from pathlib import Path

from hako_trace.errors import TraceError
from hako_trace.guest import Guest

from . import budget, build, counts, facts, inputs, machine, model, report

EXPECTED_ERRORS = (build.BuildError, counts.CountsError, inputs.InputError, machine.RunError,
                   TraceError)
NATIVE = "native"


@dataclass
class Bench:
    """What all runs of one call of scripts/bench share."""

    root: Path
    out: Path
    boards: list            # facts.Board
    modes: list             # names of facts.MODES
    rows: list              # names of facts.ROWS
    jobs: int               # QEMUs at a time
    plugin: Path
    qemu: str
    profile: bool = False
    budget: bool = False
    vmm_image: Path | None = None
    progress: callable = print


def guest_command_line(bench, under):
    words = [facts.COMMAND_LINE]
    # init's environment: the kernel hands on what it does not know. By itself it does the basic rows.
    if bench.rows != [row.name for row in facts.ROWS.values() if row.group == "basic"]:
        words.append("bench_rows=" + ",".join(bench.rows))
    if under:
        words.append(model.COMMAND_LINE)
    return " ".join(words)


def _served(bench):
    return build.build_tftp(bench.out, (facts.FETCH_KIB, facts.FETCH_KIB // model.SHARE))


def _native_machine(bench, board, kernel, label, under):
    entry = inputs.elf_entry(kernel.file("vmlinux"))
    return machine.Machine(
        label=f"{label}-{NATIVE}", board=board.name, kernel=kernel.file("zImage"), out=bench.out,
        plugin=under.plugin if under else bench.plugin, dtb=kernel.file(board.dtb),
        initrd=build.build_initramfs(bench.root, bench.out), tftp=_served(bench),
        cmdline=guest_command_line(bench, under), entry=entry.address, entry_word=entry.word,
        code=bench.budget and not under, under=under)


def _vmm_machine(bench, board, kernel, mode, label, under):
    label = f"{label}-{mode.label}"
    # Not what make has rewritten: that is one mode or the other.
    guest = build.rewrite(bench.root, kernel.file("vmlinux"), bench.out / f"{label}.elf",
                          mode.rewrite)
    entry = inputs.elf_entry(guest)
    image = bench.vmm_image or build.bundle(
        bench.root, board, guest, bench.out / f"{label}.zImage", dtb=kernel.file(board.dtb),
        initrd=build.build_initramfs(bench.root, bench.out),
        cmdline=guest_command_line(bench, under))
    return machine.Machine(
        label=label, board=board.name, kernel=image, out=bench.out,
        plugin=under.plugin if under else bench.plugin, vmm_range=inputs.vmm_range(bench.root),
        image_at=inputs.vmm_image(bench.root), tftp=_served(bench), entry=entry.address,
        entry_word=entry.word, profile=bench.profile and not under,
        code=bench.budget and not under, under=under)


def machines_of(bench, board, kernel, modes, under=None):
    """By "native" and mode: what is to be measured on one board with one kernel."""
    label = board.name + ("-pan" if kernel.pan else "") + ("-model" if under else "")
    found = {NATIVE: _native_machine(bench, board, kernel, label, under)}
    for name in modes:
        found[name] = _vmm_machine(bench, board, kernel, facts.MODES[name], label, under)
    return found


def _write_profile(bench, kernel, run, plans, counted):
    path = bench.out / f"{run.machine.label}-profile.txt"
    symbols = inputs.Symbols(kernel.file("vmlinux"))
    path.write_text(report.format_profile(counted.profile, plans, symbols), encoding="utf-8")
    bench.progress(f"profile: {os.path.relpath(path)}")


def _write_budget(bench, board, machines, found):
    vmm_elf = bench.root / "build" / board.name / "vmm.elf"
    for mode, one in machines.items():
        if mode == NATIVE:
            continue
        places = budget.Places(Guest(bench.out / f"{one.label}.elf"), budget.elf_names(vmm_elf),
                               one.vmm_range)
        path = bench.out / f"{one.label}-budget.txt"
        path.write_text(budget.format_budget(found[NATIVE], found[mode], places),
                        encoding="utf-8")
        bench.progress(f"budget: {os.path.relpath(path)}")


def finish_run(bench, kernel, run):
    """Results by row, and what went wrong: a failed run still has the rows before the failure."""
    failures = []
    try:
        plans, counted = run.finish()
    except machine.RunError as error:
        failures.append(str(error))
        plans, counted = run.measured()
    try:
        want_boot = "boot" in bench.rows and (counted.boot or not failures)
        results = counts.results(plans, counted, want_boot)
    except counts.CountsError as error:
        return {}, [*failures, f"{run.machine.label}: {error}"]
    if run.machine.profile:
        _write_profile(bench, kernel, run, plans, counted)
    missing = [name for name in bench.rows if name not in results]
    if missing and not failures:
        failures.append(f"{run.machine.label}: no count of {', '.join(missing)}")
    return results, failures


def run_all(bench, kernel, machines):
    """Run all machines, some at a time: (results by row in the order of the machines, failures)."""
    started, done, failures = [], [], []

    def finish_next():
        results, failed = finish_run(bench, kernel, started[len(done)])
        done.append(results)
        failures.extend(failed)

    try:
        for one in machines:
            if len(started) - len(done) >= bench.jobs:
                finish_next()
            started.append(machine.Run(one, bench.progress))
        while len(done) < len(started):
            finish_next()
    finally:
        for run in started:
            run.stop()
    return done, failures


def measure_kernel(bench, kernel, trap_costs):
    """Records of all boards with one kernel, and what went wrong."""
    plans = [(board, machines_of(bench, board, kernel, bench.modes)) for board in bench.boards]
    results, failures = run_all(bench, kernel, [one for _, machines in plans
                                                for one in machines.values()])
    records, position = [], 0
    for board, machines in plans:
        found = dict(zip(machines, results[position:position + len(machines)]))
        position += len(machines)
        if bench.budget:
            _write_budget(bench, board, machines, found)
        rows = [report.row_record(name, {kind: rows.get(name) for kind, rows in found.items()})
                for name in bench.rows]
        records.append(report.result_record(board.name, kernel.name, kernel.pan, bench.modes, rows,
                                            trap_costs.get(board.name), bench.qemu))
    return records, failures


def add_cycles(bench, kernel, records, under):
    """Run the same boards once more, under the model; returns what went wrong.

    One board after the other, and one mode only: the runs keep a core busy for minutes.
    """
    failures = []
    for record in records:
        board = facts.BOARDS[record["board"]]
        modes = bench.modes[:1]
        machines = machines_of(bench, board, kernel, modes, under)
        results, failed = run_all(bench, kernel, list(machines.values()))
        failures += failed
        found = dict(zip(machines, results))
        vmm = found.get(modes[0], {}) if modes else {}
        record["profile"] = under.memory
        record["cycles_mode"] = modes[0] if modes else "pv"
        record["disagreements"] = {kind: model.disagreements(one)
                                   for kind, one in zip((NATIVE, "vmm"), machines.values())}
        for row in record["rows"]:
            report.add_cycles(row, found[NATIVE].get(row["name"]), vmm.get(row["name"]))
    return failures


def _trapcost_machines(bench, board):
    """The same bare-metal program on the board and, rewritten, under the VMM."""
    label = f"trapcost-{board.name}"
    program = build.build_trapcost(bench.root, bench.out, board)
    rewritten = build.rewrite(bench.root, program, bench.out / f"{label}.hako.elf")
    image = build.bundle(bench.root, board, rewritten, bench.out / f"{label}.zImage")
    return (
        machine.Machine(label=f"{label}-{NATIVE}", board=board.name, kernel=program,
                        out=bench.out, plugin=bench.plugin),
        machine.Machine(label=f"{label}-vmm", board=board.name, kernel=image, out=bench.out,
                        plugin=bench.plugin, vmm_range=inputs.vmm_range(bench.root),
                        image_at=inputs.vmm_image(bench.root)),
    )


def measure_traps(bench, board):
    runs = []
    try:
        for one in _trapcost_machines(bench, board):
            runs.append(machine.Run(one))
        native, vmm = (counts.results(*run.finish(), want_boot=False) for run in runs)
    finally:
        for run in runs:
            run.stop()
    missing = [name for name in facts.TRAP_ROWS if name not in vmm or name not in native]
    if missing:
        raise counts.CountsError(f"trap costs: no count of {', '.join(missing)}")
    return [report.trap_record(name, native[name], vmm[name], vmm.get(facts.TRAP_BASELINE))
            for name in facts.TRAP_ROWS]
