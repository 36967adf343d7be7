# SPDX-License-Identifier: Apache-2.0
"""results.svg: the ratio of every row, the published one beside it; of cycles too, if known."""

from . import facts

BAR_COLOURS = ("#3b6ea5", "#7fb069", "#b07aa1", "#e0a458")
PUBLISHED_COLOUR = "#c0392b"
TICKS = (1, 1.5, 2, 3, 5, 7, 10, 20, 30, 50, 100)


def label(record):
    return f"{record['board']}, {record['kernel']}" + (", PAN" if record["pan"] else "")


def _bars(axes, records, names, key):
    height = 0.8 / len(records)
    for position, record in enumerate(records):
        ratios = {row["name"]: row.get(key) for row in record["rows"]}
        heights = [index + (position - (len(records) - 1) / 2) * height
                   for index in range(len(names))]
        values = [ratios.get(name) or float("nan") for name in names]
        bars = axes.barh(heights, [value - 0.8 for value in values], height * 0.92, left=0.8,
                         color=BAR_COLOURS[position % len(BAR_COLOURS)], label=label(record))
        axes.bar_label(bars, [f"{value:.2f}" if value == value else "" for value in values],
                       padding=3, fontsize=8,
                       bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6})


def _published(axes, names):
    """Lines at the published ratios; returns the highest."""
    published = [(index, facts.ROWS[name].published) for index, name in enumerate(names)
                 if facts.ROWS[name].published]
    for number, (index, value) in enumerate(published):
        axes.plot([value, value], [index - 0.45, index + 0.45], color=PUBLISHED_COLOUR,
                  linewidth=2.5, label=None if number else "published (SIVARM)")
        axes.annotate(f"{value:.2f}", (value, index - 0.45), xytext=(4, -7), fontsize=8,
                      textcoords="offset points", color=PUBLISHED_COLOUR)
    return max((value for _, value in published), default=1)


def _panel(axes, records, names, key, title, published=False):
    from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

    _bars(axes, records, names, key)
    highest = max([row.get(key) or 1 for record in records for row in record["rows"]] + [2])
    if published:
        highest = max(highest, _published(axes, names))
    axes.axvline(1, color="#555555", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_xlim(0.8, highest * 1.5)
    axes.xaxis.set_major_locator(FixedLocator([tick for tick in TICKS if tick <= highest * 1.5]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(title)


def draw(records, path):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot

    # The same numbers make the same file.
    matplotlib.rcParams["svg.hashsalt"] = "hako"
    matplotlib.rcParams["font.family"] = "DejaVu Sans"
    names = [name for name in facts.ROWS
             if any(row["name"] == name and row["ratio"] for record in records
                    for row in record["rows"])]
    profiles = sorted({record["profile"] for record in records if record.get("profile")})
    panels = 2 if profiles else 1
    figure, axes = pyplot.subplots(
        1, panels, squeeze=False, sharey=True,
        figsize=(9 + 6 * (panels - 1), 1.4 + 0.28 * len(names) * (1 + len(records))))
    _panel(axes[0][0], records, names, "ratio",
           "instructions under the VMM / instructions natively (1 = native speed)", published=True)
    if profiles:
        _panel(axes[0][1], records, names, "cycles_ratio",
               f"cycles of an ARM926 under the VMM / natively ({', '.join(profiles)})")
    axes[0][0].set_yticks(range(len(names)), [facts.ROWS[name].title for name in names])
    axes[0][0].legend(loc="lower left", bbox_to_anchor=(0, 1.01), ncol=3, frameon=False,
                      fontsize=9)
    figure.savefig(path, metadata={"Date": None}, bbox_inches="tight")
    pyplot.close(figure)
