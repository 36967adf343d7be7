# SPDX-License-Identifier: Apache-2.0
"""The report: what was replaced, per kind and per symbol, for a person or a script."""

import hashlib
from collections import Counter, defaultdict

from .encodings import (COND_AL, COND_MASK, PROXY_TABLE_MAX, classify, describe_p15,
                        is_unpredictable, table_word, used_entries)
from .pv_segment import Segment
from .rewriter import Rewritten

REPORT_VERSION = 1


def count_kinds(result: Rewritten) -> Counter:
    """Sites per kind. Classifies each distinct word once: there are few of them."""
    counts = Counter()
    for word, count in Counter(table_word(site.word) for site in result.sites).items():
        counts[classify(word)] += count
    return counts


def make_report(result: Rewritten, input_name: str) -> dict:
    """The report as json.dump() takes it; guest-patches/README.md explains the fields."""
    entries = [(i, word) for i, word in used_entries(result.table)
               if word & COND_MASK == COND_AL]  # the others are hypercalls
    kind_of = {word: classify(word) for _, word in entries}
    per_word = Counter(table_word(site.word) for site in result.sites)
    kinds = defaultdict(lambda: {"sites": 0, "words": 0})
    cp15 = defaultdict(Counter)
    for _, word in entries:
        kind = kind_of[word]
        kinds[kind]["sites"] += per_word[word]
        kinds[kind]["words"] += 1
        if kind in ("mcr_p15", "mrc_p15"):
            cp15[describe_p15(word)][kind[:3]] += per_word[word]

    symbols = {}
    unpredictable = []
    for site in result.sites:
        section = site.region.section
        name, addr = result.elf.symbol_at(section, site.addr)
        kind = kind_of[table_word(site.word)]
        entry = symbols.setdefault((section.index, addr), {
            "name": name, "section": section.name, "address": f"{addr:#010x}", "sites": 0,
            "kinds": Counter()})
        entry["sites"] += 1
        entry["kinds"][kind] += 1
        if is_unpredictable(site.word):
            unpredictable.append({"address": f"{site.addr:#010x}", "symbol": name, "kind": kind,
                                  "word": f"{site.word:#010x}"})
    return {
        "report": REPORT_VERSION,
        "input": input_name,
        "input_sha256": hashlib.sha256(result.elf.data).hexdigest(),
        "code_words": result.code_words,
        "sites": len(result.sites),
        "table_words": len(entries),
        "table_length": len(result.table),
        "table_max": PROXY_TABLE_MAX,
        "kinds": dict(sorted(kinds.items())),
        "cp15_registers": dict(sorted(cp15.items())),
        "unpredictable": unpredictable,
        "table": [{"index": i, "word": f"{word:#010x}", "kind": kind_of[word],
                   "sites": per_word[word]} for i, word in entries],
        "symbols": [symbols[key] for key in sorted(symbols)],
        "pv": _pv_report(result.segment) if result.segment else {"off": result.no_pv},
    }


def _pv_report(segment: Segment) -> dict:
    """What is paravirtual, and what could not be."""
    info = segment.info
    return {
        "code": f"{info.code_va:#010x}",
        "size": info.code_size,
        "blob": segment.blob_size,
        "stubs": dict(sorted(Counter(stub.kind for stub in segment.stubs.stubs).items())),
        "left": dict(sorted(segment.stubs.left.items())),
        "hooks": {match.hook.name: f"{match.addr:#010x}" for match in segment.hooks},
        "refused": dict(sorted(segment.refused.items())),
        "ranges": [[f"{start:#010x}", f"{end:#010x}"] for start, end in info.ranges],
        "patches": len(segment.patches),
    }
