# SPDX-License-Identifier: Apache-2.0
"""Results as data, as a table and as a list of missed limits. Pure functions."""

from . import facts


class LimitError(Exception):
    """The file of limits is wrong."""


def _digits(value, places):
    return None if value is None else round(value, places)


def row_record(name, native, vmm):
    """A row of results.json; native or vmm may be None."""
    row = facts.ROWS[name]
    ratio = vmm.insns / native.insns if native and vmm and native.insns else None
    record = {
        "name": name,
        "native_insns": _digits(native and native.insns, 2),
        "vmm_insns": _digits(vmm and vmm.insns, 2),
        "ratio": _digits(ratio, 4),
        "published": row.published,
        "native_spread": _digits(native and native.spread, 5),
        "vmm_spread": _digits(vmm and vmm.spread, 5),
    }
    if vmm:
        record["vmm_traps"] = {
            vector: {"per_operation": round(count, 3), "insns_per_operation": round(insns, 1),
                     "median": vmm.costs[vector].median, "max": vmm.costs[vector].max}
            for vector, (count, insns) in vmm.traps.items()
        }
    return record


def add_cycles(row, native, vmm):
    """Cycles of a row from the runs under the ARM926 model; either Result may be None."""
    found = {"native": native and native.cycles, "vmm": vmm and vmm.cycles}
    ratio = found["vmm"] / found["native"] if found["vmm"] and found["native"] else None
    row["native_cycles"] = _digits(found["native"], 2)
    row["vmm_cycles"] = _digits(found["vmm"], 2)
    row["cycles_ratio"] = _digits(ratio, 4)
    row["cycles_of"] = {
        kind: {"insns": round(result.insns, 2),
               **{event: round(count, 3) for event, count in result.events.items()}}
        for kind, result in (("native", native), ("vmm", vmm)) if result
    }


def trap_record(name, native, vmm, baseline):
    """A row of trap_costs: one emulated instruction.

    min, median and max are measured trap by trap, from the exception vector to the guest's next
    instruction. by_difference is the check on them: what the loop costs more than an empty one,
    without the instruction itself.
    """
    cost = vmm.costs.get("und")
    return {
        "name": name,
        "native_insns": _digits(native and native.insns, 2),
        "traps": cost.count if cost else 0,
        "min": cost.min if cost else None,
        "median": cost.median if cost else None,
        "max": cost.max if cost else None,
        "by_difference": _digits(vmm.insns - baseline.insns if baseline else None, 2),
    }


def result_record(board, kernel, pan, rows, trap_costs, qemu):
    record = {
        "board": board,
        "kernel": kernel,
        "pan": int(pan),
        "qemu": qemu,
        "icount_shift": facts.ICOUNT_SHIFT,
        "memory_mib": facts.GUEST_MEMORY_MIB,
        "rows": rows,
    }
    if trap_costs:
        record["trap_costs"] = trap_costs
    return record


def combined(records):
    """results.json: an object for one board, a list for several."""
    return records[0] if len(records) == 1 else records


def _number(value):
    if value is None:
        return "-"
    return f"{value:,.1f}" if value < 1000 else f"{value:,.0f}"


def _ratio(value):
    return "-" if value is None else f"{value:.2f}"


def _format_rows(record):
    lines = [
        f"{record['board']}, {record['kernel']}, software PAN {'on' if record['pan'] else 'off'}: "
        "instructions per operation",
        "",
        f"  {'':24}{'native':>14}{'VMM':>16}{'ratio':>9}{'published':>11}{'traps':>10}",
    ]
    for row in record["rows"]:
        traps = row.get("vmm_traps")
        total = sum(cost["per_operation"] for cost in traps.values()) if traps else None
        lines.append(
            f"  {facts.ROWS[row['name']].title:24}{_number(row['native_insns']):>14}"
            f"{_number(row['vmm_insns']):>16}{_ratio(row['ratio']):>9}"
            f"{_ratio(row['published']):>11}{_number(total):>10}")
    return lines


def _per_operation(cycles_of, kind, event):
    return _number(cycles_of.get(kind, {}).get(event))


