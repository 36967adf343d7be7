# SPDX-License-Identifier: Apache-2.0
"""Where the instructions of the VMM go, as a picture."""

from .summary import KINDS

COLOUR = "#3b6ea5"
ROWS_MAX = 24


def rows(summary):
    """[(label, Cost)], the dearest first: proxies by their instruction, the rest by kind."""
    found = [(f"proxy: {name}", cost) for name, cost in summary.instructions.items()]
    found += [(f"hypercall: {name}", cost) for name, cost in summary.hypercalls.items()]
    found += [(KINDS[kind], cost) for kind, cost in summary.kinds.items()
              if kind not in ("proxy", "hypercall")]
    found = [one for one in found if one[1].insns]
    return sorted(found, key=lambda one: -one[1].insns)[:ROWS_MAX]


def draw(summary, path):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot

    # The same numbers make the same file.
    matplotlib.rcParams["svg.hashsalt"] = "hako"
    matplotlib.rcParams["font.family"] = "DejaVu Sans"
    shown = rows(summary)
    figure, axes = pyplot.subplots(figsize=(10, 1.2 + 0.3 * max(1, len(shown))))
    places = range(len(shown))
    bars = axes.barh(places, [cost.insns for _, cost in shown], 0.7, color=COLOUR)
    axes.bar_label(bars, [f"{100 * cost.insns / summary.total_insns:.1f} %, {cost.count:,} traps, "
                          f"{cost.insns / cost.count:,.0f} each" for _, cost in shown],
                   padding=4, fontsize=8)
    axes.set_yticks(places, [label for label, _ in shown])
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.margins(x=0.35)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("instructions in the VMM (percent: of all that were executed)")
    axes.set_title(summary.title, loc="left", fontsize=10)
    figure.savefig(path, metadata={"Date": None}, bbox_inches="tight")
    pyplot.close(figure)
