# SPDX-License-Identifier: Apache-2.0
"""Results as data and as tables. Pure functions."""

from . import facts


def _digits(value, places):
    return None if value is None else round(value, places)


def _traps(result):
    return {
        vector: {"per_operation": round(count, 3), "insns_per_operation": round(insns, 1),
                 "median": result.costs[vector].median, "max": result.costs[vector].max}
        for vector, (count, insns) in result.traps.items()
    }


def _ratio_of(native, other):
    return other.insns / native.insns if native and other and native.insns else None


def row_record(name, found):
    """A row of results.json; `found` has Results by "native" and mode, and may lack any of them."""
    native = found.get("native")
    record = {
        "name": name,
        "native_insns": _digits(native and native.insns, 2),
        "native_spread": _digits(native and native.spread, 5),
        "published": facts.ROWS[name].published,
    }
    for mode in facts.MODES.values():
        result = found.get(mode.name)
        record[f"{mode.prefix}insns"] = _digits(result and result.insns, 2)
        record[f"{mode.prefix}spread"] = _digits(result and result.spread, 5)
        record[mode.ratio] = _digits(_ratio_of(native, result), 4)
        if result:
            record[f"{mode.prefix}traps"] = _traps(result)
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
    cost = vmm.costs.get(facts.TRAP_ROWS[name].vector)
    return {
        "name": name,
        "native_insns": _digits(native and native.insns, 2),
        "traps": cost.count if cost else 0,
        "min": cost.min if cost else None,
        "median": cost.median if cost else None,
        "max": cost.max if cost else None,
        "by_difference": _digits(vmm.insns - baseline.insns if baseline else None, 2),
    }


def result_record(board, kernel, pan, modes, rows, trap_costs, qemu):
    record = {
        "board": board,
        "kernel": kernel,
        "pan": int(pan),
        "modes": list(modes),
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


def _trap_count(row, mode):
    traps = row.get(f"{mode.prefix}traps")
    return _number(sum(cost["per_operation"] for cost in traps.values()) if traps else None)


def _format_rows(record):
    pv, proxies = facts.MODES["pv"], facts.MODES["proxies"]
    lines = [
        f"{record['board']}, {record['kernel']}, software PAN {'on' if record['pan'] else 'off'}: "
        "instructions per operation",
        "",
        f"  {'':28}{'native':>14}{pv.title:>14}{'ratio':>8}{'at most':>9}{'aim for':>9}"
        f"{'traps':>10}{proxies.title:>16}{'ratio':>8}{'traps':>10}{'published':>11}",
    ]
    for row in record["rows"]:
        lines.append(
            f"  {facts.ROWS[row['name']].title:28}{_number(row['native_insns']):>14}"
            f"{_number(row['vmm_insns']):>14}{_ratio(row['ratio']):>8}"
            f"{_ratio(row.get('at_most')):>9}{_ratio(row.get('aim_for')):>9}"
            f"{_trap_count(row, pv):>10}{_number(row['proxies_insns']):>16}"
            f"{_ratio(row['proxies_ratio']):>8}{_trap_count(row, proxies):>10}"
            f"{_ratio(row['published']):>11}")
    return lines


def cycles_ratio_of(record):
    """The instructions' ratio that belongs to the cycles."""
    return facts.MODES[record["cycles_mode"]].ratio


def _per_operation(cycles_of, kind, event):
    return _number(cycles_of.get(kind, {}).get(event))


def _format_cycles(record):
    """Cycles, and what waiting for memory and misses have to do with them: native, then VMM."""
    lines = [
        f"{record['board']}, {record['kernel']}: cycles per operation on an ARM926 with memory "
        f"{record['profile']}, {facts.MODES[record['cycles_mode']].title}",
        "",
        f"  {'':28}{'native':>14}{'VMM':>16}{'ratio':>9}{'(of insns)':>12}"
        f"{'waiting':>24}{'cache misses':>22}{'table walks':>18}",
    ]
    for row in record["rows"]:
        of = row["cycles_of"]
        misses = {kind: events["i_misses"] + events["d_misses"] for kind, events in of.items()}
        lines.append(
            f"  {facts.ROWS[row['name']].title:28}{_number(row['native_cycles']):>14}"
            f"{_number(row['vmm_cycles']):>16}{_ratio(row['cycles_ratio']):>9}"
            f"{_ratio(row[cycles_ratio_of(record)]):>12}"
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