def _format_cycles(record):
    """Cycles, and what waiting for memory and misses have to do with them: native, then VMM."""
    lines = [
        f"{record['board']}, {record['kernel']}: cycles per operation on an ARM926 with memory "
        f"{record['profile']}",
        "",
        f"  {'':24}{'native':>14}{'VMM':>16}{'ratio':>9}{'(of insns)':>12}"
        f"{'waiting':>24}{'cache misses':>22}{'table walks':>18}",
    ]
    for row in record["rows"]:
        of = row["cycles_of"]
        misses = {kind: events["i_misses"] + events["d_misses"] for kind, events in of.items()}
        lines.append(
            f"  {facts.ROWS[row['name']].title:24}{_number(row['native_cycles']):>14}"
            f"{_number(row['vmm_cycles']):>16}{_ratio(row['cycles_ratio']):>9}"
            f"{_ratio(row['ratio']):>12}"
            f"{_per_operation(of, 'native', 'stall'):>12}{_per_operation(of, 'vmm', 'stall'):>12}"
            f"{_number(misses.get('native')):>11}{_number(misses.get('vmm')):>11}"
            f"{_per_operation(of, 'native', 'tlb_misses'):>9}"
            f"{_per_operation(of, 'vmm', 'tlb_misses'):>9}")
    return lines


def _format_traps(record):
    title = f"{record['board']}: instructions from trap to resume"
    lines = [f"{title:56}{'min':>7}{'median':>9}{'max':>9}", ""]
    for cost in record["trap_costs"]:
        lines.append(f"  {facts.TRAP_ROWS[cost['name']].title:52}"
                     + "".join(f"{'-' if cost[key] is None else cost[key]:>9}"
                               for key in ("min", "median", "max")))
    return lines


def format_table(record):
    parts = []
    if record["rows"]:
        parts.append("\n".join(_format_rows(record)))
    if record.get("profile"):
        parts.append("\n".join(_format_cycles(record)))
    if record.get("trap_costs"):
        parts.append("\n".join(_format_traps(record)))
    return "\n\n".join(parts)


def check_limits_table(limits):
    """The limits as a dictionary, or LimitError: a misspelt row must not pass for a met one."""
    unknown = set(limits) - {"ratio", "trap_insns"}
    unknown |= set(limits.get("ratio", {})) - set(facts.ROWS)
    if unknown:
        raise LimitError(f"limits for something unknown: {', '.join(sorted(unknown))}")
    return limits


def missed_limits(record, limits):
    """Sentences about what is over its limit or was not measured. PAN on is only reported."""
    if record["pan"]:
        return []
    missed = []
    rows = {row["name"]: row for row in record["rows"]}
    for name, limit in limits.get("ratio", {}).items():
        ratio = rows[name]["ratio"] if name in rows else None
        if ratio is None:
            missed.append(f"{record['board']} {name}: not measured (limit {limit})")
        elif ratio > limit:
            missed.append(f"{record['board']} {name}: ratio {ratio:.3f} is over {limit}")
    limit = limits.get("trap_insns")
    if limit is None:
        return missed
    costs = [cost for cost in record.get("trap_costs", [])
             if facts.TRAP_ROWS[cost["name"]].is_register]
    if not costs:
        missed.append(f"{record['board']} trap costs: not measured (limit {limit})")
    for cost in costs:
        if cost["max"] is None:
            missed.append(f"{record['board']} {cost['name']}: did not trap, so not measured")
        elif cost["max"] > limit:
            missed.append(f"{record['board']} {cost['name']}: up to {cost['max']} instructions "
                          f"from trap to resume, over {limit}")
    return missed


def format_profile(profile, plans, symbols):
    """Where the traps of each row's last repeat came from, most expensive first."""
    names = [plan.name for plan in plans for _ in range(plan.repeats)]
    last = {}
    for index, name in enumerate(names):
        last[name] = index
    lines = []
    for plan in plans:
        lines.append(f"{plan.name}: per operation")
        for region, pc, vector, count, total in profile:
            if region == last[plan.name]:
                lines.append(f"  {count / plan.iterations:10.3f} {vector:5}"
                             f"{total / plan.iterations:12.1f} instructions"
                             f"{total / count:9.1f} each  {pc:08x} {symbols.name(pc)}")
        lines.append("")
    return "\n".join(lines)
