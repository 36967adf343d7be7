# SPDX-License-Identifier: Apache-2.0
"""What the results are held to: configs/bench-limits.toml. Pure functions but for the reading."""

import tomllib
from dataclasses import dataclass, field

from . import facts

OTHER_ROWS = "other_rows"


class LimitError(Exception):
    """The file of limits is wrong."""


@dataclass(frozen=True)
class Limits:
    trap_insns: int | None = None                 # of an emulated register access
    switch_insns: int | None = None               # from one VM to another
    reload_insns: int | None = None               # without a preempt point, in a reload
    several_insns: int | None = None              # without a preempt point, while VMs work
    masked_insns: int | None = None               # without a preempt point, in all else
    copy_insns: int | None = None                 # ... in a copy loop of a guest's
    remote_read_insns: int | None = None          # of both boards, for a device of another one
    boot_vmm_insns: int | None = None             # from reset to init, of the VMM
    boot_sha256_insns: int | None = None          # of the boot loader's digest
    at_most: dict = field(default_factory=dict)   # mode -> row -> ratio
    aim_for: dict = field(default_factory=dict)   # likewise; reported, not checked
    growth: dict = field(default_factory=dict)    # mode -> ratio of the ratios
    pan_more: dict = field(default_factory=dict)  # mode -> row or OTHER_ROWS -> added with PAN on

    def row(self, mode, name, pan):
        """(at most, aim for) of a row in a mode; None where there is no such limit.

        A mode that says nothing about PAN is not limited with it.
        """
        at_most, aim_for = (table.get(mode, {}).get(name) for table in (self.at_most, self.aim_for))
        if not pan:
            return at_most, aim_for
        more = self.pan_more.get(mode)
        if more is None or at_most is None:
            return None, None
        return round(at_most + more.get(name, more.get(OTHER_ROWS, 0)), 4), None


def _number(value, where):
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise LimitError(f"limits: {where} is no number")
    return value


def _check_names(table, known, where):
    if not isinstance(table, dict):
        raise LimitError(f"limits: {where} is no table")
    unknown = sorted(set(table) - set(known))
    if unknown:
        raise LimitError(f"limits for something unknown: {where}: {', '.join(unknown)}")


def parse(data):
    """The file's content as Limits, or LimitError: a misspelt row must not pass for a met one."""
    single = ("trap_insns", "switch_insns", "reload_insns", "several_insns",
              "masked_insns", "copy_insns", "remote_read_insns", "boot_vmm_insns",
              "boot_sha256_insns")
    _check_names(data, {*single, "vms", *facts.MODES}, "the file")
    limits = Limits(**{name: _number(data[name], name) for name in single if name in data})
    for mode in facts.MODES:
        part = data.get(mode, {})
        _check_names(part, {"at_most", "aim_for", "pan_more", "growth"}, mode)
        for key, names in (("at_most", facts.ROWS), ("aim_for", facts.ROWS),
                           ("pan_more", {OTHER_ROWS, *facts.ROWS})):
            if key in part:
                _check_names(part[key], names, f"{mode}.{key}")
                getattr(limits, key)[mode] = {
                    name: _number(value, f"{mode}.{key}.{name}")
                    for name, value in part[key].items()}
        if "growth" in part:
            limits.growth[mode] = _number(part["growth"], f"{mode}.growth")
    return limits


def read(path):
    try:
        with open(path, "rb") as stream:
            return parse(tomllib.load(stream))
    except OSError as error:
        raise LimitError(f"{path}: {error.strerror}") from None
    except tomllib.TOMLDecodeError as error:
        raise LimitError(f"{path}: {error}") from None


def annotate(record, limits):
    """Put the limits of the paravirtual kernel into the record, for table, picture and JSON."""
    for row in record["rows"]:
        row["at_most"], row["aim_for"] = limits.row("pv", row["name"], record["pan"])


def _missed_ratios(record, mode, limits):
    rows = {row["name"]: row for row in record["rows"]}
    for name in limits.at_most.get(mode.name, {}):
        limit, _ = limits.row(mode.name, name, record["pan"])
        if limit is None:
            continue
        ratio = rows.get(name, {}).get(mode.ratio)
        if ratio is None:
            yield f"{name}: not measured (limit {limit})"
        elif ratio > limit:
            yield f"{name}: ratio {ratio:.3f} is over {limit}"


def _missed_growth(record, mode, limits):
    limit = limits.growth.get(mode.name)
    if limit is None:
        return
    rows = {row["name"]: row.get(mode.ratio) for row in record["rows"]}
    few = facts.PROCESSES[0]
    for kind in facts.SCALING:
        for count in facts.PROCESSES[1:]:
            first, ratio = rows.get(f"{kind}_{few}"), rows.get(f"{kind}_{count}")
            if first is None or ratio is None:
                yield f"{kind}_{count}: not measured (limit {limit} times the ratio with {few})"
            elif ratio > first * limit:
                yield (f"{kind}_{count}: ratio {ratio:.3f} is {ratio / first:.3f} times that with "
                       f"{few} processes, over {limit}")


def _missed_traps(record, limits):
    limit = limits.trap_insns
    if limit is None:
        return
    costs = [cost for cost in record.get("trap_costs", [])
             if facts.TRAP_ROWS[cost["name"]].is_register]
    if not costs:
        yield f"trap costs: not measured (limit {limit})"
    for cost in costs:
        if cost["max"] is None:
            yield f"{cost['name']}: did not trap, so not measured"
        elif cost["max"] > limit:
            yield f"{cost['name']}: up to {cost['max']} instructions from trap to resume, " \
                f"over {limit}"


def missed(record, limits):
    """Sentences about what is over its limit or was not measured, of the modes that were run."""
    pan = " with PAN" if record["pan"] else ""
    sentences = []
    for name in record["modes"]:
        mode = facts.MODES[name]
        for find in (_missed_ratios, _missed_growth):
            sentences += [f"{record['board']}{pan}, {mode.title}: {sentence}"
                          for sentence in find(record, mode, limits)]
    if not record["pan"]:
        sentences += [f"{record['board']}: {sentence}"
                      for sentence in _missed_traps(record, limits)]
    return sentences
