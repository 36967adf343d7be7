# SPDX-License-Identifier: Apache-2.0
"""What was counted, by kind, instruction and symbol, whichever way: for a table and as JSON."""

from collections import defaultdict
from dataclasses import dataclass, field

VERSION = 1

# Kinds of traps, in the order of tables. docs/statistics.md has the long form.
KINDS = {
    "proxy": "sensitive instruction (proxy)",
    "hypercall": "hypercall",
    "system_call": "system call",
    "system_return": "return from a system call",
    "fast_call": "system call, fast path",
    "fast_return": "return from it, fast path",
    "swi": "other SWI",
    "undefined": "undefined instruction, VFP control",
    "fill_data": "hidden fault: load or store",
    "fill_code": "hidden fault: fetch",
    "emulated": "emulated load or store (device)",
    "doorbell": "doorbell",
    "page_closed": "closed shared page",
    "guest_data_abort": "the guest's own data abort",
    "guest_prefetch_abort": "the guest's own prefetch abort",
    "other_data_abort": "other data abort",
    "other_prefetch_abort": "other prefetch abort",
    "interrupt": "interrupt",
    "fast_interrupt": "fast interrupt",
}
HIDDEN = ("fill_data", "fill_code")


@dataclass
class Cost:
    count: int = 0
    insns: int | None = None  # of the VMM; None where only a plugin could know

    def add(self, count, insns=None):
        self.count += count
        if insns is not None:
            self.insns = (self.insns or 0) + insns

    def record(self):
        return {"count": self.count, "instructions": self.insns}


def costs():
    return defaultdict(Cost)


@dataclass
class Summary:
    title: str
    source: str                                       # "console" or "plugin"
    total_insns: int | None = None                    # of guest and VMM
    kinds: dict = field(default_factory=costs)
    instructions: dict = field(default_factory=costs)  # proxies, by what they stand for
    hypercalls: dict = field(default_factory=costs)
    places: dict = field(default_factory=costs)       # (symbol, kind)
    injected: dict = field(default_factory=dict)      # exception: count
    shadow: dict = field(default_factory=dict)
    lost: int = 0                                     # traps whose place was not kept

    @property
    def traps(self):
        return sum(cost.count for cost in self.kinds.values())

    @property
    def vmm_insns(self):
        known = [cost.insns for cost in self.kinds.values() if cost.insns is not None]
        return sum(known) if known else None

    def symbols(self):
        """[(symbol, Cost, {kind: count})], the dearest first; without instructions, the most."""
        found = {}
        for (symbol, kind), cost in self.places.items():
            total, kinds = found.setdefault(symbol, (Cost(), {}))
            total.add(cost.count, cost.insns)
            kinds[kind] = kinds.get(kind, 0) + cost.count
        return sorted(((symbol, *rest) for symbol, rest in found.items()),
                      key=lambda one: (-(one[1].insns or 0), -one[1].count, one[0]))

    def record(self):
        def by_name(table):
            return {name: table[name].record() for name in sorted(table)}

        return {
            "version": VERSION,
            "title": self.title,
            "source": self.source,
            "instructions_total": self.total_insns,
            "instructions_vmm": self.vmm_insns,
            "traps": self.traps,
            "hidden_faults": sum(self.kinds[kind].count for kind in HIDDEN if kind in self.kinds),
            "kinds": {kind: self.kinds[kind].record() for kind in KINDS if kind in self.kinds},
            "sensitive_instructions": by_name(self.instructions),
            "hypercalls": by_name(self.hypercalls),
            "injected": dict(self.injected),
            "shadow": dict(self.shadow),
            "symbols": [{"symbol": symbol, **cost.record(), "kinds": dict(sorted(kinds.items()))}
                        for symbol, cost, kinds in self.symbols()],
            "traps_without_symbol": self.lost,
        }


def _number(value):
    return "-" if value is None else f"{value:,}"


def _rows(title, rows, with_insns, limit=None):
    """Lines of one part: rows of (name, Cost, remark)."""
    if not rows:
        return []
    shown = rows[:limit] if limit else rows
    width = max(34, *(len(name) for name, _, _ in shown)) if shown else 34
    head = f"  {title:<{width}}{'traps':>13}"
    if with_insns:
        head += f"{'instructions':>15}{'each':>9}"
    lines = ["", head]
    for name, cost, remark in shown:
        line = f"  {name:<{width}}{_number(cost.count):>13}"
        if with_insns:
            each = cost.insns / cost.count if cost.insns is not None and cost.count else None
            line += f"{_number(cost.insns):>15}{'-' if each is None else format(each, ',.1f'):>9}"
        lines.append(f"{line}  {remark}".rstrip())
    if len(shown) < len(rows):
        lines.append(f"  ... and {len(rows) - len(shown)} more")
    return lines


def _dearest(table):
    return sorted(((name, cost, "") for name, cost in table.items() if cost.count),
                  key=lambda row: (-(row[1].insns or 0), -row[1].count, row[0]))


def format_table(summary, symbols=25):
    """The report for people."""
    with_insns = summary.vmm_insns is not None
    lines = [summary.title]
    if with_insns:
        lines.append(f"{_number(summary.total_insns)} instructions, {_number(summary.vmm_insns)} of "
                     f"them in the VMM ({100 * summary.vmm_insns / summary.total_insns:.1f} %), "
                     f"{_number(summary.traps)} traps")
    else:
        lines.append(f"{_number(summary.traps)} traps")
    lines += _rows("kind", [(text, summary.kinds[kind], "") for kind, text in KINDS.items()
                            if kind in summary.kinds and summary.kinds[kind].count], with_insns)
    lines += _rows("sensitive instruction", _dearest(summary.instructions), with_insns)
    lines += _rows("hypercall", _dearest(summary.hypercalls), with_insns)
    lines += _rows("where in the guest",
                   [(symbol, cost, ", ".join(f"{kind} {count:,}" for kind, count in
                                             sorted(kinds.items(), key=lambda one: -one[1])))
                    for symbol, cost, kinds in summary.symbols()], with_insns, symbols)
    if summary.lost:
        lines.append(f"  {summary.lost:,} traps elsewhere: the VMM had no room to note where")
    for title, table in (("injected into the guest", summary.injected),
                         ("shadow page tables", summary.shadow)):
        if table:
            lines += ["", f"  {title}: " + ", ".join(
                f"{name.replace('_', ' ')} {count:,}" for name, count in table.items())]
    return "\n".join(lines) + "\n"
